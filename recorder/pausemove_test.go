package recorder

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"vaad/channels"
	"vaad/driver"
)

// onBoard is a plan that puts line 1 on the board that it names.
type onBoard struct{ id *atomic.Value }

func (onBoard) Spans(string, driver.Info) []channels.SpanConfig { return nil }

func (p onBoard) Lines(id string, _ driver.Info) (all []channels.LineConfig, _ error) {
	if p.id.Load().(string) != id {
		return nil, nil
	}
	return []channels.LineConfig{{Number: 1, Port: 1, Use: driver.Tap, Name: "one"}}, nil
}

// A slot is where a board is put in and taken out.
type slot struct{ put, in atomic.Pointer[board] }

func (s *slot) driver() driver.Driver {
	return driver.Driver{Name: "fake", Open: func(context.Context, driver.Candidate, driver.Config) (driver.Board, error) {
		b := s.put.Swap(nil)
		if b == nil {
			return nil, errors.New("open fake: it is not there")
		}
		s.in.Store(b)
		return b, nil
	}}
}

func TestAPauseMovesWithItsNumberAndEndsEverywhere(t *testing.T) {
	first := newBoard(1, driver.ALaw)
	where, slots := &atomic.Value{}, map[string]*slot{"b": {}, "c": {}}
	where.Store("b")
	slots["b"].put.Store(first)
	r := newRig(t, first, LineConfig{Trigger: Voltage}, nil, func(_ *rig, _ *Config, c *channels.Config) {
		c.Plan = onBoard{where}
		c.Boards = []channels.BoardConfig{{ID: "b", Driver: slots["b"].driver()}, {ID: "c", Driver: slots["c"].driver()}}
	})
	// move takes the board out and gives the line to another one.
	move := func(from, to string) {
		t.Helper()
		where.Store(to)
		if err := slots[from].in.Load().Close(); err != nil {
			t.Fatal(err)
		}
		until(t, "the board to be gone", func() bool { return r.line(1).Status().State == channels.GoneState })
		b := newBoard(1, driver.ALaw)
		b.mv[0] = liftedMV
		slots[to].put.Store(b)
		until(t, "the line on the other board", func() bool { return slots[to].in.Load() == b && r.line(1).Board() == to })
		r.board = b
	}
	// silent says whether the line has nothing but silence of the next two seconds.
	silent := func() bool {
		t.Helper()
		l := r.line(1)
		more := func(n, least int64) {
			t.Helper()
			from := l.Fed()
			r.board.mu.Lock()
			r.board.to = r.board.pos + n
			r.board.moved.Broadcast()
			r.board.mu.Unlock()
			until(t, "audio", func() bool { return l.Fed() >= from+least })
		}
		more(driver.Block, 1) // a board that has just been opened goes on somewhere behind where it was
		more(2*second, 2*second)
		r.decided()
		buf := make([]byte, second/2)
		n, err := l.Read(buf, 0, l.Fed()-second/2)
		if err != nil || n == 0 {
			t.Fatalf("read %d: %v", n, err)
		}
		for _, c := range buf[:n] {
			if c != 0xD5 {
				return false
			}
		}
		return true
	}
	r.hook(2*second, 1, true)
	r.to(5 * second)
	r.pause(1, 0)
	r.to(8 * second)

	move("b", "c")
	if !silent() {
		t.Error("on the other board it is not silent")
	}
	r.wantPaused("on the other board", 1)
	move("c", "b")
	if !silent() {
		t.Error("back on the first it is not silent")
	}
	r.wantPaused("back on the first", 1)
	r.resume(1)
	silent() // up to where it ended
	if silent() {
		t.Error("back on the first it is silent after the pause")
	}
	r.wantPaused("after the pause")
	move("b", "c")
	if silent() {
		t.Error("on the other board it is silent after the pause")
	}
}
