package folder

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"

	"golang.org/x/sys/unix"
)

// Disk is what a target does to its folder. Names are relative, with slashes.
type Disk interface {
	// Open opens a regular file; flag as for os.OpenFile. It follows no link and
	// never waits for a pipe.
	Open(name string, flag int) (File, error)
	Mkdir(name string) error
	Rename(from, to string) error
	Remove(name string) error
	// Stat follows no link.
	Stat(name string) (fs.FileInfo, error)
	ReadDir(name string) ([]fs.DirEntry, error)
	// SyncDir makes the names in a folder durable.
	SyncDir(name string) error
	// Space is free and total bytes.
	Space() (free, total int64, err error)
	Close() error
}

// File is an open file of a Disk.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Stat() (fs.FileInfo, error)
	Truncate(size int64) error
	Sync() error
}

// Explainer is a Disk that can find out more about its errors, once they are
// there. It returns the error, or a better one.
type Explainer interface{ Explain(err error) error }

// WriterFrom is a File with a quicker way to write all of a source.
type WriterFrom interface {
	WriteFrom(r io.Reader, off int64) error
}

// Opener finds the folder and opens it, for one call. What waits ends with ctx.
type Opener func(ctx context.Context) (Disk, error)

const (
	filePerm = 0o640
	dirPerm  = 0o750
)

// errNotFile is said of a name that is a folder, a link, a device.
var errNotFile = errors.New("not a regular file")

// root is a Disk in the file system: base, a folder below an open one. Nothing in
// it can lead out of that.
type root struct {
	r    *os.Root
	base string
}

func (d root) path(name string) string { return path.Join(d.base, name) }

func (d root) Open(name string, flag int) (File, error) {
	for try := 1; ; try++ {
		f, err := d.open(d.path(name), flag)
		if err != errReplaced {
			return f, err
		}
		if try == maxReplaced {
			return nil, &fs.PathError{Op: "open", Path: d.path(name), Err: errNotFile}
		}
	}
}

// errReplaced is said of a name that stood for another file than just before: a
// put that ended meanwhile, or somebody's link.
var errReplaced = errors.New("replaced meanwhile")

// maxReplaced is how often a name is looked at that is replaced each time.
const maxReplaced = 100

func (d root) open(name string, flag int) (File, error) {
	// os.Root follows links inside the folder, whatever the flags say.
	before, err := d.r.Lstat(name)
	switch {
	case err == nil && !before.Mode().IsRegular():
		return nil, &fs.PathError{Op: "open", Path: name, Err: errNotFile}
	case errors.Is(err, fs.ErrNotExist) && flag&os.O_CREATE != 0:
		flag |= os.O_EXCL
	case err != nil:
		return nil, err
	}
	f, err := d.r.OpenFile(name, flag|unix.O_NONBLOCK, filePerm)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && before != nil && !os.SameFile(before, st) {
		err = errReplaced
	}
	if err != nil {
		_ = f.Close() // nothing was done with it
		return nil, err
	}
	return file{f}, nil
}

type file struct{ *os.File }

// Sync also drops what the kernel remembers of the file, so that who reads it
// back reads the medium.
func (f file) Sync() error {
	if err := f.File.Sync(); err != nil {
		return err
	}
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) // not every file system knows it
	return nil
}

func (d root) Mkdir(name string) error {
	if name == "." {
		return d.r.MkdirAll(d.path("."), dirPerm)
	}
	return d.r.Mkdir(d.path(name), dirPerm)
}

func (d root) Rename(from, to string) error          { return d.r.Rename(d.path(from), d.path(to)) }
func (d root) Remove(name string) error              { return d.r.Remove(d.path(name)) }
func (d root) Stat(name string) (fs.FileInfo, error) { return d.r.Lstat(d.path(name)) }
func (d root) Close() error                          { return d.r.Close() }

func (d root) ReadDir(name string) ([]fs.DirEntry, error) {
	f, err := d.r.OpenFile(d.path(name), os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	return f.ReadDir(-1)
}

func (d root) SyncDir(name string) error {
	f, err := d.r.OpenFile(d.path(name), os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil // some network file systems sync no folders: their names are durable at once
	}
	return errors.Join(err, f.Close())
}

func (d root) Space() (free, total int64, err error) {
	f, err := d.r.Open(".")
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = f.Close() }() // only looked at
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &st); err != nil {
		return 0, 0, &fs.PathError{Op: "statfs", Path: ".", Err: err}
	}
	return int64(st.Bavail) * st.Bsize, int64(st.Blocks) * st.Bsize, nil
}

// mkdirAll makes the folders of name that are missing, each durable.
func mkdirAll(d Disk, name string) error {
	dir := path.Dir(name)
	if dir == "." {
		return nil
	}
	if st, err := d.Stat(dir); err == nil {
		if !st.IsDir() {
			return &fs.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOTDIR}
		}
		return nil
	}
	if err := mkdirAll(d, dir); err != nil {
		return err
	}
	if err := d.Mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return d.SyncDir(path.Dir(dir))
}
