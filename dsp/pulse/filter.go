package pulse

import (
	"math"

	"vaad/dsp"
	"vaad/dsp/simd"
)

// Clicks are looked for behind a high-pass of 300 Hz and a zero at 425 Hz, which
// together take dial tones of 350…450 Hz down by 30 dB and more and hum of 50 Hz
// by 35 dB.
//
// With k = keep, the high-pass is (1 − z⁻¹)/(1 − kz⁻¹): differences of samples,
// which are whole numbers, go through the zero first, and the pole comes last. A
// frame is taken as if nothing had been before it; what was, a number that only
// fades, is added to the sum of squares afterwards. So frames do not wait for
// each other.
const (
	keep = 0.79 // of what lies below, from one sample to the next: exp(−2π·300/8000)

	k1 = keep
	k2 = k1 * k1
	k3 = k2 * k1
	k4 = k3 * k1
	k5 = k4 * k1
	k6 = k5 * k1
	k7 = k6 * k1
	k8 = k7 * k1

	kk = k1*k1 + k2*k2 + k3*k3 + k4*k4 + k5*k5 + k6*k6 + k7*k7 + k8*k8
)

var notch = 2 * math.Cos(2*math.Pi*425/dsp.Rate)

// most is how many frames are filtered at once: 20 ms.
const most = 20

var vectors = simd.Best() >= simd.AVX2

// filter is what Detector knows of the line behind both filters.
type filter struct {
	in    [most + 1]float64 // what was before each frame fades from this; the first is that of the next
	power [most]float64     // of each frame
	last  [3]int32          // the sample before, its difference from the one before it, and that one's
}

// powers filters whole frames, at most of them, and leaves in f.in what was
// before each and behind the last.
func (f *filter) powers(x []int16) {
	n := len(x) / frame
	done := 0
	if vectors && n >= 4 {
		done = n &^ 3
		powersAVX2(&f.in, &f.power, &f.last, &x[0], n/4)
	}
	for i := done; i < n; i++ {
		f.in[i+1] = powerPlain(&f.power[i], f.in[i], &f.last, (*[frame]int16)(x[i*frame:]))
	}
}

// powerPlain filters a frame and returns what is left to the next.
func powerPlain(power *float64, before float64, last *[3]int32, x *[frame]int16) float64 {
	s := [frame + 1]int32{last[0]}
	for i, v := range x {
		s[i+1] = int32(v)
	}
	d1, d2 := float64(last[1]), float64(last[2])
	weight := [frame]float64{2 * k1, 2 * k2, 2 * k3, 2 * k4, 2 * k5, 2 * k6, 2 * k7, 2 * k8}
	var v, squares, cross float64
	for i, w := range weight { // conversions keep products from being fused with sums
		d := float64(s[i+1] - s[i])
		v = float64(keep*v) + (d + d2 - float64(notch*d1))
		d1, d2 = d, d1
		squares += float64(v * v)
		cross += float64(w * v)
	}
	*last = [3]int32{s[8], s[8] - s[7], s[7] - s[6]}
	*power = squares + float64(before*(cross+float64(before*kk)))
	return float64(k8*before) + v
}

// top is which sample of a frame is the loudest behind the filters.
func top(before float64, last [3]int32, x *[frame]int16) int {
	at, loudest := 0, 0.0
	v := before
	for i, s := range x {
		d := int32(s) - last[0]
		v = float64(keep*v) + (float64(d) + float64(last[2]) - float64(notch*float64(last[1])))
		last = [3]int32{int32(s), d, last[1]}
		if a := math.Abs(v); a > loudest {
			at, loudest = i, a
		}
	}
	return at
}
