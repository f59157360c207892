package backup

import (
	"context"
	"errors"
	"time"

	"filippo.io/age"

	"vaad/recorder/archive"
	"vaad/recorder/backup/target"
)

var errSoon = errors.New("not built yet")

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
