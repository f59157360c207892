package vault_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"vaad/recorder/archive"
	"vaad/recorder/archive/crypt"
	"vaad/recorder/archive/memdisk"
	"vaad/recorder/archive/vault"
)

const day = archive.Day("2026-11-22")

var t0 = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func id(n int) string {
	u := ulid.ULID{15: byte(n), 14: byte(n >> 8)}
	if err := u.SetTime(ulid.Timestamp(t0)); err != nil {
		panic(err)
	}
	return u.String()
}

func open(t testing.TB, d *memdisk.Disk) *vault.Ring {
	t.Helper()
	r, err := vault.Open(vault.Config{Disk: d, Now: func() time.Time { return t0 }})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func make1(t testing.TB, r *vault.Ring, of string) crypt.Key {
	t.Helper()
	ks, err := r.Make(day, []string{of})
	if err != nil {
		t.Fatal(err)
	}
	return ks[of]
}

func has(t testing.TB, r *vault.Ring, of string, k crypt.Key) {
	t.Helper()
	for _, d := range []archive.Day{day, ""} {
		if got, err := r.Key(d, of, k.ID()); err != nil || got != k {
			t.Errorf("key of %s by day %q: %v", of, d, err)
		}
	}
}

// onDisk reports whether the bytes of a key, wrapped or not, are in any file.
func onDisk(d *memdisk.Disk, b []byte) bool {
	return slices.ContainsFunc(d.Files(), func(name string) bool {
		f, _ := d.ReadFile(name)
		return bytes.Contains(f, b)
	})
}

func TestAKeyIsTheSameForEver(t *testing.T) {
	d := memdisk.New()
	r := open(t, d)
	k := make1(t, r, id(1))
	if again := make1(t, r, id(1)); again != k || make1(t, r, id(2)) == k {
		t.Error("it is another key, or that of another recording")
	}
	d = d.PowerCut(1)
	r = open(t, d)
	has(t, r, id(1), k)
	if onDisk(d, k[:]) {
		t.Error("the key is on the disk as it is")
	}
	if _, err := r.Key(day, id(3), k.ID()); !errors.Is(err, archive.ErrNoKey) {
		t.Error(err)
	}
	if _, err := r.Key(day, id(1), crypt.KeyID{1}); !errors.Is(err, archive.ErrNoKey) {
		t.Error(err)
	}
}

// TestAnErasedKeyIsGoneFromTheDisk looks for the wrapped key, and tries to have
// another made.
func TestAnErasedKeyIsGoneFromTheDisk(t *testing.T) {
	d := memdisk.New()
	r := open(t, d)
	k, other := make1(t, r, id(1)), make1(t, r, id(2))
	b, err := d.ReadFile("2026/11/22.keys")
	if err != nil {
		t.Fatal(err)
	}
	wrapped := b[128+48 : 128+112]
	if err := r.Erase(day, id(1)); err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(3) {
		d = d.PowerCut(seed)
		r = open(t, d)
		if onDisk(d, wrapped) {
			t.Error("the wrapped key is still there")
		}
		if _, err := r.Key("", id(1), k.ID()); !errors.Is(err, archive.ErrKeyErased) {
			t.Error(err)
		}
		if _, err := r.Make(day, []string{id(1)}); !errors.Is(err, archive.ErrKeyErased) {
			t.Error(err)
		}
		has(t, r, id(2), other)
	}
	if err := errors.Join(r.Erase(day, id(1)), r.Erase("", id(9))); err != nil {
		t.Error("again, and of one that never had a key:", err)
	}
}

// TestALostMasterKeyIsNotReplaced: a new one would hide what is lost.
func TestALostMasterKeyIsNotReplaced(t *testing.T) {
	d := memdisk.New()
	k := make1(t, open(t, d), id(1))
	if err := d.Remove("master"); err != nil {
		t.Fatal(err)
	}
	r := open(t, d)
	if err := r.Check(); !errors.Is(err, vault.ErrNoMaster) {
		t.Error(err)
	}
	if _, err := r.Make(day, []string{id(2)}); !errors.Is(err, archive.ErrKeys) {
		t.Error(err)
	}
	if _, err := r.Key(day, id(1), k.ID()); !errors.Is(err, archive.ErrKeys) {
		t.Error(err)
	}
	if s, err := r.State(); err == nil || s.Foreign != 1 {
		t.Errorf("%+v %v", s, err)
	}
}

// TestARotationMayBeInterruptedAnywhere cuts the power at every operation of one.
func TestARotationMayBeInterruptedAnywhere(t *testing.T) {
	base := memdisk.New()
	r := open(t, base)
	want := map[string]crypt.Key{}
	for i := range 5 {
		ks, err := r.Make(archive.Day(fmt.Sprintf("2026-11-%02d", 20+i)), []string{id(i)})
		if err != nil {
			t.Fatal(err)
		}
		want[id(i)] = ks[id(i)]
	}
	if err := r.Erase("2026-11-21", id(1)); err != nil {
		t.Fatal(err)
	}
	gone := want[id(1)]
	delete(want, id(1))
	all := func(r *vault.Ring) {
		t.Helper()
		for of, k := range want {
			if got, err := r.Key("", of, k.ID()); err != nil || got != k {
				t.Errorf("%s: %v", of, err)
			}
		}
	}
	old, _ := base.ReadFile("master")
	secret := old[bytes.Index(old, []byte("vaad-master-1:")) : len(old)-1]
	for n, done := 0, false; !done; n++ {
		d := base.Kill()
		d.CrashAfter(n, uint64(n))
		if r, err := vault.Open(vault.Config{Disk: d}); err == nil {
			_, err = r.Rotate()
			done = err == nil
		}
		d = d.PowerCut(uint64(n))
		r := open(t, d)
		all(r)
		out, err := r.Rotate()
		if err != nil || out.Kept > 0 {
			t.Fatalf("after %d operations: %+v %v", n, out, err)
		}
		all(open(t, d))
		if s, err := r.State(); err != nil || s.Others+s.Foreign > 0 || s.Keys != 4 || s.Erased != 1 || s.Master != out.Master {
			t.Fatalf("%+v %v", s, err)
		}
		if onDisk(d, secret) {
			t.Fatal("the old master key is still there")
		}
		if _, err := r.Key("", id(1), gone.ID()); !errors.Is(err, archive.ErrKeyErased) {
			t.Error(err)
		}
	}
}

// watched calls f when the first folder is listed after it was set, and at each sync.
type watched struct {
	*memdisk.Disk
	list, sync func()
}

func (d *watched) ReadDir(name string) ([]fs.DirEntry, error) {
	if f := d.list; f != nil {
		d.list = nil
		f()
	}
	return d.Disk.ReadDir(name)
}

func (d *watched) SyncFS() error {
	if d.sync != nil {
		d.sync()
	}
	return d.Disk.SyncFS()
}

// TestKeysAreReadAndMadeWhileTheMasterKeyIsRotated reads whenever files are made
// durable, and makes and erases between two steps.
func TestKeysAreReadAndMadeWhileTheMasterKeyIsRotated(t *testing.T) {
	d := &watched{Disk: memdisk.New()}
	r, err := vault.Open(vault.Config{Disk: d})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]crypt.Key{}
	for i := range 40 {
		ks, err := r.Make(archive.DayOf(t0.AddDate(0, 0, -i)), []string{id(i)})
		if err != nil {
			t.Fatal(err)
		}
		want[id(i)] = ks[id(i)]
	}
	readable, syncs := 0, 0
	d.list = func() {
		if _, free := vault.Free(r); !free {
			t.Fatal("nobody can make keys")
		}
		want[id(50)] = make1(t, r, id(50))
		if err := r.Erase(day, id(0)); err != nil {
			t.Fatal(err)
		}
		delete(want, id(0))
		d.sync = func() {
			if syncs++; syncs > 6 { // of three steps
				return
			}
			if free, _ := vault.Free(r); free {
				readable++
				if _, err := r.Key("", id(39), want[id(39)].ID()); err != nil {
					t.Error(err)
				}
			}
		}
	}
	if out, err := r.Rotate(); err != nil || out.Keys != 39 || out.Kept != 0 {
		t.Fatalf("%+v %v", out, err)
	}
	if readable != 6 {
		t.Errorf("keys could be read at %d of 6 syncs", readable)
	}
	r = open(t, d.PowerCut(1))
	for of, k := range want {
		if got, err := r.Key("", of, k.ID()); err != nil || got != k {
			t.Errorf("%s: %v", of, err)
		}
	}
}

// TestARotationLosesNoKeyWhenTheMasterKeyIsChangedMeanwhile takes the place of the
// master key away while keys are wrapped with it: the old one goes at the end.
func TestARotationLosesNoKeyWhenTheMasterKeyIsChangedMeanwhile(t *testing.T) {
	d := &watched{Disk: memdisk.New()}
	make1(t, open(t, d.Disk), id(1))
	elsewhere := true
	r, err := vault.Open(vault.Config{Disk: d, Master: func() ([]byte, bool, error) {
		if elsewhere {
			return []byte("correct horse battery staple\n"), true, nil
		}
		return nil, false, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	if ks, err := r.Make(day, []string{id(1)}); err != nil || len(ks) != 1 { // so that the next listing is the rotation's
		t.Fatal(err)
	}
	d.list = func() {
		elsewhere = false
		if _, err := r.Make(day, []string{id(2)}); !errors.Is(err, archive.ErrKeys) {
			t.Errorf("a key was made with a master key that goes: %v", err)
		}
		elsewhere = true
	}
	if out, err := r.Rotate(); err != nil || out.Keys != 1 || out.Kept != 0 {
		t.Fatalf("%+v %v", out, err)
	}
	make1(t, r, id(2))
}

// TestNoKeyThatWasGivenOutIsLostWhereverThePowerFails makes and erases keys until
// the power fails.
func TestNoKeyThatWasGivenOutIsLostWhereverThePowerFails(t *testing.T) {
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 3))
		d := memdisk.New()
		d.CrashAfter(rng.IntN(200), seed)
		alive, erased, maybe := map[string]crypt.Key{}, map[string]crypt.Key{}, map[string]bool{}
		for range 3 { // lives
			r, err := vault.Open(vault.Config{Disk: d, Now: func() time.Time { return t0 }})
			for n := 0; err == nil && n < 15; n++ {
				of := id(rng.IntN(12))
				if k, there := alive[of]; there && rng.IntN(3) == 0 {
					maybe[of] = true
					if err = r.Erase(day, of); err == nil {
						erased[of] = k
						delete(alive, of)
					}
					continue
				}
				if maybe[of] {
					continue
				}
				var ks map[string]crypt.Key
				if ks, err = r.Make(day, []string{of}); err == nil {
					if k, had := alive[of]; had && k != ks[of] {
						t.Fatalf("seed %d: another key", seed)
					}
					alive[of] = ks[of]
				}
			}
			d.Off()
			if rng.IntN(3) == 0 {
				d = d.Kill()
			} else {
				d = d.PowerCut(rng.Uint64())
			}
			r = open(t, d)
			for of, k := range alive {
				got, err := r.Key(day, of, k.ID())
				if (err != nil || got != k) && !maybe[of] {
					t.Fatalf("seed %d: %s: %v", seed, of, err)
				}
			}
			for of, k := range erased {
				if _, err := r.Key(day, of, k.ID()); !errors.Is(err, archive.ErrKeyErased) {
					t.Fatalf("seed %d: erased %s: %v", seed, of, err)
				}
			}
			for of, k := range alive { // what was under way can be finished
				if maybe[of] {
					if err := r.Erase(day, of); err != nil {
						t.Fatal(err)
					}
					if _, err := r.Key(day, of, k.ID()); !errors.Is(err, archive.ErrKeyErased) {
						t.Fatalf("seed %d: %s: %v", seed, of, err)
					}
					erased[of] = k
					delete(alive, of)
				}
			}
			d.CrashAfter(rng.IntN(200), seed)
		}
	}
}

// TestAFullDiskGrowsNoFile tries in vain, and then not.
func TestAFullDiskGrowsNoFile(t *testing.T) {
	d := memdisk.New()
	var told []error
	r, err := vault.Open(vault.Config{Disk: d, Told: func(err error) { told = append(told, err) }})
	if err != nil {
		t.Fatal(err)
	}
	k := make1(t, r, id(1))
	before, _ := d.ReadFile("2026/11/22.keys")
	d.Fail = func(op, name string) error {
		if op == "write" && strings.HasSuffix(name, ".keys") {
			return syscall.ENOSPC
		}
		return nil
	}
	for range 3 {
		if _, err := r.Make(day, []string{id(2)}); !errors.Is(err, syscall.ENOSPC) {
			t.Error(err)
		}
	}
	d.Fail = nil
	if after, _ := d.ReadFile("2026/11/22.keys"); !bytes.Equal(before, after) {
		t.Error("it has grown")
	}
	has(t, r, id(1), k)
	make1(t, r, id(2))
	if len(told) != 5 || told[0] != nil || told[1] == nil || told[4] != nil {
		t.Error(told)
	}
}

// TestThatARecordingHasNoKeyIsToldUntilItHas: keys of others say nothing of it.
func TestThatARecordingHasNoKeyIsToldUntilItHas(t *testing.T) {
	var told error
	r, err := vault.Open(vault.Config{Disk: memdisk.New(), Told: func(err error) { told = err }})
	if err != nil {
		t.Fatal(err)
	}
	make1(t, r, id(1))
	if err := r.Erase(day, id(1)); err != nil {
		t.Fatal(err)
	}
	ks, err := r.Make(day, []string{id(1), id(2), "x"})
	var refused archive.Refused
	if !errors.As(err, &refused) || len(refused) != 2 || !errors.Is(refused[id(1)], archive.ErrKeyErased) || len(ks) != 1 || ks[id(2)] == (crypt.Key{}) {
		t.Fatalf("%v, %d keys", err, len(ks))
	}
	if make1(t, r, id(3)); !errors.Is(told, archive.ErrKeyErased) {
		t.Errorf("told: %v", told)
	}
}

// TestBusyDaysTakeBoundedMemory reads keys of days that have sixty thousand each.
func TestBusyDaysTakeBoundedMemory(t *testing.T) {
	const perDay, bound = 60_000, 200_000
	if testing.Short() {
		t.Skip("240,000 keys")
	}
	r := open(t, memdisk.New())
	ids := make([]string, perDay)
	for i := range ids {
		ids[i] = id(i)
	}
	first := map[archive.Day]crypt.Key{}
	for i := range 4 {
		d := archive.DayOf(t0.AddDate(0, 0, i))
		ks, err := r.Make(d, ids)
		if err != nil {
			t.Fatal(err)
		}
		first[d] = ks[ids[0]]
	}
	for range 2 {
		for d, k := range first {
			if got, err := r.Key(d, ids[0], k.ID()); err != nil || got != k {
				t.Fatal(err)
			}
			if n, days := vault.Cached(r); n == 0 || n > bound {
				t.Errorf("%d keys of %d days are in memory, want at most %d", n, days, bound)
			}
		}
	}
}

// TestMasterKeysMayComeFromElsewhere uses a passphrase, adds a key before it, and
// takes the passphrase away after a rotation.
func TestMasterKeysMayComeFromElsewhere(t *testing.T) {
	d := memdisk.New()
	own := make1(t, open(t, d), id(1))
	given := "correct horse battery staple\n"
	var fail error
	config := vault.Config{Disk: d, Master: func() ([]byte, bool, error) { return []byte(given), true, fail }}
	r, err := vault.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	has(t, r, id(1), own)
	k := make1(t, r, id(2))
	if out, err := r.Rotate(); err != nil || out.Keys != 1 || out.Kept != 0 {
		t.Fatalf("%+v %v", out, err)
	}
	if b, _ := d.ReadFile("master"); bytes.Contains(b, []byte("vaad-master-1:")) {
		t.Error("the own master key is still there")
	}
	given = "vaad-master-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n" + given
	has(t, r, id(1), own)
	if out, err := r.Rotate(); err != nil || out.Keys != 2 {
		t.Fatalf("%+v %v", out, err)
	}
	given, _, _ = strings.Cut(given, "\n")
	if r, err = vault.Open(config); err != nil {
		t.Fatal(err)
	}
	has(t, r, id(1), own)
	has(t, r, id(2), k)
	fail = fs.ErrNotExist
	if err := r.Check(); !errors.Is(err, vault.ErrNoMaster) {
		t.Error(err)
	}
	for _, bad := range []string{"", "short", "vaad-master-1:AAEC", "# nothing"} {
		given, fail = bad, nil
		if err := r.Check(); !errors.Is(err, archive.ErrKeys) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestABackupOfKeysBringsBackAllThatWereNotErased exports, loses all, imports.
func TestABackupOfKeysBringsBackAllThatWereNotErased(t *testing.T) {
	d := memdisk.New()
	r := open(t, d)
	a, b := make1(t, r, id(1)), make1(t, r, id(2))
	var early, late bytes.Buffer
	if out, err := r.Export(&early, ""); err != nil || out.Keys != 2 {
		t.Fatalf("%+v %v", out, err)
	}
	if err := r.Erase(day, id(2)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Export(&late, ""); err != nil {
		t.Fatal(err)
	}
	if out, err := r.Import(bytes.NewReader(early.Bytes())); err != nil || out != (vault.Imported{Known: 1, Erased: 1}) {
		t.Errorf("%+v %v", out, err)
	}
	fresh := open(t, memdisk.New())
	if _, err := fresh.Import(bytes.NewReader(late.Bytes()[:late.Len()-4])); !errors.Is(err, vault.ErrExport) {
		t.Error(err)
	}
	if out, err := fresh.Import(bytes.NewReader(late.Bytes())); err != nil || out != (vault.Imported{Keys: 1, Erased: 1}) {
		t.Errorf("%+v %v", out, err)
	}
	has(t, fresh, id(1), a)
	if out, err := fresh.Import(bytes.NewReader(early.Bytes())); err != nil || out != (vault.Imported{Known: 1, Erased: 1}) {
		t.Errorf("an older backup: %+v %v", out, err)
	}
	if _, err := fresh.Key("", id(2), b.ID()); !errors.Is(err, archive.ErrKeyErased) {
		t.Error(err)
	}
	var one bytes.Buffer
	if _, err := r.Export(&one, id(1)); err != nil {
		t.Fatal(err)
	}
	loose, err := vault.ReadLoose(&one)
	if err != nil {
		t.Fatal(err)
	}
	if k, err := loose.Key("", id(1), a.ID()); err != nil || k != a {
		t.Error(err)
	}
	if _, err := loose.Key("", id(2), b.ID()); !errors.Is(err, archive.ErrNoKey) {
		t.Error(err)
	}
}

// TestADamagedRecordCostsOneKey damages each byte of one.
func TestADamagedRecordCostsOneKey(t *testing.T) {
	d := memdisk.New()
	r := open(t, d)
	a, b := make1(t, r, id(1)), make1(t, r, id(2))
	good, _ := d.ReadFile("2026/11/22.keys")
	for at := range 256 {
		bad := bytes.Clone(good)
		bad[at] ^= 0x10
		d := d.Kill()
		d.WriteFile("2026/11/22.keys", bad)
		r := open(t, d)
		has(t, r, id(2), b)
		if _, err := r.Key(day, id(1), a.ID()); at >= 128 && err == nil || err != nil && !errors.Is(err, archive.ErrNoKey) {
			t.Errorf("byte %d: %v", at, err)
		}
	}
}

// FuzzKeyFile feeds anything for a day's file and for an export.
func FuzzKeyFile(f *testing.F) {
	d := memdisk.New()
	r := open(f, d)
	k := make1(f, r, id(1))
	make1(f, r, id(2))
	b, _ := d.ReadFile("2026/11/22.keys")
	f.Add(b)
	f.Add(b[:200])
	var out bytes.Buffer
	if _, err := r.Export(&out, ""); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Fuzz(func(t *testing.T, in []byte) {
		d := d.Kill()
		d.WriteFile("2026/11/22.keys", in)
		r := open(t, d)
		if got, err := r.Key(day, id(1), k.ID()); err == nil && got != k {
			t.Fatal("another key under its name")
		}
		if _, err := r.Make(day, []string{id(3)}); err == nil {
			if err := r.Erase(day, id(3)); err != nil {
				t.Fatal(err)
			}
		}
		if s, err := r.State(); err == nil && s.Keys+s.Erased+s.Damaged > len(in)/128+1 {
			t.Fatalf("%+v", s)
		}
		_, _ = vault.ReadLoose(bytes.NewReader(in)) // may say anything, but must end
	})
}
