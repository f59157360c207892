package archive

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"
)

// A Pool bounds how much of the processor heavy jobs (here: hashing) may take.
type Pool interface {
	Acquire(context.Context) error
	Release()
}

// Config says where and with what an archive works.
type Config struct {
	Root       string                // the recordings folder; made if missing
	Disk       Disk                  // nil = OSDisk(Root)
	Pool       Pool                  // nil = as many hashes at once as there are cores
	Registerer prometheus.Registerer // nil = metrics are not registered
	Now        func() time.Time      // nil = time.Now; stamps journal lines
	Rand       io.Reader             // nil = crypto/rand; salts and IDs

	// Keys has the keys of encrypted recordings; nil = there are none. Encryption
	// says what is encrypted when it is sealed; asked each time, nil = nothing.
	Keys       Keyring
	Encryption func() Encryption

	// Fault is told what the committer could not do and will try again (full
	// or read-only disk). Called from its goroutine; nil = nobody is told.
	Fault func(error)
}

// Archive is an archive open for writing. Its methods may be called from any goroutine.
type Archive struct {
	Reader
	ids  *ids
	now  func() time.Time
	sync *syncer
	c    *committer
	live *liveSet
	errs *errorMetric
	wm   *writerMetrics
	rm   *recoverMetrics
	am   *adoptMetrics

	keyring Keyring // nil = there are no keys

	mu       sync.Mutex
	reported map[string]bool // findings told once per process

	reconciling sync.Mutex
	erasing     erasing

	closeOnce sync.Once
	closeErr  error
}

// Open locks the root, makes open/ and starts the committer. It reads no
// recordings: call [Archive.Recover] next.
func Open(c Config) (*Archive, error) {
	d := c.Disk
	if d == nil {
		var err error
		if d, err = OSDisk(c.Root); err != nil {
			return nil, fmt.Errorf("open recordings folder: %w", err)
		}
	}
	if l, ok := d.(Locker); ok {
		if err := l.Lock(); err != nil {
			d.Close()
			return nil, fmt.Errorf("open recordings folder: %w", err)
		}
	}
	if err := d.MkdirAll(openDir, dirPerm); err != nil {
		d.Close()
		return nil, fmt.Errorf("open recordings folder: %w", err)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	a := &Archive{
		Reader:   Reader{disk: d},
		keyring:  c.Keys,
		ids:      newIDs(c.Rand),
		now:      c.Now,
		live:     &liveSet{m: make(map[string]*Writer)},
		errs:     newErrorMetric(c.Registerer),
		wm:       newWriterMetrics(c.Registerer),
		rm:       newRecoverMetrics(c.Registerer),
		am:       newAdoptMetrics(c.Registerer),
		reported: make(map[string]bool),
	}
	a.sync = &syncer{disk: d, m: newSyncMetrics(c.Registerer)}
	a.c = &committer{disk: d, sync: a.sync, pool: c.Pool, now: c.Now, rand: c.Rand, fault: c.Fault, live: a.live,
		keys: c.Keys, encryption: c.Encryption, m: newCommitMetrics(c.Registerer), jm: newJournalMetrics(c.Registerer), errs: a.errs}
	a.Reader.durable = a.c.durable
	if c.Keys != nil {
		a.keys = c.Keys
	}
	a.c.start()
	return a, nil
}

// Close seals what is queued, with one try, stops the committer and unlocks.
// Recordings whose writers were not finished stay in open/ for the next Recover.
func (a *Archive) Close() error {
	a.closeOnce.Do(func() {
		a.c.close()
		a.live.each(func(w *Writer) {
			w.mu.Lock()
			w.finished = true
			w.close()
			w.mu.Unlock()
		})
		a.closeErr = a.disk.Close()
	})
	return a.closeErr
}

// NewID names a recording that begins at t and whose files are made later: it
// touches no disk, so that a recording can be spoken of while the disk refuses.
func (a *Archive) NewID(t time.Time) string {
	id, err := a.ids.next(t)
	if err != nil { // no randomness where Config.Rand said it would be
		id = ulid.Make().String()
	}
	return id
}

// Begin makes the files of a new recording in open/ and returns its writer.
// The recording exists, with its story's first line, before any audio does.
// After an error it may be called again with the same Start.ID.
func (a *Archive) Begin(s Start) (*Writer, error) {
	if err := s.check(); err != nil {
		return nil, &Error{Op: "begin", Err: err}
	}
	s.Begin = s.Begin.UTC().Round(0)
	s.Sides = slices.Clone(s.Sides)
	id, named := s.ID, s.ID != ""
	if !named {
		id = a.NewID(s.Begin)
	} else if err := validID(id); err != nil {
		return nil, &Error{Op: "begin", ID: id, Err: err}
	}
	s.ID = id
	uid := ulid.MustParseStrict(id)
	w := &Writer{id: id, uid: uid, idSum: idSum(uid), start: s, day: DayOf(s.Begin), disk: a.disk,
		m: a.wm, errs: a.errs, sides: make([]sideFile, len(s.Sides)), sum: summary{seal: Seal{Start: s}}}
	w.queue = a.c.seal
	if !a.live.add(id, w) {
		return nil, &Error{Op: "begin", ID: id, Err: errors.New("this recording is in work already")}
	}
	err := w.create(named)
	if errors.Is(err, fs.ErrNotExist) && a.disk.MkdirAll(openDir, dirPerm) == nil {
		err = w.create(named) // somebody has taken the folder away: better a new one than no recordings
	}
	if err != nil {
		a.live.remove(id)
		return nil, a.errs.wrap("begin", id, err)
	}
	w.mu.Lock()
	w.made = true
	w.mu.Unlock()
	return w, nil
}

// Finish ends the recording and hands it to the committer, which seals it with
// others in one go; a subscriber is told when it is durable. It never waits for
// the disk, and fails only when called twice or after Close.
func (w *Writer) Finish(e End) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.finished {
		return &Error{Op: "finish", ID: w.id, Err: ErrClosed}
	}
	if err := checkTime("end", e.Time); err != nil || len(e.Reason) > maxText || len(e.EndedBy) > 1024 {
		e.Time, e.Reason = w.start.Begin, "" // a recording must end whatever its end is called
	}
	e.Time = e.Time.UTC().Round(0)
	w.finished = true
	if err := w.queue(&sealing{id: w.id, day: w.day, start: w.start, w: w, end: e, discard: e.Discard}); err != nil {
		return &Error{Op: "finish", ID: w.id, Err: err}
	}
	return nil
}

// Sync makes everything appended, checkpointed and logged so far durable and
// says how long it took. The recorder calls it once a second. It is an error
// too, a *[RemovedError], when somebody has removed the files of recordings that
// run: they still take all that is written, and keep nothing. All else is durable then.
func (a *Archive) Sync() (time.Duration, error) {
	took, err := a.sync.sync()
	if err == nil {
		err = a.removed()
	}
	return took, a.errs.wrap("sync", "", err)
}

// Flush waits until everything queued for sealing is sealed and durable, or has
// failed once more (it stays queued and is tried again).
func (a *Archive) Flush(ctx context.Context) error {
	ch, err := a.c.barrier()
	if err != nil {
		return err
	}
	select {
	case <-ch:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Act journals something done to a recording and returns the line when it is
// durable. For a recording that still runs the act goes into its story and comes
// back in Seal.Acts; the line returned then has Seq 0.
func (a *Archive) Act(ctx context.Context, act Act) (JournalLine, error) {
	line, err := a.act(ctx, act)
	if err != nil {
		var e *Error
		if !errors.As(err, &e) {
			err = &Error{Op: "act", ID: act.ID, Err: err}
		}
	}
	return line, err
}

func (a *Archive) act(ctx context.Context, act Act) (JournalLine, error) {
	if err := validID(act.ID); err != nil {
		return JournalLine{}, err
	}
	if !isAct(act.Kind) {
		return JournalLine{}, fmt.Errorf("%q is not an act on a recording", act.Kind)
	}
	if len(act.Value) > maxText || len(act.Actor) > 1024 {
		return JournalLine{}, fmt.Errorf("text is limited to %d bytes", maxText)
	}
	if act.Time.IsZero() {
		act.Time = a.now()
	}
	if err := checkTime("act", act.Time); err != nil {
		return JournalLine{}, err
	}
	act.Time = act.Time.UTC().Round(0)
	line := JournalLine{V: journalVersion, Kind: act.Kind, ID: act.ID, Time: act.Time, Actor: act.Actor, At: act.At, Value: act.Value}

	if w := a.live.get(act.ID); w != nil {
		if act.Kind == ActErase {
			return JournalLine{}, errors.New("it is still being recorded")
		}
		err := w.Log(Entry{Time: act.Time, At: act.At, Kind: act.Kind, Text: act.Value, Actor: act.Actor})
		if err == nil {
			_, err = a.sync.sync()
			err = a.errs.wrap("sync", "", err)
			line.Day = w.day
			return line, err
		}
		if !errors.Is(err, ErrClosed) {
			return JournalLine{}, err
		}
		act.Day = w.day // it is being sealed: the line follows the seal's
	} else {
		day, err := a.locate(act.Day, act.ID)
		if err != nil {
			return JournalLine{}, err
		}
		if day == "" {
			return JournalLine{}, fmt.Errorf("it is waiting for recovery")
		}
		act.Day = day
	}
	type result struct {
		line JournalLine
		err  error
	}
	ch := make(chan result, 1)
	if err := a.c.line(&lineJob{day: act.Day, line: line, done: func(l JournalLine, err error) { ch <- result{l, err} }}); err != nil {
		return JournalLine{}, err
	}
	select {
	case r := <-ch:
		return r.line, r.err
	case <-ctx.Done():
		return JournalLine{}, ctx.Err()
	}
}

// Subscribe calls f with every journal line once it is durable, in the order of
// the journal, from the committer's goroutine. cancel ends it.
func (a *Archive) Subscribe(f func(JournalLine)) (cancel func()) { return a.c.subscribe(f) }

// Space says what is left on the disk.
func (a *Archive) Space() (Space, error) {
	s, err := a.disk.Space()
	return s, a.errs.wrap("space", "", err)
}
