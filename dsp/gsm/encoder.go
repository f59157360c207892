package gsm

import "vaad/dsp/simd"

// Packing is how frames lie in bytes.
type Packing byte

const (
	// Raw is 33 bytes a frame: 4 bits of signature and 260 of the frame, as
	// files of toast, Asterisk's .gsm and RTP's payload type 3 have them.
	Raw Packing = iota + 1
	// WAV49 is 65 bytes for two frames, lowest bits first, without signature,
	// as WAV files of format 49 (0x31) have them.
	WAV49
)

// Encoder codes one line.
type Encoder struct {
	z1, mp int32 // preprocessing
	z2     int64
	lar    [8]int16 // decoded ratios of the frame before
	u      [8]int16 // memory of the short-term filter
	past   [maxLag + samples]int16

	pair   bool
	second bool   // of a pair comes next
	held   uint64 // 4 bits of the first
	n      int    // samples in wait
	wait   [samples]int16

	level simd.Level // of the kernels to use
}

// NewEncoder makes an encoder in the home state. Any packing but WAV49 means
// Raw.
func NewEncoder(p Packing) *Encoder { return &Encoder{pair: p == WAV49, level: simd.Best()} }

// Encode appends the code of src to dst, as many whole frames as there are; the
// rest is held back. Of each sample the upper 13 bits count.
func (e *Encoder) Encode(dst []byte, src []int16) []byte {
	for len(src) > 0 {
		if e.n == 0 && len(src) >= samples {
			dst = e.frame(dst, (*[samples]int16)(src))
			src = src[samples:]
			continue
		}
		k := copy(e.wait[e.n:], src)
		src = src[k:]
		if e.n += k; e.n == samples {
			e.n = 0
			dst = e.frame(dst, &e.wait)
		}
	}
	return dst
}

// Flush completes a frame that was begun, and a pair, with zeros.
func (e *Encoder) Flush(dst []byte) []byte {
	var zeros [samples]int16
	if e.n > 0 {
		dst = e.Encode(dst, zeros[e.n:])
	}
	if e.second {
		dst = e.Encode(dst, zeros[:])
	}
	return dst
}

func (e *Encoder) frame(dst []byte, src *[samples]int16) []byte {
	var f frame
	if e.level >= simd.AVX2 {
		e.analyseFast(&f, src)
	} else {
		e.analyse(&f, src)
	}
	if !e.pair {
		return f.appendRaw(dst)
	}
	n := uint(0)
	if e.second {
		n = 4
	}
	dst, e.held = f.appendHalf(dst, e.held, n)
	e.second = !e.second
	return dst
}

// analyse is the encoder of clause 5.2.
func (e *Encoder) analyse(f *frame, src *[samples]int16) {
	var s [samples]int32
	var acf [9]int32
	var r [8]int16
	autocorrelation(&acf, &s, e.preprocess(&s, src))
	reflection(&r, &acf)
	quantizeLAR(&f.lar, &r)

	var lar [8]int16
	var rp [8]int32
	decodeLAR(&lar, &f.lar)
	for i, sp := range spans {
		coefficients(&rp, &e.lar, &lar, i)
		analyse(s[sp.from:sp.to], &rp, &e.u)
	}
	e.lar = lar

	copy(e.past[:maxLag], e.past[samples:])
	var x [segment]int32
	var left [segment + 10]int32
	for i := range f.quarter {
		q := &f.quarter[i]
		d := (*[segment]int32)(s[i*segment:])
		past := (*[maxLag + segment]int16)(e.past[i*segment:])
		ltp(q, d, past)
		// Clause 5.2.12: what the past explains, and what it leaves.
		then := (*[segment]int16)(past[maxLag-int(q.lag):])
		now := (*[segment]int16)(past[maxLag:])
		gain := gainLevel[q.gain]
		for k, v := range then {
			p := multR(gain, int32(v))
			now[k] = int16(p)
			left[k+5] = sat(d[k] - p)
		}
		rpe(q, &left)
		excite(&x, q)
		for k, v := range x { // clause 5.2.18
			now[k] = int16(sat(int32(now[k]) + v))
		}
	}
}
