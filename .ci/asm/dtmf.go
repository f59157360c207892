package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	dtmfSurvey = 96 // samples
	dtmfSound  = 64
	dtmfFit    = 256
	dtmfTones  = 8
)

// dtmf are the kernels of the detector of keys.
func dtmf(c *build.Context) {
	dtmfSquares(c)
	dtmfCompare(c)
	dtmfProject(c)
	dtmfThird(c)
	dtmfSpectrum(c)
	dtmfUnder(c)
}

// widen adds dwords without sign to sums of 64 bits, and destroys them.
func widen(c *build.Context, v, low, acc, t reg.VecVirtual) {
	c.VPAND(low, v, t)
	c.VPADDQ(t, acc, acc)
	c.VPSRLQ(operand.U8(32), v, v)
	c.VPADDQ(v, acc, acc)
}

// total adds up the four numbers of a register.
func total(c *build.Context, v reg.VecVirtual) reg.GPVirtual {
	x, g := c.XMM(), c.GP64()
	c.VEXTRACTI128(operand.U8(1), v, x)
	c.VPADDQ(v.AsX(), x, v.AsX())
	c.VPSHUFD(operand.U8(0x4E), v.AsX(), x)
	c.VPADDQ(v.AsX(), x, x)
	c.VMOVQ(x, g)
	return g
}

// lowHalves is a mask of the lower half of each number of 2n bits.
func lowHalves(c *build.Context, n uint64) reg.VecVirtual {
	y := c.YMM()
	c.VPCMPEQD(y, y, y)
	if n == 16 {
		c.VPSRLD(operand.U8(16), y, y)
	} else {
		c.VPSRLQ(operand.U8(32), y, y)
	}
	return y
}

func dtmfSquares(c *build.Context) {
	var swap []byte
	for i := byte(0); i < 32; i += 4 {
		swap = append(swap, (i+2)%16, (i+3)%16, i%16, (i+1)%16)
	}
	swapped := octets(c, "squares_swap", swap...)
	function(c, "squaresAVX2", "func(x *[96]int16) (r0, steep int64)",
		"squaresAVX2 adds up the squares of every other sample, and of its difference to the next one.")
	p := base(c, "x")
	even, low, turn := lowHalves(c, 16), lowHalves(c, 32), c.YMM()
	c.VMOVDQU(swapped, turn)
	r0, steep, group := c.YMM(), c.YMM(), c.YMM()
	c.VPXOR(r0, r0, r0)
	c.VPXOR(steep, steep, steep)
	x, a, b, t := c.YMM(), c.YMM(), c.YMM(), c.YMM()
	for v := range dtmfSurvey / 16 {
		c.VMOVDQU(p.Offset(32*v), x)
		// The square of a difference is at most 65535², which is one of 32 bits
		// without sign, whatever the steps to it overflow.
		c.VPSHUFB(turn, x, b)
		c.VPMADDWD(b, x, b)
		c.VPMADDWD(x, x, a)
		c.VPSUBD(b, a, a)
		widen(c, a, low, steep, t)
		// Three squares of one sample have room in 32 bits.
		c.VPAND(even, x, a)
		if v%3 == 0 {
			c.VPMADDWD(a, x, group)
			continue
		}
		c.VPMADDWD(a, x, a)
		c.VPADDD(a, group, group)
		if v%3 == 2 {
			widen(c, group, low, r0, t)
		}
	}
	c.Store(total(c, r0), c.Return("r0"))
	c.Store(total(c, steep), c.Return("steep"))
	c.VZEROUPPER()
	c.RET()
}

func dtmfCompare(c *build.Context) {
	function(c, "compareAVX2", "func(x *[96]int16, table *[16][96]int16, y *[16]int32) (power int64)",
		"compareAVX2 gives in y the products of a window with the rows of a table, whose sums must have",
		"room in 32 bits, and the window's power.")
	p, table, y := base(c, "x"), base(c, "table"), base(c, "y")
	low, power := lowHalves(c, 32), c.YMM()
	c.VPXOR(power, power, power)
	x, t := c.YMM(), c.YMM()
	for half := range 2 {
		var acc [dtmfTones]reg.VecVirtual
		for i := range acc {
			acc[i] = c.YMM()
		}
		for v := range dtmfSurvey / 16 {
			c.VMOVDQU(p.Offset(32*v), x)
			for i, a := range acc {
				w := table.Offset(2*dtmfSurvey*(dtmfTones*half+i) + 32*v)
				if v == 0 {
					c.VPMADDWD(w, x, a)
					continue
				}
				c.VPMADDWD(w, x, t)
				c.VPADDD(t, a, a)
			}
			if half == 1 { // a sum of two squares has room in 32 bits without sign
				u := c.YMM()
				c.VPMADDWD(x, x, x)
				widen(c, x, low, power, u)
			}
		}
		eight(c, acc[:], x)
		c.VMOVDQU(x, y.Offset(32*half))
	}
	c.Store(total(c, power), c.Return("power"))
	c.VZEROUPPER()
	c.RET()
}

func dtmfThird(c *build.Context) {
	function(c, "productsAVX2", "func(x *[96]int16) (r3 int64)",
		"productsAVX2 adds up the products of every other sample with that three later.")
	var last []int // the last products lie apart, so that nothing behind the window is read
	for lane := range 16 {
		i := dtmfSurvey - 19 + lane
		last = append(last, map[bool]int{true: -1}[i%2 == 0 && i >= dtmfSurvey-16])
	}
	p := base(c, "x")
	even, acc, group := lowHalves(c, 16), c.YMM(), c.YMM()
	c.VPXOR(acc, acc, acc)
	a, t := c.YMM(), c.YMM()
	for v := range dtmfSurvey / 16 {
		if v < dtmfSurvey/16-1 {
			c.VPAND(p.Offset(32*v), even, a)
			c.VPMADDWD(p.Offset(32*v+6), a, a)
		} else {
			c.VMOVDQU(words(c, "products_last", last...), a)
			c.VPAND(p.Offset(32*v-6), a, a)
			c.VPMADDWD(p.Offset(32*v), a, a)
		}
		// Two products have room in 32 bits when they are subtracted: of equal
		// sign they are at most 2³¹.
		if v%2 == 0 {
			c.VPXOR(t, t, t)
			c.VPSUBD(a, t, group)
			continue
		}
		c.VPSUBD(a, group, group)
		c.VPSRAD(operand.U8(31), group, t)
		c.VPUNPCKLDQ(t, group, a)
		c.VPADDQ(a, acc, acc)
		c.VPUNPCKHDQ(t, group, a)
		c.VPADDQ(a, acc, acc)
	}
	r := total(c, acc)
	c.NEGQ(r)
	c.Store(r, c.Return("r3"))
	c.VZEROUPPER()
	c.RET()
}

// dtmfSpectrum works out four sums of four samples at a time, each in a lane of
// its own; the lanes come together at the end.
func dtmfSpectrum(c *build.Context) {
	function(c, "spectrumAVX2", "func(x *[256]int16, weights *[6]float64, re, im *[64]float64, turns *[4][64]float64, y *[10]float64)",
		"spectrumAVX2 turns every four samples of x, weighted, by re and im, and gives in y the sums of",
		"that: as it is, and times each of turns, first real and then imaginary ones.")
	x, weights, re, im, turns, y := base(c, "x"), base(c, "weights"), base(c, "re"), base(c, "im"), base(c, "turns"), base(c, "y")
	var order []byte
	for _, i := range []byte{0, 2, 4, 6, 1, 3, 5, 7} {
		order = append(order, i, 0, 0, 0)
	}
	sorted := octets(c, "spectrum_order", order...)
	local := c.AllocLocal(6 * 32)
	t := c.YMM()
	for i := range 6 {
		c.VBROADCASTSD(weights.Offset(8*i), t)
		c.VMOVUPD(t, local.Offset(32*i))
	}
	var sums [10]reg.VecVirtual
	for i := range sums {
		sums[i] = c.YMM()
		c.VXORPD(sums[i], sums[i], sums[i])
	}
	a, b, s, cos, sin := c.YMM(), c.YMM(), c.YMM(), c.YMM(), c.YMM()
	n := c.GP64()
	c.MOVQ(operand.U32(dtmfFit/16), n)
	c.Label("loop")
	c.VMOVDQU(sorted, t)
	c.VMOVDQU(x, b)
	c.VPSLLD(operand.U8(16), b, a)
	c.VPSRAD(operand.U8(16), a, a)
	c.VPSRAD(operand.U8(16), b, b)
	c.VPERMD(a, t, a) // first samples of four, then third ones
	c.VPERMD(b, t, b) // second ones, fourth ones
	c.VCVTDQ2PD(a.AsX(), cos)
	for k := range 3 {
		from := b
		if k == 1 {
			from = a
		}
		if k > 0 {
			c.VEXTRACTI128(operand.U8(1), from, from.AsX())
		}
		c.VCVTDQ2PD(from.AsX(), s)
		if k == 0 {
			c.VMULPD(local.Offset(32), s, sin)
		} else {
			c.VMULPD(local.Offset(64*k+32), s, t)
			c.VADDPD(t, sin, sin)
		}
		c.VMULPD(local.Offset(64*k), s, s)
		c.VADDPD(s, cos, cos)
	}
	c.VMULPD(re, cos, a)
	c.VMULPD(im, sin, t)
	c.VADDPD(t, a, a)
	c.VMULPD(im, cos, b)
	c.VMULPD(re, sin, t)
	c.VSUBPD(t, b, b)
	for i, part := range []reg.VecVirtual{a, b} {
		c.VADDPD(part, sums[i], sums[i])
		for k := range 4 {
			c.VMULPD(turns.Offset(8*dtmfFit/4*k), part, t)
			c.VADDPD(t, sums[2+4*i+k], sums[2+4*i+k])
		}
	}
	for _, p := range []operand.Mem{x, re, im, turns} {
		c.ADDQ(operand.U8(32), p.Base)
	}
	c.DECQ(n)
	c.JNE(operand.LabelRef("loop"))
	for i, v := range sums {
		c.VEXTRACTF128(operand.U8(1), v, t.AsX())
		c.VADDPD(t.AsX(), v.AsX(), v.AsX())
		c.VUNPCKHPD(v.AsX(), v.AsX(), t.AsX())
		c.VADDSD(t.AsX(), v.AsX(), v.AsX())
		c.VMOVSD(v.AsX(), y.Offset(8*i))
	}
	c.VZEROUPPER()
	c.RET()
}

// dtmfProject multiplies and adds in the order in which plain Go does: a lane
// is one of the four sums.
func dtmfProject(c *build.Context) {
	function(c, "projectAVX2", "func(pattern *[32][4]float64, x *[64]int16, y *[4]float64)",
		"projectAVX2 gives in y the products of a window with a pattern: sum and difference of the",
		"samples about its middle, each with every other column.")
	w, x, y := base(c, "pattern"), base(c, "x"), base(c, "y")
	sum := c.YMM()
	c.VXORPD(sum, sum, sum)
	r, l, even, odd := c.XMM(), c.XMM(), c.XMM(), c.XMM()
	f := c.YMM()
	for i := 0; i < dtmfSound/2; i += 4 {
		c.VPMOVSXWD(x.Offset(dtmfSound+2*i), r)
		c.VPMOVSXWD(x.Offset(dtmfSound-8-2*i), l)
		c.VPSHUFD(operand.U8(0x1B), l, l)
		c.VPADDD(l, r, even)
		c.VPSUBD(l, r, odd)
		first, second := l, r
		c.VPUNPCKLDQ(odd, even, first)
		c.VPUNPCKHDQ(odd, even, second)
		for k, v := range []reg.VecVirtual{first, first, second, second} {
			c.VPSHUFD(operand.U8([]uint8{0x44, 0xEE}[k%2]), v, even)
			c.VCVTDQ2PD(even, f)
			c.VMULPD(w.Offset(32*(i+k)), f, f)
			c.VADDPD(f, sum, sum)
		}
	}
	c.VMOVUPD(sum, y)
	c.VZEROUPPER()
	c.RET()
}
