package store

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// fill makes a file of n rows in two buckets and a hot copy of its first half.
func fill(t *testing.T, dir string, n int) (db *DB, want map[string]person) {
	t.Helper()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	db, _ = open(t, filepath.Join(dir, "state.db"), Options{Copies: filepath.Join(dir, "copies"),
		Now: func() time.Time { now = now.Add(time.Second); return now }}) // no two copies have the same name
	want = map[string]person{}
	half := func(from, to int) {
		if err := db.Update(func(tx *Tx) error {
			for i := from; i < to; i++ {
				p := person{strings.Repeat("n", i%300), i}
				key := fmt.Sprintf("%05d", i)
				want[key] = p
				if err := people().Put(tx, key, p); err != nil {
					return err
				}
			}
			return NewBucket[int]("small").Put(tx, "to", to)
		}); err != nil {
			t.Fatal(err)
		}
	}
	half(0, n/2)
	if _, err := db.HotCopy(); err != nil {
		t.Fatal(err)
	}
	half(n/2, n)
	return db, want
}

// held compares the rows of a file with what was put: none may be wrong.
func held(t *testing.T, db *DB, want map[string]person) (rows int) {
	t.Helper()
	if err := db.View(func(tx *Tx) error {
		rows = 0
		return people().Range(tx, "", "", func(k string, p person) bool {
			if rows++; p != want[k] {
				t.Errorf("key %s: %v, want %v", k, p, want[k])
			}
			return true
		})
	}); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestDamagedFileIsReplacedAndNoRowIsWrong(t *testing.T) {
	rounds := 150
	if testing.Short() {
		rounds = 60
	}
	dir := t.TempDir()
	const n = 400
	db, want := fill(t, dir, n)
	_ = db.Close()
	good, err := os.ReadFile(db.Path())
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	found, rescued := 0, 0
	for round := range rounds {
		b := bytes.Clone(good)
		what := ""
		switch rnd.IntN(4) {
		case 0:
			b = b[:rnd.IntN(len(b))]
			what = fmt.Sprintf("cut to %d", len(b))
		case 1:
			at := rnd.IntN(len(b))
			b[at] ^= 1 << rnd.IntN(8)
			what = fmt.Sprintf("bit flipped at %d", at)
		case 2:
			at, size := rnd.IntN(len(b)), 1+rnd.IntN(9000)
			for i := at; i < min(len(b), at+size); i++ {
				b[i] = byte(rnd.Uint32())
			}
			what = fmt.Sprintf("%d bytes of noise at %d", size, at)
		case 3:
			from, to := rnd.IntN(len(b)/4096), rnd.IntN(len(b)/4096)
			copy(b[to*4096:(to+1)*4096], good[from*4096:])
			what = fmt.Sprintf("page %d over page %d", from, to)
		}
		if err := os.WriteFile(db.Path(), b, 0o600); err != nil {
			t.Fatal(err)
		}
		again, rep, err := Open(db.Path(), db.opt)
		if err != nil {
			t.Fatalf("round %d, %s: %v", round, what, err)
		}
		rows := held(t, again, want)
		switch {
		case rep.Damaged == nil && !rep.Created && rows != n && rows != n/2: // n/2: the newest head page is gone, the one before holds
			t.Fatalf("round %d, %s: %d rows of %d and no word of it", round, what, rows, n)
		case rep.Damaged != nil:
			found++
			rescued += rows
			if rows < n/2 || rep.Restored == "" || !strings.Contains(rep.Aside, ".damaged-") {
				t.Fatalf("round %d, %s: %d rows, report %+v", round, what, rows, rep)
			}
			if aside, err := os.ReadFile(rep.Aside); err != nil || !bytes.Equal(aside, b) {
				t.Fatalf("round %d: the damaged file was not kept: %v", round, err)
			}
		}
		if err := again.Update(func(tx *Tx) error { return people().Put(tx, "00000", want["00000"]) }); err != nil {
			t.Fatalf("round %d, %s: the file takes no changes: %v", round, what, err)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if found < rounds/3 {
		t.Errorf("only %d of %d rounds found damage", found, rounds)
	}
	t.Logf("%d of %d damaged files replaced, %d rows on average of %d, copy %d", found, rounds, rescued/max(1, found), n, n/2)
}

func TestAFileThatWasOnlyHalfMadeIsMadeAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	db, err := bolt.Open(path, 0o600, nil)
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := len(whole) / 4; n <= len(whole); n += len(whole) / 4 {
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		db, rep := open(t, path, Options{})
		if rep.Damaged != nil || rep.Aside != "" || rep.Created != (n < len(whole)) {
			t.Errorf("%d bytes of %d: %+v", n, len(whole), rep)
		}
		put(t, db, "a", person{"Ann", 4})
		_ = db.Close()
	}
}

func TestDamagedCopiesArePassedOver(t *testing.T) {
	dir := t.TempDir()
	db, want := fill(t, dir, 100)
	newer, err := db.HotCopy()
	if err != nil {
		t.Fatal(err)
	}
	_ = db.Close()
	for _, path := range []string{newer, db.Path()} {
		if err := os.Truncate(path, 9000); err != nil {
			t.Fatal(err)
		}
	}
	again, rep := open(t, db.Path(), db.opt)
	if len(rep.BadCopies) != 1 || rep.BadCopies[0] != newer || rep.Restored == "" || rep.Restored == newer {
		t.Errorf("report %+v", rep)
	}
	if n := held(t, again, want); n < 50 {
		t.Errorf("%d rows", n)
	}
}

func TestDamagedFileWithoutCopyStartsWithWhatIsReadable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	db, _ := open(t, path, Options{})
	want := map[string]person{"a": {"Ann", 4}, "b": {"Bob", 5}}
	for k, p := range want {
		put(t, db, k, p)
	}
	_ = db.Close()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndex(b, []byte(`"Bob"`))
	b[at+1] = 'R'
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	db, rep := open(t, path, Options{})
	if !errors.Is(rep.Damaged, ErrDamaged) || rep.Restored != "" || rep.Rescued == 0 {
		t.Errorf("report %+v", rep)
	}
	if n := held(t, db, want); n != 1 {
		t.Errorf("%d rows, want the one that is whole", n)
	}
}

// Cutting the file under the mapping is what a failing disk does: a read of the
// mapping then is SIGBUS, which must not end the process.
func TestDamageInUseHealsWithoutRestart(t *testing.T) {
	dir := t.TempDir()
	var told []Report
	db, want := fill(t, dir, 400)
	db.opt.OnDamage = func(r Report) { told = append(told, r) }
	if err := os.Truncate(db.Path(), 8192); err != nil {
		t.Fatal(err)
	}
	err := db.View(func(tx *Tx) error {
		return people().Range(tx, "", "", func(string, person) bool { return true })
	})
	if !errors.Is(err, ErrDamaged) {
		t.Fatalf("error %v", err)
	}
	if n := held(t, db, want); n != 200 {
		t.Errorf("%d rows, want those of the copy", n)
	}
	put(t, db, "00001", want["00001"])
	if len(told) != 1 || told[0].Restored == "" || told[0].Aside == "" {
		t.Errorf("told %+v", told)
	}
}

func TestAWriterThatWaitedBehindDamageGoesOn(t *testing.T) {
	dir := t.TempDir()
	db, want := fill(t, dir, 400)
	h := db.cur.Load()
	if err := os.Truncate(db.Path(), 8192); err != nil {
		t.Fatal(err)
	}
	change := func(tx *Tx) error { return people().Put(tx, "00399", want["00399"]) }
	if err := h.run(true, change); !errors.Is(err, ErrDamaged) {
		t.Fatalf("error %v", err)
	}
	waited := make(chan error, 1)
	go func() { waited <- h.run(true, change) }() // it had waited for the one above
	select {
	case err := <-waited:
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("error %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("it waits for ever")
	}
	put(t, db, "00399", want["00399"])
}

func TestAWriterThatMeetsDamageDoesNotHoldUpClose(t *testing.T) {
	dir := t.TempDir()
	db, want := fill(t, dir, 400)
	wrote, closed := make(chan error, 1), make(chan error, 1)
	go func() {
		wrote <- db.Update(func(tx *Tx) error {
			go func() { closed <- db.Close() }()
			for db.cur.Load() != nil { // it is about to wait for us
				runtime.Gosched()
			}
			for range 10_000 {
				runtime.Gosched()
			}
			if err := os.Truncate(db.Path(), 8192); err != nil {
				return err
			}
			return people().Put(tx, "00399", want["00399"])
		})
	}()
	for _, c := range []struct {
		ended chan error
		is    error
	}{{closed, nil}, {wrote, ErrDamaged}} {
		select {
		case err := <-c.ended:
			if !errors.Is(err, c.is) {
				t.Errorf("error %v, want %v", err, c.is)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("they wait for ever")
		}
	}
	if err := db.View(func(*Tx) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("error %v", err)
	}
}

func TestWhoWaitsForADamagedFileIsToldThatItIsClosed(t *testing.T) {
	db, _ := open(t, filepath.Join(t.TempDir(), "state.db"), Options{})
	h := db.cur.Load()
	h.dead.Store(true)
	db.healing.Lock()
	told := make(chan error, 1)
	go func() { told <- db.View(func(*Tx) error { return nil }) }()
	for range 10_000 { // it waits for who heals the file or closes it
		runtime.Gosched()
	}
	db.cur.Store(nil) // as Close does
	db.healing.Unlock()
	if err := <-told; !errors.Is(err, ErrClosed) {
		t.Errorf("error %v", err)
	}
	if err := h.close(); err != nil {
		t.Error(err)
	}
}

func TestDamageDuringCommitHeals(t *testing.T) {
	dir := t.TempDir()
	db, want := fill(t, dir, 400)
	if err := os.Truncate(db.Path(), 8192); err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *Tx) error { return people().Put(tx, "00399", want["00399"]) }); !errors.Is(err, ErrDamaged) {
		t.Fatalf("error %v", err)
	}
	put(t, db, "00399", want["00399"])
	if n := held(t, db, want); n != 201 {
		t.Errorf("%d rows", n)
	}
}

func TestValueDamagedInUseIsNeverHandedOut(t *testing.T) {
	dir := t.TempDir()
	db, want := fill(t, dir, 10)
	b, err := os.ReadFile(db.Path())
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(db.Path(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; ; { // every copy of the value in the file, old pages too
		i := bytes.Index(b[at:], []byte(`"age":9`))
		if i < 0 {
			break
		}
		at += i + 1
		if _, err := f.WriteAt([]byte("8"), int64(at+5)); err != nil {
			t.Fatal(err)
		}
	}
	_ = f.Close()
	err = db.View(func(tx *Tx) error { _, _, err := people().Get(tx, "00009"); return err })
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("error %v", err)
	}
	if n := held(t, db, want); n != 9 {
		t.Errorf("%d rows: all but the damaged one were readable or in the copy", n)
	}
}

func TestDisposableFileIsMadeAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	db, _ := open(t, path, Options{Disposable: true})
	put(t, db, "a", person{"Ann", 4})
	_ = db.Close()
	if err := os.Truncate(path, 5000); err != nil {
		t.Fatal(err)
	}
	db, rep := open(t, path, Options{Disposable: true})
	if rep.Damaged == nil || rep.Aside != "" {
		t.Errorf("report %+v", rep)
	}
	if _, ok := get(t, db, "a"); ok {
		t.Error("a row in a new file")
	}
	if all, _ := filepath.Glob(path + "?*"); len(all) > 0 {
		t.Errorf("left over: %v", all)
	}
}

func TestBigFileIsCheckedInStructure(t *testing.T) {
	dir := t.TempDir()
	db, _ := fill(t, dir, 400)
	_ = db.Close()
	b, err := os.ReadFile(db.Path())
	if err != nil {
		t.Fatal(err)
	}
	opt := Options{CheckLimit: 1, Disposable: true}
	db, rep := open(t, db.Path(), opt)
	if rep.Damaged != nil {
		t.Fatalf("report %+v", rep)
	}
	_ = db.Close()
	if err := os.WriteFile(db.Path(), b[:len(b)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, rep = open(t, db.Path(), opt); rep.Damaged == nil {
		t.Error("half a file passed")
	}
}

func TestRowsOfAnotherSchemaAreNotMixed(t *testing.T) {
	dir := t.TempDir()
	up := Migration{"age in months", func(tx *Tx) error {
		p, _, err := people().Get(tx, "a")
		if err != nil {
			return err
		}
		p.Age *= 12
		return people().Put(tx, "a", p)
	}}
	opt := Options{Copies: filepath.Join(dir, "copies")}
	path := filepath.Join(dir, "state.db")
	db, _ := open(t, path, opt)
	put(t, db, "a", person{"Ann", 4})
	put(t, db, "b", person{"Bob", 0})
	_ = db.Close()
	opt.Migrations = []Migration{up} // opening makes a copy of before
	db, _ = open(t, path, opt)
	put(t, db, "b", person{"Bob", 24})
	_ = db.Close()
	b, _ := os.ReadFile(path)
	i := bytes.LastIndex(b, []byte(`"Ann"`))
	b[i+1] = 'E'
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	db, rep := open(t, path, opt)
	if rep.Damaged == nil {
		t.Fatal("no damage found")
	}
	if p, _ := get(t, db, "a"); p != (person{"Ann", 48}) {
		t.Errorf("from the copy, migrated: %v", p)
	}
	if p, _ := get(t, db, "b"); p != (person{"Bob", 24}) {
		t.Errorf("rescued: %v", p)
	}
}

func TestHotCopiesAreWholeWhileRowsChange(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	db, _ := open(t, filepath.Join(dir, "state.db"), Options{Copies: filepath.Join(dir, "copies"), Keep: 4,
		Now: func() time.Time { now = now.Add(time.Second); return now }})
	b := NewBucket[int]("numbers")
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if err := db.Update(func(tx *Tx) error {
				return errors.Join(b.Put(tx, "left", i), b.Put(tx, "right", -i), b.Put(tx, fmt.Sprint(i%500), i))
			}); err != nil {
				done <- err
				return
			}
		}
	}()
	for range 8 {
		path, err := db.HotCopy()
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Fatal(err)
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	all := db.Copies()
	if len(all) != 4 {
		t.Fatalf("%d copies kept", len(all))
	}
	for _, path := range all {
		c, rep := open(t, path, Options{Name: "copy"})
		if rep.Damaged != nil {
			t.Errorf("%s: %v", path, rep.Damaged)
		}
		_ = c.View(func(tx *Tx) error {
			l, _, _ := b.Get(tx, "left")
			r, _, err := b.Get(tx, "right")
			if l != -r || err != nil {
				t.Errorf("%s: left %d right %d %v", path, l, r, err)
			}
			return nil
		})
	}
}

func FuzzCheckNeverPanics(f *testing.F) {
	dir := f.TempDir()
	db, _, err := Open(filepath.Join(dir, "state.db"), Options{})
	if err != nil {
		f.Fatal(err)
	}
	for i := range 200 {
		if err := db.Update(func(tx *Tx) error { return people().Put(tx, fmt.Sprint(i), person{"x", i}) }); err != nil {
			f.Fatal(err)
		}
	}
	_ = db.Close()
	good, err := os.ReadFile(filepath.Join(dir, "state.db"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(8192), []byte{0xff}, uint32(len(good)))
	f.Fuzz(func(t *testing.T, at uint32, patch []byte, size uint32) {
		b := bytes.Clone(good)
		if int(at) < len(b) {
			copy(b[at:], patch)
		}
		b = b[:min(int(size), len(b))]
		_ = check(bytes.NewReader(b), int64(len(b)), true, nil)
		_ = check(bytes.NewReader(b), int64(len(b)), false, nil)
		salvage(bytes.NewReader(b), int64(len(b)), func(r row) {
			if len(r.bucket) == 0 {
				t.Error("row without bucket")
			}
		})
	})
}
