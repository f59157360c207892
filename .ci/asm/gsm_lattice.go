package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	gsmSamples = 160
	gsmStages  = 8
)

// gsmSpans are the ends of the stretches of a frame in which the coefficients
// stay as they are.
var gsmSpans = [4]int{13, 27, 40, gsmSamples}

// lattice filters a whole frame through the short-term analysis filter. No
// stage depends on one behind it, so 16 samples go through the eight stages
// together; what a stage needs of the sample before comes from the register
// that it left of the sixteen before.
func gsmLattice(c *build.Context) {
	function(c, "latticeAVX2", "func(s *[160]int16, rp *[4][8]int16, u *[8]int16)",
		"latticeAVX2 is clause 5.2.10 over a frame: it turns the signal in s into the residual. rp are",
		"the coefficients of the four spans, u is the memory of the filter.")
	s, rp, u := base(c, "s"), base(c, "rp"), base(c, "u")

	// The coefficients of each stage as four vectors: those of samples 0…15,
	// 16…31, 32…47 and from 48 on.
	var masks [2]operand.Mem
	for v := range masks {
		var m []int
		for lane := range 16 {
			if 16*v+lane >= gsmSpans[v] {
				m = append(m, -1)
			} else {
				m = append(m, 0)
			}
		}
		masks[v] = words(c, "lattice_from"+string(rune('0'+v)), m...)
	}
	local := c.AllocLocal(4 * gsmStages * 32)
	r := func(kind, stage int) operand.Mem { return local.Offset(32 * (gsmStages*kind + stage)) }
	m0, m1 := c.YMM(), c.YMM()
	c.VMOVDQU(masks[0], m0)
	c.VMOVDQU(masks[1], m1)
	for i := range gsmStages {
		var w [4]reg.VecVirtual
		for k := range w {
			w[k] = c.YMM()
			c.VPBROADCASTW(rp.Offset(16*k+2*i), w[k])
		}
		c.VPBLENDVB(m0, w[1], w[0], w[0])
		c.VPBLENDVB(m1, w[2], w[1], w[1])
		c.VPBLENDD(operand.U8(0xF0), w[3], w[2], w[2])
		for k := range w {
			c.VMOVDQU(w[k], r(k, i))
		}
	}

	var before [gsmStages]reg.VecVirtual
	for i := range before {
		before[i] = c.YMM()
		c.VPBROADCASTW(u.Offset(2*i), before[i])
	}
	f, t, late, x := c.YMM(), c.YMM(), c.YMM(), c.YMM()
	for v := range gsmSamples / 16 {
		kind := min(v, 3)
		c.VMOVDQU(s.Offset(32*v), f)
		c.VMOVDQA(f, t)
		for i := range gsmStages {
			c.VPERM2I128(operand.U8(0x21), t, before[i], late)
			c.VPALIGNR(operand.U8(14), late, t, late)
			c.VMOVDQA(t, before[i])
			c.VPMULHRSW(r(kind, i), f, x)
			c.VPADDSW(x, late, t)
			c.VPMULHRSW(r(kind, i), late, late)
			c.VPADDSW(late, f, f)
		}
		c.VMOVDQU(f, s.Offset(32*v))
	}
	for i, b := range before {
		c.VEXTRACTI128(operand.U8(1), b, x.AsX())
		c.VPEXTRW(operand.U8(7), x.AsX(), u.Offset(2*i))
	}
	c.VZEROUPPER()
	c.RET()
}

// gsmSpeak is the other way round: there each stage waits for the sample before
// to have been through the next one. That is 13 cycles for a sample, in which
// the saturating instructions of one lane have room.
func gsmSpeak(c *build.Context) {
	function(c, "speakAVX2", "func(in *[160]int16, rp *[4][8]int16, v *[8]int16, msr *int16, out *[160]int16)",
		"speakAVX2 is clauses 5.3.4 to 5.3.7 over a frame: synthesis filter with memory v, de-emphasis",
		"with memory msr, scaling up, and 13 bits.")
	in, rp, mem, msrp, out := base(c, "in"), base(c, "rp"), base(c, "v"), base(c, "msr"), base(c, "out")
	local := c.AllocLocal(4 * gsmStages * 16)
	x, m := c.XMM(), c.XMM()
	for i := range 4 * gsmStages {
		c.VPBROADCASTW(rp.Offset(2*i), x)
		c.VMOVDQU(x, local.Offset(16*i))
	}
	var v [gsmStages]reg.VecVirtual
	for i := range v {
		v[i] = c.XMM()
		c.VPBROADCASTW(mem.Offset(2*i), v[i])
	}
	msr, emphasis, high := c.XMM(), c.XMM(), c.XMM()
	c.VPBROADCASTW(msrp, msr)
	c.VPBROADCASTW(words(c, "speak_emphasis", 28180), emphasis)
	c.VPBROADCASTW(words(c, "speak_high", ^7), high)

	g, n := c.GP32(), c.GP64()
	from := 0
	for span, to := range gsmSpans {
		loop := "span" + string(rune('0'+span))
		c.MOVQ(operand.U32(to-from), n)
		from = to
		r := func(i int) operand.Mem { return local.Offset(16 * (gsmStages*span + i)) }
		c.Label(loop)
		c.MOVWLZX(in, g)
		c.VMOVD(g, x)
		c.VPMULHRSW(r(7), v[7], m)
		c.VPSUBSW(m, x, x)
		for i := gsmStages - 2; i >= 0; i-- {
			c.VPMULHRSW(r(i), v[i], m)
			c.VPSUBSW(m, x, x)
			c.VPMULHRSW(r(i), x, m)
			c.VPADDSW(m, v[i], v[i+1])
		}
		c.VMOVDQA(x, v[0])
		c.VPMULHRSW(emphasis, msr, msr)
		c.VPADDSW(msr, x, msr)
		c.VPADDSW(msr, msr, m)
		c.VPAND(high, m, m)
		c.VPEXTRW(operand.U8(0), m, out)
		c.ADDQ(operand.U8(2), in.Base)
		c.ADDQ(operand.U8(2), out.Base)
		c.DECQ(n)
		c.JNE(operand.LabelRef(loop))
	}
	for i := range v {
		c.VPEXTRW(operand.U8(0), v[i], mem.Offset(2*i))
	}
	c.VPEXTRW(operand.U8(0), msr, msrp)
	c.VZEROUPPER()
	c.RET()
}
