package store

import (
	"errors"
	"os"
	"path/filepath"
	"time"
)

// CopyStopped copies a database that nobody has open, after a full check, and makes the copy
// durable. An existing file at to is replaced. Errors: [ErrLocked] while a daemon runs with it,
// [ErrDamaged], those of the disk.
func CopyStopped(from, to string) error {
	f, err := os.OpenFile(from, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := lock(f, 2*time.Second); err != nil {
		return errors.Join(err, f.Close())
	}
	err = copyChecked(from, to)
	return errors.Join(err, f.Close(), syncDir(filepath.Dir(to)))
}
