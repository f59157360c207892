//go:build lab

package e2e

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"vaad/api"
	"vaad/driver/dahdi/labtest"
)

// A dside sends LAPD frames of one side of a link.
type dside struct {
	c       *labtest.Channel
	address byte // of a command of this side
	ns      byte
}

// say sends layer 3, given in hexadecimal, in an I frame.
func (d *dside) say(t *testing.T, message string) {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(message, " ", ""))
	must(t, err)
	frame := append([]byte{d.address, 1, d.ns << 1, 0}, b...)
	d.ns = (d.ns + 1) & 127
	_, err = d.c.Write(append(frame, 0, 0), nil) // the kernel puts the FCS there
	must(t, err)
	labtest.Pause(60 * time.Millisecond)
}

// TestDAHDITapOfAPrimaryRateLink: two receive-only spans hear an exchange and a
// PBX; each call is told with its numbers and recorded on both sides.
func TestDAHDITapOfAPrimaryRateLink(t *testing.T) {
	network, user := spanPair(t, "5", 31, labtest.Clear, labtest.Clear, labtest.ALaw)
	var taps [2]labtest.Span
	for i := range taps {
		s, err := labtest.Create(fmt.Sprintf("5:%d:%d", 2+i, i), 31)
		must(t, err)
		t.Cleanup(func() { _ = labtest.Within(5*time.Second, s.Destroy) })
		must(t, s.Configure(1, 31, labtest.Clear, labtest.ALaw))
		taps[i] = s
	}
	for _, s := range []labtest.Span{network, user, taps[0], taps[1]} {
		must(t, s.Configure(16, 16, labtest.HDLCFCS, labtest.ALaw))
	}
	d := start(t, scratch(t), listening+card("e1", "tap = {network_span = 1, user_span = 2}", taps[0].ID, taps[1].ID))
	b := isBoard(t, d, "e1", "running", "")
	t.Logf("%d lines, spans %+v", b.Lines, b.Spans)

	var sides [2]*dside
	for i, s := range []labtest.Span{network, user} {
		c, err := labtest.Open(s.Channel(16), false)
		must(t, err)
		t.Cleanup(func() { _ = c.Close() })
		must(t, c.Buffers(32, 1024, false))
		sides[i] = &dside{c: c, address: byte(2 - 2*i)}
	}
	exchange, pbx := sides[0], sides[1]
	speakers := append(farEnds(t, network, 3, 3), farEnds(t, user, 3, 3)...)

	exchange.say(t, "08020001 05 04038090A3 1803A98383 6C0D21833133393132333435363738 70058138383838")
	pbx.say(t, "08028001 02 1803A98383")
	pbx.say(t, "08028001 01")
	pbx.say(t, "08028001 07")
	talk, err := labtest.Talk(speakers, 8, 1, 150, labtest.Patterns(1)) // the network's side speaks as line 1, the PBX as line 2
	must(t, err)
	if _, err = talk.Wait(); err != nil {
		t.Fatal(err)
	}
	labtest.Pause(300 * time.Millisecond)
	exchange.say(t, "08020001 45 08028090")
	pbx.say(t, "08028001 4D")
	exchange.say(t, "08020001 5A")
	pbx.say(t, "08020002 05 04038090A3 1803A18385 700581 30313031") // and one that is busy
	exchange.say(t, "08028002 5A 08028291")

	ctx := within(t, 5*time.Minute)
	var calls []api.Call
	err = eventually(ctx, "two calls in the journal", func() (bool, error) {
		calls, err = Rows[api.Call](ctx, d, "calls")
		n := 0
		for _, c := range calls {
			if c.End != nil {
				n++
			}
		}
		return n >= 2, err
	})
	if err != nil || len(calls) != 2 {
		t.Fatalf("%v: %+v\n%s", err, calls, d.Log())
	}
	busy, answered := calls[0], calls[1] // newest first
	if answered.Line != 3 || answered.Direction != "in" || answered.Caller != "13912345678" || answered.Called != "8888" || answered.AnsweredBy != "connect" ||
		answered.EndedBy != "cleared-network" || answered.Cause != 16 || answered.Outcome != "answered" {
		t.Errorf("%+v", answered)
	}
	if busy.Line != 5 || busy.Direction != "out" || busy.Called != "0101" || busy.Cause != 17 || busy.Outcome != "busy" {
		t.Errorf("%+v", busy)
	}
	sealed(t, d)
	if len(answered.Recordings) != 1 {
		t.Fatalf("recordings of the call: %v", answered.Recordings)
	}
	for side, line := range map[string]int{"network": 1, "local": 2} {
		runs := labtest.Runs(codesOf(t, d, answered.Recordings[0]+"."+side))
		if len(runs) != 1 || runs[0].Line != line || runs[0].Blocks() != 150 {
			t.Errorf("side %s: %v, want 150 blocks of pattern %d", side, runs, line)
		} else {
			t.Logf("side %s: %v, byte for byte", side, runs)
		}
	}
	stop(t, d)
}
