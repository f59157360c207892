package framelog

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"vaad/driver"
)

// PlayOptions say how a log is played.
type PlayOptions struct {
	// Real ticks in wall time, by deadlines counted from the first Exchange.
	// Otherwise the board is virtual: it never waits.
	Real bool

	// Loop begins again at the end. Positions go on; a line that the end left
	// in another state than the beginning has gets the events in between.
	// Otherwise the board is gone at the end.
	Loop bool
}

// reason answers every command: what was recorded cannot be acted on.
const reason = "this board plays a frame log: there is no line behind it"

// Play returns a board that does again what the board of the log did. It is
// marked as simulated. Whatever it is sent, it delivers what it delivered
// then; each command is refused. The reader must not be used by others until
// the board is closed; Close closes it if it can be closed.
func Play(r io.ReadSeeker, o PlayOptions) (driver.Board, error) {
	rd, err := NewReader(r)
	if err != nil {
		return nil, err
	}
	p := &player{src: r, rd: rd, o: o, info: rd.Info(), closed: make(chan struct{}), first: true}
	p.info.Simulated = true
	p.info.Virtual = !o.Real
	p.lines = make([]int32, len(p.info.Lines))
	p.begin = make([]int32, len(p.info.Lines))
	p.alarms = make([]int32, len(p.info.Spans))
	if err := rd.Next(driver.NewFrame(p.info), nil); err != nil {
		if err == io.EOF {
			err = errors.New("framelog: the log has no frames")
		}
		return nil, err
	}
	return p, rd.rewind(r)
}

type player struct {
	src    io.ReadSeeker
	rd     *Reader
	o      PlayOptions
	info   driver.Info
	once   sync.Once
	closed chan struct{}

	first  bool   // the next tick is the first one of the log
	played bool   // there has been one
	seq    uint64 // of the last frame
	pos    int64
	last   int64          // Pos of the last frame in the log
	lines  []int32        // State bits that the events so far amount to
	begin  []int32        // State bits of the first frame
	alarms []int32        // likewise for spans
	events []driver.Event // scratch

	start time.Time // deadline of position 0
	timer *time.Timer
}

func (p *player) Info() driver.Info { return p.info }

func (p *player) Close() error {
	var err error
	p.once.Do(func() {
		close(p.closed)
		if c, ok := p.src.(io.Closer); ok {
			err = c.Close()
		}
	})
	return err
}

func (p *player) Exchange(tx, rx *driver.Frame) error {
	if p.isClosed() {
		return driver.ErrGone
	}
	err := p.rd.Next(rx, nil)
	if err == io.EOF && p.o.Loop {
		if err = p.rd.rewind(p.src); err == nil {
			p.first = true
			err = p.rd.Next(rx, nil)
		}
	}
	switch {
	case p.isClosed():
		return driver.ErrGone
	case err == io.EOF:
		return fmt.Errorf("the frame log has ended: %w", driver.ErrGone)
	case err != nil:
		return fmt.Errorf("%w: %w", driver.ErrGone, err)
	}
	p.place(rx)
	p.check(rx)
	if p.first {
		p.open(rx)
		p.first, p.played = false, true
	} else {
		p.follow(rx.Events)
	}
	for _, c := range tx.Commands {
		if c.Line < 0 || c.Line >= p.targets(c.Kind.OnSpan()) {
			continue // no board has an event for a line that does not exist
		}
		rx.Event(driver.Refused, c.Line, c.At, int32(c.Kind), []byte(reason))
	}
	if !p.o.Real {
		return nil
	}
	return p.wait(rx)
}

func (p *player) isClosed() bool {
	select {
	case <-p.closed:
		return true
	default:
		return false
	}
}

// longest is the longest gap between two frames of a log that is played as
// such; anything longer is no position of the same board.
const longest = 3600 * driver.Rate

// place gives rx a number and position of our own: from 0, with the gaps that
// the log has.
func (p *player) place(rx *driver.Frame) {
	steps := int64(1)
	if d := rx.Pos - p.last; !p.first && d > 0 && d <= longest && d%driver.Block == 0 {
		steps = d / driver.Block
	}
	p.last = rx.Pos
	if p.played {
		p.seq += uint64(steps)
		p.pos += steps * driver.Block
	}
	rx.Seq, rx.Pos = p.seq, p.pos
}

// check drops events that no board could send: on lines that it does not
// have, outside the frame, State after the first frame.
func (p *player) check(rx *driver.Frame) {
	kept := rx.Events[:0]
	for _, e := range rx.Events {
		if e.Kind == driver.State && !p.first {
			continue
		}
		onSpan := e.Kind.OnSpan() || e.Kind == driver.Refused && driver.CommandKind(e.Value).OnSpan()
		if e.Line >= 0 && e.Line < p.targets(onSpan) && e.At >= 0 && e.At < driver.Block {
			kept = append(kept, e)
		}
	}
	rx.Events = kept
}

func (p *player) targets(onSpan bool) int {
	if onSpan {
		return len(p.info.Spans)
	}
	return len(p.info.Lines)
}

// open makes the log's first frame into the first of the board, with one State
// per line, or into one that goes on from the end of the log.
func (p *player) open(rx *driver.Frame) {
	p.events = append(p.events[:0], rx.Events...)
	rx.Events = rx.Events[:0]
	clear(p.begin)
	for _, e := range p.events {
		if e.Kind == driver.State {
			p.begin[e.Line] = e.Value
		}
	}
	for i, to := range p.begin {
		if !p.played {
			rx.Event(driver.State, i, 0, to, nil)
		} else {
			turn(rx, i, p.lines[i], to)
		}
		p.lines[i] = to
	}
	for i, set := range p.alarms {
		if p.played && set != 0 {
			rx.Event(driver.SpanAlarm, i, 0, 0, nil)
		}
		p.alarms[i] = 0
	}
	for _, e := range p.events {
		if e.Kind != driver.State {
			rx.Events = append(rx.Events, e)
		}
	}
	p.follow(rx.Events)
}

// turn appends the events that lead a line from one state to another.
func turn(rx *driver.Frame, line int, from, to int32) {
	is := func(bit int32) int32 {
		if to&bit != 0 {
			return 1
		}
		return 0
	}
	d := from ^ to
	if d&driver.StateRinging != 0 {
		rx.Event([2]driver.EventKind{driver.RingEnd, driver.RingBegin}[is(driver.StateRinging)], line, 0, 0, nil)
	}
	if d&driver.StateOffHook != 0 {
		rx.Event([2]driver.EventKind{driver.OnHook, driver.OffHook}[is(driver.StateOffHook)], line, 0, 0, nil)
	}
	if d&driver.StateNoBattery != 0 {
		rx.Event(driver.Battery, line, 0, 1-is(driver.StateNoBattery), nil)
	}
	if d&driver.StateReversed != 0 {
		rx.Event(driver.Polarity, line, 0, is(driver.StateReversed), nil)
	}
	if d&driver.StateAlarm != 0 {
		rx.Event(driver.ChannelAlarm, line, 0, is(driver.StateAlarm), nil)
	}
}

// follow keeps the state of lines and spans.
func (p *player) follow(events []driver.Event) {
	for _, e := range events {
		if e.Kind == driver.SpanAlarm {
			p.alarms[e.Line] = e.Value
		}
		if e.Kind.OnSpan() || e.Kind == driver.Refused {
			continue
		}
		s := &p.lines[e.Line]
		switch e.Kind {
		case driver.RingBegin:
			*s |= driver.StateRinging
		case driver.RingEnd:
			*s &^= driver.StateRinging
		case driver.OffHook:
			*s |= driver.StateOffHook
		case driver.OnHook:
			*s &^= driver.StateOffHook
		case driver.Battery:
			*s = with(*s, driver.StateNoBattery, e.Value == 0)
		case driver.Polarity:
			*s = with(*s, driver.StateReversed, e.Value != 0)
		case driver.ChannelAlarm:
			*s = with(*s, driver.StateAlarm, e.Value != 0)
		}
	}
}

func with(s, bit int32, on bool) int32 {
	if on {
		return s | bit
	}
	return s &^ bit
}

// wait returns when the last sample of rx has been heard, as a card would. A
// frame that comes more than a tick behind is late.
func (p *player) wait(rx *driver.Frame) error {
	now := time.Now()
	if p.timer == nil {
		p.start = now
		p.timer = time.NewTimer(0)
		<-p.timer.C
	}
	left := p.start.Add(time.Duration(rx.Pos+driver.Block) * (time.Second / driver.Rate)).Sub(now)
	if left <= 0 {
		rx.Late = rx.Late || -left > driver.Tick
		return nil
	}
	p.timer.Reset(left)
	select {
	case <-p.timer.C:
		return nil
	case <-p.closed:
		return driver.ErrGone
	}
}
