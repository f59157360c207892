package main

import (
	"math"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// progressTones are the kernels of dsp/progress.
func progressTones(c *build.Context) {
	progressWide(c)
	progressNarrow(c)
	progressSquares(c)
	progressSine(c)
}

// progressWide multiplies pairs of samples by pairs of taps: every other output
// begins a pair further.
func progressWide(c *build.Context) {
	pair := func(name string, a, b int16) operand.Mem {
		v := uint32(uint16(a)) | uint32(uint16(b))<<16
		return vadWords(c, name, v, v, v, v, v, v, v, v)
	}
	outer, left, right := pair("outer", -1, 0), pair("left", 9, 16), pair("right", 9, 0)
	scale := floats(c, "scale", alike(1.0/32)...)

	c.Function("wideAVX2")
	c.SignatureExpr("func(dst *[64]float32, x *[134]int16)")
	c.Doc("wideAVX2 is wide. It needs AVX2.")
	c.Pragma("noescape")
	dst := operand.Mem{Base: c.Load(c.Param("dst"), c.GP64())}
	x := operand.Mem{Base: c.Load(c.Param("x"), c.GP64())}
	var tap [4]reg.VecVirtual
	for i, m := range []operand.Mem{outer, left, right, scale} {
		tap[i] = c.YMM()
		c.VMOVDQU(m, tap[i])
	}
	for i := range 8 {
		sum, t := c.YMM(), c.YMM()
		c.VPMADDWD(at(x, i, 32), tap[0], sum)
		c.VPMADDWD(at(x, i, 32).Offset(4), tap[1], t)
		c.VPADDD(t, sum, sum)
		c.VPMADDWD(at(x, i, 32).Offset(8), tap[2], t)
		c.VPADDD(t, sum, sum)
		c.VPMADDWD(at(x, i, 32).Offset(12), tap[0], t)
		c.VPADDD(t, sum, sum)
		c.VCVTDQ2PS(sum, sum)
		c.VMULPS(tap[3], sum, sum)
		c.VMOVUPS(sum, at(dst, i, 32))
	}
	c.VZEROUPPER()
	c.RET()
}

// progressTails are the taps of narrow from the middle outwards.
func progressTails() (t [4]float32) {
	const reach = 7
	sum := 0.0
	for i := range t {
		k := float64(2*i + 1)
		v := math.Sin(math.Pi*k/2) / (math.Pi * k) * (0.54 + 0.46*math.Cos(math.Pi*k/(reach+1)))
		t[i] = float32(v)
		sum += 2 * v
	}
	for i := range t {
		t[i] *= float32(0.5 / sum)
	}
	return t
}

// progressNarrow parts the samples into even and odd ones.
func progressNarrow(c *build.Context) {
	middle := floats(c, "middle", alike(0.5)...)
	var tails [4]operand.Mem
	for i, v := range progressTails() {
		tails[i] = floats(c, "tail"+string(rune('0'+i)), alike(v)...)
	}
	c.Function("narrowAVX2")
	c.SignatureExpr("func(dst *[32]float32, x *[80]float32)")
	c.Doc("narrowAVX2 is narrow. It needs AVX2.")
	c.Pragma("noescape")
	dst := operand.Mem{Base: c.Load(c.Param("dst"), c.GP64())}
	x := operand.Mem{Base: c.Load(c.Param("x"), c.GP64())}
	even, odd := c.AllocLocal(40*4), c.AllocLocal(40*4)
	for i := range 5 {
		a, b, e, o := c.YMM(), c.YMM(), c.YMM(), c.YMM()
		c.VMOVUPS(at(x, 2*i, 32), a)
		c.VMOVUPS(at(x, 2*i+1, 32), b)
		c.VSHUFPS(operand.U8(0x88), b, a, e)
		c.VSHUFPS(operand.U8(0xDD), b, a, o)
		c.VPERMPD(operand.U8(0xD8), e, e)
		c.VPERMPD(operand.U8(0xD8), o, o)
		c.VMOVUPS(e, at(even, i, 32))
		c.VMOVUPS(o, at(odd, i, 32))
	}
	for i := range 4 {
		sum := c.YMM()
		c.VMOVUPS(at(odd, i, 32).Offset(3*4), sum)
		c.VMULPS(middle, sum, sum)
		for k, tail := range tails {
			t := c.YMM()
			c.VMOVUPS(at(even, i, 32).Offset((3-k)*4), t)
			c.VADDPS(at(even, i, 32).Offset((4+k)*4), t, t)
			c.VMULPS(tail, t, t)
			c.VADDPS(t, sum, sum)
		}
		c.VMOVUPS(sum, at(dst, i, 32))
	}
	c.VZEROUPPER()
	c.RET()
}

// progressReduce adds up the lanes of a vector, those that lie apart first.
func progressReduce(c *build.Context, v reg.VecVirtual) reg.VecVirtual {
	x, y := c.XMM(), c.XMM()
	c.VEXTRACTF128(operand.U8(1), v, x)
	c.VADDPS(x, v.AsX(), x)
	c.VPERMILPS(operand.U8(0x4E), x, y)
	c.VADDPS(y, x, x)
	c.VPERMILPS(operand.U8(0xB1), x, y)
	c.VADDSS(y, x, x)
	return x
}

func progressSquares(c *build.Context) {
	c.Function("squaresAVX2")
	c.SignatureExpr("func(x *float32, n int) float32")
	c.Doc("squaresAVX2 is squares of n samples, a multiple of 8. It needs AVX2.")
	c.Pragma("noescape")
	x := c.Load(c.Param("x"), c.GP64())
	n := c.Load(c.Param("n"), c.GP64())
	sum := c.YMM()
	c.VXORPS(sum, sum, sum)
	c.Label("more")
	v := c.YMM()
	c.VMOVUPS(operand.Mem{Base: x}, v)
	c.VMULPS(v, v, v)
	c.VADDPS(v, sum, sum)
	c.ADDQ(operand.U32(32), x)
	c.SUBQ(operand.U32(8), n)
	c.JG(operand.LabelRef("more"))
	c.Store(progressReduce(c, sum), c.ReturnIndex(0))
	c.VZEROUPPER()
	c.RET()
}

func progressSine(c *build.Context) {
	c.Function("neighboursAVX2")
	c.SignatureExpr("func(m *[131]float32) (r0, r1, r2 float32)")
	c.Doc("neighboursAVX2 is neighbours. It needs AVX2.")
	c.Pragma("noescape")
	m := operand.Mem{Base: c.Load(c.Param("m"), c.GP64())}
	var r [3]reg.VecVirtual
	for k := range r {
		r[k] = c.YMM()
		c.VXORPS(r[k], r[k], r[k])
	}
	for i := range 16 {
		var x [4]reg.VecVirtual
		for k := range x {
			x[k] = c.YMM()
			c.VMOVUPS(at(m, i, 32).Offset(4*k), x[k])
		}
		d, d1, d2 := c.YMM(), c.YMM(), c.YMM()
		c.VSUBPS(x[2], x[3], d)
		c.VSUBPS(x[1], x[2], d1)
		c.VSUBPS(x[0], x[1], d2)
		c.VMULPS(d, d2, d2)
		c.VADDPS(d2, r[2], r[2])
		c.VMULPS(d, d1, d1)
		c.VADDPS(d1, r[1], r[1])
		c.VMULPS(d, d, d)
		c.VADDPS(d, r[0], r[0])
	}
	for k, name := range []string{"r0", "r1", "r2"} {
		c.Store(progressReduce(c, r[k]), c.Return(name))
	}
	c.VZEROUPPER()
	c.RET()
}
