package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// wrapped is a program that is started through a script.
func wrapped(t *testing.T, dir, name, how string) string {
	t.Helper()
	script := filepath.Join(dir, name)
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"+how+" \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return script
}

// cage makes a control group with a memory limit, and returns what puts a shell into it; "" where
// this machine lets us make none.
func cage(t *testing.T, bytes int64) string {
	t.Helper()
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(own)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		mount, file := "", ""
		switch {
		case parts[1] == "memory":
			mount, file = "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
		case parts[0] == "0":
			mount, file = "/sys/fs/cgroup", "memory.max"
		default:
			continue
		}
		dir := filepath.Join(mount, parts[2], fmt.Sprintf("vaad-test-%d", os.Getpid()))
		if os.Mkdir(dir, 0o755) != nil {
			continue
		}
		t.Cleanup(func() { os.Remove(dir) })
		if os.WriteFile(filepath.Join(dir, file), fmt.Append(nil, bytes), 0o644) == nil {
			return fmt.Sprintf("echo $$ > %q\n", filepath.Join(dir, "cgroup.procs"))
		}
	}
	return ""
}

// TestEnvelope measures what the daemon takes of machines of two sizes while every line is recorded,
// and that nothing is lost. The lines' other ends run beside it, on all cores.
func TestEnvelope(t *testing.T) {
	atLeastReduced(t)
	span := counts(0, 5*time.Second, time.Minute)
	for _, c := range []struct {
		name   string
		lines  int
		cores  int
		memory int64
	}{
		{"128 lines on 2 cores", 128, 2, 0},
		{"32 lines on 1 core with 1 GiB", 32, 1, 1 << 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			if runtime.NumCPU() < c.cores {
				t.Skip("too few cores")
			}
			ctx := within(t, span+5*time.Minute)
			how, said := "", ""
			if c.memory > 0 {
				if how = cage(t, c.memory); how == "" {
					said = " (no control group could be made: the memory was not limited)"
				}
			}
			how += fmt.Sprintf("exec taskset -c 0-%d %q", c.cores-1, bin.Vaad)
			root := scratch(t)
			d, err := Start(ctx, Binaries{wrapped(t, scratch(t), "vaad", how), bin.Vaactl}, root, quietly+board("b", "real", c.lines, "")+pin(1, c.lines, `trigger = "continuous"`))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(d.Kill)
			end := keepTalking(t, d, "b", c.lines)
			pass(t, 3*time.Second) // warm
			cost := meter(t, d)
			pass(t, span)
			core, anon := cost()
			m, err := scrape(ctx, local(d))
			if err != nil {
				t.Fatal(err)
			}
			lost := 0.0
			for _, name := range lossCounters {
				lost += m[name]
			}
			peers := end()
			settle(t, d, c.lines)
			whole(t, d, peers)
			t.Logf("%s, every one recorded%s: %.1f %% of a core, %.0f MiB of memory (limit %.0f MiB), %.0f lost, load of the machine %s", c.name, said,
				core, anon, m["vaad_memory_limit_bytes"]/(1<<20), lost, loadOf())
			if lost > 0 {
				t.Errorf("%.0f lost", lost)
			}
			stop(t, d)
		})
	}
}

// TestARM64RecordsUnderEmulation builds for the processors of single-board computers and runs that by
// user-mode emulation: it says nothing of speed, only that it works.
func TestARM64RecordsUnderEmulation(t *testing.T) {
	atLeastReduced(t)
	qemu, err := exec.LookPath("qemu-aarch64-static")
	if err != nil {
		t.Skip("needs qemu-user-static")
	}
	dir := scratch(t)
	cmd := exec.Command("go", "build", "-trimpath", "-o", dir+"/", "vaad/cmd/vaad", "vaad/cmd/vaactl")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH=arm64")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	scripts := scratch(t)
	arm := Binaries{wrapped(t, scripts, "vaad", fmt.Sprintf("exec %q %q", qemu, dir+"/vaad")), wrapped(t, scripts, "vaactl", fmt.Sprintf("exec %q %q", qemu, dir+"/vaactl"))}
	root := scratch(t)
	ctx := within(t, 5*time.Minute)
	d, err := Start(ctx, arm, root, quietly+board("b", "peers", 2, "")+pin(1, 2, `trigger = "voltage"`))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Kill)
	var peers []*Peer
	for line := 1; line <= 2; line++ {
		talk := Step{Events: []string{"volts -8"}, For: 8 * time.Second, Audio: func(n uint32, dst []int16) { FillBlock(dst, line, n) }}
		peers = append(peers, &Peer{Line: line, Next: Script(seq(volts("-48", 5*time.Second), rings(2, "-48"), talk, volts("-48", 6*time.Second))...)})
	}
	ps, err := Dial(sockets(d, "b"), peers...)
	if err != nil {
		t.Fatal(err)
	}
	if err := ps.Run(ctx); err != nil {
		t.Fatal(err)
	}
	sealed(t, d)
	for line := 1; line <= 2; line++ {
		rows, err := d.Calls(ctx, line)
		if err != nil || len(rows) != 1 || rows[0].Direction != "in" || len(rows[0].Recordings) != 1 {
			t.Fatalf("line %d: calls %+v, %v", line, rows, err)
		}
		runs, err := d.Heard(ctx, line, os.TempDir())
		if err != nil || len(runs) != 1 || runs[0].Line != line || runs[0].Last-runs[0].First+1 < 8*second-1 {
			t.Errorf("line %d: heard %v, %v", line, runs, err)
		}
	}
	out, err := d.Ctl(ctx, "status")
	t.Logf("arm64: two calls are recorded to the block; status: %s", strings.Join(strings.Fields(out), " "))
	if err != nil {
		t.Error(err)
	}
	stop(t, d)
}
