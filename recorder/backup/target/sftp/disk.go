package sftp

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"

	wire "github.com/pkg/sftp"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/folder"
)

// disk is a folder.Disk over a connection, for one call.
type disk struct {
	ctx  context.Context
	l    *link
	base string
	end  func()
}

func (d *disk) path(name string) string { return path.Join(d.base, name) }

func (d *disk) Close() error {
	d.end()
	return nil
}

func (d *disk) Open(name string, flag int) (folder.File, error) {
	st, err := d.Stat(name)
	switch {
	case err == nil && !st.Mode().IsRegular():
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EISDIR}
	case err != nil && (flag&os.O_CREATE == 0 || !errors.Is(err, fs.ErrNotExist)):
		return nil, err
	}
	f, err := d.l.sftp.OpenFile(d.path(name), flag)
	if err != nil {
		return nil, err
	}
	return &file{File: f, d: d}, nil
}

func (d *disk) Mkdir(name string) error {
	if name == "." {
		return d.l.sftp.MkdirAll(d.base)
	}
	err := d.l.sftp.Mkdir(d.path(name))
	if err != nil {
		if st, there := d.l.sftp.Stat(d.path(name)); there == nil && st.IsDir() {
			return fs.ErrExist // the protocol has no code for it
		}
	}
	return err
}

func (d *disk) Rename(from, to string) error {
	from, to = d.path(from), d.path(to)
	if _, ok := d.l.sftp.HasExtension("posix-rename@openssh.com"); ok {
		return d.l.sftp.PosixRename(from, to)
	}
	err := d.l.sftp.Rename(from, to)
	if err == nil || broken(err) {
		return err
	}
	if _, there := d.l.sftp.Lstat(to); there != nil {
		return err
	}
	if err := d.l.sftp.Remove(to); err != nil {
		return err
	}
	return d.l.sftp.Rename(from, to)
}

func (d *disk) Remove(name string) error { return d.l.sftp.Remove(d.path(name)) }

func (d *disk) Stat(name string) (fs.FileInfo, error) {
	st, err := d.l.sftp.Lstat(d.path(name))
	return st, d.missing(path.Dir(name), err)
}

// missing makes a server's mere "failure" that there is no such file, where a file
// stands in the place of the folder dir or of one above it.
func (d *disk) missing(dir string, err error) error {
	if status, ok := errors.AsType[*wire.StatusError](err); !ok || status.FxCode() != wire.ErrSSHFxFailure {
		return err
	}
	for ; dir != "."; dir = path.Dir(dir) {
		if st, e := d.l.sftp.Lstat(d.path(dir)); e == nil && !st.IsDir() {
			return fs.ErrNotExist
		}
	}
	return err
}

func (d *disk) ReadDir(name string) ([]fs.DirEntry, error) {
	all, err := d.l.sftp.ReadDirContext(d.ctx, d.path(name))
	if err != nil {
		return nil, d.missing(name, err)
	}
	entries := make([]fs.DirEntry, len(all))
	for i, st := range all {
		entries[i] = fs.FileInfoToDirEntry(st)
	}
	return entries, nil
}

// SyncDir does nothing: the protocol has no way to.
func (d *disk) SyncDir(string) error { return nil }

func (d *disk) Space() (free, total int64, err error) {
	if _, ok := d.l.sftp.HasExtension("statvfs@openssh.com"); !ok {
		return -1, -1, nil
	}
	st, err := d.l.sftp.StatVFS(d.path("."))
	if err != nil {
		return 0, 0, err
	}
	return int64(st.Bavail * st.Frsize), int64(st.Blocks * st.Frsize), nil
}

// readOnly is the flag SSH_FXE_STATVFS_ST_RDONLY.
const readOnly = 1

// Explain asks the server what is behind its "failure": the protocol has no codes
// for a full or a read-only disk.
func (d *disk) Explain(err error) error {
	if broken(err) {
		d.l.shut() // the next call makes a new one
		return err
	}
	status, ok := errors.AsType[*wire.StatusError](err)
	failure := ok && status.FxCode() == wire.ErrSSHFxFailure
	if !failure && !errors.Is(err, fs.ErrPermission) || d.ctx.Err() != nil {
		return err
	}
	if _, ok := d.l.sftp.HasExtension("statvfs@openssh.com"); !ok {
		return err
	}
	st, asked := d.l.sftp.StatVFS(d.path("."))
	switch {
	case asked != nil:
		return err
	case st.Flag&readOnly != 0:
		return folder.Classed(target.ErrReadOnly, err)
	case st.Bavail*st.Frsize < 1<<20, st.Files > 0 && st.Favail < 2:
		return folder.Classed(target.ErrFull, err)
	}
	return err
}

// How much is read at once, in bytes: as many packets are under way as a quick
// server can use, and so few that a slow one still shows that it moves.
const (
	leastAhead = 64 << 10
	mostAhead  = 1 << 20
)

// file reads ahead and writes many packets at a time.
type file struct {
	*wire.File
	d     *disk
	buf   []byte // the bytes from off on
	off   int64
	ahead int
}

// ReadAt is for one goroutine, mostly in order.
func (f *file) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		at := off + int64(done)
		if at < f.off || at >= f.off+int64(len(f.buf)) {
			if err := f.fill(at); err != nil {
				return done, err
			}
		}
		done += copy(p[done:], f.buf[at-f.off:])
	}
	return done, nil
}

func (f *file) fill(at int64) error {
	f.ahead = max(f.ahead, leastAhead)
	if cap(f.buf) < f.ahead {
		f.buf = make([]byte, f.ahead)
	}
	began := time.Now()
	n, err := f.File.ReadAt(f.buf[:f.ahead], at)
	f.buf, f.off = f.buf[:n], at
	if n == 0 {
		if err == nil {
			err = io.ErrNoProgress
		}
		return err
	}
	switch took := time.Since(began); {
	case took < time.Second/5:
		f.ahead = min(2*f.ahead, mostAhead)
	case took > time.Second:
		f.ahead = max(f.ahead/2, leastAhead)
	}
	return nil
}

// WriteFrom writes all of r from off on. What a break leaves may have holes; who
// goes on compares it first.
func (f *file) WriteFrom(r io.Reader, off int64) error {
	f.buf = f.buf[:0]
	if _, err := f.File.Seek(off, io.SeekStart); err != nil {
		return err
	}
	_, err := f.File.ReadFromWithConcurrency(r, 0)
	return err
}

// Sync makes it durable where the server can.
func (f *file) Sync() error {
	if _, ok := f.d.l.sftp.HasExtension("fsync@openssh.com"); !ok {
		return nil
	}
	return f.File.Sync()
}

// Codes of later versions of the protocol, which some servers send.
const (
	codeWriteProtect = 12
	codeNoMedia      = 13
	codeNoSpace      = 14
	codeQuota        = 15
)

// classify is the class of an error of the server or the connection.
func classify(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return target.ErrAuth
	case broken(err):
		return target.ErrUnreachable
	}
	if status, ok := errors.AsType[*wire.StatusError](err); ok {
		switch status.Code {
		case codeWriteProtect:
			return target.ErrReadOnly
		case codeNoMedia:
			return target.ErrGone
		case codeNoSpace, codeQuota:
			return target.ErrFull
		case uint32(wire.ErrSSHFxPermissionDenied):
			return target.ErrAuth
		}
	}
	return nil
}
