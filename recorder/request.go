package recorder

import (
	"errors"
	"time"
)

// answerTime is how long a request may wait for the deciding goroutine. It never
// waits for a disk, so this only bounds what nobody foresaw.
const answerTime = 30 * time.Second

// Start records a line from now on, less its pre-roll, and returns the
// recording's ID. If it is recorded already, that recording is marked, kept
// however short it gets, and returned. Errors: *[LineError] with [ErrNoLine],
// [ErrGone], [ErrUnused], [ErrOff], [ErrNoSpace], [ErrNoInodes], [ErrStarting]
// or [ErrNotRunning].
func (r *Recorder) Start(line int, actor string) (id string, err error) {
	err = r.ask("start recording", line, func(w *watch, pos int64) (err error) {
		id, err = w.start(pos, actor)
		return err
	})
	return id, err
}

// Stop ends what is recorded on a line, until its next call or [Recorder.Start].
// Errors: *[LineError] with [ErrIdle], [ErrNoLine], [ErrStarting] or [ErrNotRunning].
func (r *Recorder) Stop(line int, actor string) error {
	return r.ask("stop recording", line, func(w *watch, pos int64) error { return w.stop(pos, actor) })
}

// Configure changes how a line is recorded, at once: a recording that the new
// settings do not want ends, one that they want otherwise goes on in a linked
// segment. Errors: those of Validate; *[LineError] with [ErrNoLine] (the
// settings are asked for when the line appears), [ErrStarting] or [ErrNotRunning];
// and, with the settings taken, an *[UnfitError] where the line has not got what
// its trigger needs, so that nothing will begin a recording. A pre-roll that is
// too short for the trigger is taken as the shortest that is not; see [Fits].
func (r *Recorder) Configure(line int, c LineConfig) error {
	c = c.filled()
	if err := c.Validate(); err != nil {
		return &LineError{"configure recording", line, err}
	}
	return r.ask("configure recording", line, func(w *watch, _ int64) error {
		w.configure(c) // what it was before is not wanted any more
		var unfit *UnfitError
		if errors.As(Fits(c, w.line.Status()), &unfit) && unfit.Code == "no-volts" {
			return unfit
		}
		return nil
	})
}

func (r *Recorder) ask(op string, n int, do func(*watch, int64) error) error {
	line, ok := r.c.System.Line(n)
	if !ok {
		return &LineError{op, n, ErrNoLine}
	}
	q := request{line: n, pos: line.Fed(), do: do, reply: make(chan error, 1)}
	give := time.NewTimer(answerTime)
	defer give.Stop()
	select {
	case <-r.running:
	default:
		select {
		case <-r.ended:
			return &LineError{op, n, ErrNotRunning}
		default:
			return &LineError{op, n, ErrStarting}
		}
	}
	select {
	case r.asked <- q:
	case <-r.deaf:
		return &LineError{op, n, ErrNotRunning}
	case <-give.C:
		return &LineError{op, n, ErrNotRunning}
	}
	if err := <-q.reply; err != nil {
		return &LineError{op, n, err}
	}
	return nil
}

func (r *Recorder) answer(q request) error {
	w := r.watch(q.line)
	if w == nil {
		return ErrNoLine
	}
	return q.do(w, q.pos)
}
