//go:build lab

package e2e

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"vaad/api"
	"vaad/driver/dahdi/labtest"
)

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
	s.state(from, "alerting")
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
	const restart, restarted, setup, alerting, connect, release = "46", "4e", "05", "01", "07", "4d"
	for _, k := range []struct {
		message       string
		user, network int
	}{{restart, 1, 1}, {restarted, 1, 1}, {setup, 1 + many, 1}, {alerting, 1, 1 + many}, {connect, 1, 1 + many}, {release, 1 + many/2, 1 + many/2}} {
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
