package evidence

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"vaad/recorder/archive"

	"golang.org/x/mod/sumdb/note"
)

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
	if l.c.Audit != nil {
		if cp.Audit, err = l.c.Audit(); err != nil { // the journals are signed all the same
			l.c.Logger.Error("the audit log's head is not in this checkpoint", "error", err)
			cp.Audit = ""
		}
	}
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
	l.tell()
	l.anchor(b)
	return archive.ReplaceFile(filepath.Join(l.c.Keys, lastFile), append(bytes.Join(l.lost, nil), b...), filePerm)
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
