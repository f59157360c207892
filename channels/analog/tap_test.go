package analog

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"vaad/driver"
	"vaad/dsp/callerid"
	"vaad/dsp/progress"
)

// story checks what must hold for whatever a tap says.
type story struct {
	known    int64
	state    State
	up       bool
	call     Call
	lastEnd  int64
	noFeed   bool
	long     bool
	problems []string
}

func (s *story) fault(e Event, why string) {
	s.problems = append(s.problems, fmt.Sprintf("%s: %v %+v", why, e.Kind, e))
}

func (s *story) take(e Event) {
	if e.Known < s.known {
		s.fault(e, "known before what was told earlier")
	}
	s.known = e.Known
	if e.Pos > e.Known || e.Pos < 0 {
		s.fault(e, "happened after it was known, or before the line was")
	}
	switch e.Kind {
	case LineState:
		if e.From != s.state || e.To == e.From {
			s.fault(e, "state does not follow from "+s.state.String())
		}
		s.state = e.To
	case CallBegin:
		if s.up {
			s.fault(e, "a call began in a call")
		}
		if e.Call.Begin != e.Pos || e.Pos < s.lastEnd {
			s.fault(e, "calls overlap")
		}
		s.up, s.call = true, e.Call
	case CallAnswered:
		if !s.up || s.call.Answered != 0 && !guessed(s.call.AnsweredBy) || e.Call.Answered < e.Call.Begin {
			s.fault(e, "answered without a call, twice, or before it began")
		}
		s.call = e.Call
	case CallEnd:
		if !s.up || e.Call.Begin != s.call.Begin || e.Call.EndedBy == "" || e.Pos < e.Call.Begin {
			s.fault(e, "a call ended that did not begin, or before it began")
		}
		if e.Call.Missed && e.Call.Answered != 0 {
			s.fault(e, "missed and answered")
		}
		s.up, s.lastEnd = false, e.Pos
	case BatteryLost, BatteryBack:
		if s.noFeed == (e.Kind == BatteryLost) {
			s.fault(e, "the feed was lost or came back twice")
		}
		s.noFeed = e.Kind == BatteryLost
	case LongOffHook, LongOffHookEnd:
		if s.long == (e.Kind == LongOffHook) {
			s.fault(e, "long off-hook began or ended twice")
		}
		s.long = e.Kind == LongOffHook
	}
}

// settled checks what holds between two inputs.
func (s *story) settled(t *Tap) {
	if s.state != t.State() {
		s.problems = append(s.problems, fmt.Sprintf("told %v, is %v", s.state, t.State()))
	}
	if _, up := t.Call(); up != s.up {
		s.problems = append(s.problems, "told and real call differ")
	}
	calling := s.state == Ringing || s.state.OffHook() && s.state != Abandoned
	if s.up != calling {
		s.problems = append(s.problems, fmt.Sprintf("call up: %v in %v", s.up, s.state))
	}
	if s.noFeed && s.state != NoBattery && s.state != Gone && s.state != Unknown {
		s.problems = append(s.problems, fmt.Sprintf("no feed, yet %v", s.state))
	}
}

func TestWhateverTheLineDoesEveryCallBeginsAndEndsOnce(t *testing.T) {
	kinds := append([]driver.EventKind{}, driver.Volts, driver.Volts, driver.Volts, driver.RingBegin, driver.RingEnd,
		driver.Polarity, driver.Battery, driver.State, driver.OffHook, driver.Lost)
	rapid.Check(t, func(rt *rapid.T) {
		tap := New(Config{
			ThresholdMV: rapid.SampledFrom([]int{0, 0, 0, 20000, -5}).Draw(rt, "threshold"),
			RingGapMS:   rapid.SampledFrom([]int{0, 0, 3000}).Draw(rt, "gap"),
		}, Learnt{})
		var s story
		pos := int64(0)
		var out []Event
		for range rapid.IntRange(1, 200).Draw(rt, "inputs") {
			out = out[:0]
			switch rapid.IntRange(0, 9).Draw(rt, "what") {
			case 0:
				by := rapid.SampledFrom([]string{InKeys, InPulses}).Draw(rt, "by")
				out = tap.Press(out[:0], Press{Key: '5', At: max(pos-560, 0), Length: 560, Sure: rapid.IntRange(20, 100).Draw(rt, "sure"), By: by}, pos)
			case 1:
				out = tap.Voice(out[:0], rapid.Bool().Draw(rt, "on"), max(pos-2000, 0), pos)
			case 2:
				tone := progress.Tone(rapid.IntRange(0, int(progress.Regular)+1).Draw(rt, "tone"))
				out = tap.Tone(out[:0], Tone{Name: tone, At: max(pos-8000, 0), Hz: 440, On: 300, Off: 300}, rapid.Bool().Draw(rt, "begins"), pos)
			case 3:
				m := message(callerid.Coding(rapid.IntRange(1, 2).Draw(rt, "coding")), "5551234")
				out = tap.Message(out[:0], m, pos)
			case 6:
				if rapid.IntRange(0, 9).Draw(rt, "gone") == 0 {
					out = tap.Gone(out[:0], pos)
				}
			case 4, 5: // a voltage that stays
				v := rapid.SampledFrom([]int32{0, 1000, -5000, -8000, 12000, -24000, 48000, -48000, 130000}).Draw(rt, "level")
				every := rapid.SampledFrom([]int64{160, 2000, 4000}).Draw(rt, "every")
				for range rapid.IntRange(1, 40).Draw(rt, "samples") {
					out = tap.Event(out[:0], driver.Event{Kind: driver.Volts, Value: v}, pos)
					for _, e := range out {
						s.take(e)
					}
					pos += every
				}
				out = out[:0]
			default:
				v := rapid.Int32Range(-1, 2).Draw(rt, "value")
				k := rapid.SampledFrom(kinds).Draw(rt, "kind")
				if k == driver.Volts {
					v = rapid.Int32Range(-150000, 150000).Draw(rt, "volts")
				}
				out = tap.Event(out[:0], driver.Event{Kind: k, Value: v}, pos)
			}
			for _, e := range out {
				s.take(e)
			}
			s.settled(tap)
			pos += rapid.SampledFrom([]int64{-160, 0, 0, 80, 160, 1600, 8000, 80000, 8_000_000}).Draw(rt, "time")
			pos = max(pos, 0)
			for _, e := range tap.Tick(nil, pos) {
				s.take(e)
			}
			s.settled(tap)
		}
		for _, e := range tap.Gone(nil, pos) {
			s.take(e)
		}
		s.settled(tap)
		if s.up || s.long {
			s.problems = append(s.problems, "a call or an alarm outlives the board")
		}
		if len(s.problems) > 0 {
			rt.Fatal(s.problems)
		}
	})
}

func TestInputsWithoutARowAreCounted(t *testing.T) {
	tap := New(Config{}, Learnt{})
	tap.Tone(nil, Tone{Name: progress.Howler}, true, 100)
	tap.Tone(nil, Tone{Name: progress.Howler}, true, 200)
	var got []string
	tap.Ignored(func(s State, in Input, n uint64) { got = append(got, fmt.Sprint(s, in, n)) })
	if want := []string{"unknown howler 2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// hold feeds one voltage every ms for a time, and returns the position after it.
func hold(tap *Tap, out *[]Event, pos int64, mv int32, every, ms int64) int64 {
	for end := pos + ms*driver.MS; pos < end; pos += every * driver.MS {
		*out = tap.Event(*out, driver.Event{Kind: driver.Volts, Value: mv}, pos)
	}
	return pos
}

func ringOnce(tap *Tap, out *[]Event, pos int64, on, off int64) int64 {
	*out = tap.Event(*out, driver.Event{Kind: driver.RingBegin}, pos)
	pos += on * driver.MS
	*out = tap.Event(*out, driver.Event{Kind: driver.RingEnd}, pos)
	pos += off * driver.MS
	*out = tap.Tick(*out, pos)
	return pos
}

func calls(evs []Event) (ends []Call) {
	for _, e := range evs {
		if e.Kind == CallEnd {
			ends = append(ends, e.Call)
		}
	}
	return ends
}

func TestTapMissesCallAfterRingGap(t *testing.T) {
	tap := New(Config{RingGapMS: 3000}, Learnt{IdleMV: 48000})
	var out []Event
	pos := hold(tap, &out, 0, -48000, 20, 3000)
	end := ringOnce(tap, &out, pos, 1000, 0)
	due := end + (4000+20)*driver.MS // gap + 1 s, and one voltage
	out = tap.Tick(out, due-1)
	if tap.State() != Ringing {
		t.Fatalf("missed too early: %v", tap.State())
	}
	out = tap.Tick(out, due)
	if c := calls(out); tap.State() != Idle || len(c) != 1 || !c[0].Missed {
		t.Fatalf("not missed: %v %+v", tap.State(), c)
	}
}

func TestOffHookIsConfirmedAfter200ms(t *testing.T) {
	tap := New(Config{}, Learnt{})
	var out []Event
	pos := hold(tap, &out, 0, 48000, 20, 5000)
	last := hold(tap, &out, pos, 8000, 20, 200) // the sample at +180 ms is the last
	if tap.State() != Idle {
		t.Fatalf("off-hook too early: %v", tap.State())
	}
	hold(tap, &out, last, 8000, 20, 20)
	e := out[len(out)-1]
	if tap.State() != OffHookOut || e.Pos != pos || e.Known != pos+offHookAfter {
		t.Fatalf("%v, happened %d of %d, known %d", tap.State(), e.Pos, pos, e.Known)
	}
}

func TestOnHookIsConfirmedAfter1200ms(t *testing.T) {
	tap := New(Config{}, Learnt{})
	var out []Event
	pos := hold(tap, &out, 0, 48000, 20, 5000)
	pos = hold(tap, &out, pos, 8000, 20, 20000)
	last := hold(tap, &out, pos, 48000, 20, 1200)
	if tap.State() != Talking {
		t.Fatalf("on-hook too early: %v", tap.State())
	}
	hold(tap, &out, last, 48000, 20, 20)
	e := out[len(out)-1]
	if e.Kind != CallEnd || e.Pos != pos || e.Known != pos+onHookAfter {
		t.Fatalf("%+v", e)
	}
}

func TestOffHookWithinARingIsFrozen(t *testing.T) {
	tap := New(Config{}, Learnt{})
	var out []Event
	pos := hold(tap, &out, 0, -48000, 20, 5000)
	out = tap.Event(out, driver.Event{Kind: driver.RingBegin}, pos)
	pos = hold(tap, &out, pos, -2000, 20, 3000) // low enough for off-hook and for no battery
	out = tap.Event(out, driver.Event{Kind: driver.RingEnd}, pos)
	pos = hold(tap, &out, pos, -2000, 20, 300)
	hold(tap, &out, pos, -48000, 20, 1000)
	if tap.State() != Ringing {
		t.Fatalf("decided by the voltage of a burst: %v", tap.State())
	}
}

func TestThresholdIsLearnt(t *testing.T) {
	tap := New(Config{}, Learnt{})
	if tap.Threshold() != firstThreshold {
		t.Fatalf("before anything is known: %d", tap.Threshold())
	}
	var out []Event
	pos := hold(tap, &out, 0, -50000, 250, 5000)
	if th := tap.Threshold(); th != 30000 {
		t.Errorf("60 %% of 50 V idle: %d", th)
	}
	pos = hold(tap, &out, pos, -10000, 250, 60000)
	if th := tap.Threshold(); th != 30000 {
		t.Errorf("between 10 V and 50 V: %d", th)
	}
	l := tap.Learnt()
	if l.IdleMV != 50000 || l.OffHookMV != 10000 {
		t.Errorf("learnt %+v", l)
	}
	pos = hold(tap, &out, pos, -50000, 250, 5000)
	hold(tap, &out, pos, -44000, 250, 600000) // the exchange runs on its batteries
	if l := tap.Learnt(); l.IdleMV < 43900 || l.IdleMV > 44100 {
		t.Errorf("idle voltage not followed: %+v", l)
	}
	again := New(Config{}, tap.Learnt())
	if again.Threshold() != tap.Threshold() {
		t.Errorf("a restart forgets: %d, was %d", again.Threshold(), tap.Threshold())
	}
	if th := New(Config{ThresholdMV: 12345}, tap.Learnt()).Threshold(); th != 12345 {
		t.Errorf("the operator's threshold does not win: %d", th)
	}
}

func TestLearntValuesThatCannotBeAreNotTaken(t *testing.T) {
	for _, l := range []Learnt{{IdleMV: -48000}, {IdleMV: 1 << 30}, {IdleMV: 48000, OffHookMV: 60000}, {OffHookMV: 8000}} {
		tap := New(Config{}, l)
		if tap.hook.offHook != 0 || tap.Threshold() <= 0 || tap.Threshold() > idleMost {
			t.Errorf("%+v taken: %+v", l, tap.Learnt())
		}
	}
}

// Ringing voltage that is seen before and between bursts must not lift the idle voltage.
func TestRingingDoesNotTeachTheIdleVoltage(t *testing.T) {
	tap := New(Config{}, Learnt{})
	var out []Event
	pos := hold(tap, &out, 0, -48000, 250, 5000)
	for range 40 {
		pos = hold(tap, &out, pos, -130000, 250, 250)
		pos = ringOnce(tap, &out, pos, 1000, 300)
		pos = hold(tap, &out, pos, -48000, 250, 3500)
	}
	if l := tap.Learnt(); l.IdleMV != 48000 {
		t.Errorf("learnt %+v", l)
	}
}

func TestRingGapIsLearnt(t *testing.T) {
	for _, c := range []struct {
		name    string
		on, off []int64 // ms
		want    int32   // ms
	}{
		{"the country's", []int64{1000}, []int64{4000}, 4000},
		{"shorter", []int64{2000}, []int64{3000}, 3000},
		{"double ring", []int64{400, 400}, []int64{200, 2600}, 2600},
		{"shorter than is believed", []int64{500}, []int64{1000}, 2000},
		{"a bit longer", []int64{1000}, []int64{4800}, 4800},
		{"longer than the ringing", []int64{1000}, []int64{7000}, 7000},
	} {
		t.Run(c.name, func(t *testing.T) {
			tap := New(Config{}, Learnt{})
			var out []Event
			pos := hold(tap, &out, 0, -48000, 250, 5000)
			missed := 0
			for range 12 { // calls of 6 bursts, 30 s apart
				out = out[:0]
				for i := range 6 {
					pos = ringOnce(tap, &out, pos, c.on[i%len(c.on)], c.off[i%len(c.off)])
				}
				pos += 30 * driver.Rate
				out = tap.Tick(out, pos)
				missed = len(calls(out))
			}
			got := tap.Learnt().RingGapMS
			if got == 0 {
				got = int32(countryGap / driver.MS)
			}
			if got != c.want || missed != 1 {
				t.Errorf("learnt %d ms, want %d; the last call counted %d times", got, c.want, missed)
			}
			again := New(Config{}, tap.Learnt())
			if again.ring.wait() != tap.ring.wait() {
				t.Errorf("a restart forgets")
			}
		})
	}
}

// A flash is told with its length where the voltage is sampled finely.
func TestFlashIsMeasured(t *testing.T) {
	for _, c := range []struct {
		every, ms int64
		want      bool
	}{{20, 60, false}, {20, 100, true}, {20, 300, true}, {20, 600, true}, {20, 1000, true}, {20, 1100, false},
		{250, 100, false}, {250, 600, true}, {250, 900, true}, {500, 900, true}} {
		tap := New(Config{}, Learnt{})
		var out []Event
		pos := hold(tap, &out, 0, -48000, c.every, 5000)
		pos = hold(tap, &out, pos, -8000, c.every, 30000)
		n := (c.ms + c.every/2) / c.every * c.every
		pos = hold(tap, &out, pos, -48000, c.every, n)
		hold(tap, &out, pos, -8000, c.every, 5000)
		var flash []Event
		for _, e := range out {
			if e.Kind == Flash {
				flash = append(flash, e)
			}
		}
		if tap.State() != Talking {
			t.Errorf("%+v: the call ended", c)
		}
		if (len(flash) == 1) != c.want {
			t.Errorf("%+v: %d flashes", c, len(flash))
		} else if c.want && (flash[0].Value < c.ms-c.every || flash[0].Value > c.ms+c.every) {
			t.Errorf("%+v: measured %d ms", c, flash[0].Value)
		}
	}
}

func busyLine(tap *Tap, out []Event, tick int64) []Event {
	pos := tick * driver.Block
	switch tick % 3000 { // a minute: an incoming call
	case 100, 350:
		out = tap.Event(out, driver.Event{Kind: driver.RingBegin}, pos)
	case 150, 400:
		out = tap.Event(out, driver.Event{Kind: driver.RingEnd}, pos)
	}
	if tick%12 == 0 { // every 240 ms
		mv := int32(-48000)
		if in := tick % 3000; in > 500 && in < 2500 {
			mv = -8000
		}
		out = tap.Event(out, driver.Event{Kind: driver.Volts, Value: mv + int32(tick%7)*100}, pos)
	}
	return tap.Tick(out, pos+driver.Block)
}

func TestTicksAllocateNothing(t *testing.T) {
	tap := New(Config{}, Learnt{})
	out := make([]Event, 0, 32)
	tick, ended := int64(0), 0
	if n := testing.AllocsPerRun(20000, func() {
		out = busyLine(tap, out[:0], tick)
		ended += len(calls(out[:0:0]))
		if tap.State() == Talking {
			ended++
		}
		tick++
	}); n != 0 {
		t.Errorf("%v allocations per tick", n)
	}
	if ended == 0 {
		t.Error("the line never talked: nothing was measured")
	}
}

func BenchmarkTick(b *testing.B) {
	taps := make([]*Tap, 128)
	for i := range taps {
		taps[i] = New(Config{}, Learnt{})
	}
	out := make([]Event, 0, 64)
	b.ReportAllocs()
	tick := int64(0)
	for b.Loop() {
		for i, tap := range taps {
			out = busyLine(tap, out[:0], tick+int64(i))
		}
		tick++
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(driver.Tick)*100, "%of20ms")
}
