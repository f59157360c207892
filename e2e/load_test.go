package e2e

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"
)

// A load is one of the three that documents quote, with and without peers on
// the sockets. "Core" is percent of one core, "anon" is RssAnon.
type load struct {
	name    string
	config  string
	peers   int     // socket peers, on lines 1…peers
	core    float64 // target, percent; 0: none stated
	anonMiB float64
}

func loads() []load {
	e1 := "spans = [" + "{channels = 31, tap = true}, {channels = 31, tap = true}, {channels = 31, tap = true}, {channels = 31, tap = true}, " +
		"{channels = 31, tap = true}, {channels = 31, tap = true}, {channels = 31, tap = true}, {channels = 31, tap = true}]"
	spans := func(more string) string {
		return fmt.Sprintf("[[board]]\ndriver = \"sim\"\nid = \"b\"\nclock = \"real\"\n%s\n%s\n", e1, more)
	}
	continuous := func(n int) string { return pin(1, n, `trigger = "continuous"`) }
	return []load{
		{name: "idle daemon, 128 mono taps, nobody talks, nothing recorded", config: board("b", "real", 128, "") + pin(1, 128, `trigger = "off"`)},
		{name: "(a) 128 mono taps, built-in scene", config: board("b", "real", 128, `scene = "busy-128"`) + continuous(128), core: 10, anonMiB: 200},
		{name: "(a) 128 mono taps, socket peers", config: board("b", "real", 128, "") + continuous(128), peers: 128, core: 18, anonMiB: 200},
		{name: "(b) 4 E1 tapped, 240 streams, built-in scene", config: spans(`scene = "busy-128"`) + continuous(120)},
		{name: "(c) 128 duplex lines, built-in scene", config: board("b", "real", 128, "use = \"trunk\"\nscene = \"busy-128\"") + continuous(128)},
	}
}

// TestLoad says what the daemon costs. It is a measurement: it fails only when
// a load does not record.
func TestLoad(t *testing.T) {
	atLeastReduced(t)
	span := counts(0, 4*time.Second, 60*time.Second)
	t.Logf("%d cores, %s, %v per load", runtime.NumCPU(), runtime.Version(), span)
	for _, l := range loads() {
		t.Run(l.name, func(t *testing.T) {
			ctx := within(t, span+3*time.Minute)
			root := scratch(t)
			d := start(t, root, quietly+l.config)
			run, end := context.WithCancel(ctx)
			defer end()
			if l.peers > 0 {
				var peers []*Peer
				for i := range l.peers {
					block := make([]int16, 160)
					FillBlock(block, i+1, 1)
					peers = append(peers, &Peer{Line: i + 1, Next: func(_ uint32, dst []int16) ([]string, bool) {
						copy(dst, block)
						return nil, false
					}})
				}
				ps, err := Dial(sockets(d, "b"), peers...)
				if err != nil {
					t.Fatal(err)
				}
				go ps.Run(run)
			}
			pass(t, 3*time.Second) // warm
			cost := meter(t, d)
			pass(t, span)
			core, anon := cost()
			rows, err := d.Recordings(ctx, 0)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%-60s %5.1f %% of a core%s, RssAnon %4.0f MiB%s, %d recordings", l.name, core, target(l.core, "%"), anon, target(l.anonMiB, "MiB"), len(rows))
			end()
		})
	}
}

// meter begins to measure a daemon. What it returns says how much of one core that has taken since, in
// percent, and how much memory (RssAnon) it has by then, in MiB.
func meter(t *testing.T, d *Daemon) func() (core, anonMiB float64) {
	t.Helper()
	usage := func() Usage {
		t.Helper()
		u, err := d.Usage()
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	before, began := usage(), time.Now()
	return func() (core, anonMiB float64) {
		t.Helper()
		after := usage()
		return 100 * (after.CPU - before.CPU).Seconds() / time.Since(began).Seconds(), float64(after.AnonKiB) / 1024
	}
}

func target(v float64, unit string) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf(" (target ≤ %.0f %s)", v, unit)
}

// pass lets wall time pass: the thing measured is a process that runs in it.
func pass(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}
