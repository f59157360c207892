package main

import (
	"math"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// dtmfUnder is the high-pass below which hum and dial tones lie: a section of
// the first order and two of the second, one sample after the other. What counts
// is how long each sample waits for the one before, and that is one fused
// multiplication and addition.
func dtmfUnder(c *build.Context) {
	number := func(name string, v float64) operand.Mem {
		m := c.StaticGlobal("highpass_" + name)
		c.DataAttributes(attr.RODATA | attr.NOPTR)
		c.AddDatum(0, operand.U64(math.Float64bits(v)))
		return m
	}
	gain, first := number("b0", 0.44639548), number("a1", -0.3080693)
	sections := [2]struct{ b, a, a2 operand.Mem }{
		{number("b4", -1.94357894), number("a4", -1.28974005), number("a5", 0.60942633)},
		{number("b7", -1.87762087), number("a7", -1.68018589), number("a8", 0.91980809)},
	}

	function(c, "highpassAVX2", "func(dst, src *int16, blocks int, state *[7]float64)",
		"highpassAVX2 filters blocks of four samples, of which there must be one.")
	dst, src, state := base(c, "dst"), base(c, "src"), base(c, "state")
	n := c.GP64()
	c.Load(c.Param("blocks"), n)
	var home [7]reg.VecVirtual // x1, y1, y2, z1, z2, o1, o2
	for i := range home {
		home[i] = c.XMM()
		c.VMOVSD(state.Offset(8*i), home[i])
	}
	local := c.AllocLocal(32)
	in, scale := c.YMM(), c.YMM()
	c.VBROADCASTSD(gain, scale)
	x := c.XMM()
	out := [2]reg.VecVirtual{c.XMM(), c.XMM()}
	c.Label("loop")
	c.VPMOVSXWD(src, in.AsX())
	c.VCVTDQ2PD(in.AsX(), in)
	c.VMULPD(scale, in, in)
	c.VMOVUPD(in, local)
	s, free := home, x
	for i := range 4 {
		// What becomes of a value takes the register of the oldest that went
		// into it; the registers are put in order again after four samples.
		x := free
		c.VMOVSD(local.Offset(8*i), x)
		last := s[0]
		c.VSUBSD(s[0], x, last)
		s[0] = x
		c.VFNMADD231SD(first, s[1], last)
		for k, q := range sections {
			in1, in2, out1, out2 := s[2*k+1], s[2*k+2], s[2*k+3], s[2*k+4]
			c.VFMADD231SD(q.b, in1, in2)
			c.VADDSD(last, in2, in2)
			c.VFNMADD231SD(q.a2, out2, in2)
			c.VFNMADD231SD(q.a, out1, in2) // what hangs on the sample before comes last
			s[2*k+1], s[2*k+2] = last, in1
			last = in2
		}
		free = s[6]
		s[5], s[6] = last, s[5]
		if i%2 == 0 {
			c.VMOVAPD(last, out[i/2])
		} else {
			c.VUNPCKLPD(last, out[i/2], out[i/2])
		}
	}
	restore(c, home[:], s[:], free)
	c.VINSERTF128(operand.U8(1), out[1], out[0].AsY(), in)
	c.VCVTTPD2DQY(in, x)
	c.VPACKSSDW(x, x, x)
	c.VMOVQ(x, dst)
	c.ADDQ(operand.U8(8), src.Base)
	c.ADDQ(operand.U8(8), dst.Base)
	c.DECQ(n)
	c.JNE(operand.LabelRef("loop"))
	for i, v := range home {
		c.VMOVSD(v, state.Offset(8*i))
	}
	c.VZEROUPPER()
	c.RET()
}

// restore moves values from the registers where they are to those where they
// belong, with the help of one that is free.
func restore(c *build.Context, home, at []reg.VecVirtual, free reg.VecVirtual) {
	for {
		moved, left := false, -1
		for i := range at {
			if at[i] == home[i] {
				continue
			}
			left = i
			if free == home[i] {
				c.VMOVAPD(at[i], home[i])
				free, at[i] = at[i], home[i]
				moved = true
			}
		}
		if left < 0 {
			return
		}
		if !moved { // a ring: open it
			c.VMOVAPD(at[left], free)
			free, at[left] = at[left], free
		}
	}
}
