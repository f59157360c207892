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
	Reason    string // stable code of why it does not run: see BoardReasons; else empty
	Detail    string // the error in English
	Since     time.Time
	Virtual   bool
	Simulated bool
	Lines     int    // lines of the open board; of the last one when gone
	Priority  string // of its thread: "round-robin", "nice -15", "normal"
	Pos       int64  // samples, continuous over reopening
	Ticks     uint64 // since start
	Late      uint64 // frames whose time had passed
	Lost      uint64 // samples lost, all lines together
	Slips     uint64 // blocks dropped because they came too late
	Missed    uint64 // blocks that never came
	DriftPPM  float64
}

// BoardReasons lists the stable codes of BoardStatus.Reason: the driver could
// not open it; has not answered for 20 s; its lines could not be numbered; it
// went away; hung inside the driver; counted samples in an impossible way; was
// closed with the System.
func BoardReasons() []string {
	return []string{"open-failed", "open-slow", "plan-failed", "gone", "hung", "bad-frames", "stopped"}
}

// LineStatus is a snapshot of one line.
type LineStatus struct {
	Number    int
	Board     string
	Port      int
	LocalPort int
	Name      string
	Kind      driver.Kind
	Use       driver.Use
	Asked     driver.Use // the use that was configured; differs from Use when the line cannot serve it
	Reason    string     // why not, and the remedy; empty if it can
	State     State
	Since     time.Time // of State, line time
	HasVolts  bool
	MilliVolt int       // tip-ring, the last seen; where HasVolts
	LevelDBm0 []float64 // per side, over the last 100 ms
	Sides     []Side
	Caps      driver.Caps
	Call      string // ULID of the call that is up
	Direction Direction
	Learnt    Learnt
	Ignored   uint64 // inputs that the line's state table had no row for

	Caller, Called, CallerName string // of the call that is up, as known now

	VoltsEvery time.Duration // time between two voltages; 0 if the line reports none
}
