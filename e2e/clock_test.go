package e2e

import (
	"fmt"
	"math"
	"testing"
	"time"

	"vaad/driver"
)

func TestClockOfPeersRecordsFortySecondsAsFortySeconds(t *testing.T) {
	ctx := within(t, 2*time.Minute)
	root := scratch(t)
	d := start(t, root, quietly+board("b", "peers", 1, ""))
	p := &Peer{Line: 1, Next: Script(
		volts("-48", 5*time.Second),
		Step{Events: []string{"volts -8"}, For: 40 * time.Second, Audio: func(n uint32, dst []int16) { FillBlock(dst, 1, n) }},
		volts("-48", 5*time.Second))}
	ps, err := Dial(sockets(d, "b"), p)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := ps.Run(ctx); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	sealed(t, d)
	rows, err := d.Recordings(ctx, 1)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d recordings, %v", len(rows), err)
	}
	runs, err := d.Heard(ctx, 1, root)
	if err != nil {
		t.Fatal(err)
	}
	if len(runs) != 1 || runs[0].Blocks() != 40*second {
		t.Errorf("the recording holds %v, want %d blocks in one run", runs, 40*second)
	}
	if got := rows[0].End.Sub(rows[0].Start).Seconds(); math.Abs(got-rows[0].Duration) > 0.02 {
		t.Errorf("from start to end %.3f s, duration %.3f s", got, rows[0].Duration)
	}
	t.Logf("50 s of line time, 40 s of call, in %v of wall time; the recording says %.2f s with 2 s of pre-roll", took.Round(time.Millisecond), rows[0].Duration)
	stop(t, d)
}

// Boards that run at different speeds: an hour at ±100 ppm is a third of a
// second apart; the reduced counts run as far apart in less time.
func TestClocksOfTwoBoardsApartLoseNothing(t *testing.T) {
	atLeastReduced(t)
	length := counts(0, time.Minute, time.Hour)
	ppm := counts(0.0, 500, 100)
	ctx := within(t, length+5*time.Minute)
	root := scratch(t)
	config := quietly + board("fast", "real", 1, fmt.Sprintf("ppm = %.1f", ppm)) + board("slow", "real", 1, fmt.Sprintf("ppm = %.1f", -ppm)) +
		pin(1, 2, `trigger = "continuous"`)
	d := start(t, root, config)
	var peers [2]*Peer
	var sentAt [2][]time.Time
	var done [2]chan error
	for i, b := range []string{"fast", "slow"} {
		next := Numbered(i + 1)
		end := time.Now().Add(length)
		peers[i] = &Peer{Line: 1, Next: func(n uint32, dst []int16) ([]string, bool) {
			next(n, dst)
			sentAt[i] = append(sentAt[i], time.Now())
			return nil, !time.Now().Before(end)
		}}
		ps, err := Dial(sockets(d, b), peers[i])
		if err != nil {
			t.Fatal(err)
		}
		done[i] = make(chan error, 1)
		go func() { done[i] <- ps.Run(ctx) }()
	}
	for i := range done {
		if err := <-done[i]; err != nil {
			t.Fatal(err)
		}
	}
	settle(t, d, 2)
	for i, sign := range []float64{1, -1} {
		line := lineOf(t, d, []string{"fast", "slow"}[i])
		runs, err := d.Heard(ctx, line, root)
		if err != nil {
			t.Fatal(err)
		}
		if len(runs) != 1 || runs[0].First != 0 || runs[0].Last+4 < peers[i].Sent.Load() { // the last blocks may wait in the socket
			t.Errorf("line %d: recorded %v of %d blocks sent", line, runs, peers[i].Sent.Load())
		}
		want := length.Seconds() * second * (1 + sign*ppm/1e6)
		if got := float64(int(peers[i].Sent.Load()) + peers[i].Late); math.Abs(got-want) > 0.02*second+3 {
			t.Errorf("line %d: %v blocks in %v, want %.0f: the board does not run at %+.0f ppm", line, got, length, want, sign*ppm)
		}
		rows, err := d.Recordings(ctx, line)
		if err != nil {
			t.Fatal(err)
		}
		// The story's times against the peer's own clock: how far they move
		// apart between the first blocks and the last ones.
		if len(rows) != 1 || len(runs) != 1 {
			t.Fatalf("line %d: %d recordings, %d runs", line, len(rows), len(runs))
		}
		r, n := rows[0], len(sentAt[i])
		tail := r.Duration*driver.Rate - float64(runs[0].At+runs[0].Blocks()*driver.Block)
		first := r.Start.Add(time.Duration(runs[0].At) * time.Second / driver.Rate)
		last := r.End.Add(-time.Duration(tail) * time.Second / driver.Rate).Add(-driver.Tick)
		story := last.Sub(first)
		wall := earliest(sentAt[i][n-second:], -1).Sub(earliest(sentAt[i][:second], 1))
		drift := story - wall
		t.Logf("line %d at %+.0f ppm: %v of wall time, story and samples drift by %v", line, sign*ppm, wall.Round(time.Millisecond), drift.Round(100*time.Microsecond))
		if drift.Abs() > 20*time.Millisecond {
			t.Errorf("line %d: the story drifts by %v from the wall clock, want at most 20 ms", line, drift)
		}
	}
	stop(t, d)
}

// earliest is when the first (dir 1) or last (dir -1) of some blocks would have
// been sent had none of them been delayed.
func earliest(at []time.Time, dir int) time.Time {
	ref := 0
	if dir < 0 {
		ref = len(at) - 1
	}
	best := at[ref]
	for k, w := range at {
		if e := w.Add(time.Duration(ref-k) * driver.Tick); e.Before(best) {
			best = e
		}
	}
	return best
}

func lineOf(t *testing.T, d *Daemon, board string) int {
	t.Helper()
	type row struct {
		Line  int
		Board string
	}
	rows, err := Rows[row](within(t, time.Minute), d, "lines")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.Board == board {
			return r.Line
		}
	}
	t.Fatalf("no line on board %s: %v", board, rows)
	return 0
}
