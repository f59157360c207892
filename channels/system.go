package channels

import (
	"context"
	"time"

	"vaad/driver"
)

// A System runs all boards.
type System struct{}

// New checks the configuration and makes a System that does nothing yet.
func New(c Config) (*System, error) { return &System{}, nil }

// Start starts the feed and one supervisor per board and returns. Boards that
// cannot be opened are tried again for ever. The context ends it like Close.
func (s *System) Start(ctx context.Context) error { return nil }

// Close closes all boards and ends all goroutines but those that hang inside a
// driver. Afterwards Read returns ErrClosed.
func (s *System) Close() {}

// BootID marks the numbering of this feed.
func (s *System) BootID() string { return "" }

// Boards returns a snapshot of every configured board, in their order.
func (s *System) Boards() []BoardStatus { return nil }

// Lines returns a snapshot of every line ever seen since the start, by number.
func (s *System) Lines() []LineStatus { return nil }

// Line returns the line with that permanent number.
func (s *System) Line(number int) (*Line, bool) { return nil, false }

// Healthy returns nil while every board's loop either ticks (within 2 s; a
// virtual board may wait) or has been declared gone. A loop that is stuck
// inside the driver becomes gone; one stuck outside it makes this an error.
func (s *System) Healthy() error { return nil }

// Configure changes a line while it runs. It returns what Validate says, and
// ErrNoLine. While the board is not open it is kept for the next opening only
// if the Plan says the same.
func (s *System) Configure(ctx context.Context, number int, c LineConfig) error { return nil }

// Validate reports whether a line can serve the use asked of it. The error is
// a *UseError with the reason and the remedy.
func Validate(l driver.Line, c LineConfig) error { return nil }

// A UseError says why a line cannot serve a use.
type UseError struct {
	Port   int
	Use    driver.Use
	Code   string // stable: "no-hook-evidence", "no-on-hook-audio", "wrong-kind", "no-tx", …
	Detail string // what is missing
	Remedy string // what to do
}

func (e *UseError) Error() string { return "" }

// A Request asks a line to do something.
type Request struct {
	ID      string // comes back in Event.Request; may be empty
	Line    int    // permanent number; Command.Line and Command.At are set by the loop
	Command driver.Command
}

// Accepted says at which position a command was given to the board. Its
// outcome is an event.
type Accepted struct {
	Pos  int64
	Time time.Time
}

// Request hands a command to the loop of the line's board and waits until it
// was given to the board or refused: ErrNoLine, ErrBusy (queue full), ErrGone
// (board not running), a *driver.LineError (with driver.ErrTap for a tap), or
// the context's error.
func (s *System) Request(ctx context.Context, r Request) (Accepted, error) { return Accepted{}, nil }

// FrameWriter takes the frames of a flight recorder. tx may be nil.
type FrameWriter interface {
	Write(rx, tx *driver.Frame) error
}

// SaveFlight writes the last seconds (≤ Config.RingSeconds) of one line, or
// with line 0 and its board's ID of a whole board, as frames: open is called
// once with what the frames describe and when they begin; closing what it
// returned is the caller's.
func (s *System) SaveFlight(ctx context.Context, line, seconds int, open func(driver.Info, time.Time) (FrameWriter, error)) error {
	return nil
}

// SaveBoardFlight is SaveFlight for all lines of a board.
func (s *System) SaveBoardFlight(ctx context.Context, board string, seconds int, open func(driver.Info, time.Time) (FrameWriter, error)) error {
	return nil
}

// Subscribe adds a reader of the feed. name appears in metrics, logs and
// overflow events and must be one of a few fixed words. A lossless reader has
// a large queue and is told with a fault when it overflows; a lossy one gets
// Resync.
func (s *System) Subscribe(name string, lossless bool) *Reader { return &Reader{} }
