package progress

import (
	"vaad/dsp"
	"vaad/dsp/spectrum"
)

const (
	kept = 8 // looks that edges are looked for in

	sameTone  = 20    // Hz between looks of one tone: beats move it
	alive     = 0.125 // share of a tone's power that says it may go on below something else
	cut       = 0.04  // share below which it is interrupted
	maxMasked = 15    // looks that it may be below something else: 240 ms
	maxAbsent = 2     // looks without it that end it
	minPure   = 3     // looks that make a burst
	fineAfter = 9     // looks that fill the fine spectrum: 144 ms

	flatTimes = 1.3 // times in power that a steady tone may seem to change

	cutGap = 100 * dsp.MS // between interruptions that are not swinging
	cutMax = 62 * dsp.MS  // of silence that only interrupts a burst
)

// burst is a tone from its beginning to its end.
type burst struct {
	from, to int64
	hz       float32    // mean frequency
	parts    [3]float32 // frequencies of which it is made, strongest first; none if it was too short
	powers   [3]float32 // of the parts, in a measure of their own
	level    float32    // mean square
	peaks    [2]int     // see look
	looks    int        // at it
	pure     int        // of them that showed nothing else to speak of
	flat     int        // looks at which it was about as strong as always
	top      float32    // greatest mean square
	full     int64      // the last look that it filled, about
	cuts     int        // interruptions too short to end it
	lastCut  int64

	like, nearly soundSet // of the plan, once it was compared

	after int // looks since it ended
	clear int // of them that did not show it
	quiet int // of them that showed hardly anything
}

// follower makes bursts of looks.
type follower struct {
	ring   [kept]look
	i      int
	on     bool // there is a burst, though perhaps not of minPure looks yet
	now    burst
	last   burst // the one before, while nothing is on
	masked int
	absent int
}

// step is what a look told.
type step byte

const (
	nothing step = iota
	begun        // now has become a burst
	resumed      // the same, but the last burst goes on in it
	ended        // last is the burst that ended
)

// current is the look to be filled.
func (f *follower) current() *look { return &f.ring[f.i] }

// high says that the burst that is on lies in the upper lines.
func (f *follower) high() bool { return f.on && f.now.peaks[0] >= midFrom }

// follow takes the current look.
func (f *follower) follow(fr *front) step {
	l := &f.ring[f.i]
	before := &f.ring[(f.i+kept-1)%kept]
	f.i = (f.i + 1) % kept
	if f.on {
		return f.hold(l, fr)
	}
	if !f.last.idle() {
		f.last.silence(l)
	}
	if l.tone && before.tone && same(l, before) {
		f.on = true
		f.masked, f.absent = 0, 0
		f.now = burst{hz: l.hz, level: max(l.level, before.level), peaks: l.peaks, looks: 2, pure: 2, from: before.at, to: l.at, top: max(l.level, before.level), full: before.at, lastCut: l.at}
		if l.level > before.level {
			f.now.full = l.at
		}
	}
	return nothing
}

func (b *burst) idle() bool { return b.looks == 0 }

// silence looks at what comes after a burst.
func (b *burst) silence(l *look) {
	b.after++
	if in, _ := l.around(b.peaks); in < alive*b.level {
		b.clear++
	}
	if l.power < alive*b.level {
		b.quiet++
	}
}

func same(a, b *look) bool {
	return abs(a.hz-b.hz) <= sameTone && abs(float32(a.peaks[0]-b.peaks[0])) <= apart
}

func abs(x float32) float32 { return max(x, -x) }

// hold looks whether the burst goes on.
func (f *follower) hold(l *look, fr *front) step {
	b := &f.now
	in, _ := l.around(b.peaks)
	b.looks++
	switch {
	case l.tone && abs(l.hz-b.hz) <= sameTone && l.level > cut*b.level:
		if f.absent > 0 || l.level < alive*b.level {
			f.interrupted(l.at)
		}
		f.masked, f.absent = 0, 0
		b.pure++
		b.to = l.at
		if l.level > 0.3*b.level {
			weight := 1 / float32(min(b.pure, 8))
			b.hz += weight * (l.hz - b.hz)
			b.level += weight * (l.level - b.level)
		}
		if l.level > b.level/flatTimes && l.level < b.level*flatTimes {
			b.flat++
		}
		b.top = max(b.top, l.level)
		if l.level > 0.7*b.level {
			b.full = l.at
		}
		switch b.pure {
		case minPure:
			b.from = f.edge(b, false)
			if f.resume() {
				return resumed
			}
			return begun
		case fineAfter:
			b.fine(fr)
		}
		return nothing
	case in > alive*b.level && l.power > 0.5*b.level && !(l.tone && l.level > 0.5*b.level): // something else lies over it
		f.absent = 0
		if f.masked++; f.masked <= maxMasked {
			return nothing
		}
	default:
		if f.absent++; f.absent < maxAbsent {
			return nothing
		}
	}
	f.on = false
	if b.pure < minPure {
		return nothing
	}
	if f.masked == 0 {
		b.to = f.edge(b, true)
	}
	b.looks -= f.absent
	f.last = *b
	return ended
}

// resume joins the burst that begins to the last if it was only interrupted.
func (f *follower) resume() bool {
	b, last := &f.now, &f.last
	if last.idle() || b.from-last.to > cutMax || abs(b.hz-last.hz) > steadyHz || b.level > 4*last.level || last.level > 4*b.level {
		return false
	}
	last.looks += b.looks
	last.pure += b.pure
	last.flat += b.flat
	last.after, last.clear, last.quiet = 0, 0, 0
	*b, *last = *last, burst{}
	f.interrupted(b.to)
	return true
}

// interrupted counts interruptions that are no swinging of the tone.
func (f *follower) interrupted(at int64) {
	if at-f.now.lastCut >= cutGap {
		f.now.cuts++
	}
	f.now.lastCut = at
}

// edge finds where a burst begins or ends: in the look of which it fills about
// half.
func (f *follower) edge(b *burst, end bool) int64 {
	best, miss := int64(0), float32(2)
	level := b.level
	if b.pure < 6 {
		level = b.top // the mean holds looks that it filled in part
	}
	for i := range kept {
		l := &f.ring[(f.i+i)%kept] // oldest first
		if end && l.at < b.full || !end && (l.at > b.full || l.at < b.from-3*hop) {
			continue
		}
		in, _ := l.around(b.peaks)
		share := in / level
		if d := abs(share - 0.4); d < miss && share < 0.95 && share > 0.02 {
			miss = d
			part := filled(share)
			if end {
				best = l.at + int64((part-0.5)*2*hop)
			} else {
				best = l.at + int64((0.5-part)*2*hop)
			}
		}
	}
	if miss < 2 {
		return best
	}
	if end { // it stopped between two looks
		return b.full + hop
	}
	return b.from - hop
}

// shares[i] is the share of its power that a tone shows when it fills i/32 of a look.
var shares = func() (s [33]float32) {
	var sum, all float32
	for _, w := range lowShape {
		all += w
	}
	for i, w := range lowShape {
		sum += w
		if i%2 == 1 {
			s[i/2+1] = sq(sum / all)
		}
	}
	return s
}()

// filled is how much of a look a tone fills of whose power that share is seen.
func filled(share float32) float32 {
	i := 0
	for i < 31 && shares[i+1] < share {
		i++
	}
	return (float32(i) + (share-shares[i])/(shares[i+1]-shares[i])) / 32
}

// fine finds the frequencies of which a burst is made, from its last 128 ms.
func (b *burst) fine(f *front) {
	if b.peaks[0] >= midFrom {
		b.parts[0] = b.hz
		return
	}
	var z [fineLen][2]float32
	for i, v := range f.low[f.lowAt:][:fineLen] {
		z[i][0] = v * fineShape[i]
	}
	spectrum.Transform(z[:], fineCircle)
	var p [fineLen / 2]float32
	var most float32
	const from, to = lowFrom * fineLen / lowLen, lowLast * fineLen / lowLen
	for k := from - 2; k <= to+2; k++ {
		p[k] = sq(z[k][0]) + sq(z[k][1])
		most = max(most, p[k])
	}
	powers := &b.powers
	for k := from; k <= to; k++ {
		if p[k] < 0.04*most || p[k] < p[k-1] || p[k] <= p[k+1] || p[k] < p[k-2] || p[k] < p[k+2] {
			continue
		}
		// A raised cosine leaves the two strongest lines in a ratio that tells
		// how far the tone lies from the first.
		a, c := p[k-1], p[k+1]
		offset := spectrum.PeakOffset(p[k], max(a, c))
		if a > c {
			offset = -offset
		}
		hz := (float32(k) + offset) * float32(fineHz)
		for i := range powers {
			if p[k] > powers[i] {
				copy(powers[i+1:], powers[i:])
				copy(b.parts[i+1:], b.parts[i:])
				powers[i], b.parts[i] = p[k], hz
				break
			}
		}
	}
}
