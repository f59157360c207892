package backup_test

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
	"vaad/recorder/backup"
	"vaad/recorder/evidence"
)

// badDisk is a disk on which some files cannot be read.
type badDisk struct {
	*memdisk.Disk
	bad string
}

type badFile struct{ archive.File }

func (badFile) ReadAt([]byte, int64) (int, error) { return 0, syscall.EIO }

func (d badDisk) Open(name string, flag int, perm fs.FileMode) (archive.File, error) {
	f, err := d.Disk.Open(name, flag, perm)
	if err == nil && strings.HasSuffix(name, d.bad) {
		return badFile{f}, nil
	}
	return f, err
}

func TestAFileOnABadSectorIsToldAndTheOthersAreCopied(t *testing.T) {
	r := newRig(t)
	bad := r.seal(0, "")
	r.seal(0, "")
	c := r.config()
	c.Disk = badDisk{r.disk, bad + ".local.wav"}
	e, err := backup.New(c)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	rep, err := e.Run(ctx)
	if !errors.Is(err, backup.ErrIncomplete) || rep.Recordings != 1 || len(rep.Faults) != 1 || rep.Faults[0].Kind != backup.LocalUnread || rep.Faults[0].ID != bad {
		t.Fatalf("%v %+v", err, rep)
	}
	if e.Backed("2026-11-22", 1) || !e.Backed("2026-11-22", 2) {
		t.Error("only the second is backed up")
	}
	if o, _ := e.OldestUnbacked(ctx); o.IsZero() {
		t.Error("the first is not backed up yet")
	}
}

// TestWhatIsRecordedWhileARunIsUnderWayIsInIt seals, notes, erases and proves
// while a slow target is written to: the mirror is consistent, and its evidence
// speaks of nothing that it has not.
func TestWhatIsRecordedWhileARunIsUnderWayIsInIt(t *testing.T) {
	r := wholeRig(t, false)
	r.o.Parallel = 4
	stop := make(chan bool)
	var erased sync.Map
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			id := r.seal(i%7, "")
			r.act(id, archive.ActNote, "meanwhile")
			if i%3 == 0 {
				erased.Store(id, true)
				r.erase(id, i%2 == 0)
			}
			r.proven()
		}
	})
	r.tgt.slow = runtime.Gosched
	for range 5 {
		// Lines of the last moment are not in the tree yet.
		allowed := []evidence.Kind{evidence.Uncovered}
		rep, err := r.e.Run(ctx)
		switch {
		case errors.Is(err, backup.ErrIncomplete): // files may be there whose line is not: they come back to be adopted
			allowed = append(allowed, evidence.FileAdded)
		case err != nil:
			t.Error(err, rep.Faults)
		}
		consistent(t, r.tgt)
		d := memdisk.New()
		if _, err := backup.RestoreAll(ctx, backup.Restoring{Target: r.tgt, Identities: r.ids, Disk: d}, ""); err != nil && !errors.Is(err, backup.ErrIncomplete) {
			t.Error(err)
		}
		sub := memdisk.New()
		for _, name := range d.Files() {
			if rest, ok := strings.CutPrefix(name, "recordings/"); ok {
				b, _ := d.ReadFile(name)
				sub.WriteFile(rest, b)
			}
		}
		keys, _ := d.ReadFile("evidence/key.pub")
		last, _ := d.ReadFile("evidence/last")
		// Files of a recording that is erased as we look are gone.
		gone := func(id string) bool { _, ok := erased.Load(id); return ok }
		verifiesBut(t, sub, string(keys), string(last), gone, allowed...)
	}
	close(stop)
	wg.Wait()
	r.tgt.slow = nil
	r.run()
	holds, mirrors := r.tgt.holds(), r.mirrors()
	for name, b := range mirrors {
		if holds[name] != b {
			t.Error(name, "is not as it is here")
		}
	}
}

func TestAJournalThatIsRedactedMeanwhileIsPutAllTheSame(t *testing.T) {
	r := newRig(t)
	gone, kept := r.seal(1, ""), r.seal(1, "")
	redact := func() { r.erase(gone, true) }
	r.tgt.fail = func(op, name string) error {
		if op == "put" && strings.Contains(name, kept) && redact != nil {
			redact()
			redact = nil
		}
		return nil
	}
	r.run()
	same(t, r.tgt.holds(), r.mirrors())
	if s := r.e.Status(); s.Done.Days != s.Total.Days {
		t.Errorf("%d of %d days are done at the end", s.Done.Days, s.Total.Days)
	}
}

func TestASlowTargetIsEndedByItsContextAndGoneOnWith(t *testing.T) {
	r := newRig(t)
	for i := range 5 {
		r.seal(i, "")
	}
	run, cancel := context.WithCancel(ctx)
	r.o.Parallel = 1
	n := 0
	r.tgt.slow = func() {
		if n++; n == 12 {
			cancel()
		}
	}
	rep, err := r.e.Run(run)
	if !errors.Is(err, context.Canceled) || rep.Files == 0 {
		t.Fatalf("%v %+v", err, rep)
	}
	r.tgt.slow = nil
	rep2 := r.run()
	same(t, r.tgt.holds(), r.mirrors())
	for name, n := range r.tgt.puts {
		if n > 1 && strings.HasPrefix(name, "recordings/") {
			t.Errorf("%s was sent %d times", name, n)
		}
	}
	if rep2.Files == 0 {
		t.Errorf("%+v", rep2)
	}
}

// TestAHundredThousandRecordingsArePlannedInSeconds makes journals without files.
func TestAHundredThousandRecordingsArePlannedInSeconds(t *testing.T) {
	if testing.Short() {
		t.Skip("it makes 100,000 journal lines")
	}
	r := newRig(t)
	id := r.seal(0, "")
	line := strings.TrimSuffix(string(r.stored("2026/11/22/day.jsonl")), "\n")
	crc := strings.Index(line, `,"crc":"`)
	const days, each = 100, 1000
	for d := range days {
		day := t0.AddDate(0, 0, -1-d)
		var b strings.Builder
		for i := range each {
			l := strings.Replace(line[:crc], `"seq":1,`, fmt.Sprintf(`"seq":%d,`, i+1), 1)
			l = strings.ReplaceAll(l, id, fmt.Sprintf("%s%05d", id[:21], i))
			fmt.Fprintf(&b, "%s,\"crc\":\"%08x\"}\n", l, crc32.Checksum([]byte(l), crc32.MakeTable(crc32.Castagnoli)))
		}
		r.disk.WriteFile(dir(archive.DayOf(day))+"/day.jsonl", []byte(b.String()))
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	w, err := r.e.Plan(ctx)
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	if err != nil || w.Recordings != days*each+1 {
		t.Fatal(w, err)
	}
	t.Logf("planned in %v, %d MB allocated over all", took, (after.TotalAlloc-before.TotalAlloc)>>20)
	began = time.Now()
	if o, err := r.e.OldestUnbacked(ctx); err != nil || o.IsZero() {
		t.Fatal(o, err)
	}
	t.Logf("the oldest is known in %v", time.Since(began))
}
