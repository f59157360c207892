package keep_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/index"
	"vaad/recorder/keep"
)

// many are journals of recordings that are made by a formula: one every five
// minutes.
type many struct {
	n     int
	lines map[archive.Day]uint64
	f     func(archive.JournalLine)
}

func (m *many) at(i int) time.Time { return t0.Add(time.Duration(i-m.n) * 5 * time.Minute) }
func (m *many) id(i int) string    { return fmt.Sprintf("01J%023d", i) }

func (m *many) Lines(_ context.Context, from archive.Cursor, f func(*archive.JournalLine) error, _ func(string, error)) error {
	if len(from) > 0 {
		return nil
	}
	for i := range m.n {
		s := &archive.Seal{Start: archive.Start{Line: i % 128, Codec: archive.GSM, Sides: []string{"mixed"}, Begin: m.at(i),
			Class: []string{"", "", "", "short", "ever"}[i%5]}, End: m.at(i).Add(time.Minute), Samples: 480000,
			Files: []archive.Sealed{{Side: "mixed", Bytes: 97500}}}
		if err := f(m.line(i, archive.JournalLine{Kind: archive.KindSealed, Seal: s})); err != nil {
			return err
		}
	}
	return nil
}

func (m *many) line(i int, l archive.JournalLine) *archive.JournalLine {
	l.ID, l.Day = m.id(i), archive.DayOf(m.at(i))
	m.lines[l.Day]++
	l.Seq, l.Next = m.lines[l.Day], int64(m.lines[l.Day])*100
	return &l
}

// told is an archive that only tells the index.
type told struct {
	*many
	spaced
	now  func() time.Time
	acts int
}

func (a *told) all(acts []archive.Act, kind string, check func(archive.Act) error) []archive.Done {
	out := make([]archive.Done, len(acts))
	for i, act := range acts {
		if out[i].Err = check(act); out[i].Err != nil {
			continue
		}
		var n int
		_, _ = fmt.Sscanf(act.ID[3:], "%d", &n)
		l := a.line(n, archive.JournalLine{Kind: kind, Time: a.now(), Actor: act.Actor, Value: act.Value})
		a.f(*l)
		a.acts++
		out[i].Line = *l
	}
	return out
}

func (a *told) ActAll(_ context.Context, acts []archive.Act, check func(archive.Act) error) []archive.Done {
	return a.all(acts, archive.ActTrash, check)
}

func (a *told) EraseAll(_ context.Context, acts []archive.Act, check func(archive.Act) error) []archive.Done {
	return a.all(acts, archive.ActErase, check)
}

func (a *told) Reconcile(context.Context, func(context.Context) error, func(archive.Finding)) error {
	return nil
}

// counted counts what is read of an index.
type counted struct {
	*index.Index
	pages, rows int
}

func (c *counted) Query(ctx context.Context, f index.Filter) (index.Page, error) {
	p, err := c.Index.Query(ctx, f)
	c.pages++
	c.rows += len(p.Rows)
	return p, err
}

// TestWhatIsDueIsFoundWithoutReadingTheRest: of 300,000 recordings only those are
// read that go, and a few pages.
func TestWhatIsDueIsFoundWithoutReadingTheRest(t *testing.T) {
	if testing.Short() {
		t.Skip("300,000 recordings")
	}
	m := &many{n: 300_000, lines: map[archive.Day]uint64{}}
	ix, err := index.Open(index.Config{Path: ramDir(t) + "/index.db", Journals: m,
		Subscribe: func(f func(archive.JournalLine)) func() { m.f = f; return func() {} }})
	if err != nil {
		t.Fatal(err)
	}
	run, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- ix.Run(run) }()
	defer func() {
		cancel()
		<-ended
		if err := ix.Close(); err != nil {
			t.Error(err)
		}
	}()
	for ix.Status().Rebuilding || ix.Status().Pending > 0 {
		time.Sleep(time.Millisecond)
	}
	now := t0
	a := &told{many: m, spaced: spaced{r: &rig{}}, now: func() time.Time { return now }}
	c := &counted{Index: ix}
	const day = 24 * time.Hour // 300,000 are 1041 days
	policy := keep.Policy{Default: "normal", Classes: []keep.Class{{Name: "normal", Days: 1030, TrashDays: 5}, {Name: "short", Days: 1000, Action: keep.ToErase},
		{Name: "ever", Forever: true}}, Quotas: []keep.Quota{{Group: "all", Lines: []int{3}, Count: 2200}}}
	e, err := keep.New(keep.Config{Index: c, Archive: a, Policy: func() keep.Policy { return policy }, Synced: func() bool { return true }, Now: a.now})
	if err != nil {
		t.Fatal(err)
	}
	step := func(want, pages int) {
		t.Helper()
		c.pages, c.rows, a.acts = 0, 0, 0
		rep, err := e.Run(t.Context())
		if err != nil || rep.Failed > 0 {
			t.Fatal(rep, err)
		}
		if a.acts != want || c.rows > want+600 || c.pages > pages {
			t.Errorf("%d went, %d wanted; %d rows were read in %d pages, at most %d wanted", a.acts, want, c.rows, c.pages, pages)
		}
	}
	gone := map[int]bool{}
	due := func() int { // the slow way
		before, room := len(gone), -2200
		for i := range m.n {
			age, kind := now.Sub(m.at(i).Add(time.Minute)), i%5
			if kind < 3 && age >= 1030*day || kind == 3 && age >= 1000*day {
				gone[i] = true
			}
			if i%128 == 3 && !gone[i] {
				room++
			}
		}
		for i := 3; i < m.n && room > 0; i += 128 {
			if !gone[i] && i%5 < 4 {
				gone[i] = true
				room--
			}
		}
		return len(gone) - before
	}
	if n := due(); n < 4000 {
		t.Fatalf("%d are due", n)
	} else {
		step(n, 40)
	}
	step(0, 12)
	now = now.Add(day)
	step(due(), 16)
	policy = keep.Policy{Default: "normal", Classes: []keep.Class{{Name: "normal", Days: 10, TrashDays: 5}, {Name: "short", Days: 10}, {Name: "ever", Forever: true}}}
	c.rows = 0
	plan, err := e.Plan(t.Context(), now)
	sum := 0
	for _, p := range plan.Parts {
		sum += p.Count
	}
	if err != nil || sum < 230_000 || len(plan.Items) != keep.PlanItems || c.rows > 6000 {
		t.Errorf("%d go, of which %d are named; %d rows were read, at most 6000 wanted; %v", sum, len(plan.Items), c.rows, err)
	}
}
