package echo

import (
	"math"

	"vaad/dsp"
)

// Path is what is known of an echo path.
type Path struct {
	Loss     float64 // echo return loss of white noise in dB: how much weaker the echo is than the far side
	Weighted float64 // echo loss of the telephone band in dB, by ITU-T G.122 annex B
	Delay    int     // samples from what is sent until the echo has 1 % of its energy
	Span     int     // samples from there until it has 99 %
	Left     float64 // dB that what is left lies below the line, lately: the enhancement (ERLE) where only the far side spoke
}

// NoLoss is the loss that is told where there is no echo.
const NoLoss = 80

// Path returns what is known of the echo path now. It allocates nothing and is
// made for once a second, not for every block.
func (e *Canceller) Path() Path {
	total := 0.0
	for p := range e.front {
		h := e.front.stretch(p)
		total += float64(energy(h[:]))
	}
	out := Path{Loss: NoLoss, Weighted: NoLoss}
	if total > math.Pow(10, -NoLoss/10.0) {
		out.Loss = -10 * math.Log10(total)
		out.Weighted = e.weighted()
		sum, from, to := 0.0, -1, 0
		for p := range e.front {
			for i, v := range e.front.stretch(p) {
				sum += float64(v) * float64(v)
				if from < 0 && sum >= 0.01*total {
					from = p*block + i
				}
				if sum <= 0.99*total {
					to = p*block + i
				}
			}
		}
		out.Delay, out.Span = from+e.config.Delay, max(0, to-from)
	}
	if e.left[1] > 0 && e.line[1] > e.left[1] {
		out.Left = 10 * math.Log10(float64(e.line[1]/e.left[1]))
	}
	return out
}

// weighted is the loss of the band 300…3400 Hz, each octave counting alike:
// 3.24 dB − 10 lg Σ (A(i) + A(i−1)) (lg f(i) − lg f(i−1)), A being the part of
// the power that comes back (ITU-T G.122 clause B.4).
func (e *Canceller) weighted() float64 {
	const from, to, steps = 300.0, 3400.0, 32
	sum, before := 0.0, 0.0
	for i := range steps + 1 {
		a := e.response(from * math.Pow(to/from, float64(i)/steps))
		if i > 0 {
			sum += (a + before) * math.Log10(to/from) / steps
		}
		before = a
	}
	return min(NoLoss, 3.24-10*math.Log10(sum+1e-9))
}

// response is the part of the power of a sine that comes back.
func (e *Canceller) response(hz float64) float64 {
	sin, cos := math.Sincos(2 * math.Pi * hz / 8000)
	var re, im float64
	c, s := 1.0, 0.0
	for p := range e.front {
		for _, v := range e.front.stretch(p) {
			re += float64(v) * c
			im += float64(v) * s
			c, s = c*cos-s*sin, c*sin+s*cos
		}
	}
	return re*re + im*im
}

// Probe is white noise to measure an echo path with: sent to the line as the far
// side for a second, at a time when nobody speaks.
type Probe struct {
	peak float32
	left int
	lcg  uint32
}

// NewProbe returns a probe of so many samples at a level in dBm0; −16 is loud
// and clips nowhere.
func NewProbe(dBm0 float64, n int) *Probe {
	return &Probe{peak: float32(math.Sqrt(3 * dsp.MeanSquare(dBm0))), left: n, lcg: 1}
}

// Fill writes the next samples; fewer than the block has when the probe ends.
func (p *Probe) Fill(block []int16) int {
	n := min(p.left, len(block))
	for i := range block[:n] {
		p.lcg = p.lcg*1664525 + 1013904223
		block[i] = int16(max(-32768, min(32767, float32(int32(p.lcg))/(1<<31)*p.peak)))
	}
	p.left -= n
	return n
}
