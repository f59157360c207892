package keep_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/index"
	"vaad/recorder/keep"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// known is what the journal says of a recording, read the simple way.
type known struct {
	class     string
	start     time.Time
	end       time.Time
	protected bool
	held      map[string]bool
	trashed   time.Time
	erased    bool
}

func (k *known) free() bool { return !k.protected && len(k.held) == 0 && !k.erased }

// due says when a recording goes as its class says; zero = never.
func (k *known) due(p keep.Policy) (at time.Time, action keep.Action) {
	for _, c := range p.Classes {
		if c.Name != k.class && (k.class != "" || c.Name != p.Default) {
			continue
		}
		switch {
		case !k.trashed.IsZero():
			return k.trashed.Add(time.Duration(c.TrashDays) * days), keep.ToErase
		case !c.Forever && c.Days > 0:
			return k.end.Add(time.Duration(c.Days) * days), c.Action
		}
	}
	return time.Time{}, ""
}

// model follows the journal and says what must not have happened.
type model struct {
	r      *rig
	known  map[string]*known
	behind []time.Time // what clocks said that were behind
}

// doubted says that a recording began when a clock that was behind said the same:
// nobody knows how old it is, and retention leaves it.
func (m *model) doubted(k *known) bool {
	return k.trashed.IsZero() && slices.ContainsFunc(m.behind, func(t time.Time) bool { return k.start.Sub(t).Abs() <= time.Hour })
}

func (m *model) line(l archive.JournalLine) {
	k := m.known[l.ID]
	switch {
	case l.Seal != nil:
		m.known[l.ID] = &known{class: l.Seal.Class, start: l.Seal.Begin, end: l.Seal.End, held: map[string]bool{}}
		return
	case k == nil:
		m.r.Errorf("%s of %s, which has no seal", l.Kind, l.ID)
		return
	}
	at, action := k.due(m.r.policy)
	switch l.Kind {
	case archive.ActProtect:
		k.protected = true
	case archive.ActUnprotect:
		k.protected = false
	case archive.ActHold:
		k.held[l.Value] = true
	case archive.ActRelease:
		if delete(k.held, l.Value); l.Value == "" {
			clear(k.held)
		}
	case archive.ActClass:
		k.class = l.Value
	case archive.ActTrash, archive.ActErase:
		if !k.free() && !(l.Forget && k.erased) { // what was erased may be forgotten later
			m.r.Errorf("%s by %s of a recording that is kept: %+v", l.Kind, l.Actor, k)
		}
		if l.Actor == keep.Actor && (at.IsZero() || at.After(l.Time)) {
			m.r.Errorf("%s at %v by retention; it is due at %v", l.Kind, l.Time, at)
		}
		if l.Actor == keep.Actor && l.Kind == archive.ActErase && k.trashed.IsZero() && action != keep.ToErase {
			m.r.Errorf("erased without having been in the trash: %+v", k)
		}
		if l.Kind == archive.ActErase {
			k.erased = true
		} else {
			k.trashed = l.Time
		}
	case archive.ActUndelete:
		k.trashed = time.Time{}
	}
}

// nothingIsDue wants that all went that had to.
func (m *model) nothingIsDue(now time.Time) {
	for id, k := range m.known {
		at, action := k.due(m.r.policy)
		if !k.free() || at.IsZero() || at.After(now) || m.doubted(k) {
			continue
		}
		m.r.Errorf("%s is due since %v (%s) and is there after a run at %v: %+v", id, at, action, now, k)
	}
}

// TestWhateverHappensRetentionKeepsItsPromises: acts, runs, clocks and crashes in
// any order.
func TestWhateverHappensRetentionKeepsItsPromises(t *testing.T) {
	dir, n := ramDir(t), 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		m := &model{known: map[string]*known{}}
		r := newRig(t, fmt.Sprintf("%s/%d", dir, n), twoClasses())
		m.r = r
		r.watch = m.line
		defer func() { r.stop() }()
		var all []string
		some := func() []string {
			if len(all) == 0 {
				return nil
			}
			return rapid.SliceOfN(rapid.SampledFrom(all), 1, 3).Draw(t, "ids")
		}
		for range rapid.IntRange(5, 60).Draw(t, "steps") {
			switch step := rapid.IntRange(0, 19).Draw(t, "step"); {
			case step < 5:
				c := rapid.SampledFrom([]string{"", "normal", "short", "ever", "none"}).Draw(t, "class")
				all = append(all, r.record(class(c)))
			case step < 11:
				kind := rapid.SampledFrom([]string{archive.ActProtect, archive.ActUnprotect, archive.ActHold, archive.ActHold, archive.ActRelease,
					archive.ActTrash, archive.ActUndelete, archive.ActClass}).Draw(t, "kind")
				value := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "case")
				if kind == archive.ActClass {
					value = rapid.SampledFrom([]string{"normal", "short", "ever"}).Draw(t, "to")
				}
				_, err := r.e.Do(ctx, keep.Order{Kind: kind, IDs: some(), Actor: "ann", Value: value})
				r.must(err)
			case step == 11:
				_, err := r.e.Erase(ctx, keep.Subject{IDs: some(), Force: true}, "ann", "")
				r.must(err)
			case step == 12:
				if s := some(); s != nil {
					_, err := r.e.Forget(ctx, keep.Subject{IDs: s}, "ann", "", "")
					r.must(err)
				}
			case step < 15:
				r.pass(time.Duration(rapid.IntRange(0, 100).Draw(t, "hours")) * time.Hour)
			case step == 15: // a clock that nobody can trust
				was := r.Now()
				r.synced = false
				r.pass(time.Duration(rapid.SampledFrom([]int{-9000, -50, 40, 900, 90000}).Draw(t, "leap")) * time.Hour)
				before := len(r.told)
				if r.Now().Before(was) {
					m.behind = append(m.behind, r.Now())
				}
				rep := r.run()
				if acts := len(r.told) - before; rep.HoldOff != keep.NoHoldOff && acts > 0 || rep.HoldOff == keep.NoHoldOff && len(all) > 0 && r.state.LastRun.After(was) {
					t.Errorf("a clock that leapt: %+v, %d acts", rep, acts)
				}
				r.pass(was.Sub(r.Now()))
				r.synced = true
			case step == 16:
				rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "power"), 1))
				r.disk.CrashAfter(rng.IntN(60), rng.Uint64())
				_, _ = r.e.Erase(ctx, keep.Subject{IDs: some(), Force: true}, "ann", "") // it may fail anywhere
				_, _ = r.e.Run(ctx)
				r.crashed(m, rng)
			default:
				plan, err := r.e.Plan(ctx, r.Now())
				r.must(err)
				rep := r.run()
				if rep.HoldOff != keep.NoHoldOff || rep.Failed > 0 {
					continue
				}
				m.nothingIsDue(r.Now())
				var planned keep.Totals
				for _, p := range plan.Parts {
					planned.Count += p.Count
					planned.Bytes += p.Bytes
				}
				if went := rep.Trashed.Count + rep.Erased.Count; planned.Count != went || len(plan.Items) != went || planned.Bytes != rep.Trashed.Bytes+rep.Erased.Bytes {
					t.Errorf("planned %+v (%d items), and %+v went", planned, len(plan.Items), rep)
				}
			}
		}
		r.same(t, all)
	})
}

// crashed starts again and lets the model read the journal anew: what was not
// durable has not happened.
func (r *rig) crashed(m *model, rng *rand.Rand) {
	r.crash(rng)
	m.known = map[string]*known{}
	r.must(r.a.Lines(ctx, nil, func(l *archive.JournalLine) error {
		if l.Seal != nil || m.known[l.ID] == nil {
			m.line(*l)
			return nil
		}
		switch k := m.known[l.ID]; l.Kind { // judged when it was written
		case archive.ActErase:
			k.erased = true
		case archive.ActTrash:
			k.trashed = l.Time
		default:
			m.line(*l)
		}
		return nil
	}, nil))
}

// same wants that an index made anew of the journals says the same, and that files
// are there or gone as it says.
func (r *rig) same(t *rapid.T, all []string) {
	if _, err := r.e.Tidy(ctx); err != nil {
		t.Fatal(err)
	}
	states := []string{index.StateSealed, index.StateRecovered, index.StateTrash, index.StateErased}
	read := func(ix *index.Index) map[string]index.Row {
		rows := map[string]index.Row{}
		f := index.Filter{States: states, Limit: 1000}
		for {
			p, err := ix.Query(ctx, f)
			r.must(err)
			for _, row := range p.Rows {
				rows[row.ID] = row
			}
			if f.Cursor = p.Next; f.Cursor == "" {
				return rows
			}
		}
	}
	got := read(r.ix)
	ix, err := index.Open(index.Config{Path: r.dir + "/anew.db", Journals: r.a})
	r.must(err)
	r.must(ix.Rebuild(ctx))
	want := read(ix)
	r.must(ix.Close())
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("the index is not what the journals say (-journals +index):\n%s", d)
	}
	for _, id := range slices.Sorted(maps.Keys(got)) {
		_, err := r.a.Find(id)
		if gone := got[id].State == index.StateErased; gone != (err != nil) {
			t.Errorf("%s is %s, and its files: %v", id, got[id].State, err)
		}
	}
}

// TestAHoldAMomentBeforeTheLineWins holds and protects recordings while a run
// takes them: the model sees each line in the journal's order.
func TestAHoldAMomentBeforeTheLineWins(t *testing.T) {
	m := &model{known: map[string]*known{}}
	r := newRig(t, ramDir(t), twoClasses())
	m.r, r.watch = r, m.line
	defer func() { r.stop() }()
	var all []string
	for range 60 {
		all = append(all, r.record(class("short")))
	}
	r.pass(5 * days)
	var wg sync.WaitGroup
	held := make([]bool, len(all))
	for part := range 3 {
		wg.Go(func() {
			for i := part; i < len(all); i += 3 {
				held[i] = r.do([]string{archive.ActHold, archive.ActProtect}[i%2], "a", all[i]) == nil
			}
		})
	}
	wg.Go(func() { _, _ = r.e.Erase(ctx, keep.Subject{IDs: all, Force: true}, "bob", "") })
	wg.Go(func() { r.run() })
	wg.Go(func() { r.run() })
	wg.Wait()
	for i, id := range all {
		if state := r.row(id).State; held[i] != (state == index.StateSealed) {
			t.Errorf("recording %d: held %v, %s", i, held[i], state)
		}
	}
}
