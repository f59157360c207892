package store

import (
	"path/filepath"
	"testing"
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

func TestValuesComeBackAfterReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "state.db")
	db, rep := open(t, path, Options{})
	if !rep.Created || rep.Damaged != nil {
		t.Fatalf("report %+v", rep)
	}
	people := NewBucket[person]("people")
	if err := db.Update(func(tx *Tx) error { return people.Put(tx, "a", person{"Ann", 4}) }); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db, rep = open(t, path, Options{})
	if rep.Created || rep.Damaged != nil {
		t.Fatalf("report %+v", rep)
	}
	if err := db.View(func(tx *Tx) error {
		p, ok, err := people.Get(tx, "a")
		if !ok || p != (person{"Ann", 4}) {
			t.Errorf("got %v %v", p, ok)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
