package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// level is the kernel of dsp.Measure. SSE2 is all it needs: every amd64 has it,
// and package dsp does not have to ask.
func level(c *build.Context) {
	one := words(c, "one", repeat(8, 1)...)
	function(c, "measureSSE2", "func(x *int16, n int) (squares, sum int64, lo, hi int)",
		"measureSSE2 measures 8n samples, n in 1…4096: more may not fit into the sum.")
	x, n := base(c, "x"), c.Load(c.Param("n"), c.GP64())
	xmm := func() reg.VecVirtual {
		v := c.XMM()
		c.PXOR(v, v)
		return v
	}
	ones, zero := c.XMM(), xmm()
	c.MOVOU(one, ones)
	squares, other, sum, lo, hi := xmm(), xmm(), xmm(), xmm(), xmm()
	c.Label("more")
	v, t, u := c.XMM(), c.XMM(), c.XMM()
	c.MOVOU(x, v)
	c.PMINSW(v, lo)
	c.PMAXSW(v, hi)
	c.MOVO(v, t)
	c.PMADDWL(v, t) // at most 2³¹: without a sign it fits
	c.PMADDWL(ones, v)
	c.PADDL(v, sum)
	c.MOVO(t, u)
	c.PUNPCKLLQ(zero, t)
	c.PUNPCKHLQ(zero, u)
	c.PADDQ(t, squares)
	c.PADDQ(u, other)
	c.ADDQ(operand.U8(16), x.Base)
	c.DECQ(n)
	c.JNZ(operand.LabelRef("more"))

	c.PADDQ(other, squares)
	c.PSHUFD(operand.U8(0x4E), squares, t)
	c.PADDQ(t, squares)
	r := c.GP64()
	c.MOVQ(squares, r)
	c.Store(r, c.Return("squares"))
	for _, by := range []uint8{0x4E, 0xB1} {
		c.PSHUFD(operand.U8(by), sum, t)
		c.PADDL(t, sum)
	}
	c.MOVQ(sum, r)
	c.MOVLQSX(r.As32(), r)
	c.Store(r, c.Return("sum"))
	for _, e := range []struct {
		v    reg.VecVirtual
		with func(a, b operand.Op)
		to   string
	}{{lo, c.PMINSW, "lo"}, {hi, c.PMAXSW, "hi"}} {
		for _, by := range []uint8{0x4E, 0xB1} {
			c.PSHUFD(operand.U8(by), e.v, t)
			e.with(t, e.v)
		}
		c.PSHUFLW(operand.U8(0xB1), e.v, t)
		e.with(t, e.v)
		c.MOVQ(e.v, r)
		c.MOVWQSX(r.As16(), r)
		c.Store(r, c.Return(e.to))
	}
	c.RET()
}
