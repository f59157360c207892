package dtmf

import (
	"math"

	"vaad/dsp"
	"vaad/dsp/simd"
)

const (
	// fitLen is the stretch that the tones must fill. With what remnant allows,
	// tones of 30 ms are accepted and tones of 25 ms are not: the shortest key
	// has 40 ms, and 20 ms must not be one.
	fitLen = 32 * dsp.MS

	// ITU-T Q.24: accept frequencies within 1.5 %, refuse them from 3.5 %. The
	// fit is exact to 0.1 % in the noise that must be borne, and speech and
	// music are refused the better the narrower this is: a G is 1.8 % above the
	// 770-Hz row.
	offset = 0.018

	// ITU-T Q.24 leaves the difference of levels to administrations; the usual
	// bounds are 8 dB for a stronger row and 4 dB for a stronger column. The
	// measurement is exact to 0.3 dB.
	twistMax = 8.9
	twistMin = -4.9

	// minLevel is the least level of each tone in dBm0. A receiver must hear
	// keys whose stronger tone is at −25, so the weaker at −33, and must not
	// hear any at −55.
	minLevel = -40.0

	// swell is the largest ratio of the powers at either end of a fit. Noise that
	// must be borne makes it 1.5.
	swell = 2

	// remnantMin says how far whatever is not the tones must lie below the
	// weaker of them, in dB, when the frequencies are exact. It decides both in
	// how much noise keys are found and what speech is taken for one. Real
	// telephones are exact to 0.5 %; tones that lie farther away than driftFrom
	// must be purer, by remnantSlope at most.
	remnantMin   = 4.5
	remnantSlope = 6.0
	driftFrom    = 0.006
)

// fit is the two tones of a key laid over a stretch of samples.
type fit struct {
	low, high Tone
	peak      [2]float64 // amplitudes of the two
	basis     basis      // for looking at a shorter stretch
}

var turns = makeTurns()

// makeTurns tabulates cosine and sine of one and of two turns over a fit, at
// every fourth sample.
func makeTurns() *[4][fitLen / 4]float64 {
	t := new([4][fitLen / 4]float64)
	for i := range t[0] {
		a := 2 * math.Pi * 4 * float64(i) / fitLen
		t[0][i], t[1][i], t[2][i], t[3][i] = math.Cos(a), math.Sin(a), math.Cos(2*a), math.Sin(2*a)
	}
	return t
}

// fitKey lays the tones of a key over x and reports whether x is that key.
func fitKey(l simd.Level, x *[fitLen]int16, key int) (fit, bool) {
	// The first and last stretch alone must look like the key and be as loud as
	// each other: that tells nearly everything that is not one, at little cost.
	first, loud := guess(l, (*[surveyLen]int16)(x[:surveyLen]))
	if first != key {
		return fit{}, false
	}
	last, then := guess(l, (*[surveyLen]int16)(x[fitLen-surveyLen:]))
	if last != key || loud > swell*then || then > swell*loud {
		return fit{}, false
	}
	var f fit
	f.low.Hz = measure(l, x, &turnings[key/4])
	off := math.Abs(f.low.Hz/keyHz[key/4] - 1)
	if off > offset {
		return fit{}, false
	}
	f.high.Hz = measure(l, x, &turnings[4+key%4])
	off = max(off, math.Abs(f.high.Hz/keyHz[4+key%4]-1))
	if off > offset {
		return fit{}, false
	}
	b := newBasis(f.low.Hz, f.high.Hz, fitLen)
	p := b.fit(x[:])
	f.peak = p.peak()
	weak := min(f.peak[0], f.peak[1])
	if p.rest > weak*weak/2*fitLen*remnant(off) {
		return fit{}, false
	}
	f.low.DBm0, f.high.DBm0 = dsp.DBm0(f.peak[0]*f.peak[0]/2), dsp.DBm0(f.peak[1]*f.peak[1]/2)
	twist := f.low.DBm0 - f.high.DBm0
	if twist > twistMax || twist < twistMin || min(f.low.DBm0, f.high.DBm0) < minLevel {
		return fit{}, false
	}
	f.basis = newBasis(f.low.Hz, f.high.Hz, sound)
	return f, true
}

// remnant is how much power may remain beside the tones, relative to the
// weaker, when a frequency is off by that much.
func remnant(off float64) float64 {
	dB := remnantMin + remnantSlope*max(0, off-driftFrom)/(offset-driftFrom)
	return math.Pow(10, -dB/10)
}

// turning is what turns a tone down to zero, four samples at a time.
type turning struct {
	hz      float64
	weights [6]float64          // cosine and sine of the second to fourth sample
	re, im  [fitLen / 4]float64 // of the first of each four
}

var turnings = makeTurnings()

func makeTurnings() *[8]turning {
	all := new([8]turning)
	for k, hz := range keyHz {
		s1, c1 := math.Sincos(2 * math.Pi * hz / dsp.Rate)
		c2, s2 := c1*c1-s1*s1, 2*c1*s1
		c3, s3 := c1*c2-s1*s2, s1*c2+c1*s2
		c4, s4 := c2*c2-s2*s2, 2*c2*s2
		t := &all[k]
		t.hz, t.weights = hz, [6]float64{c1, s1, c2, s2, c3, s3}
		re, im := 1.0, 0.0
		for i := range t.re {
			t.re[i], t.im[i] = re, im
			re, im = re*c4+im*s4, im*c4-re*s4
		}
	}
	return all
}

// spectrum turns x down to zero and gives the sums of that: as it is, and with
// cosine and sine of one turn and of two; first the real parts of the first,
// then those of the others, then the imaginary ones. Adding up four samples at a
// time costs nothing: what would fold to near the tone lies 2 kHz away, where
// there is neither the other tone nor a mirror of the two.
func spectrum(x *[fitLen]int16, t *turning) [10]float64 {
	c1, s1, c2, s2, c3, s3 := t.weights[0], t.weights[1], t.weights[2], t.weights[3], t.weights[4], t.weights[5]
	var lanes [4][10]float64
	for lane := range lanes { // as the twin adds up
		var zr, zi, c1r, c1i, s1r, s1i, c2r, c2i, s2r, s2i float64
		for i := lane; i < fitLen/4; i += len(lanes) {
			q := (*[4]int16)(x[4*i:])
			x0, x1, x2, x3 := float64(q[0]), float64(q[1]), float64(q[2]), float64(q[3])
			cos := x0 + float64(x1*c1) + float64(x2*c2) + float64(x3*c3)
			sin := float64(x1*s1) + float64(x2*s2) + float64(x3*s3)
			re, im := t.re[i], t.im[i]
			yr, yi := float64(cos*re)+float64(sin*im), float64(cos*im)-float64(sin*re)
			zr += yr
			zi += yi
			w := turns[0][i]
			c1r += float64(yr * w)
			c1i += float64(yi * w)
			w = turns[1][i]
			s1r += float64(yr * w)
			s1i += float64(yi * w)
			w = turns[2][i]
			c2r += float64(yr * w)
			c2i += float64(yi * w)
			w = turns[3][i]
			s2r += float64(yr * w)
			s2i += float64(yi * w)
		}
		lanes[lane] = [10]float64{zr, zi, c1r, s1r, c2r, s2r, c1i, s1i, c2i, s2i}
	}
	var y [10]float64
	for i := range y {
		y[i] = (lanes[0][i] + lanes[2][i]) + (lanes[1][i] + lanes[3][i])
	}
	return y
}

// measure returns the frequency of the tone near that of t. It compares the
// Hann-weighted spectrum there and 31.25 Hz to either side; the ratio of the two
// largest says how far the tone lies from it.
func measure(l simd.Level, x *[fitLen]int16, t *turning) float64 {
	var y [10]float64
	if l >= simd.AVX2 {
		spectrumFast(x, t, &y)
	} else {
		y = spectrum(x, t)
	}
	zr, zi, c1r, s1r, c2r, s2r, c1i, s1i, c2i, s2i := y[0], y[1], y[2], y[3], y[4], y[5], y[6], y[7], y[8], y[9]
	mid := length(zr-c1r, zi-c1i) // twice (spectrum at hz)/2 − (one step up + one step down)/4
	above := length(c1r+s1i-(zr+c2r+s2i)/2, c1i-s1r-(zi+c2i-s2r)/2)
	below := length(c1r-s1i-(zr+c2r-s2i)/2, c1i+s1r-(zi+c2i+s2r)/2)
	if mid == 0 {
		return 0
	}
	if above >= below {
		r := above / mid
		return t.hz + (2*r-1)/(r+1)*dsp.Rate/fitLen
	}
	r := below / mid
	return t.hz - (2*r-1)/(r+1)*dsp.Rate/fitLen
}

func length(x, y float64) float64 { return math.Sqrt(x*x + y*y) }
