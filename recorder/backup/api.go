package backup

import (
	"context"
	"errors"
	"time"

	"filippo.io/age"
	"github.com/prometheus/client_golang/prometheus"

	"vaad/recorder/archive"
	"vaad/recorder/backup/target"
)

var errSoon = errors.New("not built yet")

// Metrics of all engines of a process.
type Metrics struct{}

// NewMetrics registers them; r may be nil.
func NewMetrics(r prometheus.Registerer) *Metrics { return &Metrics{} }

// ApplianceID reads the ID of the appliance from ROOT/appliance, and makes one
// where there is none.
func ApplianceID(root string) (string, error) { return "", errSoon }

// An Engine backs up to one target. Its methods may be called from any goroutine.
type Engine struct{}

// New reads the state of a target. It does not touch the target.
func New(c Config) (*Engine, error) { return nil, errSoon }

// Close closes the state. Call it when no run is under way.
func (e *Engine) Close() error { return errSoon }

// Run brings the target up to date. The report is there also when there is an
// error; ErrIncomplete says that only single things failed.
func (e *Engine) Run(ctx context.Context) (Report, error) { return Report{}, errSoon }

// Plan says what a run would do, without the target.
func (e *Engine) Plan(ctx context.Context) (Work, error) { return Work{}, errSoon }

// Status says how things stand.
func (e *Engine) Status() Status { return Status{} }

// Backed reports whether line seq of a day is on the target with all that it
// stands for. Recordings that Options leave out count as backed up: nothing is
// to be waited for. It takes no time: no disk is read.
func (e *Engine) Backed(d archive.Day, seq uint64) bool { return false }

// Covered reports whether the files of a recording are on the target. It reads
// the day's journal.
func (e *Engine) Covered(id string, d archive.Day) bool { return false }

// OldestUnbacked is the time of the oldest line that is not on the target; zero
// when all is.
func (e *Engine) OldestUnbacked(ctx context.Context) (time.Time, error) { return time.Time{}, errSoon }

// Adopt makes the target ours: one that holds nothing, or the backup of another appliance.
// What it holds stays.
func (e *Engine) Adopt(ctx context.Context) (Head, error) { return Head{}, errSoon }

// Drill restores random recordings to a temporary folder and compares them. The
// report is kept as the last drill.
func (e *Engine) Drill(ctx context.Context) (DrillReport, error) { return DrillReport{}, errSoon }

// PutBack brings recordings back into the archive whose files are lost or
// damaged. adopt is called for each whose seal the journal has not (any more);
// it may be [archive.Archive.Reconcile]. Erased ones are not brought back.
func (e *Engine) PutBack(ctx context.Context, s Selection, adopt func(context.Context) error) (RestoreReport, error) {
	return RestoreReport{}, errSoon
}

// A Selection says which recordings are meant.
type Selection struct {
	IDs      []string    // none = all of the days
	Day      archive.Day // of the IDs where it is known; "" = looked for
	From, To archive.Day // "" = from the first, to the last; both are included
}

// Restoring says from where and how something is restored.
type Restoring struct {
	Target     target.Target
	Identities []age.Identity
	Bundle     string           // state bundle to restore, its name on the target; "" = the newest
	Parallel   int              // 0 = 2
	Progress   func(Progress)   // may be nil
	Disk       archive.Disk     // of the folder; nil = the file system
	Now        func() time.Time // nil = time.Now
}

// ReadHead says whose backup a target holds.
func ReadHead(ctx context.Context, t target.Target) (Head, error) { return Head{}, errSoon }

// RestoreAll brings a whole appliance back onto a new, empty root: recordings,
// journals, evidence, settings, state. No daemon may run there. Interrupted, it
// goes on where it was. The target is only read.
func RestoreAll(ctx context.Context, r Restoring, root string) (RestoreReport, error) {
	return RestoreReport{}, errSoon
}

// Restore brings recordings into a folder, laid out as the archive's: any tool
// that opens an archive opens it. Journals there have the lines of what was restored...
func Restore(ctx context.Context, r Restoring, s Selection, folder string) (RestoreReport, error) {
	return RestoreReport{}, errSoon
}

// Bundles lists the state bundles of a target, newest first.
func Bundles(ctx context.Context, t target.Target) ([]string, error) { return nil, errSoon }
