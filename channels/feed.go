package channels

import (
	"crypto/rand"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"
)

// wakeEvery is how far a board advances, in samples, before readers are woken
// although nothing happened: 250 ms.
const wakeEvery = 2000

// A feed takes the events of all boards, numbers them, gives calls their IDs,
// and hands them to the readers. Its goroutine never waits for a reader.
type feed struct {
	sys   *System
	wake  chan struct{}
	stop  chan struct{} // closed when no board runs any more
	ended chan struct{}

	mu      sync.Mutex                // serialises Subscribe and Close of readers
	readers atomic.Pointer[[]*Reader] // replaced, never changed

	seq     uint64
	entropy *ulid.MonotonicEntropy
	lastMS  uint64
	m       *feedMetrics
}

func newFeed(s *System) *feed {
	f := &feed{sys: s, wake: make(chan struct{}, 1), stop: make(chan struct{}), ended: make(chan struct{}),
		entropy: ulid.Monotonic(rand.Reader, 0), m: &s.metrics.feed}
	f.readers.Store(&[]*Reader{})
	return f
}

// poke says that a board has something. It never waits.
func (f *feed) poke() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *feed) run() {
	defer close(f.ended)
	for {
		select {
		case <-f.wake:
			f.round()
		case <-f.stop:
			f.round()
			f.wakeReaders(true)
			return
		}
	}
}

// round takes what all boards have.
func (f *feed) round() {
	advanced := false
	for _, b := range f.sys.boards {
		pos := f.drain(b)
		passed := b.owed != 0 && pos >= b.owed
		if passed {
			b.owed = 0
		}
		if passed || pos-b.woken >= wakeEvery {
			b.woken, advanced = pos, true
		}
	}
	f.wakeReaders(advanced)
}

// drain hands out the events of one board and then says how far it is fed. The
// position is read first: events before it are in the queue by then.
func (f *feed) drain(b *board) int64 {
	pos := b.marks.pos.Load()
	for {
		e, ok := b.queue.pop()
		if !ok {
			break
		}
		f.number(b, &e)
		f.hand(e)
		if e.Known >= pos { // its block is still being taken in
			b.owed = max(b.owed, e.Known+1)
		}
	}
	if n := b.queue.dropped.Load(); n != b.droppedSeen {
		f.lose(b, int64(n-b.droppedSeen), pos)
		b.droppedSeen = n
	}
	b.fed.Store(pos)
	b.holds.poke()
	return pos
}

// lose says that a board's queue overflowed: every lossless reader has a fault.
func (f *feed) lose(b *board, n, pos int64) {
	f.m.dropped.WithLabelValues(b.cfg.ID).Add(float64(n))
	for _, r := range *f.readers.Load() {
		r.fault()
	}
	e := Event{Board: b.cfg.ID, Pos: pos, Known: pos, Kind: Overflow, Text: "board", Value: n}
	f.number(b, &e)
	f.hand(e)
}

// number completes an event and notes what it says about its line.
func (f *feed) number(b *board, e *Event) {
	f.seq++
	e.Seq = f.seq
	e.Known = max(e.Known, e.Pos)
	if e.Time.IsZero() {
		e.Time = b.clock.Time(e.Pos)
	}
	f.m.events.WithLabelValues(string(e.Kind)).Inc()
	if e.Line == 0 {
		return
	}
	switch e.Kind {
	case Joined:
		f.sys.homes.joined(e.Text)
	case Left:
		f.sys.homes.left(e.Text)
	}
	if line, ok := f.sys.Line(e.Line); ok && line.board == b {
		f.note(&line.fact, e)
	}
}

// note keeps a line's snapshot and stamps the event with the call that is up.
func (f *feed) note(n *facts, e *Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch e.Kind {
	case LineState:
		f.m.leave(n.state)
		f.m.enter(e.To)
		n.state, n.since = e.To, e.Time
	case CallBegin:
		n.call, n.direction = f.id(e.Time), e.Direction
		n.caller, n.called, n.name = e.Caller, e.Called, e.Name
	case Numbers:
		n.caller, n.called, n.name = e.Caller, e.Called, e.Name
	case CallAnswered:
		n.direction = e.Direction
	case RingBegin:
		n.rang = e.Time
	case Polarity:
		n.reversed = e.Time
	}
	e.Call = n.call
	if e.Kind == CallEnd {
		n.call, n.direction = "", NoDirection
		n.caller, n.called, n.name = "", "", ""
	}
}

// id makes the ULID of a call that began at t. IDs never go back, whatever the
// clock does.
func (f *feed) id(t time.Time) string {
	const lastYear = 1 << 47 // ms: the year 6429; a clock beyond it is wrong
	f.lastMS = max(f.lastMS, uint64(min(max(t.UnixMilli(), 0), lastYear)))
	id, err := ulid.New(f.lastMS, f.entropy)
	if err != nil { // the random part cannot be raised further in this millisecond
		f.lastMS++
		id = ulid.MustNew(f.lastMS, f.entropy)
	}
	return id.String()
}

// hand gives an event to every reader. Of a lossless one that overflows now
// all are told in an event of its own.
func (f *feed) hand(e Event) {
	var over []string
	for _, r := range *f.readers.Load() {
		if !r.put(e) {
			continue
		}
		f.m.overflows.WithLabelValues(r.name).Inc()
		if r.lossless {
			over = append(over, r.name)
		}
	}
	for _, name := range over {
		f.seq++
		f.m.events.WithLabelValues(string(Overflow)).Inc()
		f.hand(Event{Seq: f.seq, Board: e.Board, Pos: e.Known, Known: e.Known, Time: e.Time, Kind: Overflow, Text: name, Value: 1})
	}
}

func (f *feed) wakeReaders(advanced bool) {
	for _, r := range *f.readers.Load() {
		r.rouse(advanced)
	}
}

// feedMetrics are what the feed and its readers move.
type feedMetrics struct {
	events, dropped, overflows *prometheus.CounterVec
	overruns                   prometheus.Counter
	lines                      *prometheus.GaugeVec
}

func newFeedMetrics(f factory) feedMetrics {
	m := feedMetrics{
		events:    f.counters("feed_events_total", "Events numbered, by kind.", "kind"),
		dropped:   f.counters("feed_lost_events_total", "Events lost between a board's loop and the feed.", "board"),
		overflows: f.counters("feed_reader_overflows_total", "Times a reader of the feed was too slow and lost events.", "reader"),
		overruns: f.NewCounter(prometheus.CounterOpts{Name: "vaad_ring_overruns_total",
			Help: "Reads of audio that the ring no longer had."}),
		lines: f.gauges("lines", "Lines by state.", "state"),
	}
	for _, s := range States() {
		m.lines.WithLabelValues(string(s))
	}
	return m
}

func (m *feedMetrics) enter(s State) { m.lines.WithLabelValues(string(s)).Inc() }
func (m *feedMetrics) leave(s State) { m.lines.WithLabelValues(string(s)).Dec() }
