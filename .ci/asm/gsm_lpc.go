package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gsmEmphasise is clauses 5.2.3 and 5.2.4.
func gsmEmphasise(c *build.Context) {
	function(c, "emphasiseAVX2", "func(in *[161]int16, s *[168]int16, acf *[9]int32)",
		"emphasiseAVX2 is clauses 5.2.3 and 5.2.4: pre-emphasis of in, whose first sample is the last of",
		"the frame before, into s from its ninth sample on; the first eight must be 0. acf is its",
		"autocorrelation, for which s is rounded to the bits that the sums have room for.")
	in, s, acf := base(c, "in"), base(c, "s"), base(c, "acf")
	const head = 16 // bytes of s before the signal
	x, y, top := c.YMM(), c.YMM(), c.YMM()
	emphasis := all(c, "emphasise_by", -28180)
	c.VPXOR(top, top, top)
	for v := range gsmSamples / 16 {
		c.VPMULHRSW(in.Offset(32*v), emphasis, x)
		c.VPADDSW(in.Offset(32*v+2), x, x)
		c.VMOVDQU(x, s.Offset(head+32*v))
		c.VPABSW(x, x)
		c.VPMAXUW(x, top, top)
	}
	// The largest magnitude, up to 32768: of words without sign.
	largest(c, top)
	g := c.GP32()
	c.VMOVD(top.AsX(), g)
	c.MOVWLZX(g.As16(), g)
	scale := shiftAbove(c, g, 11)
	c.TESTL(scale, scale)
	c.JE(operand.LabelRef("sums"))

	c.MOVL(operand.U32(15), g)
	c.SUBL(scale, g)
	one := c.GP32()
	c.MOVL(operand.U32(1), one)
	c.VMOVD(one, x.AsX())
	n := c.XMM()
	c.VMOVD(g, n)
	c.VPSLLW(n, x.AsX(), x.AsX())
	c.VPBROADCASTW(x.AsX(), x)
	for v := range gsmSamples / 16 {
		c.VPMULHRSW(s.Offset(head+32*v), x, y)
		c.VMOVDQU(y, s.Offset(head+32*v))
	}

	c.Label("sums")
	var a [9]reg.VecVirtual
	for i := range a {
		a[i] = c.YMM()
		c.VPXOR(a[i], a[i], a[i])
	}
	for v := range gsmSamples / 16 {
		c.VMOVDQU(s.Offset(head+32*v), x)
		for i := range a {
			c.VPMADDWD(s.Offset(head+32*v-2*i), x, y)
			c.VPADDD(y, a[i], a[i])
		}
	}
	eight(c, a[1:], x)
	c.VPSLLD(operand.U8(1), x, x)
	c.VMOVDQU(x, acf.Offset(4))
	z := sum(c, a[0])
	c.VPSLLD(operand.U8(1), z, z)
	c.VMOVD(z, acf)

	c.TESTL(scale, scale)
	c.JE(operand.LabelRef("done"))
	c.VMOVD(scale, n)
	for v := range gsmSamples / 16 {
		c.VMOVDQU(s.Offset(head+32*v), y)
		c.VPSLLW(n, y, y)
		c.VMOVDQU(y, s.Offset(head+32*v))
	}
	c.Label("done")
	c.VZEROUPPER()
	c.RET()
}

// eight adds up the dwords of eight registers, into one of eight sums. It
// destroys the eight.
func eight(c *build.Context, a []reg.VecVirtual, d reg.VecVirtual) {
	for i := 0; i < 8; i += 2 {
		c.VPHADDD(a[i+1], a[i], a[i])
	}
	c.VPHADDD(a[2], a[0], a[0])
	c.VPHADDD(a[6], a[4], a[4])
	c.VPERM2I128(operand.U8(0x20), a[4], a[0], d)
	c.VPERM2I128(operand.U8(0x31), a[4], a[0], a[0])
	c.VPADDD(a[0], d, d)
}

// largest leaves the largest word without sign of a register in its lowest.
func largest(c *build.Context, v reg.VecVirtual) {
	x, t := v.AsX(), c.XMM()
	c.VEXTRACTI128(operand.U8(1), v, t)
	c.VPMAXUW(t, x, x)
	// The instruction that looks for the least of eight words finds the largest
	// of their complements.
	ones := c.XMM()
	c.VPCMPEQW(ones, ones, ones)
	c.VPXOR(ones, x, x)
	c.VPHMINPOSUW(x, x)
	c.VPXOR(ones, x, x)
}

// shiftAbove is how far a magnitude of up to 32768, which counts as 32767, must
// be shifted to have no more than that many bits.
func shiftAbove(c *build.Context, top reg.GPVirtual, bits int) reg.GPVirtual {
	limit, n := c.GP32(), c.GP32()
	c.MOVL(operand.U32(32767), limit)
	c.CMPL(top, limit)
	c.CMOVLGT(limit, top)
	c.LEAL(operand.Mem{Base: top.As64(), Index: top.As64(), Scale: 1, Disp: 1}, top) // a bit more, and never 0
	c.BSRL(top, n)
	c.XORL(limit, limit)
	c.SUBL(operand.U8(bits), n)
	c.CMOVLLT(limit, n)
	return n
}

// gsmLAR are the quantizers of the log area ratios.
var gsmLAR = struct{ a, b, least, most, inverse []int }{
	a:       []int{20480, 20480, 20480, 20480, 13964, 15360, 8534, 9036},
	b:       []int{0, 0, 2048, -2560, 94, -1792, -341, -1144},
	least:   []int{-32, -32, -16, -16, -8, -8, -4, -4},
	most:    []int{31, 31, 15, 15, 7, 7, 3, 3},
	inverse: []int{13107, 13107, 13107, 13107, 19223, 17476, 31454, 29708},
}

func gsmRatios(c *build.Context) {
	half := make([]int, 8)
	twice := make([]int, 8)
	for i, b := range gsmLAR.b {
		half[i], twice[i] = b+256, 2*b
	}
	a, b := words(c, "lar_a", gsmLAR.a...), words(c, "lar_b", half...)
	least, most := words(c, "lar_least", gsmLAR.least...), words(c, "lar_most", gsmLAR.most...)
	inverse, b2 := words(c, "lar_inverse", gsmLAR.inverse...), words(c, "lar_b2", twice...)
	k11059, k26112 := words(c, "lar_11059", repeat(8, 11059)...), words(c, "lar_26112", repeat(8, 26112)...)

	function(c, "quantizeAVX2", "func(r *[8]int16, lar *[8]uint8)",
		"quantizeAVX2 is clauses 5.2.6 and 5.2.7: the codes of the log area ratios.")
	r, code := base(c, "r"), base(c, "lar")
	x, f, g := c.XMM(), c.XMM(), c.XMM()
	c.VMOVDQU(r, x)
	// Of the three straight lines the highest counts.
	c.VPABSW(x, f)
	c.VPSUBUSW(k26112, f, g)
	c.VPSLLW(operand.U8(2), g, g)
	t := c.XMM()
	c.VPSUBW(k11059, f, t)
	c.VPMAXSW(t, g, g)
	c.VPSRLW(operand.U8(1), f, f)
	c.VPMAXSW(f, g, g)
	c.VPSIGNW(x, g, g)
	c.VPMULHW(a, g, f)
	c.VPMULLW(a, g, g)
	c.VPSLLW(operand.U8(1), f, f)
	c.VPSRLW(operand.U8(15), g, g)
	c.VPADDW(g, f, f)
	c.VPADDW(b, f, f)
	c.VPSRAW(operand.U8(9), f, f)
	c.VPMAXSW(least, f, f)
	c.VPMINSW(most, f, f)
	c.VPSUBW(least, f, f)
	c.VPACKUSWB(f, f, f)
	c.VMOVQ(f, code)
	c.VZEROUPPER()
	c.RET()

	function(c, "reflectAVX2", "func(code *[8]uint8, lar *[8]int16, rp *[4][8]int16)",
		"reflectAVX2 is clauses 5.2.8 and 5.2.9: it decodes the log area ratios, mixes them with those of",
		"the frame before, which it finds in lar and replaces, and makes the coefficients of the four",
		"spans.")
	code, lar, rp := base(c, "code"), base(c, "lar"), base(c, "rp")
	o, n := c.XMM(), c.XMM()
	c.VMOVDQU(lar, o)
	c.VPMOVZXBW(code, n)
	c.VPADDW(least, n, n)
	c.VPSLLW(operand.U8(10), n, n)
	c.VPSUBW(b2, n, n)
	c.VPMULHRSW(inverse, n, n)
	c.VPADDSW(n, n, n)
	c.VMOVDQU(n, lar)
	oh, nh, q := c.XMM(), c.XMM(), c.XMM()
	c.VPSRAW(operand.U8(2), o, q)
	c.VPSRAW(operand.U8(2), n, nh)
	c.VPADDSW(nh, q, q)
	c.VPSRAW(operand.U8(1), o, oh)
	c.VPSRAW(operand.U8(1), n, nh)
	var mixed [4]reg.VecVirtual
	mixed[0], mixed[1], mixed[2], mixed[3] = c.XMM(), c.XMM(), c.XMM(), n
	c.VPADDSW(oh, q, mixed[0])
	c.VPADDSW(oh, nh, mixed[1])
	c.VPADDSW(nh, q, mixed[2])
	for i, m := range mixed {
		// Of the three straight lines the lowest counts.
		a, f, g := c.XMM(), c.XMM(), c.XMM()
		c.VPABSW(m, a)
		c.VPADDSW(a, a, f)
		c.VPADDSW(k11059, a, g)
		c.VPMINSW(g, f, f)
		c.VPSRLW(operand.U8(2), a, g)
		c.VPADDSW(k26112, g, g)
		c.VPMINSW(g, f, f)
		c.VPSIGNW(m, f, f)
		c.VMOVDQU(f, rp.Offset(16*i))
	}
	c.VZEROUPPER()
	c.RET()
}
