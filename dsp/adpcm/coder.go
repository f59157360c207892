package adpcm

import "unsafe"

// coder is what encoder and decoder keep alike: the prediction of the next
// sample and 16 times the row of the step sizes.
type coder struct {
	prediction int32
	row        uint32
}

// grow makes dst longer by n, whatever the new elements are.
func grow[T byte | int16](dst []T, n int) []T {
	if n <= cap(dst)-len(dst) {
		return dst[:len(dst)+n]
	}
	return append(dst, make([]T, n)...)
}

// lower and upper count the thresholds that e reaches; together they are the
// magnitude. Comparing with all seven at once is shorter than three comparisons
// of which each waits for the one before, and than branches, which speech makes
// unpredictable.
func lower(th *[7]int32, e int32) uint32 {
	return uint32(th[0]-e)>>31 + uint32(th[1]-e)>>31 + (uint32(th[2]-e)>>31 + uint32(th[3]-e)>>31)
}

func upper(th *[7]int32, e int32, at uint32) uint32 {
	return uint32(th[4]-e)>>31 + uint32(th[5]-e)>>31 + (uint32(th[6]-e)>>31 + at)
}

// thresholds is below[row:row+7]. A row comes from next alone, so it always is
// one of the table; checking it would cost as much as the comparisons do.
func (t *steps) thresholds(row uint32) *[7]int32 {
	return (*[7]int32)(unsafe.Add(unsafe.Pointer(&t.below), 4*uintptr(row)))
}

// step is what a code does, in the encoder as in the decoder: at is the row
// plus the code.
func (t *steps) step(prediction int32, at uint32) (int32, uint32) {
	n := &t.next[at]
	p := prediction + n.change
	if uint32(p+32768) > t.span {
		p = min(max(p, -32768), int32(t.span)-32768)
	}
	return p, n.row
}

// encodePairs codes two samples to a byte; first is the shift of the first
// one's nibble, 0 or 4. src has two samples for each byte of dst.
func (t *steps) encodePairs(c *coder, dst []byte, src []int16, first uint) {
	p, row := c.prediction, c.row
	for i := range dst {
		x := src[2*i : 2*i+2 : 2*i+2]
		d := int32(x[0])&t.keep - p
		sign := d >> 31
		e, th := (d^sign)-sign, t.thresholds(row)
		a := lower(th, e) + upper(th, e, row|uint32(sign)&8)
		p, row = t.step(p, a)
		d = int32(x[1])&t.keep - p
		sign = d >> 31
		e, th = (d^sign)-sign, t.thresholds(row)
		b := lower(th, e) + upper(th, e, row|uint32(sign)&8)
		p, row = t.step(p, b)
		dst[i] = byte(a&15<<(first&4) | b&15<<(4-first&4))
	}
	c.prediction, c.row = p, row
}

// decodeBytes is its counterpart: dst has two samples for each byte of src.
func (t *steps) decodeBytes(c *coder, dst []int16, src []byte, first uint) {
	p, row := c.prediction, c.row
	for i, b := range src {
		y := dst[2*i : 2*i+2 : 2*i+2]
		p, row = t.step(p, row+uint32(b)>>(first&4)&15)
		y[0] = int16(p)
		p, row = t.step(p, row+uint32(b)>>(4-first&4)&15)
		y[1] = int16(p)
	}
	c.prediction, c.row = p, row
}
