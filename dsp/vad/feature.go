package vad

import (
	"math"

	"vaad/dsp/spectrum"
)

const (
	spell  = 25 // frames of which the least and the greatest level are kept together
	spells = 6  // such spells that count: 3 s

	// unit is what one binary logarithm of power counts: levels are in units
	// of 16 times in power, 12 dB, so that all that is learnt from is about 1.
	unit = 0.25

	seen  = bands + 3 // what is told of a frame
	known = 4         // and of the seconds before it
)

// observer makes of each frame what the classifier is told.
type observer struct {
	now  [seen]float32  // levels of the bands above their floors, then whole, purity, change
	past [known]float32 // span of levels, mean, floor, smoothed level

	begun  bool
	lines  [32]float32
	levels [2][bands]float32  // of this frame and the one before
	turn   int                // which of them is this frame's
	smooth [bands + 1]float32 // levels, smoothed over some 40 ms; the last is the whole
	mean   float32            // of the whole, over 2 s
	floor  [bands + 1]float32 // the least of smooth in 3 s
	least  [bands + 1]float32 // in this spell
	lows   [spells][bands + 1]float32
	most   float32 // greatest of smooth's whole in this spell
	highs  [spells]float32
	high   float32 // greatest in 3 s
	frames int     // in this spell
	spell  int
}

// frame looks at the next frame of samples.
func (o *observer) frame(x *[window]int16) {
	p := &o.lines
	var y [fold]float32
	laid(&y, x)
	spectrum.Power64(p, &y)
	o.turn ^= 1
	level, before := &o.levels[o.turn], &o.levels[o.turn^1]
	// Single lines where voices have their harmonics, then ever wider bands, as
	// hearing has it, up to 3.75 kHz. The line at 0 belongs to none, and what
	// lies above is what sampling filters leave.
	*level = [bands]float32{
		p[1], p[2], p[3], p[4], p[5], p[6], p[7] + p[8], p[9] + p[10], p[11] + p[12] + p[13],
		p[14] + p[15] + (p[16] + p[17]), p[18] + p[19] + (p[20] + p[21] + p[22]),
		p[23] + p[24] + (p[25] + p[26]) + (p[27] + p[28] + (p[29] + p[30])),
	}
	whole := float32(still)
	for b, power := range level {
		if b > 0 { // the first is hum's
			whole += power
		}
		level[b] = unit * log2(power+still)
	}
	pure := unit * purity(p, whole+still)
	whole = unit * log2(whole)
	if !o.begun {
		o.begin(level, whole)
	}
	var change float32
	for b, l := range level {
		s := o.smooth[b] + 0.4*(l-o.smooth[b])
		o.smooth[b] = s
		change += abs(l - before[b])
		if s < o.least[b] {
			o.least[b] = s
		}
		if s < o.floor[b] {
			o.floor[b] = s
		}
		o.now[b] = l - o.floor[b]
	}
	s := o.smooth[bands] + 0.4*(whole-o.smooth[bands])
	o.smooth[bands] = s
	o.mean += 0.01 * (whole - o.mean)
	o.least[bands] = min(o.least[bands], s)
	o.floor[bands] = min(o.floor[bands], s)
	o.most, o.high = max(o.most, s), max(o.high, s)
	low := o.floor[bands]
	o.now[bands], o.now[bands+1], o.now[bands+2] = whole-low, pure, change*(1.0/bands)
	o.past = [known]float32{o.high - low, o.mean - low, low - unit*8, s - low}
	if o.frames++; o.frames == spell {
		o.turnOver()
	}
}

// begin takes what is heard first for what was always there.
func (o *observer) begin(level *[bands]float32, whole float32) {
	o.begun = true
	for i := range o.levels {
		o.levels[i] = *level
	}
	copy(o.smooth[:], level[:])
	o.smooth[bands] = whole
	o.mean = whole
	o.floor, o.least = o.smooth, o.smooth
	o.most, o.high = whole, whole
	for i := range o.lows {
		o.lows[i], o.highs[i] = o.smooth, whole
	}
}

// turnOver begins a new spell and forgets the oldest.
func (o *observer) turnOver() {
	o.lows[o.spell], o.highs[o.spell] = o.least, o.most
	o.spell = (o.spell + 1) % spells
	o.frames = 0
	o.least, o.most = o.smooth, o.smooth[bands]
	o.floor, o.high = o.smooth, o.most
	for i := range o.lows {
		o.high = max(o.high, o.highs[i])
		for b, l := range &o.lows[i] {
			o.floor[b] = min(o.floor[b], l)
		}
	}
}

// purity is the binary logarithm of the share of the power that lies outside
// the two strongest tones, each with the lines beside it. Lines 1 and 31 are
// left out: hum, and what sampling filters leave. It spends p.
func purity(p *[32]float32, total float32) float32 {
	p[0], p[1], p[31] = 0, 0, 0
	rest := total
	for range 2 {
		const place = 31 // a line's number takes the place of the last bits of its power
		var odd, even uint32
		for k := 2; k < 30; k += 2 {
			even = max(even, math.Float32bits(p[k])&^place|uint32(k))
			odd = max(odd, math.Float32bits(p[k+1])&^place|uint32(k+1))
		}
		even = max(even, math.Float32bits(p[30])&^place|30)
		k := max(odd, even) & place
		rest -= p[(k-1)&31] + p[k] + p[(k+1)&31]
		p[(k-1)&31], p[k], p[(k+1)&31] = 0, 0, 0
	}
	return log2(max(rest, still) / total)
}

func abs(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }
