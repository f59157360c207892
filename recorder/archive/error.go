package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
)

var (
	// ErrNotFound: there is no such recording, side or file.
	ErrNotFound = errors.New("no such recording")
	// ErrClosed: the archive or the writer was closed.
	ErrClosed = errors.New("archive is closed")
	// ErrLocked: another process writes to this archive.
	ErrLocked = errors.New("another process is using this recordings folder; stop it first")
	// ErrVanished: a recording that was to be sealed has no files any more.
	ErrVanished = errors.New("somebody removed all files of the recording before it was sealed")
)

// An Error says which operation failed on which file and why, as
// "append 01J…: write open/01J….mixed.wav: no space left on device".
type Error struct {
	Op  string // bounded: begin, append, checkpoint, log, sync, seal, journal, act, recover, adopt, erase, read, space
	ID  string // recording, may be empty
	Err error
}

func (e *Error) Error() string {
	if e.ID == "" {
		return fmt.Sprintf("%s: %v", e.Op, e.Err)
	}
	return fmt.Sprintf("%s %s: %v", e.Op, e.ID, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// Reason is a stable code for what stands behind an error, fit for a metric
// label and an alarm: "no-space" (bytes or inodes: ask [Archive.Space] which),
// "read-only", "io", "too-many-files", "permission", "gone", "other".
func Reason(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "no-space"
	case errors.Is(err, syscall.EROFS):
		return "read-only"
	case errors.Is(err, syscall.EIO):
		return "io"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "too-many-files"
	case errors.Is(err, fs.ErrPermission):
		return "permission"
	case errors.Is(err, fs.ErrNotExist):
		return "gone"
	}
	return "other"
}

// A RemovedError tells of recordings that run and whose files somebody removed:
// errors.Is says [fs.ErrNotExist].
type RemovedError struct{ IDs []string }

func (e *RemovedError) Error() string {
	return "somebody removed the files of recordings that run: " + strings.Join(e.IDs, ", ")
}

func (e *RemovedError) Unwrap() error { return fs.ErrNotExist }
