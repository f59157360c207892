//go:build !purego

package dtmf

// The kernels that stand for functions of the same name.

func squaresFast(x *[surveyLen]int16) (r0, steep int64) { return squaresAVX2(x) }

func productsFast(x *[surveyLen]int16) (r3 int64) { return productsAVX2(x) }

func compareFast(x *[surveyLen]int16, y *[16]int32) (power int64) {
	return compareAVX2(x, waveTable, y)
}

func projectFast(w *pattern, x *[sound]int16, y *[4]float64) {
	projectAVX2((*[sound / 2][4]float64)(w), x, y)
}

func spectrumFast(x *[fitLen]int16, t *turning, y *[10]float64) {
	spectrumAVX2(x, &t.weights, &t.re, &t.im, turns, y)
}

func highpassFast(dst, src []int16, blocks int, m *memory) {
	_, _ = dst[4*blocks-1], src[4*blocks-1]
	highpassAVX2(&dst[0], &src[0], blocks, (*[7]float64)(m))
}

// waveTable is surveyTable as rows of whole windows: the cosines of the eight
// tones, then their sines.
var waveTable = makeWaveTable()

func makeWaveTable() *[16][surveyLen]int16 {
	t := new([16][surveyLen]int16)
	for i, w := range surveyTable {
		for k := range 4 {
			right, left := surveyLen/2+i, surveyLen/2-1-i
			for half, cos := range [2]int32{int32(w.cos[k]), upper(w.cos[k])} {
				t[4*half+k][right], t[4*half+k][left] = int16(cos), int16(cos)
			}
			for half, sin := range [2]int32{int32(w.sin[k]), upper(w.sin[k])} {
				t[8+4*half+k][right], t[8+4*half+k][left] = int16(sin), int16(-sin)
			}
		}
	}
	return t
}
