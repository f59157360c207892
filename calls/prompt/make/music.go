package main

import (
	"math"

	"vaad/dsp"
	"vaad/dsp/tone"
)

// beep is what callers speak after.
func beep() []int16 {
	x := make([]int16, 400*dsp.MS)
	tone.New(tone.Cadence{Times: 1, Bursts: []tone.Burst{{Sines: []tone.Sine{{Hz: 1000, DBm0: -15}}, On: 400}}}).Fill(x)
	return x
}

const (
	beat  = 76 * dsp.Rate / 100 // samples: 79 a minute
	half  = beat / 2
	bars  = 24
	loud  = -17.0 // dBm0 of the whole
	crest = -3.0  // dBm0, as of a sine, that nothing passes
)

// A chord is a bar: what a bass plucks, and what is broken above it. There is
// no A4 and no B flat, for tones of 425 to 475 Hz mean something on a line.
type chord struct {
	bass  float64
	notes [8]float64
}

const (
	d3, e3, g3, b3             = 146.83, 164.81, 196.00, 246.94
	c4, d4, e4, fs4, g4        = 261.63, 293.66, 329.63, 369.99, 392.00
	b4, c5, d5, e5, fs5, g5    = 493.88, 523.25, 587.33, 659.26, 739.99, 783.99
	b5, d6                     = 987.77, 1174.66
	none                       = 0.0
	pluckLong, pluckHigh, hang = 1.1, 0.45, 3.0 // s to 1/e at 200 and at 1000 Hz; s until a note is let go
)

var chords = [4]chord{
	{g3, [8]float64{b3, d4, g4, b4, d5, b4, g4, d4}},
	{e3, [8]float64{b3, e4, g4, b4, e5, b4, g4, e4}},
	{c4 / 2, [8]float64{g3, c4, e4, g4, c5, g4, e4, c4}},
	{d3, [8]float64{d4, fs4, c5, d5, fs5, d5, c5, fs4}},
}

// melody has a note for every beat, or none: eight bars, three times, over the
// chords; the first time they stand alone for four bars.
var melody = [32]float64{
	b5, none, d6, b5, g5, none, e5, g5, e5, g5, none, c5, d5, none, fs5, none,
	d5, g5, none, b5, b5, none, g5, e5, g5, none, e5, g5, fs5, none, d5, none,
}

// music is 73 s that can be played again and again: what hangs over at the end
// sounds into the beginning.
func music() []int16 {
	n := bars * 4 * beat
	x := make([]float64, n)
	for bar := range bars {
		at := bar * 4 * beat
		c := chords[bar%4]
		pluck(x, at, c.bass, 0.5)
		pluck(x, at+2*beat, c.bass*2, 0.25)
		for i, hz := range c.notes {
			pluck(x, at+i*half, hz, 0.3)
		}
		for i := range 4 {
			if hz := melody[bar*4%32+i]; hz > 0 && bar >= 4 {
				pluck(x, at+i*beat, hz, 0.32)
			}
		}
	}
	sum, top := 0.0, 0.0
	for _, v := range x {
		sum += v * v
		top = max(top, math.Abs(v))
	}
	g := min(math.Sqrt(dsp.MeanSquare(loud)/(sum/float64(n))), dsp.SinePeak(crest)/top)
	out := make([]int16, n)
	for i, v := range x {
		out[i] = int16(math.Round(v * g))
	}
	return out
}

// pluck adds a string that is plucked: harmonics that fade, the higher ones
// sooner. Its place in the ring x is at.
func pluck(x []float64, at int, hz, strength float64) {
	n := int(hang * dsp.Rate)
	for h := 1; h <= 6; h++ {
		f := hz * float64(h) * (1 + 0.0004*float64(h*h)) // strings are stiff
		if f > 3300 {
			break
		}
		fade := pluckLong * math.Pow(f/200, math.Log(pluckHigh/pluckLong)/math.Log(5))
		amp := strength / math.Pow(float64(h), 1.2)
		for i := range n {
			t := float64(i) / dsp.Rate
			attack := min(1, t/0.004)
			release := min(1, (hang-t)/0.05)
			x[(at+i)%len(x)] += amp * attack * release * math.Exp(-t/fade) * math.Sin(2*math.Pi*f*t)
		}
	}
}
