//go:build lab

package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"vaad/api"
	"vaad/driver"
	"vaad/driver/dahdi/labtest"
	"vaad/driver/sim/voice"
	"vaad/dsp/g711"
	"vaad/dsp/wav"
)

// Calls that vaad makes and answers on lines of the real DAHDI. Both ends of each
// line are the daemon's: its trunks are the telephones of its stations, and the
// network's side of a link is the far end of the user's. What is asked of it goes
// through vaactl, what becomes of it is read from legs, journal and recordings.

// A switchboard is a daemon in which calls are made.
type switchboard struct {
	t   *testing.T
	ctx context.Context
	d   *Daemon
	c   *api.Client

	said [][]byte // what it can say, as the codes of A-law
}

// switchboardOn starts a daemon that can play said/0, said/1, …: utterances, each
// different, as lines of A-law carry them.
func switchboardOn(t *testing.T, config string, utterances int) *switchboard {
	t.Helper()
	var said [][]byte
	root := scratch(t)
	dir := filepath.Join(root, "prompts", "en", "said")
	must(t, os.MkdirAll(dir, 0o755))
	for i := range utterances {
		codes := companded(voice.Usual().Phrase(uint64(7+i), 7), g711.ALaw)
		said = append(said, codes)
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.wav", i)), append(wav.Header(wav.ALaw, int64(len(codes))), codes...), 0o644))
	}
	d := start(t, root, quietly+config)
	return &switchboard{t: t, ctx: within(t, 10*time.Minute), d: d, c: client(t, d), said: said}
}

// ctl does something by vaactl.
func (s *switchboard) ctl(args ...string) {
	s.t.Helper()
	if out, err := s.d.Ctl(s.ctx, args...); err != nil {
		s.t.Fatalf("%v\n%s%s", err, out, s.now())
	}
}

// now is how the lines and legs are, for messages.
func (s *switchboard) now() string {
	legs, _ := s.d.Ctl(s.ctx, "legs")
	lines, _ := s.d.Ctl(s.ctx, "lines")
	return fmt.Sprintf("\n%s\n%s\n%s", legs, lines, s.d.Log())
}

func (s *switchboard) wait(what string, cond func() (bool, error)) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, time.Minute)
	defer cancel()
	if err := eventually(ctx, what, cond); err != nil {
		s.t.Fatalf("%v%s", err, s.now())
	}
}

// leg waits until a line has a leg that is as wanted.
func (s *switchboard) leg(line int, what string, is func(l api.Leg) bool) (leg api.Leg) {
	s.t.Helper()
	s.wait(fmt.Sprintf("line %d: %s", line, what), func() (bool, error) {
		all, err := s.c.Legs(s.ctx)
		i := slices.IndexFunc(all, func(l api.Leg) bool { return l.Line == line && is(l) })
		if i >= 0 {
			leg = all[i]
		}
		return i >= 0, err
	})
	return leg
}

func (s *switchboard) state(line int, state string) api.Leg {
	s.t.Helper()
	return s.leg(line, "a leg is "+state, func(l api.Leg) bool { return l.State == state })
}

// idle waits until lines are idle.
func (s *switchboard) idle(lines ...int) {
	s.t.Helper()
	s.wait(fmt.Sprintf("lines %v are idle", lines), func() (bool, error) {
		all, err := s.c.Lines(s.ctx)
		n := 0
		for _, l := range all {
			if l.State == "idle" && slices.Contains(lines, l.Line) {
				n++
			}
		}
		return n == len(lines), err
	})
}

// journal are the calls of each line, oldest first, all ended.
func (s *switchboard) journal() map[int][]api.Call {
	s.t.Helper()
	all, err := Rows[api.Call](s.ctx, s.d, "calls", "--limit", "0")
	must(s.t, err)
	of := map[int][]api.Call{}
	for _, c := range slices.Backward(all) {
		if c.End == nil {
			s.t.Errorf("a call is up: %+v", c)
		}
		of[c.Line] = append(of[c.Line], c)
	}
	return of
}

// say lets an utterance be said on a line, and waits until it has been.
func (s *switchboard) say(line, utterance int) {
	s.t.Helper()
	s.ctl("announce", fmt.Sprint(line), fmt.Sprintf("said/%d", utterance), "--language", "en")
	labtest.Pause(time.Duration(len(s.said[utterance]))*time.Second/driver.Rate + 500*time.Millisecond)
}

// heard checks that the recording of a call has what was said at its far end, bit
// for bit.
func (s *switchboard) heard(c api.Call, utterances ...int) {
	s.t.Helper()
	if len(c.Recordings) != 1 {
		s.t.Errorf("line %d: recordings %v of %+v", c.Line, c.Recordings, c)
		return
	}
	got := codesOf(s.t, s.d, c.Recordings[0]+".network")
	for _, u := range utterances {
		if !bytes.Contains(got, s.said[u]) {
			s.t.Errorf("line %d: utterance %d of %d samples is not in what came from the far end, %d samples", c.Line, u, len(s.said[u]), len(got))
		}
	}
}

// TestDAHDITrunksCallStations: trunks of the daemon go off-hook, dial and hang up
// on the other end of its stations' lines, which ring them and tell them who calls.
func TestDAHDITrunksCallStations(t *testing.T) {
	a, b := spanPair(t, "d", 4, labtest.FXSKewl, labtest.FXOKewl, labtest.ALaw)
	config := card("card", `use = "trunk"`, a.ID) + card("office", `lines = [{ports = "4", use = "unused"}]`, b.ID)
	line := func(n int, board string, port int, more string) {
		config += fmt.Sprintf("[settings.lines.%d]\nboard = %q\nport = %d\necho_ms = -1\n%s\n", n, board, port, more)
	}
	for n := 1; n <= 4; n++ {
		line(n, "card", n, "")
	}
	for n := 1; n <= 3; n++ { // the telephone of 801 is line 1, …
		line(4+n, "office", n, fmt.Sprintf("extension = \"80%d\"", n))
	}
	s := switchboardOn(t, config, 4)
	isBoard(t, s.d, "card", "running", "")
	isBoard(t, s.d, "office", "running", "")
	exchange := farEnds(t, b, 4, 4)[0] // not the daemon's
	s.idle(1, 2, 3, 4, 5, 6, 7)

	// 801 calls 802, which is told so; they talk.
	began := time.Now()
	lap := func(what string) { t.Logf("%6.2f s: %s", time.Since(began).Seconds(), what) }
	s.ctl("call", "--line", "1", "802")
	rung := s.leg(2, "it rings and says who calls", func(l api.Leg) bool { return l.State == "ringing" && l.Caller != "" })
	if rung.Caller != "801" {
		t.Errorf("the telephone of 802 was told that %q calls: %+v", rung.Caller, rung)
	}
	lap("802 rings")
	s.state(1, "alerting")
	must(t, exchange.Cadence(1000, 4000)) // meanwhile the exchange calls on another trunk
	must(t, exchange.Hook(labtest.Ring))
	s.ctl("answer", "2")
	s.state(5, "talking")
	s.state(6, "talking")
	lap("802 answers")
	s.state(4, "ringing")
	s.ctl("answer", "4")
	_, err := exchange.Await(labtest.EvRingOffHook, 10*time.Second)
	must(t, err)
	must(t, exchange.Hook(labtest.OffHook))
	s.say(2, 0)
	s.state(1, "talking")
	lap("801 hears 802")
	s.say(1, 1)
	must(t, exchange.Hook(labtest.OnHook)) // the caller on the other trunk hangs up: the feed is interrupted

	// 801 is passed on to 803, and 802 hears that it is over.
	s.ctl("transfer", "5", "803")
	s.leg(3, "it rings and says who calls", func(l api.Leg) bool { return l.State == "ringing" && l.Caller == "801" })
	lap("803 rings")
	s.ctl("answer", "3")
	s.leg(7, "it talks with 801", func(l api.Leg) bool { return l.State == "talking" && l.Bridge != "" })
	s.say(3, 2)
	s.say(1, 3)
	s.ctl("hangup", "3") // the telephone is put down; 801 hears that it is over
	lap("803 hangs up")
	s.idle(7)

	// It is called again before 2 s have passed, in which DAHDI hears no ring: the second
	// burst is heard, and the message between the bursts. The exchange hangs up.
	s.ctl("call", "--line", "7", "--caller", "13800138000", "--name", "张三")
	rung = s.leg(3, "it rings again and says who calls", func(l api.Leg) bool { return l.State == "ringing" && l.Caller != "" })
	if rung.Caller != "13800138000" || rung.Name != "张三" {
		t.Errorf("the telephone of 803 was told that %q %q calls", rung.Caller, rung.Name)
	}
	s.ctl("answer", "3")
	s.state(7, "talking")
	s.ctl("hangup", "7")
	lap("803 was called again")
	s.idle(1, 2, 3, 4, 5, 6, 7)
	lap("all lines are idle")
	sealed(t, s.d)

	all := s.journal()
	type fate struct{ Direction, Caller, CallerBy, Called, AnsweredBy, EndedBy, Outcome string }
	for line, want := range map[int][]fate{
		1: {{"out", "", "", "802", "voice-guess", "busy-tone", "answered"}},
		2: {{"in", "801", "bell202", "", "off-hook", "busy-tone", "answered"}},
		3: {{"in", "801", "bell202", "", "off-hook", "released", "answered"}, {"in", "13800138000", "bell202", "", "off-hook", "busy-tone", "answered"}},
		4: {{"in", "", "", "", "off-hook", "loop-break", "answered"}},
		5: {{"out", "801", "own", "802", "connect", "released", "answered"}},
		6: {{"in", "801", "", "802", "off-hook", "released", "answered"}},
		7: {{"in", "801", "", "803", "off-hook", "on-hook", "answered"}, {"in", "13800138000", "", "803", "off-hook", "released", "answered"}},
	} {
		var got []fate
		for _, c := range all[line] {
			got = append(got, fate{c.Direction, c.Caller, c.CallerBy, c.Called, c.AnsweredBy, c.EndedBy, c.Outcome})
		}
		if !slices.Equal(got, want) {
			t.Errorf("line %d: %+v, want %+v", line, got, want)
			continue
		}
		c := all[line][0]
		switch line {
		case 1:
			s.heard(c, 0, 2)
		case 2:
			s.heard(c, 1)
		case 3:
			s.heard(c, 3)
		}
	}
	stop(t, s.d)
}

// primary makes an E1 span whose configuration is still to come.
func primary(t *testing.T, addr string) labtest.Span {
	t.Helper()
	s, err := labtest.Create(addr, 31)
	must(t, err)
	t.Cleanup(func() {
		if err := labtest.Within(5*time.Second, s.Destroy); err != nil {
			t.Error(err)
		}
	})
	return s
}

// withDChannel configures a span with its D channel in timeslot 16: by the kernel.
func withDChannel(t *testing.T, s labtest.Span) {
	t.Helper()
	must(t, s.Configure(1, 31, labtest.Clear, labtest.ALaw))
	must(t, s.Configure(16, 16, labtest.HDLCFCS, labtest.ALaw))
}

// q931 counts the messages of a capture file by their type and who sent them.
func q931(t *testing.T, file string) map[string]int {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil || len(b) < 24 || binary.LittleEndian.Uint32(b) != 0xA1B23C4D {
		t.Fatalf("%s: %d bytes, %v", file, len(b), err)
	}
	n := map[string]int{}
	for b = b[24:]; len(b) >= 32; {
		frame := b[32 : 16+binary.LittleEndian.Uint32(b[8:])]
		from := map[uint16]string{0: "network", 4: "user"}[binary.BigEndian.Uint16(b[16:])]
		b = b[32+len(frame):]
		if len(frame) >= 9 && frame[2]&1 == 0 && frame[4] == 8 && frame[5] == 2 { // an I frame with a call reference of two octets
			n[fmt.Sprintf("%s %02x", from, frame[8])]++
		}
	}
	return n
}

// A digital is a call on a link as the journal has it.
type digital struct{ Direction, Caller, Called, AnsweredBy, EndedBy, Outcome string }

// ended checks the calls of a line, in order, each of which was cleared in the usual
// way, and returns the first.
func (s *switchboard) ended(calls []api.Call, want ...digital) api.Call {
	s.t.Helper()
	var got []digital
	for _, c := range calls {
		got = append(got, digital{c.Direction, c.Caller, c.Called, c.AnsweredBy, c.EndedBy, c.Outcome})
		if c.Cause != 16 {
			s.t.Errorf("cause %d of %+v", c.Cause, c)
		}
	}
	if !slices.Equal(got, want) {
		s.t.Fatalf("calls %+v, want %+v", got, want)
	}
	return calls[0]
}

// conversation calls on one line of a link, answers on the other, says an utterance
// each way and clears where the call began.
func (s *switchboard) conversation(from, to int, caller, called string, utterance int) {
	s.t.Helper()
	s.ctl("call", "--line", fmt.Sprint(from), called, "--caller", caller)
	if in := s.state(to, "ringing"); in.Caller != caller || in.Called != called {
		s.t.Errorf("line %d was asked for %+v, want %s called by %s", to, in, called, caller)
	}
	s.ctl("answer", fmt.Sprint(to))
	s.state(from, "talking")
	s.say(from, utterance)
	s.say(to, utterance+1)
	s.ctl("hangup", fmt.Sprint(from))
}

// TestDAHDIPrimaryRateBothSides: the daemon is the network on one span and the user on
// the other; the kernel makes and finds the frames of the D channel.
func TestDAHDIPrimaryRateBothSides(t *testing.T) {
	const (
		many  = 6
		fewer = `lines = [{ports = "9-15,17-30", use = "unused"}]`
	)
	user, network := primary(t, "5:0"), primary(t, "5:1")
	withDChannel(t, user)
	config := card("te", fewer, user.ID) + card("nt", fewer, network.ID) + "[settings.spans.\"nt/1\"]\nside = \"network\"\n"
	for n := 1; n <= many; n++ {
		config += fmt.Sprintf("[settings.lines.%d]\nboard = \"te\"\nport = %d\ntrunk_group = \"out\"\n", n, n)
	}
	s := switchboardOn(t, config, 4)
	isBoard(t, s.d, "te", "running", "")
	file, err := os.Create("/out/primary-rate.pcap") // lab/test has tshark read it
	must(t, err)
	t.Cleanup(func() { file.Close() })
	capture := exec.Command(bin.Vaactl, "--root", s.d.Root, "pcap", "te/1", "-o", "-")
	capture.Stdout, capture.Stderr = file, os.Stderr
	must(t, capture.Start())
	t.Cleanup(func() { _ = capture.Process.Kill() })
	s.wait("the capture", func() (bool, error) { st, err := file.Stat(); return err == nil && st.Size() >= 24, err })
	withDChannel(t, network) // as dahdi_cfg does; now the board can be opened, and the link comes up
	isBoard(t, s.d, "nt", "running", "")
	far := func(line int) int { return line + 30 } // of a line of the user
	all := []int{30, far(30)}
	for n := 1; n <= many; n++ {
		all = append(all, n, far(n))
	}
	s.idle(all...)

	s.conversation(1, far(1), "5551", "8001", 0)
	s.conversation(far(30), 30, "8002", "5552", 2)
	s.idle(all...)
	for n := range many {
		s.ctl("call", "--group", "out", fmt.Sprintf("81%02d", n+1))
	}
	for n := 1; n <= many; n++ {
		s.state(far(n), "ringing")
		s.ctl("answer", fmt.Sprint(far(n)))
	}
	for n := 1; n <= many; n++ {
		s.state(n, "talking")
	}
	for n := 1; n <= many; n++ { // at the two ends by turns
		s.ctl("hangup", fmt.Sprint([]int{far(n), n}[n%2]))
	}
	s.idle(all...)
	sealed(t, s.d)
	must(t, capture.Process.Signal(os.Interrupt))
	_ = capture.Wait() // it was interrupted

	const up, down = "5551", "8002"
	last := func(n int, direction, here, there string) digital {
		by := there
		if n%2 == 1 == (direction == "out") {
			by = here
		}
		return digital{direction, "", fmt.Sprintf("81%02d", n), "connect", "cleared-" + by, "answered"}
	}
	of := s.journal()
	s.heard(s.ended(of[1], digital{"out", up, "8001", "connect", "cleared-local", "answered"}, last(1, "out", "local", "network")), 1)
	s.heard(s.ended(of[far(1)], digital{"in", up, "8001", "connect", "cleared-network", "answered"}, last(1, "in", "local", "network")), 0)
	s.heard(s.ended(of[far(30)], digital{"out", down, "5552", "connect", "cleared-local", "answered"}), 3)
	s.heard(s.ended(of[30], digital{"in", down, "5552", "connect", "cleared-network", "answered"}), 2)
	for n := 2; n <= many; n++ {
		s.ended(of[n], last(n, "out", "local", "network"))
		s.ended(of[far(n)], last(n, "in", "local", "network"))
	}
	n := q931(t, file.Name())
	const restart, restarted, setup, connect, release = "46", "4e", "05", "07", "4d"
	for _, k := range []struct {
		message       string
		user, network int
	}{{restart, 1, 1}, {restarted, 1, 1}, {setup, 1 + many, 1}, {connect, 1, 1 + many}, {release, 1 + many/2, 1 + many/2}} {
		if u, w := n["user "+k.message], n["network "+k.message]; u < k.user || w < k.network {
			t.Errorf("%d messages %s of the user and %d of the network, want %d and %d", u, k.message, w, k.user, k.network)
		}
	}
	t.Logf("messages in the capture: %v", n)
	stop(t, s.d)
}

// TestDAHDIPrimaryRateByTheCardsController: the same where the card makes and finds the
// frames (hardhdlc), on two spans of one board.
func TestDAHDIPrimaryRateByTheCardsController(t *testing.T) {
	fakeCards(t, "e1+e1", labtest.Clear, labtest.ALaw)
	for span := 1; span <= 2; span++ {
		c, err := labtest.CardSpan(1, span)
		must(t, err)
		must(t, c.Configure(1, c.Channels, labtest.Clear, labtest.ALaw))
		must(t, c.Configure(16, 16, labtest.HardHDLC, labtest.ALaw))
	}
	must(t, labtest.Tell("linkspan 1:1 1:2"))
	s := switchboardOn(t, card("e1", ``, "fakecard-1")+"[settings.spans.\"e1/1\"]\nside = \"network\"\n", 2)
	isBoard(t, s.d, "e1", "running", "")
	s.idle(1, 31)
	s.conversation(31, 1, "5551", "8001", 0)
	s.idle(1, 31)
	sealed(t, s.d)
	of := s.journal()
	s.heard(s.ended(of[1], digital{"in", "5551", "8001", "connect", "cleared-network", "answered"}), 0)
	s.heard(s.ended(of[31], digital{"out", "5551", "8001", "connect", "cleared-local", "answered"}), 1)
	stop(t, s.d)
}
