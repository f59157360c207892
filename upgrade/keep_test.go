package upgrade

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaad/store"
)

var noon = time.Date(2027, 1, 5, 12, 0, 0, 0, time.UTC)

// box makes a folder of state with a row in state.db.
func box(t *testing.T, value string) string {
	t.Helper()
	root := t.TempDir()
	put(t, root, value, nil)
	write(t, filepath.Join(root, "settings.jsonl"), value+"\n")
	return root
}

func put(t *testing.T, root, value string, m []store.Migration) {
	t.Helper()
	db, _, err := store.Open(filepath.Join(root, "state.db"), store.Options{Migrations: m})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *store.Tx) error { return store.NewBucket[string]("rows").Put(tx, "k", value) }); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func value(t *testing.T, root string) (v string) {
	t.Helper()
	db, _, err := store.Open(filepath.Join(root, "state.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(func(tx *store.Tx) (err error) { v, _, err = store.NewBucket[string]("rows").Get(tx, "k"); return err })
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return v
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A newer version migrates the state; going back, the older one reads what it wrote itself.
func TestWhatANewerVersionMigratedIsPutBackAsItWas(t *testing.T) {
	root := box(t, "old")
	dir, err := Keep(root, "1.0", noon)
	if err != nil {
		t.Fatal(err)
	}
	put(t, root, "new", []store.Migration{{Name: "x", Up: func(*store.Tx) error { return nil }}})
	write(t, filepath.Join(root, "settings.jsonl"), "new\n")
	write(t, filepath.Join(root, "copies/state-20270105T110000.000Z.db"), "before")
	write(t, filepath.Join(root, "copies/state-20270105T130000.000Z.db"), "of the newer version")
	if _, _, err := store.Open(filepath.Join(root, "state.db"), store.Options{}); !errors.Is(err, store.ErrNewer) {
		t.Fatalf("the older version reads the newer state: %v", err)
	}
	for i := range 2 { // a power cut may have it done again
		aside, err := Restore(root, dir, noon.Add(time.Duration(i)*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		if got := value(t, root); got != "old" {
			t.Fatalf("state.db has %q", got)
		}
		if got := read(t, filepath.Join(root, "settings.jsonl")); got != "old\n" {
			t.Fatalf("settings.jsonl has %q", got)
		}
		if i == 0 {
			if got := read(t, filepath.Join(aside, "settings.jsonl")); got != "new\n" {
				t.Fatalf("aside: %q", got)
			}
			if got := read(t, filepath.Join(aside, "copies/state-20270105T130000.000Z.db")); got != "of the newer version" {
				t.Fatalf("aside: %q", got)
			}
			if err := os.Remove(filepath.Join(aside, "settings.jsonl")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := read(t, filepath.Join(root, "copies/state-20270105T110000.000Z.db")); got != "before" {
		t.Fatalf("a copy from before the upgrade has %q", got)
	}
}

func TestWhatANewerVersionMadeFirstGoesAside(t *testing.T) {
	root := t.TempDir()
	dir, err := Keep(root, "1.0", noon) // it never ran
	if err != nil {
		t.Fatal(err)
	}
	put(t, root, "new", nil)
	if _, err := Restore(root, dir, noon); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "state.db")); !os.IsNotExist(err) {
		t.Fatalf("state.db is still there: %v", err)
	}
}

func TestTheStateOfARunningDaemonIsNotCopied(t *testing.T) {
	root := box(t, "x")
	db, _, err := store.Open(filepath.Join(root, "state.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := Keep(root, "1.0", noon); !errors.Is(err, store.ErrLocked) {
		t.Fatalf("%v", err)
	}
}

func TestDamageIsFoundBeforeAnythingIsMoved(t *testing.T) {
	root := box(t, "old")
	dir, err := Keep(root, "1.0", noon)
	if err != nil {
		t.Fatal(err)
	}
	put(t, root, "new", nil)
	for _, name := range []string{"state.db", "settings.jsonl"} {
		is := read(t, filepath.Join(dir, name))
		write(t, filepath.Join(dir, name), is[:len(is)-1]+"~")
		if _, err := Restore(root, dir, noon); err == nil || !strings.Contains(err.Error(), name) {
			t.Fatalf("%s: %v", name, err)
		}
		write(t, filepath.Join(dir, name), is)
	}
	l := read(t, filepath.Join(dir, listName))
	write(t, filepath.Join(dir, listName), strings.Replace(l, "settings.jsonl", "../../passwd", 1))
	if _, err := Restore(root, dir, noon); err == nil {
		t.Fatal("a list named a file elsewhere")
	}
	for _, elsewhere := range []string{root, filepath.Dir(root), filepath.Join(root, "upgrade/../recordings"), "/"} {
		if _, err := Restore(root, elsewhere, noon); err == nil {
			t.Fatalf("restored from %s", elsewhere)
		}
	}
	if got := value(t, root); got != "new" {
		t.Fatalf("state.db has %q", got)
	}
	// A damaged state is not kept as if it were good.
	write(t, filepath.Join(root, "state.db"), strings.Repeat("x", 8192))
	if _, err := Keep(root, "1.0", noon.Add(time.Hour)); !errors.Is(err, store.ErrDamaged) {
		t.Fatalf("%v", err)
	}
}

func TestACopyThatFailsLeavesNothing(t *testing.T) {
	root := box(t, "x")
	if err := os.Remove(filepath.Join(root, "settings.jsonl")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "settings.jsonl"), 0o755); err != nil { // cannot be copied
		t.Fatal(err)
	}
	if dir, err := Keep(root, "1.0", noon); err == nil {
		t.Fatalf("%s is whole", dir)
	}
	if left, err := os.ReadDir(filepath.Join(root, "upgrade")); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
}

// A power cut may have it done again within the same second, on what was put back already.
func TestRestoringAgainDoesNotLoseTheNewerState(t *testing.T) {
	root := box(t, "old")
	dir, err := Keep(root, "1.0", noon)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, "settings.jsonl"), "new\n")
	for range 2 {
		aside, err := Restore(root, dir, noon)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, filepath.Join(aside, "settings.jsonl")); got != "new\n" {
			t.Errorf("aside: %q", got)
		}
		if got := read(t, filepath.Join(root, "settings.jsonl")); got != "old\n" {
			t.Errorf("settings.jsonl has %q", got)
		}
	}
	write(t, filepath.Join(root, "settings.jsonl"), "later\n") // what runs does not write into what is kept
	if got := read(t, filepath.Join(dir, "settings.jsonl")); got != "old\n" {
		t.Errorf("kept: %q", got)
	}
}

func TestTidyLeavesTheNewest(t *testing.T) {
	root := box(t, "x")
	if err := Tidy(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	var last string
	for i := range 5 {
		var err error
		if last, err = Keep(root, fmt.Sprintf("../1.%d\n", i), noon.Add(time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(root, "upgrade/20270101T000000Z-x.new/state.db"), "half")
	if err := Tidy(root); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(filepath.Join(root, "upgrade"))
	if err != nil || len(left) != keepTimes || left[keepTimes-1].Name() != filepath.Base(last) {
		t.Fatalf("%v, %v", left, err)
	}
}
