package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestStress holds all capacities at once: 128 lines on four boards, all
// recording in short segments, while the index is rebuilt, searches and 20
// listeners run, every core is kept busy, the disk is full once and the daemon
// is killed once. Every block carries its number: outside the kill none may be
// missing.
func TestStress(t *testing.T) {
	atLeastReduced(t)
	life := counts(0, 25*time.Second, 3*time.Minute)
	const boards, each = 4, 32
	ctx := within(t, 2*life+15*time.Minute)
	root := smallDisk(t, 4096, 2_000_000)
	config := quietly + "[settings.recorder]\ndisk_reserve_mb = 0\ndisk_reserve_inodes = 0\n"
	for b := range boards {
		config += board(fmt.Sprintf("b%d", b+1), "real", each, "")
	}
	config += pin(1, boards*each, "trigger = \"continuous\"\nmax_ms = 20000")
	var sent [2][boards * each]uint32
	var listened, searched, rebuilt atomic.Int64
	for l := range 2 {
		d := start(t, root, config)
		lifeCtx, end := context.WithCancel(ctx)
		var players, others sync.WaitGroup
		var peers []*Peer
		for b := range boards {
			var mine []*Peer
			for i := range each {
				line := b*each + i + 1
				next := Numbered(line)
				base := uint32(l) * 1_000_000
				mine = append(mine, &Peer{Line: i + 1, Next: func(n uint32, dst []int16) ([]string, bool) { return next(base+n, dst) }})
			}
			ps, err := Dial(sockets(d, fmt.Sprintf("b%d", b+1)), mine...)
			if err != nil {
				t.Fatal(err)
			}
			players.Go(func() { ps.Run(lifeCtx) })
			peers = append(peers, mine...)
		}
		for i := range 20 {
			others.Go(func() {
				for lifeCtx.Err() == nil {
					if _, err := d.bin.Ctl(lifeCtx, root, "listen", fmt.Sprint(i*6+1), "-o", filepath.Join(root, fmt.Sprintf("listen-%d.wav", i)), "--seconds", "5"); err == nil {
						listened.Add(1)
					}
				}
			})
		}
		for range 2 {
			others.Go(func() { // searches
				for lifeCtx.Err() == nil {
					for _, args := range [][]string{{"--line", "7"}, {"--number", "*55*"}, {"--text", "nothing"}, {"--min-duration", "10"}, {"--limit", "1000"}} {
						if _, err := d.bin.Ctl(lifeCtx, root, append([]string{"recordings", "--json"}, args...)...); err == nil {
							searched.Add(1)
						}
					}
				}
			})
			burn := exec.CommandContext(lifeCtx, "sh", "-c", "while :; do :; done") // a core's worth of other work
			if err := burn.Start(); err != nil {
				t.Fatal(err)
			}
			others.Go(func() { burn.Wait() })
		}
		others.Go(func() {
			for lifeCtx.Err() == nil {
				if _, err := d.bin.Ctl(lifeCtx, root, "reindex"); err == nil {
					rebuilt.Add(1)
				}
			}
		})
		pass(t, life/3)
		if l == 0 {
			filler := filepath.Join(root, "filler")
			fill(t, filler)
			untilAlarm(t, d, "disk-full", true)
			pass(t, 2*time.Second)
			if err := os.Remove(filler); err != nil {
				t.Fatal(err)
			}
		}
		pass(t, 2*life/3)
		if l == 0 {
			d.Kill()
		}
		end()
		players.Wait()
		others.Wait()
		for i, p := range peers {
			sent[l][i] = p.Sent.Load()
			if p.Full() > 0 {
				t.Errorf("line %d: its socket refused %d blocks: the board's loop starved for seconds", i+1, p.Full())
			}
		}
		if l == 1 {
			pass(t, 2*time.Second) // boards read to the end what hung up peers have sent
			settle(t, d, boards*each)
			judgeStress(t, d, sent, ctx)
			stop(t, d)
		}
	}
	t.Logf("%d listeners of 5 s, %d searches, %d rebuilds of the index", listened.Load(), searched.Load(), rebuilt.Load())
	if listened.Load() == 0 || searched.Load() == 0 || rebuilt.Load() == 0 {
		t.Error("a part of the load did not run")
	}
}

func judgeStress(t *testing.T, d *Daemon, sent [2][128]uint32, ctx context.Context) {
	t.Helper()
	var missing, tail uint64
	var total uint64
	for line := 1; line <= len(sent[0]); line++ {
		runs, err := d.Heard(ctx, line, os.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if len(runs) == 0 {
			t.Errorf("line %d: nothing is recorded", line)
			continue
		}
		i := runs[0].Line - 1 // whose peer it was, the audio says
		var last [2]uint32
		for _, r := range runs {
			l := r.First / 1_000_000
			first := r.First % 1_000_000
			if first != last[l] {
				missing += uint64(first - last[l])
				t.Errorf("line %d life %d: blocks %d…%d are missing", i+1, l+1, last[l], first-1)
			}
			last[l] = r.Last%1_000_000 + 1
		}
		total += uint64(sent[0][i]) + uint64(sent[1][i])
		if lost := sent[0][i] - min(sent[0][i], last[0]); lost > second {
			t.Errorf("line %d: the kill took %.2f s", i+1, float64(lost)/second)
		} else {
			tail = max(tail, uint64(lost))
		}
		if sent[1][i] > last[1]+4 {
			t.Errorf("line %d: %d blocks sent in its second life, %d recorded", i+1, sent[1][i], last[1])
		}
	}
	t.Logf("%d blocks on 128 lines, %d missing outside the kill, which took at most %.2f s", total, missing, float64(tail)/second)
	if out, err := d.Ctl(ctx, "alarms"); err == nil {
		t.Logf("alarms:\n%s", strings.TrimSpace(out))
	}
}
