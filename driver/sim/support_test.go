package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vaad/driver"
)

// fakeClock is a clock that runs only while somebody sleeps by it.
type fakeClock struct {
	mu  sync.Mutex
	now time.Duration

	sleeping func() // what else happens while somebody sleeps
}

func (c *fakeClock) Now() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) Sleep(until time.Duration, wake int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = max(c.now, until)
	if c.sleeping != nil {
		c.sleeping()
	}
}

func (c *fakeClock) stall(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += d
}

// rig is a board under test and what is needed to drive it.
type rig struct {
	t      testing.TB
	board  driver.Board
	b      *Board // the same, if it is one
	clock  *fakeClock
	dir    string
	tx, rx *driver.Frame
	log    *logBuffer
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// testPatience is longer than any machine stands still.
const testPatience = time.Minute

// newRig opens a board with those options (JSON) under a fake clock.
func newRig(t testing.TB, options string, more ...Option) *rig {
	t.Helper()
	r := &rig{t: t, clock: &fakeClock{}, log: &logBuffer{}, dir: shortDir(t)}
	opts := append([]Option{WithClock(r.clock), WithPatience(testPatience), WithLogger(slog.New(slog.NewTextHandler(r.log, nil)))}, more...)
	b, err := openWith(r.dir, options, opts...)
	if err != nil {
		t.Fatal(err)
	}
	r.board, r.b = b, b.(*Board)
	t.Cleanup(func() { _ = b.Close() })
	r.tx, r.rx = driver.NewFrame(b.Info()), driver.NewFrame(b.Info())
	return r
}

func openWith(dir, options string, opts ...Option) (driver.Board, error) {
	d := Driver(opts...)
	return d.Open(context.Background(), driver.Candidate{ID: "sim"}, driver.Config{ID: "sim1", Dir: dir, Options: json.RawMessage(options)})
}

// shortDir makes a folder whose path is short enough for sockets.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sim")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// tick runs one Exchange and returns the events, as text.
func (r *rig) tick() []string {
	r.t.Helper()
	if err := r.board.Exchange(r.tx, r.rx); err != nil {
		r.t.Fatal(err)
	}
	r.tx.Reset()
	var all []string
	for _, e := range r.rx.Events {
		s := fmt.Sprintf("%d:%s@%d", e.Line+1, e.Kind, e.At)
		if e.Value != 0 {
			s += fmt.Sprintf("=%d", e.Value)
		}
		if len(e.Data) > 0 {
			s += fmt.Sprintf("(%s)", e.Data)
		}
		all = append(all, s)
	}
	return all
}

// ticks runs n ticks and returns their events that are not polls of voltage or
// states, each with the position at which it happened.
func (r *rig) ticks(n int) []string {
	r.t.Helper()
	var all []string
	for range n {
		if err := r.b.Exchange(r.tx, r.rx); err != nil {
			r.t.Fatal(err)
		}
		r.tx.Reset()
		for _, e := range r.rx.Events {
			if e.Kind == driver.State || e.Kind == driver.Volts {
				continue
			}
			s := fmt.Sprintf("%s %d", e.Kind, r.rx.Pos+int64(e.At))
			if e.Value != 0 {
				s += fmt.Sprintf(" =%d", e.Value)
			}
			all = append(all, s)
		}
	}
	return all
}

// want compares events.
func want(t testing.TB, got []string, events ...string) {
	t.Helper()
	if !slices.Equal(got, events) {
		t.Errorf("events:\n got %q\nwant %q", got, events)
	}
}

// without leaves out events of those kinds.
func without(events []string, kinds ...string) []string {
	return slices.DeleteFunc(events, func(s string) bool {
		return slices.ContainsFunc(kinds, func(k string) bool { return strings.Contains(s, ":"+k+"@") })
	})
}

// plug is a raw peer.
type plug struct {
	t  testing.TB
	fd int
}

// connect connects to a socket of the board and waits until the board knows.
func (r *rig) connect(path string) *plug {
	r.t.Helper()
	before := len(r.b.doors.arrivals)
	p := dial(r.t, path)
	for len(r.b.doors.arrivals) == before {
		runtime.Gosched()
	}
	return p
}

func dial(t testing.TB, path string) *plug {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	p := &plug{t: t, fd: fd}
	t.Cleanup(p.close)
	return p
}

// line connects to the socket of a line.
func (r *rig) line(n int) *plug { r.t.Helper(); return r.connect(lineSocket(r.dir, n)) }

func (p *plug) close() {
	if p.fd >= 0 {
		_ = unix.Close(p.fd)
		p.fd = -1
	}
}

func (p *plug) send(b []byte) {
	p.t.Helper()
	if err := unix.Sendto(p.fd, b, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, nil); err != nil {
		p.t.Fatalf("send: %v", err)
	}
}

func (p *plug) event(text string)     { p.t.Helper(); p.send(append([]byte{'E'}, text...)) }
func (p *plug) audio(samples []int16) { p.t.Helper(); p.send(audioMessage(samples)) }

func audioMessage(samples []int16) []byte {
	b := make([]byte, audioBytes)
	b[0] = 'A'
	putSamples(b[1:], samples)
	return b
}

// receive returns the next message, "" if there is none, "EOF" at the end.
func (p *plug) receive() string {
	p.t.Helper()
	buf := make([]byte, 8192)
	n, _, err := unix.Recvfrom(p.fd, buf, unix.MSG_DONTWAIT)
	switch {
	case err == unix.EAGAIN:
		return ""
	case err == unix.ECONNRESET:
		return p.receive()
	case err != nil:
		p.t.Fatalf("receive: %v", err)
	case n == 0:
		return "EOF"
	}
	return string(buf[:n])
}

// commands takes all that waits and returns the commands.
func (p *plug) commands() []string {
	p.t.Helper()
	var all []string
	for m := p.receive(); m != "" && m != "EOF"; m = p.receive() {
		if m[0] == 'C' {
			all = append(all, m[1:])
		}
	}
	return all
}

// closed reports whether the board has closed the connection.
func (p *plug) closed() bool {
	for {
		switch p.receive() {
		case "EOF":
			return true
		case "":
			return false
		}
	}
}

// noise is a block of samples that no two seeds share.
func noise(seed uint64) []int16 {
	rnd := rand.New(rand.NewPCG(seed, 1))
	s := make([]int16, driver.Block)
	for i := range s {
		s[i] = int16(rnd.IntN(1 << 16))
	}
	return s
}
