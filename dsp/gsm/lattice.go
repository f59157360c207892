package gsm

// Filters of reflection coefficients. The standard saturates every sum; with
// speech none overflows. So each span is first filtered without, noting
// whether any sum left 16 bits, and once more with saturation when one did.

// pair is two samples in one word, each plus bias, so that neither is negative:
// what is done to one is done to both. Samples of 16 bits leave the bits of
// beyond clear; one that overflows sets some.
type pair uint64

const (
	both   pair = 1<<32 | 1
	bias        = 1 << 15
	beyond      = 0xFFFF0000 * both
)

// scaled is multR of r and both samples, each plus 1<<16: add is the rounding
// that goes with r.
func scaled(p, r, add pair) pair { return (p*r + add) >> 15 & ((1<<17 - 1) * both) }

// analyse is clause 5.2.10 over one span: it turns the signal in d into the
// residual. u is the memory of the filter.
func analyse(d []int32, rp *[8]int32, u *[8]int16) {
	var ahead, back [samples / 2]pair
	n := len(d) / 2
	for j := range n {
		ahead[j] = pair(d[2*j]+bias) | pair(d[2*j+1]+bias)<<32
	}
	end := uint(32) // where the last sample is in the last pair
	if len(d)%2 == 1 {
		ahead[n] = pair(d[2*n]+bias) | bias<<32
		n++
		end = 0
	}
	f, g := ahead[:n], back[:n]
	copy(g, f)

	// Stage by stage over all samples: within a stage no sample waits for
	// another.
	mem, wide := *u, pair(0)
	for i, v := range rp {
		r := pair(int64(v))
		add := (1<<14+1<<31)*both - r*bias*both // less the bias of the samples
		before := pair(int32(mem[i]) + bias)
		mem[i] = int16(int32(uint32(g[n-1]>>end)) - bias)
		for j, x := range f {
			late := before | g[j]<<32 // the samples of g, one step later
			before = g[j] >> 32
			t := late + scaled(x, r, add) - 1<<16*both
			x += scaled(late, r, add) - 1<<16*both
			f[j], g[j] = x, t
			wide |= x | t
		}
	}
	if wide&beyond != 0 {
		analyseLoud(d, rp, u)
		return
	}
	*u = mem
	for j, x := range f[:len(d)/2] {
		d[2*j], d[2*j+1] = int32(uint32(x))-bias, int32(x>>32)-bias
	}
	if end == 0 {
		d[2*n-2] = int32(uint32(f[n-1])) - bias
	}
}

// analyseLoud is analyse with saturation.
func analyseLoud(d []int32, rp *[8]int32, u *[8]int16) {
	for k, f := range d {
		t := f
		for i, r := range rp {
			x := int32(u[i])
			u[i] = int16(t)
			t = sat(x + multR(r, f))
			f = sat(f + multR(r, x))
		}
		d[k] = f
	}
}

// synthesise is clause 5.3.4 over one span: the residual in s becomes the
// signal.
func synthesise(s []int32, rp *[8]int32, v *[8]int16) {
	r0, r1, r2, r3, r4, r5, r6, r7 := rp[0], rp[1], rp[2], rp[3], rp[4], rp[5], rp[6], rp[7]
	v0, v1, v2, v3 := int32(v[0]), int32(v[1]), int32(v[2]), int32(v[3])
	v4, v5, v6, v7 := int32(v[4]), int32(v[5]), int32(v[6]), int32(v[7])
	var out [samples]int32
	o := out[:len(s)]
	wide := uint32(0)
	for k, x := range s {
		const h = 1 << 14
		x -= (r7*v7 + h) >> 15
		wide |= uint32(x + 32768)
		x -= (r6*v6 + h) >> 15
		v7 = v6 + (r6*x+h)>>15
		wide |= uint32(x+32768) | uint32(v7+32768)
		x -= (r5*v5 + h) >> 15
		v6 = v5 + (r5*x+h)>>15
		wide |= uint32(x+32768) | uint32(v6+32768)
		x -= (r4*v4 + h) >> 15
		v5 = v4 + (r4*x+h)>>15
		wide |= uint32(x+32768) | uint32(v5+32768)
		x -= (r3*v3 + h) >> 15
		v4 = v3 + (r3*x+h)>>15
		wide |= uint32(x+32768) | uint32(v4+32768)
		x -= (r2*v2 + h) >> 15
		v3 = v2 + (r2*x+h)>>15
		wide |= uint32(x+32768) | uint32(v3+32768)
		x -= (r1*v1 + h) >> 15
		v2 = v1 + (r1*x+h)>>15
		wide |= uint32(x+32768) | uint32(v2+32768)
		x -= (r0*v0 + h) >> 15
		v1 = v0 + (r0*x+h)>>15
		wide |= uint32(x+32768) | uint32(v1+32768)
		v0 = x
		o[k] = x
	}
	if wide>>16 == 0 {
		copy(s, o)
		*v = [8]int16{int16(v0), int16(v1), int16(v2), int16(v3), int16(v4), int16(v5), int16(v6), int16(v7)}
		return
	}
	synthesiseLoud(s, rp, v)
}

// synthesiseLoud is synthesise with saturation.
func synthesiseLoud(s []int32, rp *[8]int32, v *[8]int16) {
	for k, x := range s {
		for i := 7; i >= 0; i-- {
			x = sat(x - multR(rp[i], int32(v[i])))
			if i < 7 {
				v[i+1] = int16(sat(int32(v[i]) + multR(rp[i], x)))
			}
		}
		v[0] = int16(x)
		s[k] = x
	}
}
