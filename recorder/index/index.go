package index

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"vaad/recorder/archive"
	"vaad/store"

	"github.com/prometheus/client_golang/prometheus"
)

// Journals is what the index is a function of: an archive, or its read-only view.
type Journals interface {
	Lines(ctx context.Context, from archive.Cursor, f func(*archive.JournalLine) error, damaged func(where string, err error)) error
}

// A Pool bounds how much of the processor searches and rebuilding may take.
type Pool interface {
	Acquire(context.Context) error
	Release()
}

// Alarms is told what the operator must know.
type Alarms interface {
	Raise(code, subject string, args map[string]string)
}

// AlarmDamaged is raised while a damaged index is made anew from the journals.
const AlarmDamaged = "index-db-damaged"

// Config says where an index is and what it is made from. Path and Journals are required.
type Config struct {
	Path     string   // index.db
	Journals Journals //
	// Subscribe calls f with every journal line once it is durable
	// ([archive.Archive.Subscribe]); nil: nothing new comes.
	Subscribe  func(f func(archive.JournalLine)) (cancel func())
	Pool       Pool                  // nil: no bound
	Alarms     Alarms                // nil: nobody is told
	Logger     *slog.Logger          // nil: silent
	Registerer prometheus.Registerer // nil: metrics are not registered
	// Acts tells what people have done so far to a recording that is being made
	// ([archive.Archive.Acts]); nil: it shows when it is sealed.
	Acts func(id string) []archive.Act

	sizes     sizes         // zero: the usual ones
	countTime time.Duration // how long an answer may take for the sake of the count alone; zero: as usual
}

// sizes say when loose rows become segments.
type sizes struct {
	small int // loose rows that no segment has, to make one
	large int // rows of small segments, to make one of them
	over  int // loose rows that segments have older, to write the one with most of these anew
}

// An Index answers questions about recordings. Its methods may be called from
// any goroutine.
type Index struct {
	c       Config
	db      *store.DB
	metrics *metrics
	cancel  func()
	wake    chan struct{}   // there is something to write or to read again
	again   chan chan error // Refresh asks Run
	last    uint64          // number of the newest segment; Run's own
	lost    atomic.Bool     // the file was made anew: begin from nothing. No lock: store says so from inside a transaction

	mu sync.Mutex
	known
	fresh    *fresh
	shown    *shown                 // what the last question saw
	behind   bool                   // journals must be read before acts can be applied
	deferred []*archive.JournalLine // came while behind
	live     func() []Row           // what is being recorded
	orphans  map[string]struct{}    // acts whose recording no line tells of, said once
}

// known is all that is in memory of what the journals say.
type known struct {
	days  map[archive.Day]mark // how far each journal was applied
	segs  []*segment           // never changed in place: a search keeps what it began with
	loose map[string]*entry    // rows that no segment has, or has older
	over  int                  // how many of them hide a row of a segment
	purge map[uint64]bool      // segments that have rows whose people are to be forgotten
	next  map[string]string    // segment of a recording → the one after it, while it has no row
	steps uint64               // changes of segs and loose
}

func newKnown() known {
	return known{days: map[archive.Day]mark{}, loose: map[string]*entry{}, next: map[string]string{}, purge: map[uint64]bool{}}
}

// An entry is a loose row. It is never changed; another takes its place.
type entry struct {
	row   *Row
	probe *probe
	seg   uint64 // segment that has an older one; 0 = none
	at    int    // its place there
}

func newEntry(r *Row) *entry { return &entry{row: r, probe: r.probe()} }

// keep puts a loose row in place of what was there.
func (k *known) keep(e *entry) {
	if old := k.loose[e.row.ID]; old != nil {
		k.forget(old)
	}
	k.loose[e.row.ID] = e
	k.steps++
	if e.seg != 0 {
		k.over++
		if e.row.Forgotten {
			k.purge[e.seg] = true
		}
	}
}

func (k *known) forget(e *entry) {
	delete(k.loose, e.row.ID)
	k.steps++
	if e.seg != 0 {
		k.over--
	}
}

// tail is how many rows no segment has.
func (k *known) tail() int { return len(k.loose) - k.over }

// A mark says how far one day's journal was applied.
type mark struct {
	Offset int64  `json:"offset"`
	Seq    uint64 `json:"seq"`
}

// Open opens or makes the file. It reads no journals: [Index.Run] does, and
// questions are answered meanwhile. A damaged file, or one of another form, is
// made anew. Errors: [store.ErrLocked] and those of the disk.
func Open(c Config) (*Index, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	ix := &Index{c: c, wake: make(chan struct{}, 1), again: make(chan chan error), known: newKnown(), fresh: newFresh(),
		behind: true, orphans: map[string]struct{}{}, live: func() []Row { return nil }, cancel: func() {}}
	if ix.c.sizes == (sizes{}) {
		ix.c.sizes = sizes{small: 4096, large: maxRows, over: 4096}
	}
	if ix.c.countTime == 0 {
		ix.c.countTime = countTime
	}
	ix.metrics = newMetrics(c.Registerer)
	rep, err := ix.openFile()
	if err != nil {
		return nil, err
	}
	if rep.Damaged != nil {
		ix.sayDamaged(rep.Damaged)
	}
	if err := ix.load(); errors.Is(err, store.ErrDamaged) {
		ix.lost.Store(true) // it was made anew; Run begins from nothing
	} else if err != nil {
		return nil, errors.Join(err, ix.db.Close())
	}
	if c.Subscribe != nil {
		ix.cancel = c.Subscribe(ix.Apply)
	}
	return ix, nil
}

// Close writes what is pending and closes the file. Run must have returned.
func (ix *Index) Close() error {
	ix.cancel()
	return errors.Join(ix.flush(), ix.db.Close())
}

// Live sets what [Index.Query] and [Index.Get] show beside the file: the rows of
// recordings that are being made, with State [StateOpen]. f is called from the
// goroutine of the question.
func (ix *Index) Live(f func() []Row) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.live = f
}

// A Status says how the index is.
type Status struct {
	Rebuilding bool // journals are being read: answers may lack recordings
	Pending    int  // rows that are not in the file yet
	Loose      int  // rows that are not in a segment as they are
	Segments   int
}

// Status says how the index is.
func (ix *Index) Status() Status {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	return Status{Rebuilding: ix.behind || ix.lost.Load(), Pending: len(ix.fresh.rows), Loose: len(ix.loose), Segments: len(ix.segs)}
}

// flushEvery is how long a line may be in memory only.
const flushEvery = 100 * time.Millisecond

// retryEvery is the pause after the disk refused.
const retryEvery = time.Second

// Run reads what the file does not have, then keeps the file up to date until
// the context ends. One goroutine.
func (ix *Index) Run(ctx context.Context) error {
	fresh := time.NewTicker(freshEvery)
	defer fresh.Stop()
	for {
		err := ix.catchUp(ctx)
		if err == nil {
			err = ix.flush()
		}
		if err == nil {
			err = ix.fold(ctx)
		}
		wait := flushEvery
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			ix.metrics.failed.Inc()
			ix.c.Logger.Error("index: cannot keep the file up to date; trying again", "file", ix.c.Path, "error", err)
			wait = retryEvery
		} else {
			select {
			case <-ix.wake:
			case <-fresh.C:
				ix.freshen()
				continue
			case reply := <-ix.again:
				reply <- ix.Rebuild(ctx)
				continue
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		pause := time.NewTimer(wait)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		}
	}
}

// Refresh makes Run empty the file and read all journals anew, and waits until
// that is done. Questions are answered meanwhile, from what has been read again.
func (ix *Index) Refresh(ctx context.Context) error {
	reply := make(chan error, 1)
	select {
	case ix.again <- reply:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-reply:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (ix *Index) poke() {
	select {
	case ix.wake <- struct{}{}:
	default:
	}
}

// replaced is called by store when the file was found damaged in use and made anew.
func (ix *Index) replaced(rep store.Report) {
	ix.sayDamaged(rep.Damaged)
	ix.lost.Store(true)
	ix.poke()
}

func (ix *Index) sayDamaged(err error) {
	ix.metrics.rebuilds.Inc()
	ix.c.Logger.Error("index: the file was damaged and is made anew from the journals", "file", ix.c.Path, "error", err)
	if ix.c.Alarms != nil {
		ix.c.Alarms.Raise(AlarmDamaged, filepath.Base(ix.c.Path), map[string]string{"file": ix.c.Path, "reason": err.Error()})
	}
}

type metrics struct {
	failed, rebuilds, damagedLines, orphans, folds prometheus.Counter
	loose                                          prometheus.Gauge
	flush, query                                   prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &metrics{
		failed:       counter("vaad_index_failures_total", "Tries to bring the index up to date that failed."),
		rebuilds:     counter("vaad_index_damaged_total", "Times the index was found damaged and made anew."),
		damagedLines: counter("vaad_index_damaged_lines_total", "Journal lines that could not be read."),
		orphans:      counter("vaad_index_orphan_acts_total", "Acts in the journals whose recording no line tells of."),
		folds:        counter("vaad_index_segments_written_total", "Segments written, from new rows or anew."),
		loose:        prometheus.NewGauge(prometheus.GaugeOpts{Name: "vaad_index_loose_rows", Help: "Rows of the index that are in memory, until there are enough for a segment."}),
		flush: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "vaad_index_flush_seconds",
			Help: "Time to write new rows to the index.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 8)}),
		query: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "vaad_index_query_seconds",
			Help: "Time to answer a search.", Buckets: prometheus.ExponentialBuckets(0.0005, 4, 8)}),
	}
	if r != nil {
		r.MustRegister(m.failed, m.rebuilds, m.damagedLines, m.orphans, m.folds, m.loose, m.flush, m.query)
	}
	return m
}
