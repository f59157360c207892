package channels

import "sync/atomic"

// queueSize is how many events a board's loop may be ahead of the feed. The
// feed never waits, so this is some seconds of a storm on every line.
const queueSize = 1 << 13

// A queue carries events from one producer to one consumer without a lock and
// without allocating. The producer is the board's loop or, once that has ended
// or was abandoned, its supervisor.
type queue struct {
	slots   []Event
	head    atomic.Uint64 // consumer's
	tail    atomic.Uint64 // producer's
	dropped atomic.Uint64 // events that found no room
}

func newQueue(size int) *queue { return &queue{slots: make([]Event, size)} }

// push adds an event, or counts it where the queue is full.
func (q *queue) push(e Event) {
	t := q.tail.Load()
	if t-q.head.Load() >= uint64(len(q.slots)) {
		q.dropped.Add(1)
		return
	}
	q.slots[t%uint64(len(q.slots))] = e
	q.tail.Store(t + 1)
}

func (q *queue) len() int { return int(q.tail.Load() - q.head.Load()) }

// pop takes the oldest event.
func (q *queue) pop() (e Event, ok bool) {
	h := q.head.Load()
	if h == q.tail.Load() {
		return e, false
	}
	slot := &q.slots[h%uint64(len(q.slots))]
	e, *slot = *slot, e
	q.head.Store(h + 1)
	return e, true
}
