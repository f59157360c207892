package index

import (
	"context"
	"sync"
	"testing"
	"time"

	"vaad/store"
)

// Who looks for one recording holds the lock and may wait for the file, which
// waits for searches while it grows: so no search may wait for the lock in it.
func TestASearchThatWaitsDoesNotKeepTheFileFromGrowing(t *testing.T) {
	ix, err := Open(Config{Path: ramDir(t) + "/index.db", Journals: newJournals(), sizes: tiny})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ix.Close() }()
	asked := make(chan struct{})
	ix.Live(sync.OnceValue(func() []Row {
		ix.mu.Lock()
		close(asked)
		return nil
	}))
	found := make(chan error, 1)
	go func() {
		_, err := ix.Query(context.Background(), Filter{})
		found <- err
	}()
	<-asked
	grown := make(chan error, 1)
	go func() {
		for n := range 4 {
			if err := ix.db.Update(func(tx *store.Tx) error {
				return columnBucket().Put(tx, store.Key(uint64(n)), make([]byte, 1<<20<<n))
			}); err != nil {
				grown <- err
				return
			}
		}
		grown <- nil
	}()
	select {
	case err = <-grown:
	case <-time.After(5 * time.Minute):
		t.Error("the file does not grow while a search waits")
	}
	ix.mu.Unlock()
	if err != nil {
		t.Error(err)
	}
	if err := <-found; err != nil {
		t.Error(err)
	}
}
