package index

import (
	"context"
	"testing"
	"time"
)

func TestARebuildThatIsInterruptedLosesNothing(t *testing.T) {
	j := newJournals()
	path := ramDir(t) + "/index.db"
	ix, err := Open(Config{Path: path, Journals: j, Subscribe: j.Subscribe, sizes: tiny})
	if err != nil {
		t.Fatal(err)
	}
	if err := ix.catchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	j.recording(0, 1, nil)
	j.recording(48*time.Hour, 1, nil) // not in the file yet
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ix.Rebuild(ctx); err == nil {
		t.Error("an interrupted rebuild says that it is done")
	}
	if err := ix.Close(); err != nil {
		t.Fatal(err)
	}
	ix, _ = run(t, Config{Path: path, Journals: j})
	settle(t, ix)
	if p := query(t, ix, Filter{}); len(p.Rows) != 2 {
		t.Errorf("after the restart %d recordings are found, want 2", len(p.Rows))
	}
}
