package learn

import (
	"math"

	"vaad/dsp"
)

// Noise is what was measured of a stretch on which nobody speaks and nothing sounds.
type Noise struct {
	Seconds float64
	DBm0    float64 // all of it but the mean
	DBm0p   float64 // weighted as the ear hears it by telephone (ITU-T O.41)
	DC      float64 // mean of the samples; 16 bits

	MainsHz  float64   // about 50 or 60; 0: no hum
	HumDBm0  float64   // the mains and its multiples together; dsp.Floor: none
	HumLines []float64 // dBm0 of the mains, of twice the mains…; dsp.Floor: nothing
}

// psophometer is the weight of frequencies for telephony, Hz and dB (ITU-T O.41 table 1).
var psophometer = [...][2]float64{{16.66, -85}, {50, -63}, {100, -41}, {200, -21}, {300, -10.6}, {400, -6.3}, {500, -3.6}, {600, -2},
	{700, -0.9}, {800, 0}, {900, 0.6}, {1000, 1}, {1200, 0}, {1400, -0.9}, {1600, -1.7}, {1800, -2.4}, {2000, -3}, {2500, -4.2},
	{3000, -5.6}, {3500, -8.5}, {4000, -15}}

// weight is the weight of a frequency as a factor of power: between the points of the
// table the decibels go straight.
func weight(hz float64) float64 {
	db := psophometer[0][1]
	for i := 1; i < len(psophometer); i++ {
		a, b := psophometer[i-1], psophometer[i]
		if hz <= a[0] {
			break
		}
		db = a[1] + (b[1]-a[1])*min((hz-a[0])/(b[0]-a[0]), 1)
	}
	return math.Pow(10, db/10)
}

// MeasureNoise measures a stretch of 8 kHz samples in which there should be silence. False: it is
// shorter than half a second. Hum takes a whole second.
func MeasureNoise(x []int16) (Noise, bool) {
	const window = dsp.Rate / 8
	if len(x) < dsp.Rate/2 {
		return Noise{}, false
	}
	m := dsp.Measure(x)
	n := Noise{Seconds: float64(len(x)) / dsp.Rate, DC: m.DC(), DBm0: dsp.DBm0(m.MeanSquare() - m.DC()*m.DC()), HumDBm0: dsp.Floor}
	flat, heard := 0.0, 0.0
	for at := 0; at+window <= len(x); at += window / 2 {
		p, step := powers(x[at : at+window])
		for k, v := range p {
			flat += v
			heard += v * weight(float64(k)*step)
		}
	}
	n.DBm0p = dsp.Floor
	if flat > 0 { // the ratio is right whatever the window does
		n.DBm0p = dsp.DBm0(max(m.MeanSquare()-m.DC()*m.DC(), 0) * heard / flat)
	}
	all := dsp.NewHum().Process(nil, x)
	if len(all) > 0 {
		h := all[len(all)-1]
		n.MainsHz, n.HumDBm0 = h.Hz, h.DBm0()
		for _, v := range h.Lines {
			n.HumLines = append(n.HumLines, dsp.DBm0(v))
		}
	}
	return n, true
}

// quietest is the stretch of n samples with the least in it; nil: there are not as many.
func quietest(x []int16, n int) []int16 {
	const step = dsp.Rate / 50
	if len(x) < n {
		return nil
	}
	sums := []float64{0}
	for at := 0; at+step <= len(x); at += step {
		m := dsp.Measure(x[at : at+step])
		sums = append(sums, sums[len(sums)-1]+float64(m.Squares)-m.DC()*float64(m.Sum))
	}
	best, width := 0, n/step
	for i := 0; i+width < len(sums); i++ {
		if sums[i+width]-sums[i] < sums[best+width]-sums[best] {
			best = i
		}
	}
	return x[best*step : best*step+n]
}
