package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// g711 are the kernels of the two laws. They compute what tables say: 16
// samples at a time take less long than one look-up after the other.
func g711(c *build.Context) {
	for _, mu := range []bool{true, false} {
		g711Encode(c, mu)
		g711Decode(c, mu)
	}
}

// sixteen is a loop over blocks of 16 samples, of which there must be one.
func sixteen(c *build.Context, body func(dst, src operand.Mem), dstBytes, srcBytes uint64) {
	dst, src := base(c, "dst"), base(c, "src")
	n := c.GP64()
	c.Load(c.Param("blocks"), n)
	c.Label("loop")
	body(dst, src)
	c.ADDQ(operand.Imm(dstBytes), dst.Base)
	c.ADDQ(operand.Imm(srcBytes), src.Base)
	c.DECQ(n)
	c.JNE(operand.LabelRef("loop"))
	c.VZEROUPPER()
	c.RET()
}

// lookUp is a table of 16 bytes in both halves of a register.
func lookUp(c *build.Context, name string, entry func(i int) int) reg.VecVirtual {
	var b []byte
	for i := range 16 {
		b = append(b, byte(entry(i)))
	}
	y := c.YMM()
	c.VBROADCASTI128(octets(c, name, b...), y)
	return y
}

func log2(i int) (n int) {
	for ; i > 1; i >>= 1 {
		n++
	}
	return n
}

func g711Encode(c *build.Context, mu bool) {
	name, law := "encodeA", "A-law"
	if mu {
		name, law = "encodeMu", "µ-law"
	}
	function(c, name+"AVX2", "func(dst *byte, src *int16, blocks int)",
		name+"AVX2 compresses blocks of 16 samples by "+law+".")
	low := lookUp(c, name+"_low", log2)
	high := lookUp(c, name+"_high", func(i int) int {
		if i == 0 {
			return 0
		}
		return 4 + log2(i)
	})
	power := lookUp(c, name+"_power", func(i int) int { return 1 << max(0, 7-i) })
	nibble := all(c, name+"_nibble", 15)
	mask := all(c, name+"_sign", 0x80)
	flip := all(c, name+"_flip", map[bool]int{true: 0xFF, false: 0xD5}[mu])
	var bias, top reg.VecVirtual
	if mu {
		bias, top = all(c, name+"_bias", 33), all(c, name+"_top", 8191)
	}
	x, sign, e, t := c.YMM(), c.YMM(), c.YMM(), c.YMM()
	sixteen(c, func(dst, src operand.Mem) {
		c.VMOVDQU(src, x)
		c.VPSRAW(operand.U8(15), x, sign)
		c.VPXOR(sign, x, x)
		// The magnitude without the bits that do not count; its exponent is the
		// place of the leading bit of what lies above the mantissa.
		if mu {
			c.VPSRLW(operand.U8(2), x, x)
			c.VPADDW(bias, x, x)
			c.VPMINUW(top, x, x)
			c.VPSRLW(operand.U8(5), x, t)
		} else {
			c.VPSRLW(operand.U8(4), x, x)
			c.VPSRLW(operand.U8(4), x, t)
		}
		c.VPAND(nibble, t, e)
		c.VPSRLW(operand.U8(4), t, t)
		c.VPSHUFB(e, low, e)
		c.VPSHUFB(t, high, t)
		c.VPMAXUB(t, e, e)
		// To shift each by its own is to multiply by a power of two.
		c.VPSHUFB(e, power, t)
		c.VPSLLW(operand.U8(8), t, t)
		if !mu {
			c.VPADDW(x, x, x)
		}
		c.VPMULHUW(t, x, x)
		c.VPSLLW(operand.U8(4), e, e)
		c.VPADDW(e, x, x)
		if mu { // without the leading bit; A-law has it in the exponent
			c.VPSUBW(nibble, x, x)
			c.VPCMPEQW(t, t, t)
			c.VPADDW(t, x, x)
		}
		c.VPAND(mask, sign, sign)
		c.VPXOR(flip, sign, sign)
		c.VPXOR(sign, x, x)
		c.VEXTRACTI128(operand.U8(1), x, t.AsX())
		c.VPACKUSWB(t.AsX(), x.AsX(), x.AsX())
		c.VMOVDQU(x.AsX(), dst)
	}, 16, 32)
}

func g711Decode(c *build.Context, mu bool) {
	name, law := "decodeA", "A-law"
	if mu {
		name, law = "decodeMu", "µ-law"
	}
	function(c, name+"AVX2", "func(dst *int16, src *byte, blocks int)",
		name+"AVX2 expands blocks of 16 codes of "+law+".")
	power := lookUp(c, name+"_power", func(i int) int {
		if mu {
			return 1 << min(i, 7)
		}
		return 1 << min(max(i-1, 0), 7)
	})
	nibble, byteMask := all(c, name+"_nibble", 15), all(c, name+"_byte", 0xFF)
	seven := all(c, name+"_seven", 7)
	flip := all(c, name+"_flip", map[bool]int{true: 0xFF, false: 0x55}[mu])
	x, sign, e, m, t := c.YMM(), c.YMM(), c.YMM(), c.YMM(), c.YMM()
	bias := all(c, name+"_bias", map[bool]int{true: 0x84, false: 8}[mu])
	special := all(c, name+"_special", map[bool]int{true: 0x7F, false: 0x100}[mu])
	zero := c.YMM()
	if !mu {
		c.VPXOR(zero, zero, zero)
	}
	sixteen(c, func(dst, src operand.Mem) {
		c.VPMOVZXBW(src, x)
		c.VPSLLW(operand.U8(8), x, sign)
		c.VPSRAW(operand.U8(15), sign, sign)
		c.VPXOR(flip, x, m)
		c.VPSRLW(operand.U8(4), m, e)
		c.VPAND(seven, e, e)
		c.VPAND(nibble, m, m)
		c.VPSHUFB(e, power, t)
		c.VPAND(byteMask, t, t)
		if mu {
			c.VPSLLW(operand.U8(3), m, m)
			c.VPADDW(bias, m, m)
			c.VPMULLW(t, m, m)
			c.VPSUBW(bias, m, m)
			c.VPCMPEQW(special, x, x) // -0 becomes -1
			c.VPCMPEQW(t, t, t)
			c.VPXOR(t, sign, sign) // set where the value is negative
		} else {
			c.VPSLLW(operand.U8(4), m, m)
			c.VPADDW(bias, m, m)
			c.VPCMPGTW(zero, e, e)
			c.VPAND(special, e, e)
			c.VPADDW(e, m, m)
			c.VPMULLW(t, m, m)
			c.VPCMPEQW(t, t, t)
			c.VPXOR(t, sign, sign)
		}
		c.VPXOR(sign, m, m)
		c.VPSUBW(sign, m, m)
		if mu {
			c.VPADDW(x, m, m)
		}
		c.VMOVDQU(m, dst)
	}, 32, 16)
}
