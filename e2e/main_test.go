package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

var (
	full    = flag.Bool("full", false, "full counts, as the proofs and the stress test use")
	reduced = flag.Bool("reduced", false, "reduced counts of everything, as .ci/run uses; without it only what takes seconds runs")
	// Boards that are twice as far apart drift as far in half the time.
	clockLength = flag.Duration("clock", time.Hour, "how long the full proof of the drifting clocks takes")
	seed        = flag.Uint64("seed", 1, "of what is made at random")
	binDir      = flag.String("bin", "", "folder with vaad and vaactl; empty: build them")
	bin         Binaries
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(usbFolder); dir != "" {
		vaadUSB(dir)
		return
	}
	flag.Parse()
	if os.Getenv("VAAD_GUEST") != "" { // inside the power-cut machine
		bin = Binaries{"/lab/vaad", "/lab/vaactl"}
		os.Exit(m.Run())
	}
	runtime.GOMAXPROCS(runtime.NumCPU() + 8) // peers block in system calls and must come back at once
	dir, err := os.MkdirTemp("", "vaad-bin-")
	if err == nil {
		if *binDir != "" {
			*binDir, err = filepath.Abs(*binDir)
			bin = Binaries{filepath.Join(*binDir, "vaad"), filepath.Join(*binDir, "vaactl")}
		} else {
			bin, err = Build(dir)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// counts picks how much of something to do: in seconds, reduced, or full.
func counts[T any](quick, less, all T) T {
	switch {
	case *full:
		return all
	case *reduced:
		return less
	}
	return quick
}

// once skips what `make test` has in full already, where .ci/run does everything
// again with more counts.
func once(t *testing.T) {
	t.Helper()
	if *reduced {
		t.Skip("it is the same in make test")
	}
}

// atLeastReduced skips what is not part of `make test`.
func atLeastReduced(t *testing.T) {
	t.Helper()
	if !*full && !*reduced {
		t.Skip("runs in .ci/run and in the proofs: go test ./e2e -args -reduced")
	}
}

// scratch makes a folder with a path short enough for sockets.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "v")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// within bounds what takes so long at most where nothing else goes on: it ends what
// hangs, not what a busy machine makes slow.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*d)
	t.Cleanup(cancel)
	return ctx
}

func start(t *testing.T, root, config string, env ...string) *Daemon {
	t.Helper()
	d, err := Start(within(t, 2*time.Minute), bin, root, config, env...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Kill)
	return d
}

// stop ends a daemon in order; what it says on the way must not be a fault.
func stop(t *testing.T, d *Daemon) {
	t.Helper()
	if err := d.Stop(); err != nil {
		t.Fatal(err)
	}
}

// board is the [[board]] table of a simulated board.
func board(id, clock string, lines int, more string) string {
	return fmt.Sprintf("[[board]]\ndriver = \"sim\"\nid = %q\nclock = %q\ncount = %d\n%s\n", id, clock, lines, more)
}

// pin fixes settings of lines from…to in the configuration file.
func pin(from, to int, keys string) string {
	s := ""
	for n := from; n <= to; n++ {
		s += fmt.Sprintf("[settings.lines.%d]\n%s\n", n, keys)
	}
	return s
}

const quietly = "listen = \"off\"\n"

// sockets is where a board's line sockets are.
func sockets(d *Daemon, board string) string { return filepath.Join(d.Root, "run", board) }
