package backup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"filippo.io/age"
	"golang.org/x/sys/unix"

	"vaad/recorder/archive"
)

// An Engine backs up to one target. Its methods may be called from any goroutine.
type Engine struct {
	c     Config
	disk  archive.Disk    // of the state
	waits []time.Duration // see effort

	busy     sync.Mutex // a run or adoption
	drilling sync.Mutex

	mu   sync.Mutex // of all below
	st   *state
	now  Status
	from time.Time // of the run under way
	seen covered   // the day that was asked for last
}

// New reads the state of a target. It does not touch the target.
func New(c Config) (*Engine, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Options == nil {
		c.Options = func() Options { return Options{} }
	}
	if c.Metrics == nil {
		c.Metrics = NewMetrics(nil)
	}
	e := &Engine{c: c, disk: c.State, waits: defaultWaits()}
	var err error
	if e.disk == nil {
		if e.disk, err = archive.OSDisk(e.folder()); err != nil {
			return nil, fmt.Errorf("state of backup %s: %w", c.Name, err)
		}
	}
	if e.st, err = openState(e.disk, c.Name); err != nil {
		return nil, fmt.Errorf("state of backup %s: %w", c.Name, err)
	}
	e.now = Status{Name: c.Name, LastRun: e.st.run.Time, LastOK: e.st.run.OK, LastError: e.st.run.Error,
		LastClass: e.st.run.Class, LastDrill: e.st.drill}
	e.c.Metrics.last(c.Name, e.st.run.OK)
	return e, nil
}

func (e *Engine) folder() string { return filepath.Join(e.c.Root, "backup") }

// Close closes the state. Call it when no run is under way.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	err := e.st.close()
	if e.c.State == nil {
		err = errors.Join(err, e.disk.Close())
	}
	return err
}

// options are those of now, with what is 0 filled in.
func (e *Engine) options() Options {
	o := e.c.Options()
	if o.Verify == "" {
		o.Verify = VerifyFull
	}
	if o.Parallel == 0 {
		o.Parallel = 2
	}
	if o.KeepBundles == 0 {
		o.KeepBundles = 14
	}
	if o.DrillSize == 0 {
		o.DrillSize = 20
	}
	return o
}

// lock keeps other runs out: of this process, and of others.
func (e *Engine) lock() (func(), error) {
	if !e.busy.TryLock() {
		return nil, ErrRunning
	}
	if e.c.State != nil {
		return e.busy.Unlock, nil
	}
	f, err := os.OpenFile(filepath.Join(e.folder(), e.c.Name+".lock"), os.O_RDWR|os.O_CREATE, 0o640)
	if err == nil {
		if err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			f.Close()
		}
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = ErrRunning
	}
	if err != nil {
		e.busy.Unlock()
		return nil, err
	}
	return func() {
		_ = unix.Flock(int(f.Fd()), unix.LOCK_UN) // closing does not, while a program that is being started has the file too
		f.Close()
		e.busy.Unlock()
	}, nil
}

// identities are the secret keys that the box has.
func (e *Engine) identities() []age.Identity {
	if e.c.Identities == nil {
		return nil
	}
	return e.c.Identities()
}

// note writes lines into the state. An error costs time after the next start and
// nothing else.
func (e *Engine) note(ls ...*stateLine) {
	e.mu.Lock()
	err := e.st.note(ls...)
	e.mu.Unlock()
	if err != nil {
		e.c.Logger.Warn("the state of the backup cannot be written", "target", e.c.Name, "error", err)
	}
}

// day is how far a day is; nil = nothing of it is known.
func (e *Engine) day(d archive.Day) *dayState {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.st.days[d]
}

func (e *Engine) scanner(o *Options) *scanner {
	return &scanner{journals: e.c.Journals, disk: e.c.Disk, pool: e.c.Pool, include: o.Include, now: e.c.Now}
}

// Status says how things stand.
func (e *Engine) Status() Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.now
	if s.Running {
		if took := e.c.Now().Sub(e.from).Seconds(); took > 0 {
			s.Rate = float64(s.Done.Bytes) / took
		}
	}
	for _, d := range e.st.days {
		ids := map[string]bool{}
		for _, f := range d.Faults {
			ids[f.ID] = true
		}
		s.Unsafe += len(ids)
		s.Unremoved += len(d.Remove)
	}
	return s
}

// Plan says what a run would do, without the target.
func (e *Engine) Plan(ctx context.Context) (Work, error) {
	o := e.options()
	w, _, err := e.plan(ctx, e.scanner(&o), nil)
	return w, err
}

// plan adds up what is to be done, and lists the days.
func (e *Engine) plan(ctx context.Context, s *scanner, skip map[archive.Day]bool) (Work, []archive.Day, error) {
	days, err := e.c.Journals.Days()
	if err != nil {
		return Work{}, nil, err
	}
	var w Work
	var todo []archive.Day
	waiting := 0
	for _, d := range days {
		at := e.day(d)
		if skip[d] || s.unchanged(d, at) {
			continue
		}
		sc, err := s.scan(ctx, d, at)
		if err != nil {
			return w, todo, fmt.Errorf("plan of %s: %w", d, err)
		}
		if !e.todo(sc, at) {
			continue
		}
		todo = append(todo, d)
		w.Days++
		w.Recordings += sc.work.Recordings
		w.Files += sc.work.Files
		w.Bytes += sc.work.Bytes
		waiting += sc.fresh
		if !sc.oldest.IsZero() && (w.Oldest.IsZero() || sc.oldest.Before(w.Oldest)) {
			w.Oldest = sc.oldest
		}
	}
	if skip == nil {
		e.mu.Lock()
		e.now.Waiting = waiting
		e.mu.Unlock()
	}
	return w, todo, nil
}

// todo reports whether a day has anything to do.
func (e *Engine) todo(sc *scan, at *dayState) bool {
	if at == nil {
		return sc.place.Lines > 0
	}
	return at.Recheck != "" || !sc.same || sc.fresh > 0 || len(sc.items)+len(at.Faults)+len(at.Remove) > 0
}
