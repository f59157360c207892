package doctor

import (
	"io/fs"
	"time"
)

// A View is all that Check looks at. Functions that are nil, or that fail, make
// a finding that says what could not be looked at.
type View struct {
	Root       fs.FS  // the machine's files, from / down
	User       string // whom the daemon runs as
	Country    string // two letters, as cn
	Taps       []int  // spans of digital taps
	Recordings string // folder of recordings, absolute

	Owner  func(name string) (Owner, error)   // of a file of Root
	Disk   func(folder string) (Usage, error) // of the file system that a folder is on
	Clock  func() (Clock, error)
	Daemon *Daemon // nil if it was not asked
}

// Owner says who may use a file.
type Owner struct {
	UID, GID int
	Mode     fs.FileMode // the nine bits of permission
}

// Usage is what a file system has and has left.
type Usage struct {
	Bytes, FreeBytes   uint64
	Inodes, FreeInodes uint64
}

// Clock says whether the machine's clock follows a better one.
type Clock struct {
	Synchronised bool
	MaxError     time.Duration // the kernel's own estimate
}

// Daemon is what the daemon says of itself, in the words of its API.
type Daemon struct {
	Where, Unreachable string // why it could not be asked, "" if it could be
	Version            string
	Cards              bool         // a board on DAHDI's cards runs
	Boards             []BoardState // that do not run
	Lines              []LineState  // that do not work
	Alarms             []AlarmState
	Taps               []TapSpan
	Strays             []Stray
}

// TapSpan is a digital span that a board of the daemon listens to: its number
// on the card, and where the card is.
type TapSpan struct {
	Serial, Location string
	Span             int
}

// BoardState is a board that does not run.
type BoardState struct{ Board, Reason, Remedy string }

// LineState is a line that does not work.
type LineState struct{ Line, Reason, Remedy string }

// AlarmState is an alarm that is up.
type AlarmState struct {
	Text, Remedy string
	Critical     bool
}
