package peers

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var (
	full = flag.Bool("full", false, "the full counts")
	seed = flag.Uint64("seed", 1, "of the sets; 0: a fresh one")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *seed == 0 {
		*seed = rand.Uint64N(1 << 32)
	}
	if *serve {
		if err := answer(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	driver.stop()
	os.Exit(code)
}

// peer is the C driver: one process for all tests.
type peer struct {
	once   sync.Once
	err    error // why there is none
	broken bool  // because our own source cannot be built
	dir    string
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
}

var driver peer

// reply is what the driver answers; see c/peer.h.
type reply struct {
	Error   string
	CPU     float64 // s
	Samples int64
	Count   int64
	Hash    string
	Events  []heard
}

// heard is one thing that a detector of either side tells.
type heard struct {
	At   int64 // sample at which it was told
	What string
}

// start builds the driver and runs it.
func (p *peer) start() {
	sources, err := filepath.Glob("c/*.c")
	if err != nil || len(sources) == 0 {
		p.err = errors.New("the sources in c/ are missing")
		return
	}
	probe := exec.Command("gcc", "-E", "-o", os.DevNull, "-")
	probe.Stdin = strings.NewReader("#include <spandsp.h>\n#include <gsm.h>\n")
	if said, err := probe.CombinedOutput(); err != nil {
		p.err = fmt.Errorf("gcc and the headers: %w: %.200s", err, strings.TrimSpace(string(said)))
		return
	}
	if p.dir, p.err = os.MkdirTemp("", "vaad-peers"); p.err != nil {
		return
	}
	program := filepath.Join(p.dir, "peer")
	libraries := [][]string{
		{"-Wl,-Bstatic", "-lspandsp", "-lgsm", "-Wl,-Bdynamic", "-ltiff", "-lm"},
		{"-lspandsp", "-lgsm", "-lm"},
	}
	for _, l := range libraries {
		var said []byte
		said, err = exec.Command("gcc", append(append([]string{"-O2", "-Wall", "-o", program}, sources...), l...)...).CombinedOutput()
		if err == nil {
			break
		}
		err = fmt.Errorf("gcc: %w: %.300s", err, said)
	}
	if err != nil {
		p.err, p.broken = err, true
		return
	}
	p.cmd = exec.Command(program)
	p.cmd.Stderr = os.Stderr
	if p.in, p.err = p.cmd.StdinPipe(); p.err != nil {
		return
	}
	out, err := p.cmd.StdoutPipe()
	if p.err = err; err != nil {
		return
	}
	p.out = bufio.NewReaderSize(out, 1<<16)
	p.err = p.cmd.Start()
}

func (p *peer) stop() {
	if p.in != nil {
		p.in.Close()
		_ = p.cmd.Wait()
	}
	if p.dir != "" {
		os.RemoveAll(p.dir)
	}
}

// need skips the test where there is no driver.
func need(t testing.TB) {
	t.Helper()
	driver.once.Do(driver.start)
	if driver.broken {
		t.Fatal(driver.err)
	}
	if driver.err != nil {
		t.Skipf("no peers to compare with: %v; \".ci/need peers\" installs gcc, libspandsp-dev and libgsm1-dev", driver.err)
	}
}

// there says whether there is a driver.
func there() bool {
	driver.once.Do(driver.start)
	return driver.err == nil
}

// ask sends a request and returns the reply.
func ask(t testing.TB, request map[string]any) reply {
	t.Helper()
	b, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := driver.in.Write(append(b, '\n')); err != nil {
		t.Fatalf("request %s: %v", b, err)
	}
	said, err := driver.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("reply to %s: %v", b, err)
	}
	var r reply
	if err := json.Unmarshal(said, &r); err != nil {
		t.Fatalf("reply to %s: %v: %.300s", b, err, said)
	}
	if r.Error != "" {
		t.Fatalf("%s: %s", b, r.Error)
	}
	return r
}

// receive is what a receiver of spandsp hears in x.
func receive(t testing.TB, what string, x []int16) []heard {
	t.Helper()
	path := scratch("in.raw")
	save(t, path, x)
	return ask(t, map[string]any{"op": "receive", "what": what, "file": path}).Events
}

// send returns what a generator of spandsp makes.
func send(t testing.TB, what string, request map[string]any) []int16 {
	t.Helper()
	path := scratch("out.raw")
	request["op"], request["what"], request["file"] = "send", what, path
	ask(t, request)
	return samplesOf(t, path)
}

// scratch is the name of a file that lives until the next one of that name.
func scratch(name string) string { return filepath.Join(driver.dir, name) }

func save(t testing.TB, path string, x []int16) {
	t.Helper()
	b := make([]byte, 0, 2*len(x))
	for _, v := range x {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func samplesOf(t testing.TB, path string) []int16 {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	x := make([]int16, len(b)/2)
	for i := range x {
		x[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return x
}
