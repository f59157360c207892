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
	t.Parallel()
	length := counts(0, 40*time.Second, *clockLength)
	ppm := counts(0.0, 1000, 100*float64(time.Hour)/float64(*clockLength))
	ctx := within(t, length+5*time.Minute)
	root := scratch(t)
	config := quietly + board("fast", "real", 1, fmt.Sprintf("ppm = %.1f", ppm)) + board("slow", "real", 1, fmt.Sprintf("ppm = %.1f", -ppm)) +
		pin(1, 2, "trigger = \"continuous\"\nmax_ms = 5000")
	d := start(t, root, config)
	var peers [2]*Peer
	var heardAt [2][]time.Time // when the peers heard each block of their boards
	var done [2]chan error
	for i, b := range []string{"fast", "slow"} {
		next := Numbered(i + 1)
		end := time.Now().Add(length)
		peers[i] = &Peer{Line: 1, Next: func(n uint32, dst []int16) ([]string, bool) {
			next(n, dst)
			return nil, !time.Now().Before(end)
		}, Heard: func(uint32, []int16) { heardAt[i] = append(heardAt[i], time.Now()) }}
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
		sent := peers[i].Sent.Load()
		if next := follow(t, line, runs); next+4 < sent { // the last blocks may wait in the socket
			t.Errorf("line %d: recorded %d of %d blocks sent", line, next, sent)
		}
		want := length.Seconds() * second * (1 + sign*ppm/1e6)
		// A peer that is kept from its processor for over three seconds misses
		// blocks of the board: fewer says nothing, more would.
		if got := float64(int(sent) + peers[i].Late); got > want+4 {
			t.Errorf("line %d: %v blocks in %v, want %.0f: the board does not run at %+.0f ppm", line, got, length, want, sign*ppm)
		} else if got < want-4 {
			t.Logf("line %d: the peer was kept from %.0f blocks of the board", line, want-got)
		}
		rows, err := d.Recordings(ctx, line)
		if err != nil || len(rows) < 5 {
			t.Fatalf("line %d: %d recordings, %v", line, len(rows), err)
		}
		// The stories' times against the peer's own clock: how far they move apart
		// between the second recording, by which the speed of the board is known,
		// and the last that is whole. Of the blocks of the board that were heard
		// within one, the least delayed counts: a busy machine delays most.
		first := float64(runs[0].At) - driver.Block // sample that the first block which was heard belongs to
		least := func(k int) time.Duration {
			from := 0.0
			for _, r := range rows[:k] {
				from += r.Duration * driver.Rate
			}
			r := rows[k]
			perSample := float64(r.End.Sub(r.Start)) / (r.Duration * driver.Rate)
			late := time.Duration(math.MaxInt64)
			for n, at := range heardAt[i] {
				if in := first + float64(n*driver.Block) - from; in >= 0 && in < r.Duration*driver.Rate {
					late = min(late, at.Sub(r.Start)-time.Duration(in*perSample))
				}
			}
			return late
		}
		drift := least(len(rows)-2) - least(1)
		t.Logf("line %d at %+.0f ppm: %d blocks in %v of wall time, the story drifts by %v", line, sign*ppm, sent, length, drift.Round(100*time.Microsecond))
		if drift.Abs() > 20*time.Millisecond {
			t.Errorf("line %d: the story drifts by %v from the wall clock, want at most 20 ms", line, drift)
		}
	}
	stop(t, d)
}

// follow checks that the blocks of a line are there one after the other, from 0,
// and returns how many. On a real clock a block that a busy peer sends late has
// silence before it.
func follow(t *testing.T, line int, runs []Run) (next uint32) {
	t.Helper()
	for _, r := range runs {
		if r.First != next {
			t.Errorf("line %d: blocks %d…%d are missing", line, next, r.First-1)
		}
		next = r.Last + 1
	}
	return next
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
