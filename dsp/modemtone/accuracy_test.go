package modemtone

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"vaad/dsp"
	"vaad/dsp/fsk"
	"vaad/dsp/tone"
)

// tolerance is what a standard allows a sender.
type tolerance struct {
	tone  Tone
	hz    float64 // that it may be off
	least int     // ms
	most  int
}

var tolerances = []tolerance{
	{CNG, 38, 425, 575}, {CT, 15, 500, 700}, {ANS, 15, 2600, 4000}, {ANSpr, 15, 2600, 4000}, {ANSam, 15, 2600, 4000}, {ANSampr, 15, 2600, 4000},
	{Bell103, 10, 1500, 3000}, {V22, 7, 700, 1500}, {V32, 7, 1000, 3000}, {V23, 10, 2200, 3000}, {V21Mark, 6, 2200, 3000},
	{V21, 12, 850, 1150}, {CI, 6, 1000, 1200}, {CM, 6, 1000, 1200}, {JM, 6, 1000, 1200}, {Baudot, 20, 3300, 3300},
}

// sound is a tone as a sender within the tolerance may send it, with silence
// before and after.
func (c tolerance) sound(r *rand.Rand, level float64) []int16 {
	between := func(a, b float64) float64 { return a + (b-a)*r.Float64() }
	off := between(-c.hz, c.hz)
	s := NewSource(c.tone, level)
	for i := range s.sines {
		s.sines[i].step += 2 * math.Pi * off / dsp.Rate
		s.sines[i].phase = between(0, 6)
	}
	if s.bits != nil {
		spec := fsk.V21Channel1()
		if c.tone == V21 || c.tone == JM {
			spec = fsk.V21Channel2()
		}
		if c.tone == Baudot {
			spec = fsk.Spec{Mark: 1400, Space: 1800, Baud: 2 * []float64{45.45, 50}[r.IntN(2)]}
		}
		spec.Mark, spec.Space, spec.Baud = spec.Mark+off, spec.Space+off, spec.Baud*between(0.9999, 1.0001)
		s.bits = fsk.NewSource(spec, level, level-between(-2, 2))
		c.tone.fill(s.bits, DataModem)
	}
	before := r.IntN(160)
	x := make([]int16, (300+800)*dsp.MS+int(between(float64(c.least), float64(c.most)))*dsp.MS)
	part := x[300*dsp.MS+before : len(x)-800*dsp.MS+before]
	s.Fill(part)
	return x
}

// right says whether a tone was heard, and nothing else, and was told for what
// it is in the end.
func (c tolerance) right(events []Event) bool {
	n := len(events)
	if n < 2 || events[n-1].Tone != c.tone || events[n-1].Kind != End {
		return false
	}
	for i, e := range events {
		if (e.Kind == Start) != (i == 0) {
			return false
		}
	}
	return true
}

func addHum(x []int16, level float64) {
	for i, v := range x {
		sum := 0.0
		for _, h := range [][2]float64{{1, 0}, {2, -18}, {3, -10}, {5, -16}, {7, -24}} {
			sum += math.Pow(10, h[1]/20) * math.Sin(2*math.Pi*50*h[0]*float64(i)/dsp.Rate+h[0])
		}
		x[i] = int16(max(-32768, min(32767, float64(v)+dsp.SinePeak(level)*sum)))
	}
}

// TestAccuracy prints what the detector reaches and fails where it is less than
// the package comment promises.
func TestAccuracy(t *testing.T) {
	n := 5
	if *full {
		n = 200
	}
	r := rand.New(rand.NewPCG(*seed, 8))
	between := func(a, b float64) float64 { return a + (b-a)*r.Float64() }
	for _, c := range tolerances {
		text := fmt.Sprintf("%-13v ±%.0f Hz", c.tone, c.hz)
		row := func(what string, need float64, x func() []int16) {
			hit := 0
			for range n {
				if events := detect(x(), 160); c.right(events) {
					hit++
				} else if *full && need == 100 {
					t.Logf("%v: %v", what, events)
				}
			}
			share, mark := 100*float64(hit)/float64(n), ""
			if share < need {
				mark = "  <-- not reached"
				t.Fail()
			}
			text += fmt.Sprintf("  %s %5.1f%s", what, share, mark)
		}
		row("−43…−5 dBm0", 100, func() []int16 {
			level := between(-43, -5)
			return noisy(c.sound(r, level), level-25, r.Uint64())
		})
		for _, snr := range []float64{10, 6, 3} {
			need := 0.
			if snr >= 10 || snr >= 6 && c.tone != Baudot {
				need = 98
			}
			row(fmt.Sprintf("S/N %v", snr), need, func() []int16 {
				level := between(-30, -8)
				return noisy(c.sound(r, level), level-snr, r.Uint64())
			})
		}
		row("hum", 98, func() []int16 {
			level := between(-38, -12)
			x := c.sound(r, level)
			addHum(x, level)
			return noisy(x, -65, r.Uint64())
		})
		t.Log(text)
	}
	for _, guard := range [][2]float64{{1800, 6}, {550, 3}} {
		hit := 0
		for range n {
			s := NewSource(V22, -20)
			s.Add(guard[0]+between(-20, 20), -20-guard[1]+between(-1, 1))
			if (tolerance{tone: V22}).right(detect(play(r, s, 800, 500), 160)) {
				hit++
			}
		}
		t.Logf("V.22 with a guard tone of %v Hz: %d of %d", guard[0], hit, n)
		if hit < n {
			t.Error("missed")
		}
	}
}

// TestAccuracyRefused counts what is heard in signals that resemble a modem's.
func TestAccuracyRefused(t *testing.T) {
	n := 20
	if *full {
		n = 1000
	}
	r := rand.New(rand.NewPCG(*seed, 9))
	between := func(a, b float64) float64 { return a + (b-a)*r.Float64() }
	steady := func(hz, level float64) *Source {
		s := &Source{}
		s.Add(hz, level)
		return s
	}
	row := func(what string, x func() []int16) {
		hits := 0
		for range n {
			events := detect(x(), 160)
			if len(events) > 0 {
				hits++
				t.Logf("%s: %v", what, events)
			}
		}
		mark := ""
		if hits > 0 {
			mark = "  <-- not reached"
			t.Fail()
		}
		t.Logf("%-50s %d of %d%s", what, hits, n, mark)
	}
	known := []float64{1100, 1300, 1650, 1800, 2100, 2225, 2250}
	row("any other steady tone, 0.2…3 s", func() []int16 {
		hz := 0.
		for far := false; !far; {
			hz, far = between(200, 3600), true
			for _, k := range known {
				far = far && math.Abs(hz-k) > 45
			}
		}
		return play(r, steady(hz, between(-43, -5)), 200+r.IntN(2800), 600)
	})
	row("1100 or 1300 Hz, too short or too long", func() []int16 {
		ms := 50 + r.IntN(340)
		hz := []float64{1100, 1300}[r.IntN(2)]
		if hz == 1100 && r.IntN(2) == 0 {
			ms = 620 + r.IntN(2000)
		}
		return play(r, steady(hz, -15), ms, 600)
	})
	row("the answering tones for 0.1…0.45 s", func() []int16 {
		return play(r, steady(known[2+r.IntN(5)], -15), 100+r.IntN(350), 600)
	})
	row("the right tones at −65…−52 dBm0", func() []int16 {
		return play(r, steady(known[r.IntN(7)], between(-65, -52)), 500+r.IntN(2000), 600)
	})
	row("white noise, −40…−5 dBm0, 5 s", func() []int16 {
		return noisy(make([]int16, 5*dsp.Rate), between(-40, -5), r.Uint64())
	})
	row("16 keys", func() []int16 {
		x := make([]int16, 3000)
		for _, k := range tone.Keys {
			low, high, _ := tone.KeyHz(byte(k))
			y := make([]int16, 100*dsp.MS)
			s := steady(low, -12)
			s.Add(high, -10)
			s.Fill(y)
			x = append(append(x, y...), make([]int16, 400)...)
		}
		return companded(x)
	})
	row("caller ID, 2 s", func() []int16 {
		spec := []fsk.Spec{fsk.Bell202(), fsk.V23()}[r.IntN(2)]
		s := fsk.NewSource(spec, -15, -15)
		s.Alternate(300)
		s.Bits(1, 180)
		data := make([]byte, 180)
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		s.Characters(data)
		x := make([]int16, 2*dsp.Rate)
		s.Fill(x[800:])
		return companded(x)
	})
	row("950, 1400 and 1800 Hz, 330 ms each, three times", func() []int16 {
		var what []any
		for range 3 {
			what = append(what, steady(950, -15), 330, 0, steady(1400, -15), 330, 0, steady(1800, -15), 330, 1000)
		}
		return play(r, what...)
	})
}
