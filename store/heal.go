package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

const retryHeal = 10 * time.Second

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
		return err
	}
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
func (db *DB) rescue(to string, rep *Report) error {
	rep.Rescued = 0
	f, err := os.Open(db.path)
	if err != nil {
		if missing(err) {
			return nil
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
	return unwrap(h.run(true, func(tx *Tx) error {
		var failed error
		c := &checker{r: f, deep: true, lax: true, each: func(r row) {
			if failed == nil {
				failed = tx.putRow(r)
				rep.Rescued++
			}
		}}
		_ = c.run(info.Size())
		return failed
	}))
}
