package gain

import (
	"math"

	"vaad/dsp"
)

// Limits of a gain in dB. Outside there is nothing left to hear.
const (
	MinDB = -60
	MaxDB = 60
)

// one is a gain of 0 dB.
const one = 1 << 16

// glide is how many samples a gain takes to change: at once it would click.
const glide = 5 * dsp.MS

// Fixed is a gain that stays until it is set. The zero value is silence; use New.
type Fixed struct {
	now, goal int64 // × one
	step      int64 // of a sample on the way, × one × glide
	left      int   // samples of the way
}

// New returns a gain in dB, within MinDB and MaxDB.
func New(dB float64) *Fixed {
	f := factor(dB)
	return &Fixed{now: f * glide, goal: f}
}

func factor(dB float64) int64 {
	if dB != dB {
		dB = 0
	}
	return int64(math.Round(one * math.Pow(10, max(MinDB, min(MaxDB, dB))/20)))
}

// Set changes the gain to dB within 5 ms.
func (f *Fixed) Set(dB float64) {
	f.goal = factor(dB)
	f.left = glide
	f.step = (f.goal*glide - f.now) / glide
}

// Process changes a block in place. What does not fit 16 bits is clipped; it
// returns how many samples were.
func (f *Fixed) Process(block []int16) (clipped int) {
	for f.left > 0 && len(block) > 0 {
		f.now += f.step
		if f.left--; f.left == 0 {
			f.now = f.goal * glide
		}
		clipped += scale(block[:1], f.now/glide)
		block = block[1:]
	}
	if f.goal == one || len(block) == 0 {
		return clipped
	}
	return clipped + scale(block, f.goal)
}

// scale multiplies a block, rounding to the nearest.
func scale(block []int16, by int64) (clipped int) {
	for i, s := range block {
		v := (int64(s)*by + one/2) >> 16
		w := max(-32768, min(32767, v))
		if w != v {
			clipped++
		}
		block[i] = int16(w)
	}
	return clipped
}
