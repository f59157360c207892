package e2e

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/api"
	"vaad/driver"
	"vaad/dsp"
	"vaad/dsp/callerid"
	"vaad/dsp/dtmf"
	"vaad/dsp/tone"
)

// A localExchange is what a line of an exchange does of itself: dial tone of 453 Hz, one number that
// is busy, one at which somebody answers and hangs up, and then a call to the line.
type localExchange struct {
	t      *testing.T
	peer   Peer
	keys   *dtmf.Detector
	found  []dtmf.Event
	number string
	lastAt uint32 // block of the last key

	n, since uint32 // block; where what goes on began
	state    string
	src      interface{ Fill([]int16) int }
	calls    int
	read     int // commands taken
	rng      *rand.Rand
}

func newLocalExchange(t *testing.T) *localExchange {
	x := &localExchange{t: t, keys: dtmf.New(), state: "idle", rng: rand.New(rand.NewPCG(*seed, 3))}
	x.peer = Peer{Line: 1, Next: x.next, Heard: x.heard}
	return x
}

func (x *localExchange) heard(_ uint32, block []int16) {
	x.found = x.keys.Process(x.found[:0], block)
	for _, e := range x.found {
		if e.Kind == dtmf.Up {
			x.number += string(e.Key)
			x.lastAt = x.n
		}
	}
}

func (x *localExchange) enter(state string, c tone.Cadence) {
	x.state, x.since, x.src = state, x.n, tone.New(c)
}

// after says whether the present state has lasted for so long, in ms.
func (x *localExchange) after(ms uint32) bool { return (x.n-x.since)*20 >= ms }

func sound(hz float64, on, off int) tone.Cadence {
	return tone.Cadence{Bursts: []tone.Burst{{Sines: []tone.Sine{{Hz: hz, DBm0: -12}}, On: on, Off: off}}}
}

func (x *localExchange) next(n uint32, dst []int16) (events []string, done bool) {
	time.Sleep(time.Millisecond) // the clock is the peers': 20 times as fast as a technician is enough
	x.n = n
	for ; x.read < len(x.peer.Commands); x.read++ {
		switch x.peer.Commands[x.read] {
		case "off-hook":
			x.number, x.calls = "", x.calls+1
			x.enter("seized", tone.Cadence{})
		case "on-hook":
			x.enter("idle", tone.Cadence{})
		}
	}
	switch x.state {
	case "seized":
		if x.after(600) {
			x.enter("dial", sound(453, tone.Forever, 0))
		}
	case "dial":
		if x.number != "" {
			x.enter("dialling", tone.Cadence{})
		}
	case "dialling":
		switch {
		case (n-x.lastAt)*20 < 1500:
		case x.number == "80010001":
			x.enter("busy", sound(453, 360, 340))
		case x.number == "13800138000":
			x.enter("ringback", sound(453, 1000, 4000))
		}
	case "ringback":
		if x.after(16500) { // in a pause
			events = append(events, "reversal")
			x.enter("talk", tone.Cadence{})
		}
	case "talk":
		if x.after(6000) {
			events = append(events, "reversal")
			x.enter("over", sound(453, 360, 340))
		}
	case "idle":
		if x.calls == 2 && x.after(8000) {
			events = append(events, "ring")
			x.calls++
			x.enter("bell", tone.Cadence{})
		}
	case "bell":
		if x.after(1000) {
			events = append(events, "ring-end")
			x.enter("pause", tone.Cadence{})
			if x.calls++; x.calls == 4 {
				m, err := callerid.Build(callerid.CallSetup, callerid.Field{Type: callerid.Number, Raw: []byte("13900139000")})
				if err != nil {
					x.t.Error(err)
				}
				x.src = callerid.NewSource(callerid.Bell, m, callerid.Timing{Seizure: 300, Mark: 180, After: 10}, -15)
			}
		}
	case "pause":
		if x.after(4000) && x.calls < 7 {
			events = append(events, "ring")
			x.enter("bell", tone.Cadence{})
		}
	}
	if x.src != nil && (x.state != "pause" || x.after(600)) {
		x.src.Fill(dst)
	}
	speaks := x.state == "talk" && x.after(600) && (n/12)%3 != 0
	for i := range dst {
		v := float64(dst[i]) + x.rng.NormFloat64()*math.Sqrt(dsp.MeanSquare(-60)) + dsp.SinePeak(-50)*math.Sin(2*math.Pi*50*float64(n*driver.Block+uint32(i))/driver.Rate)
		if speaks {
			v += 1500 * x.rng.NormFloat64()
		}
		dst[i] = int16(max(-32768, min(32767, v)))
	}
	return events, false
}

func TestVaactlLearnsALineAndItsProfileTravels(t *testing.T) {
	once(t)
	t.Parallel()
	ctx := within(t, 4*time.Minute)
	d := start(t, scratch(t), quietly+"[[board]]\ndriver = \"sim\"\nid = \"b\"\nclock = \"peers\"\nlines = [{kind=\"fxo\", use=\"trunk\"}, {kind=\"fxo\", use=\"tap\"}]\n")
	x := newLocalExchange(t)
	ps, err := Dial(sockets(d, "b"), &x.peer)
	if err != nil {
		t.Fatal(err)
	}
	running, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- ps.Run(running) }()
	t.Cleanup(func() { cancel(); <-ended })
	if err := Until(ctx, "the line is idle", func() (bool, error) {
		l, err := Rows[api.Line](ctx, d, "lines", "1")
		return len(l) == 1 && l[0].State == "idle", err
	}); err != nil {
		t.Fatal(err)
	}

	out, err := d.Ctl(ctx, "learn", "1", "--busy", "80010001", "--call", "13800138000", "--wait-call", "--profile", "city", "--apply", "--lang", "en")
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, d.Log())
	}
	for _, s := range []string{"Dial tone: 453 Hz, -1", "Busy tone: 453 Hz", "Ringback: 453 Hz", "told by a reversal of the polarity", "Caller ID: FSK (Bell 202) after the first ring",
		"Sign that the far end has hung up: Polarity reversal", "Saved as profile city"} {
		if !strings.Contains(out, s) {
			t.Errorf("it does not say %q", s)
		}
	}
	if t.Failed() {
		t.Log(out)
	}

	file, err := d.Ctl(ctx, "profile", "export", "city")
	if err != nil {
		t.Fatal(err)
	}
	var p api.LearnProfile
	if err := json.Unmarshal([]byte(file), &p); err != nil {
		t.Fatal(err)
	}
	near := func(what string, got, want, by int) {
		if got < want-by || got > want+by {
			t.Errorf("%s is %d, want %d", what, got, want)
		}
	}
	near("dial tone", p.DialHz, 453, 1)
	near("busy tone", p.BusyHz, 453, 1)
	near("its burst", p.BusyOnMS, 357, 5) // half of the amplitude is there half a ramp later
	near("its pause", p.BusyOffMS, 343, 5)
	near("idle voltage", p.IdleMV, 48000, 500)
	near("off-hook voltage", p.OffHookMV, 7000, 500)
	near("pause of the ring", p.RingGapMS, 4000, 50)
	if p.CallerID != "bell202-after-ring" || p.AnswerSignal != "reversal" || !slices.Contains(strings.Split(p.ReleaseSigns, ","), "busy-tone") {
		t.Errorf("the profile is %s", file)
	}
	has, err := d.Ctl(ctx, "get", "lines.1.profile")
	if err != nil || strings.TrimSpace(has) != "city" {
		t.Errorf("the line has profile %q, %v", has, err)
	}
	rows, err := Rows[api.Call](ctx, d, "calls")
	if err != nil {
		t.Fatal(err)
	}
	var dialled []string
	for _, c := range rows {
		dialled = append(dialled, c.Called)
	}
	for _, n := range []string{"80010001", "13800138000"} {
		if !slices.Contains(dialled, n) {
			t.Errorf("the journal has no call to %s: %v", n, dialled)
		}
	}

	if out, err := d.Ctl(ctx, "learn", "2", "--lang", "en"); err == nil || !strings.Contains(err.Error(), "A tap is not learnt by calls") {
		t.Errorf("a tap: %v\n%s", err, out)
	}
}
