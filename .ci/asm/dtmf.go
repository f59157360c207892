package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	dtmfSurvey = 96 // samples
	dtmfSound  = 64
	dtmfTones  = 8
)

// dtmf are the kernels of the detector of keys.
func dtmf(c *build.Context) {
	dtmfSquares(c)
	dtmfCompare(c)
	dtmfProject(c)
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
