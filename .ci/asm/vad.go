package main

import (
	"math"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// vadWords declares read-only whole numbers.
func vadWords(c *build.Context, name string, values ...uint32) operand.Mem {
	m := c.StaticGlobal(name)
	c.DataAttributes(attr.RODATA | attr.NOPTR)
	for i, v := range values {
		c.AddDatum(4*i, operand.U32(v))
	}
	return m
}

// voice are the kernels of dsp/vad.
func voice(c *build.Context) {
	vadRest(c)
	vadLevels(c)
	vadScore(c)
	vadOdds(c)
}

// vadRest holds all lines in four vectors. The number of a line takes the place of
// the last bits of its power, so that the greatest of them says where it is.
func vadRest(c *build.Context) {
	var number, kept [32]uint32
	for i := range number {
		number[i] = uint32(i)
		if i > 1 && i < 31 {
			kept[i] = math.MaxUint32
		}
	}
	numbers := vadWords(c, "number", number[:]...)
	keep := vadWords(c, "keep", kept[:]...)
	place := vadWords(c, "place", 31, 31, 31, 31, 31, 31, 31, 31)
	one := vadWords(c, "one", 1, 1, 1, 1, 1, 1, 1, 1)

	c.Function("restAVX2")
	c.SignatureExpr("func(p *[32]float32, total float32) float32")
	c.Doc("restAVX2 is rest. It needs AVX2.")
	c.Pragma("noescape")
	base := c.Load(c.Param("p"), c.GP64())
	p := operand.Mem{Base: base}
	left := c.XMM()
	c.Load(c.Param("total"), left)
	low, once := c.YMM(), c.YMM()
	c.VMOVDQU(place, low)
	c.VMOVDQU(one, once)
	var line [4]reg.VecVirtual
	for i := range line {
		line[i] = c.YMM()
		c.VMOVDQU(at(p, i, 32), line[i])
		c.VPAND(at(keep, i, 32), line[i], line[i])
		c.VMOVDQU(line[i], at(p, i, 32))
	}
	for round := range 2 {
		most := c.YMM()
		for i, v := range line {
			t := c.YMM()
			c.VPANDN(v, low, t)
			c.VPOR(at(numbers, i, 32), t, t)
			c.VPAND(at(keep, i, 32), t, t)
			if i == 0 {
				c.VMOVDQA(t, most)
			} else {
				c.VPMAXUD(t, most, most)
			}
		}
		x := c.XMM()
		c.VEXTRACTI128(operand.U8(1), most, x)
		c.VPMAXUD(x, most.AsX(), x)
		y := c.XMM()
		c.VPSHUFD(operand.U8(0x4E), x, y)
		c.VPMAXUD(y, x, x)
		c.VPSHUFD(operand.U8(0xB1), x, y)
		c.VPMAXUD(y, x, x)
		k := c.GP32()
		c.VMOVD(x, k)
		c.ANDL(operand.U8(31), k)
		sum := c.XMM()
		c.VMOVSS(operand.Mem{Base: base, Index: k.As64(), Scale: 4, Disp: -4}, sum)
		c.VADDSS(operand.Mem{Base: base, Index: k.As64(), Scale: 4}, sum, sum)
		c.VADDSS(operand.Mem{Base: base, Index: k.As64(), Scale: 4, Disp: 4}, sum, sum)
		c.VSUBSS(sum, left, left)
		if round == 1 {
			break
		}
		here := c.YMM()
		c.VMOVD(k, here.AsX())
		c.VPBROADCASTD(here.AsX(), here)
		for i, v := range line {
			t := c.YMM()
			c.VPSUBD(at(numbers, i, 32), here, t)
			c.VPABSD(t, t)
			c.VPCMPGTD(once, t, t) // further than one line away
			c.VPAND(t, v, v)
			c.VMOVDQU(v, at(p, i, 32))
		}
	}
	c.Store(left, c.ReturnIndex(0))
	c.VZEROUPPER()
	c.RET()
}

// vadLevels takes eight of the sixteen tracks at a time.
func vadLevels(c *build.Context) {
	still := floats(c, "still8", alike(16)...)
	unit := floats(c, "unit8", alike(0.25)...)
	pace := floats(c, "pace8", alike(0.4)...)
	two := floats(c, "two8", alike(2)...)
	third := floats(c, "third8", alike(1.0/3)...)
	five := floats(c, "five8", alike(5.0/3)...)
	mantissa := vadWords(c, "mantissa", 0x7FFFFF, 0x7FFFFF, 0x7FFFFF, 0x7FFFFF, 0x7FFFFF, 0x7FFFFF, 0x7FFFFF, 0x7FFFFF)
	power := vadWords(c, "exponent", 127<<23, 127<<23, 127<<23, 127<<23, 127<<23, 127<<23, 127<<23, 127<<23)
	bias := vadWords(c, "bias", 127, 127, 127, 127, 127, 127, 127, 127)
	sign := vadWords(c, "magnitude", 0x7FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF)

	c.Function("levelsAVX2")
	c.SignatureExpr("func(t *[5][16]float32, level, before, power *[16]float32)")
	c.Doc("levelsAVX2 is levels, with the arrays of tracks one after the other. It needs AVX2.")
	c.Pragma("noescape")
	tracks := operand.Mem{Base: c.Load(c.Param("t"), c.GP64())}
	level := operand.Mem{Base: c.Load(c.Param("level"), c.GP64())}
	before := operand.Mem{Base: c.Load(c.Param("before"), c.GP64())}
	in := operand.Mem{Base: c.Load(c.Param("power"), c.GP64())}
	for i := range 2 {
		track := func(k int) operand.Mem { return at(tracks, 2*k+i, 32) }
		x, e, m, t := c.YMM(), c.YMM(), c.YMM(), c.YMM()
		c.VMOVUPS(at(in, i, 32), x)
		c.VADDPS(still, x, x)
		c.VPSRLD(operand.U8(23), x, e)
		c.VPSUBD(bias, e, e)
		c.VCVTDQ2PS(e, e)
		c.VPAND(mantissa, x, m)
		c.VPOR(power, m, m)
		c.VMULPS(third, m, t)
		y := c.YMM()
		c.VMOVUPS(two, y)
		c.VSUBPS(t, y, t)
		c.VMULPS(m, t, t)
		c.VADDPS(t, e, t)
		c.VSUBPS(five, t, t)
		l := c.YMM()
		c.VMULPS(unit, t, l)
		c.VMOVUPS(l, at(level, i, 32))
		// smooth
		s := c.YMM()
		c.VMOVUPS(track(0), s)
		d := c.YMM()
		c.VSUBPS(s, l, d)
		c.VMULPS(pace, d, d)
		c.VADDPS(d, s, s)
		c.VMOVUPS(s, track(0))
		// floor and least
		f, g := c.YMM(), c.YMM()
		c.VMINPS(track(1), s, f)
		c.VMOVUPS(f, track(1))
		c.VMINPS(track(2), s, g)
		c.VMOVUPS(g, track(2))
		// now and change
		n := c.YMM()
		c.VSUBPS(f, l, n)
		c.VMOVUPS(n, track(3))
		c.VSUBPS(at(before, i, 32), l, n)
		c.VPAND(sign, n, n)
		c.VMOVUPS(n, track(4))
	}
	c.VZEROUPPER()
	c.RET()
}

// vadChains adds up what n rows of weights make of x, in two chains that take the
// rows in turn. width is 4 for half vectors.
func vadChains(c *build.Context, x, w operand.Mem, n, width, vectors int) []reg.VecVirtual {
	vector := func() reg.VecVirtual {
		if width == 4 {
			return c.XMM()
		}
		return c.YMM()
	}
	row := 4 * width * vectors
	sums := make([][2]reg.VecVirtual, vectors)
	for v := range sums {
		sums[v] = [2]reg.VecVirtual{vector(), vector()}
		c.VMOVUPS(w.Offset(n*row+4*width*v), sums[v][0]) // what is added
		c.VXORPS(sums[v][1], sums[v][1], sums[v][1])
	}
	for i := range n {
		b := vector()
		c.VBROADCASTSS(x.Offset(4*i), b)
		for v := range sums {
			t := vector()
			c.VMULPS(w.Offset(i*row+4*width*v), b, t)
			c.VADDPS(t, sums[v][i%2], sums[v][i%2])
		}
	}
	out := make([]reg.VecVirtual, vectors)
	for v := range out {
		out[v] = vector()
		c.VADDPS(sums[v][1], sums[v][0], out[v])
	}
	return out
}

// vadPositive makes 0 of what is negative.
func vadPositive(c *build.Context, x []reg.VecVirtual) {
	zero := c.YMM()
	c.VXORPS(zero, zero, zero)
	for _, v := range x {
		c.VMAXPS(zero, v, v)
	}
}

func vadScore(c *build.Context) {
	c.Function("scoreAVX2")
	c.SignatureExpr("func(s *[4]float32, hidden *[16]float32, unit *[16][16]float32, score *[17][4]float32, now *[16]float32)")
	c.Doc("scoreAVX2 is score. It needs AVX2.")
	c.Pragma("noescape")
	s := operand.Mem{Base: c.Load(c.Param("s"), c.GP64())}
	hidden := operand.Mem{Base: c.Load(c.Param("hidden"), c.GP64())}
	unit := operand.Mem{Base: c.Load(c.Param("unit"), c.GP64())}
	score := operand.Mem{Base: c.Load(c.Param("score"), c.GP64())}
	now := operand.Mem{Base: c.Load(c.Param("now"), c.GP64())}
	h := vadChains(c, now, unit, 15, 8, 2)
	vadPositive(c, h)
	for i, v := range h {
		c.VMOVUPS(v, at(hidden, i, 32))
	}
	out := vadChains(c, hidden, score, 16, 4, 1)
	c.VMOVUPS(out[0], s)
	c.VZEROUPPER()
	c.RET()
}

func vadOdds(c *build.Context) {
	c.Function("oddsAVX2")
	c.SignatureExpr("func(judge *[37][16]float32, final *[17]float32, told *[36]float32) float32")
	c.Doc("oddsAVX2 is odds. It needs AVX2.")
	c.Pragma("noescape")
	judge := operand.Mem{Base: c.Load(c.Param("judge"), c.GP64())}
	final := operand.Mem{Base: c.Load(c.Param("final"), c.GP64())}
	told := operand.Mem{Base: c.Load(c.Param("told"), c.GP64())}
	h := vadChains(c, told, judge, 36, 8, 2)
	vadPositive(c, h)
	c.VMULPS(final, h[0], h[0])
	c.VMULPS(final.Offset(32), h[1], h[1])
	c.VADDPS(h[1], h[0], h[0])
	x, y := c.XMM(), c.XMM()
	c.VEXTRACTF128(operand.U8(1), h[0], x)
	c.VADDPS(x, h[0].AsX(), x)
	c.VPERMILPS(operand.U8(0x4E), x, y)
	c.VADDPS(y, x, x)
	c.VPERMILPS(operand.U8(0xB1), x, y)
	c.VADDSS(y, x, x)
	c.VADDSS(final.Offset(64), x, x)
	c.Store(x, c.ReturnIndex(0))
	c.VZEROUPPER()
	c.RET()
}
