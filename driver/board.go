package driver

import (
	"context"
	"encoding/json"
	"time"
)

// The one clock of telephony: 8 kHz, moved in blocks of 20 ms.
const (
	Rate  = 8000                       // samples per second
	Block = 160                        // samples per tick
	Tick  = Block * time.Second / Rate // 20 ms
	MS    = Rate / 1000                // samples per millisecond
)

// A Board is one piece of line hardware, or a simulation of one. It has one
// clock. Exchange is called from one goroutine; Info and Close from any.
type Board interface {
	// Info says what the board is. It does not change while the board is open.
	Info() Info

	// Exchange sends 20 ms for all lines, receives 20 ms for all lines and
	// returns at the board's tick. It resets rx before it fills it; rx is valid
	// until the next call. The first rx after opening carries one State event
	// per line. An error is final: the board is gone and must be closed.
	Exchange(tx, rx *Frame) error

	// Close releases the hardware. It makes a running Exchange return within
	// one second. Closing twice is allowed.
	Close() error
}

// A Driver finds and opens boards of one family. Drivers are listed in
// cmd/vaad; none registers itself.
type Driver struct {
	Name string

	// Find lists what is plugged in. A Candidate that cannot be opened is
	// listed with its reason.
	Find func(context.Context) ([]Candidate, error)

	// Open opens one board. The errors it returns are shown to technicians:
	// they say what, where and what to do.
	Open func(context.Context, Candidate, Config) (Board, error)

	// Check says everything that is wrong with a configuration before anything
	// is opened, naming the keys (errors.Join). Nil means nothing can be wrong.
	Check func(Config) error
}

// A Candidate is a board that a driver found. ID survives reboot and a change
// of slot where the hardware has a serial number; Location says where it is.
type Candidate struct {
	ID       string
	Model    string
	Serial   string
	Location string
	Broken   string // why it cannot be opened; empty if it can
}

// Config is what an operator says about one board.
type Config struct {
	ID      string          // the board's name in settings, metrics and messages
	Dir     string          // folder for the driver's own files (sockets), made by the caller
	Options json.RawMessage // the driver's own keys of the [[board]] table
}

// Info describes an open board.
type Info struct {
	Driver    string `json:"driver"`
	Model     string `json:"model"`
	Serial    string `json:"serial,omitempty"`
	Location  string `json:"location,omitempty"`
	Virtual   bool   `json:"virtual,omitempty"`   // its clock may wait for the loop
	Simulated bool   `json:"simulated,omitempty"` // its recordings are marked and are not evidence
	Lines     []Line `json:"lines"`
	Spans     []Span `json:"spans,omitempty"`
}

// Line describes one line of a board and what it can do.
type Line struct {
	Port       int    `json:"port"` // as printed on the card, from 1
	Kind       Kind   `json:"kind"`
	Law        Law    `json:"law"`
	Use        Use    `json:"use,omitempty"`      // asked for by the board's configuration; settings win
	Span       int    `json:"span,omitempty"`     // as on the card, from 1; 0 for analog
	Timeslot   int    `json:"timeslot,omitempty"` // E1 1–31, T1 1–24
	Caps       Caps   `json:"caps"`
	VoltsEvery int    `json:"volts_every,omitempty"` // samples between Volts events
	EventError int    `json:"event_error,omitempty"` // samples by which an event's offset may be off
	RoundTrip  int    `json:"round_trip,omitempty"`  // samples from tx to rx through the board
	Name       string `json:"name,omitempty"`
}

// Span describes one digital span of a board.
type Span struct {
	Number   int  `json:"number"`             // as on the card, from 1
	Channels int  `json:"channels"`           // timeslots: 31 for E1, 24 for T1, 3 for BRI
	DChannel int  `json:"dchannel,omitempty"` // timeslot of the D-channel, 0 if none
	Tap      bool `json:"tap,omitempty"`      // receive only: D-channel messages are never sent
	Pair     int  `json:"pair,omitempty"`     // of a tap: number of the span that hears the other direction; 0: see Info.Taps
	User     bool `json:"user,omitempty"`     // with Pair: it hears what the user's side sends
}

// LineByPort returns the index of the line with that port, or -1.
func (in Info) LineByPort(port int) int {
	for i := range in.Lines {
		if in.Lines[i].Port == port {
			return i
		}
	}
	return -1
}
