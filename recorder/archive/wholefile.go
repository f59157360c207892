package archive

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// NewExt ends the name of a file that [ReplaceFile] is writing: a crash may leave one.
const NewExt = ".new"

// leftAfter is when nobody writes such a file any more.
const leftAfter = time.Hour

// ReplaceFile writes a file that is no recording (keys, state, reports) whole or
// not at all, durably. Of several who do so at once, in this process or others, each
// has written all of its own; that of the last one stays.
func ReplaceFile(name string, b []byte, perm fs.FileMode) error {
	f, err := newBeside(name, perm)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	dir, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	err = dir.Sync()
	sweepBeside(dir, filepath.Base(name))
	return errors.Join(err, dir.Close())
}

// sweepBeside removes what crashes have left of attempts to write the file of this name.
func sweepBeside(dir *os.File, base string) {
	all, err := dir.ReadDir(-1)
	if err != nil {
		return // it costs a little room
	}
	for _, e := range all {
		if !strings.HasPrefix(e.Name(), base+".") || !strings.HasSuffix(e.Name(), NewExt) {
			continue
		}
		if fi, err := e.Info(); err == nil && time.Since(fi.ModTime()) > leftAfter {
			_ = os.Remove(filepath.Join(dir.Name(), e.Name())) // the next one tries again
		}
	}
}

// newBeside makes a file that nobody else writes, beside the one that it is to replace.
func newBeside(name string, perm fs.FileMode) (*os.File, error) {
	for {
		f, err := os.OpenFile(name+"."+strconv.FormatUint(rand.Uint64(), 36)+NewExt, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}
