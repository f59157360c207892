package keep_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"vaad/recorder/archive"
	"vaad/recorder/index"
	"vaad/recorder/keep"
)

// calls forgets numbers.
type calls struct{ asked []string }

func (c *calls) Forget(_ context.Context, number string) (int, error) {
	c.asked = append(c.asked, number)
	return 4, nil
}

type prover struct{ err error }

func (p prover) ProveErased(_ context.Context, lines []archive.JournalLine) (leaves []archive.ErasedLeaf, _ string, err error) {
	for i, l := range lines {
		leaves = append(leaves, archive.ErasedLeaf{ID: l.ID, Index: int64(i), Record: string(l.Day)})
	}
	return leaves, "signed", p.err
}

func number(caller, called string) func(*archive.Start) {
	return func(s *archive.Start) { s.Caller, s.Called, s.LineName = caller, called, "Jane's line" }
}

func TestOnePersonsDataIsErasedEverywhereWithAProof(t *testing.T) {
	r := newRig(t, ramDir(t), twoClasses())
	defer func() { r.stop() }()
	const jane = "02079460000"
	a, b, c := r.record(number(jane, "1")), r.record(number("1", "020 7946 0000")), r.record(number(jane, "2"))
	other, longer := r.record(number("02079460001", "2")), r.record(number(jane+"9", "2"))
	erased, held := r.record(number(jane, "3")), r.record(number(jane, "4"))
	_, err := r.a.Act(ctx, archive.Act{ID: a, Kind: archive.ActNote, Value: "Jane was angry"})
	r.must(err)
	r.must(r.do(archive.ActTrash, "", b))
	r.must(r.do(archive.ActHold, "case 7", held))
	_, err = r.e.Erase(ctx, keep.Subject{IDs: []string{erased}, Force: true}, "ann", "")
	r.must(err)
	journal := &calls{}
	e, err := keep.New(keep.Config{Index: r.ix, Archive: spaced{r.a, r}, Policy: func() keep.Policy { return r.policy }, Now: r.Now, Calls: journal, Prover: prover{}})
	r.must(err)
	proof, err := e.Forget(ctx, keep.Subject{Number: "(020) 7946-0000", IDs: []string{c, c, "01J00000000000000000000000"}}, "ann", "bob", "letter of 3 May")
	r.must(err)
	var got []string
	for _, it := range proof.Erased {
		got = append(got, it.ID)
		if it.Line == 0 || it.Leaf == nil || it.Leaf.Record != string(it.Day) {
			t.Errorf("proof of %s: %+v", it.ID, it)
		}
	}
	slices.Sort(got)
	want := []string{a, b, c, erased}
	slices.Sort(want)
	if !slices.Equal(got, want) || proof.Calls != 4 || proof.Checkpoint != "signed" || proof.Approved != "bob" || len(journal.asked) != 1 {
		t.Errorf("proof %+v, asked %v; want %v erased", proof, journal.asked, want)
	}
	codes := map[string]string{}
	for _, x := range proof.Refused {
		codes[x.ID] = x.Code
	}
	if len(codes) != 2 || codes[held] != "held" || codes["01J00000000000000000000000"] != "not-found" {
		t.Errorf("refused: %v", codes)
	}
	r.is(index.StateErased, want...)
	r.is(index.StateSealed, other, longer, held)
	for _, id := range want {
		if row := r.row(id); row.Caller+row.Called+row.LineName != "" || len(row.Notes) > 0 || !row.Forgotten {
			t.Errorf("the index still says %+v", row)
		}
	}
	text := ""
	r.must(r.a.RawLines(ctx, archive.DayOf(t0), archive.Place{}, func(l *archive.RawLine) error {
		if !strings.Contains(string(l.Bytes), held) && !strings.Contains(string(l.Bytes), longer) {
			text += string(l.Bytes)
		}
		return nil
	}))
	for _, s := range []string{jane, "020 7946", "Jane was"} {
		if strings.Contains(text, s) {
			t.Errorf("the journal still says %q", s)
		}
	}
	page, err := r.ix.Query(ctx, index.Filter{Number: jane})
	if err != nil || page.Count != 1 { // the one that is held
		t.Errorf("%d recordings are found by the number, %v", page.Count, err)
	}
	for _, s := range []string{"*", "12", "", "0207*"} {
		if _, err := e.Forget(ctx, keep.Subject{Number: s}, "ann", "", ""); !errors.Is(err, keep.ErrNumber) {
			t.Errorf("number %q: %v", s, err)
		}
	}
	e, err = keep.New(keep.Config{Index: r.ix, Archive: spaced{r.a, r}, Policy: func() keep.Policy { return r.policy }, Now: r.Now, Prover: prover{errors.New("not ready")}})
	r.must(err)
	if proof, err = e.Forget(ctx, keep.Subject{IDs: []string{a}}, "ann", "", ""); err != nil || len(proof.Erased) != 1 || proof.Unproven != "not ready" {
		t.Errorf("again, without proof: %+v, %v", proof, err)
	}
}

// requests is a store of requests.
type requests struct {
	all  []keep.Request
	fail error
}

func (s *requests) Put(r keep.Request) error {
	if s.fail != nil {
		return s.fail
	}
	for i := range s.all {
		if s.all[i].ID == r.ID {
			s.all[i] = r
			return nil
		}
	}
	s.all = append(s.all, r)
	return nil
}

func (s *requests) Get(id string) (keep.Request, bool, error) {
	for _, r := range s.all {
		if r.ID == id {
			return r, true, nil
		}
	}
	return keep.Request{}, false, nil
}

func (s *requests) List() ([]keep.Request, error) { return slices.Clone(s.all), nil }

func TestWhatCannotBeUndoneNeedsASecondPerson(t *testing.T) {
	r := newRig(t, ramDir(t), twoClasses())
	defer func() { r.stop() }()
	store, n := &requests{}, 0
	d := keep.NewDesk(store, func() string { n++; return fmt.Sprint("Q", n) }, r.Now)
	gone, stays := r.record(nil), r.record(nil)
	r.must(r.do(archive.ActProtect, "", stays))
	ask := func() string {
		t.Helper()
		q, err := d.Ask(keep.AskErase, keep.Subject{IDs: []string{gone, stays}, Force: true}, "ann", "why")
		r.must(err)
		return q.ID
	}
	id := ask()
	if _, err := r.e.Perform(ctx, d, id); !errors.Is(err, keep.ErrWrongState) {
		t.Errorf("performed without approval: %v", err)
	}
	for _, by := range []string{"ann", ""} {
		if _, err := d.Approve(id, by); !errors.Is(err, keep.ErrSameActor) {
			t.Errorf("approved by %q: %v", by, err)
		}
	}
	if _, err := d.Withdraw(id, "bob"); !errors.Is(err, keep.ErrNotAsker) {
		t.Errorf("withdrawn by another: %v", err)
	}
	if _, err := d.Approve("Q0", "bob"); !errors.Is(err, keep.ErrNoRequest) {
		t.Errorf("no such request: %v", err)
	}
	_, err := d.Approve(id, "bob")
	r.must(err)
	if _, err := d.Approve(id, "cleo"); !errors.Is(err, keep.ErrWrongState) {
		t.Errorf("approved twice: %v", err)
	}
	q, err := r.e.Perform(ctx, d, id)
	if err != nil || q.State != keep.Done || q.Erased != 1 || q.Refused != 1 || q.Answer == "" || q.Approver != "bob" {
		t.Errorf("done: %+v, %v", q, err)
	}
	r.is(index.StateErased, gone)
	r.is(index.StateSealed, stays)
	if _, err := r.e.Perform(ctx, d, id); !errors.Is(err, keep.ErrWrongState) {
		t.Errorf("performed twice: %v", err)
	}

	late, refused, back := ask(), ask(), ask()
	_, err = d.Refuse(refused, "bob", "no")
	r.must(err)
	_, err = d.Withdraw(back, "ann")
	r.must(err)
	approved := ask()
	_, err = d.Approve(approved, "bob")
	r.must(err)
	r.pass(keep.RequestLife)
	if _, err := d.Approve(late, "bob"); !errors.Is(err, keep.ErrWrongState) {
		t.Errorf("approved after two weeks: %v", err)
	}
	if _, err := r.e.Perform(ctx, d, approved); !errors.Is(err, keep.ErrWrongState) {
		t.Errorf("performed after two weeks: %v", err)
	}
	all, err := d.List()
	r.must(err)
	var states []keep.RequestState
	for _, q := range all {
		states = append(states, q.State)
	}
	if want := []keep.RequestState{keep.Expired, keep.Withdrawn, keep.Refusal, keep.Expired, keep.Done}; !slices.Equal(states, want) {
		t.Errorf("states %v, want %v", states, want)
	}
	for _, bad := range []keep.Subject{{}, {Number: "12345"}} {
		if _, err := d.Ask(keep.AskErase, bad, "ann", ""); err == nil {
			t.Errorf("erasing %+v can be asked for", bad)
		}
	}
	q, err = d.Ask(keep.AskForget, keep.Subject{Number: "12345"}, "ann", "")
	r.must(err)
	_, err = d.Approve(q.ID, "bob")
	r.must(err)
	if q, err = r.e.Perform(ctx, d, q.ID); err != nil || q.Proof == nil || q.What.Number != "" || q.Proof.Approved != "bob" {
		t.Errorf("forgotten: %+v, %v", q, err)
	}
}

func TestTidyingUpFinishesWhatACrashLeft(t *testing.T) {
	r := newRig(t, ramDir(t), twoClasses())
	defer func() { r.stop() }()
	orphan, erased := r.record(nil), r.record(nil)
	audio, err := r.disk.ReadFile("2026/11/22/" + erased + ".mixed.wav")
	r.must(err)
	_, err = r.e.Erase(ctx, keep.Subject{IDs: []string{erased}, Force: true}, "ann", "")
	r.must(err)
	r.disk.WriteFile("2026/11/22/"+erased+".mixed.wav", audio) // as if it had never been removed
	r.disk.WriteFile("2026/11/22/notes.txt", []byte("x"))
	r.disk.WriteFile("2026/11/23/"+orphan[:25]+"Z.mixed.wav", audio)
	rep, err := r.e.Tidy(ctx)
	r.must(err)
	if rep.Repaired != 2 || rep.Left != 1 || rep.Found[archive.FoundErased] != 1 || rep.Found[archive.FoundAdopted] != 1 || rep.Found[archive.FoundStray] != 1 {
		t.Errorf("%+v", rep)
	}
	r.is(index.StateErased, erased)
	r.is(index.StateSealed, orphan[:25]+"Z")
	if rep, err = r.e.Tidy(ctx); err != nil || rep.Repaired != 0 {
		t.Errorf("again: %+v, %v", rep, err)
	}
}
