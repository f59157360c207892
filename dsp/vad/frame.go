package vad

import (
	"math"

	"vaad/dsp"
	"vaad/dsp/spectrum"
)

const (
	hop    = 20 * dsp.MS // samples from frame to frame
	window = 192         // samples that a frame looks at, about the middle of its hop
	lead   = (window - hop) / 2

	// fold is the length of the transform. The window is laid over itself
	// before it, which leaves every third line of its spectrum: lines 125 Hz
	// apart, each as narrow as the window makes it.
	fold = 64

	lines = fold / 2
	bands = 12 // see observer.frame
	lanes = 16 // what is followed side by side: the bands, the whole, and room
)

const (
	// still is the mean square that every band is taken to have at least, about
	// −72 dBm0: what lies below, the steps of the companding law among it, is silence.
	still = 16

	// unit is what one binary logarithm of power counts: levels are in units
	// of 16 times in power, 12 dB, so that all that is learnt from is about 1.
	unit = 0.25

	// pace is how much of the way to a new level is gone in a frame: some 40 ms.
	pace = 0.4
)

// shape is a raised cosine, scaled so that the lines of a spectrum add up to
// the mean square of the samples.
var shape = [window]float32(spectrum.Hann(window, fold))

// log2 is the binary logarithm of x > 0, within 0.01.
func log2(x float32) float32 {
	b := math.Float32bits(x)
	m := math.Float32frombits(b&0x7FFFFF | 127<<23)
	return float32(int(b>>23)-127) + float32((2-float32(m*(1.0/3)))*m) - 5.0/3
}

// tracks are what is followed side by side in all lanes.
type tracks [5][lanes]float32

// The tracks of a lane.
const (
	smooth = iota // level, smoothed
	floor         // the least of it in 3 s
	least         // and in this spell
	now           // level above the floor
	change        // from the frame before
)

// levels makes levels of powers and follows them. It is what levelsAVX2 does in
// assembly.
func levels(t *tracks, level, before, power *[lanes]float32) {
	for i, p := range power {
		l := float32(unit * log2(p+still))
		level[i] = l
		s := t[smooth][i] + float32(pace*(l-t[smooth][i]))
		t[smooth][i] = s
		if s < t[floor][i] {
			t[floor][i] = s
		}
		if s < t[least][i] {
			t[least][i] = s
		}
		t[now][i] = l - t[floor][i]
		t[change][i] = abs(l - before[i])
	}
}

// rest is total less the power of the two strongest tones of p, each with the
// lines beside it. Lines 1 and 31 are left out: hum, and what sampling filters
// leave. It spends p, and is what restAVX2 does in assembly.
func rest(p *[lines]float32, total float32) float32 {
	p[0], p[1], p[lines-1] = 0, 0, 0
	for range 2 {
		const place = lines - 1 // a line's number takes the place of the last bits of its power
		var odd, even uint32
		for k := 2; k < lines-2; k += 2 {
			even = max(even, math.Float32bits(p[k])&^place|uint32(k))
			odd = max(odd, math.Float32bits(p[k+1])&^place|uint32(k+1))
		}
		even = max(even, math.Float32bits(p[lines-2])&^place|(lines-2))
		k := max(odd, even) & place
		total -= p[(k-1)&place] + p[k] + p[(k+1)&place]
		p[(k-1)&place], p[k], p[(k+1)&place] = 0, 0, 0
	}
	return total
}

func abs(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }
