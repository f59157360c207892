package archive

import (
	"io"
	"io/fs"
)

// A Disk is everything the archive asks of a file system. Names are relative to
// the archive's root, with slashes, and never leave it. [OSDisk] is the real one;
// package memdisk models power loss.
type Disk interface {
	// Open opens a file: flag is a combination of os.O_RDONLY, O_RDWR, O_CREATE, O_EXCL.
	Open(name string, flag int, perm fs.FileMode) (File, error)
	MkdirAll(name string, perm fs.FileMode) error
	Rename(from, to string) error
	Remove(name string) error
	Chmod(name string, mode fs.FileMode) error
	ReadDir(name string) ([]fs.DirEntry, error)
	Stat(name string) (fs.FileInfo, error)
	// SyncFS makes everything done before its call durable.
	SyncFS() error
	// Space says what is left on the file system.
	Space() (Space, error)
	Close() error
}

// A File is an open file of a [Disk]. Each write says where it goes, so that a
// failed or short write is overwritten by the next try.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Size() (int64, error)
	Truncate(size int64) error
}

// A Locker is a [Disk] that can keep a second writing process out. It returns
// [ErrLocked] when another process holds the lock.
type Locker interface {
	Lock() error
}

// Space is what is left on the file system that holds the archive.
type Space struct {
	FreeBytes, TotalBytes   int64
	FreeInodes, TotalInodes int64 // 0 of 0 on file systems without a fixed number
}
