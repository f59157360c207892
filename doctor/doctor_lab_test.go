//go:build lab

package doctor

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/driver/dahdi/labtest"
	"vaad/driver/dahdi/sysconf"
)

// examine is what is found on this machine, without what a machine of the lab
// never has: a disk, a clock that is set.
func examine(taps ...int) []Finding {
	v := Local("/")
	v.User, v.Country, v.Taps, v.Recordings = "root", "cn", taps, "/"
	return slices.DeleteFunc(Check(v), func(f Finding) bool {
		return strings.HasPrefix(f.Code, "disk") || strings.HasPrefix(f.Code, "clock")
	})
}

// expect waits for findings, as cards tell of alarms when their turn comes.
func expect(t *testing.T, want ...string) {
	t.Helper()
	if err := labtest.Within(10*time.Second, func() error {
		var all []string
		for _, f := range examine(3, 4) {
			all = append(all, show(f))
		}
		for _, w := range want {
			if !slices.ContainsFunc(all, func(s string) bool { return strings.HasPrefix(s, w) }) {
				return fmt.Errorf("no %q in\n%s", w, strings.Join(all, "\n"))
			}
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// generate makes system.conf for the cards, as genconf does.
func generate(t *testing.T) []byte {
	t.Helper()
	h, err := sysconf.Read(os.DirFS("/"))
	must(t, err)
	c, err := sysconf.Generate(h.Spans, sysconf.Options{Country: "cn", Tap: []int{3, 4}})
	must(t, err)
	return c.Bytes()
}

func TestLabCardsAreConfiguredAndLookedAt(t *testing.T) {
	must(t, labtest.LoadCards("fxo4,fxs2,e1+e1"))
	t.Cleanup(func() {
		if err := labtest.UnloadCards(); err != nil {
			t.Error(err)
		}
	})
	expect(t, "conf-span-missing kind=E1 name=FAKEE1/3/1 span=3", "conf-unassigned channels=1-4 span=1", "dahdi-loaded", "conf-zone")

	made := generate(t)
	const file = "/etc/dahdi/system.conf"
	old, err := os.ReadFile(file)
	must(t, err)
	t.Cleanup(func() { _ = os.WriteFile(file, old, 0o644) })
	must(t, os.WriteFile(file, made, 0o644))
	if out, err := exec.Command("dahdi_cfg", "-v").CombinedOutput(); err != nil {
		t.Fatalf("dahdi_cfg: %v\n%s\n%s", err, out, made)
	}
	for _, f := range examine(3, 4) {
		if f.Severity.Worse(Note) {
			t.Errorf("after the generated file was applied: %s", show(f))
		}
	}
	expect(t, "conf-good count=68", "timing-master", "device-rights user=root")
	if again := generate(t); string(again) != string(made) {
		t.Errorf("configured cards get another file:\n%s", sysconf.Diff("first", "second", made, again))
	}

	// Each trouble that the card can play.
	must(t, labtest.Tell("alarm 3:1 red", "battery 1:2 lost", "count 3:2 bpv 5 slips 2", "stall 1 50"))
	expect(t, "span-alarm alarms=RED channels=7–37 kind=E1 name=FAKEE1/3/1", "channel-alarm channels=2 span=1",
		"span-errors counts=BPV 5, CRC4 0", "timing-slips count=2", "irq-misses count=")
	channel, err := labtest.Open(1, false)
	must(t, err)
	expect(t, "channels-in-use channels=1 programs=doctor.test")
	must(t, channel.Close())

	must(t, os.WriteFile(file, []byte("fxoks=1-4\nclear=7-9\nspan=3,0,0,esf,b8zs\nnonsense\n"), 0o644))
	expect(t, "conf-wrong-port better=fxsks=1-4", "conf-bundle better=bchan=7-9 line=2", "conf-wrong-line better=ccs,hdb3 kind=E1 line=3 span=3", "tap-timing line=3 span=3", "conf-syntax")
	must(t, os.WriteFile("/sys/bus/dahdi_devices/devices/fakecard:1/unassign_span", []byte("1"), 0o644))
	expect(t, "device-not-assigned device=fakecard:1")
}
