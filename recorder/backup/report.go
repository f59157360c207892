package backup

import (
	"time"

	"vaad/recorder/archive"
)

// Trouble says what kind of thing is wrong with one file or day: stable codes.
type Trouble string

// Kinds of trouble.
const (
	LocalDamaged  Trouble = "local-damaged"  // the file's hash is not what its seal says
	LocalMissing  Trouble = "local-missing"  // the file is not there, and was not erased
	LocalUnread   Trouble = "local-unread"   // the file, or journal, cannot be read
	TargetFailed  Trouble = "target-failed"  // the target did not take or give it; Class says why
	TargetDamaged Trouble = "target-damaged" // what the target gives back is not what it should be
	TargetMissing Trouble = "target-missing" // the journal names it, and the target has it not
	TargetAhead   Trouble = "target-ahead"   // the target's journal has lines that the appliance has not
	NotRemoved    Trouble = "not-removed"    // it was erased, and the target refuses to remove it; tried again
	BadName       Trouble = "bad-name"       // a journal line names a file that cannot be one of ours
	BadLine       Trouble = "bad-line"       // a journal line cannot be read
	BadAudio      Trouble = "bad-audio"      // the restored file cannot be opened as audio
	BadBundle     Trouble = "bad-bundle"     // a state bundle cannot be opened
	Erased        Trouble = "erased"         // it was asked for by ID, and was erased
	OtherLine     Trouble = "other-line"     // the target's journal differs from the appliance's
)

// A Fault is one thing that is wrong.
type Fault struct {
	Kind   Trouble     `json:"kind"`
	Day    archive.Day `json:"day,omitempty"`
	ID     string      `json:"id,omitempty"`
	Name   string      `json:"name,omitempty"`  // of the file
	Class  string      `json:"class,omitempty"` // of the target's error, as target.Class
	Detail string      `json:"detail,omitempty"`
}

// maxFaults is how many faults a report names; Faulty counts all.
const maxFaults = 1000

// A Report is what became of a run.
type Report struct {
	Began, Ended time.Time
	Days         int   // that had something new
	Recordings   int   // copied, or found to be there and right
	Files, Bytes int64 // sent
	Kept         int64 // files that were there and right already
	ReadBack     int64 // bytes
	Removed      int   // files of erased recordings
	Refused      int   // of these: the target would not remove them; they are tried again, and are no failure
	Bundle       string
	Faulty       int
	Faults       []Fault
}

// Work is what a run would do.
type Work struct {
	Days, Recordings int
	Files, Bytes     int64
	Oldest           time.Time // end of the oldest recording, or time of the oldest act, that is to be copied; zero = none
}

// Status says how things stand with a target. It never waits for the target.
type Status struct {
	Name       string
	Running    bool
	Stage      string // of a run: plan, copy, evidence, state; "" = none is running
	Done       Work   // of Total, in the run under way or the last one
	Total      Work
	Rate       float64 // bytes per second of the run under way, since it began
	LastRun    time.Time
	LastOK     time.Time // of the last run that did everything
	LastError  string    // of the last run, "" = none
	LastClass  string    // of that error, as target.Class
	LastReport *Report
	Oldest     time.Time // what is not backed up yet and was written first; zero = nothing
	Waiting    int       // lines of journals not backed up yet
	Unsafe     int       // recordings that cannot be copied, as the local files are damaged or missing
	Unremoved  int       // files of erased recordings that the target still has
	LastDrill  *DrillReport
}

// A DrillReport is what a restore drill has shown.
type DrillReport struct {
	Time       time.Time     `json:"time"`
	Took       time.Duration `json:"took"` // nanoseconds
	Recordings int           `json:"recordings"`
	Files      int           `json:"files"`
	Bytes      int64         `json:"bytes"`
	Opened     int           `json:"opened"` // audio files that were read to their end
	Days       int           `json:"days"`   // journals that were compared
	Oldest     archive.Day   `json:"oldest,omitempty"`
	Bundle     string        `json:"bundle,omitempty"`
	State      string        `json:"state"`            // of the bundle: ok, none, no-identity, bad
	Sealed     bool          `json:"sealed,omitempty"` // files are encrypted and nothing here opens them: only sizes were compared
	Faulty     int           `json:"faulty"`
	Faults     []Fault       `json:"faults,omitempty"`
}

// OK reports whether nothing was wrong.
func (d *DrillReport) OK() bool { return d.Faulty == 0 }

// A RestoreReport is what became of a restore.
type RestoreReport struct {
	Appliance  string
	Created    time.Time // of the backup
	Bundle     string    // the state bundle that was restored, "" = none
	BundleTime time.Time
	Days       int
	Recordings int
	Files      int64
	Bytes      int64
	Kept       int64 // files that were there and right already, from an interrupted restore
	Erased     int   // recordings that were erased: not brought back
	Missing    int   // files that the target has not
	Damaged    int   // files that are not what their seal says; they are in damaged/
	Faulty     int
	Faults     []Fault
}

// Progress is told while something is restored.
type Progress struct {
	Day               archive.Day
	Files, TotalFiles int64
	Bytes, TotalBytes int64
}
