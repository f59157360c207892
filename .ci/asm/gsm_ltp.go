package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	gsmSegment = 40
	gsmMaxLag  = 120
)

// gsmSearch is the search of clause 5.2.11. A lane is a lag: two samples of d
// at a time are multiplied by pairs of samples of the past, of which eight lie
// side by side, so that the sums need not be added up across. Pairs at even
// offsets and pairs at odd ones are two rows of vectors.
func gsmSearch(c *build.Context) {
	const evens, odds = 6, 5 // vectors of the offsets 0, 2…80 and 1, 3…79
	function(c, "searchAVX2", "func(d *[40]int16, past *[160]int16) (best, lag, power int32)",
		"searchAVX2 is the first half of clause 5.2.11: the greatest cross-correlation of d with past,",
		"its lag, and the power of past there. best is 0 and power means nothing where no",
		"correlation is positive.")
	d, past := base(c, "d"), base(c, "past")
	scaled := c.AllocLocal(96)

	// d to ten bits.
	a0, a1, t := c.YMM(), c.YMM(), c.YMM()
	a2 := c.XMM()
	c.VMOVDQU(d, a0)
	c.VMOVDQU(d.Offset(32), a1)
	c.VMOVDQU(d.Offset(64), a2)
	top := c.YMM()
	c.VPABSW(a0, top)
	c.VPABSW(a1, t)
	c.VPMAXUW(t, top, top)
	c.VPABSW(a2, t.AsX())
	c.VPMAXUW(t, top, top) // of t, the upper half is 0
	largest(c, top)
	g := c.GP32()
	c.VMOVD(top.AsX(), g)
	c.MOVWLZX(g.As16(), g)
	scale := shiftAbove(c, g, 9)
	n := c.XMM()
	c.VMOVD(scale, n)
	c.VPSRAW(n, a0, a0)
	c.VPSRAW(n, a1, a1)
	c.VPSRAW(n, a2, a2)
	c.VMOVDQU(a0, scaled)
	c.VMOVDQU(a1, scaled.Offset(32))
	c.VMOVDQU(a2, scaled.Offset(64))

	var e, o [6]reg.VecVirtual
	for i := range evens {
		e[i] = c.YMM()
	}
	for i := range odds {
		o[i] = c.YMM()
	}
	w := c.YMM()
	x := t
	for k := range gsmSegment / 2 {
		c.VPBROADCASTD(scaled.Offset(4*k), w)
		into := func(acc reg.VecVirtual, m operand.Mem) {
			if k == 0 {
				c.VPMADDWD(m, w, acc)
				return
			}
			c.VPMADDWD(m, w, x)
			c.VPADDD(x, acc, acc)
		}
		for i := range evens {
			into(e[i], past.Offset(4*k+32*i))
		}
		for i := range odds {
			into(o[i], past.Offset(4*k+32*i+2))
		}
	}
	// Of the last vector only offset 80 counts.
	c.VPXOR(x, x, x)
	c.VPBLENDD(operand.U8(1), e[evens-1], x, e[evens-1])

	c.VPMAXSD(e[0], e[1], w)
	for i := 2; i < evens; i++ {
		c.VPMAXSD(e[i], w, w)
	}
	for i := range odds {
		c.VPMAXSD(o[i], w, w)
	}
	m := fold(c, w, func(a, b, d reg.Register) { c.VPMAXSD(a, b, d) })
	best := c.GP32()
	c.VMOVD(m, best)
	c.TESTL(best, best)
	c.JLE(operand.LabelRef("none"))
	c.VPBROADCASTD(m, w)

	// The greatest offset with that sum is the shortest lag. A bit below those
	// of the lanes makes 0 of none.
	where := func(acc []reg.VecVirtual) reg.GPVirtual {
		bits, b := c.GP64(), c.GP64()
		c.MOVQ(operand.U32(1), bits)
		for i, v := range acc {
			c.VPCMPEQD(v, w, x)
			c.VMOVMSKPS(x, b.As32())
			c.SHLQ(operand.U8(8*i+1), b)
			c.ORQ(b, bits)
		}
		c.BSRQ(bits, bits)
		return bits
	}
	even, odd := where(e[:evens]), where(o[:odds])
	c.LEAQ(operand.Mem{Base: even, Index: even, Scale: 1, Disp: -2}, even)
	c.LEAQ(operand.Mem{Base: odd, Index: odd, Scale: 1, Disp: -1}, odd)
	c.CMPQ(odd, even)
	c.CMOVQGT(odd, even)

	// The power, from there on.
	then := operand.Mem{Base: past.Base, Index: even, Scale: 2}
	c.VMOVDQU(then, a0)
	c.VMOVDQU(then.Offset(32), a1)
	c.VMOVDQU(then.Offset(64), a2)
	c.VPSRAW(operand.U8(3), a0, a0)
	c.VPSRAW(operand.U8(3), a1, a1)
	c.VPSRAW(operand.U8(3), a2, a2)
	c.VPMADDWD(a0, a0, a0)
	c.VPMADDWD(a1, a1, a1)
	c.VPMADDWD(a2, a2, a2)
	c.VPADDD(a1, a0, a0)
	z := c.XMM()
	c.VEXTRACTI128(operand.U8(1), a0, z)
	c.VPADDD(z, a2, z)
	c.VPADDD(a0.AsX(), z, z)
	z = sum(c, z)
	power := c.GP32()
	c.VMOVD(z, power)
	c.ADDL(power, power)
	c.Store(power, c.Return("power"))

	// Back to the scale of the signal.
	six := c.GP32()
	c.MOVL(operand.U32(6), six)
	c.SUBL(scale, six)
	c.ADDL(best, best)
	c.MOVL(six, reg.ECX)
	c.SARL(reg.CL, best)
	c.Store(best, c.Return("best"))
	c.NEGQ(even)
	c.ADDQ(operand.U8(gsmMaxLag), even)
	c.Store(even.As32(), c.Return("lag"))
	c.VZEROUPPER()
	c.RET()

	c.Label("none")
	c.XORL(best, best)
	c.Store(best, c.Return("best"))
	c.Store(best, c.Return("power"))
	c.MOVL(operand.U32(40), best)
	c.Store(best, c.Return("lag"))
	c.VZEROUPPER()
	c.RET()
}
