package index

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/store"

	"github.com/google/go-cmp/cmp"
)

func TestARecordingIsHeldAsLongAsAnyCaseHoldsIt(t *testing.T) {
	r := Row{State: StateSealed}
	for _, step := range []struct {
		kind, value string
		want        []string
	}{
		{archive.ActHold, "case 7", []string{"case 7"}}, {archive.ActHold, " case\n7 ", []string{"case 7"}},
		{archive.ActHold, "", []string{NoCase, "case 7"}}, {archive.ActHold, "a", []string{NoCase, "a", "case 7"}},
		{archive.ActRelease, "b", []string{NoCase, "a", "case 7"}}, {archive.ActRelease, "case 7", []string{NoCase, "a"}},
		{archive.ActRelease, NoCase, []string{"a"}}, {archive.ActRelease, "a", nil},
		{archive.ActHold, "x", []string{"x"}}, {archive.ActHold, "y", []string{"x", "y"}}, {archive.ActRelease, "", nil},
	} {
		before := slices.Clone(r.Holds)
		n := r.with(&archive.JournalLine{Kind: step.kind, Value: step.value})
		if !slices.Equal(n.Holds, step.want) || n.Held != (len(step.want) > 0) {
			t.Errorf("%s %q: held %v by %q, want %q", step.kind, step.value, n.Held, n.Holds, step.want)
		}
		if !slices.Equal(before, r.Holds) {
			t.Errorf("%s %q changed the row before it", step.kind, step.value)
		}
		r = *n
	}
}

func TestAnErasedRecordingStaysErasedAndComesOutOfTheTrashAsItWas(t *testing.T) {
	at := epoch
	r := Row{State: StateRecovered, Recovered: true, Protected: true}
	r = *r.with(&archive.JournalLine{Kind: archive.ActTrash, Time: at, Actor: "ann"})
	if r.State != StateTrash || !r.Trashed.Equal(at) || r.TrashedBy != "ann" || !r.Protected {
		t.Errorf("in the trash: %+v", r)
	}
	r = *r.with(&archive.JournalLine{Kind: archive.ActUndelete, Time: at})
	if r.State != StateRecovered || !r.Trashed.IsZero() || r.TrashedBy != "" || !r.Protected {
		t.Errorf("out of the trash: %+v", r)
	}
	r = *r.with(&archive.JournalLine{Kind: archive.ActErase, Time: at})
	for _, kind := range []string{archive.ActUndelete, archive.ActTrash} {
		if r = *r.with(&archive.JournalLine{Kind: kind, Time: at}); r.State != StateErased {
			t.Errorf("%s after erasing: %s", kind, r.State)
		}
	}
}

// TestWhatIsForgottenIsInNoSegment: the file says nothing any more that the
// journals do not say.
func TestWhatIsForgottenIsInNoSegment(t *testing.T) {
	j := newJournals()
	ix, err := Open(Config{Path: t.TempDir() + "/index.db", Journals: j, Subscribe: j.Subscribe, sizes: sizes{small: 4, large: 16, over: 100}, countTime: allCounted})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ix.Close() }()
	if err := ix.catchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	var l archive.JournalLine
	for i := range 20 {
		l = j.recording(time.Duration(i)*time.Minute, 1, func(s *archive.Seal) {
			s.Class = "long"
			if i < 2 {
				s.Caller, s.CallerName, s.LineName = "02079460000", "Jane Doe", "Jane's"
			}
		})
		if i == 0 {
			j.add(archive.JournalLine{Day: l.Day, Time: epoch, Kind: archive.ActNote, ID: l.ID, Actor: "ann", Value: "Jane rang"})
		}
	}
	if err := ix.fold(t.Context()); err != nil {
		t.Fatal(err)
	}
	page := query(t, ix, Filter{Number: "02079460000"})
	for _, r := range page.Rows {
		j.add(archive.JournalLine{Day: r.Day, Time: epoch, Kind: archive.ActErase, ID: r.ID, Actor: "ann", Forget: true})
	}
	if err := ix.fold(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := ix.db.View(func(tx *store.Tx) error {
		return columnBucket().Range(tx, "", "", func(k string, v []byte) bool {
			for _, s := range []string{"02079460000", "Jane"} {
				if bytes.Contains(v, []byte(s)) {
					t.Errorf("column %x still says %q", k, s)
				}
			}
			return true
		})
	}); err != nil {
		t.Fatal(err)
	}
	want := page.Rows[1]
	want = Row{ID: want.ID, Day: want.Day, Line: want.Line, Board: want.Board, Start: want.Start, End: want.End, Samples: want.Samples, Codec: want.Codec,
		Sides: want.Sides, Class: "long", State: StateErased, Forgotten: true, Actors: []string{"ann"}}
	got, _, err := ix.Get(want.ID)
	if want.Seq = got.Seq; err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("tombstone: %v (-want +got)\n%s", err, cmp.Diff(want, got))
	}
	if n := query(t, ix, Filter{States: []string{StateErased}}).Count; n != 2 {
		t.Errorf("%d tombstones are found where they are asked for, want 2", n)
	}
	if n := query(t, ix, Filter{}).Count; n != 18 {
		t.Errorf("%d recordings are found, want the 18 that are there", n)
	}
}
