package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRecordingsWhoseFilesAreRemovedGoOn: somebody clears the folder of what is
// being recorded. Recordings younger than the ring lose nothing.
func TestRecordingsWhoseFilesAreRemovedGoOn(t *testing.T) {
	t.Parallel()
	const lines = 4
	root := scratch(t)
	d := start(t, root, quietly+board("b", "real", lines, "")+pin(1, lines, `trigger = "continuous"`))
	ctx, stopPeers := context.WithCancel(within(t, time.Minute))
	defer stopPeers()
	var peers []*Peer
	for line := 1; line <= lines; line++ {
		peers = append(peers, &Peer{Line: line, Next: Numbered(line)})
	}
	ps, err := Dial(sockets(d, "b"), peers...)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- ps.Run(ctx) }()
	sent := func(n uint32) {
		t.Helper()
		if err := Until(ctx, "the peers", func() (bool, error) { return peers[lines-1].Sent.Load() >= n, nil }); err != nil {
			t.Fatal(err)
		}
	}
	sent(100)
	before, err := d.Recordings(ctx, 0)
	if err != nil || len(before) != lines {
		t.Fatalf("%d recordings, %v", len(before), err)
	}
	if err := os.RemoveAll(filepath.Join(root, "recordings", "open")); err != nil {
		t.Fatal(err)
	}
	err = Until(ctx, "new recordings", func() (bool, error) {
		now, err := d.Recordings(ctx, 0)
		fresh := 0
		for _, r := range now {
			if r.State == "open" && r.ID > before[lines-1].ID && r.ID > before[0].ID {
				fresh++
			}
		}
		return fresh == lines, err
	})
	if err != nil {
		t.Fatal(err)
	}
	sent(peers[lines-1].Sent.Load() + 50)
	if out, err := d.Ctl(ctx, "alarms"); err != nil || !strings.Contains(out, before[0].ID) {
		t.Errorf("no alarm names the recording: %v\n%s", err, out)
	}
	settle(t, d, lines)
	stopPeers()
	if err := <-ended; err != nil && !strings.Contains(err.Error(), "closed") {
		t.Error(err)
	}
	for line := 1; line <= lines; line++ {
		runs, err := d.Heard(within(t, time.Minute), line, root)
		if err != nil {
			t.Fatal(err)
		}
		if len(runs) != 1 && peers[line-1].Late == 0 || len(runs) == 0 || runs[0].First != 0 {
			t.Errorf("line %d: the recordings have the blocks %v, want all from 0 on", line, runs)
		}
	}
	if out, err := d.Ctl(within(t, time.Minute), "verify"); err != nil {
		t.Errorf("verify: %v\n%s", err, out)
	}
	stop(t, d)
}
