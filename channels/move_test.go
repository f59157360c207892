package channels

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"vaad/driver"
)

// moving is two boards of two lines; every byte of a line is its board and port.
func moving(t *testing.T) (*System, *Reader) {
	t.Helper()
	board := func(no byte) *fakeBoard {
		return ticker(2, func(_ int, _, rx *driver.Frame) error {
			for i := range 2 {
				code := rx.LineCode(i)
				for k := range code {
					code[k] = no<<4 | byte(i+1)
				}
			}
			return nil
		})
	}
	plan := planFunc(func(id string, info driver.Info) (all []LineConfig, err error) {
		for _, l := range info.Lines {
			n := l.Port
			if id == "b2" {
				n += 10
			}
			all = append(all, LineConfig{Number: n, Port: l.Port, Use: driver.Tap})
		}
		return all, nil
	})
	s := started(t, Config{Plan: plan, Boards: []BoardConfig{{ID: "b1", Driver: opener(board(1))}, {ID: "b2", Driver: opener(board(2))}}})
	r := s.Subscribe("test", true)
	time.Sleep(5 * time.Second)
	synctest.Wait()
	return s, r
}

// hears checks what a line has heard in the last second.
func hears(t *testing.T, s *System, n int, want byte) {
	t.Helper()
	l := mustLine(t, s, n)
	buf := make([]byte, driver.Rate)
	if got, err := l.Read(buf, 0, l.Fed()-driver.Rate); err != nil || got != len(buf) || buf[0] != want || buf[len(buf)-1] != want {
		t.Errorf("line %d: %#x…%#x (%d, %v), want %#x", n, buf[0], buf[len(buf)-1], got, err, want)
	}
}

func configure(t *testing.T, s *System, n int, c LineConfig) {
	t.Helper()
	if err := s.Configure(t.Context(), n, c); err != nil {
		t.Fatal(err)
	}
}

func TestLineOnAnotherPortForgetsTheAudioOfTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := moving(t)
		hears(t, s, 1, 0x11)
		configure(t, s, 2, LineConfig{Port: 2, Use: driver.Unused})
		at := mustLine(t, s, 1).Fed()
		configure(t, s, 1, LineConfig{Port: 2, Use: driver.Tap})
		time.Sleep(2 * time.Second)
		synctest.Wait()
		hears(t, s, 1, 0x12)
		var over *ErrOverrun
		if _, err := mustLine(t, s, 1).Read(make([]byte, 100), 0, at-driver.Rate); !errors.As(err, &over) {
			t.Errorf("audio of the other port: %v, want that it is gone", err)
		}
	})
}

func TestNumbersOfTwoRunningBoardsAreExchanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := moving(t)
		for range 2 { // and back
			r.Drain(nil)
			configure(t, s, 1, LineConfig{Board: "b1", Port: 1, Use: driver.Unused})
			configure(t, s, 11, LineConfig{Board: "b2", Port: 1, Use: driver.Unused})
			configure(t, s, 1, LineConfig{Board: "b2", Port: 1, Use: driver.Tap, Name: "moved"})
			configure(t, s, 11, LineConfig{Board: "b1", Port: 1, Use: driver.Tap})
			time.Sleep(2 * time.Second)
			synctest.Wait()
			hears(t, s, 1, 0x21)
			hears(t, s, 11, 0x11)
			if st := mustLine(t, s, 1).Status(); st.Board != "b2" || st.Name != "moved" || st.State != Unknown {
				t.Errorf("line 1: %+v", st)
			}
			evs, _ := r.Drain(nil)
			got := ""
			for _, e := range find(evs, LineState) {
				if e.Line == 1 {
					got += fmt.Sprintf("%s %s→%s, ", e.Board, e.From, e.To)
				}
			}
			if want := "b1 unknown→unused, b2 unused→unknown, "; got != want {
				t.Errorf("line 1 said %s, want %s", got, want)
			}
			configure(t, s, 1, LineConfig{Board: "b2", Port: 1, Use: driver.Unused})
			configure(t, s, 11, LineConfig{Board: "b1", Port: 1, Use: driver.Unused})
			configure(t, s, 1, LineConfig{Board: "b1", Port: 1, Use: driver.Tap})
			configure(t, s, 11, LineConfig{Board: "b2", Port: 1, Use: driver.Tap})
			time.Sleep(2 * time.Second)
			synctest.Wait()
			hears(t, s, 1, 0x11)
			hears(t, s, 11, 0x21)
		}
		if n := len(s.old); n > 2 {
			t.Errorf("%d lines are kept beside those in use", n)
		}
	})
}

func TestNewNumberIsTakenUpByARunningBoard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := moving(t)
		r.Drain(nil)
		if err := s.Configure(t.Context(), 50, LineConfig{Board: "b1", Port: 2, Use: driver.Tap}); err == nil {
			t.Error("a port that line 2 has was given to line 50")
		}
		configure(t, s, 2, LineConfig{Port: 2, Use: driver.Unused})
		configure(t, s, 50, LineConfig{Board: "b1", Port: 2, Use: driver.Tap})
		time.Sleep(2 * time.Second)
		synctest.Wait()
		hears(t, s, 50, 0x12)
		if err := s.Configure(t.Context(), 50, LineConfig{Board: "b9", Port: 2, Use: driver.Tap}); !errors.Is(err, ErrNoBoard) {
			t.Errorf("to a board that is not there: %v", err)
		}
		if st := mustLine(t, s, 50).Status(); st.Use != driver.Unused {
			t.Errorf("a line whose board is not there is used as %v", st.Use)
		}
	})
}
