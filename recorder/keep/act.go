package keep

import (
	"context"
	"errors"
	"fmt"
	"time"

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

// row is a recording as all journal lines so far make it.
func (e *Engine) row(id string) (index.Row, error) {
	if e.c.Index.Status().Rebuilding {
		return index.Row{}, ErrNotNow
	}
	r, ok, err := e.c.Index.Get(id)
	if err == nil && !ok {
		err = ErrNotFound
	}
	return r, err
}

// may says whether something may be done to a recording.
func may(kind string, r *index.Row) error {
	switch kind {
	case archive.ActTrash, archive.ActErase:
		switch {
		case r.State == index.StateOpen:
			return ErrOpen
		case r.State == index.StateErased:
			return ErrErased
		case r.Held:
			return ErrHeld
		case r.Protected:
			return ErrProtected
		case kind == archive.ActTrash && r.State == index.StateTrash:
			return ErrTrashed
		}
	case archive.ActUndelete:
		if r.State != index.StateTrash {
			return ErrNotTrash
		}
	default:
		if r.State == index.StateErased {
			return ErrErased
		}
	}
	return nil
}

// check is what the archive asks directly before the line.
func (e *Engine) check(a archive.Act) error {
	r, err := e.row(a.ID)
	if err == nil {
		err = may(a.Kind, &r)
	}
	return err
}

// why is what an act failed of. One whose files are gone may have been erased
// since it was looked at.
func (e *Engine) why(id string, err error) error {
	if errors.Is(err, ErrNotFound) {
		if r, look := e.row(id); look == nil && r.State == index.StateErased {
			return ErrErased
		}
	}
	return err
}

// Do does an order, recording by recording: what is refused does not keep the
// others. The outcomes are in the order of the IDs. The error is of the order itself.
func (e *Engine) Do(ctx context.Context, o Order) ([]Outcome, error) {
	switch o.Kind {
	case archive.ActProtect, archive.ActUnprotect, archive.ActHold, archive.ActRelease, archive.ActTrash, archive.ActUndelete:
	case archive.ActClass:
		p := e.c.Policy()
		if _, ok := p.class(o.Value); !ok { // "": the default one, as before
			return nil, fmt.Errorf("%q: %w", o.Value, ErrNoClass)
		}
	default:
		return nil, fmt.Errorf("%q is no order", o.Kind)
	}
	if len(o.IDs) > MaxOrder {
		return nil, fmt.Errorf("%d recordings in one order; at most %d are possible", len(o.IDs), MaxOrder)
	}
	out := make([]Outcome, len(o.IDs))
	var acts []archive.Act
	var at []int
	for i, id := range o.IDs {
		out[i].ID = id
		r, err := e.row(id)
		if err == nil {
			err = may(o.Kind, &r)
		}
		a := archive.Act{ID: id, Day: r.Day, Kind: o.Kind, Time: e.stamp(), Actor: o.Actor, Value: o.Value}
		switch {
		case err != nil:
			out[i].Err = err
		case r.State == index.StateOpen: // into its story
			a.Day, a.Time = "", time.Time{}
			out[i].Line, out[i].Err = e.c.Archive.Act(ctx, a)
		default:
			acts, at = append(acts, a), append(at, i)
		}
	}
	for i, d := range e.c.Archive.ActAll(ctx, acts, e.check) {
		out[at[i]].Line, out[at[i]].Err = d.Line, e.why(acts[i].ID, d.Err)
	}
	return out, nil
}

// Restore takes all recordings that match out of the trash, which get back the
// level that they had. States of the filter are not looked at. byRetention: also
// those that retention put there. It says how many came back.
func (e *Engine) Restore(ctx context.Context, f index.Filter, actor string, byRetention bool) (Totals, error) {
	var back Totals
	f.States, f.Oldest, f.NoCount, f.Limit, f.Cursor = []string{index.StateTrash}, true, true, pageRows, ""
	for {
		page, err := e.c.Index.Query(ctx, f)
		if err != nil {
			return back, err
		}
		var acts []archive.Act
		var bytes []int64
		for _, r := range page.Rows {
			if byRetention || r.TrashedBy != Actor {
				acts = append(acts, archive.Act{ID: r.ID, Day: r.Day, Kind: archive.ActUndelete, Actor: actor})
				bytes = append(bytes, r.Bytes)
			}
		}
		for i, d := range e.c.Archive.ActAll(ctx, acts, e.check) {
			switch {
			case d.Err == nil:
				back.Count++
				back.Bytes += bytes[i]
			case !errors.Is(d.Err, ErrNotTrash) && e.why(acts[i].ID, d.Err) != ErrErased:
				return back, d.Err
			}
		}
		if f.Cursor = page.Next; f.Cursor == "" {
			return back, nil
		}
	}
}

// Erase removes recordings for good: what is in the trash or, with s.Force, has any
// level but protected and held. The line in the journal comes first, then the files
// go. The numbers stay in the journal; see Forget. Policy.Second is for the caller to
// look at (see Desk).
func (e *Engine) Erase(ctx context.Context, s Subject, actor, reason string) ([]Outcome, error) {
	ids := s.IDs
	if len(ids) > MaxOrder {
		return nil, fmt.Errorf("%d recordings at once; at most %d are possible", len(ids), MaxOrder)
	}
	out := make([]Outcome, len(ids))
	var acts []archive.Act
	var at []int
	for i, id := range ids {
		out[i].ID = id
		r, err := e.row(id)
		if err == nil {
			err = s.mayErase(&r)
		}
		if out[i].Err = err; err == nil {
			acts, at = append(acts, archive.Act{ID: id, Day: r.Day, Kind: archive.ActErase, Actor: actor, Value: reason}), append(at, i)
		}
	}
	check := func(a archive.Act) error { // it may have been taken out of the trash meanwhile
		r, err := e.row(a.ID)
		if err == nil {
			err = s.mayErase(&r)
		}
		return err
	}
	for i, d := range e.c.Archive.EraseAll(ctx, acts, check) {
		out[at[i]].Line, out[at[i]].Err = d.Line, e.why(acts[i].ID, d.Err)
	}
	return out, nil
}

func (s *Subject) mayErase(r *index.Row) error {
	err := may(archive.ActErase, r)
	if err == nil && !s.Force && r.State != index.StateTrash {
		err = ErrNotTrash
	}
	return err
}
