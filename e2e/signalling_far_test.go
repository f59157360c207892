package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// A farEvent is what channels/pri/testdata/libpri.c prints of an event of libpri.
type farEvent struct {
	Event                string
	Call, Channel, Cause int
	Caller, Name, Called string
	Digits, Error        string
	Complete             int
}

// A farCall is a call as libpri knows it.
type farCall struct {
	far                  *farEnd
	id, channel          int
	ours                 bool // libpri has set it up
	caller, called, name string
	digits               string // that came after SETUP
	seen                 []string
	cause                int
	over                 bool
	spoken               bool // libpri has said something of it
}

// A farEnd is libpri at the other end of a span: a process of its own, behind a
// relay. It decides which channels its calls take, as an exchange does.
type farEnd struct {
	relay    *relay
	exchange bool // it is the network
	in       io.WriteCloser
	cmd      *exec.Cmd
	said     buffer

	mu     sync.Mutex
	calls  map[int]*farCall
	placed []*farCall // asked for, their number is not known yet
	wanted map[string]chan *farCall
	taken  [32]*farCall
	rows   []string // the last events, for who asks why
	ended  bool
}

// buildFar builds libpri's end; without compiler or library it skips.
func buildFar(t *testing.T) string {
	t.Helper()
	prog := filepath.Join(scratch(t), "libpri")
	out, err := exec.Command("gcc", "-std=gnu99", "-O2", "-o", prog, "../channels/pri/testdata/libpri.c", "-lpri").CombinedOutput()
	if err != nil {
		if *full || *reduced {
			t.Fatalf("libpri's end does not build; install gcc and libpri-dev (.ci/need libpri): %v\n%s", err, out)
		}
		t.Skip("needs gcc and libpri-dev")
	}
	return prog
}

// startFar connects libpri to a D-channel until the test ends.
func startFar(t *testing.T, prog, socket string, seed uint64, network bool, options ...string) *farEnd {
	t.Helper()
	f := &farEnd{exchange: network, calls: map[int]*farCall{}, wanted: map[string]chan *farCall{}}
	r, theirs, err := newRelay(socket, seed)
	if err != nil {
		t.Fatal(err)
	}
	f.relay = r
	role := "--cpe"
	if network {
		role = "--net"
	}
	f.cmd = exec.Command(prog, append([]string{role}, options...)...)
	f.cmd.ExtraFiles = []*os.File{theirs}
	f.cmd.Stderr = &f.said
	if f.in, err = f.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := f.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = theirs.Close()
	listened := make(chan struct{})
	go func() { defer close(listened); f.listen(out) }()
	t.Cleanup(func() {
		_ = f.in.Close()
		r.close()
		<-listened
		_ = f.cmd.Wait()
	})
	return f
}

func (f *farEnd) listen(out io.Reader) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var e farEvent
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			e = farEvent{Event: "UNREADABLE"}
		}
		f.take(&e, lines.Text())
	}
	f.mu.Lock()
	f.ended = true
	f.mu.Unlock()
}

// take takes an event. What an exchange answers at once is answered here.
func (f *farEnd) take(e *farEvent, row string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rows = append(f.rows, time.Now().Format("05.000 ")+row); len(f.rows) > 400 {
		f.rows = f.rows[200:]
	}
	switch e.Event {
	case "CALLING":
		c := f.placed[0]
		f.placed = f.placed[1:]
		c.id = e.Call
		f.calls[e.Call] = c
		return
	case "RING":
		f.rings(e)
		return
	case "RESTART", "RESTART_ACK":
		f.restarted(e.Channel)
		return
	}
	c := f.calls[e.Call]
	if c == nil {
		return
	}
	c.seen = append(c.seen, e.Event)
	c.digits += e.Digits
	if e.Channel > 0 && !c.over {
		f.move(c, e.Channel)
	}
	switch e.Event {
	case "HANGUP", "HANGUP_ACK":
		f.free(c)
		if !c.over && c.cause == 0 {
			c.cause = e.Cause
		}
		c.over = true
	case "HANGUP_REQ":
		c.cause = e.Cause
	}
}

// rings takes a call of vaad's. One in a channel that is taken loses, unless it
// is the network's: then ours will hear that the channel is taken.
func (f *farEnd) rings(e *farEvent) {
	c := &farCall{far: f, id: e.Call, channel: e.Channel, caller: e.Caller, called: e.Called, name: e.Name, seen: []string{e.Event}}
	f.calls[c.id] = c
	if other := f.taken[e.Channel&31]; other != nil && (f.exchange || !other.ours || len(other.seen) > 0) {
		f.hangUp(c, 44)
		return
	}
	f.taken[e.Channel&31] = c
	for called, ch := range f.wanted {
		if called == e.Called {
			ch <- c
			delete(f.wanted, called)
			return
		}
	}
	f.hangUp(c, 1)
}

func (f *farEnd) move(c *farCall, to int) {
	if c.channel != to && to < len(f.taken) {
		f.free(c)
		c.channel = to
		f.taken[to] = c
	}
}

func (f *farEnd) free(c *farCall) {
	if f.taken[c.channel&31] == c {
		f.taken[c.channel&31] = nil
	}
}

// restarted: a channel was restarted, or (-1) all of them.
func (f *farEnd) restarted(channel int) {
	for _, c := range f.taken {
		if c != nil && (channel < 0 || channel == c.channel) {
			c.seen = append(c.seen, "RESTART")
			f.hangUp(c, 41)
		}
	}
}
