// Package mix makes one side out of two.
//
//	a, b []int16 ─▶ Mix ─▶ dst []int16
//
// Callers: recorder, for lines that store both sides in one mono file.
package mix

// Mix adds a and b, each lowered by 6 dB (halved), so that two full-scale sides
// cannot overflow. Odd sums round towards zero, so that two silent sides of
// any idle pattern give no DC of their own. The three slices have one length;
// dst may be a or b.
func Mix(dst, a, b []int16) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = int16((int32(a[i]) + int32(b[i])) / 2)
	}
}

// Add adds src to dst at full level; what does not fit 16 bits is clipped.
func Add(dst, src []int16) {
	src = src[:len(dst)]
	for i, s := range src {
		dst[i] = int16(max(-32768, min(32767, int32(dst[i])+int32(s))))
	}
}
