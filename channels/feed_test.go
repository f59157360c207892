package channels

import (
	"sync"
	"testing"
	"time"

	"vaad/driver"
)

// TestWhoSeesAPositionHasEveryEventBeforeIt runs a board as fast as it goes,
// with an event that says its own position in the audio, and reads it by the
// protocol of the package comment.
func TestWhoSeesAPositionHasEveryEventBeforeIt(t *testing.T) {
	const frames = 4000
	info := fxoInfo(4)
	info.Virtual = true
	f := newFake(info, nil)
	f.fill = func(n int, _, rx *driver.Frame) error {
		if n == frames {
			<-f.closed
			return driver.ErrGone
		}
		for i := range info.Lines {
			code := rx.LineCode(i)
			for k := range code {
				code[k] = 0
			}
			at := (n*37 + i) % driver.Block
			rx.Event(driver.ChannelAlarm, i, at, 1, nil)
			code[at] = 1 // the audio marks the moment of each event
		}
		return nil
	}
	s, err := New(Config{Boards: []BoardConfig{{ID: "b1", Driver: opener(f)}}, Plan: planOf{use: driver.Tap}})
	if err != nil {
		t.Fatal(err)
	}
	const readers = 3
	var all sync.WaitGroup
	for range readers {
		r := s.Subscribe("test", true)
		r.Hold()
		all.Go(func() { followExactly(t, s, r, frames) })
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	s.Close()
}

func followExactly(t *testing.T, s *System, r *Reader, frames int64) {
	defer r.Close()
	var evs []Event
	done := map[int]int64{}
	told := map[int]map[int64]bool{1: {}, 2: {}, 3: {}, 4: {}}
	seq := uint64(0)
	for range r.Wake() {
		upto := map[int]int64{}
		for n := range told {
			if line, ok := s.Line(n); ok {
				upto[n] = line.Fed()
			}
		}
		var lost bool
		if evs, lost = r.Drain(evs[:0]); lost {
			t.Error("events were lost")
			return
		}
		for _, e := range evs {
			if e.Seq <= seq {
				t.Errorf("sequence %d after %d", e.Seq, seq)
			}
			seq = e.Seq
			if e.Kind == Alarm {
				told[e.Line][e.Pos] = true
			}
		}
		finished := 0
		for n, to := range upto {
			line, _ := s.Line(n)
			buf := make([]byte, to-done[n])
			if k, err := line.Read(buf, 0, done[n]); err != nil || k != len(buf) {
				t.Errorf("read %d of %d from %d: %v", k, len(buf), done[n], err)
				return
			}
			for i, c := range buf {
				if p := done[n] + int64(i); (c == 1) != told[n][p] {
					t.Errorf("line %d, position %d: heard %v, told %v", n, p, c == 1, told[n][p])
					return
				}
			}
			done[n] = to
			r.Done(n, to)
			if to == frames*driver.Block {
				finished++
			}
		}
		if finished == len(told) {
			return
		}
	}
}

func TestReadersAreWokenAgainWhenThePositionPassesWhatTheyWereTold(t *testing.T) {
	s, l := stepper(t, newFake(fxoInfo(1), func(int, *driver.Frame, *driver.Frame) error { return nil }), Config{})
	r := s.Subscribe("test", true)
	ticks(t, s, l, 1)
	woken := func() bool {
		select {
		case <-r.Wake():
			return true
		default:
			return false
		}
	}
	for _, blocks := range []int{0, 1, wakeEvery/driver.Block + 1} { // before it; in the end they are woken for the position too
		woken()
		for range blocks {
			if err := l.tick(); err != nil {
				t.Fatal(err)
			}
		}
		at := l.next + 7
		l.out.emit(Event{Line: 1, Pos: at, Known: at, Kind: Polarity}) // while its block is taken in
		s.feed.round()
		if fed := mustLine(t, s, 1).Fed(); !woken() || fed > at {
			t.Fatalf("not told of an event at %d, or told late: fed %d", at, fed)
		}
		ticks(t, s, l, 1)
		if fed := mustLine(t, s, 1).Fed(); !woken() || fed <= at {
			t.Errorf("%d blocks before: not woken although the position has passed %d: fed %d", blocks, at, fed)
		}
		ticks(t, s, l, 1)
		if woken() {
			t.Error("woken although nothing happened")
		}
	}
}

func TestVirtualBoardWaitsForItsReaders(t *testing.T) {
	info := fxoInfo(2)
	info.Virtual = true
	f := newFake(info, nil)
	reached := make(chan int64, 1<<16)
	f.fill = func(n int, _, rx *driver.Frame) error {
		reached <- rx.Pos
		if n == 3000 {
			<-f.closed
			return driver.ErrGone
		}
		return nil
	}
	s, err := New(Config{Boards: []BoardConfig{{ID: "b1", Driver: opener(f)}}, Plan: planOf{use: driver.Tap}, RingSeconds: 8})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := s.Subscribe("test", true)
	r.Hold()
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	const lead = 2 * driver.Rate // a quarter of the ring
	upto := int64(lead)
	for round := range 10 {
		for pos := int64(-1); pos < upto-driver.Block; {
			pos = <-reached
			if pos >= upto {
				t.Fatalf("the board reached %d, it was to wait at %d", pos, upto)
			}
		}
		r.Done(1, int64(round+1)*1600)
		select {
		case pos := <-reached:
			t.Fatalf("the board went on to %d although line 2 still needs its audio", pos)
		default:
		}
		r.Done(2, int64(round+1)*1600)
		upto += 1600
	}
	r.Close() // and whoever leaves holds nothing
	for pos := int64(0); pos < 3000*driver.Block; {
		pos = <-reached
	}
}

func TestLosslessReaderThatIsTooSlowIsTold(t *testing.T) {
	s, l := stepper(t, newFake(fxoInfo(1), func(int, *driver.Frame, *driver.Frame) error { return nil }), Config{})
	slow, quick := s.Subscribe("slow", true), s.Subscribe("quick", true)
	lossy := s.Subscribe("console", false)
	ticks(t, s, l, 1)
	var all []Event
	for range losslessEvents/1000 + 1 {
		for range 1000 {
			l.out.emit(Event{Line: 1, Kind: Polarity})
		}
		s.feed.round()
		var lost bool
		if all, lost = quick.Drain(all); lost {
			t.Fatal("the quick reader lost events")
		}
	}
	for i, e := range all {
		if e.Seq != uint64(i+1) {
			t.Fatalf("event %d has sequence %d", i, e.Seq)
		}
	}
	over := find(all, Overflow)
	if len(over) != 1 || over[0].Text != "slow" {
		t.Fatalf("overflow: %+v", over)
	}
	evs, lost := slow.Drain(nil)
	if !lost || len(evs) != losslessEvents {
		t.Fatalf("lost %v with %d events", lost, len(evs))
	}
	if _, lost = slow.Drain(nil); lost {
		t.Fatal("the fault is told twice")
	}
	evs, lost = lossy.Drain(nil)
	if lost || len(evs) == 0 || evs[0].Kind != Resync {
		t.Fatalf("the console: %v, %d events", lost, len(evs))
	}
	if evs[len(evs)-1].Seq != all[len(all)-1].Seq {
		t.Fatal("the console does not have the newest event")
	}
}

func TestOverflowBeforeTheFeedIsAFaultOfEveryReader(t *testing.T) {
	s, l := stepper(t, newFake(fxoInfo(1), func(int, *driver.Frame, *driver.Frame) error { return nil }), Config{})
	r := s.Subscribe("test", true)
	ticks(t, s, l, 1)
	r.Drain(nil)
	for range queueSize + 5 {
		l.out.emit(Event{Line: 1, Kind: Polarity})
	}
	s.feed.round()
	evs, lost := r.Drain(nil)
	over := find(evs, Overflow)
	if !lost || len(over) != 1 || over[0].Value != 5 || over[0].Text != "board" {
		t.Fatalf("lost %v, %+v", lost, over)
	}
}

func TestCallsHaveIDsFromBeginToEnd(t *testing.T) {
	wall := time.Date(2026, 7, 1, 8, 0, 0, 0, time.UTC)
	s, l := stepper(t, newFake(fxoInfo(2), func(int, *driver.Frame, *driver.Frame) error { return nil }), Config{Now: func() time.Time { return wall }})
	r := s.Subscribe("test", true)
	ticks(t, s, l, 1)
	r.Drain(nil)
	for _, k := range []EventKind{RingBegin, CallBegin, RingEnd, CallAnswered, OnHook, CallEnd, Polarity} {
		l.out.emit(Event{Line: 1, Kind: k, Direction: Incoming})
	}
	l.out.emit(Event{Line: 2, Kind: CallBegin, Direction: Outgoing})
	s.feed.round()
	evs, _ := r.Drain(nil)
	id := evs[1].Call
	if len(id) != 26 {
		t.Fatalf("call ID %q", id)
	}
	for i, e := range evs[:7] {
		if want := i >= 1 && i <= 5; (e.Call == id) != want {
			t.Errorf("%s has call %q", e.Kind, e.Call)
		}
	}
	if evs[7].Call <= id {
		t.Errorf("a later call has the ID %s after %s", evs[7].Call, id)
	}
	if st := mustLine(t, s, 2).Status(); st.Call != evs[7].Call || st.Direction != Outgoing {
		t.Errorf("status %+v", st)
	}
	if st := mustLine(t, s, 1).Status(); st.Call != "" || st.Direction != NoDirection {
		t.Errorf("status %+v", st)
	}
}
