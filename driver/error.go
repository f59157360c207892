package driver

import (
	"errors"
	"fmt"
)

// ErrGone is what Exchange returns when the board was pulled out or closed.
var ErrGone = errors.New("board is gone")

// ErrTap is the reason with which a tap line refuses to act.
var ErrTap = errors.New("the line is a tap: it only listens, a telephone or PBX in parallel owns it")

// A LineError says which operation failed on which line and why, as
// "off-hook: board 4711 line 3: no battery".
type LineError struct {
	Op    string
	Board string
	Line  int // port as on the card, from 1; 0 for the whole board
	Err   error
}

func (e *LineError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: board %s: %v", e.Op, e.Board, e.Err)
	}
	return fmt.Sprintf("%s: board %s line %d: %v", e.Op, e.Board, e.Line, e.Err)
}

func (e *LineError) Unwrap() error { return e.Err }
