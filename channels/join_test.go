package channels

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"vaad/driver"
)

// Two boards, of which one hangs while a line of the other is to join its mix.
func TestAJoiningThatIsGivenUpLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		boards := [2]*fakeBoard{}
		for i := range boards {
			boards[i] = newFake(bInfo(1), func(n int, _, _ *driver.Frame) error {
				if i == 0 && n == 50 {
					<-hang
					return driver.ErrGone
				}
				return boards[i].tick()
			})
		}
		s := started(t, Config{Boards: []BoardConfig{{ID: "a", Driver: opener(boards[0])}, {ID: "b", Driver: opener(boards[1])}},
			Plan: planFunc(func(id string, _ driver.Info) ([]LineConfig, error) {
				return []LineConfig{{Number: int(id[0]-'a') + 1, Port: 1, Use: driver.Trunk}}, nil
			})})
		defer close(hang)
		time.Sleep(500 * time.Millisecond)
		if _, err := s.Join(t.Context(), Joining{Mix: "m", Line: 1}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // it hangs
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := s.Join(ctx, Joining{Mix: "m", Line: 2}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("joined: %v", err)
		}
		time.Sleep(5 * time.Second) // it is given up
		s.homes.mu.Lock()
		n := len(s.homes.of)
		s.homes.mu.Unlock()
		if n != 0 {
			t.Errorf("%d homes are kept", n)
		}
		if _, err := s.Join(t.Context(), Joining{Mix: "m", Line: 2}); err != nil {
			t.Errorf("the mix cannot be made anew: %v", err)
		}
	})
}

func TestNothingCanBeWishedBeforeTheFirstFrame(t *testing.T) {
	s, l := stepper(t, newFake(mixedInfo(), nil), Config{Plan: rigPlan{lines: mixedPlan()}})
	for _, it := range []item{{wish: &Wish{Kind: WishCall, Number: "1"}}, {play: &Play{}}, {quiet: true}, {leave: true}, {join: &Joining{Mix: "m"}}, {join: &Joining{Mix: "m"}, far: true}} {
		it.line = mustLine(t, s, 2)
		if err := l.take(it); !errors.Is(err, ErrGone) {
			t.Errorf("%s: %v", it.name(), err)
		}
	}
	if len(l.tx.Commands) != 0 || len(l.mixes) != 0 {
		t.Error("something was done all the same")
	}
}

func TestAWishToABoardThatHangsIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		var b *fakeBoard
		b = newFake(bInfo(1), func(n int, _, _ *driver.Frame) error {
			if n == 20 {
				<-hang
			}
			return b.tick()
		})
		s := started(t, Config{Boards: []BoardConfig{{ID: "a", Driver: opener(b)}}, Plan: planOf{use: driver.Trunk}})
		defer close(hang)
		time.Sleep(time.Second)
		begun := time.Now()
		if _, err := s.Wish(t.Context(), Wish{Line: 1, Kind: WishCall, Number: "1"}); !errors.Is(err, ErrGone) {
			t.Errorf("answered: %v", err)
		}
		if after := time.Since(begun); after > 3*time.Second {
			t.Errorf("answered after %v", after)
		}
	})
}

func TestAMixWhoseBoardIsGoneBeginsAnew(t *testing.T) {
	var h homes
	gone, other := &board{}, &board{loop: &loop{}}
	h.begin("m", gone)
	h.joined("m")
	if at := h.begin("m", other); at != other {
		t.Error("it is looked for on a board that does not run")
	}
	h.left("m")
	h.joined("m")
	if at := h.begin("m", gone); at != other {
		t.Error("it has left its board")
	}
	h.end("m")
	h.left("m")
	if len(h.of) != 0 {
		t.Error("it is left behind")
	}
}
