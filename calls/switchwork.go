package calls

import (
	"context"
	"errors"
	"time"

	"vaad/channels"
)

// What lines are wished is done in order, line by line, by a goroutine that lives
// as long as its line has work: a board that hangs holds up its own lines only.

const (
	actTime   = 5 * time.Second       // a wish that takes longer has failed
	actAgain  = 20 * time.Millisecond // a board's queue was full: it is emptied every tick
	actTries  = 50                    //
	actsOfOps = 64                    // acts of a line that wait; operations add no more
)

// act is one thing to be wished of a line. skip and done are called with the lock held.
type act struct {
	do   func(context.Context) error
	skip func() bool // it is not wanted any more; may be nil
	done func(error) // may be nil
}

// work is what waits for one line.
type work struct{ acts []act }

// errSkipped is the outcome of an act that was not wanted any more.
var errSkipped = errors.New("not wanted any more")

// enqueue adds an act to a line's work.
func (s *Switch) enqueue(line int, a act) {
	if !s.running {
		return
	}
	w := s.work[line]
	if w == nil {
		w = &work{}
		s.work[line] = w
		s.workers.Go(func() { s.labour(s.ctx, line, w) })
	}
	w.acts = append(w.acts, a)
}

// labour does the work of a line until there is none.
func (s *Switch) labour(ctx context.Context, line int, w *work) {
	for {
		s.lock()
		if len(w.acts) == 0 || !s.running {
			delete(s.work, line)
			s.unlock()
			return
		}
		a := w.acts[0]
		w.acts = w.acts[1:]
		skip := a.skip != nil && a.skip()
		s.unlock()
		err := errSkipped
		if !skip {
			err = try(ctx, a.do)
		}
		s.lock()
		if a.done != nil && s.running {
			a.done(err)
		}
		s.unlock()
	}
}

// try does an act, again while the board's queue is full.
func try(ctx context.Context, do func(context.Context) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, actTime)
	defer cancel()
	for range actTries {
		if err = do(ctx); !errors.Is(err, channels.ErrBusy) {
			return err
		}
		select {
		case <-time.After(actAgain):
		case <-ctx.Done():
			return err
		}
	}
	return err
}

// wish asks a line for something; done may be nil.
func (s *Switch) wish(w channels.Wish, done func(error)) {
	s.enqueue(w.Line, act{done: done, do: func(ctx context.Context) error {
		_, err := s.cfg.Lines.Wish(ctx, w)
		return err
	}})
}

// play lets a line hear something of ours in place of its bridge.
func (s *Switch) play(l *leg, loop bool, audio ...channels.Audio) {
	if len(audio) == 0 {
		return
	}
	l.sounding = true
	line := l.Line
	s.enqueue(line, act{skip: func() bool { return !l.up() }, done: s.minor(l, "play"), do: func(ctx context.Context) error {
		_, err := s.cfg.Lines.Play(ctx, channels.Play{Line: line, Audio: audio, Loop: loop})
		return err
	}})
}

// hush stops what a line hears of ours.
func (s *Switch) hush(l *leg) {
	if !l.sounding {
		return
	}
	l.sounding = false
	line := l.Line
	s.enqueue(line, act{skip: func() bool { return !l.up() }, done: s.minor(l, "quiet"), do: func(ctx context.Context) error { return s.cfg.Lines.Quiet(ctx, line) }})
}

// minor is told how something went whose failure the call survives.
func (s *Switch) minor(l *leg, op string) func(error) {
	return func(err error) {
		if err != nil && l.up() && !errors.Is(err, errSkipped) {
			s.failed(l, lineFailure(op, err))
		}
	}
}

// failed tells of a failure that no operation waits for.
func (s *Switch) failed(l *leg, f *Failure) {
	s.metrics.failed.WithLabelValues(f.Code).Inc()
	c := Change{Kind: Failed, Failure: f}
	if l != nil {
		c.Leg = l.snapshot()
	}
	s.changes = append(s.changes, c)
}

// lineFailure is the failure of an operation whose wish a line did not take.
func lineFailure(op string, err error) *Failure {
	f := &Failure{Op: op, Code: LineRefused, Text: err.Error(), Err: err}
	var w *channels.WishError
	switch {
	case errors.Is(err, channels.ErrBusy):
		f.Code = Overloaded
	case errors.Is(err, channels.ErrGone), errors.Is(err, channels.ErrClosed), errors.Is(err, context.DeadlineExceeded):
		f.Code = LineGone
	case errors.Is(err, channels.ErrNoLine), errors.Is(err, channels.ErrNotUsed):
		f.Code = NoSuchLine
	case errors.Is(err, context.Canceled):
		f.Code = NotRunning
	case errors.As(err, &w):
		switch w.Code {
		case "busy", "ringing":
			f.Code = LineInUse
		case "gone", "no-battery", "link-down":
			f.Code = LineGone
		case "no-call":
			f.Code = LegEnded
		case "bad-number":
			f.Code = BadNumber
		}
	}
	return f
}
