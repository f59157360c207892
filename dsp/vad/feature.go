package vad

import "math"

const (
	spell  = 50 // frames of which the least and the greatest level are kept together
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
	levels [3][bands]float32  // of this frame and the two before
	turn   int                // which of them is this frame's
	smooth [bands + 1]float32 // levels, smoothed over some 40 ms; the last is the whole
	mean   float32            // of the whole, over 2 s
	floor  [bands + 1]float32 // the least of smooth in 3 s
	least  [bands + 1]float32 // in this spell
	lows   [spells][bands + 1]float32
	most   float32 // greatest of smooth's whole in this spell
	highs  [spells]float32
	frames int // in this spell
	spell  int
}

// frame looks at the next frame of samples.
func (o *observer) frame(x *[window]int16) {
	p := &o.lines
	spectrum(p, x)
	o.turn = (o.turn + 1) % 3
	level, before := &o.levels[o.turn], &o.levels[(o.turn+1)%3]
	var whole float32 = still
	for b := range level {
		sum := float32(0)
		for _, q := range p[edges[b]:edges[b+1]] {
			sum += q
		}
		level[b] = unit * log2(sum+still)
		whole += sum
	}
	whole = unit * log2(whole-p[1])
	if !o.begun {
		o.begin(level, whole)
	}
	var change float32
	for b := range level {
		o.smooth[b] += 0.25 * (level[b] - o.smooth[b])
		change += abs(level[b] - before[b])
	}
	o.smooth[bands] += 0.25 * (whole - o.smooth[bands])
	o.mean += 0.005 * (whole - o.mean)
	for b, s := range &o.smooth {
		o.least[b] = min(o.least[b], s)
		o.floor[b] = min(o.floor[b], s)
	}
	o.most = max(o.most, o.smooth[bands])
	high := o.most
	for _, h := range &o.highs {
		high = max(high, h)
	}
	for b := range level {
		o.now[b] = level[b] - o.floor[b]
	}
	o.now[bands] = whole - o.floor[bands]
	o.now[bands+1] = unit * purity(p)
	o.now[bands+2] = change * (1.0 / bands)
	low := o.floor[bands]
	o.past = [known]float32{high - low, o.mean - low, low - unit*8, o.smooth[bands] - low}
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
	o.floor, o.least, o.most = o.smooth, o.smooth, whole
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
	o.floor = o.smooth
	for i := range o.lows {
		for b, l := range &o.lows[i] {
			o.floor[b] = min(o.floor[b], l)
		}
	}
}

// purity is the binary logarithm of the share of power that lies outside the
// two strongest tones, each with the lines beside it. Lines 1 and 31 are left
// out: hum and what sampling filters leave. It spends p.
func purity(p *[32]float32) float32 {
	p[0], p[1], p[31] = 0, 0, 0
	total := float32(2 * still)
	for _, q := range p {
		total += q
	}
	rest := total
	for range 2 {
		const place = 31 // a line's number takes the place of the last bits of its power
		var most uint32
		for k := 2; k < 31; k++ {
			most = max(most, math.Float32bits(p[k])&^place|uint32(k))
		}
		peak := p[most&place-1:][:3]
		rest -= peak[0] + peak[1] + peak[2]
		clear(peak)
	}
	return log2(max(rest, still) / total)
}

func abs(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }
