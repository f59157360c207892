package index

import (
	"slices"
	"strings"
	"time"

	"vaad/recorder/archive"
)

// with returns the row with a later act applied; r itself stays as it is.
func (r *Row) with(l *archive.JournalLine) *Row {
	n := *r
	n.Notes, n.Marks = slices.Clip(n.Notes), slices.Clip(n.Marks)
	if !l.Redacted { // what it said is gone, and its recording with it
		n.act(l.Kind, l.Time, l.Actor, l.At, l.Value)
	}
	if l.Kind == archive.ActErase && l.Forget {
		n = n.forgotten()
		n.by(l.Actor)
	}
	n.Seq = l.Seq
	return &n
}

func (r *Row) act(kind string, at time.Time, actor string, pos int64, value string) {
	r.by(actor)
	switch kind {
	case archive.ActNote:
		r.Notes = append(r.Notes, Note{at.UTC(), actor, value})
	case archive.ActMark:
		r.Marks = append(r.Marks, Mark{at.UTC(), actor, pos, value})
	case archive.ActProtect:
		r.Protected = true
	case archive.ActUnprotect:
		r.Protected = false
	case archive.ActHold:
		r.hold(caseOf(value))
	case archive.ActRelease:
		r.release(value)
	case archive.ActClass:
		r.Class = value
	case archive.ActErase:
		r.State, r.Trashed, r.TrashedBy = StateErased, time.Time{}, ""
	}
	if r.State == StateErased {
		return // for good
	}
	switch kind {
	case archive.ActTrash:
		r.State, r.Trashed, r.TrashedBy = StateTrash, at.UTC(), actor
	case archive.ActUndelete:
		r.State, r.Trashed, r.TrashedBy = StateSealed, time.Time{}, ""
		if r.Recovered {
			r.State = StateRecovered
		}
	}
}

// caseOf is how the case of a hold stands in a row.
func caseOf(value string) string {
	if value = strings.Join(strings.Fields(value), " "); value == "" {
		return NoCase
	}
	return value
}

func (r *Row) hold(name string) {
	if i, there := slices.BinarySearch(r.Holds, name); !there {
		r.Holds = slices.Insert(slices.Clone(r.Holds), i, name)
	}
	r.Held = true
}

// release ends the hold of a case, or all.
func (r *Row) release(value string) {
	if value == "" {
		r.Holds = nil
	} else {
		r.Holds = slices.DeleteFunc(slices.Clone(r.Holds), func(s string) bool { return s == caseOf(value) })
	}
	if r.Held = len(r.Holds) > 0; !r.Held {
		r.Holds = nil
	}
}

// forgotten is all that a row may still say when its recording is erased with
// what was known of people: as much as the redacted lines of the journal say.
func (r *Row) forgotten() Row {
	return Row{ID: r.ID, Day: r.Day, Line: r.Line, Board: r.Board, Start: r.Start, End: r.End, Samples: r.Samples, Codec: r.Codec,
		Sides: r.Sides, Previous: r.Previous, Next: r.Next, Class: r.Class, Simulated: r.Simulated, State: StateErased, Forgotten: true}
}
