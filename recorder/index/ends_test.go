package index

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"vaad/recorder/archive"
)

func TestSearchesLooksAndAGrowingFileAllComeToAnEnd(t *testing.T) {
	j := newJournals()
	ix, err := Open(Config{Path: ramDir(t) + "/index.db", Journals: j, Subscribe: j.Subscribe, sizes: tiny})
	if err != nil {
		t.Fatal(err)
	}
	if err := ix.catchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	var old archive.JournalLine
	for i := range tiny.small {
		old = j.recording(time.Duration(i)*time.Minute, 1, nil)
	}
	if err := ix.fold(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for ctx.Err() == nil {
				if _, err := ix.Query(t.Context(), Filter{Limit: 1}); err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			for ctx.Err() == nil {
				if _, ok, err := ix.Get(old.ID); !ok || err != nil {
					t.Errorf("the recording is not found: %v", err)
				}
			}
		})
	}
	all.Go(func() { // the file grows from nothing to some megabytes
		defer cancel()
		for i := range 60 {
			j.recording(time.Duration(100+i)*time.Minute, 1, func(s *archive.Seal) { s.Reason = strings.Repeat("x", 100_000) })
			if err := ix.flush(); err != nil {
				t.Error(err)
			}
			if err := ix.fold(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	ended := make(chan struct{})
	go func() { all.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(5 * time.Minute):
		t.Fatal("searches, looks at one recording and writing wait for each other for ever")
	}
	if err := ix.Close(); err != nil {
		t.Error(err)
	}
}
