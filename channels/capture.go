package channels

import (
	"slices"
	"sync/atomic"
	"time"

	"vaad/driver"
)

// captureQueue is how many messages may wait for who captures: over a minute of
// the busiest D-channel.
const captureQueue = 1024

// A DMessage is one LAPD frame of a D-channel, without FCS.
type DMessage struct {
	Time        time.Time // line time
	Pos         int64     // the same in samples of the board
	FromNetwork bool      // else the user's side sent it
	Frame       []byte
}

// A Capture hands out what comes on a D-channel from now on, and what is sent where
// it is ours. Of a tapped link that is both directions, whichever of its spans is named.
type Capture struct {
	C       <-chan DMessage // never closed: a board that is gone may come back
	c       chan DMessage
	board   *board
	network int // number of the span whose messages the network sent
	user    int // that of the user's side; 0: none
	dropped atomic.Uint64
}

// Dropped returns how many messages came too fast for the reader of C.
func (c *Capture) Dropped() uint64 { return c.dropped.Load() }

// Capture begins to hand out the messages of a span's D-channel. Errors:
// ErrNoBoard, ErrNoSpan where the open board has no such D-channel, ErrGone
// while the board does not run.
func (s *System) Capture(boardID string, span int) (*Capture, error) {
	i := slices.IndexFunc(s.boards, func(b *board) bool { return b.cfg.ID == boardID })
	if i < 0 {
		return nil, ErrNoBoard
	}
	b := s.boards[i]
	loop := b.current()
	if loop == nil {
		return nil, ErrGone
	}
	at := slices.IndexFunc(loop.info.Spans, func(s driver.Span) bool { return s.Number == span && s.DChannel != 0 })
	if at < 0 {
		return nil, ErrNoSpan
	}
	c := &Capture{c: make(chan DMessage, captureQueue), board: b, network: span}
	c.C = c.c
	for _, p := range tapped(loop.info) {
		if p[0] == at || p[1] == at {
			c.network, c.user = loop.info.Spans[p[0]].Number, loop.info.Spans[p[1]].Number
		}
	}
	b.capture(func(all []*Capture) []*Capture { return append(slices.Clone(all), c) })
	return c, nil
}

// Close ends a capture. It may be called more than once.
func (c *Capture) Close() {
	c.board.capture(func(all []*Capture) []*Capture {
		return slices.DeleteFunc(slices.Clone(all), func(o *Capture) bool { return o == c })
	})
}

// capture changes who captures: the loop finds a new list, never a changed one.
func (b *board) capture(change func([]*Capture) []*Capture) {
	for {
		old := b.captures.Load()
		var all []*Capture
		if old != nil {
			all = *old
		}
		all = change(all)
		if b.captures.CompareAndSwap(old, &all) {
			return
		}
	}
}

// captured hands a message to who captures; network says who sent it, where the
// link is ours. The copy is the only allocation, and
// only then.
func (l *loop) captured(span int, frame []byte, at int64, network bool) {
	all := l.b.captures.Load()
	if all == nil || len(*all) == 0 {
		return
	}
	ours := l.linkOn(span) != nil
	number, swapped := l.info.Spans[span].Number, false
	for _, k := range l.links {
		if slices.Contains(k.spans[:], span) {
			swapped = k.tap.Swapped()
		}
	}
	for _, c := range *all {
		if number != c.network && number != c.user {
			continue
		}
		if !ours {
			network = (number == c.network) != swapped
		}
		select {
		case c.c <- DMessage{Time: l.b.clock.Time(at), Pos: at, FromNetwork: network, Frame: slices.Clone(frame)}:
		default:
			c.dropped.Add(1)
		}
	}
}
