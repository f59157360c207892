//go:build !purego

package gsm

// The same with kernels.

// amplitudes is what amplitude says of each code: shift, half of what is
// shifted, inverse and direct mantissa.
var amplitudes = makeAmplitudes()

func makeAmplitudes() *[64][4]int16 {
	t := new([64][4]int16)
	for c := range t {
		shift, m := amplitude(uint8(c))
		t[c] = [4]int16{int16(shift), int16(1 << shift >> 1), int16(inverseMant[m]), int16(mant[m])}
	}
	return t
}

// analyseFast is analyse.
func (e *Encoder) analyseFast(f *frame, src *[samples]int16) {
	var in [1 + samples]int16
	var s [8 + samples]int16
	var acf [9]int32
	var r [8]int16
	var rp [4][8]int16
	in[0] = int16(e.mp)
	e.compensate((*[samples]int16)(in[1:]), src)
	e.mp = int32(in[samples])
	emphasiseAVX2(&in, &s, &acf)
	reflection(&r, &acf)
	quantizeAVX2(&r, &f.lar)
	reflectAVX2(&f.lar, &e.lar, &rp)
	d := (*[samples]int16)(s[8:])
	latticeAVX2(d, &rp, &e.u)

	copy(e.past[:maxLag], e.past[samples:])
	for i := range f.quarter {
		q := &f.quarter[i]
		d := (*[segment]int16)(d[i*segment:])
		past := (*[maxLag + segment]int16)(e.past[i*segment:])
		best, lag, power := searchAVX2(d, past)
		q.lag, q.gain = uint8(lag), gainCode(best, power)
		grid, top := codeAVX2(d, past, int(lag), int(gainLevel[q.gain]), amplitudes, &q.pulse[0])
		q.grid, q.max = uint8(grid), uint8(top)
	}
}

// synthesiseFast is synthesise.
func (d *Decoder) synthesiseFast(y *[samples]int16, f *frame) {
	copy(d.past[:maxLag], d.past[samples:])
	for i := range f.quarter {
		q := &f.quarter[i]
		if l := int(q.lag); l >= minLag && l <= maxLag { // clause 5.3.2
			d.lag = l
		}
		past := (*[maxLag + segment]int16)(d.past[i*segment:])
		rebuildAVX2(&q.pulse[0], int(q.grid&3), &amplitudes[q.max&63], past, d.lag, int(gainLevel[q.gain&3]))
	}
	var rp [4][8]int16
	reflectAVX2(&f.lar, &d.lar, &rp)
	speakAVX2((*[samples]int16)(d.past[maxLag:]), &rp, &d.v, &d.msr, y)
}
