package channels

import (
	"time"

	"vaad/driver"
)

// BoardStatus is a snapshot of one board.
type BoardStatus struct {
	ID        string
	Driver    string
	Model     string
	Serial    string
	Location  string
	State     BoardState
	Reason    string // stable code of why it does not run: see BoardReasons and driver.FaultError; else empty
	Detail    string // the error in English
	Since     time.Time
	Virtual   bool
	Simulated bool
	Lines     int          // lines of the open board; of the last one when gone
	Priority  string       // of its thread: "round-robin", "nice -15", "normal"
	Pos       int64        // samples, continuous over reopening
	Ticks     uint64       // since start
	Late      uint64       // frames whose time had passed
	Lost      uint64       // samples lost, all lines together
	Slips     uint64       // blocks dropped because they came too late
	Missed    uint64       // blocks that never came
	Underrun  uint64       // samples of silence sent because nothing else was there
	DriftPPM  float64      // how much faster its clock runs than the machine's
	Spans     []SpanStatus // of the open board; of the last one when gone
}

// BoardReasons lists the stable codes of BoardStatus.Reason: the driver could
// not open it; has not answered for 20 s; its lines could not be numbered; it
// went away; hung inside the driver; counted samples in an impossible way; was
// closed with the System. Where a driver knows better it gives a code of its own
// (driver.FaultError): those of DAHDI begin with "dahdi-".
func BoardReasons() []string {
	return []string{"open-failed", "open-slow", "plan-failed", "gone", "hung", "bad-frames", "stopped"}
}

// LineStatus is a snapshot of one line.
type LineStatus struct {
	Number     int
	Board      string
	Port       int
	LocalPort  int
	Span       int // number of its span, as on the card; 0: it is not digital
	Timeslot   int
	Name       string
	Kind       driver.Kind
	Use        driver.Use
	Asked      driver.Use // the use that was configured; differs from Use when the line cannot serve it
	Reason     string     // why not, and the remedy; empty if it can
	State      State
	Since      time.Time // of State, line time
	HasVolts   bool
	MilliVolt  int       // tip-ring, the last seen; where HasVolts
	Pos        int64     // of the board, samples
	GainDB     int       // of what is received, for levels, detectors and mixes
	SentGainDB int       // of what is sent
	LevelDBm0  []float64 // per side, over the last 100 ms
	Sides      []Side
	Caps       driver.Caps
	Call       string // ULID of the call that is up
	Direction  Direction
	Learnt     Learnt
	Ignored    uint64 // inputs that the line's state table had no row for

	Caller, Called, CallerName string // of the call that is up, as known now

	VoltsReached Extremes  // since the line was last told to forget; where HasVolts
	Rang         time.Time // when a burst of ringing began last, line time; zero: not since the start
	Reversed     time.Time // the same of a reversal of polarity

	VoltsEvery time.Duration // time between two voltages; 0 if the line reports none

	Fault LineFault // why it does not work although its board runs
	Notes []string  // codes of LineNotes: what its port cannot do, and a technician may wonder at
}

// A LineFault says what is wrong with a line of a board that runs. A second port
// (LocalPort) counts where the first has no fault. Zero: nothing is.
type LineFault struct {
	Code   string // stable, as in driver.LineFault
	Detail string // in English
}

// LineNotes lists the codes of LineStatus.Notes: the port of an analog line
// reports no voltage; it cannot hear the line while it is on-hook itself.
func LineNotes() []string { return []string{"no-volts", "no-on-hook-audio"} }

func notes(l driver.Line) (codes []string) {
	if l.Kind != driver.FXO {
		return nil
	}
	for i, power := range []driver.Caps{driver.CapVolts, driver.CapOnHookRx} {
		if !l.Caps.Has(power) {
			codes = append(codes, LineNotes()[i])
		}
	}
	return codes
}
