package progress

import (
	"fmt"
	"math/rand/v2"
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
	for _, c := range plan(nil) {
		code := c.country
		if code == "" {
			code = "CN"
		}
		cycles := max(3, c.needed()+3)
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
