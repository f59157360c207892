package store

import (
	"errors"
	"fmt"
)

// ErrDamaged is what every operation on a damaged file returns, wrapped with
// what was found. The transaction had no effect.
var ErrDamaged = errors.New("the database file is damaged")

// ErrLocked says that another process has the file open.
var ErrLocked = errors.New("another vaad runs with this folder")

// ErrNewer says that the file was written by a newer version.
var ErrNewer = errors.New("the database was written by a newer vaad")

// ErrClosed says that the DB has been closed.
var ErrClosed = errors.New("the database is closed")

// Error says which operation on which file failed. Unwrap gives the cause, among
// them [ErrDamaged], [ErrLocked], [ErrNewer], [ErrClosed] and syscall errors such as ENOSPC.
type Error struct {
	Op   string // open, update, view, copy, …
	Path string
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("%s %s: %v", e.Op, e.Path, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrDamaged}, args...)...)
}
