package evidence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"vaad/recorder/archive"

	"github.com/prometheus/client_golang/prometheus"
)

// Alarms that the log raises; their subject is subject.
const (
	AlarmBroken = "evidence-broken" // journal, tree and checkpoints do not agree
	AlarmFailed = "evidence-failed" // leaves or checkpoints cannot be written

	subject       = "recordings"
	subjectAnchor = "anchor"
)

// An Archive is what the log follows.
type Archive interface {
	Journals
	Sync() (time.Duration, error)
	Subscribe(f func(archive.JournalLine)) (cancel func())
}

// Config says what a log is made of.
type Config struct {
	Root    string       // folder of the recordings
	Disk    archive.Disk // nil = that of Root
	Keys    string       // folder of the key; made if missing
	Archive Archive

	Settings func() Settings        // nil = the defaults
	Audit    func() (string, error) // head of another log that is signed along, "ROWS HASH", without line breaks; nil, or "": none
	Pool     archive.Pool           // nil = audits wait for nobody
	Alarms   interface {
		Raise(code, subject string, args map[string]string)
		Clear(code, subject string)
	}
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time // nil = time.Now
}

// Settings are what may change while the log runs.
type Settings struct {
	Every  time.Duration // between checkpoints, where there are new lines
	Anchor string        // folder or file that checkpoints are copied to; "" = none
}

// DefaultEvery is how often a checkpoint is signed.
const DefaultEvery = 10 * time.Minute

// settleTime gathers lines that come together.
const settleTime = 500 * time.Millisecond

// auditEvery is how often everything is compared again.
const auditEvery = 24 * time.Hour

// rememberFor is how long it is remembered which recordings of a day are simulated,
// from when the day had new lines. Without an end that would be all there have been.
const rememberFor = time.Hour

// retryAfter is how long the log waits after the disk refused.
const retryAfter = 10 * time.Second

// A Log follows the journals: each line that is durable gets its leaf, and the
// tree is signed from time to time.
type Log struct {
	c    Config
	disk archive.Disk
	key  Key
	m    *metrics

	mu     sync.Mutex // of the tree and what belongs to it; not held while the bell rings
	tree   *tree
	top    frontier
	runs   map[archive.Day][]run
	read   map[archive.Day]*progress
	used   map[archive.Day]time.Time // days of which lines were taken lately, and when
	note   archive.File
	end    int64      // behind the last note
	last   Checkpoint // Number 0 = none
	lost   [][]byte   // notes that only the key's folder has any more: somebody has rolled the others back
	frozen bool       // the signed part is not what it was: nothing may be appended
	up     bool       // audited, and following

	bell  chan struct{} // one slot
	state atomic.Pointer[State]
	dmu   sync.Mutex
	dirty map[archive.Day]bool
	stop  func()
}

// progress is how far a day's journal is in the tree.
type progress struct {
	at        archive.Place
	simulated map[string]bool // recordings; nil: forgotten, the journal says them
}

// Open makes or opens the files of the log and its key, and begins to hear of new
// lines. It reads no journals: that does [Log.Run].
func Open(c Config) (_ *Log, err error) {
	if c.Settings == nil {
		c.Settings = func() Settings { return Settings{Every: DefaultEvery} }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	l := &Log{c: c, disk: c.Disk, runs: map[archive.Day][]run{}, read: map[archive.Day]*progress{}, used: map[archive.Day]time.Time{},
		bell: make(chan struct{}, 1), dirty: map[archive.Day]bool{}, m: newMetrics(c.Registerer)}
	if l.disk == nil {
		if l.disk, err = archive.OSDisk(c.Root); err != nil {
			return nil, err
		}
	}
	if l.key, err = OpenKey(c.Keys); err != nil {
		return nil, fmt.Errorf("key of the evidence log: %w", err)
	}
	if l.tree, err = openTree(l.disk, os.O_RDWR|os.O_CREATE); err != nil {
		return nil, err
	}
	if l.note, err = l.disk.Open(notesFile, os.O_RDWR|os.O_CREATE, filePerm); err != nil {
		return nil, errors.Join(err, l.tree.close())
	}
	l.stop = c.Archive.Subscribe(func(j archive.JournalLine) { l.ring(j.Day) })
	return l, nil
}

// State is where a log stands.
type State struct {
	Key            string // public
	Leaves, Signed int64
	Last           time.Time // of the newest checkpoint; zero = none
}

// State says where the log stands. It never waits for the disk.
func (l *Log) State() State {
	if s := l.state.Load(); s != nil {
		return *s
	}
	return State{Key: l.key.Public}
}

// tell notes where the log stands.
func (l *Log) tell() {
	l.state.Store(&State{Key: l.key.Public, Leaves: l.top.n, Signed: l.last.Size, Last: l.last.Time})
	l.m.leaves.Set(float64(l.top.n))
	l.m.signed.Set(float64(l.last.Size))
	if !l.last.Time.IsZero() {
		l.m.time.Set(float64(l.last.Time.Unix()))
	}
}

// ring notes that a day's journal has new lines.
func (l *Log) ring(d archive.Day) {
	l.dmu.Lock()
	l.dirty[d] = true
	l.dmu.Unlock()
	select {
	case l.bell <- struct{}{}:
	default:
	}
}

// Run audits the tree and all journals, takes what is not in the tree yet, and
// then follows until the context ends. Once a day it audits again.
func (l *Log) Run(ctx context.Context) error {
	for !l.try(ctx, l.begin) {
		if !wait(ctx, retryAfter) {
			return ctx.Err()
		}
	}
	audited := l.c.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.bell:
			if !wait(ctx, settleTime) {
				return ctx.Err()
			}
		case <-timer.C:
		}
		good := l.try(ctx, func(ctx context.Context) error {
			err := l.follow(ctx)
			now := l.c.Now()
			if l.next(now) <= 0 {
				err = errors.Join(err, l.Sign())
			}
			if now.Sub(audited) >= auditEvery || now.Before(audited) {
				audited = now
				err = errors.Join(err, l.audit(ctx))
			}
			return err
		})
		next := l.next(l.c.Now())
		if !good {
			next = min(next, retryAfter)
		}
		timer.Reset(next)
	}
}

func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// try does a step and keeps the alarm of what cannot be done.
func (l *Log) try(ctx context.Context, step func(context.Context) error) bool {
	err := step(ctx)
	switch {
	case err == nil:
		l.c.Alarms.Clear(AlarmFailed, subject)
	case ctx.Err() != nil:
	default:
		l.m.errors.Inc()
		l.c.Logger.Error("the evidence log cannot be brought up to date; it is tried again", "error", err)
		l.c.Alarms.Raise(AlarmFailed, subject, map[string]string{"reason": err.Error()})
	}
	return err == nil
}

// Close takes what was written last, signs it and closes the files. Call it when
// nothing is journaled any more, before the archive is closed.
func (l *Log) Close() error {
	l.stop()
	l.mu.Lock()
	up := l.up
	l.mu.Unlock()
	var err error
	if up {
		soon, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		err = l.follow(soon)
		if l.unsigned() > 0 {
			err = errors.Join(err, l.Sign())
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	err = errors.Join(err, l.tree.close(), l.note.Close())
	if l.c.Disk == nil {
		err = errors.Join(err, l.disk.Close())
	}
	if err != nil {
		return fmt.Errorf("evidence log: %w", err)
	}
	return nil
}
