package learn

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"vaad/dsp"
	"vaad/dsp/g711"
	"vaad/dsp/tone"
)

var full = flag.Bool("full", false, "every country at every level")

// heard is what a line makes of a cadence: A-law, hum of 50 Hz with multiples, white noise.
func heard(c tone.Cadence, seconds float64, lead float64, hum, noise float64, seed uint64) []int16 {
	rng := rand.New(rand.NewPCG(seed, 7))
	x := make([]int16, int(seconds*dsp.Rate))
	tone.New(c).Fill(x[int(lead*dsp.Rate):])
	rms := math.Sqrt(dsp.MeanSquare(noise))
	for i := range x {
		v := float64(x[i]) + rms*rng.NormFloat64()
		for k, below := range []float64{0, 6, 12} {
			v += dsp.SinePeak(hum-below) * math.Sin(2*math.Pi*50*float64(k+1)*float64(i)/dsp.Rate+float64(k))
		}
		x[i] = int16(max(-32768, min(32767, math.Round(v))))
	}
	code := make([]byte, len(x))
	g711.Encode(code, x, g711.ALaw)
	g711.Decode(x, code, g711.ALaw)
	return x
}

// moved is a plan's tone with its times off by a share and its total level set.
func moved(p tone.Planned, share, dBm0 float64) (c tone.Cadence, want []Part) {
	for _, part := range p.Parts {
		b := tone.Burst{On: part.On, Off: part.Off}
		if part.On != tone.Forever {
			b.On, b.Off = int(math.Round(float64(part.On)*(1+share))), int(math.Round(float64(part.Off)*(1+share)))
		}
		each := dBm0 - 10*math.Log10(float64(len(part.Hz)))
		for _, hz := range part.Hz {
			if part.Swing == 0 {
				b.Sines = append(b.Sines, tone.Sine{Hz: hz, DBm0: each})
			} else {
				b.Sines = append(b.Sines, tone.Sine{Hz: hz, DBm0: each - 1.76}, tone.Sine{Hz: hz - part.Swing, DBm0: each - 7.78}, tone.Sine{Hz: hz + part.Swing, DBm0: each - 7.78})
			}
		}
		c.Bursts = append(c.Bursts, b)
		want = append(want, Part{OnMS: float64(b.On), OffMS: float64(b.Off)})
	}
	return c, want
}

// The bounds of TestTonesOfAllCountriesAreMeasured, beside hum of −45 and noise of −55 dBm0, by the
// level of the tone.
const (
	hzOff    = 1.0 // Hz
	levelOff = 0.5 // dB
	timeOff  = 4.0 // ms of a burst or pause; of tones that beat beatOff
	beatOff  = 8.0
)

func TestTonesOfAllCountriesAreMeasured(t *testing.T) {
	levels := []float64{-8, -20, -35}
	tried, worst := 0, [4]float64{}
	every, least := 9, 150
	if testing.Short() { // under the race detector
		every, least = 72, 15
	}
	for i, p := range tone.Plans() {
		for _, planned := range p.Tones {
			if !slices.Contains([]string{"dial", "ringback", "busy", "congestion"}, planned.Name) || !oneSound(planned) {
				continue
			}
			for k, level := range levels {
				share := []float64{-0.02, 0, 0.02}[(i+k)%3]
				if !*full && (i+k)%every != 0 {
					continue
				}
				c, want := moved(planned, share, level)
				seconds := 3.0
				if want[0].OnMS > 0 {
					period := 0.0
					for _, w := range want {
						period += w.OnMS + w.OffMS
					}
					seconds = max(3, 3.3*period/1000)
				}
				x := heard(c, seconds, 0.2, -45, -55, uint64(i))
				if err := right(c, want, level, x, &worst); err != nil {
					t.Errorf("%s %s at %g dBm0, times %+g %%: %v", p.Country, planned.Name, level, 100*share, err)
				}
				tried++
			}
		}
	}
	if tried < least {
		t.Errorf("only %d tones were tried", tried)
	}
	t.Logf("%d tones; the worst: %.2f Hz, %.2f dB, %.1f ms, beating %.1f ms", tried, worst[0], worst[1], worst[2], worst[3])
}

// oneSound says whether all parts of a tone have the same frequencies and level.
func oneSound(p tone.Planned) bool {
	for _, part := range p.Parts {
		if !slices.Equal(part.Hz, p.Parts[0].Hz) || part.DBm0 != p.Parts[0].DBm0 || part.Swing != p.Parts[0].Swing {
			return false
		}
	}
	return true
}

func right(c tone.Cadence, want []Part, level float64, x []int16, worst *[4]float64) error {
	got, ok := Measure(x)
	if !ok {
		return fmt.Errorf("nothing was measured")
	}
	var hz []float64
	for _, s := range c.Bursts[0].Sines {
		hz = append(hz, s.Hz)
	}
	slices.Sort(hz)
	if len(got.Sines) != len(hz) {
		return fmt.Errorf("lines %.1f, want %.1f", got.Sines, hz)
	}
	off := 0.0
	for i := range hz {
		off = max(off, math.Abs(got.Sines[i].Hz-hz[i]))
	}
	worst[0] = max(worst[0], off)
	worst[1] = max(worst[1], math.Abs(got.DBm0-level))
	if off > hzOff || math.Abs(got.DBm0-level) > levelOff {
		return fmt.Errorf("lines %.1f at %.1f dBm0, want %.1f", got.Sines, got.DBm0, hz)
	}
	if want[0].OnMS == tone.Forever {
		if !got.Steady {
			return fmt.Errorf("it has a cadence %.0f", got.Parts)
		}
		return nil
	}
	if len(got.Parts) == 0 {
		return fmt.Errorf("no cadence; steady %v", got.Steady)
	}
	limit, k := timeOff, 2
	if beat(hz) > 1 {
		limit, k = beatOff, 3
	}
	far := math.Inf(1)
	for from := range got.Parts { // it may be found to begin with another part, and in equal ones a shorter cycle
		worst := 0.0
		for i, p := range want { // half of the amplitude is there half of the ramps later
			g := got.Parts[(from+i)%len(got.Parts)]
			worst = max(worst, math.Abs(g.OnMS-p.OnMS+tone.RampMS), math.Abs(g.OffMS-p.OffMS-tone.RampMS))
		}
		far = min(far, worst)
	}
	worst[k] = max(worst[k], far)
	if far > limit {
		return fmt.Errorf("cadence %.1f, want %.1f", got.Parts, want)
	}
	return nil
}
