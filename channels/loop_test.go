package channels

import (
	"errors"
	"slices"
	"testing"
	"time"

	"vaad/driver"
)

// ticks runs n frames and lets the feed take what they brought.
func ticks(t testing.TB, s *System, l *loop, n int) {
	t.Helper()
	for range n {
		if err := l.tick(); err != nil {
			t.Fatal(err)
		}
	}
	s.feed.round()
}

func TestWhatWasReceivedCanBeReadByPosition(t *testing.T) {
	const lines = 3
	f := newFake(fxoInfo(lines), func(_ int, _, rx *driver.Frame) error {
		fillPattern(rx, lines)
		return nil
	})
	s, l := stepper(t, f, Config{})
	ticks(t, s, l, 100)
	for n := 1; n <= lines; n++ {
		line := mustLine(t, s, n)
		if line.Fed() != 100*driver.Block {
			t.Fatalf("fed %d", line.Fed())
		}
		got := make([]byte, 5000)
		k, err := line.Read(got, 0, 1234)
		if err != nil || k != len(got) {
			t.Fatal(k, err)
		}
		for i := range got {
			if got[i] != pattern(n-1, int64(1234+i)) {
				t.Fatalf("line %d: sample %d is wrong", n, 1234+i)
			}
		}
		if k, err := line.Read(got, 0, line.Fed()-10); k != 10 || err != nil {
			t.Fatalf("at the end: %d %v", k, err)
		}
		if k, err := line.Read(got, 0, line.Fed()); k != 0 || err != nil {
			t.Fatalf("beyond the end: %d %v", k, err)
		}
		if _, err := line.Read(got, 1, 0); !errors.Is(err, ErrSide) {
			t.Fatalf("a side that is not there: %v", err)
		}
	}
}

func TestLostSamplesAreGapsAndShiftNothing(t *testing.T) {
	f := newFake(fxoInfo(2), nil)
	f.fill = func(n int, _, rx *driver.Frame) error {
		switch n {
		case 10:
			rx.Pos += 500 // the whole board lost 500 samples
		case 20:
			rx.Event(driver.Lost, 1, 100, 300, nil) // line 2 lost 300: 60 in this frame, the rest after
		}
		fillPattern(rx, 2)
		return nil
	}
	s, l := stepper(t, f, Config{})
	r := s.Subscribe("test", true)
	ticks(t, s, l, 40)
	evs, _ := r.Drain(nil)
	gaps := find(evs, Gap)
	second := int64(20*driver.Block + 500 + 100)
	want := []Event{{Line: 1, Pos: 1600, Value: 500}, {Line: 2, Pos: 1600, Value: 500}, {Line: 2, Pos: second, Value: 300}}
	if len(gaps) != len(want) {
		t.Fatalf("gaps: %+v", gaps)
	}
	for i, w := range want {
		if g := gaps[i]; g.Line != w.Line || g.Pos != w.Pos || g.Value != w.Value {
			t.Errorf("gap %d is %+v, want %+v", i, g, w)
		}
	}
	line := mustLine(t, s, 2)
	all := make([]byte, line.Fed())
	if n, err := line.Read(all, 0, 0); n != len(all) || err != nil {
		t.Fatal(n, err)
	}
	for p, c := range all {
		p := int64(p)
		want := pattern(1, p)
		if p >= 1600 && p < 2100 || p >= second && p < second+300 {
			want = driver.ALaw.Silence()
		}
		if c != want {
			t.Fatalf("sample %d is %#x, want %#x", p, c, want)
		}
	}
	if lost := s.Boards()[0].Lost; lost != 1300 {
		t.Errorf("%d samples counted as lost", lost)
	}
}

func TestCounterThatGoesBackEndsTheBoard(t *testing.T) {
	f := newFake(fxoInfo(1), func(n int, _, rx *driver.Frame) error {
		if n == 3 {
			rx.Pos -= 160
		}
		return nil
	})
	_, l := stepper(t, f, Config{})
	var err error
	for range 4 {
		err = l.tick()
	}
	if !errors.Is(err, errFrames) {
		t.Fatalf("got %v", err)
	}
}

func TestPanicInsideTheDriverCostsOnlyTheBoard(t *testing.T) {
	f := newFake(fxoInfo(1), func(n int, _, rx *driver.Frame) error {
		if n == 2 {
			panic("driver is broken")
		}
		return nil
	})
	_, l := stepper(t, f, Config{})
	l.run()
	if l.err == nil {
		t.Fatal("no error")
	}
	select {
	case <-l.ended:
	default:
		t.Fatal("the loop did not say that it has ended")
	}
}

func TestLoopAllocatesNothing(t *testing.T) {
	const lines = 128
	f := newFake(fxoInfo(lines), func(n int, _, rx *driver.Frame) error {
		fillPattern(rx, lines)
		for i := range lines {
			rx.Event(driver.Volts, i, 3, -48000, nil)
			if n%50 == 25 {
				rx.Event(driver.RingBegin, i, 5, 0, nil)
			}
			if n%50 == 35 {
				rx.Event(driver.RingEnd, i, 5, 0, nil)
			}
		}
		return nil
	})
	_, l := stepper(t, f, Config{})
	run := func() {
		if err := l.tick(); err != nil {
			t.Fatal(err)
		}
		for _, ok := l.out.q.pop(); ok; _, ok = l.out.q.pop() {
		}
	}
	for range 200 {
		run()
	}
	if n := testing.AllocsPerRun(500, run); n != 0 {
		t.Errorf("%v allocations per tick", n)
	}
}

func TestPairsOf240StreamsBecome120LinesWithTwoSides(t *testing.T) {
	info := driver.Info{Driver: "fake", Model: "Fake 8E1"}
	for span := 1; span <= 8; span++ {
		info.Spans = append(info.Spans, driver.Span{Number: span, Channels: 31, DChannel: 16, Tap: true})
		for ts := 1; ts <= 31; ts++ {
			if ts != 16 {
				info.Lines = append(info.Lines, driver.Line{Port: len(info.Lines) + 1, Kind: driver.BChan, Law: driver.ALaw, Span: span, Timeslot: ts})
			}
		}
	}
	plan := planFunc(func(_ string, info driver.Info) (all []LineConfig, err error) {
		for link := range 4 {
			for k := range 30 {
				net := info.Lines[link*60+k].Port
				all = append(all, LineConfig{Number: link*30 + k + 1, Port: net, LocalPort: net + 30, Use: driver.Tap})
			}
		}
		return all, nil
	})
	f := newFake(info, func(n int, tx, rx *driver.Frame) error {
		fillPattern(rx, 240)
		rx.Event(driver.DChannel, 3, 0, 0, []byte("a message that is longer than one record of the trace holds"))
		if len(tx.Commands) != 0 {
			t.Error("a tap was told to act")
		}
		return nil
	})
	s, l := stepper(t, f, Config{Plan: plan})
	ticks(t, s, l, 50)
	for n := 1; n <= 120; n++ {
		line := mustLine(t, s, n)
		if want := []Side{{"network", driver.ALaw}, {"local", driver.ALaw}}; !slices.Equal(line.Sides(), want) {
			t.Fatalf("line %d has sides %v", n, line.Sides())
		}
		link, k := (n-1)/30, (n-1)%30
		for side := range 2 {
			got := make([]byte, 8000)
			if c, err := line.Read(got, side, 0); c != len(got) || err != nil {
				t.Fatal(c, err)
			}
			for p := range got {
				if got[p] != pattern(link*60+side*30+k, int64(p)) {
					t.Fatalf("line %d side %d is not its stream", n, side)
				}
			}
		}
		if st := line.Status().State; st != Unknown {
			t.Fatalf("state %s", st)
		}
	}
}

func TestTwoBoardsKeepLineTimeWithinTwentyMillisecondsOfWall(t *testing.T) {
	for _, ppm := range []int64{100, -100} {
		wall := time.Date(2026, 7, 1, 8, 0, 0, 0, time.UTC)
		period := int64(driver.Tick) * (1000000 + ppm) / 1000000
		var n int64
		f := newFake(fxoInfo(1), func(k int, _, rx *driver.Frame) error {
			n++
			return nil
		})
		now := func() time.Time {
			late := n * 7919 % 3000 * 1000 // up to 3 ms of scheduling
			return wall.Add(time.Duration(n*period + late))
		}
		s, l := stepper(t, f, Config{Now: now, RingSeconds: 4})
		worst := time.Duration(0)
		for tick := range 3600 * 50 {
			if err := l.tick(); err != nil {
				t.Fatal(err)
			}
			if tick%10 == 0 {
				s.feed.round()
				line := mustLine(t, s, 1)
				d := line.Time(line.Fed()).Sub(wall.Add(time.Duration(n * period))).Abs()
				worst = max(worst, d)
			}
		}
		t.Logf("%+d ppm: line time at most %v from wall, drift measured as %.2f ppm", ppm, worst, s.Boards()[0].DriftPPM)
		if worst > 20*time.Millisecond {
			t.Errorf("%+d ppm: line time is %v from the wall clock", ppm, worst)
		}
		if d := s.Boards()[0].DriftPPM + float64(ppm); d > 5 || d < -5 { // a board whose ticks are longer is slow
			t.Errorf("drift is measured as %.2f ppm, it is %d", s.Boards()[0].DriftPPM, -ppm)
		}
	}
}

func TestJumpOfTheWallClockIsAnEventAndKeepsEarlierTimes(t *testing.T) {
	wall := time.Date(2026, 7, 1, 8, 0, 0, 0, time.UTC)
	for _, step := range []time.Duration{3 * time.Second, -time.Hour, 50 * time.Millisecond} {
		var n int64
		f := newFake(fxoInfo(1), func(int, *driver.Frame, *driver.Frame) error { n++; return nil })
		const at = 555 // ticks
		now := func() time.Time {
			w := wall.Add(time.Duration(n) * driver.Tick)
			if n > at {
				w = w.Add(step)
			}
			return w
		}
		s, l := stepper(t, f, Config{Now: now})
		r := s.Subscribe("test", true)
		ticks(t, s, l, 1000)
		evs, _ := r.Drain(nil)
		jumps := find(evs, Anchored)
		if len(jumps) != 1 || (time.Duration(jumps[0].Value)-step).Abs() > time.Millisecond {
			t.Fatalf("step %v: %+v", step, jumps)
		}
		line := mustLine(t, s, 1)
		for _, p := range []int64{100, at - 1, at + 1, 900} {
			want := wall.Add(time.Duration(p) * driver.Tick)
			if p > at {
				want = want.Add(step)
			}
			if d := line.Time(p * driver.Block).Sub(want).Abs(); d > 2*time.Millisecond {
				t.Errorf("step %v: line time at tick %d is off by %v", step, p, d)
			}
		}
	}
}

func BenchmarkTick(b *testing.B) {
	b.Run("lines=128", func(b *testing.B) {
		const lines = 128
		f := newFake(fxoInfo(lines), func(n int, _, rx *driver.Frame) error {
			for i := n % 12; i < lines; i += 12 { // a voltage every 240 ms
				rx.Event(driver.Volts, i, 3, -48000, nil)
			}
			return nil
		})
		s, l := stepper(b, f, Config{})
		b.ReportAllocs()
		for b.Loop() {
			if err := l.tick(); err != nil {
				b.Fatal(err)
			}
			s.feed.round()
		}
		b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(driver.Tick)*100, "%of-tick")
	})
}
