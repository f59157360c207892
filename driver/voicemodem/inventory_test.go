package voicemodem

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"vaad/driver"
)

// plugged adds a modem to a machine.
func plugged(root fstest.MapFS, port, serial, tty string) fstest.MapFS {
	out := maps.Clone(root)
	for name, f := range oneModem {
		if rest, ok := strings.CutPrefix(name, "sys/bus/usb/devices/1-2"); ok {
			rest = strings.ReplaceAll(rest, "ttyACM3", tty)
			out["sys/bus/usb/devices/"+port+rest] = f
		}
	}
	out["sys/bus/usb/devices/"+port+"/serial"] = &fstest.MapFile{Data: []byte(serial + "\n")}
	return out
}

func TestModemsAreListedByANameThatLasts(t *testing.T) {
	m := (&fake{t: t}).maker()
	m.root = plugged(oneModem, "1-4.1", "AB12", "ttyACM0")
	got, err := m.find(t.Context())
	if err != nil || len(got) != 2 {
		t.Fatalf("%v %v", got, err)
	}
	if c := got[0]; c.ID != "0572:1340:24680246" || c.Model != "Conexant USB Modem" || c.Location != "USB 1-2, /dev/ttyACM3" || c.Broken != "" {
		t.Errorf("%+v", c)
	}
	if c := got[1]; c.ID != "0572:1340:AB12" {
		t.Errorf("%+v", c)
	}
	// Two that share a serial number, as cheap ones do, are told apart by their ports.
	m.root = plugged(oneModem, "1-4.1", "24680246", "ttyACM0")
	got, _ = m.find(t.Context())
	if got[0].ID != "0572:1340@1-2" || got[1].ID != "0572:1340@1-4.1" {
		t.Errorf("%+v", got)
	}
	none := maps.Clone(oneModem)
	delete(none, "sys/bus/usb/devices/1-2:1.0/tty/ttyACM3/dev")
	m.root = none
	if got, _ = m.find(t.Context()); got[0].Broken == "" {
		t.Errorf("%+v", got)
	}
	m.root = fstest.MapFS{}
	if got, err = m.find(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("%v %v", got, err)
	}
}

func TestBoardFindsItsModemUnderAnyName(t *testing.T) {
	two := plugged(oneModem, "1-4.1", "AB12", "ttyACM0")
	twins := plugged(oneModem, "1-4.1", "24680246", "ttyACM0")
	for _, c := range []struct {
		root        fstest.MapFS
		device, tty string
		code        string
	}{
		{oneModem, "", "/dev/ttyACM3", ""},
		{two, "0572:1340:AB12", "/dev/ttyACM0", ""},
		{two, "AB12", "/dev/ttyACM0", ""},
		{two, "0572:1340@1-2", "/dev/ttyACM3", ""},
		{two, "1-4.1", "/dev/ttyACM0", ""},
		{two, "/dev/serial/by-id/usb-x", "/dev/serial/by-id/usb-x", ""},
		{two, "", "", CodeAmbiguous},
		{twins, "0572:1340:24680246", "", CodeAmbiguous},
		{twins, "0572:1340@1-4.1", "/dev/ttyACM0", ""},
		{two, "nobody", "", CodeNotFound},
		{fstest.MapFS{}, "AB12", "", CodeNotFound},
		// The same modem after it was plugged in elsewhere, under another number.
		{plugged(fstest.MapFS{}, "2-1", "AB12", "ttyACM7"), "0572:1340:AB12", "/dev/ttyACM7", ""},
	} {
		all, err := inventory(t.Context(), c.root)
		if err != nil {
			t.Fatal(err)
		}
		m, err := pick("m1", c.device, all)
		code := ""
		var f *driver.FaultError
		if errors.As(err, &f) {
			code = f.Code
		}
		if m.tty != c.tty || code != c.code {
			t.Errorf("%q: %q %q, want %q %q (%v)", c.device, m.tty, code, c.tty, c.code, err)
		}
	}
}
