package e2e

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"vaad/driver"
)

// A trace is what happens on one line and the calls and recordings that must
// come of it. Every trace begins with ten seconds of its idle voltage, so that
// the line is learnt, and ends with enough idle for the last call to end.
type trace struct {
	name  string
	idle  string // the idle voltage
	steps []Step
	calls []wantCall
}

func (tr trace) length() (sum time.Duration) {
	for _, s := range tr.steps {
		sum += s.For
	}
	return sum
}

type wantCall struct {
	direction string
	missed    bool
	recorded  time.Duration // length of its recording without pre-roll; 0: none
}

func ev(events ...string) Step             { return Step{Events: events} }
func wait(d time.Duration) Step            { return Step{For: d} }
func volts(v string, d time.Duration) Step { return Step{Events: []string{"volts " + v}, For: d} }
func rings(n int, v string) (steps []Step) {
	for range n {
		steps = append(steps, Step{Events: []string{"ring"}, For: time.Second}, Step{Events: []string{"ring-end", "volts " + v}, For: 4 * time.Second})
	}
	return steps
}

func seq(parts ...any) (steps []Step) {
	for _, p := range parts {
		switch p := p.(type) {
		case Step:
			steps = append(steps, p)
		case []Step:
			steps = append(steps, p...)
		}
	}
	return steps
}

// traces are the ways real lines behave, those of one idle voltage together.
func traces() []trace {
	const s = time.Second
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	in := func(d time.Duration) wantCall { return wantCall{direction: "in", recorded: d} }
	out := func(d time.Duration) wantCall { return wantCall{direction: "out", recorded: d} }
	missed := wantCall{direction: "in", missed: true}
	var ripple, pulses []Step
	for range 2 { // the ringing voltage shows in the readings of cards
		ripple = append(ripple, ev("ring"))
		for i := range 5 {
			ripple = append(ripple, volts([]string{"-75", "-5", "-90", "1", "-40"}[i], ms(200)))
		}
		ripple = append(ripple, ev("ring-end"), volts("-48", 4*s))
	}
	for range 7 { // digit 7: 60 ms break, 40 ms make
		pulses = append(pulses, volts("-48", ms(60)), volts("-8", ms(40)))
	}
	return []trace{
		{"outgoing call", "-48", seq(volts("-8", 6*s), volts("-48", 3*s)), []wantCall{out(6 * s)}},
		{"incoming call", "-48", seq(rings(2, "-48"), volts("-8", 5*s), volts("-48", 3*s)), []wantCall{in(5 * s)}},
		{"missed call", "-48", seq(rings(3, "-48"), wait(8*s)), []wantCall{missed}},
		{"ring ripple is no off-hook", "-48", seq(ripple, volts("-8", 5*s), volts("-48", 3*s)), []wantCall{in(5 * s)}},
		{"answered during the burst", "-48", seq(rings(1, "-48"), ev("ring"), wait(ms(600)), ev("ring-end"), volts("-8", 5*s), volts("-48", 3*s)), []wantCall{in(5 * s)}},
		{"pulse dialling is one call", "-48", seq(volts("-8", 2*s), pulses, volts("-8", 4*s), volts("-48", 3*s)), []wantCall{out(6700 * time.Millisecond)}},
		{"a flash does not end a call", "-48", seq(volts("-8", 4*s), volts("-48", ms(500)), volts("-8", 4*s), volts("-48", 3*s)), []wantCall{out(8500 * time.Millisecond)}},
		{"reversal during a call", "-48", seq(volts("-8", 2*s), ev("reversal"), volts("8", 4*s), volts("-48", 3*s)), []wantCall{out(6 * s)}},
		{"cut wire is no call", "-48", seq(volts("0", 8*s), volts("-48", 3*s)), nil},
		{"two telephones off-hook", "-48", seq(volts("-8", 3*s), volts("-5", 3*s), volts("-8", 2*s), volts("-48", 3*s)), []wantCall{out(8 * s)}},
		{"two calls in a row", "-48", seq(volts("-8", 3*s), volts("-48", 5*s), volts("-8", 4*s), volts("-48", 3*s)), []wantCall{out(3 * s), out(4 * s)}},
		{"a dip of 100 ms is nothing", "-48", seq(volts("-8", ms(100)), volts("-48", 5*s)), nil},
		{"busy tone ends the call while the telephone is off-hook", "-48", seq(volts("-8", 5*s), Step{For: 5 * s, Audio: tone450}, volts("-48", 3*s)), []wantCall{out(7 * s)}}, // two cycles are sure
		{"positive feed", "48", seq(volts("8", 5*s), volts("48", 3*s)), []wantCall{out(5 * s)}},
		{"24-V feed of a PBX", "-24", seq(volts("-5", 5*s), volts("-24", 3*s)), []wantCall{out(5 * s)}},
	}
}

// tone450 is China's busy tone: 450 Hz, 350 ms on, 350 ms off.
func tone450(n uint32, dst []int16) {
	for i := range dst {
		at := int(n)*driver.Block + i
		if at/(350*driver.MS)%2 == 0 {
			dst[i] = int16(5000 * math.Sin(2*math.Pi*450*float64(at)/driver.Rate))
		}
	}
}

func TestTracesOfRealLinesGiveExactlyTheirCallsAndRecordings(t *testing.T) {
	all := traces()
	ctx := within(t, 5*time.Minute)
	root := scratch(t)
	longest := time.Duration(0)
	for _, tr := range all {
		longest = max(longest, tr.length())
	}
	// A board for each idle voltage: it feeds its lines so before a peer is there,
	// and how long that lasts is the machine's affair.
	config := quietly
	feeds := map[string][]*Peer{}
	var peers []*Peer
	for i, tr := range all { // all end together, so that no line goes idle early
		p := &Peer{Line: len(feeds[tr.idle]) + 1, Next: Script(seq(volts(tr.idle, 10*time.Second), tr.steps, wait(longest-tr.length()+10*time.Second))...)}
		feeds[tr.idle] = append(feeds[tr.idle], p)
		peers = append(peers, p)
		if i+1 == len(all) || all[i+1].idle != tr.idle {
			scene := filepath.Join(root, "feed"+tr.idle+".json")
			if err := os.WriteFile(scene, fmt.Appendf(nil, `{"format": 1, "about": "Lines of which nobody makes use.", "idle_volts": %s}`, tr.idle), 0o600); err != nil {
				t.Fatal(err)
			}
			config += board("feed"+tr.idle, "peers", p.Line, fmt.Sprintf("scene = %q", scene))
		}
	}
	d := start(t, root, config)
	ended := make(chan error, len(feeds))
	for idle, list := range feeds {
		ps, err := Dial(sockets(d, "feed"+idle), list...)
		if err != nil {
			t.Fatal(err)
		}
		go func() { ended <- ps.Run(ctx) }()
	}
	for range feeds {
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	sealed(t, d)
	calls, recs := allTold(ctx, t, d, all)
	for i, tr := range all {
		t.Run(tr.name, func(t *testing.T) {
			tr.judge(t, calls[i+1], recs[i+1], 0)
			if got := peers[i].Commands; len(got) != 0 {
				t.Errorf("a tap was told to act: %q", got)
			}
		})
	}
	stop(t, d)
}

// allTold waits for as many calls as the traces have, on line 1 the first, and
// returns all calls and recordings by line.
func allTold(ctx context.Context, t *testing.T, d *Daemon, all []trace) (map[int][]Call, map[int][]Recording) {
	t.Helper()
	var calls map[int][]Call
	err := Until(ctx, "calls in the journal", func() (bool, error) {
		rows, err := d.Calls(ctx, 0)
		calls = map[int][]Call{}
		done := err == nil
		for _, c := range rows {
			calls[c.Line] = append(calls[c.Line], c)
			done = done && c.End != nil
		}
		for i, tr := range all {
			done = done && len(calls[i+1]) >= len(tr.calls)
		}
		return done, err
	})
	if err != nil {
		t.Errorf("%v: %+v", err, calls)
	}
	rows, err := d.Recordings(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	recs := map[int][]Recording{}
	for _, r := range rows {
		recs[r.Line] = append(recs[r.Line], r)
	}
	return calls, recs
}

// judge compares the calls and recordings of a line with what must come of its
// trace; late is by how much volts may be known late.
func (tr trace) judge(t *testing.T, calls []Call, recs []Recording, late time.Duration) {
	t.Helper()
	if len(calls) != len(tr.calls) {
		t.Fatalf("%d calls, want %d: %+v", len(calls), len(tr.calls), calls)
	}
	k := 0
	for j, want := range tr.calls {
		c := calls[j]
		if c.Direction != want.direction || c.Missed != want.missed {
			t.Errorf("call %d: direction %q missed %v, want %q %v", j+1, c.Direction, c.Missed, want.direction, want.missed)
		}
		if want.recorded == 0 {
			continue
		}
		if k >= len(recs) {
			t.Fatalf("call %d has no recording", j+1)
		}
		r := recs[k]
		k++
		const preroll = 2.0
		lo, hi := want.recorded.Seconds()+preroll-0.3-late.Seconds(), want.recorded.Seconds()+preroll+1.5 // on-hook is known after 1.2 s
		if r.Duration < lo || r.Duration > hi {
			t.Errorf("call %d: recording of %.2f s, want %.2f…%.2f", j+1, r.Duration, lo, hi)
		}
		if fmt.Sprint(c.Recordings) != fmt.Sprint([]string{r.ID}) || r.Call != c.ID {
			t.Errorf("call %s and recording %s do not name each other: %v, %q", c.ID, r.ID, c.Recordings, r.Call)
		}
	}
	if k != len(recs) {
		t.Errorf("%d recordings, want %d", len(recs), k)
	}
}
