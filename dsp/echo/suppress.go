package echo

import (
	"math"

	"vaad/dsp"
)

const (
	deaf    = 0.08 // part of the power of the line that may be left where only the far side speaks: 11 dB
	hushed  = 0.01 // gain then
	opening = 0.5  // of the way to 1 in a block when the near side speaks
	closing = 0.25 // of the way to hushed in a block when it does not
)

// suppressor replaces what is left of the echo by noise as it was before.
type suppressor struct {
	gain, goal float32 // 1 less these: so that the zero value passes everything
}

// suppress decides about the next block. far is the mean square of the far side.
func (e *Canceller) suppress(far float32) {
	s := &e.suppressor
	goal := float32(0)
	if e.config.Suppress && far > float32(dsp.MeanSquare(weak)) && e.left[0] < deaf*e.line[0] {
		goal = 1 - hushed
	}
	if goal > s.goal {
		s.goal += (goal - s.goal) * closing
	} else {
		s.goal += (goal - s.goal) * opening
	}
}

// clean makes a sample of what is left.
func (e *Canceller) clean(v float32) int16 {
	s := &e.suppressor
	if s.goal > 0 || s.gain > 0 {
		s.gain += (s.goal - s.gain) / (block / 4)
		e.lcg = e.lcg*1664525 + 1013904223
		white := float32(int32(e.lcg)) * (1.7320508 / (1 << 31)) // of mean square 1
		v += s.gain * (white*sqrt(e.noise) - v)
	}
	return int16(max(-32768, min(32767, math.Floor(float64(v)+0.5))))
}
