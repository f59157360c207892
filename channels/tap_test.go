package channels

import (
	"slices"
	"testing"

	"vaad/driver"
	"vaad/dsp/g711"
)

// script puts events of line 1 into the frames of a tap: by tick.
func script(events map[int]driver.Event) *fakeBoard {
	volts := int32(-48000)
	return newFake(fxoInfo(1), func(n int, _, rx *driver.Frame) error {
		if e, ok := events[n]; ok {
			if e.Kind == driver.Volts {
				volts = e.Value
			} else {
				rx.Event(e.Kind, 0, e.At, e.Value, nil)
			}
		}
		if n%5 == 0 {
			rx.Event(driver.Volts, 0, 0, volts, nil)
		}
		return nil
	})
}

func TestAnsweredCallOnATapIsToldFromRingToOnHook(t *testing.T) {
	f := script(map[int]driver.Event{
		500:  {Kind: driver.RingBegin, At: 40},
		550:  {Kind: driver.RingEnd, At: 80},
		750:  {Kind: driver.RingBegin, At: 40},
		800:  {Kind: driver.RingEnd, At: 80},
		850:  {Kind: driver.Volts, Value: -9000},
		1500: {Kind: driver.Volts, Value: -48000},
	})
	s, l := stepper(t, f, Config{})
	r := s.Subscribe("test", true)
	ticks(t, s, l, 1800)
	evs, _ := r.Drain(nil)
	var story []EventKind
	known := int64(0)
	for _, e := range evs {
		if e.Kind != LineState && e.Line == 1 {
			story = append(story, e.Kind)
		}
		if e.Known < known || e.Pos > e.Known {
			t.Errorf("%+v is told after something that was known at %d", e, known)
		}
		known = e.Known
	}
	want := []EventKind{OnHook /* as it was found */, RingBegin, CallBegin, RingEnd, RingBegin, RingEnd, OffHook, CallAnswered, OnHook, CallEnd}
	slices.Sort(story)
	slices.Sort(want)
	if !slices.Equal(story, want) {
		t.Fatalf("told %v", story)
	}
	begin, answer, end := find(evs, CallBegin)[0], find(evs, CallAnswered)[0], find(evs, CallEnd)[0]
	if begin.Pos != 500*driver.Block+40 || begin.Direction != Incoming {
		t.Errorf("begin %+v", begin)
	}
	if answer.Pos != 850*driver.Block || answer.AnsweredBy != "off-hook" {
		t.Errorf("answer %+v", answer)
	}
	if end.Pos != 1500*driver.Block || end.EndedBy != "on-hook" || end.Missed || end.Known < end.Pos+driver.Rate {
		t.Errorf("end %+v", end)
	}
	if begin.Call == "" || begin.Call != answer.Call || begin.Call != end.Call {
		t.Errorf("call IDs %q %q %q", begin.Call, answer.Call, end.Call)
	}
}

func TestCallEndsWhenItsBoardGoes(t *testing.T) {
	f := script(map[int]driver.Event{500: {Kind: driver.Volts, Value: -9000}})
	s, l := stepper(t, f, Config{})
	r := s.Subscribe("test", true)
	ticks(t, s, l, 800)
	s.boards[0].finish(l, driver.ErrGone)
	s.feed.round()
	evs, _ := r.Drain(nil)
	end := find(evs, CallEnd)
	if len(end) != 1 || end[0].EndedBy != "board-gone" || end[0].Pos != 800*driver.Block {
		t.Fatalf("%+v", end)
	}
	if last := evs[len(evs)-1]; last.Kind != BoardLost {
		t.Errorf("the last event is %+v", last)
	}
	if st := mustLine(t, s, 1).Status(); st.State != GoneState || st.Call != "" {
		t.Errorf("%+v", st)
	}
}

func TestCallEndsWhenItsLineIsGivenAnotherUse(t *testing.T) {
	f := script(map[int]driver.Event{500: {Kind: driver.Volts, Value: -9000}})
	s, l := stepper(t, f, Config{})
	r := s.Subscribe("test", true)
	ticks(t, s, l, 800)
	run, err := prepare(l.info, mustLine(t, s, 1), LineConfig{Number: 1, Port: 1, Use: driver.Trunk}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.take(item{line: run.line, run: run}); err != nil {
		t.Fatal(err)
	}
	ticks(t, s, l, 1)
	evs, _ := r.Drain(nil)
	if end := find(evs, CallEnd); len(end) != 1 || end[0].EndedBy != "reconfigured" {
		t.Fatalf("%+v", end)
	}
	if slices.ContainsFunc(evs, func(e Event) bool { return e.To == GoneState }) {
		t.Error("the line seemed to be gone")
	}
}

func TestActiveLinesHaveTheirSidesAndPlainEvents(t *testing.T) {
	info := driver.Info{Driver: "fake", Model: "Fake", Lines: []driver.Line{
		{Port: 1, Kind: driver.FXO, Law: driver.MuLaw, Caps: fxoCaps},
		{Port: 2, Kind: driver.FXS, Law: driver.Linear, Caps: driver.CapTx | driver.CapRing},
	}}
	f := newFake(info, func(n int, _, rx *driver.Frame) error {
		fillPattern(rx, 1)
		for i := range rx.LinePCM(1) {
			rx.LinePCM(1)[i] = int16(n * 100)
		}
		if n == 5 {
			rx.Event(driver.RingBegin, 0, 7, 0, nil)
			rx.Event(driver.OffHook, 1, 9, 0, nil)
		}
		return nil
	})
	s, l := stepper(t, f, Config{Plan: planFunc(func(string, driver.Info) ([]LineConfig, error) {
		return []LineConfig{{Number: 1, Port: 1, Use: driver.Trunk}, {Number: 2, Port: 2, Use: driver.Station}}, nil
	})})
	r := s.Subscribe("test", true)
	ticks(t, s, l, 20)
	evs, _ := r.Drain(nil)
	if ring := find(evs, RingBegin); len(ring) != 1 || ring[0].Line != 1 || ring[0].Pos != 5*driver.Block+7 {
		t.Errorf("%+v", ring)
	}
	if off := find(evs, OffHook); len(off) != 1 || off[0].Line != 2 {
		t.Errorf("%+v", off)
	}
	code := func(line, side int) byte {
		b := make([]byte, 1)
		if n, err := mustLine(t, s, line).Read(b, side, 10*driver.Block); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		return b[0]
	}
	if c := code(1, 0); c != pattern(0, 10*driver.Block) {
		t.Errorf("the trunk's network side is not what was received: %#x", c)
	}
	if c := code(1, 1); c != driver.MuLaw.Silence() {
		t.Errorf("the trunk's local side is not silent: %#x", c)
	}
	if c := code(2, 0); c != driver.ALaw.Silence() {
		t.Errorf("the station's network side is not silent: %#x", c)
	}
	if c, want := code(2, 1), g711.EncodeSample(1000, g711.ALaw); c != want {
		t.Errorf("the station's local side is %#x, want %#x", c, want)
	}
	if l.tap[0] || l.tap[1] {
		t.Error("an active line is guarded")
	}
}
