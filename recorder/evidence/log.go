package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"vaad/recorder/archive"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/mod/sumdb/note"
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

	Settings func() Settings // nil = the defaults
	Pool     archive.Pool    // nil = audits wait for nobody
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
	note   archive.File
	end    int64      // behind the last note
	last   Checkpoint // Number 0 = none
	lost   [][]byte   // notes that only the key's folder has any more: somebody has rolled the others back
	frozen bool       // the signed part is not what it was: nothing may be appended
	up     bool       // audited, and following

	bell  chan struct{} // one slot
	dmu   sync.Mutex
	dirty map[archive.Day]bool
	stop  func()
}

// progress is how far a day's journal is in the tree.
type progress struct {
	at        archive.Place
	simulated map[string]bool
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
	l := &Log{c: c, disk: c.Disk, runs: map[archive.Day][]run{}, read: map[archive.Day]*progress{},
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

// Public is the key that verifies checkpoints.
func (l *Log) Public() string { return l.key.Public }

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

// follow takes the new lines of all days that have some.
func (l *Log) follow(ctx context.Context) error {
	l.dmu.Lock()
	days := slices.Sorted(maps.Keys(l.dirty))
	clear(l.dirty)
	l.dmu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, d := range days {
		if err := l.take(ctx, d); err != nil {
			l.dmu.Lock()
			for _, d := range days[i:] {
				l.dirty[d] = true
			}
			l.dmu.Unlock()
			return err
		}
	}
	return nil
}

// take appends the new lines of a day.
func (l *Log) take(ctx context.Context, d archive.Day) error {
	p := l.read[d]
	if p == nil {
		return l.auditDay(ctx, d, l.broken)
	}
	r := lineReader{day: d, simulated: p.simulated}
	at := p.at
	var fresh, held []Leaf
	err := l.c.Archive.RawLines(ctx, d, p.at, func(raw *archive.RawLine) error {
		n := r.read(raw)
		if n.simulated {
			fresh, held = append(fresh, held...), nil
			at = archive.Place{Lines: raw.Number, Bytes: raw.Next}
			return nil
		}
		held = append(held, n.asLeaf(d))
		if !n.damaged { // damage counts only before a good line: behind the last the archive cuts it off
			fresh, held = append(fresh, held...), nil
			at = archive.Place{Lines: raw.Number, Bytes: raw.Next}
		}
		return nil
	})
	if errors.Is(err, archive.ErrCursor) {
		return l.auditDay(ctx, d, l.broken)
	}
	if err != nil {
		return err
	}
	if err := l.grow(d, fresh); err != nil {
		return err
	}
	p.at = at
	return nil
}

func (n *line) asLeaf(d archive.Day) Leaf {
	leaf := Leaf{Day: d, Number: n.number, Kind: n.kind, ID: n.id, Sum: n.sum}
	if leaf.Kind == "" {
		leaf.Kind = "other"
	}
	return leaf
}

// grow appends leaves of one day.
func (l *Log) grow(d archive.Day, leaves []Leaf) error {
	if len(leaves) == 0 || l.frozen {
		return nil
	}
	top := frontier{n: l.top.n, edge: slices.Clone(l.top.edge)}
	if err := l.tree.append(&top, leaves); err != nil {
		return err
	}
	for i := range leaves {
		l.runs[d] = addRun(l.runs[d], l.top.n+int64(i))
	}
	l.top = top
	l.m.leaves.Set(float64(top.n))
	return nil
}

// unsigned says how many leaves no checkpoint covers.
func (l *Log) unsigned() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.frozen {
		return 0
	}
	return l.top.n - l.last.Size
}

// next is how long it is until a checkpoint is due: some time after the last one
// where there are new lines, at once where there is none, and at each day's end.
func (l *Log) next(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.frozen || !l.up {
		return time.Hour
	}
	if l.last.Number == 0 || now.Before(l.last.Time) { // the clock was set back
		if l.last.Number == 0 || l.top.n > l.last.Size {
			return 0
		}
		return time.Hour
	}
	last := l.last.Time.UTC()
	midnight := time.Date(last.Year(), last.Month(), last.Day()+1, 0, 0, 0, 0, time.UTC)
	at := midnight
	if l.top.n > l.last.Size {
		at = earlier(midnight, last.Add(max(l.c.Settings().Every, time.Second)))
	}
	return min(at.Sub(now), time.Hour)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// Sign makes all leaves durable, signs the tree, and copies the checkpoint to
// the anchors.
func (l *Log) Sign() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.frozen {
		return nil
	}
	if err := l.disk.SyncFS(); err != nil {
		return err
	}
	cp := Checkpoint{Origin: l.key.signer.Name(), Size: l.top.n, Root: l.top.root(), Number: l.last.Number + 1,
		Time: l.c.Now().UTC().Truncate(time.Second), Previous: "none"}
	if l.last.Number > 0 {
		cp.Previous = l.last.sum()
	}
	var err error
	if cp.text, err = note.Sign(&note.Note{Text: cp.body()}, l.key.signer); err != nil {
		return err
	}
	b := append(slices.Clone(cp.text), '\n')
	if _, err = l.note.WriteAt(b, l.end); err == nil {
		err = l.disk.SyncFS()
	}
	if err != nil {
		return errors.Join(err, l.note.Truncate(l.end))
	}
	l.end += int64(len(b))
	cp.key = l.key.Public
	l.last = cp
	l.m.signed.Set(float64(cp.Size))
	l.m.time.Set(float64(cp.Time.Unix()))
	l.anchor(b)
	return replaceFile(filepath.Join(l.c.Keys, lastFile), append(bytes.Join(l.lost, nil), b...), filePerm)
}

// anchor copies a note to where the box cannot take it back. What it misses while
// the anchor is away the next one makes good.
func (l *Log) anchor(b []byte) {
	name := l.c.Settings().Anchor
	if name == "" {
		l.c.Alarms.Clear(AlarmFailed, subjectAnchor)
		return
	}
	fi, err := os.Stat(name)
	if err == nil && fi.IsDir() {
		name = filepath.Join(name, l.key.signer.Name()+".checkpoints")
	}
	if err == nil {
		err = appendFile(name, b)
	}
	if err != nil {
		l.m.errors.Inc()
		l.c.Logger.Error("a checkpoint cannot be copied to its anchor", "error", err)
		l.c.Alarms.Raise(AlarmFailed, subjectAnchor, map[string]string{"reason": err.Error()})
		return
	}
	l.c.Alarms.Clear(AlarmFailed, subjectAnchor)
}
