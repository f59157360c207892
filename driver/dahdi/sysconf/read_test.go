package sysconf

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"vaad/driver/dahdi/sysconf/tree"
)

func office(t *testing.T) fs.FS {
	t.Helper()
	b, err := os.ReadFile("testdata/office.tree")
	if err != nil {
		t.Fatal(err)
	}
	return tree.Parse(string(b))
}

func TestReadTellsWhatCardsThereAre(t *testing.T) {
	h, err := Read(office(t))
	if err != nil || len(h.Spans) != 3 || len(h.Devices) != 3 {
		t.Fatal(err, len(h.Spans), len(h.Devices))
	}
	analog, e1, bank := h.Spans[0], h.Spans[1], h.Spans[2]
	if analog.Kind != Analog || analog.Description != "Wildcard TDM410P" || analog.IRQMisses != 2 || analog.Device != "pci:0000:04:00.0" {
		t.Errorf("%+v", analog)
	}
	var ports []Port
	for _, c := range analog.Channels {
		ports = append(ports, c.Port)
	}
	if !slices.Equal(ports, []Port{FXO, FXO, FXS, Empty}) {
		t.Errorf("ports %v", ports)
	}
	if c := analog.Channels; !c[0].InUse || c[0].Signalling != "fxsks" || !slices.Equal(c[1].Alarms, []string{"RED"}) || c[2].Signalling != "fxoks" || c[3].Signalling != "" {
		t.Errorf("%+v", c)
	}
	if e1.Kind != E1 || !e1.Master || !e1.ClockSource || e1.LineConfig != "CCS/HDB3/CRC4" || e1.Slips != 4 || e1.First() != 5 || e1.Last() != 35 || e1.DChannel() != 20 {
		t.Errorf("%+v", e1)
	}
	if c := e1.Channels[15]; c.Signalling != "dchan" || c.HardHDLC {
		t.Errorf("%+v", c)
	}
	if bank.Kind != Analog || bank.Channels[1].Port != FXO || bank.Channels[1].Number != 37 {
		t.Errorf("%+v", bank)
	}
	if d := h.Devices[0]; d.Name != "astribanks:xbus-00" || d.HardwareID != "usb:LAB-0003" || d.Spans != 1 || !slices.Equal(d.Assigned, []int{3}) {
		t.Errorf("%+v", d)
	}
}

func TestWithoutSysfsPortsAreToldByNameAndUse(t *testing.T) {
	all := office(t).(fstest.MapFS)
	for name := range all {
		if strings.HasPrefix(name, "sys/") {
			delete(all, name)
		}
	}
	h, err := Read(all)
	if err != nil || len(h.Spans) != 3 {
		t.Fatal(err)
	}
	if c := h.Spans[0].Channels; h.Spans[0].Kind != Analog || c[0].Port != FXO || c[2].Port != FXS || c[3].Port != NotKnown {
		t.Errorf("%+v", h.Spans[0])
	}
	if h.Spans[1].Kind != E1 || h.Spans[2].Channels[0].Port != FXO {
		t.Errorf("%v %+v", h.Spans[1].Kind, h.Spans[2])
	}
}

func TestReadSaysWhenDAHDIIsNotLoaded(t *testing.T) {
	if _, err := Read(fstest.MapFS{}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// A machine that is as its file says gets the same file again.
func TestTheGeneratedFileFitsTheMachine(t *testing.T) {
	root := office(t)
	h, err := Read(root)
	if err != nil {
		t.Fatal(err)
	}
	made, err := Generate(h.Spans, Options{Country: "cn", Echo: "mg2"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := fs.ReadFile(root, "etc/dahdi/system.conf")
	if err != nil {
		t.Fatal(err)
	}
	have, errs := Parse(b)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	was := have.Assigned()
	for n, a := range made.Assigned() {
		if was[n].Keyword != a.Keyword {
			t.Errorf("channel %d: %s, was %s", n, a.Keyword, was[n].Keyword)
		}
	}
}

func FuzzParseSpan(f *testing.F) {
	f.Add("Span 2: TE4/0/1 \"T4XXP \"(PCI)\" Card 0 Span 1\" (MASTER) CCS/HDB3/CRC4 RED ClockSource \n\tBPV count: 3\n\n\t   5 TE4/0/1/1 Hardware-assisted HDLC (In use) (no pcm) RED (EC: MG2 - ACTIVE) \n")
	f.Add("Span 1: DYN/loc/1:0 \"Dynamic 'loc' span at '1:0'\" \n\n\t   1 DYN/loc/1:0/1 FXSKS \n")
	f.Fuzz(func(t *testing.T, text string) {
		s, ok := ParseSpan(text)
		if !ok && len(s.Channels) > 0 || ok && s.Number < 1 {
			t.Fatalf("%+v", s)
		}
		for _, c := range s.Channels {
			if c.Number < 1 || c.Name == "" {
				t.Fatalf("%+v", c)
			}
		}
	})
}

// The trees were saved from real kernels in the project's lab.
func TestRealKernelsAreUnderstood(t *testing.T) {
	for file, want := range map[string]struct {
		kinds    []Kind
		channels int
		conf     string // that is made again
	}{
		"loc":      {[]Kind{Dynamic, Dynamic}, 16, "dynamic=loc,1:0,8,0\nfxsks=1-8\n"},
		"fakecard": {[]Kind{Analog, Analog, E1, E1}, 68, "fxsks=1-4\n"},
	} {
		b, err := os.ReadFile("testdata/" + file + ".tree")
		if err != nil {
			t.Fatal(err)
		}
		root := tree.Parse(string(b))
		h, err := Read(root)
		if err != nil {
			t.Fatal(err)
		}
		var kinds []Kind
		count := 0
		for _, s := range h.Spans {
			kinds = append(kinds, s.Kind)
			for _, c := range s.Channels {
				count++
				if c.Signalling == "" || c.Name == "" || c.Caps == "" || s.Kind == Analog && c.Port != FXO && c.Port != FXS {
					t.Errorf("%s: %+v", file, c)
				}
			}
		}
		if !slices.Equal(kinds, want.kinds) || count != want.channels || len(h.Devices) == 0 {
			t.Errorf("%s: %v, %d channels, %d devices", file, kinds, count, len(h.Devices))
		}
		for _, d := range h.Devices {
			if len(d.Assigned) != d.Spans {
				t.Errorf("%s: %+v", file, d)
			}
		}
		made, err := Generate(h.Spans, Options{Country: "cn", Tap: []int{1, 2, 3, 4}[:len(h.Spans)]})
		if err != nil || !strings.Contains(string(made.Bytes()), want.conf) {
			t.Errorf("%s: %v\n%s", file, err, made.Bytes())
		}
		have, err := fs.ReadFile(root, "etc/dahdi/system.conf")
		if err != nil {
			t.Fatal(err)
		}
		was, errs := Parse(have)
		now := made.Assigned()
		for n, a := range was.Assigned() {
			if now[n].Keyword != a.Keyword {
				t.Errorf("%s: channel %d: %s, the kernel took %s", file, n, now[n].Keyword, a.Keyword)
			}
		}
		if len(errs) > 0 || len(now) != count {
			t.Errorf("%s: %v, %d channels", file, errs, len(now))
		}
	}
}
