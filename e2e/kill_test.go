package e2e

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A second of line time.
const second = 50

func TestKillNineLosesAtMostTheLastSecond(t *testing.T) {
	t.Parallel()
	const lines = 32
	rounds := counts(2, 6, 100)
	root := scratch(t)
	config := quietly + board("b", "real", lines, "") + pin(1, lines, "trigger = \"continuous\"\nmax_ms = 5000")
	rng := rand.New(rand.NewPCG(2, uint64(rounds)))
	var worst uint32
	sentAtKill := make([][]uint32, rounds)
	logs := make([]string, rounds) // of each life
	for round := range rounds {
		ctx := within(t, 2*time.Minute)
		d := start(t, root, config)
		peers := make([]*Peer, lines)
		base := uint32(round) * 100_000
		for i := range peers {
			next := Numbered(i + 1)
			peers[i] = &Peer{Line: i + 1, Next: func(n uint32, dst []int16) ([]string, bool) { return next(base+n, dst) }}
		}
		ps, err := Dial(sockets(d, "b"), peers...)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- ps.Run(ctx) }()
		alive := time.Duration(1500+rng.IntN(4500)) * time.Millisecond
		select {
		case err := <-done:
			t.Fatalf("the peers ended early: %v\n%s", err, d.Log())
		case <-time.After(alive):
		}
		d.Kill()
		logs[round] = d.Log()
		<-done // the sockets are gone: every peer ends with an error
		for _, p := range peers {
			sentAtKill[round] = append(sentAtKill[round], p.Sent.Load())
		}
	}
	// One more life recovers the last round; then everything must be there.
	d := start(t, root, quietly+board("b", "real", lines, "")+pin(1, lines, `trigger = "off"`))
	sealed(t, d)
	for line := 1; line <= lines; line++ {
		runs, err := d.Heard(within(t, 2*time.Minute), line, root)
		if err != nil {
			t.Fatal(err)
		}
		last := map[int]uint32{}
		for _, r := range runs {
			round := int(r.First / 100_000)
			first := r.First - uint32(round)*100_000
			if first != last[round] {
				t.Errorf("line %d round %d: blocks %d…%d are missing", line, round, last[round], first-1)
			}
			last[round] = r.Last - uint32(round)*100_000 + 1
		}
		for round := range rounds {
			sent := sentAtKill[round][line-1]
			lost := sent - min(sent, last[round])
			worst = max(worst, lost)
			if lost > second {
				t.Errorf("line %d round %d: %d blocks sent, %d recorded: %.2f s lost\n%s", line, round, sent, last[round], float64(lost)/second, logs[round])
			}
		}
	}
	complete(t, d)
	t.Logf("%d kills with %d recordings open each: at most %.2f s of an end lost", rounds, lines, float64(worst)/second)
}

// complete checks that journal, index and disk tell the same story: every file
// belongs to a row, every row plays and verifies, and an index made anew from
// the journals is the same.
func complete(t *testing.T, d *Daemon) {
	t.Helper()
	ctx := within(t, 5*time.Minute)
	before, err := d.Ctl(ctx, "recordings", "--limit", "100000", "--json")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := d.Recordings(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, r := range rows {
		known[r.ID] = true
	}
	err = filepath.WalkDir(filepath.Join(d.Root, "recordings"), func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if id, _, _ := strings.Cut(e.Name(), "."); len(id) == 26 && !known[id] {
			t.Errorf("%s belongs to no recording: orphaned", p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	stop(t, d)
	if out, err := d.Ctl(ctx, "verify"); err != nil {
		t.Errorf("verify: %v\n%s", err, out)
	}
	if out, err := reindex(ctx, d.Root); err != nil {
		t.Fatalf("reindex: %v\n%s", err, out)
	}
	again := start(t, d.Root, "")
	after, err := again.Ctl(ctx, "recordings", "--limit", "100000", "--json")
	if err != nil {
		t.Fatal(err)
	}
	if before != after {
		t.Errorf("the index made anew from the journals answers differently")
	}
	stop(t, again)
}

// reindex runs `vaad reindex` on a folder.
func reindex(ctx context.Context, root string) (string, error) {
	return bin.Offline(ctx, "reindex", "--root", root)
}

// The line of a replayed frame log is off-hook from its first moment, as a real
// line is whose call goes on while the daemon is started again.
func TestCallsThatWereUpAtAKillGoOnInALinkedRecording(t *testing.T) {
	t.Parallel()
	ctx := within(t, 2*time.Minute)
	root := scratch(t)
	d := start(t, root, quietly+board("b", "real", 1, ""))
	p := &Peer{Line: 1, Next: Script(Step{Events: []string{"volts -8"}, For: time.Minute, Audio: func(n uint32, dst []int16) { FillBlock(dst, 1, n) }})}
	ps, err := Dial(sockets(d, "b"), p)
	if err != nil {
		t.Fatal(err)
	}
	go ps.Run(ctx)
	if err := Until(ctx, "five seconds of talk", func() (bool, error) { return p.Sent.Load() > 5*second, nil }); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(root, "talk.vlog")
	if _, err := d.Ctl(ctx, "flight", "1", "--seconds", "4", "-o", log); err != nil {
		t.Fatal(err)
	}
	stop(t, d)

	root = scratch(t)
	config := quietly + fmt.Sprintf("[[board]]\ndriver = \"sim\"\nid = \"b\"\nreplay = %q\n", log)
	d = start(t, root, config)
	open := func(want int) (bool, error) {
		rows, err := d.Recordings(ctx, 1)
		return len(rows) >= want && rows[want-1].State == "open" && rows[want-1].Duration > 1, err
	}
	if err := Until(ctx, "recording by voltage", func() (bool, error) { return open(1) }); err != nil {
		t.Fatalf("%v\n%s", err, d.Log())
	}
	d.Kill()
	d = start(t, root, config)
	if err := Until(ctx, "the call goes on", func() (bool, error) { return open(2) }); err != nil {
		t.Fatalf("%v\n%s", err, d.Log())
	}
	out, err := d.Ctl(ctx, "recordings", "--line", "1", "--json")
	if err != nil {
		t.Fatal(err)
	}
	rows, _ := d.Recordings(ctx, 1)
	if !strings.Contains(out, fmt.Sprintf("%q:%q", "previous", rows[0].ID)) {
		t.Errorf("the second recording is not linked to the first, %s:\n%s", rows[0].ID, out)
	}
}
