package gsm

// Table 5.4, the weighting filter, is symmetrical and zero at ±3: here are its
// values at 0, 1, 2, 4 and 5 samples from the middle.
const h0, h1, h2, h4, h5 = 8192, 5741, 2054, -374, -134

// Tables 5.5 and 5.6: inverse and direct mantissas of the block amplitude.
var (
	inverseMant = [8]int32{29128, 26215, 23832, 21846, 20165, 18725, 17476, 16384}
	mant        = [8]int32{18431, 20479, 22527, 24575, 26623, 28671, 30719, 32767}
)

// rpe is clauses 5.2.13 to 5.2.15: it weights what the long-term prediction
// left, picks every third sample of it from the best place on, and codes those.
// e has five zeros before and behind its segment.
func rpe(q *quarter, e *[segment + 10]int32) {
	var x [segment]int32
	for k := range x {
		v := e[k : k+11 : k+11]
		sum := h0*v[5] + h1*(v[4]+v[6]) + h2*(v[3]+v[7]) + h4*(v[1]+v[9]) + h5*(v[0]+v[10])
		x[k] = sat((sum + 1<<12) >> 13)
	}

	var energy [4]int32
	for i := 0; i < 3*pulses; i += 3 {
		a, b, c := x[i]>>2, x[i+1]>>2, x[i+2]>>2
		energy[0] += a * a
		energy[1] += b * b
		energy[2] += c * c
	}
	first, last := x[0]>>2, x[segment-1]>>2
	energy[3] = energy[0] - first*first + last*last
	best := int32(0)
	q.grid = 0
	for m, v := range energy {
		if v > best {
			best, q.grid = v, uint8(m)
		}
	}

	top := int32(0)
	for i := range pulses {
		v := x[int(q.grid)+3*i]
		top = max(top, v, -v)
	}
	top = min(top, 32767)
	exp := uint(0)
	for exp < 6 && top>>9>>exp > 0 {
		exp++
	}
	q.max = uint8(uint(top)>>(exp+5) + exp<<3)

	e6, m := amplitude(q.max)
	for i := range q.pulse {
		v := x[int(q.grid)+3*i] << e6 // 6-exp left shifts, as 16 bits
		v = int32(int16(v)) * inverseMant[m] >> 15
		q.pulse[i] = uint8(v>>12 + 4)
	}
}

// amplitude splits a coded block amplitude (clause 5.2.15): the mantissa, and
// the 6-exp that its users shift by.
func amplitude(c uint8) (shift uint, m uint8) {
	exp := 0
	if c > 15 {
		exp = int(c>>3) - 1
	}
	v := int(c) - exp<<3
	if v == 0 {
		return 6 + 4, 7
	}
	for ; v <= 7; exp-- {
		v = v<<1 | 1
	}
	return uint(6 - exp), uint8(v - 8)
}

// excite is clauses 5.2.16 and 5.2.17: the pulses of a quarter at their places.
func excite(x *[segment]int32, q *quarter) {
	*x = [segment]int32{}
	shift, m := amplitude(q.max)
	half := int32(1) << shift >> 1
	for i, p := range q.pulse {
		v := multR(mant[m], (int32(p)<<1-7)<<12)
		x[int(q.grid)+3*i] = sat(v+half) >> shift
	}
}
