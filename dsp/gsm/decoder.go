package gsm

import "vaad/dsp/simd"

// Decoder decodes one line.
type Decoder struct {
	// Bad counts raw frames without the signature. Such a frame becomes 160
	// zeros, and the state of the decoder stays as it was.
	Bad int

	lar  [8]int16
	v    [8]int16 // memory of the short-term filter
	msr  int16    // of the de-emphasis
	lag  int      // the last that was valid
	past [maxLag + samples]int16

	pair bool
	n    int // bytes in wait
	wait [pairBytes]byte

	level simd.Level // of the kernels to use
}

// NewDecoder makes a decoder in the home state. Any packing but WAV49 means
// Raw.
func NewDecoder(p Packing) *Decoder {
	return &Decoder{pair: p == WAV49, lag: minLag, level: simd.Best()}
}

// Decode appends the samples of src to dst, 160 for each whole frame; the rest
// of the bytes is held back. Of each sample the lowest three bits are zero.
func (d *Decoder) Decode(dst []int16, src []byte) []int16 {
	size := rawBytes
	if d.pair {
		size = pairBytes
	}
	for len(src) > 0 {
		k := copy(d.wait[d.n:size], src)
		src = src[k:]
		if d.n += k; d.n < size {
			break
		}
		d.n = 0
		if d.pair {
			f := parsePair(&d.wait)
			dst = d.synthesise(d.synthesise(dst, &f[0]), &f[1])
			continue
		}
		var f frame
		if !f.parseRaw((*[rawBytes]byte)(d.wait[:])) {
			d.Bad++
			dst = append(dst, make([]int16, samples)...)
			continue
		}
		dst = d.synthesise(dst, &f)
	}
	return dst
}

// synthesise is the decoder of clause 5.3.
func (d *Decoder) synthesise(dst []int16, f *frame) []int16 {
	old := len(dst)
	dst = grow(dst, samples)
	y := (*[samples]int16)(dst[old:])
	if d.level >= simd.AVX2 {
		d.synthesiseFast(y, f)
		return dst
	}
	copy(d.past[:maxLag], d.past[samples:])
	var x [segment]int32
	for i := range f.quarter {
		q := &f.quarter[i]
		excite(&x, q)
		if l := int(q.lag); l >= minLag && l <= maxLag { // clause 5.3.2
			d.lag = l
		}
		gain := gainLevel[q.gain]
		past := d.past[i*segment:]
		then := (*[segment]int16)(past[maxLag-d.lag:])
		now := (*[segment]int16)(past[maxLag:])
		for k, v := range then {
			now[k] = int16(sat(x[k] + multR(gain, int32(v))))
		}
	}
	var out [samples]int32
	for k, v := range (*[samples]int16)(d.past[maxLag:]) {
		out[k] = int32(v)
	}

	var lar [8]int16
	var rp [8]int32
	decodeLAR(&lar, &f.lar)
	for i, sp := range spans {
		coefficients(&rp, &d.lar, &lar, i)
		synthesise(out[sp.from:sp.to], &rp, &d.v)
	}
	d.lar = lar

	// Clauses 5.3.5 to 5.3.7: de-emphasis, scaling up, and 13 bits.
	msr := int32(d.msr)
	for k, v := range out {
		msr = sat(v + multR(msr, 28180))
		y[k] = int16(sat(2*msr) &^ 7)
	}
	d.msr = int16(msr)
	return dst
}

// grow makes dst longer by n, whatever the new elements are.
func grow(dst []int16, n int) []int16 {
	if n <= cap(dst)-len(dst) {
		return dst[:len(dst)+n]
	}
	return append(dst, make([]int16, n)...)
}
