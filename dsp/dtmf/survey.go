package dtmf

import (
	"math"

	"vaad/dsp"
	"vaad/dsp/simd"
)

const (
	surveyLen = 12 * dsp.MS

	// A window wholly within the tones of a key, whatever the two and their
	// levels, has at a lag of one sample 0.38…0.82 of its power when white noise
	// lies 7 dB or more below each tone; seven of eight windows of speech do
	// not. The limits leave room for tones that begin or end within the window
	// and for some hum.
	lagMin = 0.22
	lagMax = 0.87

	// At a lag of three samples all eight tones are negative, from −0.07 (697 Hz)
	// to −0.99 (1336 Hz). Two of three windows of speech that pass the first
	// test fail this one.
	lag3Max = 0.05

	// share is what the strongest row and the strongest column hold at least of
	// the power of a window: 0.75 at the edges of what must be accepted. Of
	// windows of speech, one in a thousand has that.
	share = 0.62

	// scale is the amplitude of the tabulated sines. A sum of half a window of
	// differences of samples times them stays within 31 bits.
	scale = 511
)

// surveyFloor is the power, over the products of correlate, below which no key
// is looked for: that of both tones 2 dB below the weakest accepted.
var surveyFloor = 2 * dsp.MeanSquare(minLevel-2) * surveyLen / 2

var keyHz = [8]float64{697, 770, 852, 941, 1209, 1336, 1477, 1633} // ITU-T Q.23

var surveyTable = makeSurveyTable()

// waves holds one sample of the eight tones, two in a word: one multiplication
// does for both. The upper halves are columns, the lower ones rows.
type waves struct {
	cos, sin [4]int64
}

// makeSurveyTable tabulates the tones about the middle of a window.
func makeSurveyTable() *[surveyLen / 2]waves {
	t := new([surveyLen / 2]waves)
	for i := range t {
		for k := range 4 {
			s0, c0 := math.Sincos(2 * math.Pi * keyHz[k] / dsp.Rate * (float64(i) + 0.5))
			s1, c1 := math.Sincos(2 * math.Pi * keyHz[4+k] / dsp.Rate * (float64(i) + 0.5))
			t[i].cos[k] = int64(math.Round(scale*c1))<<32 + int64(math.Round(scale*c0))
			t[i].sin[k] = int64(math.Round(scale*s1))<<32 + int64(math.Round(scale*s0))
		}
	}
	return t
}

// correlate returns the power of a window and its correlation with itself one
// sample later: the power less half the square of the differences, which unlike
// products does not hang on where in a period the window begins. Every other
// sample is enough for both.
func correlate(l simd.Level, x *[surveyLen]int16) (power, lag float64) {
	var r0, steep int64
	if l >= simd.AVX2 {
		r0, steep = squaresFast(x)
	} else {
		r0, steep = squares(x)
	}
	return float64(r0), float64(r0) - float64(steep)/2
}

// squares adds up the squares of every other sample, and of its difference to
// the next one.
func squares(x *[surveyLen]int16) (r0, steep int64) {
	for i := 0; i < surveyLen-1; i += 2 {
		a := int64(x[i])
		d := a - int64(x[i+1])
		r0 += a * a
		steep += d * d
	}
	return r0, steep
}

// correlate3 is the correlation of a window with itself three samples later.
func correlate3(l simd.Level, x *[surveyLen]int16) float64 {
	if l >= simd.AVX2 {
		return float64(productsFast(x))
	}
	return float64(products(x))
}

// products adds up the products of every other sample with that three later.
func products(x *[surveyLen]int16) (r3 int64) {
	for i := 0; i < surveyLen-3; i += 2 {
		r3 += int64(x[i]) * int64(x[i+3])
	}
	return r3
}

// guess returns the key whose tones hold most of a window's power, as an index
// in tone.Keys, or −1 when no key's do, and the power.
func guess(l simd.Level, x *[surveyLen]int16) (key int, power int64) {
	var a [16]int32
	if l >= simd.AVX2 {
		power = compareFast(x, &a)
	} else {
		power = compare(x, &a)
	}
	row, low := strongest((*[4]int32)(a[0:]), (*[4]int32)(a[8:]))
	column, high := strongest((*[4]int32)(a[4:]), (*[4]int32)(a[12:]))
	if (low+high)*2/surveyLen < share*scale*scale*float64(power) {
		return -1, power
	}
	return row*4 + column, power
}

// compare gives the products of a window with the cosines of the eight tones,
// and with their sines, and the window's power.
func compare(x *[surveyLen]int16, y *[16]int32) (power int64) {
	var odd [surveyLen / 2]int64
	var c0, c1, c2, c3, s0, s1, s2, s3 int64
	table := surveyTable
	for i := range table { // two loops: the sums of one fit the registers
		a, b := int64(x[surveyLen/2+i]), int64(x[surveyLen/2-1-i])
		odd[i] = a - b
		power += a*a + b*b
		w := &table[i].cos
		a += b
		c0 += a * w[0]
		c1 += a * w[1]
		c2 += a * w[2]
		c3 += a * w[3]
	}
	for i := range table {
		a, w := odd[i], &table[i].sin
		s0 += a * w[0]
		s1 += a * w[1]
		s2 += a * w[2]
		s3 += a * w[3]
	}
	*y = [16]int32{
		int32(c0), int32(c1), int32(c2), int32(c3), upper(c0), upper(c1), upper(c2), upper(c3),
		int32(s0), int32(s1), int32(s2), int32(s3), upper(s0), upper(s1), upper(s2), upper(s3),
	}
	return power
}

// upper is the upper of two numbers that were added up in one word.
func upper(sum int64) int32 { return int32((sum - int64(int32(sum))) >> 32) }

// strongest returns which of four tones is the strongest and its power.
func strongest(cos, sin *[4]int32) (at int, power float64) {
	most := int64(-1)
	for k, c := range cos {
		c, s := int64(c), int64(sin[k])
		if p := c*c + s*s; p > most {
			at, most = k, p
		}
	}
	return at, float64(most)
}
