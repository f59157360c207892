package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterr "go.etcd.io/bbolt/errors"
	"golang.org/x/sys/unix"
)

// open gives a sound, migrated handle, replacing a damaged file on the way.
func (db *DB) open() (*handle, Report, error) {
	rep := Report{Name: db.opt.Name, Path: db.path}
	for try := 0; ; try++ {
		h, created, err := db.openOnce(db.path)
		if err == nil {
			rep.Created = created && rep.Damaged == nil
			if err = db.migrate(h, &rep); err == nil {
				return h, rep, nil
			}
			if !h.dead.Load() {
				return nil, rep, errors.Join(err, h.close())
			}
			_ = h.close()
		}
		if !errors.Is(err, ErrDamaged) || try == 2 {
			return nil, rep, err
		}
		rep.Damaged = err
		if err := db.replace(&rep); err != nil {
			return nil, rep, errors.Join(rep.Damaged, err)
		}
	}
}

// openOnce locks, checks and maps one file. The lock is taken first, so that a
// file that another process is writing is never read half-way and thought damaged.
func (db *DB) openOnce(path string) (_ *handle, created bool, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, false, err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
		}
	}()
	if err := lock(f, db.opt.Timeout); err != nil {
		return nil, false, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, false, err
	}
	size := info.Size()
	if unborn(f, size) { // who made it was killed: it has never held anything
		if err := f.Truncate(0); err != nil {
			return nil, false, err
		}
		size = 0
	}
	if created = size == 0; !created {
		if err := check(f, size, size <= db.opt.CheckLimit, nil); err != nil {
			return nil, false, err
		}
	}
	h := &handle{file: f, path: path, commit: db.opt.Commit, metrics: db.metrics}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	if e := guarded(func() {
		h.bolt, err = bolt.Open(path, 0o600, &bolt.Options{
			Timeout:      db.opt.Timeout,
			FreelistType: bolt.FreelistMapType,
			NoStatistics: true,
			OpenFile:     func(string, int, os.FileMode) (*os.File, error) { return f, nil },
		})
	}); e != nil {
		return nil, false, e
	}
	if err != nil && slices.ContainsFunc([]error{bolterr.ErrInvalid, bolterr.ErrChecksum, bolterr.ErrVersionMismatch},
		func(e error) bool { return errors.Is(err, e) }) {
		err = damaged("%v", err)
	}
	return h, created, err
}

// lock takes the lock that bbolt will take again on the same open file.
func lock(f *os.File, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil || !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		select {
		case <-ctx.Done():
			return ErrLocked
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
