package dahdi

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vaad/driver"
)

// monitorRig lays out a monitor of these channels of a fake card.
func monitorRig(t *testing.T, k *fakeKernel, monitor string) (*plan, error) {
	t.Helper()
	o, err := parseOptions(driver.Config{ID: "pbx", Options: json.RawMessage(fmt.Sprintf(`{"monitor": %q}`, monitor))})
	if err != nil {
		t.Fatal(err)
	}
	in, err := inspect(context.Background(), k)
	if err != nil {
		t.Fatal(err)
	}
	return o.layMonitor(k, "pbx", &in)
}

func TestMonitoredChannelIsATapOfTwoSides(t *testing.T) {
	k := newFake()
	k.addSpan("card", "E1", lawA, sigClear, sigClear, sigHDLCFCS, sigFXOKS)
	p, err := monitorRig(t, k, "2,4")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.info.Spans) != 2 || !p.info.Spans[0].Tap || !p.info.Spans[1].Tap || len(p.info.Lines) != 4 {
		t.Fatalf("%+v", p.info)
	}
	for i, want := range []driver.Line{
		{Port: 1, Span: 1, Timeslot: 1, Name: "DAHDI 2"}, {Port: 2, Span: 1, Timeslot: 2, Name: "DAHDI 4"},
		{Port: 3, Span: 2, Timeslot: 1, Name: "DAHDI 2"}, {Port: 4, Span: 2, Timeslot: 2, Name: "DAHDI 4"},
	} {
		want.Kind, want.Law, want.Use, want.Caps, want.EventError = driver.BChan, driver.ALaw, driver.Tap, driver.CapOnHookRx, 2000
		if p.info.Lines[i] != want {
			t.Errorf("line %d: %+v, want %+v", i, p.info.Lines[i], want)
		}
	}
}

func TestMonitorHearsBothSidesAndTouchesNothing(t *testing.T) {
	k := newFake()
	k.addSpan("card", "E1", lawA, sigClear)
	k.chans[1].foreign = true
	p, err := monitorRig(t, k, "1")
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range p.lines {
		if err := c.open(); err != nil {
			t.Fatal(err)
		}
		f := k.fds[c.fd].(*fakeChan)
		if f.numbufs != buffers || f.blocksize != blockBytes || f.last[reqSetLaw] != lawA || f.conf[0] != 0 || f.conf[1] != 1 || f.conf[2] != int32(1+i) || !f.readOnly {
			t.Errorf("side %d: %d buffers of %d bytes, law %d, conference %v, read-only %v", i, f.numbufs, f.blocksize, f.last[reqSetLaw], f.conf, f.readOnly)
		}
	}
	for _, c := range k.calls {
		if c.channel == 1 {
			t.Errorf("the other program's channel was given %#x", c.req)
		}
	}
}

func TestMonitorRefusesWhatHasNoAudio(t *testing.T) {
	k := newFake()
	k.addSpan("card", "E1", lawA, sigClear, sigHDLCFCS, sigNone, sigSlave|sigClear)
	for _, row := range []struct{ channels, code, want string }{
		{"2", "", "channel 2 carries data"},
		{"3", CodeUnconfigured, "channel 3 has no signalling"},
		{"9", CodeNotFound, "no DAHDI channel 9"},
	} {
		_, err := monitorRig(t, k, row.channels)
		var f *driver.FaultError
		if err == nil || !strings.Contains(err.Error(), row.want) || row.code != "" && (!asFault(err, &f) || f.Code != row.code) {
			t.Errorf("monitor = %q: %v, want %q", row.channels, err, row.want)
		}
	}
}

func asFault(err error, f **driver.FaultError) bool {
	e, ok := err.(*driver.FaultError)
	*f = e
	return ok
}

func TestMonitorThatCannotOpenSaysWhy(t *testing.T) {
	k := newFake()
	k.addSpan("card", "E1", lawA, sigClear)
	p, err := monitorRig(t, k, "1")
	if err != nil {
		t.Fatal(err)
	}
	k.opening[pseudoPath] = unix.ENOMEM
	var f *driver.FaultError
	if err := p.lines[0].open(); !asFault(err, &f) || f.Code != CodeStopped || !strings.Contains(err.Error(), "max_pseudo_channels") {
		t.Errorf("no pseudo channels: %v", err)
	}
	delete(k.opening, pseudoPath)
	k.chans[1].removed = true
	delete(k.chans, 1)
	if err := p.lines[0].open(); err != unix.EINVAL || p.lines[0].fd >= 0 || len(k.fds) != 0 {
		t.Errorf("channel that is not there: %v, %d files open", err, len(k.fds))
	}
}

func TestStateOfMonitoredChannelsIsAskedFor(t *testing.T) {
	k := newFake()
	k.addSpan("card", "x", lawA, sigFXSKS, sigFXOKS, sigEM, sigClear)
	p, err := monitorRig(t, k, "1-4")
	if err != nil {
		t.Fatal(err)
	}
	w, err := newMonitorWatch(k, p.lines)
	if err != nil {
		t.Fatal(err)
	}
	said := func() string {
		if rest := w.step(); rest != 250*time.Millisecond {
			t.Errorf("rests %v", rest)
		}
		var all []string
		for f, ok := w.mail.take(); ok; f, ok = w.mail.take() {
			name := f.kind.String()
			if f.kind == factGone {
				name = "gone"
			}
			all = append(all, fmt.Sprintf("%s %d %d", name, f.line, f.value))
		}
		return strings.Join(all, ", ")
	}
	fxo, fxs, em, clear := k.chans[1], k.chans[2], k.chans[3], k.chans[4]
	for i, step := range []struct {
		do   func()
		want string
	}{
		{func() {}, ""},
		{func() { fxo.rxHook = rxRing }, "ring-begin 0 0"},
		{func() { fxo.rxHook, fxo.txHook = 1, hookOffHook }, "ring-end 0 0, off-hook 0 0"},
		{func() { fxs.offHook = 1 }, "off-hook 1 0"},
		{func() { em.txHook = hookOffHook }, "off-hook 2 0"},
		{func() { em.txHook, em.offHook = 0, 1 }, ""},
		{func() { em.offHook, fxs.offHook, fxo.txHook = 0, 0, 0 }, "on-hook 0 0, on-hook 1 0, on-hook 2 0"},
		{func() { clear.alarms = alarmRed }, "channel-alarm 3 1"},
		{func() { clear.alarms = 0 }, "channel-alarm 3 0"},
		{func() { fxs.removed = true }, "gone 1 0, gone 5 0"},
		{func() {}, ""},
		{func() { fxs.removed = false }, ""},
		{func() { fxo.sig = sigNone }, "gone 0 0, gone 4 0"},
	} {
		step.do()
		if got := said(); got != step.want {
			t.Errorf("step %d: said %q, want %q", i, got, step.want)
		}
	}
	w.finish()
	if len(k.fds) != 0 {
		t.Errorf("%d files open", len(k.fds))
	}
}

func TestMonitorLosesNothingIn600MsAndCountsWhatItLosesLater(t *testing.T) {
	k := newFake()
	k.addSpan("card", "E1", lawA, sigs(3, sigClear)...)
	for _, c := range k.chans {
		c.foreign = true
	}
	d := sit(t, k, `{"monitor": "1-3"}`)
	for i := range 3 {
		d.away[3+i] = true // what the channels send is silence here
	}
	d.run(10)
	k.advance(600)
	d.run(40)
	if d.lost[0] != 0 {
		t.Fatalf("%d samples lost in a stall of 600 ms", d.lost[0])
	}
	k.advance(1700)
	d.run(130)
	for d.rx.Late {
		d.step()
	}
	end := d.rx.Pos + driver.Block
	for i := range d.b.channels[:3] {
		if sum := d.lost[i] + d.audio[i]; d.lost[i] == 0 || sum < end-2*driver.Block || sum > end {
			t.Errorf("line %d: %d lost and %d heard of %d", i, d.lost[i], d.audio[i], end)
		}
	}
	if d.b.overruns.Load() == 0 {
		t.Error("no overrun was counted")
	}
}

func TestMonitoredChannelThatDisappearsIsALineFaultAndComesBack(t *testing.T) {
	k := newFake()
	k.addSpan("card", "E1", lawA, sigs(2, sigClear)...)
	d := sit(t, k, `{"monitor": "1-2"}`)
	d.away[1], d.away[2], d.away[3] = true, true, true
	d.run(10)
	for _, line := range []int{1, 3} { // as its watch would say
		d.b.watch.list[0].(*monitorWatch).mail.put(fact{kind: factGone, line: line})
	}
	d.run(5)
	if f := d.b.Faults(nil); len(f) != 2 || f[0].Code != CodeRemoved {
		t.Fatalf("faults %v", f)
	}
	heard := d.audio[0]
	d.run(10)
	if d.audio[0]-heard < 9*driver.Block {
		t.Error("the other channel is not heard any more")
	}
	d.b.nursery.attempt()
	d.run(10)
	if f := d.b.Faults(nil); len(f) != 0 || d.audio[1] < 10*driver.Block {
		t.Errorf("after it is back: faults %v, heard %d samples", f, d.audio[1])
	}
}
