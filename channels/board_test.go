package channels

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"vaad/driver"
)

// ticker is a board of n lines that ticks every 20 ms of the bubble's time.
func ticker(n int, extra func(n int, tx, rx *driver.Frame) error) *fakeBoard {
	f := newFake(fxoInfo(n), nil)
	f.fill = func(k int, tx, rx *driver.Frame) error {
		if err := f.tick(); err != nil {
			return err
		}
		fillPattern(rx, n)
		if extra != nil {
			return extra(k, tx, rx)
		}
		return nil
	}
	return f
}

func TestBoardThatCannotBeOpenedStaysListedAndIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := started(t, Config{Boards: []BoardConfig{{ID: "b1", Driver: opener(nil, nil, ticker(1, nil))}}})
		synctest.Wait()
		b := s.Boards()[0]
		if b.State != BoardFailed || b.Reason != "open-failed" || b.Detail != "open fake: nothing is plugged in" {
			t.Fatalf("%+v", b)
		}
		time.Sleep(3100 * time.Millisecond) // pauses of 1 s and 2 s
		synctest.Wait()
		if b = s.Boards()[0]; b.State != BoardRunning || b.Model != "Fake" || b.Ticks == 0 {
			t.Fatalf("%+v", b)
		}
		if err := s.Healthy(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestBoardGoneAndBackGoesOnWhereItStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := ticker(2, func(k int, _, rx *driver.Frame) error {
			if k == 100 {
				return driver.ErrGone
			}
			return nil
		})
		s := started(t, Config{Boards: []BoardConfig{{ID: "b1", Driver: opener(first, nil, ticker(2, nil))}}})
		r := s.Subscribe("test", true)
		time.Sleep(2500 * time.Millisecond)
		synctest.Wait()
		evs, _ := r.Drain(nil)
		gone := find(evs, BoardLost)
		if len(gone) != 1 || gone[0].Pos != 100*driver.Block || gone[0].Text != driver.ErrGone.Error() {
			t.Fatalf("%+v", gone)
		}
		line := mustLine(t, s, 1)
		if st := line.Status(); st.State != GoneState {
			t.Fatalf("state %s", st.State)
		}
		if b := s.Boards()[0]; b.State != BoardGone {
			t.Fatalf("%+v", b)
		}
		select {
		case <-first.closed:
		default:
			t.Fatal("the board was not closed")
		}
		time.Sleep(4 * time.Second)
		synctest.Wait()
		evs, _ = r.Drain(nil)
		up := find(evs, BoardUp)
		if len(up) != 1 || up[0].Pos != 100*driver.Block {
			t.Fatalf("%+v", up)
		}
		if away := up[0].Time.Sub(gone[0].Time); away < 2*time.Second || away > 4*time.Second {
			t.Errorf("line time says it was away for %v", away)
		}
		if st := line.Status(); st.State == GoneState {
			t.Fatalf("state %s", st.State)
		}
		got := make([]byte, 160)
		for _, pos := range []int64{99 * driver.Block, 100 * driver.Block} { // the last before, the first after
			if n, err := line.Read(got, 0, pos); n != 160 || err != nil {
				t.Fatal(n, err)
			}
			if got[7] != pattern(0, pos%(100*driver.Block)+7) {
				t.Fatalf("audio at %d is wrong", pos)
			}
		}
	})
}

func TestHungExchangeIsAbandonedAndMayReturnLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free, returned := make(chan struct{}), make(chan struct{})
		hangs := newFake(fxoInfo(1), nil)
		hangs.fill = func(k int, _, rx *driver.Frame) error {
			if k == 50 { // whatever Close says
				<-free
				defer close(returned)
				fillPattern(rx, 1)
				rx.Event(driver.RingBegin, 0, 0, 0, nil)
				return nil
			}
			return hangs.tick()
		}
		s := started(t, Config{Boards: []BoardConfig{
			{ID: "b1", Driver: opener(hangs, ticker(1, nil))},
			{ID: "b2", Driver: opener(ticker(1, nil))},
		}, Plan: planFunc(func(b string, _ driver.Info) ([]LineConfig, error) {
			n := map[string]int{"b1": 1, "b2": 2}[b]
			return []LineConfig{{Number: n, Port: 1, Use: driver.Trunk}}, nil
		})})
		r := s.Subscribe("test", true)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		answered := make(chan error, 1)
		go func() {
			_, err := s.Request(context.Background(), Request{Line: 1, Command: driver.Command{Kind: driver.GoOffHook}})
			answered <- err
		}()
		time.Sleep(1300 * time.Millisecond) // hung since 1.0 s
		synctest.Wait()
		if b := s.Boards()[0]; b.State != BoardGone || b.Reason != "hung" {
			t.Fatalf("%+v", b)
		}
		if err := <-answered; !errors.Is(err, ErrGone) {
			t.Fatalf("whoever waited got %v", err)
		}
		if err := s.Healthy(); err != nil {
			t.Fatalf("a hung driver is not the process's fault: %v", err)
		}
		if b := s.Boards()[1]; b.State != BoardRunning || b.Ticks < 150 {
			t.Fatalf("the other board: %+v", b)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if b := s.Boards()[0]; b.State != BoardRunning {
			t.Fatalf("it was not opened again: %+v", b)
		}
		before := s.Boards()[0].Pos
		close(free) // now the driver returns, with a frame
		<-returned
		time.Sleep(time.Second)
		synctest.Wait()
		evs, _ := r.Drain(nil)
		if slices.Contains(kinds(evs, 1), RingBegin) {
			t.Fatal("the abandoned loop touched the feed")
		}
		if adv := s.Boards()[0].Pos - before; adv < driver.Rate*95/100 || adv > driver.Rate*105/100 {
			t.Fatalf("the board advanced %d samples in a second", adv)
		}
		select {
		case <-hangs.closed:
		default:
			t.Fatal("the abandoned board was not closed")
		}
	})
}

func TestLoopStuckOutsideTheDriverIsUnhealthy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		n := 0
		now := func() time.Time { // called by the loop between two Exchanges
			if n++; n == 60 {
				<-free
			}
			return time.Now()
		}
		s := started(t, Config{Boards: []BoardConfig{{ID: "b1", Driver: opener(ticker(1, nil))}}, Now: now})
		time.Sleep(time.Second)
		synctest.Wait()
		if err := s.Healthy(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if err := s.Healthy(); err == nil {
			t.Fatal("a stuck loop is healthy")
		}
		close(free)
		time.Sleep(time.Second)
		synctest.Wait()
		if err := s.Healthy(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestOpeningThatHangsTakesNothingWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		late := ticker(1, nil)
		calls := 0
		s := started(t, Config{Boards: []BoardConfig{{ID: "b1", Driver: driver.Driver{Name: "fake",
			Open: func(context.Context, driver.Candidate, driver.Config) (driver.Board, error) {
				calls++
				<-free
				return late, nil
			}}}}})
		time.Sleep(time.Minute)
		synctest.Wait()
		if b := s.Boards()[0]; b.Reason != "open-slow" || calls != 1 {
			t.Fatalf("%d calls, %+v", calls, b)
		}
		if err := s.Healthy(); err != nil {
			t.Fatal(err)
		}
		close(free)
		time.Sleep(time.Second)
		synctest.Wait()
		if b := s.Boards()[0]; b.State != BoardRunning {
			t.Fatalf("%+v", b)
		}
	})
}

func TestRequestsAreAnsweredWithWhatBecameOfThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []driver.Command
		var at []int64
		b := ticker(4, func(k int, tx, rx *driver.Frame) error {
			for _, c := range tx.Commands {
				got = append(got, c)
				at = append(at, tx.Pos)
				if c.Kind == driver.PulseDial {
					rx.Event(driver.Refused, c.Line, 9, int32(c.Kind), []byte("no battery"))
				}
				if c.Kind == driver.SendFlash {
					rx.Event(driver.DialDone, c.Line, 9, 0, nil)
				}
			}
			return nil
		})
		for i := range b.info.Lines {
			b.info.Lines[i].Caps |= driver.CapPulseOut
		}
		s := started(t, Config{Boards: []BoardConfig{{ID: "b1", Driver: opener(b)}},
			Plan: planFunc(func(string, driver.Info) ([]LineConfig, error) {
				return []LineConfig{{Number: 11, Port: 1, Use: driver.Trunk}, {Number: 12, Port: 2, Use: driver.Tap}, {Number: 13, Port: 3}}, nil
			})})
		r := s.Subscribe("test", true)
		time.Sleep(time.Second)
		synctest.Wait()
		ask := func(line int, k driver.CommandKind) (Accepted, error) {
			return s.Request(t.Context(), Request{ID: k.String(), Line: line, Command: driver.Command{Kind: k}})
		}
		acc, err := ask(11, driver.GoOffHook)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if len(got) != 1 || got[0].Kind != driver.GoOffHook || got[0].Line != 0 || at[0] != acc.Pos {
			t.Fatalf("the board was told %+v at %v, accepted at %d", got, at, acc.Pos)
		}
		for _, k := range []driver.CommandKind{driver.PulseDial, driver.SendFlash} {
			if _, err := ask(11, k); err != nil {
				t.Fatal(err)
			}
		}
		var le *driver.LineError
		for _, k := range driver.Commands() {
			if _, err := ask(12, k); !errors.As(err, &le) || !k.OnSpan() && !errors.Is(err, driver.ErrTap) {
				t.Errorf("%v on a tap: %v", k, err)
			}
		}
		if _, err := ask(13, driver.GoOffHook); !errors.Is(err, ErrNotUsed) {
			t.Errorf("an unused line: %v", err)
		}
		if _, err := ask(99, driver.GoOffHook); !errors.Is(err, ErrNoLine) {
			t.Errorf("a line that is not there: %v", err)
		}
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if len(got) != 3 {
			t.Errorf("the board was told %+v", got)
		}
		evs, _ := r.Drain(nil)
		if ref := find(evs, Refused); len(ref) == 0 || ref[0].Request != "pulse" || ref[0].Text != "no battery" || ref[0].Line != 11 {
			t.Errorf("refused: %+v", ref)
		}
		if done := find(evs, Done); len(done) != 1 || done[0].Request != "flash" {
			t.Errorf("done: %+v", done)
		}
	})
}

func TestFullQueueIsBusyAndDeadBoardIsGone(t *testing.T) {
	b := newFake(fxoInfo(1), func(int, *driver.Frame, *driver.Frame) error { return nil })
	s, l := stepper(t, b, Config{Plan: planOf{use: driver.Trunk}})
	ticks(t, s, l, 1)
	dead, cancel := context.WithCancel(t.Context())
	cancel()
	req := Request{Line: 1, Command: driver.Command{Kind: driver.GoOffHook}}
	for range requestQueue {
		if _, err := s.Request(dead, req); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if _, err := s.Request(t.Context(), req); !errors.Is(err, ErrBusy) {
		t.Fatalf("full queue: %v", err)
	}
	ticks(t, s, l, 1)
	s.boards[0].finish(l, driver.ErrGone)
	if _, err := s.Request(t.Context(), req); !errors.Is(err, ErrGone) {
		t.Fatalf("dead board: %v", err)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the bubble itself fails when a goroutine is left
		b := ticker(2, nil)
		s, err := New(Config{Boards: []BoardConfig{{ID: "b1", Driver: opener(b)}}, Plan: planOf{use: driver.Tap}})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		r := s.Subscribe("test", true)
		time.Sleep(time.Second)
		synctest.Wait()
		s.Close()
		s.Close()
		evs, _ := r.Drain(nil)
		if len(find(evs, BoardLost)) != 1 {
			t.Error("nobody was told that the board was closed")
		}
		if _, err := mustLine(t, s, 1).Read(make([]byte, 10), 0, 0); !errors.Is(err, ErrClosed) {
			t.Errorf("read after close: %v", err)
		}
	})
}
