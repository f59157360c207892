package archive

import (
	"context"
	"io"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// A Pool bounds how much of the processor heavy jobs (here: hashing) may take.
type Pool interface {
	Acquire(context.Context) error
	Release()
}

// Config says where and with what an archive works.
type Config struct {
	Root       string                // the recordings folder; made if missing
	Disk       Disk                  // nil = OSDisk(Root)
	Pool       Pool                  // nil = as many hashes at once as there are cores
	Registerer prometheus.Registerer // nil = metrics are not registered
	Now        func() time.Time      // nil = time.Now; stamps journal lines and IDs
	Rand       io.Reader             // nil = crypto/rand; salts and IDs

	// Fault is told what the committer could not do and will try again (full
	// or read-only disk). Called from its goroutine; nil = nobody is told.
	Fault func(error)
}

// Archive is an archive open for writing. Its methods may be called from any goroutine.
type Archive struct {
	Reader
}

// Open locks the root, makes open/ and starts the committer. It reads no
// recordings: call [Archive.Recover] next.
func Open(c Config) (*Archive, error) { return nil, ErrClosed }

// Close seals what is queued, with one try, stops the committer and unlocks.
// Recordings whose writers were not finished stay in open/ for the next Recover.
func (a *Archive) Close() error { return nil }

// NewID makes the ID of a recording whose files are made later (Start.ID). It
// touches no disk: the recorder names recordings even while the disk refuses.
func (a *Archive) NewID() string { return "" }

// Begin makes the files of a new recording in open/ and returns its writer.
// The recording exists, with its story's first line, before any audio does.
func (a *Archive) Begin(s Start) (*Writer, error) { return nil, ErrClosed }

// Sync makes everything appended, checkpointed and logged so far durable and
// says how long it took. The recorder calls it once a second.
func (a *Archive) Sync() (time.Duration, error) { return 0, nil }

// Flush waits until everything queued for sealing is sealed and durable, or has
// failed once (it stays queued and is tried again).
func (a *Archive) Flush(ctx context.Context) error { return nil }

// Act journals something done to a recording and returns the line when it is
// durable. For a recording that still runs the act goes into its story and comes
// back in Seal.Acts; the line returned then has Seq 0.
func (a *Archive) Act(ctx context.Context, act Act) (JournalLine, error) {
	return JournalLine{}, ErrClosed
}

// Subscribe calls f with every journal line once it is durable, in the order of
// the journal, from the committer's goroutine. cancel ends it.
func (a *Archive) Subscribe(f func(JournalLine)) (cancel func()) { return func() {} }

// Space says what is left on the disk.
func (a *Archive) Space() (Space, error) { return Space{}, nil }

// A Writer writes one recording. One goroutine appends; Log may be called from any.
type Writer struct{}

// ID is the recording's ULID.
func (w *Writer) ID() string { return "" }

// Start is what the recording began with.
func (w *Writer) Start() Start { return Start{} }

// Bytes is how much audio of a side is in the file.
func (w *Writer) Bytes(side int) int64 { return 0 }

// Append adds audio, whole samples in the recording's codec, to a side. On error
// nothing was taken: the same bytes may be appended again later, or the recording finished.
func (w *Writer) Append(side int, data []byte) error { return ErrClosed }

// Checkpoint notes bytes and CRC of what was appended since the last one, with
// the wall time behind the last sample and the samples so far. Only checkpointed
// audio survives a crash. On error the next checkpoint covers this one's bytes too.
func (w *Writer) Checkpoint(wall time.Time, samples int64) error { return ErrClosed }

// Log adds a line to the story. On error nothing was added.
func (w *Writer) Log(e Entry) error { return ErrClosed }

// Finish ends the recording and hands it to the committer, which seals it with
// others in one go; a subscriber is told when it is durable. It never waits for
// the disk, and fails only when called twice or after Close.
func (w *Writer) Finish(e End) error { return ErrClosed }

// Recovered says what became of one recording that a crash left in open/.
type Recovered struct {
	ID      string
	State   RecoveredState
	Day     Day
	Start   Start     // as far as known
	End     time.Time // wall time behind the last sample kept
	Samples int64     // kept
	Cut     int64     // bytes behind the last good checkpoint, thrown away
	Err     error     // for RecoverPending and RecoverQuarantined
}

// RecoveredState is what became of a recording at recovery.
type RecoveredState string

const (
	RecoverCut         RecoveredState = "recovered"   // cut at its last good checkpoint and sealed
	RecoverResumed     RecoveredState = "resumed"     // it had ended; its sealing was completed
	RecoverDiscarded   RecoveredState = "discarded"   // there was no audio in it
	RecoverQuarantined RecoveredState = "quarantined" // nothing says what its bytes are; moved to damaged/
	RecoverPending     RecoveredState = "pending"     // the disk refused; it is tried again
)

// Recover takes care of everything in open/ that no writer of this process owns:
// it keeps bytes up to the last checkpoint that verifies, fixes headers, seals
// and journals. It may run while new recordings begin. f (may be nil) is called
// once per recording from one goroutine, when its fate is durable.
func (a *Archive) Recover(ctx context.Context, f func(Recovered)) error { return nil }

// A Finding is what Reconcile came across.
type Finding struct {
	Kind string // code: adopted, missing, size-changed, unreadable, damaged-line, stray
	Day  Day
	ID   string
	Name string // file
	Err  error
}

// Reconcile walks the day folders once, oldest first: files without a journal
// line are adopted, leftovers in open/ recovered, missing files reported once per
// process. pace is called before each file that is looked at; it may wait, and
// ends the walk with an error. report may be nil.
func (a *Archive) Reconcile(ctx context.Context, pace func(context.Context) error, report func(Finding)) error {
	return nil
}
