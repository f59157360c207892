package channels

import (
	"context"
	"fmt"
	"slices"
	"time"

	"vaad/driver"
)

// Configure changes a line while it runs; when it returns, what its change of
// use or place said is in the queue of every lossless reader. An error of Validate, a port that
// another line has, or a line that does not exist (ErrNoLine) changes nothing.
// While the board is not open only the name is shown; the Plan is asked again
// when it opens. A Board other than the line's moves the number there: the line
// is no longer used where it was, whatever becomes of it on the other board.
func (s *System) Configure(ctx context.Context, number int, c LineConfig) error {
	c.Number = number
	if err := s.configure(ctx, c); err != nil {
		return fmt.Errorf("configure line %d: %w", number, err)
	}
	return nil
}

func (s *System) configure(ctx context.Context, c LineConfig) error {
	line, ok := s.Line(c.Number)
	if ok && (c.Board == "" || c.Board == line.Board()) {
		return line.board.configure(ctx, line, c)
	}
	if c.Board == "" {
		return ErrNoLine
	}
	i := slices.IndexFunc(s.boards, func(b *board) bool { return b.cfg.ID == c.Board })
	if ok {
		if err := line.board.release(ctx, line); err != nil {
			return err
		}
	}
	if i < 0 {
		return ErrNoBoard
	}
	return s.boards[i].take(ctx, c)
}

func (b *board) configure(ctx context.Context, line *Line, c LineConfig) error {
	c.Number, c.Board = line.number, b.cfg.ID
	old := line.view.Load()
	loop, pos, err := b.set(ctx, line, c)
	if loop == nil || err != nil || old.use == c.Use && old.cfg.Port == c.Port && old.cfg.LocalPort == c.LocalPort {
		return err
	}
	return b.heard(ctx, loop, pos)
}

// set hands a line's configuration to the loop, if there is one, and says at
// which position it took it.
func (b *board) set(ctx context.Context, line *Line, c LineConfig) (loop *loop, pos int64, err error) {
	b.change.Lock() // one at a time: each builds on what the one before left
	defer b.change.Unlock()
	if loop = b.current(); loop == nil {
		v := *line.view.Load()
		v.cfg = c
		line.view.Store(&v)
		return nil, 0, nil
	}
	if err := b.free(line, c); err != nil {
		return nil, 0, err
	}
	run, err := prepare(loop.info, line, c, nil)
	if err != nil {
		return nil, 0, err
	}
	pos, err = loop.ask(ctx, item{line: line, run: run})
	return loop, pos, err
}

// heard waits until readers have what was said at a position.
func (b *board) heard(ctx context.Context, loop *loop, pos int64) error {
	look := time.NewTicker(driver.Tick / 4)
	defer look.Stop()
	for b.fed.Load() <= pos {
		select {
		case <-look.C:
		case <-loop.over:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// free reports that another line of the board has a port that c wants.
func (b *board) free(line *Line, c LineConfig) error {
	for _, other := range b.sys.linesOf(b) {
		if other != line && collide(other.view.Load(), c) {
			return fmt.Errorf("port %d of board %s is line %d's", c.Port, b.cfg.ID, other.number)
		}
	}
	return nil
}

// release stops using a line whose number goes to another board. All that it
// said is read by then: positions of two boards have nothing to do with each other.
func (b *board) release(ctx context.Context, line *Line) error {
	c := line.view.Load().cfg
	c.Use = driver.Unused
	return b.configure(ctx, line, c)
}

// take begins to run a line that this board did not have. While it is not open
// there is nothing to do: the Plan is asked when it opens.
func (b *board) take(ctx context.Context, c LineConfig) error {
	loop, pos, err := b.add(ctx, c)
	if loop == nil || err != nil {
		return err
	}
	return b.heard(ctx, loop, pos)
}

func (b *board) add(ctx context.Context, c LineConfig) (loop *loop, pos int64, err error) {
	b.change.Lock()
	defer b.change.Unlock()
	if loop = b.current(); loop == nil {
		return nil, 0, nil
	}
	if err := b.free(nil, c); err != nil {
		return nil, 0, err
	}
	line, err := b.sys.adopt(b, c, UnusedState)
	if err != nil {
		return nil, 0, err
	}
	run, unfit := prepare(loop.info, line, c, nil)
	if pos, err = loop.ask(ctx, item{line: line, run: run}); err != nil {
		return nil, 0, err
	}
	return loop, pos, unfit
}

// collide reports whether a line that is used has a port that c wants.
func collide(v *view, c LineConfig) bool {
	if v.use == driver.Unused || c.Use == driver.Unused {
		return false
	}
	has := func(port int) bool { return port != 0 && (port == c.Port || port == c.LocalPort) }
	return has(v.cfg.Port) || has(v.cfg.LocalPort)
}
