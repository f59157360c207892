package spectrum

import "vaad/dsp/simd"

// vectors says that the kernels in assembly may be called.
var vectors = simd.Best() >= simd.AVX2

// Fold writes samples x times w into y, the first 64 and what follows each laid
// over those before. What a transform of 64 makes of them is every second,
// third… line of a longer one. x has a multiple of 64 samples and w as many.
func Fold(y *[64]float32, x []int16, w []float32) {
	if vectors && len(x) >= len(y) && len(w) >= len(x) {
		foldAVX2(y, &x[0], &w[0], len(x)/len(y))
		return
	}
	fold(y, x, w)
}

// fold is Fold in plain Go.
func fold(y *[64]float32, x []int16, w []float32) {
	clear(y[:])
	for ; len(x) >= len(y) && len(w) >= len(y); x, w = x[len(y):], w[len(y):] {
		x, w := (*[64]int16)(x), (*[64]float32)(w)
		for i := range y {
			y[i] += float32(float32(x[i]) * w[i])
		}
	}
}

// Weigh writes x times w into y.
func Weigh(y, x, w *[64]float32) {
	if vectors {
		weighAVX2(y, x, w)
		return
	}
	weigh(y, x, w)
}

// weigh is Weigh in plain Go.
func weigh(y, x, w *[64]float32) {
	for i := range y {
		y[i] = x[i] * w[i]
	}
}
