package index

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/store"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestAppliedLineIsSeenAtOnce(t *testing.T) {
	j := newJournals()
	ix, _ := run(t, Config{Journals: j, Subscribe: j.Subscribe})
	settle(t, ix)
	a := j.recording(0, 1, nil)
	if got := ids(query(t, ix, Filter{}).Rows); !slices.Equal(got, []string{a.ID}) {
		t.Fatalf("the new recording is not found at once: %v", got)
	}
	j.act(a, archive.ActNote, "Refund 退款")
	if got := query(t, ix, Filter{Text: "退款 REFUND"}).Rows; len(got) != 1 || got[0].Notes[0].Text != "Refund 退款" {
		t.Fatalf("the new note is not found at once: %+v", got)
	}
}

func TestRestartReadsWhatTheFileLacks(t *testing.T) {
	j := newJournals()
	path := t.TempDir() + "/index.db"
	ix, stop := run(t, Config{Path: path, Journals: j, Subscribe: j.Subscribe})
	settle(t, ix)
	a := j.recording(0, 1, nil)
	stop()
	j.act(a, archive.ActProtect, "")
	b := j.recording(26*time.Hour, 2, nil)
	ix, _ = run(t, Config{Path: path, Journals: j})
	settle(t, ix)
	got := query(t, ix, Filter{}).Rows
	if want := []string{b.ID, a.ID}; !slices.Equal(ids(got), want) || !got[1].Protected {
		t.Fatalf("after the restart: %+v, want %v with the first one protected", got, want)
	}
}

func TestActsThatComeDuringARebuildAreAppliedOnce(t *testing.T) {
	j := newJournals()
	a := j.recording(0, 1, nil)
	j.act(a, archive.ActNote, "one")
	j.pause = make(chan struct{})
	ix, _ := run(t, Config{Journals: j, Subscribe: j.Subscribe})
	j.pause <- struct{}{}            // the sealing is read
	j.act(a, archive.ActNote, "two") // comes live, and again from the journal
	b := j.recording(time.Second, 1, nil)
	for {
		if p := query(t, ix, Filter{}); len(p.Rows) == 2 {
			if !p.Rebuilding {
				t.Error("the answer does not say that the index is being rebuilt")
			}
			break
		}
	}
	close(j.pause)
	settle(t, ix)
	got := query(t, ix, Filter{}).Rows
	if !slices.Equal(ids(got), []string{b.ID, a.ID}) {
		t.Fatalf("rows %v", ids(got))
	}
	var notes []string
	for _, n := range got[1].Notes {
		notes = append(notes, n.Text)
	}
	if !slices.Equal(notes, []string{"one", "two"}) {
		t.Fatalf("notes %v, want one, two", notes)
	}
}

func TestAMissedLineMakesTheIndexReadAgain(t *testing.T) {
	j := newJournals()
	ix, _ := run(t, Config{Journals: j})
	settle(t, ix)
	a := j.recording(0, 1, nil) // nobody is told
	b := j.recording(time.Second, 1, nil)
	ix.Apply(b)
	settle(t, ix)
	if got := ids(query(t, ix, Filter{}).Rows); !slices.Equal(got, []string{b.ID, a.ID}) {
		t.Fatalf("rows %v, want both", got)
	}
}

func TestALineWithoutItsJournalIsStillKept(t *testing.T) {
	j, other := newJournals(), newJournals()
	ix, _ := run(t, Config{Journals: j})
	settle(t, ix)
	other.recording(0, 1, nil)
	l := other.recording(0, 1, nil)
	ix.Apply(l)
	settle(t, ix)
	if got := ids(query(t, ix, Filter{}).Rows); !slices.Equal(got, []string{l.ID}) {
		t.Fatalf("rows %v, want %s", got, l.ID)
	}
}

// alarms counts what is raised.
type alarms struct {
	mu     sync.Mutex
	raised int
}

func (a *alarms) Raise(code, _ string, _ map[string]string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if code == AlarmDamaged {
		a.raised++
	}
}

func (a *alarms) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.raised
}

func TestDamagedFileIsMadeAnewWithAnAlarm(t *testing.T) {
	j := newJournals()
	path := t.TempDir() + "/index.db"
	ix, stop := run(t, Config{Path: path, Journals: j})
	var want []string
	for i := range 500 {
		want = append(want, j.recording(time.Duration(i)*time.Minute, 1+i%7, nil).ID)
	}
	slices.Reverse(want)
	ix.Apply(j.recording(-time.Hour, 1, nil))
	settle(t, ix)
	stop()
	for name, damage := range map[string]func([]byte) []byte{
		"cut":   func(b []byte) []byte { return b[:len(b)/4] },
		"zeros": func(b []byte) []byte { clear(b[4096:]); return b },
		"text":  func([]byte) []byte { return []byte("this is no index") },
	} {
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			p := filepath.Join(t.TempDir(), "index.db")
			if err := os.WriteFile(p, damage(b), 0o600); err != nil {
				t.Fatal(err)
			}
			al := &alarms{}
			ix, _ := run(t, Config{Path: p, Journals: j, Alarms: al})
			settle(t, ix)
			if al.count() != 1 {
				t.Errorf("%d alarms were raised, want one", al.count())
			}
			if got := ids(query(t, ix, Filter{Limit: 500}).Rows); !slices.Equal(got, want) {
				t.Errorf("%d rows after the rebuild, want %d", len(got), len(want))
			}
		})
	}
}

func TestDamageFoundWhileServingHeals(t *testing.T) {
	j := newJournals()
	path := t.TempDir() + "/index.db"
	for i := range 2000 {
		j.recording(time.Duration(i)*time.Minute, 1, nil)
	}
	al := &alarms{}
	ix, _ := run(t, Config{Path: path, Journals: j, Alarms: al})
	settle(t, ix)
	if err := os.Truncate(path, 8192); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for begin := time.Now(); time.Since(begin) < time.Minute; {
		p, err := ix.Query(context.Background(), Filter{Limit: 1000})
		if err == nil && !p.Rebuilding && len(p.Rows) == 1000 && p.Count == 2000 && al.count() > 0 {
			return
		}
		<-tick.C
	}
	t.Fatalf("the index did not heal (%d alarms)", al.count())
}

func TestRebuildGivesTheSameAnswers(t *testing.T) {
	j := newJournals()
	ix, stop := run(t, Config{Path: t.TempDir() + "/index.db", Journals: j, Subscribe: j.Subscribe})
	settle(t, ix)
	var prev archive.JournalLine
	for i := range 300 {
		l := j.recording(time.Duration(i*i)*time.Minute, 1+i%5, func(s *archive.Seal) {
			if i%3 == 2 {
				s.Previous = prev.ID
			}
			s.Recovered = i%11 == 0
		})
		if i%4 == 0 && prev.ID != "" {
			j.act(prev, archive.ActTrash, "")
			j.act(prev, archive.ActUndelete, "")
			j.act(prev, archive.ActMark, "here")
		}
		prev = l
	}
	before := query(t, ix, Filter{Limit: 1000})
	stop()
	ix, err := Open(Config{Path: ix.c.Path, Journals: j, countTime: allCounted})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ix.Close() }()
	if err := ix.Rebuild(context.Background()); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, query(t, ix, Filter{Limit: 1000})); d != "" {
		t.Errorf("the rebuilt index answers differently (-before +after):\n%s", d)
	}
}

func TestRecordingsBeingMadeAreListedUntilSealed(t *testing.T) {
	j := newJournals()
	ix, _ := run(t, Config{Journals: j, Subscribe: j.Subscribe})
	settle(t, ix)
	open := Row{ID: "01J00000000000000000000041", Line: 3, Start: epoch.Add(time.Hour), State: StateOpen}
	ix.Live(func() []Row { return []Row{open} })
	j.n = 20
	old := j.recording(0, 3, nil)
	if got := ids(query(t, ix, Filter{Line: 3}).Rows); !slices.Equal(got, []string{open.ID, old.ID}) {
		t.Fatalf("rows %v, want the one being made first", got)
	}
	if got := ids(query(t, ix, Filter{Line: 4}).Rows); got != nil {
		t.Fatalf("line 4 shows %v", got)
	}
	r, ok, err := ix.Get(open.ID)
	if err != nil || !ok || r.State != StateOpen {
		t.Fatalf("Get of a recording being made: %+v %v %v", r, ok, err)
	}
	j.n = 40
	j.recording(time.Hour, 3, nil)
	p := query(t, ix, Filter{Line: 3})
	if p.Count != 2 || p.Rows[0].State != StateSealed {
		t.Fatalf("after sealing: %d rows, the first %s", p.Count, p.Rows[0].State)
	}
}

func TestBadQuestionsAreRefused(t *testing.T) {
	ix, _ := run(t, Config{Journals: newJournals()})
	if _, err := ix.Query(context.Background(), Filter{Cursor: "%"}); !errors.Is(err, ErrCursor) {
		t.Errorf("a bad cursor gives %v", err)
	}
	if _, err := ix.Query(context.Background(), Filter{Limit: 1001}); err == nil {
		t.Error("a page of 1001 rows was given")
	}
}

func TestMetricsAreNamedWell(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	run(t, Config{Journals: newJournals(), Registerer: reg})
	problems, err := testutil.GatherAndLint(reg)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

func TestRefreshReadsAllJournalsAnewWhileRunning(t *testing.T) {
	j := newJournals()
	ix, _ := run(t, Config{Journals: j, Subscribe: j.Subscribe})
	settle(t, ix)
	a := j.recording(0, 1, nil)
	b := j.recording(time.Second, 2, nil)
	j.act(a, archive.ActNote, "kept")
	for range 3 {
		if err := ix.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		c := j.recording(time.Minute, 3, nil) // new ones come while it is made anew
		got := query(t, ix, Filter{}).Rows
		if len(got) < 3 || got[0].ID != c.ID || !slices.Equal(ids(got[len(got)-2:]), []string{b.ID, a.ID}) {
			t.Fatalf("rows %v", ids(got))
		}
		if n := got[len(got)-1].Notes; len(n) != 1 || n[0].Text != "kept" {
			t.Fatalf("notes %+v", n)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ix.Refresh(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
}

func TestNotesOnWhatIsBeingRecordedAreListedAndFound(t *testing.T) {
	acts := map[string][]archive.Act{}
	ix, _ := run(t, Config{Journals: newJournals(), Acts: func(id string) []archive.Act { return acts[id] }})
	settle(t, ix)
	open := Row{ID: "01J00000000000000000000041", Line: 3, Start: epoch, State: StateOpen}
	ix.Live(func() []Row { return []Row{open} })
	acts[open.ID] = []archive.Act{{Kind: archive.ActNote, Time: epoch, Actor: "ann", Value: "退款 refund"}, {Kind: archive.ActProtect, Actor: "bob"}}
	yes := true
	for _, f := range []Filter{{}, {Text: "退款"}, {Actor: "bob"}, {Protected: &yes}, {Noted: &yes}, {States: []string{StateOpen}}} {
		rows := query(t, ix, f).Rows
		if len(rows) != 1 || len(rows[0].Notes) != 1 || rows[0].Notes[0].Text != "退款 refund" || !rows[0].Protected {
			t.Errorf("%+v finds %+v", f, rows)
		}
	}
	if r, ok, err := ix.Get(open.ID); !ok || err != nil || len(r.Notes) != 1 {
		t.Errorf("Get: %+v %v %v", r, ok, err)
	}
}

func TestRowsComeOutOfSegmentsAsTheyWentIn(t *testing.T) {
	rows := []*Row{
		{ID: "01J00000000000000000000001", Day: "2026-11-22", Start: epoch, End: epoch.Add(time.Second), Samples: 8000, State: StateSealed},
		{ID: "not a ULID", Day: "0001-01-01", Start: time.Date(1, 1, 1, 0, 0, 0, 7, time.UTC), State: StateTrash, Seq: 1 << 40},
		{ID: "fifteen letters", Day: "9999-12-31", Start: time.Date(9999, 12, 31, 0, 0, 0, 1, time.UTC), State: StateErased, Call: "C1", Next: "x"},
		{ID: "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", Day: "2020-02-02", Start: epoch.Add(-time.Hour), Samples: 1 << 60, Bytes: 1 << 50, Line: 70000, State: StateOpen,
			Sides: []string{"network", "local"}, SHA256: map[string]string{"network": "short", "other": ""}, Notes: []Note{{Time: epoch, Text: "a\nb"}},
			Marks: []Mark{{Time: epoch, Actor: "李", At: -3}}, Gaps: 2, LostSamples: 320, Reason: "r", Actors: []string{"a", "b"}, Recovered: true,
			Held: true, Holds: []string{NoCase, "case 7"}, Class: "long", Masked: 9},
		{ID: "01J00000000000000000000002", Day: "2026-11-22", Start: epoch, End: epoch, State: StateTrash, Trashed: epoch.Add(7), TrashedBy: "ann"},
		{ID: "01J00000000000000000000003", Day: "2026-11-22", Start: epoch, End: epoch, State: StateErased, Forgotten: true},
	}
	slices.SortFunc(rows, func(a, b *Row) int { return a.key().compare(b.key()) })
	b := newBuilder()
	for _, r := range rows {
		b.add(r)
	}
	seg, cols := b.columns()
	seg.ID = 1
	db, _, err := store.Open(t.TempDir()+"/x.db", store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.Update(func(tx *store.Tx) error { return putSegment(tx, seg, cols, nil, nil) }); err != nil {
		t.Fatal(err)
	}
	if err := db.View(func(tx *store.Tx) error {
		r := newReader(tx, seg)
		for i, want := range rows {
			got, err := r.row(i)
			if d := cmp.Diff(want, got); err != nil || d != "" {
				t.Errorf("row %d: %v (-in +out)\n%s", i, err, d)
			}
			if at, err := r.find(want.ID); at != i || err != nil {
				t.Errorf("%q is found at %d, %v; want %d", want.ID, at, err, i)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
