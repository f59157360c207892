//go:build lab

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
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
	line := func(n int, board string, port int, more string) { // nothing echoes here, and bits are to stay what they are
		config += fmt.Sprintf("[settings.lines.%d]\nboard = %q\nport = %d\necho_ms = -1\n%s\n", n, board, port, more)
	}
	for n := 1; n <= 4; n++ {
		dial := "keys"
		if n == 2 {
			dial = "pulses"
		}
		line(n, "card", n, fmt.Sprintf("dial = %q", dial))
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
	s.idle(2, 6)
	s.ctl("call", "--line", "2", "801") // by pulses; it is busy
	s.state(6, "dialling")
	s.idle(2, 6)
	lap("802 has heard that 801 is busy")
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
		2: {{"in", "801", "bell202", "", "off-hook", "busy-tone", "answered"}, {"out", "", "", "801", "none", "busy-tone", "busy"}},
		3: {{"in", "801", "bell202", "", "off-hook", "released", "answered"}, {"in", "13800138000", "bell202", "", "off-hook", "busy-tone", "answered"}},
		4: {{"in", "", "", "", "off-hook", "loop-break", "answered"}},
		5: {{"out", "801", "own", "802", "connect", "released", "answered"}},
		6: {{"in", "801", "", "802", "off-hook", "released", "answered"}, {"out", "802", "own", "801", "none", "released", "busy"}},
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
		switch c := all[line][0]; line {
		case 1:
			s.heard(c, 0, 2)
		case 2:
			s.heard(c, 1)
		case 3:
			s.heard(c, 3)
		case 6:
			if by := all[line][1].CalledBy; by != "pulses" {
				t.Errorf("802 dialled by %q", by)
			}
		}
	}
	stop(t, s.d)
}
