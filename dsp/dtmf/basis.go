package dtmf

import (
	"math"

	"vaad/dsp"
	"vaad/dsp/simd"
)

// basis is a pair of frequencies to lay over a window of given length by least
// squares. About the middle of the window cosines are orthogonal to sines, so
// that two systems of two equations remain.
type basis struct {
	start [4]float64 // cosine and sine of both tones half a sample past the middle
	turn  [4]float64 // and of their steps from sample to sample
	even  [3]float64 // inverse of the products of the cosines: first², mixed, second²
	odd   [3]float64 // and of the sines
}

func newBasis(hz1, hz2 float64, n int) basis {
	w1, w2 := 2*math.Pi*hz1/dsp.Rate, 2*math.Pi*hz2/dsp.Rate
	var b basis
	b.start[1], b.start[0] = math.Sincos(w1 / 2)
	b.start[3], b.start[2] = math.Sincos(w2 / 2)
	b.turn[1], b.turn[0] = math.Sincos(w1)
	b.turn[3], b.turn[2] = math.Sincos(w2)
	sum := func(w float64) float64 { return math.Sin(w*float64(n)/2) / math.Sin(w/2) / 2 }
	minus, plus := sum(w1-w2), sum(w1+w2)
	own1, own2, half := sum(2*w1), sum(2*w2), float64(n)/2
	b.even = inverse(half+own1, minus+plus, half+own2)
	b.odd = inverse(half-own1, minus-plus, half-own2)
	return b
}

// inverse inverts the symmetric matrix a b, b c.
func inverse(a, b, c float64) [3]float64 {
	det := a*c - b*b
	return [3]float64{c / det, -b / det, a / det}
}

// pair is what a fit found.
type pair struct {
	cos1, sin1, cos2, sin2 float64 // amplitudes about the middle of the window
	rest                   float64 // sum of squares that the tones leave
}

func (p *pair) peak() [2]float64 {
	return [2]float64{length(p.cos1, p.sin1), length(p.cos2, p.sin2)}
}

// fit lays the tones over x, whose length must be that of the basis.
func (b *basis) fit(x []int16) pair {
	h := len(x) / 2
	right, left := x[h:h+h], x[:h]
	c1, s1, c2, s2 := b.start[0], b.start[1], b.start[2], b.start[3]
	cd1, sd1, cd2, sd2 := b.turn[0], b.turn[1], b.turn[2], b.turn[3]
	var e1, o1, e2, o2 float64
	var total int64
	for i, v := range right {
		r, l := int64(v), int64(left[h-1-i])
		total += r*r + l*l
		even, odd := float64(r+l), float64(r-l)
		e1 += even * c1
		o1 += odd * s1
		e2 += even * c2
		o2 += odd * s2
		c1, s1 = c1*cd1-s1*sd1, s1*cd1+c1*sd1
		c2, s2 = c2*cd2-s2*sd2, s2*cd2+c2*sd2
	}
	p := pair{
		cos1: b.even[0]*e1 + b.even[1]*e2, cos2: b.even[1]*e1 + b.even[2]*e2,
		sin1: b.odd[0]*o1 + b.odd[1]*o2, sin2: b.odd[1]*o1 + b.odd[2]*o2,
	}
	p.rest = max(0, float64(total)-(p.cos1*e1+p.cos2*e2+p.sin1*o1+p.sin2*o2))
	return p
}

// pattern is the cosine and sine of the two tones of a key over the right half
// of a window of length sound.
type pattern [sound / 2][4]float64

func (b *basis) pattern(w *pattern) {
	c1, s1, c2, s2 := b.start[0], b.start[1], b.start[2], b.start[3]
	cd1, sd1, cd2, sd2 := b.turn[0], b.turn[1], b.turn[2], b.turn[3]
	for i := range w {
		w[i] = [4]float64{c1, s1, c2, s2}
		c1, s1 = c1*cd1-s1*sd1, s1*cd1+c1*sd1
		c2, s2 = c2*cd2-s2*sd2, s2*cd2+c2*sd2
	}
}

// project gives the products of a window with a pattern: sum and difference of
// the samples about its middle, with cosine and sine of both tones. The
// conversions keep a processor that could from rounding once for two
// operations; so the twin gives the same.
func project(w *pattern, x *[sound]int16) (y [4]float64) {
	for i := range w {
		r, l := int64(x[sound/2+i]), int64(x[sound/2-1-i])
		even, odd := float64(r+l), float64(r-l)
		y[0] += float64(even * w[i][0])
		y[1] += float64(odd * w[i][1])
		y[2] += float64(even * w[i][2])
		y[3] += float64(odd * w[i][3])
	}
	return y
}

// gain returns how strong the key's tones are in a window, relative to the fit:
// the weaker of the two ratios.
func (k *pressed) gain(l simd.Level, x *[sound]int16) float64 {
	var y [4]float64
	if l >= simd.AVX2 {
		projectFast(&k.pattern, x, &y)
	} else {
		y = project(&k.pattern, x)
	}
	b := &k.fit.basis
	a := pair{
		cos1: b.even[0]*y[0] + b.even[1]*y[2], cos2: b.even[1]*y[0] + b.even[2]*y[2],
		sin1: b.odd[0]*y[1] + b.odd[1]*y[3], sin2: b.odd[1]*y[1] + b.odd[2]*y[3],
	}
	p := a.peak()
	return min(p[0]/k.fit.peak[0], p[1]/k.fit.peak[1])
}
