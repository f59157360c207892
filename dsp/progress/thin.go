package progress

import (
	"math"

	"vaad/dsp"
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
)

// wide makes mid samples of the samples of the line and returns the sum of
// their squares. The first of x lies wideReach before that of dst. The filter
// is maximally flat: 1 dB down at 1170 Hz, 4 at 1800, and what would fold to
// below 750 Hz is 34 dB down or more. See wideGain.
func wide(dst []float32, x []int16) float32 {
	var odd, even float32
	for i := 0; i+1 < len(dst); i += 2 {
		s := x[2*i:][:9]
		s2, s4 := int32(s[2]), int32(s[4])
		a := 16*int32(s[3]) + 9*(s2+s4) - int32(s[0]) - int32(s[6])
		b := 16*int32(s[5]) + 9*(s4+int32(s[6])) - s2 - int32(s[8])
		u, v := float32(a)*(1.0/32), float32(b)*(1.0/32)
		d := dst[i:][:2]
		d[0], d[1] = u, v
		odd += u * u
		even += v * v
	}
	return odd + even
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

// narrow makes low samples of mid samples and returns the sum of their squares.
// The first of x lies narrowReach before that of dst. What would fold to below
// 750 Hz is 22 dB down or more, to below 500 Hz 47 dB.
func narrow(dst, x []float32) float32 {
	t0, t1, t2, t3 := tails[0], tails[1], tails[2], tails[3]
	var odd, even float32
	for i := 0; i+1 < len(dst); i += 2 {
		s := x[2*i:][:17]
		u := 0.5*s[7] + t0*(s[6]+s[8]) + t1*(s[4]+s[10]) + t2*(s[2]+s[12]) + t3*(s[0]+s[14])
		v := 0.5*s[9] + t0*(s[8]+s[10]) + t1*(s[6]+s[12]) + t2*(s[4]+s[14]) + t3*(s[2]+s[16])
		d := dst[i:][:2]
		d[0], d[1] = u, v
		odd += u * u
		even += v * v
	}
	return odd + even
}

var (
	lowShape   = [lowLen]float32(spectrum.Hann(lowLen))
	midShape   = [midLen]float32(spectrum.Hann(midLen))
	fineShape  = [fineLen]float32(spectrum.Hann(fineLen))
	midCircle  = spectrum.Circle(midLen)
	fineCircle = spectrum.Circle(fineLen)
)

func sq(x float32) float32 { return x * x }
