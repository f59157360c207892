package archive_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
)

const secretNumber, secretName = "02079460000", "Doe, Jane"

// spoken is a sealed recording with a number, a name and a note.
func spoken(t testing.TB, a *archive.Archive) string {
	t.Helper()
	w, err := a.Begin(archive.Start{Line: 3, Codec: archive.G711A, Sides: []string{"network", "local"}, Begin: t0, Trigger: "manual",
		Caller: secretNumber, Class: "long"})
	if err != nil {
		t.Fatal(err)
	}
	for side := range 2 {
		if err := w.Append(side, []byte("audio of a call")); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Checkpoint(t0.Add(time.Second), 15); err != nil {
		t.Fatal(err)
	}
	if err := w.Log(archive.Entry{Kind: archive.EntryCallerName, Text: secretName}); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(archive.End{Time: t0.Add(time.Minute), EndedBy: "on-hook"}); err != nil {
		t.Fatal(err)
	}
	return w.ID()
}

func filesOf(d *memdisk.Disk, id string) (names []string) {
	for _, n := range d.Files() {
		if strings.Contains(n, id) {
			names = append(names, n)
		}
	}
	return names
}

func mustDo(t testing.TB, done []archive.Done) {
	t.Helper()
	for _, d := range done {
		if d.Err != nil {
			t.Fatal(d.Err)
		}
	}
}

func TestErasingJournalsFirstAndRemovesAllFilesOfTheRecording(t *testing.T) {
	d := memdisk.New()
	a := open(t, d)
	id, other := spoken(t, a), spoken(t, a)
	if err := a.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	before := filesOf(d, other)
	done := a.EraseAll(ctx, []archive.Act{{ID: id, Actor: "amy", Value: "asked for"}, {ID: "01ARZ3NDEKTSV4RRFFQ69G5FAV"}}, nil)
	if done[0].Err != nil || done[0].Line.Kind != archive.ActErase || done[0].Line.Seq != 3 {
		t.Fatalf("erase: %+v", done[0])
	}
	if !errors.Is(done[1].Err, archive.ErrNotFound) {
		t.Errorf("erasing what is not there: %v, want ErrNotFound", done[1].Err)
	}
	if left := filesOf(d, id); len(left) > 0 {
		t.Errorf("files left: %v", left)
	}
	if !slices.Equal(before, filesOf(d, other)) {
		t.Errorf("files of the other recording: %v, want %v", filesOf(d, other), before)
	}
	if _, err := a.Act(ctx, archive.Act{ID: id, Kind: archive.ActUndelete}); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("undeleting what was erased: %v, want ErrNotFound", err)
	}
	for _, n := range d.Files() {
		if strings.HasPrefix(n, "open/") {
			t.Errorf("left in open: %s", n)
		}
	}
}

// TestWhatWasPutAsideAsDamagedIsErasedToo has files in damaged/, and a disk that
// does not let go of one at first.
func TestWhatWasPutAsideAsDamagedIsErasedToo(t *testing.T) {
	d := memdisk.New()
	a := open(t, d)
	ids := []string{spoken(t, a), spoken(t, a), spoken(t, a), spoken(t, a)}
	if err := a.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	aside := func(id string) string { return "damaged/" + id + ".local.wav" }
	for _, id := range ids[:3] {
		d.WriteFile(aside(id), []byte("audio of a call"))
	}
	d.Fail = func(op, name string) error {
		if op == "remove" && name == aside(ids[0]) {
			return errors.New("input/output error")
		}
		return nil
	}
	if done := a.EraseAll(ctx, []archive.Act{{ID: ids[0]}}, nil); done[0].Err == nil {
		t.Error("it is there still, and said to be erased")
	}
	d.Fail = nil
	mustDo(t, a.EraseAll(ctx, []archive.Act{{ID: ids[1]}, {ID: ids[3]}}, nil))
	d.WriteFile(aside(ids[3]), []byte("audio of a call")) // as a restore that ran beside it may
	if err := a.Reconcile(ctx, nil, nil); err != nil {
		t.Fatal(err)
	}
	for i, id := range ids {
		if left := filesOf(d, id); (len(left) > 0) != (i == 2) {
			t.Errorf("recording %d: %v", i, left)
		}
	}
	for _, name := range d.Files() {
		if strings.HasPrefix(name, "open/") {
			t.Errorf("left: %s", name)
		}
	}
}

func TestForgettingTakesPeopleOutOfTheJournalAndNothingElse(t *testing.T) {
	d := memdisk.New()
	a := open(t, d)
	id, other := spoken(t, a), spoken(t, a)
	if err := a.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	for _, act := range []archive.Act{
		{ID: id, Kind: archive.ActNote, Actor: "amy", Value: secretName + " called"}, {ID: other, Kind: archive.ActNote, Value: "stays"},
		{ID: id, Kind: archive.ActProtect, Actor: "amy"}, {ID: id, Kind: archive.ActClass, Value: "short"},
		{ID: id, Kind: archive.ActTrash, Actor: "bob", Value: "for " + secretName},
	} {
		if _, err := a.Act(ctx, act); err != nil {
			t.Fatal(err)
		}
	}
	journal := func() []byte {
		b, err := d.ReadFile("2026/11/22/day.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	before, was := journal(), map[uint64]archive.JournalLine{}
	ls, _ := lines(t, &a.Reader, nil)
	for _, l := range ls {
		was[l.Seq] = l
	}
	mustDo(t, a.EraseAll(ctx, []archive.Act{{ID: id, Actor: "amy", Forget: true}}, nil))
	after := journal()
	if salt := was[1].Salt; bytes.Contains(after, []byte(salt)) {
		t.Errorf("the journal still has the salt %s", salt)
	}
	for _, s := range []string{secretName, secretNumber} {
		if n := bytes.Count(after, []byte(s)); n != 1 { // of the other recording
			t.Errorf("%q stands %d times in the journal, want 1", s, n)
		}
	}
	a2, b2 := bytes.SplitAfter(before, []byte("\n")), bytes.SplitAfter(after, []byte("\n"))
	for i := range a2[:len(a2)-1] {
		if len(a2[i]) != len(b2[i]) {
			t.Errorf("line %d was %d bytes long and is %d: readers lose their place", i+1, len(a2[i]), len(b2[i]))
		}
	}
	got, damaged := lines(t, &a.Reader, nil)
	if len(damaged) > 0 || len(got) != len(ls)+1 {
		t.Fatalf("journal has %d lines, %v damaged; want %d", len(got), damaged, len(ls)+1)
	}
	for _, l := range got[:len(ls)] {
		w := was[l.Seq]
		if l.Kind != w.Kind || l.ID != w.ID || !l.Time.Equal(w.Time) {
			t.Errorf("line %d is %s of %s, was %s of %s", l.Seq, l.Kind, l.ID, w.Kind, w.ID)
		}
		wantRedacted := l.ID == id && l.Kind != archive.ActProtect && l.Kind != archive.ActClass
		if l.Redacted != wantRedacted {
			t.Errorf("line %d, %s: redacted %v, want %v", l.Seq, l.Kind, l.Redacted, wantRedacted)
		}
		if l.Redacted && (l.Salt != "" || l.Value != "" || l.Actor != "") {
			t.Errorf("redacted line says %+v", l)
		}
		if l.Redacted && l.Seal != nil && (l.Seal.Caller != "" || l.Seal.CallerName != "" || len(l.Seal.Files) > 0 || l.Seal.Line != 3 || l.Seal.Class != "long") {
			t.Errorf("redacted seal: %+v", l.Seal)
		}
	}
	// Again, of one that has no files: nothing changes but the line.
	mustDo(t, a.EraseAll(ctx, []archive.Act{{ID: id, Day: "2026-11-22", Forget: true}}, nil))
	if again := journal(); !bytes.Equal(again[:len(after)], after) {
		t.Error("forgetting twice has changed older lines")
	}
	if _, err := a.Act(ctx, archive.Act{ID: other, Kind: archive.ActNote, Value: "later"}); err != nil {
		t.Error(err)
	}
}

// called makes a sealed recording on each of some days, from that of t0 on, and
// returns what forgets them, day after day and over again.
func called(t *testing.T, a *archive.Archive, recordings, days int) (acts []archive.Act) {
	t.Helper()
	for i := range recordings {
		begin := t0.AddDate(0, 0, i%days)
		w, err := a.Begin(archive.Start{Line: 1, Codec: archive.G711A, Sides: []string{"mixed"}, Begin: begin, Caller: secretNumber})
		if err != nil {
			t.Fatal(err)
		}
		put(t, w, "audio")
		if err := w.Finish(archive.End{Time: begin, EndedBy: "on-hook"}); err != nil {
			t.Fatal(err)
		}
		acts = append(acts, archive.Act{ID: w.ID(), Day: archive.DayOf(begin), Forget: true})
	}
	if err := a.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	return acts
}

// atFirstRedaction does something when the first journal is about to be replaced,
// and counts those that are.
func atFirstRedaction(d *memdisk.Disk, f func()) *int {
	n := new(int)
	d.Fail = func(op, name string) error {
		if op == "rename" && strings.HasSuffix(name, ".new") {
			if *n++; *n == 1 {
				f()
			}
		}
		return nil
	}
	return n
}

// stillSays lists the files that have the secret number.
func stillSays(d *memdisk.Disk) (names []string) {
	for _, name := range d.Files() {
		if b, _ := d.ReadFile(name); bytes.Contains(b, []byte(secretNumber)) {
			names = append(names, name)
		}
	}
	return names
}

// TestForgettingManyDaysKeepsNobodyWaiting notes something while the first of
// twenty journals is made anew.
func TestForgettingManyDaysKeepsNobodyWaiting(t *testing.T) {
	d := memdisk.New()
	a := open(t, d)
	acts := called(t, a, 300, 20)
	other := acts[0]
	acts = acts[1:]
	noted, before := make(chan []archive.Done, 1), -1
	redacted := atFirstRedaction(d, func() {
		go func() {
			noted <- a.ActAll(ctx, []archive.Act{{ID: other.ID, Day: other.Day, Kind: archive.ActNote, Value: "x"}}, func(archive.Act) error { return nil })
		}()
		for archive.Waiting(a, archive.ActNote) == 0 {
			runtime.Gosched()
		}
	})
	a.Subscribe(func(l archive.JournalLine) {
		if l.Kind == archive.ActNote {
			before = *redacted
		}
	})
	for i, done := range a.EraseAll(ctx, acts, nil) {
		if done.Err != nil || done.Line.ID != acts[i].ID {
			t.Fatalf("%d: %+v", i, done)
		}
	}
	mustDo(t, <-noted)
	if before != 1 || *redacted > 30 { // some days may be in two batches
		t.Errorf("the note came after %d of %d journals, want after the first of 20 or few more", before, *redacted)
	}
	if left := stillSays(d); len(left) != 2 { // journal and story of the other one
		t.Errorf("the number is still in %v", left)
	}
}

// TestWhoClosesWaitsForNoJournalAndTheNextStartForgets closes while the first of
// three is made anew.
func TestWhoClosesWaitsForNoJournalAndTheNextStartForgets(t *testing.T) {
	d := memdisk.New()
	a := open(t, d)
	acts := called(t, a, 3, 3)
	begun := make(chan bool)
	stop := a.Subscribe(func(archive.JournalLine) { // so that all three are in one batch
		close(begun)
		for archive.Waiting(a, archive.ActErase) < 3 {
			runtime.Gosched()
		}
	})
	go a.Act(ctx, archive.Act{ID: acts[0].ID, Kind: archive.ActProtect})
	<-begun
	stop()
	closed := make(chan error, 1)
	redacted := atFirstRedaction(d, func() {
		go func() { closed <- a.Close() }()
		for !archive.Closing(a) {
			runtime.Gosched()
		}
	})
	late := 0
	for _, done := range a.EraseAll(ctx, acts, nil) {
		if errors.Is(done.Err, archive.ErrClosed) && done.Line.Seq > 0 {
			late++
		}
	}
	if err := <-closed; err != nil || late != 2 || *redacted != 1 {
		t.Errorf("%v; %d journals made anew, %d said to be late", err, *redacted, late)
	}
	d.Fail = nil
	a = open(t, d)
	if err := a.Recover(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if left := stillSays(d); len(left) > 0 {
		t.Errorf("the number is still in %v", left)
	}
}

func TestWhatIsAskedBeforeALineIsWrittenSeesAllEarlierLines(t *testing.T) {
	d := memdisk.New()
	a := open(t, d)
	var mu sync.Mutex
	held := map[string]int{}
	a.Subscribe(func(l archive.JournalLine) {
		mu.Lock()
		defer mu.Unlock()
		switch l.Kind {
		case archive.ActHold:
			held[l.ID]++
		case archive.ActErase:
			held[l.ID] -= 1000
		}
	})
	no := errors.New("held")
	check := func(act archive.Act) error {
		mu.Lock()
		defer mu.Unlock()
		if held[act.ID] > 0 {
			return no
		}
		return nil
	}
	for range 40 {
		id := spoken(t, a)
		if err := a.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		var holdErr, eraseErr error
		wg.Go(func() { _, holdErr = a.Act(ctx, archive.Act{ID: id, Kind: archive.ActHold, Value: "case"}) })
		wg.Go(func() { eraseErr = a.EraseAll(ctx, []archive.Act{{ID: id}}, check)[0].Err })
		wg.Wait()
		if (holdErr == nil) == (eraseErr == nil) {
			t.Fatalf("hold: %v, erase: %v; want one of them refused", holdErr, eraseErr)
		}
		if holdErr == nil && (!errors.Is(eraseErr, no) || len(filesOf(d, id)) != 3) {
			t.Fatalf("held recording: erase %v, files %v", eraseErr, filesOf(d, id))
		}
	}
}

// TestAnErasureIsDoneWholeOrNotAtAllWhereverThePowerFails cuts erasing and
// forgetting off at any operation.
func TestAnErasureIsDoneWholeOrNotAtAllWhereverThePowerFails(t *testing.T) {
	seeds := 400
	if testing.Short() {
		seeds = 60
	}
	for seed := range uint64(seeds) {
		eraseCrash(t, seed)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func eraseCrash(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 3))
	d := memdisk.New()
	openDisk := func() *archive.Archive {
		a, err := archive.Open(archive.Config{Disk: d, Now: func() time.Time { return t0 }})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a := openDisk()
	var ids []string
	for range 6 {
		ids = append(ids, spoken(t, a))
	}
	if err := a.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if _, err := a.Act(ctx, archive.Act{ID: id, Kind: archive.ActNote, Value: secretName}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Sync(); err != nil {
		t.Fatal(err)
	}
	before, err := d.ReadFile("2026/11/22/day.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	d.CrashAfter(rng.IntN(60), seed)
	if rng.IntN(3) == 0 {
		noise(d, seed)
	}
	promised := map[string]bool{}
	for len(ids) > 0 && len(promised) < 4 {
		var acts []archive.Act
		for i := range rng.IntN(3) + 1 {
			acts = append(acts, archive.Act{ID: ids[(len(promised)+i)%len(ids)], Day: "2026-11-22", Forget: rng.IntN(2) == 0})
		}
		failed := false
		for i, r := range a.EraseAll(ctx, acts, nil) {
			if r.Err == nil {
				promised[acts[i].ID] = true
			} else {
				failed = true
			}
		}
		if failed {
			break
		}
	}
	d.Off()
	a.Close()
	for range 1 + rng.IntN(3) {
		if rng.IntN(3) == 0 {
			d = d.Kill()
		} else {
			d = d.PowerCut(rng.Uint64())
		}
		d.CrashAfter(rng.IntN(40), rng.Uint64())
		if a, err := archive.Open(archive.Config{Disk: d, Now: func() time.Time { return t0 }}); err == nil {
			a.Recover(ctx, nil)
			d.Off()
			a.Close()
		}
	}
	d = d.Kill()
	a = openDisk()
	defer a.Close()
	if err := a.Recover(ctx, nil); err != nil {
		t.Fatal(err)
	}
	for pass := range 2 {
		if err := a.Reconcile(ctx, nil, func(f archive.Finding) {
			if f.Kind != archive.FoundLine && f.Kind != archive.FoundErased || pass == 1 { // the last line may be torn
				t.Errorf("pass %d: %+v", pass, f)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	erased, forgot := map[string]bool{}, map[string]bool{}
	ls, damaged := lines(t, &a.Reader, nil)
	for i, l := range ls {
		if l.Seq != uint64(i+1) {
			t.Errorf("line %d has number %d", i+1, l.Seq)
		}
		if l.Kind == archive.ActErase {
			erased[l.ID], forgot[l.ID] = true, forgot[l.ID] || l.Forget
		}
	}
	if len(damaged) > 0 && !strings.HasSuffix(damaged[0], fmt.Sprint(":", len(ls)+1)) {
		t.Errorf("damaged lines: %v", damaged)
	}
	after, _ := d.ReadFile("2026/11/22/day.jsonl")
	old, now := bytes.Split(before, []byte("\n")), bytes.Split(after, []byte("\n"))
	for _, id := range ids {
		left := filesOf(d, id)
		if promised[id] && !erased[id] {
			t.Errorf("%s: erasing was confirmed and the line is lost", id)
		}
		if want := 3; erased[id] && len(left) > 0 || !erased[id] && len(left) != want {
			t.Errorf("%s: erased %v, files %v", id, erased[id], left)
		}
		for i, l := range old {
			if !bytes.Contains(l, []byte(id)) {
				continue
			}
			switch same := bytes.Equal(l, now[i]); {
			case forgot[id] && same:
				t.Errorf("%s: forgotten, and line %d says still: %.200s", id, i+1, now[i])
			case !forgot[id] && !same:
				t.Errorf("%s: not forgotten, and line %d is %.200s", id, i+1, now[i])
			}
		}
	}
	for _, n := range d.Files() {
		if strings.HasPrefix(n, "open/") {
			t.Errorf("left: %s", n)
		}
	}
}
