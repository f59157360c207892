//go:build !amd64 || purego

package dtmf

// There are no kernels here, and simd.Best says so: these are never called.

func squaresFast(x *[surveyLen]int16) (r0, steep int64)           { return squares(x) }
func productsFast(x *[surveyLen]int16) (r3 int64)                 { return products(x) }
func compareFast(x *[surveyLen]int16, y *[16]int32) (power int64) { return compare(x, y) }
func projectFast(w *pattern, x *[sound]int16, y *[4]float64)      { *y = project(w, x) }

func spectrumFast(x *[fitLen]int16, t *turning, y *[10]float64) { *y = spectrum(x, t) }

func highpassFast(dst, src []int16, blocks int, m *memory) {
	highpass(dst[:4*blocks], src[:4*blocks], m)
}
