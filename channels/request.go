package channels

import (
	"context"
	"fmt"
	"time"

	"vaad/driver"
)

// A Request asks a line to do something.
type Request struct {
	ID      string // comes back in Event.Request; may be empty
	Line    int    // permanent number; Command.Line and Command.At are set by the loop
	Command driver.Command
}

// Accepted says at which position a command was given to the board. Its
// outcome is an event.
type Accepted struct {
	Pos  int64
	Time time.Time
}

// An item is a value in a loop's queue: a command, or a line to run anew. The
// reply channel has room for the answer, so the loop never waits.
type item struct {
	line  *Line
	id    string
	cmd   driver.Command
	run   *lineRun // not nil: run the line like this from now on
	wish  *Wish
	play  *Play
	join  *Joining
	port  *port // join: to or from another board
	far   bool  // join: of a line of another board
	quiet bool
	leave bool

	replan bool // the spans behave as plans says from now on
	plans  []SpanConfig

	reply chan answer
}

type answer struct {
	pos int64
	err error
}

// Request hands a command to the loop of the line's board and waits until it
// was given to the board or refused: ErrNoLine, ErrBusy (queue full), ErrGone
// (board not running), a *driver.LineError (with driver.ErrTap for a tap), or
// the context's error.
func (s *System) Request(ctx context.Context, r Request) (Accepted, error) {
	line, ok := s.Line(r.Line)
	if !ok {
		return Accepted{}, fmt.Errorf("%v: line %d: %w", r.Command.Kind, r.Line, ErrNoLine)
	}
	loop := line.board.current()
	pos, err := loop.ask(ctx, item{line: line, id: r.ID, cmd: r.Command})
	if err != nil {
		return Accepted{}, fmt.Errorf("line %d: %w", r.Line, err)
	}
	return Accepted{Pos: pos, Time: line.Time(pos)}, nil
}

// ask queues an item and waits for the answer. l may be nil.
func (l *loop) ask(ctx context.Context, it item) (int64, error) {
	if l == nil {
		return 0, ErrGone
	}
	it.reply = make(chan answer, 1)
	select {
	case <-l.over:
		return 0, ErrGone
	default:
	}
	select {
	case l.requests <- it:
	default:
		l.b.stats.busy.Inc()
		return 0, ErrBusy
	}
	select {
	case a := <-it.reply:
		return a.pos, a.err
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-l.over:
	}
	select {
	case a := <-it.reply: // answered just before it ended
		return a.pos, a.err
	default:
		return 0, ErrGone
	}
}

// takeRequests empties the queue between two ticks.
func (l *loop) takeRequests() {
	for range cap(l.requests) {
		select {
		case it := <-l.requests:
			it.reply <- answer{l.next, l.take(it)}
		default:
			return
		}
	}
}

func (l *loop) take(it item) error {
	r := l.find(it.line)
	switch {
	case it.run != nil:
		return l.replace(r, it.run)
	case it.cmd.Kind == 0:
		return l.obey(r, &it)
	}
	if r == nil {
		return ErrGone // no longer on this board
	}
	if err := l.may(r, it.cmd.Kind); err != nil {
		l.out.emit(Event{Line: r.line.number, Pos: l.next, Known: l.next, Kind: Refused, Text: err.Error(), Request: it.id})
		return err
	}
	r.asked(it.cmd.Kind, it.id)
	l.command(r, it.cmd.Kind, it.cmd.Value, it.cmd.Data)
	return nil
}

// may reports why a line must not be given a command, or nil. The guard below
// would stop what acts on a tap too; here the one who asked learns of it.
func (l *loop) may(r *lineRun, k driver.CommandKind) error {
	refuse := func(why error) error {
		return &driver.LineError{Op: k.String(), Board: l.b.cfg.ID, Line: r.view.cfg.Port, Err: why}
	}
	switch {
	case k.OnSpan():
		return refuse(errNotForLine)
	case r.view.use == driver.Tap:
		return refuse(driver.ErrTap)
	case r.view.use == driver.Unused:
		return refuse(ErrNotUsed)
	case !r.view.info.Caps.Has(capFor(k)):
		return refuse(errCannot)
	}
	return nil
}

// capFor is what a line needs for a command.
func capFor(k driver.CommandKind) driver.Caps {
	switch k {
	case driver.PulseDial:
		return driver.CapPulseOut
	case driver.Ring, driver.RingBurst, driver.RingStop, driver.SetPolarity, driver.SendLoopBreak, driver.SetMWI:
		return driver.CapRing
	case driver.OnHookTransmit:
		return driver.CapOnHookTx
	case driver.SetCAS:
		return driver.CapCAS
	case driver.SetEC:
		return driver.CapEC
	case driver.GoOffHook, driver.GoOnHook, driver.SendFlash:
		return driver.CapHook
	}
	return 0
}

func (l *loop) find(line *Line) *lineRun {
	for _, r := range l.runs {
		if r.line == line {
			return r
		}
	}
	return nil
}
