package gsm

import "math/bits"

// fixed point of clause 5.1: values of 16 bits in an int32.

// sat is the saturation of add and sub.
func sat(x int32) int32 { return min(max(x, -32768), 32767) }

// multR is mult_r. Its one overflow, -32768 times itself, cannot occur here:
// one factor is always a coefficient, and none of those is -32768.
func multR(a, b int32) int32 { return (a*b + 1<<14) >> 15 }

// norm is the number of left shifts that bring a positive value to full scale.
func norm(x int32) int { return bits.LeadingZeros32(uint32(x)) - 1 }

// compensate is clauses 5.2.1 and 5.2.2: scaling down to 14 bits and removal of
// the offset.
func (e *Encoder) compensate(out, in *[samples]int16) {
	// The standard multiplies upper and lower half of z2 by 32735 one after the
	// other; this is their sum. And as 32735 is 1<<15 less 33, no multiplication
	// need be waited for from one sample to the next.
	z1, z2 := int64(e.z1), e.z2
	for k, v := range in {
		so := int64(v) >> 3 << 2
		less := (1<<14 - z2) - z2<<5
		z2 = (z2 + (so-z1)<<15) + less>>15
		z1 = so
		out[k] = int16((z2 + 1<<14) >> 15)
	}
	e.z1, e.z2 = int32(z1), z2
}

// preprocess is clauses 5.2.1 to 5.2.3: compensate, and pre-emphasis. It
// returns a number with the leading bit of the largest magnitude.
func (e *Encoder) preprocess(s *[samples]int32, in *[samples]int16) (top int32) {
	var level [samples]int16
	e.compensate(&level, in)
	mp := e.mp
	for k, v := range level {
		x := sat(int32(v) + multR(mp, -28180))
		mp = int32(v)
		s[k] = x
		sign := x >> 31
		top |= (x ^ sign) - sign
	}
	e.mp = mp
	return top
}

// autocorrelation is clause 5.2.4. It rounds the signal to the bits that the
// sums have room for.
func autocorrelation(acf *[9]int32, s *[samples]int32, top int32) {
	scale := 0
	if top > 0 {
		scale = max(0, 4-norm(min(top, 32767)<<16))
	}
	// Two lags are summed at once, in the halves of a word: past[k] is the
	// sample 8 before s[k] and, in the upper half, the one before that.
	var past [samples + 8]int64
	half := int32(1) << scale >> 1
	last := int64(0)
	for k := range s {
		v := (s[k] + half) >> scale
		s[k] = v
		past[k+8] = int64(v) + last<<32
		last = int64(v)
	}
	var c0, c1, c3, c5, c7 int64
	for k, v := range s {
		v := int64(v)
		p := past[k : k+8 : k+8]
		c0 += v * v
		c1 += v * p[7]
		c3 += v * p[5]
		c5 += v * p[3]
		c7 += v * p[1]
	}
	acf[0] = int32(c0) << 1
	for i, c := range [4]int64{c1, c3, c5, c7} {
		low := int32(c)
		acf[2*i+1] = low << 1
		acf[2*i+2] = int32((c-int64(low))>>32) << 1
	}
	if scale > 0 {
		for k := range s {
			s[k] = int32(int16(s[k] << scale))
		}
	}
}

// reflection is clause 5.2.5, the Schur recursion.
func reflection(r *[8]int16, acf *[9]int32) {
	*r = [8]int16{}
	if acf[0] == 0 {
		return
	}
	var p, k [9]int32
	shift := norm(acf[0])
	for i, v := range acf {
		p[i] = v << shift >> 16
		k[i] = p[i]
	}
	for n := range r {
		size := max(p[1], -p[1])
		if p[0] < size {
			return
		}
		v := int32(32767)
		if size < p[0] {
			v = size << 15 / p[0]
		}
		if p[1] > 0 {
			v = -v
		}
		r[n] = int16(v)
		p[0] = sat(p[0] + multR(p[1], v))
		for m := 1; m < 8-n; m++ {
			next := p[m+1]
			p[m] = sat(next + multR(k[m], v))
			k[m] = sat(k[m] + multR(next, v))
		}
	}
}

// Tables 5.1 and 5.2: the quantizers of the log area ratios.
var (
	larA    = [8]int32{20480, 20480, 20480, 20480, 13964, 15360, 8534, 9036}
	larB    = [8]int32{0, 0, 2048, -2560, 94, -1792, -341, -1144}
	larMin  = [8]int32{-32, -32, -16, -16, -8, -8, -4, -4}
	larMax  = [8]int32{31, 31, 15, 15, 7, 7, 3, 3}
	larInvA = [8]int32{13107, 13107, 13107, 13107, 19223, 17476, 31454, 29708}
)

// quantizeLAR is clauses 5.2.6 and 5.2.7.
func quantizeLAR(c *[8]uint8, r *[8]int16) {
	for i, v := range r {
		v := int32(v)
		size := max(v, -v)
		switch {
		case size < 22118:
			size >>= 1
		case size < 31130:
			size -= 11059
		default:
			size = (size - 26112) << 2
		}
		if v < 0 {
			size = -size
		}
		q := (larA[i]*size>>15 + larB[i] + 256) >> 9
		c[i] = uint8(min(max(q, larMin[i]), larMax[i]) - larMin[i])
	}
}

// decodeLAR is clause 5.2.8.
func decodeLAR(lar *[8]int16, c *[8]uint8) {
	for i, v := range c {
		x := (int32(v)+larMin[i])<<10 - larB[i]<<1
		lar[i] = int16(sat(2 * multR(larInvA[i], x)))
	}
}

// A span is a part of a frame in which the filter does not change (table 5.3);
// its ratios are old and new in the proportion of quarters.
type span struct{ from, to int }

var spans = [4]span{{0, 13}, {13, 27}, {27, 40}, {40, samples}}

// coefficients is clause 5.2.9: interpolation of the ratios and their
// conversion into reflection coefficients, for span i.
func coefficients(rp *[8]int32, old, new *[8]int16, i int) {
	for k := range rp {
		o, n := int32(old[k]), int32(new[k])
		switch i {
		case 0:
			n = sat(o>>2+n>>2) + o>>1
		case 1:
			n = o>>1 + n>>1
		case 2:
			n = sat(o>>2+n>>2) + n>>1
		}
		n = sat(n)
		size := max(n, -n)
		switch {
		case size < 11059:
			size <<= 1
		case size < 20070:
			size += 11059
		default:
			size = size>>2 + 26112
		}
		if n < 0 {
			size = -size
		}
		rp[k] = sat(size)
	}
}
