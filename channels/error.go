package channels

import "errors"

var (
	// ErrBusy: the board's request queue is full; try again.
	ErrBusy = errors.New("the board's request queue is full")
	// ErrGone: the board does not run, or stopped before it answered.
	ErrGone = errors.New("the board is gone")
	// ErrNoLine: no line has that number.
	ErrNoLine = errors.New("no line has that number")
	// ErrNoBoard: no board has that ID.
	ErrNoBoard = errors.New("no board has that ID")
	// ErrNoSpan: the board has no span of that number with a D-channel.
	ErrNoSpan = errors.New("no span of that number has a D-channel")
	// ErrClosed: the System has been closed.
	ErrClosed = errors.New("channels is closed")
	// ErrNotUsed: the line is configured as unused.
	ErrNotUsed = errors.New("the line is not used; set its use first")

	errNotForLine = errors.New("this is a command for a span, not for a line")
	errCannot     = errors.New("the line's hardware cannot do that")
)
