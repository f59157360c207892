package progress

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"vaad/dsp"
	"vaad/dsp/g711"
	"vaad/dsp/tone"
)

// detect feeds x in blocks of n.
func detect(x []int16, n int, countries ...string) []Event {
	d := New(countries...)
	var events []Event
	for len(x) > 0 {
		m := min(n, len(x))
		events = d.Process(events, x[:m])
		x = x[m:]
	}
	return d.Flush(events)
}

// sound makes a tone of the plan, cycles long, each tone of which has that level.
func (c *cadence) sound(level float64, cycles int) tone.Cadence {
	burst := func(p *part) tone.Burst {
		b := tone.Burst{On: int(p.on / dsp.MS), Off: int(p.off / dsp.MS)}
		for _, hz := range p.hz {
			if hz == 0 {
				break
			}
			b.Sines = append(b.Sines, tone.Sine{Hz: float64(hz), DBm0: level})
			if p.swing != 0 {
				b.Sines = append(b.Sines, tone.Sine{Hz: float64(hz - p.swing), DBm0: level - 6}, tone.Sine{Hz: float64(hz + p.swing), DBm0: level - 6})
			}
		}
		return b
	}
	out := tone.Cadence{Times: cycles}
	if c.n == 0 {
		b := burst(&c.parts[0])
		b.On = 6000
		out.Bursts, out.Times = []tone.Burst{b}, 1
	}
	for i := range c.n {
		out.Bursts = append(out.Bursts, burst(&c.parts[i]))
	}
	return out
}

// play is what a line carries: silence, the tone, silence, with noise at a
// level, through µ-law.
func play(c tone.Cadence, before, after int, noise float64, seed uint64) []int16 {
	s := tone.New(c)
	x := make([]int16, before*dsp.MS)
	block := make([]int16, 160)
	for {
		n := s.Fill(block)
		x = append(x, block[:n]...)
		if n < len(block) {
			break
		}
	}
	x = append(x, make([]int16, after*dsp.MS)...)
	return line(x, noise, seed)
}

// line adds noise at a level in dBm0 between 0 and 4 kHz and sends x through µ-law.
func line(x []int16, noise float64, seed uint64) []int16 {
	r := rand.New(rand.NewPCG(seed, 5))
	peak := dsp.SinePeak(noise) / 1.4142
	for i, v := range x {
		x[i] = int16(max(-32768, min(32767, float64(v)+r.NormFloat64()*peak)))
	}
	code := make([]byte, len(x))
	g711.Encode(code, x, g711.MuLaw)
	g711.Decode(x, code, g711.MuLaw)
	return x
}

func (e Event) String() string {
	return fmt.Sprintf("%v %v %s %.3f…%.3f s ×%d %.0f Hz %.1f dBm0 pure %.2f %v", e.Kind, e.Tone, e.Country, float64(e.From)/dsp.Rate, float64(e.To)/dsp.Rate, e.Cycles, e.Hz, e.DBm0, e.Purity, e.Parts)
}

func TestEveryToneOfEveryCountryIsHeard(t *testing.T) {
	total, missed := 0, 0
	for _, c := range everyCadence() {
		code := c.country
		if code == "" {
			code = "CN"
		}
		cycles := max(3, c.needed(false)+3)
		if c.n == 1 && c.parts[0].off < cutMax {
			cycles = 4*dsp.Rate/int(c.period()) + 1
		}
		events := detect(play(c.sound(-16, cycles), 700, 1000, -60, 1), 160, code)
		total++
		ok := false
		for _, e := range events {
			ok = ok || e.Kind == Heard && e.Tone == c.tone && e.Country == c.country
		}
		if !ok {
			missed++
			t.Errorf("%s %v %v: %v", code, c.tone, c.parts[:max(1, c.n)], events)
		}
	}
	t.Logf("%d of %d", total-missed, total)
}

// scene holds a bit of everything.
func scene() []int16 {
	var x []int16
	for i, c := range world.all {
		if c.country == "CN" || c.tone == SIT || i%40 == 7 {
			x = append(x, play(c.sound(-18, 3), 300, 300, -55, uint64(i))...)
		}
	}
	return x
}

func TestBlockLengthDoesNotMatter(t *testing.T) {
	x := scene()
	want := detect(x, 160)
	if len(want) < 12 {
		t.Fatalf("only %d events", len(want))
	}
	for _, n := range []int{80, 1, 77, 333, len(x)} {
		if got := detect(x, n); !slices.Equal(got, want) {
			t.Errorf("blocks of %d: %v\nwant %v", n, got, want)
		}
	}
}

func TestEventsTellWhatWasPlayed(t *testing.T) {
	c := chinese(Busy)
	events := detect(play(c.sound(-20, 6), 1000, 1500, -60, 3), 160)
	if len(events) < 3 {
		t.Fatal(events)
	}
	first, last := events[0], events[len(events)-1]
	if first.Kind != Heard || first.Tone != Busy || first.Country != "CN" || first.Cycles != 2 {
		t.Errorf("first %v", first)
	}
	for _, e := range events[1 : len(events)-1] {
		if e.Kind != Again {
			t.Errorf("in between %v", e)
		}
	}
	if last.Kind != Over || last.Cycles != 5 && last.Cycles != 6 {
		t.Errorf("last %v", last)
	}
	for _, e := range events {
		if d := e.From - 8000; d < -80 || d > 80 {
			t.Errorf("began at %d, want 8000", e.From)
		}
		if math.Abs(e.Hz[0]-450) > 1.5 || e.Hz[1] != 0 || math.Abs(e.DBm0+20) > 0.5 || e.Purity < 0.9 {
			t.Errorf("%v, want 450 Hz at −20 dBm0", e)
		}
		if p := e.Parts[0]; p[0] < 342 || p[0] > 358 || p[1] < 342 || p[1] > 358 {
			t.Errorf("%v ms on and off, want 350 each", p)
		}
	}
	if d := last.To - int64(8000+(last.Cycles-1)*5600+2800); d < -80 || d > 80 {
		t.Errorf("ended at %d, %d off", last.To, d)
	}
}

func TestPairsAreToldApart(t *testing.T) {
	for _, want := range [][2]float64{{350, 440}, {440, 480}, {480, 620}, {400, 450}} {
		x := play(tone.Cadence{Bursts: []tone.Burst{{Sines: []tone.Sine{{Hz: want[0], DBm0: -16}, {Hz: want[1], DBm0: -20}}, On: 400, Off: 400}}, Times: 6}, 500, 500, -60, 9)
		events := detect(x, 160)
		if len(events) == 0 || math.Abs(events[0].Hz[0]-want[0]) > 2.5 || math.Abs(events[0].Hz[1]-want[1]) > 2.5 {
			t.Errorf("%v: %v", want, events)
		}
	}
}

// A tone that is never interrupted is dial tone only when it lasts longer than
// anything else that sounds like it.
func TestDialToneIsNotRingback(t *testing.T) {
	c := cadence{tone: Dial, n: 1, parts: [maxParts]part{{hz: [3]float32{450}, on: 1200 * dsp.MS, off: 1000 * dsp.MS}}}
	for _, e := range detect(play(c.sound(-15, 1), 500, 3000, -60, 2), 160) {
		t.Errorf("a burst of 1.2 s gave %v", e)
	}
}

// Negatives of a release: none of these is a tone that ends a call.
func TestOtherTonesAreNotRelease(t *testing.T) {
	release := func(x []int16) (out []Event) {
		for _, e := range detect(x, 160) {
			if e.Tone == Busy || e.Tone == Congestion || e.Tone == Howler || e.Tone == Regular {
				out = append(out, e)
			}
		}
		return out
	}
	for _, of := range []Tone{Waiting, Ringback, Notice, Record} {
		c := chinese(of)
		if e := release(play(c.sound(-15, 5), 500, 500, -60, 2)); e != nil {
			t.Errorf("%v: %v", of, e)
		}
	}
	for name, c := range map[string]tone.Cadence{
		"stutter dial tone": {Bursts: []tone.Burst{{Sines: []tone.Sine{{Hz: 350, DBm0: -15}, {Hz: 440, DBm0: -15}}, On: 100, Off: 100}}, Times: 10},
		"fax call":          {Bursts: []tone.Burst{{Sines: []tone.Sine{{Hz: 1100, DBm0: -11}}, On: 500, Off: 3000}}, Times: 2},
		"fax answer":        {Bursts: []tone.Burst{{Sines: []tone.Sine{{Hz: 2100, DBm0: -11}}, On: 3000, Off: 300}}, Times: 2},
	} {
		if e := release(play(c, 500, 500, -60, 2)); e != nil {
			t.Errorf("%s: %v", name, e)
		}
	}
	keys, err := tone.DTMF("5555555555", -10, 100, 100)
	if err != nil {
		t.Fatal(err)
	}
	if e := release(play(keys, 500, 500, -60, 2)); e != nil {
		t.Errorf("ten keys: %v", e)
	}
}

func TestSkipEndsWhatItCuts(t *testing.T) {
	c := chinese(Busy)
	x := play(c.sound(-20, 12), 500, 500, -60, 3)
	cut := 3 * dsp.Rate
	d := New()
	events := d.Process(nil, x[:cut])
	d.Skip(100)
	if got := d.Position(); got != int64(cut+100) {
		t.Fatalf("position %d after 100 lost samples, want %d", got, cut+100)
	}
	events = d.Process(events, x[cut+100:cut+2*dsp.Rate])
	for _, e := range events {
		if e.Kind == Over {
			t.Errorf("100 lost samples ended it: %v", e)
		}
	}
	d.Skip(1000)
	at := int64(cut + 2*dsp.Rate)
	n := len(events)
	events = d.Process(events, x[at+1000:at+1000+160])
	if len(events) != n+1 || events[n].Kind != Over || events[n].To > at {
		t.Errorf("1000 lost samples: %v", events[n:])
	}
	events = d.Flush(d.Process(events, x[at+1160:]))
	if e := events[len(events)-1]; e.Kind != Over || e.From < at+1000 || e.Tone != Busy {
		t.Errorf("after the gap: %v", e)
	}
}

func TestProcessAllocatesNothing(t *testing.T) {
	x := scene()
	d := New()
	events := make([]Event, 0, 8)
	at := 0
	if n := testing.AllocsPerRun(len(x)/160-2, func() {
		events = d.Process(events[:0], x[at:at+160])
		at += 160
	}); n != 0 {
		t.Errorf("%v allocations per block", n)
	}
}

func TestCountriesAreWellFormed(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range everyCadence() {
		if c.tone < Dial || c.tone > Record || c.n > maxParts || c.parts[0].hz[0] < 300 || c.parts[0].hz[0] > 1800 {
			t.Errorf("%s: %+v", c.country, c)
		}
		for i := range c.n {
			if c.parts[i].on <= 0 || c.parts[i].off < 0 || c.parts[i].swing < 0 {
				t.Errorf("%s %v: part %d: %+v", c.country, c.tone, i, c.parts[i])
			}
		}
		seen[c.country] = true
	}
	if n := len(world.sounds); n > maxSounds {
		t.Errorf("%d sounds, more than %d", n, maxSounds)
	} else {
		t.Logf("%d sounds, %d of them everywhere's", n, world.common)
	}
	codes := Countries()
	if len(codes) < 150 || len(world.places) != len(codes)+1 {
		t.Errorf("%d countries in %d places", len(codes), len(world.places))
	}
	for _, code := range codes {
		if !seen[code] || len(code) != 2 {
			t.Errorf("country %q has no tones", code)
		}
	}
	for i := Dial; i <= Regular; i++ {
		if i.String() == "" {
			t.Errorf("tone %d has no name", i)
		}
	}
	for k := Heard; k <= Over; k++ {
		if k.String() == "" {
			t.Errorf("kind %d has no name", k)
		}
	}
	if (Regular+1).String() != "" || (Over+1).String() != "" {
		t.Error("what does not exist has a name")
	}
}

// FuzzProcess feeds any samples in any blocks with any gaps: events must take
// turns and lie in order and within what was heard.
func FuzzProcess(f *testing.F) {
	f.Add([]byte{1, 2, 3, 255, 0, 128}, uint16(160), uint16(0))
	f.Add([]byte("any sound at all"), uint16(1), uint16(500))
	f.Fuzz(func(t *testing.T, raw []byte, block, gap uint16) {
		d := New("US", "CN")
		var events []Event
		x := make([]int16, min(len(raw), 4000)*40)
		for i := range x { // each byte a tone of 5 ms, so that something is found
			b := raw[i/40]
			x[i] = int16(float64(b>>5) * 1000 * math.Sin(float64(i)*(0.2+float64(b&31)*0.02)))
		}
		n := int(block)%1000 + 1
		for rest := x; len(rest) > 0; {
			m := min(n, len(rest))
			events = d.Process(events, rest[:m])
			rest = rest[m:]
			if gap > 0 && m == n {
				d.Skip(int(gap))
			}
		}
		events = d.Flush(events)
		on := false
		for i, e := range events {
			if (e.Kind == Heard) == on || e.From > e.To || e.To > d.Position() || e.Tone == 0 {
				t.Fatalf("event %d: %v", i, e)
			}
			on = e.Kind != Over
		}
		if on {
			t.Fatal("the last tone did not end")
		}
	})
}
