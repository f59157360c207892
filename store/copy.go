package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	copyTime  = "20060102T150405.000Z"
	minCopies = 3 // kept whatever they weigh
)

// HotCopy writes a consistent copy of the file into the folder of copies while
// work goes on, reads it back in full, and only then gives it its name. The
// oldest beyond Options.Keep and Options.CopyBytes are removed. It returns the copy's path.
func (db *DB) HotCopy() (string, error) {
	h := db.cur.Load()
	if h == nil {
		return "", &Error{"copy", db.path, ErrClosed}
	}
	path, err := db.copyOf(h)
	db.metrics.copy(db.opt.Now(), err)
	if h.dead.Load() {
		db.heal(h, err)
	}
	if err != nil {
		return "", &Error{"copy", db.path, err}
	}
	return path, nil
}

func (db *DB) copyOf(h *handle) (path string, err error) {
	if db.opt.Copies == "" {
		return "", errors.New("no folder for copies is set")
	}
	if err := os.MkdirAll(db.opt.Copies, 0o750); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(db.opt.Copies, ".copy-*")
	if err != nil {
		return "", err
	}
	defer func() {
		_ = f.Close()
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if err := unwrap(h.run(false, func(tx *Tx) error {
		var e error
		if err := tx.guard(func() { _, e = tx.tx.WriteTo(f) }); err != nil {
			return err
		}
		return e
	})); err != nil {
		return "", err
	}
	if err := f.Sync(); err != nil {
		return "", err
	}
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if err := check(f, info.Size(), true, nil); err != nil {
		h.dead.Store(true) // the copy is what the file is
		return "", fmt.Errorf("read back: %w", err)
	}
	path = filepath.Join(db.opt.Copies, db.opt.Name+"-"+db.opt.Now().UTC().Format(copyTime)+".db")
	if err := os.Rename(f.Name(), path); err != nil {
		return "", err
	}
	if err := syncDir(db.opt.Copies); err != nil {
		return "", err
	}
	db.prune()
	return path, nil
}

// Copies lists the hot copies, newest first.
func (db *DB) Copies() []string {
	all, _ := filepath.Glob(filepath.Join(db.opt.Copies, db.opt.Name+"-*Z.db"))
	if db.opt.Copies == "" {
		return nil
	}
	slices.Sort(all)
	slices.Reverse(all)
	return all
}

func (db *DB) prune() {
	var bytes int64
	for i, path := range db.Copies() {
		if info, err := os.Stat(path); err == nil {
			bytes += info.Size()
		}
		if i >= db.opt.Keep || i >= minCopies && bytes > db.opt.CopyBytes {
			_ = os.Remove(path)
		}
	}
	left, _ := filepath.Glob(filepath.Join(db.opt.Copies, ".copy-*"))
	for _, path := range left { // of a process that was killed
		if info, err := os.Stat(path); err == nil && db.opt.Now().Sub(info.ModTime()) > time.Hour {
			_ = os.Remove(path)
		}
	}
}

// madeAt is when a hot copy was made, by its name.
func (db *DB) madeAt(path string) time.Time {
	s := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), db.opt.Name+"-"), ".db")
	t, _ := time.Parse(copyTime, s)
	return t
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
