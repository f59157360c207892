package backup_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vaad/recorder/archive"
	"vaad/recorder/backup"
	"vaad/recorder/backup/target"
)

func same(t testing.TB, got, want map[string]string) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("want -, got +:\n%.2000s", d)
	}
}

func TestTheTargetIsAPlainMirrorOfWhatIsSealed(t *testing.T) {
	r := newRig(t)
	for i := range 6 {
		r.seal(i%3, "")
	}
	rep := r.run()
	same(t, r.tgt.holds(), r.mirrors())
	if rep.Recordings != 6 || rep.Faulty != 0 {
		t.Errorf("%+v", rep)
	}
	r.tgt.ops = 0
	if rep := r.run(); rep.Files != 0 || rep.Recordings != 0 {
		t.Errorf("nothing was new: %+v", rep)
	}
}

func TestALaterActOfAnOldDayIsCarried(t *testing.T) {
	r := newRig(t)
	id := r.seal(20, "")
	r.seal(0, "")
	r.run()
	l := r.act(id, archive.ActNote, "call back")
	if r.e.Backed(l.Day, l.Seq) {
		t.Error("the note cannot be backed up yet")
	}
	rep := r.run()
	same(t, r.tgt.holds(), r.mirrors())
	if rep.Files != 1 || !r.e.Backed(l.Day, l.Seq) {
		t.Errorf("%+v", rep)
	}
}

func TestAnErasedRecordingIsRemovedFromTheTarget(t *testing.T) {
	r := newRig(t)
	id, other := r.seal(1, ""), r.seal(1, "")
	r.run()
	r.erase(id, false)
	rep := r.run()
	same(t, r.tgt.holds(), r.mirrors())
	if rep.Removed != 3 {
		t.Errorf("%+v", rep)
	}
	day, _ := r.a.Find(other)
	if r.e.Covered(id, day) || !r.e.Covered(other, day) {
		t.Error("only the other one is covered")
	}
}

func TestALockedFileOfAnErasedRecordingIsToldAndTriedAgain(t *testing.T) {
	r := newRig(t)
	id := r.seal(1, "")
	r.run()
	for name := range r.tgt.files {
		if strings.Contains(name, id+".local") {
			r.tgt.lock[name] = true
		}
	}
	r.erase(id, false)
	for range 2 {
		if rep := r.run(); rep.Refused != 1 || r.e.Status().Unremoved != 1 {
			t.Fatalf("%+v", rep)
		}
	}
	if !r.e.Backed("2026-11-21", 2) {
		t.Error("what cannot be removed keeps nothing else from being backed up")
	}
	clear(r.tgt.lock)
	r.run()
	same(t, r.tgt.holds(), r.mirrors())
	if r.e.Status().Unremoved != 0 {
		t.Error("it is removed now")
	}
}

func TestADamagedFileIsToldAndNeverCopiedAsGood(t *testing.T) {
	r := newRig(t)
	id, good := r.seal(1, ""), r.seal(1, "")
	day, _ := r.a.Find(id)
	name := dir(day) + "/" + id + ".network.wav"
	b := r.stored(name)
	bad := append([]byte(nil), b...)
	bad[100] ^= 1
	r.disk.WriteFile(name, bad)
	rep, err := r.e.Run(ctx)
	if !errors.Is(err, backup.ErrIncomplete) || len(rep.Faults) != 1 || rep.Faults[0].Kind != backup.LocalDamaged {
		t.Fatalf("%v %+v", err, rep)
	}
	if _, ok := r.tgt.files["recordings/"+name]; ok {
		t.Error("a damaged file was copied")
	}
	if r.e.Covered(id, day) || !r.e.Covered(good, day) {
		t.Error("only the good one is covered")
	}
	if s := r.e.Status(); s.Unsafe != 1 {
		t.Errorf("%+v", s)
	}
	r.disk.WriteFile(name, b) // repaired
	r.run()
	same(t, r.tgt.holds(), r.mirrors())
	if !r.e.Covered(id, day) {
		t.Error("it is covered now")
	}
}

func TestAGoodCopyIsNeverOverwrittenByABadFile(t *testing.T) {
	r := newRig(t)
	id := r.seal(1, "")
	r.run()
	want := r.tgt.holds()
	day, _ := r.a.Find(id)
	name := dir(day) + "/" + id + ".network.wav"
	b := r.stored(name)
	bad := append([]byte(nil), b...)
	bad[100] ^= 1
	r.disk.WriteFile(name, bad)
	r.state = r.state.Kill()
	if err := r.state.Remove("mem.state"); err != nil { // all is compared anew
		t.Fatal(err)
	}
	r.engine()
	if _, err := r.e.Run(ctx); err != nil {
		t.Fatal(err)
	}
	same(t, r.tgt.holds(), want)
}

func TestALostStateIsMadeFromTheTargetsOwnJournals(t *testing.T) {
	for _, crypt := range []bool{false, true} {
		t.Run(fmt.Sprint(crypt), func(t *testing.T) {
			r := newRig(t)
			if crypt {
				r = cryptRig(t)
			}
			for i := range 5 {
				r.seal(i, "")
			}
			r.run()
			puts := len(r.tgt.puts)
			if err := r.state.Remove("mem.state"); err != nil {
				t.Fatal(err)
			}
			r.engine()
			rep := r.run()
			if rep.Files != 0 || len(r.tgt.puts) > puts+1 {
				t.Errorf("sent again: %+v", rep)
			}
			for d := range 5 {
				if !r.e.Backed(archive.DayOf(t0.AddDate(0, 0, -d)), 1) {
					t.Error(d, "is backed up")
				}
			}
		})
	}
}

func cryptRig(t testing.TB) *rig {
	t.Helper()
	r := newRig(t)
	public, secret, err := backup.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	if r.ids, err = backup.ParseIdentities(secret); err != nil {
		t.Fatal(err)
	}
	r.secret = secret
	r.o.Encrypt, r.o.Recipients = true, []string{public}
	delete(r.tgt.files, target.Marker)
	if _, err := r.e.Adopt(ctx); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestATargetThatRotsIsFoundAtOnce(t *testing.T) {
	r := newRig(t)
	r.seal(0, "")
	rotten := 0
	r.tgt.rot = func(name string, b []byte) {
		if rotten == 0 && strings.HasSuffix(name, ".wav") {
			rotten++
			b[50] ^= 1
		}
	}
	r.run() // the second try is good
	same(t, r.tgt.holds(), r.mirrors())
	r.seal(0, "")
	r.tgt.rot = func(name string, b []byte) {
		if strings.HasSuffix(name, ".wav") {
			b[50] ^= 1
		}
	}
	rep, err := r.e.Run(ctx)
	if !errors.Is(err, backup.ErrIncomplete) || rep.Faults[0].Kind != backup.TargetDamaged || r.e.Backed("2026-11-22", 2) {
		t.Fatalf("%v %+v", err, rep)
	}
	r.tgt.rot = nil
	r.run()
	same(t, r.tgt.holds(), r.mirrors())
}

func TestAFullTargetEndsTheRunAndTheNextGoesOn(t *testing.T) {
	r := newRig(t)
	for i := range 4 {
		r.seal(i, "")
	}
	puts := 0
	r.tgt.fail = func(op, name string) error {
		if op == "put" {
			if puts++; puts > 5 {
				return r.tgt.full()
			}
		}
		return nil
	}
	_, err := r.e.Run(ctx)
	if !errors.Is(err, target.ErrFull) || r.e.Status().LastClass != "full" {
		t.Fatal(err)
	}
	r.tgt.fail = nil
	r.run()
	same(t, r.tgt.holds(), r.mirrors())
}

func TestAShortFailureOfTheTargetIsTriedAgain(t *testing.T) {
	r := newRig(t)
	r.seal(0, "")
	n := 0
	r.tgt.fail = func(op, name string) error {
		if n++; n%3 == 1 && op != "list" {
			return r.tgt.err(op, name, target.ErrUnreachable, nil)
		}
		return nil
	}
	_, err := r.e.Run(ctx)
	r.tgt.fail = nil
	if err != nil {
		r.run()
	}
	same(t, r.tgt.holds(), r.mirrors())
}

func TestATargetOfAnotherApplianceIsRefusedUntilItIsAdopted(t *testing.T) {
	r := newRig(t)
	r.seal(0, "")
	r.seal(0, "")
	r.proven()
	r.run()
	theirs := r.tgt.holds()
	other := newRig(t)
	other.tgt = r.tgt
	other.seal(0, "")
	other.proven()
	c := other.config()
	c.Appliance, c.State = "vaad-two", nil
	e, err := backup.New(c)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Run(ctx); !errors.Is(err, backup.ErrForeign) {
		t.Fatal(err)
	}
	same(t, r.tgt.holds(), theirs)
	h, err := e.Adopt(ctx)
	if err != nil || h.Appliance != "vaad-two" || len(h.Former) != 1 {
		t.Fatal(h, err)
	}
	if _, err := e.Run(ctx); err != nil {
		t.Fatal(err)
	}
	now := r.tgt.holds()
	if former(now, "former/vaad-one/2026-11-22.") != theirs["recordings/2026/11/22/day.jsonl"] {
		t.Error("the journal of the other appliance is lost")
	}
	for name, b := range theirs {
		kept := former(now, "former/vaad-one/"+strings.TrimSuffix(strings.TrimPrefix(name, "recordings/"), ".pub")+".")
		if !strings.HasSuffix(name, "day.jsonl") && !strings.HasSuffix(name, "/hashes") && now[name] != b && kept != b {
			t.Error(name, "is lost")
		}
	}
	for name, b := range other.mirrors() {
		if now[name] != b {
			t.Error(name, "is missing")
		}
	}
}

// former is the file whose name begins so.
func former(files map[string]string, prefix string) string {
	for name, b := range files {
		if strings.HasPrefix(name, prefix) {
			return b
		}
	}
	return ""
}

func TestAJournalIsNeverReplacedByOneWithFewerLines(t *testing.T) {
	r := newRig(t)
	r.seal(0, "")
	r.seal(0, "")
	r.run()
	want := r.tgt.holds()
	snap := r.disk.Kill()
	for _, lost := range []bool{false, true} {
		old := newRig(t) // the appliance as it was before: an image of its disk was put back
		old.disk, old.tgt, old.state, old.root = snap.Kill(), r.tgt, r.state, r.root
		b := old.stored("2026/11/22/day.jsonl")
		old.disk.WriteFile("2026/11/22/day.jsonl", b[:strings.IndexByte(string(b), '\n')+1])
		old.open()
		if lost {
			if err := old.state.Remove("mem.state"); err != nil {
				t.Fatal(err)
			}
		}
		old.engine()
		rep, err := old.e.Run(ctx)
		if !errors.Is(err, backup.ErrIncomplete) || rep.Faults[0].Kind != backup.TargetAhead {
			t.Fatalf("%v %+v", err, rep)
		}
		same(t, r.tgt.holds(), want)
	}
}

func TestTwoRunsAtOnceAreExcluded(t *testing.T) {
	r := newRig(t)
	r.seal(0, "")
	c := r.config()
	c.State = nil
	one, err := backup.New(c)
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	two, err := backup.New(c)
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	in, out := make(chan bool), make(chan bool)
	first := true
	r.tgt.slow = func() {
		if first {
			first = false
			in <- true
			<-out
		}
	}
	done := make(chan error)
	go func() {
		_, err := one.Run(ctx)
		done <- err
	}()
	<-in
	for _, e := range []*backup.Engine{one, two} {
		if _, err := e.Run(ctx); !errors.Is(err, backup.ErrRunning) {
			t.Error(err)
		}
	}
	if s := one.Status(); !s.Running || s.Stage == "" {
		t.Errorf("%+v", s)
	}
	close(out)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestAScopeLeavesRecordingsOutAndAWiderOneBringsThem(t *testing.T) {
	r := newRig(t)
	keep, skip := r.seal(0, "long"), r.seal(0, "short")
	r.o.Include, r.o.Scope = func(s *archive.Seal) bool { return s.Class == "long" }, "long"
	r.run()
	if !r.e.Covered(keep, "2026-11-22") || r.e.Covered(skip, "2026-11-22") || !r.e.Backed("2026-11-22", 2) {
		t.Error("only the recordings of the class are to be there, and nothing is waited for")
	}
	r.o.Include, r.o.Scope = nil, ""
	if rep := r.run(); rep.Kept != 3 || rep.Recordings != 2 {
		t.Errorf("%+v", rep)
	}
	same(t, r.tgt.holds(), r.mirrors())
}

func TestTheOldestThatIsNotBackedUpIsKnown(t *testing.T) {
	r := newRig(t)
	oldest := func() time.Time {
		o, err := r.e.OldestUnbacked(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	if !oldest().IsZero() {
		t.Error("nothing is there")
	}
	r.seal(3, "")
	r.seal(1, "")
	if d := archive.DayOf(oldest()); d != "2026-11-19" {
		t.Error(d)
	}
	w, err := r.e.Plan(ctx)
	if err != nil || w.Days != 2 || w.Recordings != 2 || w.Files != 6 || archive.DayOf(w.Oldest) != "2026-11-19" {
		t.Error(w, err)
	}
	r.run()
	if !oldest().IsZero() || !r.e.Status().Oldest.IsZero() {
		t.Error("everything is backed up")
	}
}

func TestAClockThatIsSetBackHarmsNothing(t *testing.T) {
	r := cryptRig(t)
	r.seal(0, "")
	r.run()
	r.now = t0.AddDate(-1, 0, 0)
	r.seal(0, "")
	rep := r.run()
	r.now = t0
	rep2 := r.run()
	if rep.Bundle == "" || rep2.Bundle == "" || rep.Bundle == rep2.Bundle || r.tgt.files[rep.Bundle] == nil {
		t.Error(rep.Bundle, rep2.Bundle)
	}
}

func TestStateBundlesAreKeptByNumberAndMonth(t *testing.T) {
	r := cryptRig(t)
	r.o.KeepBundles = 3
	for i := range 60 {
		r.now = t0.AddDate(0, 0, i)
		r.run()
	}
	names, err := backup.Bundles(ctx, r.tgt)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(names, " ")
	want := "state/20270120T100000Z.age state/20270119T100000Z.age state/20270118T100000Z.age state/20261231T100000Z.age state/20261130T100000Z.age"
	if got != want {
		t.Error(got)
	}
}

func TestAJournalThatSomebodyElseWroteIsNotReplacedBlindly(t *testing.T) {
	r := newRig(t)
	r.seal(0, "")
	r.run()
	name := "recordings/2026/11/22/day.jsonl"
	theirs := r.tgt.files[name]
	twin := newRig(t) // the same appliance, restored elsewhere while this one lives on
	twin.seal(0, "")
	twin.seal(0, "")
	twin.tgt = r.tgt
	twin.engine()
	if _, err := twin.e.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if former(r.tgt.holds(), "former/unknown/2026-11-22.") != string(theirs) {
		t.Error("what was there is lost")
	}
	r.seal(0, "")
	rep, err := r.e.Run(ctx)
	if err != nil {
		t.Fatalf("%v %+v", err, rep)
	}
	consistent(t, r.tgt)
	for name, b := range twin.mirrors() {
		if !strings.HasSuffix(name, "day.jsonl") && string(r.tgt.files[name]) != b {
			t.Error(name, "is lost")
		}
	}
}
