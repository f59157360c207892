package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	retryHeal   = 10 * time.Second
	keepDamaged = 5 // files set aside
)

// heal replaces a handle that met damage and says whether the DB is usable again.
func (db *DB) heal(old *handle, cause error) bool {
	db.healing.Lock()
	defer db.healing.Unlock()
	if now := db.cur.Load(); now != old {
		return now != nil
	}
	if now := time.Now(); now.Sub(db.tried) < retryHeal && cause == nil {
		return false
	} else {
		db.tried = now
	}
	if cause == nil {
		cause = ErrDamaged
	}
	rep := Report{Name: db.opt.Name, Path: db.path, Damaged: cause}
	if err := db.replace(&rep); err != nil {
		return false
	}
	h, after, err := db.open()
	if err != nil {
		return false
	}
	if after.Damaged == nil {
		rep.From, rep.To = after.From, after.To
		after = rep
	}
	db.cur.Store(h)
	_ = old.file.Close() // the lock of the file moved aside
	db.metrics.damaged(after)
	if db.opt.OnDamage != nil {
		db.opt.OnDamage(after)
	}
	return true
}

// replace moves the damaged file aside and puts the newest good copy in its
// place, with every row over it that could be read unharmed from the damaged one.
func (db *DB) replace(rep *Report) error {
	if db.opt.Disposable {
		rep.Aside, rep.Restored = "", ""
		if err := os.Remove(db.path); err != nil && !missing(err) {
			return err
		}
		return syncDir(filepath.Dir(db.path))
	}
	temp := db.path + ".new"
	if err := os.Remove(temp); err != nil && !missing(err) {
		return err
	}
	if err := db.restore(temp, rep); err != nil {
		return fmt.Errorf("put back a copy: %w", err)
	}
	if err := db.rescue(temp, rep); err != nil {
		return fmt.Errorf("rescue what is readable: %w", err)
	}
	aside := db.path + ".damaged-" + db.opt.Now().UTC().Format(copyTime)
	if err := os.Link(db.path, aside); err != nil && !missing(err) {
		if err := os.Rename(db.path, aside); err != nil { // a file system without links
			return err
		}
	}
	prune(db.path+".damaged-*", keepDamaged)
	rep.Aside = aside
	if err := os.Rename(temp, db.path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(db.path))
}

// restore copies the newest hot copy that passes a full check.
func (db *DB) restore(to string, rep *Report) error {
	rep.Restored, rep.Age, rep.BadCopies = "", 0, nil
	for _, path := range db.Copies() {
		err := copyChecked(path, to)
		switch {
		case err == nil:
			rep.Restored, rep.Age = path, db.opt.Now().Sub(db.madeAt(path))
			return nil
		case errors.Is(err, ErrDamaged):
			rep.BadCopies = append(rep.BadCopies, path)
		default:
			return err
		}
	}
	return nil
}

// prune removes the oldest files of a pattern; their names sort by time.
func prune(pattern string, keep int) {
	all, _ := filepath.Glob(pattern)
	slices.Sort(all)
	for len(all) > keep {
		_ = os.Remove(all[0])
		all = all[1:]
	}
}

func copyChecked(from, to string) (err error) {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	info, err := src.Stat()
	if err != nil {
		return err
	}
	if err := check(src, info.Size(), true, nil); err != nil {
		return err
	}
	dst, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Sync(), dst.Close())
}

// rescue puts the readable rows of the damaged file into the new one. A row that
// only the copy has stays: it may be one that was deleted since.
func (db *DB) rescue(to string, rep *Report) (err error) {
	rep.Rescued = 0
	f, err := os.Open(db.path)
	if err != nil {
		if missing(err) {
			err = nil
		}
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	h, _, err := db.openOnce(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	if ok, err := db.alike(f, info.Size(), h, rep); !ok || err != nil {
		return err
	}
	return unwrap(h.run(true, func(tx *Tx) error {
		var failed error
		salvage(f, info.Size(), func(r row) {
			if failed == nil {
				failed = tx.putRow(r)
				rep.Rescued++
			}
		})
		return failed
	}))
}

// salvage passes on every row of a damaged file that can be reached and passes its checksum.
func salvage(r io.ReaderAt, size int64, each func(row)) {
	c := &checker{r: r, deep: true, lax: true, each: each}
	_ = c.run(size)
}

// alike says whether rows of the damaged file fit the new one, which is brought
// to this program's schema where that helps.
func (db *DB) alike(f io.ReaderAt, size int64, h *handle, rep *Report) (bool, error) {
	was := -1
	salvage(f, size, func(r row) {
		var s schema
		if r.bucket == metaBucket && string(r.key) == schemaKey && json.Unmarshal(r.value, &s) == nil && s.Format == format {
			was = s.Version
		}
	})
	is := -1
	err := h.run(false, func(tx *Tx) error {
		s, ok, err := NewBucket[schema](metaBucket).Get(tx, schemaKey)
		if ok {
			is = s.Version
		}
		return err
	})
	switch {
	case err != nil:
		return false, unwrap(err)
	case is < 0 && was < 0: // the row that says it is lost, and there is no copy: a file is brought up to date at once, so
		was = len(db.opt.Migrations)
		err := h.run(true, func(tx *Tx) error {
			return NewBucket[schema](metaBucket).Put(tx, schemaKey, schema{format, was, db.opt.Name, db.opt.Now().UTC()})
		})
		return err == nil, unwrap(err)
	case is < 0 || was < 0 || was == is:
		return true, nil
	case was == len(db.opt.Migrations):
		err := db.migrate(h, rep)
		return err == nil, err
	}
	return false, nil // of a newer program: its rows would not be understood
}
