package learn

import (
	"math"
	"slices"
	"sync"

	"vaad/dsp"
	"vaad/dsp/spectrum"
)

const (
	lowest   = 120.0  // Hz: of a tone
	highest  = 2700.0 // … the howler of North America reaches 2600
	humBelow = 310.0  // Hz: up to here multiples of the mains are hum
	humNear  = 1.5    // Hz from one
	within   = 16.0   // dB below the strongest line of a tone that its others lie at most
	mostHz   = 4      // lines of a tone
	padding  = 4      // times as many lines as samples: peaks are found between them
	longest  = 8192   // samples that are looked at in one go
)

// A Sine is one line of a tone.
type Sine struct {
	Hz   float64 // exact to 1 Hz in bursts of 100 ms and more
	DBm0 float64
}

// circles are the factors of transforms by their lengths: of few lengths, and made once.
var circles sync.Map

func circle(size int) [][2]float32 {
	if c, ok := circles.Load(size); ok {
		return c.([][2]float32)
	}
	c := spectrum.Circle(size)
	circles.Store(size, c)
	return c
}

// powers is the power spectrum of x with its mean taken out and a Hann window over
// it: mean squares of sines at their peaks. step is Hz from one line to the next.
func powers(x []int16) (p []float64, step float64) {
	n := min(len(x), longest)
	size := 1024
	for size < padding*n {
		size *= 2
	}
	mean := dsp.Measure(x[:n]).DC()
	z, sum := make([][2]float32, size), 0.0
	for i := range n {
		w := 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(n))
		sum += w
		z[i][0] = float32(w * (float64(x[i]) - mean))
	}
	spectrum.Transform(z, circle(size))
	p = make([]float64, size/2)
	for k := range p {
		re, im := float64(z[k][0]), float64(z[k][1])
		p[k] = 2 * (re*re + im*im) / (sum * sum)
	}
	return p, float64(dsp.Rate) / float64(size)
}

// peaks are the strongest lines of a spectrum, the strongest first.
func peaks(p []float64, step float64) (all []Sine) {
	for k := max(int(lowest/step), 1); k < min(int(highest/step), len(p)-1); k++ {
		if p[k] <= 0 || p[k] < p[k-1] || p[k] <= p[k+1] {
			continue
		}
		// A Hann window's peak is a parabola in decibels, nearly.
		a, b, c := math.Log(p[k-1]+1e-9), math.Log(p[k]), math.Log(p[k+1]+1e-9)
		d := 0.0
		if bend := a - 2*b + c; bend < 0 {
			d = (a - c) / 2 / bend
		}
		hz := (float64(k) + d) * step
		if isHum(hz) {
			continue
		}
		all = append(all, Sine{hz, dsp.DBm0(math.Exp(b - (a-c)*d/4))})
	}
	slices.SortFunc(all, func(a, b Sine) int { return order(b.DBm0, a.DBm0) })
	n := 0
	for n < min(len(all), mostHz) && all[n].DBm0 >= all[0].DBm0-within {
		n++
	}
	return all[:n]
}

// isHum says whether a frequency is the mains' or a low multiple of it.
func isHum(hz float64) bool {
	off := func(mains float64) float64 { return math.Abs(hz - mains*math.Round(hz/mains)) }
	return hz < humBelow && (off(50) <= humNear || off(60) <= humNear)
}

func order(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// strongest is the frequency that lasts or comes again in a stretch: that of the
// highest line of the mean of its spectra. 0: none.
func strongest(x []int16) float64 {
	const window = 2048
	var sum []float64
	var step float64
	for at := 0; ; at += window / 2 {
		end := min(at+window, len(x))
		if end-at < window && at > 0 {
			break
		}
		p, s := powers(x[at:end])
		if sum == nil {
			sum, step = make([]float64, len(p)), s
		}
		for i := range min(len(p), len(sum)) {
			sum[i] += p[i]
		}
	}
	if all := peaks(sum, step); len(all) > 0 {
		return all[0].Hz
	}
	return 0
}
