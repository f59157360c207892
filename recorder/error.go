package recorder

import (
	"errors"
	"fmt"
)

var (
	// ErrNoLine: no line has that number.
	ErrNoLine = errors.New("no line has that number")
	// ErrNotRunning: the recorder has ended, or has not begun.
	ErrNotRunning = errors.New("the recorder does not run")
	// ErrStarting: recordings that a crash cut off are being repaired first.
	ErrStarting = errors.New("recordings of the last run are being repaired; try again in a few seconds")
	// ErrGone: the line's board does not run.
	ErrGone = errors.New("the line's board is gone")
	// ErrUnused: the line is not used, or cannot serve its use.
	ErrUnused = errors.New("the line is not used; set lines.N.use first")
	// ErrOff: the line must not be recorded.
	ErrOff = errors.New("recording is off on this line; set lines.N.trigger first")
	// ErrIdle: nothing is being recorded on the line.
	ErrIdle = errors.New("nothing is being recorded on this line")
	// ErrNoSpace: less than the reserve is free on the disk.
	ErrNoSpace = errors.New("the disk has less free space than is kept in reserve; make room")
	// ErrNoInodes: the same for files.
	ErrNoInodes = errors.New("the disk has room for fewer files than are kept in reserve; make room")
)

// A LineError says which request failed on which line, as
// "start recording: line 3: the line's board is gone".
type LineError struct {
	Op   string
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("%s: line %d: %v", e.Op, e.Line, e.Err) }
func (e *LineError) Unwrap() error { return e.Err }
