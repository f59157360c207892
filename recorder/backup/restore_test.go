package backup_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
	"vaad/recorder/backup"
	"vaad/recorder/backup/target"
	"vaad/recorder/evidence"
)

// onceUp ends the evidence log's run when it has taken what there is.
type onceUp struct{ cancel func() }

func (onceUp) Raise(string, string, map[string]string) {}
func (o onceUp) Clear(string, string)                  { o.cancel() }

// proven runs the evidence log over the archive, until it has all, and signs.
func (r *rig) proven() {
	r.t.Helper()
	run, cancel := context.WithCancel(ctx)
	l, err := evidence.Open(evidence.Config{Disk: r.disk, Keys: filepath.Join(r.root, "evidence"), Archive: r.a, Alarms: onceUp{cancel},
		Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return r.now }})
	if err != nil {
		r.t.Fatal(err)
	}
	if err := l.Run(run); !errors.Is(err, context.Canceled) {
		r.t.Fatal(err)
	}
	if err := errors.Join(l.Sign(), l.Close()); err != nil {
		r.t.Fatal(err)
	}
}

// verifies holds a restored root against its evidence.
func verifies(t testing.TB, d archive.Disk, keys, last string, allow ...evidence.Kind) evidence.Summary {
	t.Helper()
	return verifiesBut(t, d, keys, last, func(string) bool { return false }, allow...)
}

// verifiesBut is verifies, but files of recordings that may be gone may be.
func verifiesBut(t testing.TB, d archive.Disk, keys, last string, gone func(id string) bool, allow ...evidence.Kind) evidence.Summary {
	t.Helper()
	rd, err := archive.OpenReadOnly("", d)
	if err != nil {
		t.Fatal(err)
	}
	public, err := evidence.ParseKeys(keys)
	if err != nil {
		t.Fatal(err)
	}
	s, err := evidence.Verify(ctx, evidence.Options{Reader: rd, Disk: d, Keys: public, Anchors: [][]byte{[]byte(last)}, Now: t0.AddDate(1, 0, 0),
		Found: func(f evidence.Finding) {
			for _, k := range allow {
				if f.Kind == k {
					return
				}
			}
			t.Errorf("finding %+v", f)
		},
		File: func(d archive.Day, id string, c archive.Check) {
			if !c.OK && !(gone(id) && errors.Is(c.Err, fs.ErrNotExist)) {
				t.Errorf("%s %s: %v", d, c.Name, c.Err)
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wholeRig has an appliance with all that is to be restored.
func wholeRig(t testing.TB, encrypt bool) *rig {
	r := cryptRig(t)
	if !encrypt {
		r.o.Encrypt = false
		delete(r.tgt.files, target.Marker)
		if _, err := r.e.Adopt(ctx); err != nil {
			t.Fatal(err)
		}
	}
	r.write("state.db.copy", "a database")
	r.write("appliance", "vaad-one\n")
	r.write("keys/2026/11/22.keys", "k")
	r.o.Extra = []string{"keys", "not-there"}
	for i := range 8 {
		r.seal(i%4*5, "")
	}
	id := r.seal(2, "")
	r.act(id, archive.ActNote, "to be erased")
	r.erase(id, false)
	r.proven()
	return r
}

func (r *rig) hot() {
	c := r.config()
	c.HotCopy = func() (string, error) { return filepath.Join(r.root, "state.db.copy"), nil }
	e, err := backup.New(c)
	if err != nil {
		r.t.Fatal(err)
	}
	e.NoWaits()
	r.e = e
}

// restored compares a restored root with the appliance.
func (r *rig) restored(t testing.TB, root string) {
	t.Helper()
	got := map[string]string{}
	err := filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		rel, _ := filepath.Rel(root, p)
		got[filepath.ToSlash(rel)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := r.mirrors()
	for _, name := range []string{"evidence/leaves", "evidence/hashes", "checkpoints"} {
		want["recordings/"+name] = string(r.stored(name))
	}
	for _, name := range []string{"settings.jsonl", "appliance", "keys/2026/11/22.keys", "evidence/key.pub", "evidence/last"} {
		b, err := os.ReadFile(filepath.Join(r.root, name))
		if err != nil {
			t.Fatal(err)
		}
		want[name] = string(b)
	}
	want["state.db"] = "a database"
	delete(got, "recordings/.lock")
	same(t, got, want)
	d, err := archive.OSDisk(filepath.Join(root, "recordings"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if s := verifies(t, d, want["evidence/key.pub"], want["evidence/last"]); s.Recordings == 0 || s.Covered == 0 {
		t.Errorf("%+v", s)
	}
}

func TestAWholeApplianceComesBackByteForByte(t *testing.T) {
	for _, encrypt := range []bool{false, true} {
		t.Run(fmt.Sprint(encrypt), func(t *testing.T) {
			r := wholeRig(t, encrypt)
			r.hot()
			r.run()
			if encrypt {
				for name, b := range r.tgt.holds() {
					if !strings.HasSuffix(name, ".age") || !strings.HasPrefix(b, "age-encryption.org/v1") {
						t.Error(name, "is not encrypted")
					}
				}
			}
			before := r.tgt.holds()
			root := t.TempDir()
			var last backup.Progress
			rep, err := backup.RestoreAll(ctx, backup.Restoring{Target: r.tgt, Identities: r.ids, Parallel: 1, Progress: func(p backup.Progress) { last = p }}, root)
			if err != nil {
				t.Fatalf("%v %+v", err, rep)
			}
			r.restored(t, root)
			same(t, r.tgt.holds(), before)
			if rep.Recordings != 8 || rep.Erased != 1 || rep.Bundle == "" || last.Files != last.TotalFiles || last.Files != 24 {
				t.Errorf("%+v %+v", rep, last)
			}
			if on, err := backup.Interrupted(root); on || err != nil {
				t.Error(on, err)
			}
			if _, err := backup.RestoreAll(ctx, backup.Restoring{Target: r.tgt, Identities: r.ids}, root); !errors.Is(err, backup.ErrNotEmpty) {
				t.Error(err)
			}
			// The new appliance goes on with the same target.
			if id, err := backup.ApplianceID(root); err != nil || id != "vaad-one" {
				t.Error(id, err)
			}
		})
	}
}

func TestWhatRootRestoresBelongsToTheOwnerOfTheRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	r := wholeRig(t, false)
	r.run()
	root := t.TempDir()
	if err := os.Chown(root, 1234, 2345); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.RestoreAll(ctx, backup.Restoring{Target: r.tgt, Identities: r.ids}, root); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := d.Info()
		if st := fi.Sys().(*syscall.Stat_t); err == nil && (st.Uid != 1234 || st.Gid != 2345) {
			t.Error(p, st.Uid, st.Gid)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnInterruptedRestoreGoesOn(t *testing.T) {
	r := wholeRig(t, true)
	r.hot()
	r.run()
	for k := 1; ; k += 3 {
		root := t.TempDir()
		r.tgt.revive()
		r.tgt.dieAt = k
		_, err := backup.RestoreAll(ctx, backup.Restoring{Target: r.tgt, Identities: r.ids, Parallel: 1}, root)
		if err == nil {
			break
		}
		r.tgt.revive()
		if _, err := backup.RestoreAll(ctx, backup.Restoring{Target: r.tgt, Identities: r.ids}, root); err != nil {
			t.Fatal(k, err)
		}
		r.restored(t, root)
	}
}

func TestAnInterruptedRestoreOfAnotherBackupIsRefused(t *testing.T) {
	r, other := wholeRig(t, false), wholeRig(t, false)
	r.run()
	other.run()
	root := t.TempDir()
	r.tgt.revive()
	r.tgt.dieAt = 15
	if _, err := backup.RestoreAll(ctx, backup.Restoring{Target: r.tgt, Identities: r.ids}, root); err == nil {
		t.Fatal("it should have been interrupted")
	}
	if on, err := backup.Interrupted(root); !on || err != nil {
		t.Error(on, err)
	}
	if _, err := backup.RestoreAll(ctx, backup.Restoring{Target: other.tgt, Identities: other.ids}, root); !errors.Is(err, backup.ErrNotEmpty) {
		t.Error(err)
	}
}

func TestWhatIsMissingOrDamagedIsNamedAndTheRestComesBack(t *testing.T) {
	for _, encrypt := range []bool{false, true} {
		r := wholeRig(t, encrypt)
		r.run()
		n := 0
		var missing, damaged string
		for name := range r.mirrors() {
			if encrypt {
				name += ".age"
			}
			if !strings.Contains(name, ".wav") {
				continue
			}
			switch n++; n {
			case 1:
				missing = name
				delete(r.tgt.files, name)
			case 2:
				damaged = name
				r.tgt.files[name][len(r.tgt.files[name])-30] ^= 1
			}
		}
		rep, err := backup.RestoreAll(ctx, backup.Restoring{Target: r.tgt, Identities: r.ids}, t.TempDir())
		if !errors.Is(err, backup.ErrIncomplete) || rep.Missing != 1 || rep.Damaged != 1 || rep.Faulty != 2 || rep.Files != 22 {
			t.Errorf("%v %+v", err, rep)
		}
		for _, f := range rep.Faults {
			if want := map[backup.Trouble]string{backup.TargetMissing: missing, backup.TargetDamaged: damaged}[f.Kind]; !strings.Contains(want, f.Name) {
				t.Errorf("%+v, want %s", f, want)
			}
		}
	}
}

func TestWithoutItsKeyNothingIsRestored(t *testing.T) {
	r := wholeRig(t, true)
	r.run()
	root := t.TempDir()
	if _, err := backup.RestoreAll(ctx, backup.Restoring{Target: r.tgt}, root); !errors.Is(err, backup.ErrNoIdentity) {
		t.Error(err)
	}
	_, secret, _ := backup.NewKey()
	ids, _ := backup.ParseIdentities(secret)
	if _, err := backup.RestoreAll(ctx, backup.Restoring{Target: r.tgt, Identities: ids}, root); err == nil {
		t.Error("another key opens it")
	}
}

func TestWhatDoesNotFitIsNotBegun(t *testing.T) {
	r := wholeRig(t, false)
	r.run()
	d := memdisk.New()
	d.Capacity = 2000
	_, err := backup.RestoreAll(ctx, backup.Restoring{Target: r.tgt, Identities: r.ids, Disk: d}, "")
	if !errors.Is(err, backup.ErrNoSpace) {
		t.Error(err)
	}
}

func TestARestoreSurvivesACrashAtAnyStepOfTheDisk(t *testing.T) {
	r := wholeRig(t, false)
	r.run()
	want := r.mirrors()
	step := 1
	if testing.Short() {
		step = 11
	}
	for k, done := 1, false; !done; k += step {
		d := memdisk.New()
		d.CrashAfter(k, uint64(k))
		_, err := backup.RestoreAll(ctx, backup.Restoring{Target: r.tgt, Identities: r.ids, Disk: d, Parallel: 1}, "")
		if done = err == nil; !done {
			if k%2 == 0 {
				d = d.Kill()
			} else {
				d = d.PowerCut(uint64(k))
			}
			_, err := d.Stat("restoring.json")
			finished := err != nil && len(d.Files()) > 20 // cut off between its last two steps
			if _, err := backup.RestoreAll(ctx, backup.Restoring{Target: r.tgt, Identities: r.ids, Disk: d}, ""); err != nil && !finished {
				t.Fatal(k, err)
			}
		}
		got := map[string]string{}
		for _, name := range d.Files() {
			if strings.HasPrefix(name, "recordings/2") {
				b, _ := d.ReadFile(name)
				got[name] = string(b)
			}
		}
		same(t, got, want)
	}
}

func TestOneRecordingIsRestoredToAFolder(t *testing.T) {
	r := wholeRig(t, true)
	id := r.seal(7, "")
	r.act(id, archive.ActNote, "this one")
	r.run()
	for _, day := range []archive.Day{"", archive.DayOf(t0.AddDate(0, 0, -7))} {
		dir := t.TempDir()
		rep, err := backup.Restore(ctx, backup.Restoring{Target: r.tgt, Identities: r.ids}, backup.Selection{IDs: []string{id}, Day: day}, dir)
		if err != nil || rep.Recordings != 1 || rep.Files != 3 {
			t.Fatalf("%v %+v", err, rep)
		}
		rd, err := archive.OpenReadOnly(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer rd.Close()
		checks, err := rd.Verify(ctx, "", id)
		if err != nil || len(checks) != 3 {
			t.Fatal(checks, err)
		}
		n := 0
		if err := rd.Lines(ctx, nil, func(l *archive.JournalLine) error { n++; return nil }, nil); err != nil || n != 2 {
			t.Error(n, err)
		}
	}
	rep, err := backup.Restore(ctx, backup.Restoring{Target: r.tgt, Identities: r.ids}, backup.Selection{IDs: []string{"01M7YRTMV04JD8H1JMTN40VGQ3"}}, t.TempDir())
	if !errors.Is(err, backup.ErrIncomplete) || rep.Missing != 1 {
		t.Errorf("%v %+v", err, rep)
	}
	if _, err := backup.Restore(ctx, backup.Restoring{Target: r.tgt, Identities: r.ids}, backup.Selection{IDs: []string{"../../etc"}}, t.TempDir()); !errors.Is(err, backup.ErrNotFound) {
		t.Error(err)
	}
}

func TestARangeOfDaysIsRestoredToAFolder(t *testing.T) {
	r := wholeRig(t, false)
	r.run()
	dir := t.TempDir()
	rep, err := backup.Restore(ctx, backup.Restoring{Target: r.tgt}, backup.Selection{From: "2026-11-10", To: "2026-11-20"}, dir)
	if err != nil || rep.Days != 3 || rep.Recordings != 4 || rep.Erased != 1 {
		t.Fatalf("%v %+v", err, rep)
	}
	for name, b := range r.mirrors() {
		got, err := os.ReadFile(filepath.Join(dir, strings.TrimPrefix(name, "recordings/")))
		if in := strings.Contains(name, "/12/") || strings.Contains(name, "/17/") || strings.Contains(name, "/20/"); in != (err == nil) || in && string(got) != b {
			t.Error(name, err)
		}
	}
}

func TestLostAndDamagedFilesAreBroughtBackIntoTheArchive(t *testing.T) {
	r := newRig(t)
	lost, bad, gone := r.seal(1, ""), r.seal(1, ""), r.seal(1, "")
	r.run()
	want := r.mirrors()
	day, _ := r.a.Find(lost)
	for _, ext := range []string{".network.wav", ".local.wav", ".jsonl"} {
		if err := r.disk.Remove(dir(day) + "/" + lost + ext); err != nil {
			t.Fatal(err)
		}
	}
	name := dir(day) + "/" + bad + ".local.wav"
	b := r.stored(name)
	b[99] ^= 9
	r.disk.WriteFile(name, b)
	r.erase(gone, false)
	rep, err := r.e.PutBack(ctx, backup.Selection{From: day, To: day}, nil)
	if !errors.Is(err, backup.ErrIncomplete) || rep.Erased != 1 || rep.Files != 4 {
		t.Fatalf("%v %+v", err, rep)
	}
	for name, b := range want {
		if strings.Contains(name, gone) || strings.HasSuffix(name, "day.jsonl") {
			continue
		}
		if string(r.stored(strings.TrimPrefix(name, "recordings/"))) != b {
			t.Error(name)
		}
	}
	if string(r.stored("damaged/"+bad+".local.wav")) != string(b) {
		t.Error("the damaged file is not kept")
	}
}

func TestARecordingWhoseJournalIsLostIsAdoptedAnew(t *testing.T) {
	r := newRig(t)
	id := r.seal(1, "")
	r.run()
	day, _ := r.a.Find(id)
	for _, name := range r.disk.Files() {
		if strings.HasPrefix(name, dir(day)) {
			if err := r.disk.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.a.Close()
	r.disk = r.disk.Kill()
	r.open()
	r.engine()
	_, err := r.e.PutBack(ctx, backup.Selection{IDs: []string{id}}, func(c context.Context) error { return r.a.Reconcile(c, nil, nil) })
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	if err := r.a.Lines(ctx, nil, func(l *archive.JournalLine) error { kinds = append(kinds, l.Kind); return nil }, nil); err != nil || strings.Join(kinds, " ") != "adopted" {
		t.Error(kinds, err)
	}
}

func TestADrillSaysWhatItCouldProve(t *testing.T) {
	r := wholeRig(t, true)
	ids := r.ids
	r.run()
	rep, err := r.e.Drill(ctx)
	if err != nil || !rep.OK() || rep.State != backup.StateOK || rep.Sealed || rep.Opened == 0 || rep.Bytes == 0 {
		t.Errorf("%v %+v", err, rep)
	}
	r.ids = nil
	rep, err = r.e.Drill(ctx)
	if err != nil || !rep.OK() || rep.State != backup.StateNoIdentity || !rep.Sealed || rep.Recordings == 0 {
		t.Errorf("%v %+v", err, rep)
	}
	r.engine()
	if last := r.e.Status().LastDrill; last == nil || last.State != backup.StateNoIdentity {
		t.Errorf("%+v", last)
	}
	r.ids = ids
	for name, b := range r.tgt.files {
		if strings.HasPrefix(name, "state/") {
			b[len(b)-20] ^= 1
		}
	}
	rep, err = r.e.Drill(ctx)
	if err != nil || rep.State != backup.StateBad || rep.OK() {
		t.Errorf("%v %+v", err, rep)
	}
}

func TestARedactedJournalReplacesTheOldOne(t *testing.T) {
	for _, kind := range []target.Kind{target.KindFolder, target.KindS3} {
		r := newRig(t)
		r.tgt.kind = kind
		id := r.seal(1, "")
		r.seal(1, "")
		r.act(id, archive.ActNote, "a secret")
		r.run()
		r.erase(id, true)
		r.run()
		same(t, r.tgt.holds(), r.mirrors())
		for name, b := range r.tgt.holds() {
			if strings.Contains(b, "a secret") || strings.Contains(name, id) {
				t.Error(name, "still says it")
			}
		}
	}
}
