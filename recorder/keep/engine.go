package keep

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/index"

	"github.com/prometheus/client_golang/prometheus"
)

// An Index finds rows; *index.Index is one.
type Index interface {
	Query(ctx context.Context, f index.Filter) (index.Page, error)
	Daily(ctx context.Context, f index.Filter) ([]index.DayTotal, error)
	Get(id string) (index.Row, bool, error)
	Status() index.Status
}

// An Archive journals and erases; *archive.Archive is one.
type Archive interface {
	Act(ctx context.Context, act archive.Act) (archive.JournalLine, error) // on recordings that are still being made
	ActAll(ctx context.Context, acts []archive.Act, check func(archive.Act) error) []archive.Done
	EraseAll(ctx context.Context, acts []archive.Act, check func(archive.Act) error) []archive.Done
	FinishErasures(ctx context.Context) error // an error: something that was erased still takes its room
	Space() (archive.Space, error)
	Reconcile(ctx context.Context, pace func(context.Context) error, report func(archive.Finding)) error
}

// Backups knows what is safe elsewhere.
type Backups interface {
	// Backed reports whether all files of a recording are on a target that was
	// verified. It is asked for each recording that is due: it must not wait.
	Backed(id string, day archive.Day) bool
	// Mark changes whenever something may have been backed up; "": there is no backup.
	Mark() string
}

// Alarms is told what the operator must know.
type Alarms interface {
	Raise(code, subject string, args map[string]string)
	Clear(code, subject string)
}

// Alarms that the engine raises; their subject is "recordings".
const (
	AlarmClock    = "retention-clock"    // nothing is deleted as the clock cannot be trusted; args: reason (a HoldOff), now, seen
	AlarmFailed   = "retention-failed"   // a run could not do what was due; args: reason
	AlarmDeletes  = "retention-deletes"  // the disk's reserve is reached and the oldest are being deleted; args: free, reserve
	AlarmStopped  = "retention-stopped"  // the disk's reserve is reached and nothing is recorded; args: free, reserve
	AlarmNearFull = "retention-disk"     // the disk is nearly full; args: free, reserve, when (a WhenFull)
	AlarmNothing  = "retention-nothing"  // the reserve is reached and there is nothing that may be deleted; args: free, reserve
	AlarmUnsaved  = "retention-unsaved"  // recordings will be deleted before they are backed up; args: count, hours
	AlarmUnknown  = "retention-no-class" // recordings have a class that is in no policy: they are kept; args: count

	subject = "recordings"
)

// Actor is who the engine's own acts are journaled as.
const Actor = "retention"

// A Memory keeps the engine's state over restarts; cmd/vaad has it in store.
type Memory interface {
	Load() (State, error)
	Save(State) error
}

// State is what the engine must not forget.
type State struct {
	Seen    time.Time `json:"seen"`              // wall time when the clock was last found good
	Future  time.Time `json:"future,omitzero"`   // recordings up to this start say nothing about the clock: a person said so
	Doubts  []Span    `json:"doubts,omitempty"`  // when the clock was behind: disjoint, in order
	LastRun time.Time `json:"last_run,omitzero"` // of a run that was not held off
	Last    Report    `json:"last,omitzero"`
}

// CallJournal can forget a number; *calls.Journal is one.
type CallJournal interface {
	// Forget takes a number and the names that came with it out of all calls and
	// says how many it changed.
	Forget(ctx context.Context, number string) (calls int, err error)
}

// Prover proves that erasures stand in the evidence log; *evidence.Log is one.
type Prover interface {
	// ProveErased takes the log up to now, signs it, and proves the erase lines of
	// recordings. Simulated recordings have none and are left out.
	ProveErased(ctx context.Context, lines []archive.JournalLine) (leaves []ErasedLeaf, checkpoint string, err error)
}

// Config of an engine. Index, Archive and Policy are required.
type Config struct {
	Index   Index
	Archive Archive
	Policy  func() Policy // as it is now; asked at the begin of each job

	Backups    Backups                         // nil: nothing is backed up
	Memory     Memory                          // nil: nothing is remembered
	Calls      CallJournal                     // nil: there is none
	Prover     Prover                          // nil: erasures are not proven
	Alarms     Alarms                          // nil: nobody is told
	Synced     func() bool                     // the clock is synchronised; nil: never
	StopAll    func(stop bool)                 // tells the recorder that no new recording may begin, or may again; nil: FullStop only warns
	Pace       func(ctx context.Context) error // called before each batch; it may wait; nil: none does
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time // nil = time.Now
}

// An Engine keeps recordings as long as its policy says. Its methods may be
// called from any goroutine; of each job one is under way at a time.
type Engine struct {
	c Config
	m *metrics

	job   sync.Mutex // one Run at a time
	watch sync.Mutex // and one Watch: a full disk does not wait for a run
	none  nothing    // under watch

	saving sync.Mutex // held while Memory is written

	mu    sync.Mutex
	state State
	seen  time.Time // as State.Seen, with the monotonic clock
	saved time.Time // State.Seen, as Memory has it
	disk  DiskState
	held  HoldOff
}

// New makes an engine and reads what it must remember.
func New(c Config) (*Engine, error) {
	if c.Index == nil || c.Archive == nil || c.Policy == nil {
		return nil, errors.New("keep: Index, Archive and Policy are needed")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Synced == nil {
		c.Synced = func() bool { return false }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	e := &Engine{c: c, m: newMetrics(c.Registerer)}
	if c.Memory != nil {
		s, err := c.Memory.Load()
		if err != nil {
			return nil, err
		}
		e.state, e.seen, e.saved = s, s.Seen, s.Seen
	}
	return e, nil
}
