package vad

import (
	"math"

	"vaad/dsp"
)

const (
	hop    = 20 * dsp.MS // samples from frame to frame
	window = 192         // samples that a frame looks at, about the middle of its hop
	lead   = (window - hop) / 2

	// fold is the length of the transform. The window is laid over itself
	// before it, which leaves every third line of its spectrum: lines 125 Hz
	// apart, each as narrow as the window makes it.
	fold = 64

	bands = 12 // see observer.frame
)

// still is the mean square that every band is taken to have at least, about
// −72 dBm0: what lies below, the steps of the companding law among it, is silence.
const still = 16

// shape is a raised cosine, scaled so that the lines of a spectrum add up to
// the mean square of the samples.
var shape = func() (w [window]float32) {
	scale := math.Sqrt(2.0 / (0.375 * window * fold))
	for i := range w {
		w[i] = float32(scale * (0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/window)))
	}
	return w
}()

// laid windows samples and lays them over each other.
func laid(y *[fold]float32, x *[window]int16) {
	for i := range y {
		y[i] = float32(float32(x[i])*shape[i]) + float32(float32(x[i+fold])*shape[i+fold]) + float32(float32(x[i+2*fold])*shape[i+2*fold])
	}
}

// log2 is the binary logarithm of x > 0, within 0.01.
func log2(x float32) float32 {
	b := math.Float32bits(x)
	m := math.Float32frombits(b&0x7FFFFF | 127<<23)
	return float32(int(b>>23)-127) + (2-m*(1.0/3))*m - 5.0/3
}
