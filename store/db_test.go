package store

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func open(t *testing.T, path string, opt Options) (*DB, Report) {
	t.Helper()
	db, rep, err := Open(path, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db, rep
}

type person struct {
	Name string `json:"name"`
	Age  int    `json:"age"`
}

func people() Bucket[person] { return NewBucket[person]("people") }

func put(t *testing.T, db *DB, key string, p person) {
	t.Helper()
	if err := db.Update(func(tx *Tx) error { return people().Put(tx, key, p) }); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, db *DB, key string) (p person, ok bool) {
	t.Helper()
	if err := db.View(func(tx *Tx) (err error) { p, ok, err = people().Get(tx, key); return }); err != nil {
		t.Fatal(err)
	}
	return p, ok
}

func TestValuesComeBackAfterReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "state.db")
	db, rep := open(t, path, Options{})
	if !rep.Created || rep.Damaged != nil {
		t.Fatalf("report %+v", rep)
	}
	put(t, db, "a", person{"Ann", 4})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db, rep = open(t, path, Options{})
	if rep.Created || rep.Damaged != nil {
		t.Fatalf("report %+v", rep)
	}
	if p, ok := get(t, db, "a"); !ok || p != (person{"Ann", 4}) {
		t.Errorf("got %v %v", p, ok)
	}
	if _, ok := get(t, db, "b"); ok {
		t.Error("a value that was never put")
	}
}

func TestKeysAreOrderedBothWays(t *testing.T) {
	db, _ := open(t, filepath.Join(t.TempDir(), "state.db"), Options{})
	b := NewBucket[int]("numbers")
	if err := db.Update(func(tx *Tx) error {
		for _, n := range []uint64{300, 2, 1, 256, 65536} {
			if err := b.Put(tx, Key(n), int(n)); err != nil {
				return err
			}
		}
		return b.Delete(tx, Key(300))
	}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		from, to string
		up       []int
	}{
		{"", "", []int{1, 2, 256, 65536}},
		{Key(2), "", []int{2, 256, 65536}},
		{Key(3), Key(256), nil},
		{"", Key(256), []int{1, 2}},
		{Key(2), Key(257), []int{2, 256}},
		{Key(70000), "", nil},
	} {
		var up, down []int
		if err := db.View(func(tx *Tx) error {
			if err := b.Range(tx, c.from, c.to, func(k string, v int) bool {
				if Number(k) != uint64(v) {
					t.Errorf("key %d value %d", Number(k), v)
				}
				up = append(up, v)
				return true
			}); err != nil {
				return err
			}
			return b.Reverse(tx, c.from, c.to, func(_ string, v int) bool { down = append(down, v); return true })
		}); err != nil {
			t.Fatal(err)
		}
		slices.Reverse(down)
		if !slices.Equal(up, c.up) || !slices.Equal(down, c.up) {
			t.Errorf("%x…%x: up %v down %v, want %v", c.from, c.to, up, down, c.up)
		}
	}
}

func TestNumbersAreNeverGivenTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	next := func(db *DB) (n uint64) {
		if err := db.Update(func(tx *Tx) (err error) { n, err = people().Next(tx); return }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	db, _ := open(t, path, Options{})
	a, b := next(db), next(db)
	_ = db.Close()
	db, _ = open(t, path, Options{})
	if c := next(db); a != 1 || b != 2 || c != 3 {
		t.Errorf("got %d %d %d", a, b, c)
	}
}

func TestFailedUpdateChangesNothing(t *testing.T) {
	fail := errors.New("no space left")
	var failing bool
	db, _ := open(t, filepath.Join(t.TempDir(), "state.db"), Options{Commit: func(commit func() error) error {
		if failing {
			return fail
		}
		return commit()
	}})
	put(t, db, "a", person{"Ann", 4})
	own := errors.New("own")
	change := func(tx *Tx) error { return people().Put(tx, "a", person{"Bob", 5}) }

	if err := db.Update(func(tx *Tx) error { return errors.Join(change(tx), own) }); !errors.Is(err, own) {
		t.Errorf("error of the function: %v", err)
	}
	failing = true
	if err := db.Update(change); !errors.Is(err, fail) {
		t.Errorf("error of the commit: %v", err)
	}
	failing = false
	func() {
		defer func() { _ = recover() }()
		_ = db.Update(func(tx *Tx) error { _ = change(tx); panic("a defect of the caller") })
	}()
	if p, _ := get(t, db, "a"); p.Name != "Ann" {
		t.Errorf("changed to %v", p)
	}
	put(t, db, "a", person{"Cyd", 6}) // and the file still takes changes
}

// A disk that is full is played by a limit on the size of files, so that the
// kernel refuses the writes of bbolt itself. The limit holds for a whole process,
// logs of the test framework included, so the test has one of its own.
func TestFullDiskLosesNothing(t *testing.T) {
	const own = "VAAD_TEST_FULL_DISK"
	if os.Getenv(own) == "" {
		cmd := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), own+"=1")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	db, _ := open(t, filepath.Join(t.TempDir(), "state.db"), Options{})
	put(t, db, "a", person{"Ann", 4})
	info, err := os.Stat(db.Path())
	if err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(info.Size()), Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *Tx) error {
		for i := range 2000 {
			if err := people().Put(tx, fmt.Sprint(i), person{strings.Repeat("x", 100), i}); err != nil {
				return err
			}
		}
		return nil
	})
	if e := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); e != nil {
		t.Fatal(e)
	}
	if !errors.Is(err, syscall.EFBIG) {
		t.Fatalf("error %v", err)
	}
	if p, ok := get(t, db, "a"); !ok || p.Name != "Ann" {
		t.Errorf("got %v %v", p, ok)
	}
	put(t, db, "b", person{"Bob", 5})
	_ = db.Close()
	db, rep := open(t, db.Path(), Options{})
	if p, ok := get(t, db, "b"); !ok || p.Name != "Bob" || rep.Damaged != nil {
		t.Errorf("got %v %v, report %+v", p, ok, rep)
	}
}

func TestSecondDaemonIsTurnedAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	open(t, path, Options{})
	begin := time.Now()
	_, _, err := Open(path, Options{Timeout: 120 * time.Millisecond})
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v", err)
	}
	if d := time.Since(begin); d > 30*time.Second {
		t.Errorf("waited %v", d)
	}
}

func TestClosedDatabaseSaysSo(t *testing.T) {
	db, _ := open(t, filepath.Join(t.TempDir(), "state.db"), Options{})
	_ = db.Close()
	if err := db.View(func(*Tx) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("view: %v", err)
	}
	if _, err := db.HotCopy(); !errors.Is(err, ErrClosed) {
		t.Errorf("copy: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}

func TestATransactionThatMeetsCloseIsToldSo(t *testing.T) {
	db, _ := open(t, filepath.Join(t.TempDir(), "state.db"), Options{})
	h := db.cur.Load() // as far as it had come
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, write := range []bool{false, true} {
		if err := h.run(write, func(*Tx) error { return nil }); !errors.Is(err, ErrClosed) {
			t.Errorf("writing %v: %v", write, err)
		}
	}
}

func TestMigrationsRunOnceAndInOrder(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state.db")
	var ran []string
	step := func(name string) Migration {
		return Migration{name, func(tx *Tx) error {
			ran = append(ran, name)
			return people().Put(tx, name, person{Name: name})
		}}
	}
	db, rep := open(t, path, Options{Migrations: []Migration{step("one")}})
	if rep.From != 0 || rep.To != 1 {
		t.Errorf("report %+v", rep)
	}
	_ = db.Close()

	bad := Migration{"bad", func(tx *Tx) error { return errors.Join(people().Put(tx, "x", person{}), errors.New("cannot")) }}
	if _, _, err := Open(path, Options{Migrations: []Migration{step("one"), bad}}); err == nil || !strings.Contains(err.Error(), "bad") {
		t.Errorf("error %v", err)
	}
	db, rep = open(t, path, Options{Migrations: []Migration{step("one"), step("two"), step("three")}, Copies: filepath.Join(dir, "copies")})
	if !slices.Equal(ran, []string{"one", "two", "three"}) || rep.From != 1 || rep.To != 3 {
		t.Errorf("ran %v, report %+v", ran, rep)
	}
	if _, ok := get(t, db, "x"); ok {
		t.Error("half a migration stayed")
	}
	if len(db.Copies()) != 1 {
		t.Errorf("copies before migrating: %v", db.Copies())
	}
	_ = db.Close()
	_, _, err := Open(path, Options{Migrations: []Migration{step("one")}})
	if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "install the newer") {
		t.Errorf("older program: %v", err)
	}
}

func TestBatchSharesCommitsAndKeepsFaultsApart(t *testing.T) {
	commits := 0
	inside, gate := make(chan struct{}), make(chan struct{})
	db, _ := open(t, filepath.Join(t.TempDir(), "state.db"), Options{Commit: func(commit func() error) error {
		if commits++; commits == 2 { // the first after that of the schema: held until all others wait
			close(inside)
			<-gate
		}
		return commit()
	}})
	own := errors.New("own")
	const n = 50
	var wg sync.WaitGroup
	errs := make([]error, n)
	batch := func(i int) {
		defer wg.Done()
		errs[i] = db.Batch(func(tx *Tx) error {
			if i == 7 {
				return own
			}
			return people().Put(tx, fmt.Sprint(i), person{Age: i})
		})
	}
	wg.Add(n)
	go batch(0)
	<-inside
	for i := 1; i < n; i++ {
		go batch(i)
	}
	for waiting := 0; waiting < n-1; runtime.Gosched() {
		db.batch.mu.Lock()
		waiting = len(db.batch.waiting)
		db.batch.mu.Unlock()
	}
	close(gate)
	wg.Wait()
	for i, err := range errs {
		if (i == 7) != errors.Is(err, own) {
			t.Errorf("%d: %v", i, err)
		}
		if _, ok := get(t, db, fmt.Sprint(i)); ok == (i == 7) {
			t.Errorf("%d is there: %v", i, ok)
		}
	}
	was := commits
	wg.Add(3)
	for i := range 3 {
		batch(i)
	}
	if was > n+2 || commits != was+3 {
		t.Errorf("%d commits, then %d", was, commits)
	}
}

func TestMetricsAreLintClean(t *testing.T) {
	reg := prometheus.NewRegistry()
	dir := t.TempDir()
	open(t, filepath.Join(dir, "state.db"), Options{Registerer: reg})
	open(t, filepath.Join(dir, "index.db"), Options{Registerer: reg})
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
	if n := testutil.CollectAndCount(reg, "vaad_store_commit_seconds"); n != 2 {
		t.Errorf("%d series", n)
	}
}

func TestLookGivesWhatViewGives(t *testing.T) {
	db, _ := open(t, filepath.Join(t.TempDir(), "a.db"), Options{})
	b := NewBytes("columns")
	if err := db.Update(func(tx *Tx) error { return b.Put(tx, "k", []byte("value")) }); err != nil {
		t.Fatal(err)
	}
	if err := db.View(func(tx *Tx) error {
		for _, get := range []func(*Tx, string, func([]byte) error) error{b.View, b.Look} {
			got := ""
			if err := get(tx, "k", func(v []byte) error { got = string(v); return nil }); err != nil || got != "value" {
				t.Errorf("%q, %v", got, err)
			}
			if err := get(tx, "none", func([]byte) error { t.Error("called for a key that is not there"); return nil }); err != nil {
				t.Error(err)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
