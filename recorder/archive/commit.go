package archive

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	maxBatch   = 256 // sealings that share their two syncfs
	firstRetry = time.Second
	lastRetry  = 30 * time.Second
)

// committer is the one goroutine that seals and journals. What was queued while
// it worked becomes the next batch, so under load many recordings share two
// syncfs. What the disk refuses stays and is tried again.
type committer struct {
	disk  Disk
	sync  *syncer
	pool  Pool
	now   func() time.Time
	rand  io.Reader
	fault func(error)
	live  *liveSet
	m     *commitMetrics
	jm    *journalMetrics
	errs  *errorMetric

	keys       Keyring // nil = nothing is encrypted
	encryption func() Encryption

	mu         sync.Mutex
	limits     map[Day]int64 // journals that are longer than what is durable
	queue      []*sealing
	lines      []*lineJob
	redactions []redaction
	flush      []chan struct{}
	subs       []*subscriber
	closing    bool
	wake       chan struct{} // one slot
	done       chan struct{}

	// Owned by the goroutine.
	pending  []*sealing // failed, to be tried again
	journals []*journal // of the batch under way, and those that could not be rolled back
}

// lineJob is a journal line that is no sealing: an act, or files adopted.
type lineJob struct {
	day   Day
	line  JournalLine
	check func() error // asked before the line is written, when all before it are durable and told; nil: it may be
	done  func(JournalLine, error)
	late  error // the line is durable, but what it says could not be done
}

type subscriber struct{ f func(JournalLine) }

func (c *committer) start() {
	c.wake, c.done, c.limits = make(chan struct{}, 1), make(chan struct{}), make(map[Day]int64)
	go c.run()
}

func (c *committer) seal(s *sealing) error {
	s.from = time.Now()
	return c.put(func() { c.queue = append(c.queue, s); c.m.queue.Inc() })
}

func (c *committer) line(j *lineJob) error { return c.put(func() { c.lines = append(c.lines, j) }) }

func (c *committer) put(f func()) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return ErrClosed
	}
	f()
	select {
	case c.wake <- struct{}{}:
	default:
	}
	return nil
}

// barrier returns a channel that is closed when everything queued before was tried once.
func (c *committer) barrier() (<-chan struct{}, error) {
	ch := make(chan struct{})
	return ch, c.put(func() { c.flush = append(c.flush, ch) })
}

func (c *committer) close() {
	c.mu.Lock()
	was := c.closing
	c.closing = true
	c.mu.Unlock()
	if !was {
		close(c.wake)
	}
	<-c.done
}

func (c *committer) run() {
	defer close(c.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(c.nextRetry())
		select {
		case <-c.wake:
		case <-timer.C:
		}
		for more := true; more; {
			more = c.batch()
			more = c.redactNext() || more
		}
		c.mu.Lock()
		end := c.closing && len(c.queue)+len(c.lines)+len(c.flush)+len(c.redactions) == 0
		c.mu.Unlock()
		if end {
			for _, j := range c.journals {
				j.close()
			}
			return
		}
	}
}

func (c *committer) nextRetry() time.Duration {
	d := time.Hour
	for _, s := range c.pending {
		d = min(d, time.Until(s.retry))
	}
	return max(d, time.Millisecond)
}

// batch takes what is queued and due and commits it. It reports whether more waits.
func (c *committer) batch() bool {
	now := time.Now()
	c.mu.Lock()
	n := min(len(c.queue), maxBatch)
	seals := slices.Clone(c.queue[:n])
	c.queue = slices.Delete(c.queue, 0, n)
	lines, flush := c.lines, c.flush
	c.lines = nil
	if len(c.queue) > 0 {
		flush = nil // they wait for the rest of the queue
	} else {
		c.flush = nil
	}
	closing := c.closing
	c.mu.Unlock()

	c.pending = slices.DeleteFunc(c.pending, func(s *sealing) bool {
		due := closing || len(flush) > 0 || !s.retry.After(now)
		if due {
			seals = append(seals, s)
		}
		return due
	})
	if len(seals)+len(lines) > 0 {
		c.commit(seals, lines)
	}
	for _, ch := range flush {
		close(ch)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.queue)+len(c.lines) > 0
}

func (c *committer) finish(s *sealing) {
	c.m.queue.Dec()
	c.m.seconds.Observe(time.Since(s.from).Seconds())
	c.live.remove(s.id)
	if s.discard {
		c.m.discarded.Inc()
	} else if s.enc.Audio && !s.journaled {
		c.m.encrypted.Inc()
	}
	if s.done != nil && (s.discard || s.journaled) {
		s.done(JournalLine{}, nil)
	}
}

// publish tells subscribers and callers, in the order of the journals.
func (c *committer) publish(seals []*sealing, jobs []*lineJob) {
	c.mu.Lock()
	subs := slices.Clone(c.subs)
	c.mu.Unlock()
	type told struct {
		line *JournalLine
		done func(JournalLine, error)
		err  error
	}
	var all []told
	for _, s := range seals {
		if !s.journaled {
			all = append(all, told{&s.line, s.done, nil})
		}
	}
	for _, j := range jobs {
		all = append(all, told{&j.line, j.done, j.late})
	}
	slices.SortStableFunc(all, func(a, b told) int {
		return cmp.Or(cmp.Compare(a.line.Day, b.line.Day), cmp.Compare(a.line.Seq, b.line.Seq))
	})
	for _, t := range all {
		c.jm.lines.WithLabelValues(kindLabel(t.line.Kind)).Inc()
		for _, s := range subs {
			s.f(*t.line)
		}
		if t.done != nil {
			t.done(*t.line, t.err)
		}
	}
}

func (c *committer) subscribe(f func(JournalLine)) (cancel func()) {
	s := &subscriber{f}
	c.mu.Lock()
	c.subs = append(c.subs, s)
	c.mu.Unlock()
	return func() {
		c.mu.Lock()
		c.subs = slices.DeleteFunc(c.subs, func(o *subscriber) bool { return o == s })
		c.mu.Unlock()
	}
}

func kindLabel(kind string) string {
	if kind == KindSealed || kind == KindAdopted || isAct(kind) {
		return kind
	}
	return "other"
}

func (s *sealing) String() string { return fmt.Sprintf("sealing %s", s.id) }

type commitMetrics struct {
	seconds   prometheus.Histogram
	queue     prometheus.Gauge
	discarded prometheus.Counter
	encrypted prometheus.Counter
}

func newCommitMetrics(r prometheus.Registerer) *commitMetrics {
	m := &commitMetrics{
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "vaad_archive_seal_seconds",
			Help:    "Time from the end of a recording until it was sealed and durable.",
			Buckets: []float64{.01, .03, .1, .3, 1, 3, 10, 30, 100, 300},
		}),
		queue: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "vaad_archive_seal_queue",
			Help: "Recordings that have ended and are not sealed yet.",
		}),
		discarded: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "vaad_archive_discarded_total",
			Help: "Recordings removed because they were shorter than wanted or empty.",
		}),
	}
	m.encrypted = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "vaad_recordings_encrypted_total",
		Help: "Recordings that were encrypted when they were sealed.",
	})
	register(r, m.seconds, m.queue, m.discarded, m.encrypted)
	return m
}
