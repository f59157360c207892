//go:build lab

package dahdi_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vaad/driver"
	"vaad/driver/dahdi/labtest"
)

const ownerEnv = "VAAD_LAB_OWNER" // FIRST COUNT: be the program that owns these channels

// TestLabOwner is no test: it is the other program, when this binary is run
// again as such. It speaks the pattern of lines 100… on its channels and says,
// when its input ends, what it has heard.
func TestLabOwner(t *testing.T) {
	var first, n int
	if _, err := fmt.Sscan(os.Getenv(ownerEnv), &first, &n); err != nil {
		t.Skip("runs as the owner of channels in another test")
	}
	var cs []*labtest.Channel
	for i := range n {
		c, err := labtest.Open(first+i, false)
		must(t, err)
		cs = append(cs, c)
	}
	talk, err := labtest.Talk(cs, 8, 1, 0, labtest.Patterns(100))
	must(t, err)
	fmt.Println("OWNER owns")
	ended := make(chan bool)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	heard := make([]bytes.Buffer, n)
	buf := make([]byte, labtest.BlockSize)
	for on := true; on; {
		select {
		case <-ended:
			on = false
		default:
		}
		if _, err := cs[0].Ready(unix.POLLIN, time.Second); err != nil {
			t.Fatal(err)
		}
		for i, c := range cs {
			for {
				n, err := c.Read(buf, nil)
				if err == unix.EAGAIN {
					break
				}
				must(t, err)
				heard[i].Write(buf[:n])
			}
		}
	}
	sent, err := talk.Stop()
	must(t, err)
	for i := range heard {
		fmt.Printf("OWNER heard %v\n", labtest.Runs(heard[i].Bytes()))
	}
	fmt.Printf("OWNER sent %d underruns %d\n", sent, talk.Underruns())
}

// owner starts it; ask ends it and returns what it said.
func owner(t *testing.T, first, n int) (ask func() []string) {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self, "-test.run", "^TestLabOwner$", "-test.v")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d", ownerEnv, first, n))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(out)
	var said []string
	for lines.Scan() && lines.Text() != "OWNER owns" {
		said = append(said, lines.Text())
	}
	if cmd.ProcessState != nil || len(said) > 5 {
		t.Fatalf("the owner did not start: %q", said)
	}
	var done []string
	ask = func() []string {
		if done != nil {
			return done
		}
		_ = in.Close()
		done = []string{}
		for lines.Scan() {
			if s, ok := strings.CutPrefix(lines.Text(), "OWNER "); ok {
				done = append(done, s)
			} else if strings.Contains(s, ".go:") {
				t.Log("the owner: " + s)
			}
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the owner: %v", err)
		}
		return done
	}
	t.Cleanup(func() { ask() })
	return ask
}

// TestLabChannelsOfAnotherProgramAreHeardBothWays: another process has the
// channels open and talks on them; a monitor hears what they receive and what
// they send, and disturbs neither.
func TestLabChannelsOfAnotherProgramAreHeardBothWays(t *testing.T) {
	const n = 4
	a, b := spans(t, "a", n, labtest.Clear, labtest.Clear, labtest.ALaw)
	ask := owner(t, a.Base, n)
	if _, err := tryOpen(device(``, a)); err == nil || !strings.Contains(err.Error(), "dahdi-busy") && !isFault(err, "dahdi-busy") {
		t.Errorf("channels of another program are opened as a card: %v", err)
	}
	var peers []*labtest.Channel
	for i := 1; i <= n; i++ {
		peers = append(peers, far(t, b, i))
	}
	s := open(t, fmt.Sprintf(`{"monitor": "%d-%d"}`, a.Channel(1), a.Channel(n)))
	if len(s.in.Spans) != 2 || len(s.in.Lines) != 2*n || !s.in.Spans[0].Tap || !s.in.Spans[1].Tap {
		t.Fatalf("%+v", s.in)
	}
	length := counts(3*time.Second, time.Minute)
	blocks := uint32(length / driver.Tick)
	for i := range s.listen {
		s.listen[i] = true
		if s.in.Lines[i].Caps.Has(driver.CapTx) || s.in.Lines[i].Caps.Has(driver.CapHook) {
			t.Errorf("line %d of a monitor can act: %v", i, s.in.Lines[i].Caps.List())
		}
	}
	s.run(200 * time.Millisecond)
	talk, err := labtest.Talk(peers, 8, 1, blocks, labtest.Patterns(200))
	must(t, err)
	s.run(length + 400*time.Millisecond)
	if sent, err := talk.Wait(); err != nil || sent != blocks || talk.Underruns() != 0 {
		t.Errorf("the peers sent %d blocks, %d underruns: %v", sent, talk.Underruns(), err)
	}
	for i, l := range s.in.Lines {
		runs := labtest.Runs(s.heard[i])
		if len(runs) != 1 {
			t.Errorf("line %d of span %d: heard %v", i, l.Span, runs)
			continue
		}
		r := runs[0]
		if l.Span == 1 && (r.Line != 200+l.Timeslot-1 || r.First != 0 || r.Last != blocks-1) {
			t.Errorf("received on timeslot %d: %v, sent were %d blocks", l.Timeslot, r, blocks)
		}
		if l.Span == 2 && (r.Line != 100+l.Timeslot-1 || r.Blocks() < int(blocks)+20) {
			t.Errorf("sent on timeslot %d: %v", l.Timeslot, r)
		}
	}
	for _, e := range s.said {
		if e.Kind != driver.State {
			t.Errorf("told: %v", e)
		}
	}
	said := ask()
	if len(said) != n+1 || !strings.HasSuffix(said[n], "underruns 0") {
		t.Fatalf("the owner says %q", said)
	}
	for i := range n {
		if want := fmt.Sprintf("heard [line %d blocks 0–%d at ", 200+i, blocks-1); !strings.HasPrefix(said[i], want) || strings.Count(said[i], "line") != 1 {
			t.Errorf("channel %d of the owner: %q, want %q", i, said[i], want)
		}
	}
	t.Logf("%d channels, %d blocks each way, equal at the peers, the owner and the monitor; the owner says %q", n, blocks, said[n])
}
