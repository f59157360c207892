package channels

import (
	"errors"
	"fmt"
	"time"

	"vaad/driver"
)

// A Side is one direction of a line's audio that can be read.
type Side struct {
	Name string     // "mixed", "network" or "local"
	Law  driver.Law // of the bytes that Read returns: ALaw or MuLaw
}

// ErrOverrun is what Read returns for audio older than the ring holds.
type ErrOverrun struct {
	Oldest int64 // the first position that can still be read
}

func (e *ErrOverrun) Error() string {
	return fmt.Sprintf("the audio is older than the ring: it begins at position %d", e.Oldest)
}

// ErrSide is what Read returns for a side that the line does not have.
var ErrSide = errors.New("the line has no such side")

// A Line is one line with a permanent number. Its methods may be called from
// any goroutine. It lives as long as the System, whatever its board does.
type Line struct {
	number int
}

// Number returns the permanent number, from 1.
func (l *Line) Number() int { return l.number }

// Board returns the ID of the line's board.
func (l *Line) Board() string { return "" }

// Sides returns what can be read: a tap has "mixed" (a digital tap "network"
// and, with a LocalPort, "local"); a trunk or station "network" and "local".
// An unused line has none. It changes only through Configure or when the board
// is opened again.
func (l *Line) Sides() []Side { return nil }

// Read copies companded audio of one side from pos on into dst, as much as
// there is before Fed, and returns how many bytes. It returns 0, nil where
// nothing is there yet, *ErrOverrun for audio that is gone, and ErrSide.
func (l *Line) Read(dst []byte, side int, pos int64) (n int, err error) { return 0, nil }

// Fed returns a position p: audio before p can be read, and every event known
// before p is in the queue of every lossless reader.
func (l *Line) Fed() int64 { return 0 }

// Time returns the line time of a position, UTC.
func (l *Line) Time(pos int64) time.Time { return time.Time{} }

// Virtual reports whether the line's board has a virtual clock. False while
// the board has never been open.
func (l *Line) Virtual() bool { return false }

// Simulated reports whether the line's board is a simulation: its recordings
// are marked. False while the board has never been open.
func (l *Line) Simulated() bool { return false }

// Status returns the line's snapshot.
func (l *Line) Status() LineStatus { return LineStatus{} }
