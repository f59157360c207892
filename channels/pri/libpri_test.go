package pri

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A libpriEvent is what testdata/libpri.c prints of an event of libpri.
type libpriEvent struct {
	Event                             string
	Call, Channel, Cause              int
	Caller, Name, Called, Redirecting string
	Digits                            string
	Presentation, Plan, Capability    int
	Layer1, Flexible, Complete        int
	Progress, Indicator               int
	Error                             string
}

// A libpriEnd is what is connected to libpri: one of our ends, driven in real
// time. Its methods are called one at a time; each returns the frames to send,
// valid until the next.
type libpriEnd interface {
	frame(b []byte, now int64) [][]byte
	tick(now int64) [][]byte
	next() int64
}

// A libpri is a process that plays the far end of a link with libpri.
type libpri struct {
	t      *testing.T
	in     io.Writer
	events chan libpriEvent
	acts   chan func(now int64) [][]byte
	over   chan struct{} // closed when the test ends
	gone   chan struct{} // closed when the link has stopped
	began  time.Time
}

// patience is how long libpri may take for an event: its timers run in real time.
const patience = time.Minute

// startLibpri starts the far end and connects it with ours until the test ends.
// Without compiler or library the test is skipped.
func startLibpri(t *testing.T, end libpriEnd, options ...string) *libpri {
	t.Helper()
	prog := filepath.Join(t.TempDir(), "libpri")
	if out, err := exec.Command("gcc", "-std=gnu99", "-O2", "-o", prog, "testdata/libpri.c", "-lpri").CombinedOutput(); err != nil {
		t.Skipf("needs gcc and libpri-dev (.ci/need libpri): %v\n%s", err, out)
	}
	ours, theirs := socketPair(t)
	cmd := exec.Command(prog, options...)
	cmd.ExtraFiles = []*os.File{theirs}
	var said strings.Builder
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = theirs.Close()
	p := &libpri{t: t, in: in, events: make(chan libpriEvent, 1<<16), acts: make(chan func(int64) [][]byte),
		over: make(chan struct{}), gone: make(chan struct{}), began: time.Now()}
	var all sync.WaitGroup
	all.Go(func() { p.listen(out) })
	frames := make(chan []byte, 1024)
	all.Go(func() { receive(ours, frames, p.over) })
	all.Go(func() { p.drive(end, ours, frames) })
	t.Cleanup(func() {
		close(p.over)
		<-p.gone
		_ = in.Close()
		_ = ours.Close()
		all.Wait()
		err := cmd.Wait()
		if t.Failed() {
			t.Logf("libpri ended (%v) and said:\n%s", err, said.String())
		}
	})
	return p
}

func socketPair(t *testing.T) (ours net.Conn, theirs *os.File) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fds[0]), "ours")
	ours, err = net.FileConn(f)
	_ = f.Close()
	if err != nil {
		t.Fatal(err)
	}
	return ours, os.NewFile(uintptr(fds[1]), "theirs")
}

func receive(c net.Conn, frames chan<- []byte, over <-chan struct{}) {
	for {
		b := make([]byte, 2048)
		n, err := c.Read(b)
		if err != nil || n == 0 {
			return
		}
		select {
		case frames <- b[:n]:
		case <-over:
			return
		}
	}
}

// now is the position of the link in samples.
func (p *libpri) now() int64 { return int64(time.Since(p.began)) * rate / int64(time.Second) }

// drive is the link: it alone calls our end.
func (p *libpri) drive(end libpriEnd, c net.Conn, frames <-chan []byte) {
	defer close(p.gone)
	for {
		wait := time.Second
		if due := end.next() - p.now(); due < rate {
			wait = time.Duration(max(due, 0)) * time.Second / rate
		}
		var out [][]byte
		select {
		case f := <-frames:
			out = end.frame(f, p.now())
		case act := <-p.acts:
			out = act(p.now())
		case <-time.After(wait):
			out = end.tick(p.now())
		case <-p.over:
			return
		}
		for _, f := range out {
			if _, err := c.Write(f); err != nil {
				return // libpri has ended: who waits for an event will say so
			}
		}
	}
}

func (p *libpri) listen(r io.Reader) {
	defer close(p.events)
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var e libpriEvent
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			e = libpriEvent{Event: "UNREADABLE", Error: lines.Text()}
		}
		p.events <- e
	}
}

// do has something done by the end in the link's turn, and its frames sent.
func (p *libpri) do(act func(now int64) [][]byte) {
	p.t.Helper()
	done := make(chan struct{})
	select {
	case p.acts <- func(now int64) [][]byte { defer close(done); return act(now) }:
		<-done
	case <-p.gone:
		p.t.Fatal("the link has ended")
	}
}

// say gives libpri a command; testdata/libpri.c lists them.
func (p *libpri) say(format string, args ...any) {
	p.t.Helper()
	if _, err := fmt.Fprintf(p.in, format+"\n", args...); err != nil {
		p.t.Fatal(err)
	}
}

// await is the next event of that name; others before it are passed over.
func (p *libpri) await(event string) libpriEvent {
	p.t.Helper()
	late := time.After(patience)
	var others []string
	for {
		select {
		case e, ok := <-p.events:
			if !ok {
				p.t.Fatalf("libpri ended before %s, after %q", event, others)
			}
			if e.Event == event {
				return e
			}
			others = append(others, e.Event)
		case <-late:
			p.t.Fatalf("no %s from libpri, but %q", event, others)
		}
	}
}

// role is libpri's option for the far side of ours.
func role(ours Side) string {
	if ours == Network {
		return "--cpe"
	}
	return "--net"
}
