package dahdi

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/sys/unix"

	"vaad/driver"
)

func look(t *testing.T, k *fakeKernel) Inventory {
	t.Helper()
	in, err := inspect(context.Background(), k)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func TestInventoryNamesCardsByWhatStaysTheSame(t *testing.T) {
	k := newFake()
	k.addSpan("pci:1", "FXO", lawMu, sigFXSKS, sigFXSKS)
	k.addSpan("pci:2", "E1", lawA, sigClear, sigNone)
	k.addSpan("pci:2", "E1", lawA, sigClear, sigClear)
	k.tree[devicesDir+"/pci:1/hardware_id"] = &fstest.MapFile{Data: []byte("\n")}
	in := look(t, k)
	if len(in.Devices) != 2 || in.Devices[0].ID != "slot pci:1" || in.Devices[1].ID != "HW-pci:2" || in.Version != "2.11.1-fake" {
		t.Fatalf("%+v", in)
	}
	second := in.Devices[1].Spans[1]
	if second.Number != 3 || second.Local != 2 || second.Base != 5 || !second.Digital || in.Devices[0].Spans[0].Digital {
		t.Errorf("%+v", second)
	}
	if c := second.Channels[1]; c.Number != 6 || c.Position != 2 || c.Law != driver.ALaw || c.Signalling != sigClear {
		t.Errorf("%+v", c)
	}
}

func TestTwinsAreToldApartByTheirPlace(t *testing.T) {
	k := newFake()
	k.addSpan("a", "FXO", lawMu, sigFXSKS)
	k.addSpan("b", "FXO", lawMu, sigFXSKS)
	for _, d := range []string{"a", "b"} {
		k.tree[devicesDir+"/"+d+"/hardware_id"] = &fstest.MapFile{Data: []byte("same\n")}
	}
	in := look(t, k)
	if in.Devices[0].ID != "same@slot a" || in.Devices[1].ID != "same@slot b" {
		t.Errorf("%q and %q", in.Devices[0].ID, in.Devices[1].ID)
	}
}

func TestWithoutSysTheSpansSayWhatCardsThereAre(t *testing.T) {
	k := newFake()
	k.addSpan("slot 1", "FXO", lawMu, sigFXSKS, sigFXSKS)
	k.addSpan("slot 2", "E1", lawA, sigClear)
	k.addSpan("slot 2", "E1", lawA, sigClear)
	clear(k.tree)
	in := look(t, k)
	if in.HasDevice || len(in.Devices) != 2 || in.Devices[1].ID != "slot 2" || len(in.Devices[1].Spans) != 2 || in.Devices[1].Spans[1].Channels[0].Number != 4 {
		t.Fatalf("%+v", in)
	}
	if s := in.Devices[0].Spans[0]; s.Digital || s.Type != "FXO" || len(s.Channels) != 2 {
		t.Errorf("%+v", s)
	}
}

func TestInventoryOpensNoChannel(t *testing.T) {
	k := newFake()
	k.addSpan("card", "E1", lawA, sigs(31, sigClear)...)
	look(t, k)
	if len(k.calls) != 0 || len(k.fds) != 0 {
		t.Errorf("%d calls, %d open files", len(k.calls), len(k.fds))
	}
}

func TestEchoCancellersThatAreConfiguredAreFound(t *testing.T) {
	k := newFake()
	k.addSpan("card", "E1", lawA, sigClear, sigClear)
	k.tree["proc/dahdi/1"] = &fstest.MapFile{Data: []byte("Span 1: FAKE/1 \"x\" (MASTER) \n\n\t   1 FAKE/1/1 Clear (In use) (EC: MG2 - INACTIVE) \n\t   2 FAKE/1/2 Clear \n")}
	in := look(t, k)
	if c := in.Devices[0].Spans[0].Channels; c[0].EchoCan != "MG2" || c[1].EchoCan != "" {
		t.Errorf("%+v", c)
	}
	d := sit(t, k, `{}`)
	if l := d.b.info.Lines; !l[0].Caps.Has(driver.CapEC) || l[1].Caps.Has(driver.CapEC) {
		t.Errorf("%v, %v", l[0].Caps.List(), l[1].Caps.List())
	}
}

func TestFindListsCardsAndWhyTheyCannotBeOpened(t *testing.T) {
	k := newFake()
	m := &maker{k: k}
	k.absent = true
	if c, err := m.find(context.Background()); err != nil || len(c) != 0 {
		t.Errorf("without DAHDI: %v, %v", c, err)
	}
	k.absent = false
	k.addSpan("a", "FXO", lawMu, sigFXSKS)
	k.addSpan("b", "E1", lawA, sigClear)
	delete(k.tree, devicesDir+"/b/span-2/basechan")
	c, err := m.find(context.Background())
	if err != nil || len(c) != 2 || c[0].Broken != "" || !strings.Contains(c[1].Broken, "auto_assign_spans") || c[0].ID != "HW-a" || c[0].Location != "slot a" {
		t.Errorf("%+v, %v", c, err)
	}
	k.opening[ctlPath] = unix.EACCES
	if c, err := m.find(context.Background()); err != nil || !strings.Contains(c[0].Broken, "group") {
		t.Errorf("%+v, %v", c, err)
	}
	clear(k.tree)
	var known *driver.FaultError
	if _, err := m.find(context.Background()); !errors.As(err, &known) || known.Code != CodePermission {
		t.Errorf("%v", err)
	}
}

func FuzzSysfs(f *testing.F) {
	f.Add("card", "span-1", "local_spanno", "1\n", "  1 X Clear (EC: MG2 - ACTIVE)")
	f.Add("x", "span-99999999999", "basechan", "-7", "(EC: ")
	f.Fuzz(func(t *testing.T, device, span, attr, text, proc string) {
		tree := fstest.MapFS{
			devicesDir + "/d/span-1/basechan": {Data: []byte("1\n")},
			devicesDir + "/d/span-1/" + attr:  {Data: []byte(text)},
			devicesDir + "/" + device:         {Data: []byte(text)},
			devicesDir + "/d/" + span:         {Data: []byte(text)},
		}
		devices, _ := readDevices(tree)
		for _, d := range devices {
			for _, s := range d.Spans {
				if s.Number < 1 || s.Number > maxSpans || s.Base < 1 || s.Count < 0 || s.Local < 0 {
					t.Errorf("%+v", s)
				}
			}
		}
		if n, name, ok := parseEchoCan(proc); ok && (n < 1 || strings.Contains(name, " - ")) {
			t.Errorf("%d %q", n, name)
		}
	})
}
