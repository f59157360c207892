package archive

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// NewExt ends the name of a file that [ReplaceFile] is writing: a crash may leave one.
const NewExt = ".new"

// ReplaceFile writes a file that is no recording (keys, state, reports) whole or
// not at all, durably.
func ReplaceFile(name string, b []byte, perm fs.FileMode) error {
	tmp := name + NewExt
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a crash; it may be read only
		return err
	}
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(tmp, name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	dir, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
