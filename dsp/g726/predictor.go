package g726

import "math/bits"

// state is the part of the algorithm that encoder and decoder have in common.
// Names are those of G.726 clause 4.2 in small letters.
type state struct {
	*scale
	yl, yu   int32    // slow and fast scale factor: 19 and 13 bits
	dms, dml int32    // short and long term average of F(I)
	ap       int32    // speed control
	a1, a2   int32    // pole predictor
	b        [2]lanes // zero predictor, each coefficient plus bias
	signs    [2]lanes // of dq: 256 where negative
	dq       [6]past  // the last quantized differences
	sr       [2]past  // the last reconstructed signals
	pk1, pk2 int32    // signs of the last two dqsez: 0 or -1
	td       bool     // tone detected
}

// lanes are three numbers of 16 bits in one word, 21 bits apart: what is done
// to all six coefficients alike is done to three at once.
type lanes uint64

const (
	lane       = 21
	each lanes = 1 | 1<<lane | 1<<(2*lane) // times a number: it in every lane
	bias       = 1 << 15                   // makes a coefficient positive
)

func start(r Rate) state {
	s := state{scale: scales[r], yl: 34816, yu: 544, b: [2]lanes{bias * each, bias * each}}
	for i := range s.dq {
		s.dq[i] = float(0, 0)
	}
	s.sr = [2]past{s.dq[0], s.dq[0]}
	return s
}

// A float is a number as blocks FLOATA, FLOATB and FMULT see it, with a mantissa
// of 6 bits. That of a coefficient is packed into 16 bits: sign, mantissa,
// exponent, each at the lowest bit of signBit, mantBit and 1.
const (
	signBit = 1 << 15
	mantBit = 1 << 9
)

// past is the float of a past signal, in the form in which product wants it.
type past struct {
	mant uint32
	rest int32 // the sign in bit 31; 32 less the exponent in the lowest six
}

// float is the float of a magnitude of up to 15 bits and a sign of 0 or -1.
func float(mag, sign int32) past {
	exp := bits.Len32(uint32(mag))
	mant := uint32(mag)<<6>>(uint32(exp)&31) | 32 // zero has the mantissa 32
	return past{mant, sign<<31 | int32(32-exp)}
}

// coefficient is the float of each predictor coefficient: the index is the
// coefficient plus bias without its last two bits.
var coefficient = makeCoefficients()

func makeCoefficients() *[1 << 14]int16 {
	t := new([1 << 14]int16)
	for i := range t {
		mag, sign := i-len(t)/2, 0
		if mag < 0 {
			mag, sign = -mag&8191, signBit
		}
		exp := bits.Len(uint(mag))
		t[i] = int16(sign | (mag<<6>>exp|32)*mantBit | exp)
	}
	return t
}

// product is a coefficient times a signal: the rest of block FMULT. The
// difference of the low bits is the shift of the product.
func product(index uint64, v *past) int32 {
	t := int32(coefficient[index&(1<<14-1)])
	w := uint64(uint32(t)&(63*mantBit)*v.mant+48*mantBit) &^ (16*mantBit - 1)
	m := int32(w>>(uint32(v.rest-t)&63)) & 32767
	sign := (t ^ v.rest) >> 31
	return (m ^ sign) - sign
}

// mix gives the scale factor y (blocks LIMA and MIX).
func (s *state) mix() int32 {
	al := min(s.ap>>2, 64)
	yl := s.yl >> 6
	d := s.yu - yl
	sign := d >> 31
	return yl + ((((d ^ sign) - sign) * al >> 6) ^ sign - sign)
}

// quantize gives the code of a difference (blocks LOG, SUBTB and QUAN).
func (s *state) quantize(d, y int32) uint32 {
	sign := d >> 31
	mag := uint32((d^sign)-sign) & 32767
	exp := uint32(bits.Len32(mag|1) - 1)
	dln := int32(exp<<7+mag<<7>>(exp&31)&127) - y>>2
	return uint32(s.code[sign&1][(dln+2048)&4095])
}
