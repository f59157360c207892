package channels

import (
	"errors"
	"sync"
	"testing"

	"vaad/driver"
)

func TestCaptureThatNobodyReadsHoldsUpNothingAndSaysWhatItLost(t *testing.T) {
	w := &wire{}
	w.script = map[int]string{}
	for n := range captureQueue + 200 {
		w.script[n] = "n 0802 7001 62"
	}
	s, l := stepper(t, w.board(t), Config{Plan: planFunc(onePair)})
	c, err := s.Capture("b1", 2) // the user's span brings the network's messages too
	if err != nil {
		t.Fatal(err)
	}
	ticks(t, s, l, captureQueue+100)
	c.Close()
	c.Close()
	ticks(t, s, l, 100)
	if n := c.Dropped(); n != 100 || len(c.C) != captureQueue {
		t.Errorf("%d are lost, %d wait", n, len(c.C))
	}
	if m := <-c.C; !m.FromNetwork || m.Time.IsZero() || len(m.Frame) != 9 {
		t.Errorf("%+v", m)
	}
	for span, want := range map[int]error{3: ErrNoSpan} {
		if _, err := s.Capture("b1", span); !errors.Is(err, want) {
			t.Errorf("span %d: %v", span, err)
		}
	}
}

func TestCaptureOfSwappedCablesSaysWhoSent(t *testing.T) {
	w := &wire{script: map[int]string{}}
	for n := range 10 {
		w.script[n] = "x 0802 7001 62"
	}
	s, l := stepper(t, w.board(t), Config{Plan: planFunc(onePair)})
	c, err := s.Capture("b1", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ticks(t, s, l, 20)
	last := DMessage{}
	for len(c.C) > 0 {
		last = <-c.C
	}
	if !last.FromNetwork {
		t.Error("the network's message is told as the user's")
	}
}

func TestCapturesComeAndGoWhileTheBoardRuns(t *testing.T) {
	w := &wire{script: map[int]string{}}
	for n := range 500 {
		w.script[n] = "u 0802 7001 62"
	}
	s, l := stepper(t, w.board(t), Config{Plan: planFunc(onePair)})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 200 {
				if c, err := s.Capture("b1", 1); err == nil {
					select {
					case <-c.C:
					default:
					}
					c.Close()
				}
			}
		})
	}
	ticks(t, s, l, 500)
	all.Wait()
	if left := l.b.captures.Load(); left != nil && len(*left) != 0 {
		t.Errorf("%d captures are left", len(*left))
	}
}

func TestPortsOfDifferentTimeslotsMakeNoLine(t *testing.T) {
	info := linkInfo()
	for local, want := range map[int]bool{32: true, 33: false, 2: false} {
		_, err := prepare(info, newLine(&board{sys: &System{}}, LineConfig{}), LineConfig{Number: 1, Port: 1, LocalPort: local, Use: driver.Tap}, nil)
		var unfit *UseError
		if got := !errors.As(err, &unfit) || unfit.Code != "wrong-pair"; got != want {
			t.Errorf("port %d: %v", local, err)
		}
	}
}
