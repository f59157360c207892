package fsk

import (
	"math"

	"vaad/dsp"
)

const (
	surveyLen = 12 * dsp.MS
	surveyHop = 24 * dsp.MS

	// surveyLag: a sample less the third before it is a filter that passes
	// 600…2100 Hz best and takes hum down by 24 dB and more.
	surveyLag = 3

	// history is how much of what came before a survey the demodulator is given,
	// for its filter to settle.
	history = 8 * dsp.MS

	// surveyShare is the part of the power of a window that must lie at the
	// tone. A tone that is 3 % off keeps 0.54 of it, and at a signal-to-noise
	// ratio of 5 dB there is 0.86 of tone.
	surveyShare = 0.38

	minLevel = -46.0 // dBm0
)

// survey looks whether a carrier is there: 12 ms in every 24. The shortest
// carrier that must be found is 55 bits of mark before a message during a call
// (ETSI EN 300 659-2): 46 ms.
type survey struct {
	low, high float64 // of the correlation at a lag of one sample
	floor     float64
	tones     []*[surveyLen]phasor
}

func newSurvey(s Spec, f Framing) survey {
	tones := []float64{s.Mark}
	if f == Bits { // a clocked stream never rests at mark
		tones = append(tones, s.Space)
	}
	v := survey{low: 1, high: -1}
	for _, hz := range tones {
		t := new([surveyLen]phasor)
		for i := range t {
			t[i] = turnOf(radians(hz) * float64(i))
		}
		v.tones = append(v.tones, t)
		c := math.Cos(radians(hz))
		v.low, v.high = min(v.low, 0.6*c-0.1), max(v.high, c+0.12)
	}
	g := 2 * math.Sin(surveyLag*radians(s.Mark)/2)
	v.floor = dsp.MeanSquare(minLevel) * g * g * surveyLen / 2
	return v
}

// look takes surveyLag + surveyLen samples.
func (v *survey) look(x []int16) bool {
	x = x[:surveyLen+surveyLag]
	var r0, r1 int64
	for i := surveyLag; i < surveyLen+surveyLag-1; i += 2 {
		a, b := int64(x[i])-int64(x[i-surveyLag]), int64(x[i+1])-int64(x[i+1-surveyLag])
		r0 += a * a
		r1 += a * b
	}
	power, lag := float64(r0), float64(r1)
	if power < v.floor || lag < v.low*power || lag > v.high*power {
		return false
	}
	var total, at float64
	for _, t := range v.tones {
		var sum phasor
		total = 0
		for i := range t {
			d := float64(int(x[i+surveyLag]) - int(x[i]))
			sum.re += d * t[i].re
			sum.im += d * t[i].im
			total += d * d
		}
		at += sum.power()
	}
	return at*2/surveyLen > surveyShare*total
}
