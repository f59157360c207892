package g726

import "math/bits"

// Law is the companding of the octets that EncodeLaw takes and DecodeLaw gives.
// The values are those of dsp/g711.
type Law byte

const (
	ALaw  Law = 1
	MuLaw Law = 2
)

// EncodeLaw is Encode for the octets of a G.711 line, as the standard has it.
// It equals Encode of the samples of dsp/g711, but for µ-law's −0, which that
// package makes −1 to get it back.
func (e *Encoder) EncodeLaw(dst, src []byte, law Law) []byte {
	t := expand(law)
	for _, x := range src {
		code, _, _, _ := e.s.step(true, int32(t[x]), 0)
		dst = e.put(dst, code)
	}
	return dst
}

// DecodeLaw is Decode into the octets of a G.711 line. It applies the
// synchronous coding adjustment of clause 4.2.8: however often a signal goes
// from G.711 to G.726 and back, it loses nothing after the first time. Decode
// and companding afterwards do not have that property.
func (d *Decoder) DecodeLaw(dst, src []byte, law Law) []byte {
	t := expand(law)
	for _, b := range src {
		d.take(b)
		for d.n >= d.s.bits {
			code := d.next()
			_, sr, se, y := d.s.step(false, 0, code)
			sp := compress(sr, law)
			// SYNC: would an encoder with this state have sent that code?
			again := d.s.quantize(int32(int16(int32(t[sp])-se)), y)
			top := uint32(1) << ((d.s.bits - 1) & 31) // codes in order of their levels
			switch was, is := code^top, again^top; {
			case is > was:
				sp = lower(sp, law)
			case is < was:
				sp = higher(sp, law)
			}
			dst = append(dst, sp)
		}
	}
	return dst
}

var aLevels, uLevels = expandTable(ALaw), expandTable(MuLaw)

func expand(law Law) *[256]int16 {
	if law == MuLaw {
		return uLevels
	}
	return aLevels
}

// expandTable is block EXPAND: G.711's output values on a scale of 14 bits.
func expandTable(law Law) *[256]int16 {
	t := new([256]int16)
	for c := range t {
		var m int
		if law == MuLaw {
			x := ^c
			m = (x&15*2+33)<<(x>>4&7) - 33
		} else if x := c ^ 0x55; x&0x70 == 0 {
			m = 2 * (x&15*2 + 1)
		} else {
			m = (x&15*2 + 33) << (x >> 4 & 7)
		}
		if c&0x80 == 0 {
			m = -m
		}
		t[c] = int16(m)
	}
	return t
}

// compress is block COMPRESS.
func compress(sr int32, law Law) byte {
	sign := byte(0x80)
	if sr < 0 {
		sign, sr = 0, -sr&32767
	}
	if law == MuLaw {
		m := uint32(min(sr, 8158) + 33)
		seg := uint32(bits.Len32(m)) - 6
		return ^(byte(seg<<4|m>>(seg+1)&15) | ^sign&0x80)
	}
	if sign == 0 {
		sr++
	}
	m := uint32(min(sr>>1, 4095))
	if sign == 0 && m > 0 {
		m--
	}
	seg := uint32(0)
	if m > 31 {
		seg = uint32(bits.Len32(m)) - 5
	}
	return (byte(seg<<4|m>>max(seg, 1)&15) | sign) ^ 0x55
}

// higher and lower are the octets of the next output level; the outermost have
// none. In both laws octets without their inversion are sign and magnitude. The
// two zeros of µ-law are one level.
func higher(sp byte, law Law) byte { return next(sp, 0x80, law) }

func lower(sp byte, law Law) byte { return next(sp, 0, law) }

// next is the octet of the next level towards a sign: 0x80 is positive.
func next(sp, towards byte, law Law) byte {
	turn, zeros := byte(0x55), byte(0)
	if law == MuLaw {
		turn, zeros = 0x7F, 1
	}
	sp ^= turn
	sign, m := sp&0x80, sp&0x7F
	switch {
	case sign == towards:
		m = min(m+1, 127)
	case m > 0:
		m--
	default:
		sign, m = towards, zeros
	}
	return (sign | m) ^ turn
}
