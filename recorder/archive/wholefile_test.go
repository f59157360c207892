package archive_test

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"

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
