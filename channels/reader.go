package channels

import (
	"slices"
	"sync"
)

const (
	losslessEvents = 1 << 16 // events a lossless reader may be behind
	lossyEvents    = 1 << 10 // … a lossy one, before it has to begin anew
)

// A Reader is one consumer of the feed.
type Reader struct {
	feed     *feed
	name     string
	lossless bool
	limit    int
	wake     chan struct{}

	mu      sync.Mutex
	queue   []Event
	fresh   bool // events were put since the last wake
	lost    bool
	holding bool
}

// Subscribe adds a reader of the feed. name appears in metrics, logs and
// overflow events and must be one of a few fixed words. A lossless reader has
// a large queue and is told with a fault when it overflows; a lossy one gets
// Resync.
func (s *System) Subscribe(name string, lossless bool) *Reader {
	r := &Reader{feed: s.feed, name: name, lossless: lossless, limit: lossyEvents, wake: make(chan struct{}, 1)}
	if lossless {
		r.limit = losslessEvents
	}
	s.feed.change(func(rs []*Reader) []*Reader { return append(rs, r) })
	return r
}

// change replaces the list of readers.
func (f *feed) change(edit func([]*Reader) []*Reader) {
	f.mu.Lock()
	defer f.mu.Unlock()
	rs := edit(slices.Clone(*f.readers.Load()))
	f.readers.Store(&rs)
}

// Wake returns a channel that has a value when events are queued, when Fed has
// passed events that were told before it had, or when a board has advanced by
// 2000 samples (250 ms) since the readers were last woken for that.
func (r *Reader) Wake() <-chan struct{} { return r.wake }

// Drain appends all queued events to dst. lost is true once after events were
// lost to this reader: whoever needed all of them must close what they have
// open, say so, and begin anew from System.Lines.
func (r *Reader) Drain(dst []Event) (events []Event, lost bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	dst = append(dst, r.queue...)
	clear(r.queue)
	r.queue = r.queue[:0]
	lost, r.lost = r.lost, false
	return dst, lost
}

// put queues an event. It reports true when this is the first one that found
// no room.
func (r *Reader) put(e Event) (overflow bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fresh = true
	switch {
	case len(r.queue) < r.limit:
		r.queue = append(r.queue, e)
		return false
	case r.lossless:
		overflow, r.lost = !r.lost, true
		return overflow
	}
	clear(r.queue)
	resync := Event{Seq: e.Seq, Board: e.Board, Pos: e.Pos, Known: e.Known, Time: e.Time, Kind: Resync}
	r.queue = append(r.queue[:0], resync, e)
	return true
}

// fault notes that events were lost before they could be put.
func (r *Reader) fault() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fresh, r.lost = true, true
}

// rouse wakes the reader if there is something for it.
func (r *Reader) rouse(advanced bool) {
	r.mu.Lock()
	fresh := r.fresh
	r.fresh = false
	r.mu.Unlock()
	if !fresh && !advanced {
		return
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Hold makes virtual boards (all of them, also those opened later) wait for
// this reader: a board stays less than a quarter of the ring ahead of the
// lowest position that Done was called with on any of its used lines. Real
// boards are not affected.
func (r *Reader) Hold() {
	r.mu.Lock()
	r.holding = true
	r.mu.Unlock()
	for _, b := range r.feed.sys.boards {
		b.holds.add(r)
	}
}

// Done says that this reader needs nothing of the line before pos any more,
// pre-roll aside. A reader that holds must call it for every used line.
func (r *Reader) Done(line int, pos int64) {
	if l, ok := r.feed.sys.Line(line); ok {
		l.board.holds.set(r, l, pos)
	}
}

// Close ends the subscription and releases what it holds.
func (r *Reader) Close() {
	r.feed.change(func(rs []*Reader) []*Reader {
		return slices.DeleteFunc(rs, func(o *Reader) bool { return o == r })
	})
	r.mu.Lock()
	holding := r.holding
	r.holding = false
	r.mu.Unlock()
	if holding {
		for _, b := range r.feed.sys.boards {
			b.holds.remove(r)
		}
	}
}
