package dtmf

import (
	"math"

	"vaad/dsp"
	"vaad/dsp/simd"
)

const (
	// A window with 0.9 or more of its power at a lag of one sample lies below
	// 570 Hz for the most part: cos(2π·570/8000) = 0.9.
	underLag = 0.90

	underRow   = 4    // surveys in a row that must agree
	underSeen  = 6    // or surveys with others between them, while keys are pressed
	underLost  = 8    // surveys without one that agrees, until all begins anew
	underGone  = 10   // and until what was steady is taken to have stopped
	underRange = 1.7  // largest ratio of their powers: 12 ms of 60-Hz hum vary by 1.55
	hissRange  = 1.3  // and of the part of it that lies high
	underHiss  = 0.01 // the least part that is told from none
)

// underFloor is −40 dBm0: what is weaker does no harm.
var underFloor = dsp.MeanSquare(-40) * surveyLen / 2

// under watches for a steady sound below the tones: hum or dial tone. While
// there is one, the detector listens behind a high-pass. Speech has low and
// loud parts as well, but does not hold them.
type under struct {
	on   bool
	ref  float64 // power of a survey of the sound alone
	seen int     // surveys that agreed
	row  int     // of them, those since one did not
	lost int     // surveys since one did

	power, hiss [2]float64 // range of the powers of those surveys, and of the part that lies high
	state       memory     // of the filter
}

// watch takes power and lag of a survey and reports whether u.on became true.
func (u *under) watch(power, lag float64) bool {
	low := power > underFloor && lag > underLag*power
	hiss := underHiss
	if low {
		hiss = max(hiss, 1-lag/power)
	}
	switch {
	case u.seen == 0:
	case low && widen(&u.power, &u.hiss, power, hiss):
		u.seen++
		u.row++
		u.lost = 0
	case power < u.power[0]/underRange: // nothing steady can become less
		u.seen, u.row = 0, 0
	default:
		u.row = 0
		if u.lost++; u.lost > underLost {
			u.seen = 0
		}
	}
	if u.seen == 0 && low {
		u.power, u.hiss = [2]float64{power, power}, [2]float64{hiss, hiss}
		u.seen, u.row = 1, 1
		if !u.on {
			u.lost = 0
		}
	}
	was := u.on
	switch {
	case u.row >= underRow || u.seen >= underSeen:
		u.on = true
		u.ref = (u.power[0] + u.power[1]) / 2
	case power < u.ref/2 || u.lost > underGone:
		u.on = false
	}
	return u.on && !was
}

// widen takes a power and the part that lies high into their ranges, unless
// these become too wide.
func widen(power, hiss *[2]float64, p, h float64) bool {
	a, b := [2]float64{min(power[0], p), max(power[1], p)}, [2]float64{min(hiss[0], h), max(hiss[1], h)}
	if a[1] > underRange*a[0] || b[1] > hissRange*b[0] {
		return false
	}
	*power, *hiss = a, b
	return true
}

// start begins to filter with what is in the buffer so far.
func (u *under) start(l simd.Level, dst, src []int16) {
	u.state = memory{}
	u.filter(l, dst, src)
}

// Coefficients of the filter.
const (
	b0     = 0.44639548
	a1     = -0.3080693
	b4     = -1.94357894
	a4, a5 = -1.28974005, 0.60942633
	b7     = -1.87762087
	a7, a8 = -1.68018589, 0.91980809
)

// memory is what the filter keeps: the last sample, and the last two of each
// section, of the first one beginning with the newer.
type memory [7]float64

// filter is an elliptic high-pass of the fifth order: 0.3 dB of ripple above
// 662 Hz, 46 dB and more of loss below 470 Hz. Hum with its harmonics and the
// dial tones of the world (350…450 Hz) lie below; 697 Hz − 1.8 % above. 6 ms
// after an edge its ringing is 30 dB down.
func (u *under) filter(l simd.Level, dst, src []int16) {
	if n := len(src) / 4; l >= simd.AVX2 && n > 0 {
		highpassFast(dst, src, n, &u.state)
		dst, src = dst[4*n:], src[4*n:]
	}
	if simd.Fused() {
		highpass(dst, src, &u.state)
	} else {
		highpassTwice(dst, src, &u.state)
	}
}

// highpass rounds each product together with the addition behind it. In both
// loops what hangs on the sample before comes last on each line.
func highpass(dst, src []int16, m *memory) {
	x1, y1, y2, z1, z2, o1, o2 := m[0], m[1], m[2], m[3], m[4], m[5], m[6]
	dst = dst[:len(src)]
	for i, v := range src {
		x := b0 * float64(v)
		y := math.FMA(-a1, y1, x-x1)
		z := math.FMA(-a4, z1, math.FMA(-a5, z2, math.FMA(b4, y1, y2)+y))
		o := math.FMA(-a7, o1, math.FMA(-a8, o2, math.FMA(b7, z1, z2)+z))
		x1, y2, y1, z2, z1, o2, o1 = x, y1, y, z1, z, o1, o
		dst[i] = int16(max(-32768, min(32767, int(o))))
	}
	*m = memory{x1, y1, y2, z1, z2, o1, o2}
}

// highpassTwice is highpass for processors that cannot do so and would take far
// longer to do it by software. It is the same but for rounding.
func highpassTwice(dst, src []int16, m *memory) {
	x1, y1, y2, z1, z2, o1, o2 := m[0], m[1], m[2], m[3], m[4], m[5], m[6]
	dst = dst[:len(src)]
	for i, v := range src {
		x := b0 * float64(v)
		y := x - x1 - a1*y1
		z := (y + b4*y1 + y2 - a5*z2) - a4*z1
		o := (z + b7*z1 + z2 - a8*o2) - a7*o1
		x1, y2, y1, z2, z1, o2, o1 = x, y1, y, z1, z, o1, o
		dst[i] = int16(max(-32768, min(32767, int(o))))
	}
	*m = memory{x1, y1, y2, z1, z2, o1, o2}
}

// steady reports whether raw holds, beside what is in clean, as much as the
// steady sound alone: if not, something else was filtered away as well.
func (u *under) steady(raw, clean []int16) bool {
	const scale = surveyLen / 2.0 / fitLen // to count as ref does
	var all, heard int64
	for i, v := range raw {
		all += int64(v) * int64(v)
		heard += int64(clean[i]) * int64(clean[i])
	}
	below, slack := float64(all-heard)*scale, float64(heard)*scale*0.1 // the filter's ripple
	return below > 0.5*u.ref-slack && below < 2*u.ref+slack
}
