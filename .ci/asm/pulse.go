package main

import (
	"math"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// doubles is a constant of the same value in four lanes.
func doubles(c *build.Context, name string, v float64) operand.Mem {
	m := c.StaticGlobal(name)
	c.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range 4 {
		c.AddDatum(8*i, operand.U64(math.Float64bits(v)))
	}
	return m
}

// clicks is the kernel of dsp/pulse. It holds four frames side by side, one in
// each lane, and takes their samples one after the other; what a frame leaves
// to the next is added at the end.
func clicks(c *build.Context) {
	const ( // exact: only what is stored is rounded
		k   = 0.79
		k2  = k * k
		k4  = k2 * k2
		k8  = k4 * k4
		all = k2 * (1 + k2) * (1 + k4) * (1 + k8)
	)
	zero := doubles(c, "zero", 2*math.Cos(2*math.Pi*425/8000))
	keep := doubles(c, "keep", k)
	var weight [8]operand.Mem
	for i, v := range [8]float64{2 * k, 2 * k2, 2 * k2 * k, 2 * k4, 2 * k4 * k, 2 * k4 * k2, 2 * k4 * k2 * k, 2 * k8} {
		weight[i] = doubles(c, "weight"+string(rune('0'+i)), v)
	}
	square := doubles(c, "square", all)
	whole := doubles(c, "whole", k8)

	function(c, "powersAVX2", "func(in *[21]float64, p *[20]float64, last *[3]int32, x *int16, n int)",
		"powersAVX2 is powers of 4n frames, n at least 1. It needs AVX2.")
	in, p, last := base(c, "in"), base(c, "p"), base(c, "last")
	x, n := base(c, "x"), c.Load(c.Param("n"), c.GP64())
	var before [3]reg.VecVirtual // last sample, last difference and the one before
	for i := range before {
		before[i] = c.XMM()
		c.VPBROADCASTD(last.Offset(4*i), before[i])
	}
	c.Label("more")

	// Samples 0…7 of four frames, each in four lanes.
	var f [4]reg.VecVirtual
	for i := range f {
		f[i] = c.XMM()
		c.VMOVDQU(at(x, i, 16), f[i])
	}
	pair := func(low bool, a, b reg.VecVirtual) reg.VecVirtual {
		t := c.XMM()
		if low {
			c.VPUNPCKLWD(b, a, t)
		} else {
			c.VPUNPCKHWD(b, a, t)
		}
		return t
	}
	var s [8]reg.VecVirtual
	for i, low := range []bool{true, false} {
		a, b := pair(low, f[0], f[1]), pair(low, f[2], f[3])
		for j := range 2 {
			t, y := c.XMM(), c.YMM()
			if j == 0 {
				c.VPUNPCKLDQ(b, a, t)
			} else {
				c.VPUNPCKHDQ(b, a, t)
			}
			c.VPMOVSXWD(t, y)
			at := 4*i + 2*j
			s[at], s[at+1] = y.AsX().(reg.VecVirtual), c.XMM()
			c.VEXTRACTI128(operand.U8(1), y, s[at+1])
		}
	}
	// What lies before sample 0 is in the frame before.
	shifted := func(i int, v reg.VecVirtual) reg.VecVirtual {
		t := c.XMM()
		c.VPALIGNR(operand.U8(12), before[i], v, t)
		c.VMOVDQA(v, before[i])
		return t
	}
	minus := func(b, a reg.VecVirtual) reg.VecVirtual {
		t := c.XMM()
		c.VPSUBD(a, b, t)
		return t
	}
	number := func(v reg.VecVirtual) reg.VecVirtual {
		t := c.YMM()
		c.VCVTDQ2PD(v, t)
		return t
	}
	d2, d1 := number(shifted(2, minus(s[6], s[5]))), number(shifted(1, minus(s[7], s[6])))
	was := c.XMM()
	c.VPALIGNR(operand.U8(12), before[0], s[7], was)
	var v, squares, cross reg.VecVirtual
	for i := range s {
		d := number(minus(s[i], was))
		was = s[i]
		u, t := c.YMM(), c.YMM()
		c.VADDPD(d2, d, u)
		c.VMULPD(zero, d1, t)
		c.VSUBPD(t, u, u)
		d2, d1 = d1, d
		if i == 0 {
			v, squares, cross = u, c.YMM(), c.YMM()
			c.VMULPD(v, v, squares)
			c.VMULPD(weight[i], v, cross)
			continue
		}
		next, a, b := c.YMM(), c.YMM(), c.YMM()
		c.VMULPD(keep, v, next)
		c.VADDPD(u, next, next)
		v = next
		c.VMULPD(v, v, a)
		c.VADDPD(a, squares, squares)
		c.VMULPD(weight[i], v, b)
		c.VADDPD(b, cross, cross)
	}
	c.VMOVDQA(s[7], before[0]) // now, as there are no more than 16 registers
	// What each frame finds from the one before.
	left := c.XMM()
	c.VMOVSD(in, left)
	half := c.XMM()
	c.VEXTRACTF128(operand.U8(1), v, half)
	var found [4]reg.VecVirtual
	for i := range found {
		found[i] = left
		add := []reg.Register{v.AsX(), nil, half, nil}[i]
		if i%2 == 1 {
			t := c.XMM()
			from := []reg.Register{v.AsX(), half}[i/2]
			c.VUNPCKHPD(from, from, t)
			add = t
		}
		next := c.XMM()
		c.VMULSD(whole, left, next)
		c.VADDSD(add, next, next)
		left = next
	}
	low, high, z := c.YMM(), c.XMM(), c.YMM()
	c.VUNPCKLPD(found[1], found[0], low.AsX())
	c.VUNPCKLPD(found[3], found[2], high)
	c.VINSERTF128(operand.U8(1), high, low, z)
	c.VMOVUPD(z, in)
	t := c.YMM()
	c.VMULPD(square, z, t)
	c.VADDPD(cross, t, t)
	c.VMULPD(z, t, t)
	c.VADDPD(squares, t, t)
	c.VMOVUPD(t, p)
	c.VMOVSD(left, in.Offset(32))
	c.ADDQ(operand.U8(64), x.Base)
	c.ADDQ(operand.U8(32), in.Base)
	c.ADDQ(operand.U8(32), p.Base)
	c.DECQ(n)
	c.JNZ(operand.LabelRef("more"))
	for i := range before {
		c.VPEXTRD(operand.U8(3), before[i], last.Offset(4*i))
	}
	c.VZEROUPPER()
	c.RET()
}
