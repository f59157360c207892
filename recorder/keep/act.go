package keep

import (
	"context"
	"errors"

	"vaad/recorder/archive"
	"vaad/recorder/index"
)

// Why an act is refused, for errors.Is.
var (
	ErrNotFound  = archive.ErrNotFound
	ErrProtected = errors.New("the recording is protected; take the protection away first")
	ErrHeld      = errors.New("the recording is under a legal hold")
	ErrOpen      = errors.New("the recording is still being made")
	ErrErased    = errors.New("the recording was erased")
	ErrNotTrash  = errors.New("the recording is not in the trash")
	ErrTrashed   = errors.New("the recording is in the trash already")
	ErrNoClass   = errors.New("there is no such retention class")
	ErrNotNow    = errors.New("the index is being made anew; try again when it is done")
	ErrSecond    = errors.New("a second person must approve this")
)

// An Order is something to be done to recordings.
type Order struct {
	Kind  string   // archive.ActProtect, ActUnprotect, ActHold, ActRelease, ActClass, ActTrash, ActUndelete
	IDs   []string // at most MaxOrder
	Actor string
	Value string // case of a hold, class, reason
}

// MaxOrder is how many recordings one order may name.
const MaxOrder = 10000

// An Outcome is what became of one recording of an order.
type Outcome struct {
	ID   string
	Line archive.JournalLine // zero where Err is
	Err  error
}

// Do does an order, recording by recording: what is refused does not keep the
// others. The outcomes are in the order of the IDs. The error is of the order itself.
func (e *Engine) Do(ctx context.Context, o Order) ([]Outcome, error) { return nil, ctx.Err() }

// Restore takes all recordings that match out of the trash, which get back the
// level that they had. States of the filter are not looked at. byRetention: also
// those that retention put there. It says how many came back.
func (e *Engine) Restore(ctx context.Context, f index.Filter, actor string, byRetention bool) (Totals, error) {
	return Totals{}, ctx.Err()
}

// Erase removes recordings for good, whatever level but protected and held they
// have: the line in the journal first, then the files. The numbers stay in the
// journal; see Forget. Policy.Second is for the caller to look at (see Desk).
func (e *Engine) Erase(ctx context.Context, ids []string, actor, reason string) ([]Outcome, error) {
	return nil, ctx.Err()
}
