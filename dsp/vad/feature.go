package vad

import "vaad/dsp/spectrum"

const (
	spell  = 25 // frames of which the least and the greatest level are kept together
	spells = 6  // such spells that count: 3 s

	whole = bands     // the lane of all bands but the first, which is hum's
	seen  = bands + 3 // what is told of a frame: tracks now, of which the last two are purity and change
	known = 4         // and of the seconds before it
)

// observer makes of each frame what the classifier is told.
type observer struct {
	tracks tracks
	past   [known]float32 // span of levels, mean, floor, smoothed level

	begun  bool
	folded [fold]float32
	lines  [lines]float32
	power  [lanes]float32
	levels [2][lanes]float32 // of this frame and the one before
	turn   int               // which of them is this frame's
	mean   float32           // of the whole, over 2 s
	lows   [spells][lanes]float32
	most   float32 // greatest of the whole, smoothed, in this spell
	highs  [spells]float32
	high   float32 // greatest in 3 s
	frames int     // in this spell
	spell  int
}

// frame looks at the next frame of samples.
func (o *observer) frame(x *[window]int16) {
	p := &o.lines
	spectrum.Fold(&o.folded, x[:], shape[:])
	spectrum.Power64(p, &o.folded)
	// Single lines where voices have their harmonics, then ever wider bands, as
	// hearing has it, up to 3.75 kHz. The line at 0 belongs to none, and what
	// lies above is what sampling filters leave.
	w := &o.power
	w[0], w[1], w[2], w[3], w[4], w[5] = p[1], p[2], p[3], p[4], p[5], p[6]
	w[6], w[7], w[8] = p[7]+p[8], p[9]+p[10], p[11]+p[12]+p[13]
	w[9] = p[14] + p[15] + (p[16] + p[17])
	w[10] = p[18] + p[19] + (p[20] + p[21] + p[22])
	w[11] = p[23] + p[24] + (p[25] + p[26]) + (p[27] + p[28] + (p[29] + p[30]))
	w[whole] = w[1] + w[2] + (w[3] + w[4]) + (w[5] + w[6] + (w[7] + w[8])) + (w[9] + w[10] + w[11])
	total := w[whole] + 2*still
	pure := unit * log2(max(o.rest(total), still)/total)

	o.turn ^= 1
	level, before := &o.levels[o.turn], &o.levels[o.turn^1]
	o.follow(level, before)
	if !o.begun {
		o.begin(level)
		o.follow(level, before)
	}
	t := &o.tracks
	c := &t[change]
	t[now][bands+1] = pure
	t[now][bands+2] = (c[0] + c[1] + (c[2] + c[3]) + (c[4] + c[5] + (c[6] + c[7])) + (c[8] + c[9] + (c[10] + c[11]))) * (1.0 / bands)
	o.mean += float32(0.01 * (level[whole] - o.mean))
	s, low := t[smooth][whole], t[floor][whole]
	if s > o.most {
		o.most = s
		o.high = max(o.high, s)
	}
	o.past = [known]float32{o.high - low, o.mean - low, low - unit*8, s - low}
	if o.frames++; o.frames == spell {
		o.turnOver()
	}
}

func (o *observer) rest(total float32) float32 {
	if vectors {
		return restAVX2(&o.lines, total)
	}
	return rest(&o.lines, total)
}

func (o *observer) follow(level, before *[lanes]float32) {
	if vectors {
		levelsAVX2((*[5][lanes]float32)(&o.tracks), level, before, &o.power)
		return
	}
	levels(&o.tracks, level, before, &o.power)
}

// begin takes what is heard first for what was always there.
func (o *observer) begin(level *[lanes]float32) {
	o.begun = true
	for i := range o.levels {
		o.levels[i] = *level
	}
	l := level[whole]
	o.tracks[smooth], o.tracks[floor], o.tracks[least] = *level, *level, *level
	o.mean, o.most, o.high = l, l, l
	for i := range o.lows {
		o.lows[i], o.highs[i] = *level, l
	}
}

// turnOver begins a new spell and forgets the oldest.
func (o *observer) turnOver() {
	t := &o.tracks
	o.lows[o.spell], o.highs[o.spell] = t[least], o.most
	o.spell = (o.spell + 1) % spells
	o.frames = 0
	t[least], o.most = t[smooth], t[smooth][whole]
	t[floor], o.high = t[smooth], o.most
	for i := range o.lows {
		o.high = max(o.high, o.highs[i])
		for b, l := range &o.lows[i] {
			t[floor][b] = min(t[floor][b], l)
		}
	}
}
