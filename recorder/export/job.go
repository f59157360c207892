package export

import "time"

// States of a job.
const (
	Queued    = "queued"
	Running   = "running"
	Done      = "done"      // the result can be had
	Failed    = "failed"    // Code says why
	Cancelled = "cancelled" // by somebody
)

// Codes of jobs that failed.
const (
	FailInterrupted = "interrupted" // the daemon ended
	FailNoSpace     = "no-space"
	FailNothing     = "nothing" // none of the recordings could be given
	FailErased      = "erased"  // something in it has been erased, when it was made or later
	FailOther       = "error"
)

// Codes of recordings that a manifest tells of: what became of each. Of encrypted
// ones those of [archive.Unreadable] come to these.
const (
	ResultOK         = "ok"
	ResultErased     = "erased"
	ResultTrash      = "in-trash"
	ResultGone       = "gone"       // the index no longer has it
	ResultNoAudio    = "no-audio"   // its files are not there
	ResultNoSide     = "no-side"    // it has not the side that was asked for
	ResultEmpty      = "empty"      // there is nothing in it to be encoded
	ResultUnreadable = "unreadable" // Detail says why
	ResultDenied     = "denied"     // whoever asked may no longer have recordings of its line
)

// Codes of proofs in a manifest.
const (
	ProofBundle    = "bundle"
	ProofUnsigned  = "unsigned"  // no checkpoint covers the recording yet
	ProofSimulated = "simulated" // it is no evidence
	ProofFailed    = "failed"
)

// Limits of jobs.
const (
	MaxRecordings = 100_000 // in one job
	MaxProofs     = 1000    // in one job: for each the journal of its day is read
	maxJobs       = 200     // that are kept, whatever their state
	maxWaiting    = 20      // that have not ended
	ownJobs       = 20      // of maxJobs, for one actor
	ownWaiting    = 10      // of maxWaiting, for one actor
	maxReason     = 500     // bytes
	workers       = 2       // jobs at once; the pool bounds what they do
)

// A Spec is what a job is asked for.
type Spec struct {
	IDs      []string `json:"ids,omitempty"` // in the order of the manifest; nil when the job has ended
	Format   string   `json:"format"`
	Layout   Layout   `json:"layout,omitempty"`
	Template string   `json:"template,omitempty"`
	Proof    bool     `json:"proof,omitempty"`
	Reason   string   `json:"reason,omitempty"`
	Search   string   `json:"search,omitempty"` // how the recordings were found, for the manifest
	Actor    string   `json:"actor"`
	Kind     string   `json:"kind"` // how the actor came in

	// Lines are those of the recordings, each once; nil in records that earlier
	// versions wrote: not known.
	Lines []int `json:"lines,omitempty"`

	// Allowed says whether the actor may take recordings of a line away at that
	// moment; nil: of every line.
	Allowed func(line int) bool `json:"-"`
}

// A Job is one export of many recordings.
type Job struct {
	V        int       `json:"v"`
	ID       string    `json:"id"`
	Spec     Spec      `json:"spec"`
	State    string    `json:"state"`
	Code     string    `json:"code,omitempty"` // of what failed
	Detail   string    `json:"detail,omitempty"`
	Created  time.Time `json:"created"`
	Started  time.Time `json:"started,omitzero"`
	Finished time.Time `json:"finished,omitzero"`
	Expires  time.Time `json:"expires,omitzero"` // then it is removed with its result

	Total   int    `json:"total"`   // recordings that were asked for
	Handled int    `json:"handled"` // of these, whatever became of them
	Left    int    `json:"left"`    // of these, those that could not be given
	Files   int    `json:"files"`
	Bytes   int64  `json:"bytes"` // of the result
	SHA256  string `json:"sha256,omitempty"`

	// Erased are the recordings that were erased when the export got to them; true:
	// with what was known of people. It stands in the record alone.
	Erased map[string]bool `json:"erased,omitempty"`

	first, last string // of the recordings by ID, when it is done
	unchecked   bool   // what was erased while nobody told it may be in it
}

// Ended says that nothing more becomes of it.
func (j *Job) Ended() bool { return j.State == Done || j.State == Failed || j.State == Cancelled }

// jobVersion is that of the files that jobs are kept in.
const jobVersion = 1
