package index

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
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
	lost    atomic.Bool     // the file was made anew: begin from nothing. No lock: store says so from inside a transaction

	mu       sync.Mutex
	days     map[archive.Day]mark   // how far each journal was applied
	pending  *overlay               // applied, not yet written
	flushing *overlay               // being written now; nil if nothing is
	behind   bool                   // journals must be read before acts can be applied
	deferred []*archive.JournalLine // came while behind
	live     func() []Row           // what is being recorded
	orphans  map[string]struct{}    // acts whose recording no line tells of, said once
}

// A mark says how far one day's journal was applied.
type mark struct {
	Offset int64  `json:"offset"`
	Seq    uint64 `json:"seq"`
}

// An overlay is what the file does not have yet.
type overlay struct {
	rows map[string]*Row   // whole rows by ID; never changed once here
	next map[string]string // segment → the one after it
	days map[archive.Day]mark
}

func newOverlay() *overlay {
	return &overlay{rows: map[string]*Row{}, next: map[string]string{}, days: map[archive.Day]mark{}}
}

// Open opens or makes the file. It reads no journals: [Index.Run] does, and
// questions are answered meanwhile. A damaged file, or one of another form, is
// made anew. Errors: [store.ErrLocked] and those of the disk.
func Open(c Config) (*Index, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	ix := &Index{c: c, wake: make(chan struct{}, 1), again: make(chan chan error), pending: newOverlay(), behind: true,
		orphans: map[string]struct{}{}, live: func() []Row { return nil }, cancel: func() {}}
	ix.metrics = newMetrics(c.Registerer)
	rep, err := ix.openFile()
	if err != nil {
		return nil, err
	}
	if rep.Damaged != nil {
		ix.sayDamaged(rep.Damaged)
	}
	if ix.days, err = ix.readDays(); err != nil {
		return nil, errors.Join(err, ix.db.Close())
	}
	if c.Subscribe != nil {
		ix.cancel = c.Subscribe(ix.Apply)
	}
	return ix, nil
}

func (ix *Index) openFile() (rep store.Report, err error) {
	opt := store.Options{Name: "index", Disposable: true, Registerer: ix.c.Registerer, OnDamage: ix.replaced}
	ix.db, rep, err = store.Open(ix.c.Path, opt)
	if errors.Is(err, store.ErrNewer) { // derived data: rather made anew than not at all
		if err = os.Remove(ix.c.Path); err == nil {
			ix.db, rep, err = store.Open(ix.c.Path, opt)
		}
	}
	if err != nil {
		return rep, err
	}
	if err := ix.checkForm(); err != nil {
		return rep, errors.Join(err, ix.db.Close())
	}
	return rep, nil
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
}

// Status says how the index is.
func (ix *Index) Status() Status {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	n := len(ix.pending.rows)
	if ix.flushing != nil {
		n += len(ix.flushing.rows)
	}
	return Status{Rebuilding: ix.behind || ix.lost.Load(), Pending: n}
}

// flushEvery is how long a line may be in memory only.
const flushEvery = 100 * time.Millisecond

// retryEvery is the pause after the disk refused.
const retryEvery = time.Second

// Run reads what the file does not have, then keeps the file up to date until
// the context ends. One goroutine.
func (ix *Index) Run(ctx context.Context) error {
	for {
		err := ix.catchUp(ctx)
		if err == nil {
			err = ix.flush()
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
	failed, rebuilds, damagedLines, orphans prometheus.Counter
	flush, query                            prometheus.Histogram
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
		flush: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "vaad_index_flush_seconds",
			Help: "Time to write new rows to the index.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 8)}),
		query: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "vaad_index_query_seconds",
			Help: "Time to answer a search.", Buckets: prometheus.ExponentialBuckets(0.0005, 4, 8)}),
	}
	if r != nil {
		r.MustRegister(m.failed, m.rebuilds, m.damagedLines, m.orphans, m.flush, m.query)
	}
	return m
}
