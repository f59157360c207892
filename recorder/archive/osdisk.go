package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// OSDisk is the operating system's file system below a folder, which is made if
// it is missing.
func OSDisk(root string) (Disk, error) {
	if err := os.MkdirAll(root, 0o750); err != nil {
		return nil, err
	}
	return openOSDisk(root)
}

func openOSDisk(root string) (Disk, error) {
	// One handle for the life of the archive: the kernel reports a write-back
	// error to every handle once, so a handle opened for each syncfs would miss
	// what went wrong before it.
	dir, err := os.Open(root)
	if err != nil {
		return nil, err
	}
	return &osDisk{root: root, dir: dir}, nil
}

type osDisk struct {
	root string
	dir  *os.File
	lock *os.File
}

func (d *osDisk) path(name string) string { return filepath.Join(d.root, filepath.FromSlash(name)) }

func (d *osDisk) Open(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := os.OpenFile(d.path(name), flag|unix.O_NOATIME, perm)
	if errors.Is(err, unix.EPERM) { // O_NOATIME is for the owner only
		f, err = os.OpenFile(d.path(name), flag, perm)
	}
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (d *osDisk) MkdirAll(name string, perm fs.FileMode) error {
	return os.MkdirAll(d.path(name), perm)
}
func (d *osDisk) Rename(from, to string) error { return os.Rename(d.path(from), d.path(to)) }
func (d *osDisk) Remove(name string) error     { return os.Remove(d.path(name)) }
func (d *osDisk) Chmod(name string, mode fs.FileMode) error {
	return os.Chmod(d.path(name), mode)
}
func (d *osDisk) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(d.path(name)) }
func (d *osDisk) Stat(name string) (fs.FileInfo, error)      { return os.Stat(d.path(name)) }

func (d *osDisk) SyncFS() error {
	if err := unix.Syncfs(int(d.dir.Fd())); err != nil {
		return &fs.PathError{Op: "syncfs", Path: d.root, Err: err}
	}
	return nil
}

func (d *osDisk) Space() (Space, error) {
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(d.dir.Fd()), &st); err != nil {
		return Space{}, &fs.PathError{Op: "statfs", Path: d.root, Err: err}
	}
	return Space{
		FreeBytes: int64(st.Bavail) * st.Bsize, TotalBytes: int64(st.Blocks) * st.Bsize,
		FreeInodes: int64(st.Ffree), TotalInodes: int64(st.Files),
	}, nil
}

// Lock keeps other processes out for as long as this disk is open. The kernel
// drops the lock when the process dies, however it dies.
func (d *osDisk) Lock() error {
	f, err := os.OpenFile(d.path(".lock"), os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return fmt.Errorf("%s: %w", d.root, ErrLocked)
		}
		return &fs.PathError{Op: "lock", Path: d.root, Err: err}
	}
	d.lock = f
	return nil
}

func (d *osDisk) Close() error {
	if d.lock != nil {
		d.lock.Close()
	}
	return d.dir.Close()
}

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	fi, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return fi.Size(), nil
}
