package archive_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"vaad/recorder/archive"
)

func TestOfManyWhoReplaceOneFileAtOnceEachWritesAllOfIt(t *testing.T) {
	const size = 100_000
	dir := t.TempDir()
	name := filepath.Join(dir, "key")
	var all sync.WaitGroup
	for who := range byte(4) {
		all.Go(func() {
			for range 8 {
				if err := archive.ReplaceFile(name, bytes.Repeat([]byte{'a' + who}, size), 0o600); err != nil {
					t.Error(err)
				}
				b, err := os.ReadFile(name)
				if err != nil || len(b) != size || bytes.Count(b, b[:1]) != size {
					t.Errorf("it has %d bytes, not all of one writer: %v", len(b), err)
				}
			}
		})
	}
	all.Wait()
	es, err := os.ReadDir(dir)
	if err != nil || len(es) != 1 {
		t.Fatalf("left are %v: %v", es, err)
	}
	if fi, err := es[0].Info(); err != nil || fi.Mode() != 0o600 {
		t.Errorf("%v, %v", fi, err)
	}
}

func TestWhatACrashLeftOfAFileGoesWithTheNextOne(t *testing.T) {
	dir := t.TempDir()
	for name, age := range map[string]time.Duration{"key.new": 2 * time.Hour, "key.abc.new": 2 * time.Hour, "key.def.new": 0, "other.abc.new": 2 * time.Hour, "key.pub": 2 * time.Hour} {
		file, when := filepath.Join(dir, name), time.Now().Add(-age)
		if err := errors.Join(os.WriteFile(file, nil, 0o400), os.Chtimes(file, when, when)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.ReplaceFile(filepath.Join(dir, "key"), []byte("key"), 0o600); err != nil {
		t.Fatal(err)
	}
	es, err := os.ReadDir(dir)
	var names []string
	for _, e := range es {
		names = append(names, e.Name())
	}
	if want := []string{"key", "key.def.new", "key.pub", "other.abc.new"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("left are %q, want %q: %v", names, want, err)
	}
}
