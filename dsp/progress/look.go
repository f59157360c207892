package progress

import "vaad/dsp/spectrum"

const (
	// floor is the mean square below which nothing is a tone: −46 dBm0. Tones
	// must be heard down to −38.
	floor = 32768 * 32768 / 2 * 1.22e-5

	hum            = 7      // lines below are hum: 50 and 60 Hz and their first harmonics
	lowFrom, lowTo = 8, 24  // lines of tones that may be pairs: 250…750 Hz
	lowLast        = 26     // the last line that low samples show unharmed
	midFrom, midTo = 26, 59 // lines of single tones: 810…1845 Hz
	lobe           = 2      // lines to either side that a tone leaves its power in
	apart          = 8      // lines between the two tones of a pair at most: 250 Hz
	secondTone     = 0.1    // share of the stronger that the weaker of a pair has at least
	fineLen        = 256    // samples of the spectrum that tells close tones apart: 128 ms
	fineHz         = float64(lowRate) / fineLen

	// pureShare is the share of the power above the hum that a tone must have
	// to be one: 6.6 dB over what else there is below 1.9 kHz.
	pureShare = 0.82

	// sineRest is the share of a signal that prediction of each sample from
	// its two neighbours may leave if it is to be looked at for a single tone.
	sineRest = 0.3
)

// look is what is seen in 32 ms.
type look struct {
	at    int64             // sample in the middle
	power float32           // mean square above the hum
	p     [midLines]float32 // power of the lines; those above lowLast only where needed
	tone  bool              // it is mostly a tone:
	hz    float32           // its mean frequency
	level float32           // its mean square
	peaks [2]int            // the lines it is strongest in; the second 0 if it is one tone
}

// inside is the power of some lines.
func (l *look) inside(from, to int) (sum float32) {
	for _, v := range l.p[from : to+1] {
		sum += v
	}
	return sum
}

// front makes looks of samples.
type front struct {
	raw  [hop + 2*wideReach]int16
	have int
	at   int64 // position of the middle of the next look

	// The samples kept begin at midAt and lowAt, and move on by a hop until
	// there is no more room.
	mid          [midKept + midRoom*midHop + narrowSpare]float32
	low          [fineLen + lowRoom*lowHop]float32
	midAt, lowAt int

	mids, lows [2]float32 // sums of squares of this hop and the one before
}

// lag is how far the middle of the first look lies before the first sample.
const lag = 2*narrowReach - wideReach - 1

// newFront returns a front whose first sample has position at.
func newFront(at int64) front { return front{at: at - lag} }

// position is the number of samples taken so far.
func (f *front) position() int64 { return f.at + int64(lag+f.have) }

// advance takes the hop of samples in raw and writes what is seen into l. With
// upper the upper lines are wanted in any case.
func (f *front) advance(l *look, upper bool) {
	l.at = f.at
	l.tone = false
	f.at += hop
	if f.midAt += midHop; f.midAt > midRoom*midHop {
		copy(f.mid[:], f.mid[f.midAt:][:midKept-midHop])
		f.midAt = 0
	}
	if f.lowAt += lowHop; f.lowAt > lowRoom*lowHop {
		copy(f.low[:], f.low[f.lowAt:][:fineLen-lowHop])
		f.lowAt = 0
	}
	mid, low := f.mid[f.midAt:], f.low[f.lowAt:][:fineLen]
	wide((*[midHop]float32)(mid[midKept-midHop:]), &f.raw)
	f.have = copy(f.raw[:], f.raw[hop:])
	f.lows[0], f.mids[0] = f.lows[1], f.mids[1]
	last := (*[lowHop]float32)(low[fineLen-lowHop:])
	narrow(last, (*[narrowTaken]float32)(mid[midKept-midHop-2*narrowReach+1:]))
	f.lows[1] = squares(last[:])
	// Low samples lag behind by what the filter reaches: so does this sum.
	f.mids[1] = squares(mid[midLen+narrowReach+1-midHop:][:midHop])

	all := (f.mids[0] + f.mids[1]) * (1.0 / midLen)
	if all < floor {
		l.power = all
		clear(l.p[:])
		return
	}
	var y [lowLen]float32
	spectrum.Weigh(&y, (*[lowLen]float32)(low[fineLen-lowLen:]), &lowShape)
	spectrum.Power64((*[lowLines]float32)(l.p[:]), &y)
	below := l.inside(hum, lowLast)
	above := max(0, all-(f.lows[0]+f.lows[1])*(1.0/lowLen))
	if upper || above > 0.5*below && f.sine() {
		f.upper(&l.p)
		l.power = below + l.inside(lowLast+1, midLines-1)
		if below < 0.5*l.power {
			l.single()
			return
		}
	} else {
		clear(l.p[lowLast+1:])
		l.power = below + above
	}
	l.pair()
}

// sine says whether the mid samples may be one sine above 750 Hz: then each
// follows from its two neighbours. Differences are taken first, against hum.
func (f *front) sine() bool {
	r0, r1, r2 := neighbours((*[midLen + 3]float32)(f.mid[f.midAt+narrowReach-2:]))
	return (r0+r2)*r0-2*r1*r1 < sineRest*r0*r0 && r1 < 0.38*r0
}

// upper writes the upper lines.
func (f *front) upper(p *[midLines]float32) {
	var z [midLen][2]float32
	for i, v := range f.mid[f.midAt+narrowReach+1:][:midLen] {
		z[i][0] = v * midShape[i]
	}
	spectrum.Transform(z[:], midCircle)
	for k := lowLast + 1; k < midLines; k++ {
		p[k] = sq(z[k][0]) + sq(z[k][1])
	}
}

// strongest is the strongest of some lines outside those from not to nor.
func (l *look) strongest(from, to, not, nor int) int {
	best, power := 0, float32(0)
	for k := from; k <= to; k++ {
		if v := l.p[k]; v > power && (k < not || k > nor) {
			best, power = k, v
		}
	}
	return best
}

// single looks for one tone among the upper lines.
func (l *look) single() {
	l.is([2]int{l.strongest(midFrom, midTo, 0, 0)})
}

// pair looks for one or two tones among the lower lines.
func (l *look) pair() {
	k := l.strongest(lowFrom, lowTo, 0, 0)
	if k == 0 || l.is([2]int{k}) {
		return
	}
	second := l.strongest(max(lowFrom, k-apart), min(lowTo, k+apart), k-lobe, k+lobe)
	if second != 0 && l.p[second] >= secondTone*l.p[k] {
		l.is([2]int{k, second})
	}
}

// around is the power of the lines around the peaks, and its moment.
func (l *look) around(peaks [2]int) (sum, moment float32) {
	from, to := peaks[0]-lobe, peaks[0]+lobe
	sum, moment = l.lobe(from)
	if peaks[1] == 0 {
		return sum, moment
	}
	if d := peaks[1] - peaks[0]; d > 2*lobe || d < -2*lobe {
		s, m := l.lobe(peaks[1] - lobe)
		return sum + s, moment + m
	}
	for k := peaks[1] - lobe; k <= peaks[1]+lobe; k++ {
		if k < from || k > to {
			sum += l.p[k]
			moment += l.p[k] * float32(k)
		}
	}
	return sum, moment
}

// lobe is the power of five lines, and its moment.
func (l *look) lobe(from int) (sum, moment float32) {
	p := (*[2*lobe + 1]float32)(l.p[from:])
	sum = p[0] + p[1] + p[2] + p[3] + p[4]
	return sum, sum*float32(from) + (p[1] + 2*p[2] + 3*p[3] + 4*p[4])
}

// is says whether the lines around some peaks are a tone.
func (l *look) is(peaks [2]int) bool {
	sum, moment := l.around(peaks)
	if peaks[0] == 0 || sum < pureShare*l.power || sum < floor {
		return false
	}
	l.tone = true
	l.level, l.hz = sum, moment/sum*float32(lineHz)
	l.peaks = peaks
	return true
}
