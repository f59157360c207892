package progress

import (
	"math"

	"vaad/dsp"
	"vaad/dsp/simd"
	"vaad/dsp/spectrum"
)

// The line is looked at in two halves. Nearly all tones of exchanges lie
// between 300 and 700 Hz: for these the samples are thinned to 2000 a second,
// whose spectrum is taken at every hop. Some lie higher, and are single: for
// these the samples at 4000 a second are only asked whether they are one sine,
// and the spectrum is taken if they are.
const (
	hop = 16 * dsp.MS // samples from look to look

	midRate  = dsp.Rate / 2
	lowRate  = dsp.Rate / 4
	midHop   = hop / 2
	lowHop   = hop / 4
	midLen   = 128 // samples of a spectrum: 32 ms
	lowLen   = 64  // 32 ms as well
	lineHz   = float64(lowRate) / lowLen
	midLines = midLen / 2
	lowLines = lowLen / 2
)

// Both filters are low-pass filters of a quarter of the rate, before every
// second sample is dropped: all taps at even distance from the middle are 0
// but the one in the middle, which is 1/2.
const (
	wideReach   = 3 // samples that the filter needs on either side
	narrowReach = 7

	narrowSpare = 3                                          // samples that vectors read beyond
	narrowTaken = 2*lowHop + 2*narrowReach - 1 + narrowSpare // samples that narrow is given

	midKept          = midLen + 2*narrowReach
	midRoom, lowRoom = 3, 7 // hops of samples that there is room for besides those kept
)

// vectors says that the kernels in assembly may be called.
var vectors = simd.Best() >= simd.AVX2

// wide makes mid samples of the samples of the line. The first of x lies
// wideReach before that of dst. The filter is maximally flat: 1 dB down at
// 1170 Hz, 4 at 1800, and what would fold to below 750 Hz is 34 dB down or
// more. See wideGain.
func wide(dst *[midHop]float32, x *[hop + 2*wideReach]int16) {
	if vectors {
		wideAVX2(dst, x)
		return
	}
	widePlain(dst, x)
}

func widePlain(dst *[midHop]float32, x *[hop + 2*wideReach]int16) {
	for i := 0; i < len(dst); i += 2 {
		s := x[2*i:][:9]
		s2, s4 := int32(s[2]), int32(s[4])
		a := 16*int32(s[3]) + 9*(s2+s4) - int32(s[0]) - int32(s[6])
		b := 16*int32(s[5]) + 9*(s4+int32(s[6])) - s2 - int32(s[8])
		d := dst[i:][:2]
		d[0], d[1] = float32(a)*(1.0/32), float32(b)*(1.0/32)
	}
}

// wideGain is the gain of wide in power.
func wideGain(hz float32) float32 {
	w := 2 * math.Pi * float64(hz) / dsp.Rate
	return sq(float32(0.5 + 9.0/16*math.Cos(w) - 1.0/16*math.Cos(3*w)))
}

// tails are the taps of narrow from the middle outwards: an ideal filter under
// a raised cosine.
var tails = func() (t [4]float32) {
	sum := 0.0
	for i := range t {
		k := float64(2*i + 1)
		v := math.Sin(math.Pi*k/2) / (math.Pi * k) * (0.54 + 0.46*math.Cos(math.Pi*k/(narrowReach+1)))
		t[i] = float32(v)
		sum += 2 * v
	}
	for i := range t {
		t[i] *= float32(0.5 / sum)
	}
	return t
}()

// narrow makes low samples of mid samples. The first of x lies narrowReach
// before that of dst. What would fold to below 750 Hz is 22 dB down or more, to
// below 500 Hz 47 dB.
func narrow(dst *[lowHop]float32, x *[narrowTaken]float32) {
	if vectors {
		narrowAVX2(dst, x)
		return
	}
	narrowPlain(dst, x)
}

func narrowPlain(dst *[lowHop]float32, x *[narrowTaken]float32) {
	t0, t1, t2, t3 := tails[0], tails[1], tails[2], tails[3]
	for i := range dst {
		s := x[2*i:][:15]
		dst[i] = float32(0.5*s[7]) + float32(t0*(s[6]+s[8])) + float32(t1*(s[4]+s[10])) + float32(t2*(s[2]+s[12])) + float32(t3*(s[0]+s[14]))
	}
}

// squares is the sum of the squares of x, a multiple of 8.
func squares(x []float32) float32 {
	if vectors && len(x) > 0 {
		return squaresAVX2(&x[0], len(x))
	}
	return squaresPlain(x)
}

// squaresPlain adds in eight chains.
func squaresPlain(x []float32) float32 {
	var a, b, c, d, e, f, g, h float32
	for ; len(x) >= 8; x = x[8:] {
		a += float32(x[0] * x[0])
		b += float32(x[1] * x[1])
		c += float32(x[2] * x[2])
		d += float32(x[3] * x[3])
		e += float32(x[4] * x[4])
		f += float32(x[5] * x[5])
		g += float32(x[6] * x[6])
		h += float32(x[7] * x[7])
	}
	return a + e + (c + g) + (b + f + (d + h))
}

// neighbours are the sums of the products of differences of mid samples with
// themselves and with those one and two before.
func neighbours(m *[midLen + 3]float32) (r0, r1, r2 float32) {
	if vectors {
		return neighboursAVX2(m)
	}
	return neighboursPlain(m)
}

func neighboursPlain(m *[midLen + 3]float32) (r0, r1, r2 float32) {
	var s [3][8]float32 // chains
	d2, d1 := m[1]-m[0], m[2]-m[1]
	for i, v := range m[3:] {
		d := v - m[i+2]
		s[0][i%8] += float32(d * d)
		s[1][i%8] += float32(d * d1)
		s[2][i%8] += float32(d * d2)
		d1, d2 = d, d1
	}
	add := func(v *[8]float32) float32 { return v[0] + v[4] + (v[2] + v[6]) + (v[1] + v[5] + (v[3] + v[7])) }
	return add(&s[0]), add(&s[1]), add(&s[2])
}

var (
	lowShape   = [lowLen]float32(spectrum.Hann(lowLen, lowLen))
	midShape   = [midLen]float32(spectrum.Hann(midLen, midLen))
	fineShape  = [fineLen]float32(spectrum.Hann(fineLen, fineLen))
	midCircle  = spectrum.Circle(midLen)
	fineCircle = spectrum.Circle(fineLen)
)

func sq(x float32) float32 { return x * x }
