package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// guestLines is what the guest's slow processor carries with ease.
const guestLines = 16

// verdict is what the guest says after it came up again.
type verdict struct {
	Recordings int
	Last       []uint32 // per line: blocks recorded from 0 without a hole
	Problems   []string
}

func guestConfig(trigger string) string {
	return quietly + "[settings.recorder]\ndisk_reserve_mb = 0\ndisk_reserve_inodes = 0\n" + board("b", "real", guestLines, "") + pin(1, guestLines, fmt.Sprintf("trigger = %q\nmax_ms = 5000", trigger))
}

// TestInsideGuest is the half of the power-cut proof that runs in the machine.
func TestInsideGuest(t *testing.T) {
	mode := os.Getenv("VAAD_GUEST")
	if mode == "" {
		t.Skip("runs inside the machine that TestPowerCut boots")
	}
	ctx := within(t, 9*time.Minute)
	root := "/mnt/vaad"
	if mode == "record" {
		d := start(t, root, guestConfig("continuous"))
		var peers []*Peer
		for i := range guestLines {
			peers = append(peers, &Peer{Line: i + 1, Next: Numbered(i + 1)})
		}
		ps, err := Dial(sockets(d, "b"), peers...)
		if err != nil {
			t.Fatal(err)
		}
		tick := time.NewTicker(100 * time.Millisecond)
		go func() {
			for range tick.C {
				least := peers[0].Sent.Load()
				for _, p := range peers {
					least = min(least, p.Sent.Load())
				}
				fmt.Printf("SENT %d\n", least)
			}
		}()
		t.Fatal(ps.Run(ctx), d.Log()) // the power goes before
	}
	d := start(t, root, guestConfig("off"))
	sealed(t, d)
	v := verdict{Last: make([]uint32, guestLines)}
	rows, err := d.Recordings(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	v.Recordings = len(rows)
	for line := 1; line <= guestLines; line++ {
		runs, err := d.Heard(ctx, line, "/tmp")
		if err != nil {
			v.Problems = append(v.Problems, err.Error())
			continue
		}
		for _, r := range runs {
			if r.First != v.Last[line-1] {
				v.Problems = append(v.Problems, fmt.Sprintf("line %d: blocks %d…%d are missing", line, v.Last[line-1], r.First))
			}
			v.Last[line-1] = r.Last + 1
		}
	}
	if out, err := d.Ctl(ctx, "verify"); err != nil {
		v.Problems = append(v.Problems, "verify: "+err.Error()+out)
	}
	b, _ := json.Marshal(v)
	fmt.Printf("VERDICT %s\n", b)
	stop(t, d)
}

func TestPowerCutLosesAtMostTwoSecondsAndDamagesNothing(t *testing.T) {
	atLeastReduced(t)
	t.Parallel()
	cuts := counts(0, 1, 10) // per file system
	work := scratch(t)
	ctx := within(t, 2*time.Hour)
	test := filepath.Join(work, "e2e.test")
	build := exec.Command("go", "test", "-c", "-o", test, "vaad/e2e")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	boot := func(disk, fs, mode string) (*Guest, error) {
		return Boot(ctx, work, disk, fs, []string{test, bin.Vaad, bin.Vaactl},
			"HOME=/tmp VAAD_GUEST="+mode+" ./e2e.test -test.run '^TestInsideGuest$' -test.v -test.timeout 10m 2>&1")
	}
	rng := rand.New(rand.NewPCG(4, uint64(cuts)))
	for _, fs := range []string{"ext4", "xfs"} {
		t.Run(fs, func(t *testing.T) {
			var worst uint32
			for cut := range cuts {
				disk := filepath.Join(work, "disk")
				if err := MakeDisk(disk, fs, 512); err != nil {
					t.Fatal(err)
				}
				g, err := boot(disk, fs, "record")
				if err != nil {
					t.Fatal(err)
				}
				after := uint32(2*second + rng.IntN(10*second))
				var sent uint32
				for sent < after {
					s, err := g.Line()
					if err != nil {
						if strings.Contains(g.Log(), "lab: skipped") {
							t.Skip(g.Log())
						}
						t.Fatalf("the machine ended before the cut:\n%s", g.Log())
					}
					fmt.Sscanf(s, "SENT %d", &sent)
				}
				<-time.After(time.Duration(rng.IntN(300)) * time.Millisecond)
				g.Cut()
				for _, s := range strings.Split(g.Log(), "\n") {
					fmt.Sscanf(s, "SENT %d", &sent)
				}
				g, err = boot(disk, fs, "verify")
				if err != nil {
					t.Fatal(err)
				}
				if err := g.Wait(); err != nil {
					t.Fatalf("%v\n%s", err, g.Log())
				}
				_, rest, ok := strings.Cut(g.Log(), "VERDICT ")
				if !ok {
					t.Fatalf("no verdict:\n%s", g.Log())
				}
				var v verdict
				if err := json.NewDecoder(strings.NewReader(rest)).Decode(&v); err != nil {
					t.Fatal(err)
				}
				for _, p := range v.Problems {
					t.Errorf("cut %d: %s", cut, p)
				}
				for i, last := range v.Last {
					lost := sent - min(sent, last)
					worst = max(worst, lost)
					if lost > 2*second {
						t.Errorf("cut %d line %d: %d blocks sent, %d recorded: %.2f s lost", cut, i+1, sent, last, float64(lost)/second)
					}
				}
				t.Logf("cut %d after %.1f s: %d recordings, at most %.2f s lost so far", cut, float64(sent)/second, v.Recordings, float64(worst)/second)
			}
		})
	}
}
