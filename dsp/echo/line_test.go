package echo

import (
	"math"
	"math/rand/v2"

	"vaad/dsp"
	"vaad/dsp/g711"
)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 5)) }

// hybrid is the impulse response of an echo path: resonances of a hybrid and its
// line that fade within some ms, with that loss in dB, behind so many samples.
func hybrid(r *rand.Rand, lossDB float64, delay int, fadeMS float64) []float64 {
	h := make([]float64, delay+int(8*fadeMS*dsp.MS))
	for range 6 {
		hz, phase, tau := 300+3000*r.Float64(), 2*math.Pi*r.Float64(), fadeMS*dsp.MS*(0.3+0.7*r.Float64())
		for i := delay; i < len(h); i++ {
			t := float64(i - delay)
			h[i] += math.Exp(-t/tau) * math.Cos(2*math.Pi*hz*t/dsp.Rate+phase) * (1 - math.Exp(-t/3))
		}
	}
	sum := 0.0
	for _, v := range h {
		sum += v * v
	}
	for i := range h {
		h[i] *= math.Pow(10, -lossDB/20) / math.Sqrt(sum)
	}
	return h
}

// through is what comes back of x.
func through(h []float64, x []int16) []float64 {
	y := make([]float64, len(x))
	from := 0
	for from < len(h) && h[from] == 0 {
		from++
	}
	for i, v := range x {
		if v == 0 || i+from >= len(y) {
			continue
		}
		for k, w := range h[from:min(len(h), len(y)-i)] {
			y[i+from+k] += w * float64(v)
		}
	}
	return y
}

// talk is a source like the composite signals of ITU-T P.501: voiced stretches
// of a moving pitch, hissing ones, and pauses; level in dBm0 while it sounds.
func talk(r *rand.Rand, seconds, dBm0 float64) []int16 {
	x := make([]float64, int(seconds*dsp.Rate))
	phase, hiss := 0.0, 0.0
	sounding := 0
	for at := 0; at < len(x); {
		n := dsp.Rate * (80 + r.IntN(170)) / 1000
		voiced := r.IntN(3) > 0
		pitch, f1, f2 := 90+130*r.Float64(), 300+500*r.Float64(), 900+1500*r.Float64()
		var vowel []float64
		for f := pitch; f < 3600; f += pitch {
			vowel = append(vowel, 1/(1+math.Pow((f-f1)/100, 2))+0.4/(1+math.Pow((f-f2)/150, 2))+0.02)
		}
		for i := 0; i < n && at+i < len(x); i++ {
			shape, v := math.Sqrt(math.Sin(math.Pi*float64(i)/float64(n))), 0.0
			if voiced {
				phase += 2 * math.Pi * pitch * (1 + 0.1*float64(i)/float64(n)) / dsp.Rate
				s, c := math.Sincos(phase)
				hs, hc := s, c // of the harmonic
				for _, a := range vowel {
					v += a * hs
					hs, hc = hs*c+hc*s, hc*c-hs*s
				}
			} else {
				w := r.NormFloat64()
				v, hiss = 0.4*(w-0.8*hiss), w
			}
			x[at+i] = v * shape
		}
		sounding += n
		at += n
		if r.IntN(3) == 0 {
			at += dsp.Rate * (60 + r.IntN(300)) / 1000
		}
	}
	sum := 0.0
	for _, v := range x {
		sum += v * v
	}
	scale := math.Sqrt(dsp.MeanSquare(dBm0) * float64(min(sounding, len(x))) / sum)
	out := make([]int16, len(x))
	for i, v := range x {
		out[i] = clip(v * scale)
	}
	return out
}

func noise(r *rand.Rand, n int, dBm0 float64) []float64 {
	x, rms := make([]float64, n), math.Sqrt(dsp.MeanSquare(dBm0))
	for i := range x {
		x[i] = rms * r.NormFloat64()
	}
	return x
}

func clip(v float64) int16 { return int16(max(-32768, min(32767, math.Round(v)))) }

// companded is what a line brings: the sum of these, through A-law.
func companded(parts ...[]float64) []int16 {
	out := make([]int16, len(parts[0]))
	for i := range out {
		v := 0.0
		for _, p := range parts {
			v += p[i]
		}
		out[i] = clip(v)
	}
	code := make([]byte, len(out))
	g711.Encode(code, out, g711.ALaw)
	g711.Decode(out, code, g711.ALaw)
	return out
}

func float(x []int16) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// run cancels in blocks of 20 ms and returns what is left.
func run(e *Canceller, near, far []int16) []int16 {
	out := append([]int16(nil), near...)
	for at := 0; at < len(out); at += 160 {
		end := min(at+160, len(out))
		e.Process(out[at:end], far[at:end])
	}
	return out
}

// A call is what a canceller meets: what is sent, what of it comes back, and
// what else the line brings.
type call struct {
	far, near []int16
	echo      []float64
}

func newCall(far []int16, h []float64, others ...[]float64) *call {
	echo := through(h, far)
	return &call{far: far, near: companded(append(others, echo)...), echo: echo}
}

// change lets the path be another from a time on, in seconds.
func (c *call) change(at float64, h []float64, others ...[]float64) {
	from := int(at * dsp.Rate)
	copy(c.echo[from:], through(h, c.far)[from:])
	c.near = companded(append(others, c.echo)...)
}

// enhancement is by how many dB the echo alone is weaker in out than it was,
// between two times in seconds (ERLE). Out comes later by the latency.
func (c *call) enhancement(out []int16, latency int, from, to float64) float64 {
	var echo, left float64
	for i := int(from * dsp.Rate); i < int(to*dsp.Rate) && i+latency < len(out); i++ {
		d := float64(out[i+latency]) - (float64(c.near[i]) - c.echo[i])
		echo += c.echo[i] * c.echo[i]
		left += d * d
	}
	return 10 * math.Log10((echo+1)/(left+1))
}

// loss is by how many dB out is weaker than what was sent (combined loss).
func (c *call) loss(out []int16, from, to float64) float64 {
	a, b := int(from*dsp.Rate), int(to*dsp.Rate)
	return dsp.Measure(c.far[a:b]).DBm0() - dsp.Measure(out[a:b]).DBm0()
}
