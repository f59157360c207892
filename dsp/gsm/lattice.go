package gsm

// Filters of reflection coefficients. The standard saturates every sum; with
// speech none overflows. So each span is first filtered without, noting
// whether any sum left 16 bits, and once more with saturation when one did.

// analyse is clause 5.2.10 over one span: it turns the signal in d into the
// residual. u is the memory of the filter.
func analyse(d []int32, rp, u *[8]int32, b *[samples]int32) {
	var saved [samples]int32
	copy(saved[:], d)
	mem := *u
	copy(b[:], d)
	g := b[:len(d)]
	wide := uint32(0)
	// Stage by stage over all samples: within a stage no sample waits for
	// another.
	for i, r := range rp {
		before := u[i]
		for k, f := range d {
			t := before + (r*f+1<<14)>>15
			f += (r*before + 1<<14) >> 15
			before = g[k]
			d[k], g[k] = f, t
			wide |= uint32(t+32768) | uint32(f+32768)
		}
		u[i] = before
	}
	if wide>>16 == 0 {
		return
	}
	*u = mem
	copy(d, saved[:])
	for k, f := range d {
		t := f
		for i, r := range rp {
			x := u[i]
			u[i] = t
			t = sat(x + multR(r, f))
			f = sat(f + multR(r, x))
		}
		d[k] = f
	}
}

// synthesise is clause 5.3.4 over one span: the residual in s becomes the
// signal.
func synthesise(s []int32, rp *[8]int32, v *[9]int32) {
	r0, r1, r2, r3, r4, r5, r6, r7 := rp[0], rp[1], rp[2], rp[3], rp[4], rp[5], rp[6], rp[7]
	v0, v1, v2, v3, v4, v5, v6, v7 := v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]
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
		*v = [9]int32{v0, v1, v2, v3, v4, v5, v6, v7}
		return
	}
	for k, x := range s {
		for i := 7; i >= 0; i-- {
			x = sat(x - multR(rp[i], v[i]))
			v[i+1] = sat(v[i] + multR(rp[i], x))
		}
		v[0] = x
		s[k] = x
	}
}
