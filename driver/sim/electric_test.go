package sim

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"vaad/driver"
)

// at sends an event so that it takes effect at a position, which must lie in
// the next block.
func (r *rig) at(p *plug, pos int64, text string) {
	r.t.Helper()
	if pos < r.b.pos || pos >= r.b.pos+driver.Block {
		r.t.Fatalf("%d is not in the next block, which begins at %d", pos, r.b.pos)
	}
	p.event(fmt.Sprintf("%s @%d", text, pos-r.b.pos))
}

// hook plays hook changes at exact positions, given in ms from the next block,
// beginning with off-hook, and returns the events of the time and a while after.
func hook(t *testing.T, ms ...int64) []string {
	t.Helper()
	r := newRig(t, `{"lines":[{"kind":"fxs"}]}`)
	p := r.line(1)
	r.ticks(1)
	var got []string
	base := r.b.pos
	for i, m := range ms {
		pos := base + m*driver.MS
		for pos >= r.b.pos+driver.Block {
			got = append(got, r.ticks(1)...)
		}
		r.at(p, pos, []string{"off-hook", "on-hook"}[i%2])
	}
	got = append(got, r.ticks(100)...)
	var rest []string
	for _, s := range got { // positions as ms from base
		var kind, value string
		var pos int64
		if n, _ := fmt.Sscan(s, &kind, &pos, &value); n < 2 {
			t.Fatal(s)
		}
		if kind != "hook-edge" {
			rest = append(rest, strings.TrimSpace(fmt.Sprintf("%s %g %s", kind, float64(pos-base)/driver.MS, value)))
		}
	}
	return rest
}

func TestBreakIsPulseFlashOrHangUpByItsLength(t *testing.T) {
	want(t, hook(t, 0), "off-hook 0")
	want(t, hook(t, 0, 100, 109), "off-hook 0")                                       // contacts bounce
	want(t, hook(t, 0, 100, 110), "off-hook 0", "pulse-digit 260 =49")                // 10 ms
	want(t, hook(t, 0, 100, 179), "off-hook 0", "pulse-digit 329 =49")                // 79 ms
	want(t, hook(t, 0, 100, 180), "off-hook 0", "flash 180 =80")                      // 80 ms
	want(t, hook(t, 0, 100, 1100), "off-hook 0", "flash 1100 =1000")                  // 1000 ms
	want(t, hook(t, 0, 100, 1101), "off-hook 0", "on-hook 1100.125", "off-hook 1101") // longer
	want(t, hook(t, 0, 100), "off-hook 0", "on-hook 1100.125")

	zero := []int64{0}
	for i := range int64(10) {
		zero = append(zero, 200+100*i, 260+100*i)
	}
	want(t, hook(t, zero...), "off-hook 0", "pulse-digit 1310 =48")
	twelve := []int64{0, 200, 260, 460, 520, 620, 680} // a 1, then a 2 after 200 ms
	want(t, hook(t, twelve...), "off-hook 0", "pulse-digit 410 =49", "pulse-digit 830 =50")
}

func TestFlashRangeIsConfigurable(t *testing.T) {
	r := newRig(t, `{"lines":[{"kind":"fxs"}],"flash_min_ms":40,"flash_max_ms":200}`)
	p := r.line(1)
	r.ticks(1)
	p.event("off-hook")
	r.ticks(1)
	p.event("on-hook")
	r.ticks(3)
	p.event("off-hook")
	want(t, r.ticks(1), "hook-edge 800 =1", "flash 800 =60")
	p.event("flash 123")
	p.event("flash")
	want(t, r.ticks(1), "flash 960 =123", "flash 960 =500")
	p.event("on-hook")
	want(t, r.ticks(12), "hook-edge 1120", "on-hook 2721")
}

func TestTelephoneRingsInItsCadenceUntilItIsLifted(t *testing.T) {
	r := newRig(t, `{"lines":[{"kind":"fxs"}]}`)
	p := r.line(1)
	r.ticks(1)
	cadence := binary.LittleEndian.AppendUint16(nil, 50)
	for _, ms := range []uint16{30, 50, 110} {
		cadence = binary.LittleEndian.AppendUint16(cadence, ms)
	}
	r.tx.Command(driver.Ring, 0, 8, 0, cadence)
	want(t, r.ticks(13), "ringer-on 168", "ringer-off 568", "ringer-on 808", "ringer-off 1208", "ringer-on 2088")
	if c := p.commands(); !slices.Equal(c, []string{"ring @8", "ring-end @88", "ring @8", "ring-end @88", "ring @8"}) {
		t.Errorf("commands %q", c)
	}
	p.event("off-hook @5")
	want(t, r.ticks(3), "hook-edge 2245 =1", "off-hook 2245", "ringer-off 2245")
	if c := p.commands(); !slices.Equal(c, []string{"ring-end"}) {
		t.Errorf("commands %q", c)
	}
	r.tx.Command(driver.Ring, 0, 0, 0, nil)
	want(t, r.tick(), fmt.Sprintf("1:refused@0=%d(the telephone is off-hook)", driver.Ring))
}

func TestRingBurstEndsByItself(t *testing.T) {
	r := newRig(t, `{"lines":[{"kind":"fxs"}]}`)
	r.ticks(1)
	r.tx.Command(driver.RingBurst, 0, 0, 50, nil)
	want(t, r.ticks(100), "ringer-on 160", "ringer-off 560")
	r.tx.Command(driver.Ring, 0, 0, 0, nil)
	r.ticks(10)
	r.tx.Command(driver.RingStop, 0, 100, 0, nil)
	want(t, r.ticks(300), fmt.Sprintf("ringer-off %d", 111*160+100))
}

func TestTelephoneIsToldOfFeedAndPolarity(t *testing.T) {
	r := newRig(t, `{"lines":[{"kind":"fxs"}]}`)
	p := r.line(1)
	r.ticks(1)
	r.tx.Command(driver.SetPolarity, 0, 0, 1, nil)
	r.tx.Command(driver.SetPolarity, 0, 0, 1, nil)
	r.tx.Command(driver.SendLoopBreak, 0, 9, 300, nil)
	r.ticks(1)
	if c := p.commands(); !slices.Equal(c, []string{"reversal", "loop-break 300 @9"}) {
		t.Errorf("commands %q", c)
	}
}

func TestOnHookTelephoneHearsOnlyOnHookTransmission(t *testing.T) {
	r := newRig(t, `{"lines":[{"kind":"fxs"}]}`)
	p := r.line(1)
	var heard []bool
	for i := range 6 {
		copy(r.tx.LinePCM(0), noise(1))
		if i == 2 {
			r.tx.Command(driver.OnHookTransmit, 0, 0, 40, nil)
		}
		r.ticks(1)
		heard = append(heard, p.receive() == string(audioMessage(noise(1))))
	}
	if !slices.Equal(heard, []bool{false, false, true, true, false, false}) {
		t.Errorf("heard %v", heard)
	}
}

func TestExchangeBreaksTheFeed(t *testing.T) {
	r := newRig(t, `{"count":1}`)
	p := r.line(1)
	r.ticks(1)
	base := r.b.pos
	r.at(p, base+5, "loop-break")
	got := r.ticks(3)
	r.at(p, base+3*driver.Block+15, "loop")
	want(t, append(got, r.ticks(1)...), fmt.Sprintf("loop-break %d =%d", base+495, 490/driver.MS))
	base = r.b.pos
	r.at(p, base+10, "loop-break 90")
	want(t, r.ticks(20), fmt.Sprintf("loop-break %d =90", base+730))
	base = r.b.pos
	r.at(p, base, "loop-break")
	want(t, r.ticks(60), fmt.Sprintf("battery %d", base+8000))
	r.at(p, r.b.pos, "loop")
	base = r.b.pos
	want(t, r.ticks(20), fmt.Sprintf("loop-break %d =1200", base), fmt.Sprintf("battery %d =1", base+512))
}

func TestVoltageIsPolledAndReportedWhenItChanges(t *testing.T) {
	r := newRig(t, `{"count":2}`)
	p := r.line(1)
	volts := func(ticks int) (all []string) {
		for range ticks {
			r.tick()
			for _, e := range r.rx.Events {
				if e.Kind == driver.Volts && e.Line == 0 {
					all = append(all, fmt.Sprintf("%d: %d", r.rx.Pos+int64(e.At), e.Value))
				}
			}
		}
		return all
	}
	want(t, volts(25), "0: -48000", "2000: -48000")
	p.event("volts -6.5 @100")
	want(t, volts(2), "4000: -48000", "4100: -6500")
	p.event("reversal") // the exchange says the voltage itself: this is none
	want(t, volts(24), "6000: -6500", "8000: -6500")
	p.event("volts +53.1234")
	want(t, volts(1), "8160: 53123")
	if r.b.info.Lines[0].VoltsEvery != 2000 || !r.b.info.Lines[0].Caps.Has(driver.CapVolts) {
		t.Error("the line does not say that it reports voltage every 2000 samples")
	}
}

func TestVoltageOfALineNobodySaysFollowsHookAndPolarity(t *testing.T) {
	r := newRig(t, `{"lines":[{"use":"trunk"}]}`)
	p := r.line(1)
	mv := func() (v int32) {
		r.tick()
		for _, e := range r.rx.Events {
			if e.Kind == driver.Volts {
				v = e.Value
			}
		}
		return v
	}
	steps := []struct {
		do   func()
		want int32
	}{
		{func() {}, -48000},
		{func() { p.event("reversal") }, 48000},
		{func() { r.tx.Command(driver.GoOffHook, 0, 0, 0, nil) }, 7000},
		{func() { p.event("reversal") }, -7000},
		{func() { p.event("loop-break") }, 0},
		{func() { p.event("loop") }, -7000},
		{func() { r.tx.Command(driver.GoOnHook, 0, 0, 0, nil) }, -48000},
	}
	for i, s := range steps {
		s.do()
		if got := mv(); got != s.want {
			t.Errorf("step %d: %d mV, want %d", i, got, s.want)
		}
	}
}

func TestPulsesAndFlashAreCarriedOutByThePeer(t *testing.T) {
	r := newRig(t, `{"lines":[{"use":"trunk"}]}`)
	p := r.line(1)
	r.ticks(1)
	refused := func(c driver.Command, reason string) {
		t.Helper()
		r.tx.Command(c.Kind, 0, 0, c.Value, c.Data)
		want(t, without(r.tick(), "volts"), fmt.Sprintf("1:refused@0=%d(%s)", c.Kind, reason))
	}
	dial := driver.Command{Kind: driver.PulseDial, Value: 40<<16 | 60, Data: []byte("120")}
	refused(dial, refusedOnHook)
	refused(driver.Command{Kind: driver.SendFlash, Value: 100}, refusedOnHook)
	refused(driver.Command{Kind: driver.Ring}, refusedKind)
	r.tx.Command(driver.GoOffHook, 0, 0, 0, nil)
	r.ticks(1)
	base := r.b.pos
	r.tx.Command(dial.Kind, 0, 9, dial.Value, dial.Data)
	got := r.ticks(1)
	refused(dial, refusedBusy)
	// 13 pulses of 100 ms and two pauses of 700 ms.
	want(t, append(got, r.ticks(150)...), fmt.Sprintf("dial-done %d", base+9+(1300+1400)*driver.MS))
	commands := p.commands() // before the socket is full
	base = r.b.pos
	r.tx.Command(driver.SendFlash, 0, 0, 100, nil)
	want(t, r.ticks(10), fmt.Sprintf("dial-done %d", base+800))
	base = r.b.pos
	r.tx.Command(driver.SendFlash, 0, 0, 500, nil)
	got = r.ticks(1)
	r.at(p, r.b.pos+3, "done")
	want(t, append(got, r.ticks(50)...), fmt.Sprintf("dial-done %d", base+driver.Block+3))
	if c := append(commands, p.commands()...); !slices.Equal(c, []string{"off-hook", "pulse 120 40 60 @9", "flash 100", "flash 500"}) {
		t.Errorf("commands %q", c)
	}
	bad := dial
	bad.Data = []byte("12#")
	refused(bad, "only the digits 0 to 9 can be pulse-dialled")
}

func TestPeerThatComesLaterIsToldHowTheLineStands(t *testing.T) {
	r := newRig(t, `{"lines":[{"use":"trunk"},{"kind":"fxs"}]}`)
	r.tx.Command(driver.GoOffHook, 0, 0, 0, nil)
	r.tx.Command(driver.Ring, 1, 0, 0, nil)
	r.tx.Command(driver.SetPolarity, 1, 0, 1, nil)
	r.ticks(1)
	exchange, telephone := r.line(1), r.line(2)
	r.ticks(1)
	if c := exchange.commands(); !slices.Equal(c, []string{"off-hook"}) {
		t.Errorf("exchange: %q", c)
	}
	if c := telephone.commands(); !slices.Equal(c, []string{"ring", "reversal"}) {
		t.Errorf("telephone: %q", c)
	}
}
