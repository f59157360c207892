package recorder

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/index"
)

// sealedLines are journals in memory.
type sealedLines []archive.JournalLine

func (all sealedLines) Lines(_ context.Context, from archive.Cursor, f func(*archive.JournalLine) error, _ func(string, error)) error {
	for _, l := range all {
		if l.Next <= from[l.Day] {
			continue
		}
		if err := f(&l); err != nil {
			return err
		}
	}
	return nil
}

func TestALongCallIsFoundAfterACleanRestartHoweverManyCallsCameSince(t *testing.T) {
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	var all sealedLines
	add := func(begin, end time.Duration, by string) {
		n := len(all) + 1
		all = append(all, archive.JournalLine{V: 1, Day: archive.DayOf(now), Seq: uint64(n), Next: int64(n), Kind: archive.KindSealed, ID: fmt.Sprintf("01%024d", n), Time: now,
			Seal: &archive.Seal{Start: archive.Start{Line: n, Codec: archive.G711A, Sides: []string{"mixed"}, Begin: now.Add(begin), Trigger: Call}, End: now.Add(end), EndedBy: by}})
	}
	add(-3*time.Hour, -5*time.Second, EndShutdown)
	for range 1100 {
		add(-time.Hour, -59*time.Minute, "on-hook")
	}
	ix, err := index.Open(index.Config{Path: filepath.Join(t.TempDir(), "index.db"), Journals: all})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- ix.Run(ctx) }()
	defer func() {
		stop()
		<-done
		if err := ix.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := ix.Refresh(ctx); err != nil { // it has read everything
		t.Fatal(err)
	}
	r := &Recorder{c: Config{Index: ix, Now: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler)}}
	var may []*resumed
	for range 10 { // it does not wait for long; a machine that stands still is another matter
		if may = r.stopped(ctx); len(may) > 0 {
			break
		}
	}
	if len(may) != 1 || may[0].line != 1 {
		t.Errorf("%d recordings may go on, want that of line 1", len(may))
	}
}
