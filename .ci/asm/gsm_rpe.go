package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A segment of 40 words lies in two YMM registers and an XMM one.
var gsmThird = [3]struct{ at, words int }{{0, 16}, {16, 16}, {32, 8}}

func third(c *build.Context, i int) reg.VecVirtual {
	if gsmThird[i].words == 8 {
		return c.XMM()
	}
	return c.YMM()
}

// as gives the part of a YMM register that third i fills.
func as(r reg.VecVirtual, i int) reg.Register {
	if gsmThird[i].words == 8 {
		return r.AsX()
	}
	return r
}

// gsmGrids are tables for the four grids, of which each has every third sample.
type gsmGrids struct {
	masks   operand.Mem // words: 48 for each grid, the last eight unused
	gather  operand.Mem // bytes: from 40 positions to 13 pulses, 48 for each grid
	scatter operand.Mem // bytes: from 13 pulses to 40 positions, 48 for each grid
}

func makeGrids(c *build.Context) gsmGrids {
	const none = 0x80
	var masks []int
	var gather, scatter []byte
	for grid := range 4 {
		for k := range 48 {
			on := k%3 == grid%3 && k >= grid && k <= grid+36
			if on {
				masks = append(masks, -1)
				scatter = append(scatter, byte((k-grid)/3))
			} else {
				masks = append(masks, 0)
				scatter = append(scatter, none)
			}
		}
		for part := range 3 {
			for i := range 16 {
				k := grid + 3*i
				if i < 13 && k/16 == part {
					gather = append(gather, byte(k%16))
				} else {
					gather = append(gather, none)
				}
			}
		}
	}
	return gsmGrids{words(c, "rpe_masks", masks...), octets(c, "rpe_gather", gather...), octets(c, "rpe_scatter", scatter...)}
}

// at gives a pointer to the part of a table that belongs to a grid.
func (g gsmGrids) at(c *build.Context, table operand.Mem, grid reg.GPVirtual, bytes int) operand.Mem {
	p, o := c.GP64(), c.GP64()
	c.LEAQ(table, p)
	c.IMUL3Q(operand.U32(uint32(bytes)), grid, o)
	c.ADDQ(o, p)
	return operand.Mem{Base: p}
}

// gsmCode is clauses 5.2.12 to 5.2.18 for a quarter of a frame.
func gsmCode(c *build.Context, grids gsmGrids) {
	taps := [12]int{-134, -374, 0, 2054, 5741, 8192, 5741, 2054, 0, -374, -134, 0}
	var pairs [6]operand.Mem
	for i := range pairs {
		pairs[i] = words(c, "rpe_taps"+string(rune('0'+i)), repeat(8, taps[2*i], taps[2*i+1])...)
	}
	var weave []byte // the words of two half lanes in turn
	for range 2 {
		for i := byte(0); i < 8; i += 2 {
			weave = append(weave, i, i+1, i+8, i+9)
		}
	}
	woven := octets(c, "rpe_weave", weave...)
	rounding := words(c, "rpe_round", 1<<12, 0)

	function(c, "codeAVX2", "func(d *[40]int16, past *[160]int16, lag, gain int, amplitudes *[64][4]int16, pulses *uint8) (grid, top int)",
		"codeAVX2 is clauses 5.2.12 to 5.2.18: it takes from d what the past explains, weights the rest,",
		"picks a grid and codes its pulses, 13 bytes and three that mean nothing, and the amplitude;",
		"and it puts what a decoder makes of that behind the past. Of amplitudes each is a shift, half",
		"of what is shifted, and both mantissas.")
	d, past := base(c, "d"), base(c, "past")
	predicted := predict(c, past)

	// What is left of d, between zeros.
	const before = 8
	local := c.AllocLocal(2 * (before + gsmSegment + 8))
	zero := c.XMM()
	c.VPXOR(zero, zero, zero)
	c.VMOVDQU(zero, local)
	c.VMOVDQU(zero, local.Offset(2*(before+gsmSegment)))
	t := c.YMM()
	for i, p := range predicted {
		c.VMOVDQU(d.Offset(2*gsmThird[i].at), as(t, i))
		c.VPSUBSW(p, as(t, i), as(t, i))
		c.VMOVDQU(as(t, i), local.Offset(2*(before+gsmThird[i].at)))
	}

	// The weighting filter, for even samples and for odd ones.
	var x [3]reg.VecVirtual
	even, odd, round := c.YMM(), c.YMM(), c.YMM()
	c.VPBROADCASTD(rounding, round)
	for i := range x {
		x[i] = third(c, i)
		for parity, acc := range []reg.VecVirtual{even, odd} {
			from := local.Offset(2 * (before - 5 + parity + gsmThird[i].at))
			for k, w := range pairs {
				if k == 0 {
					c.VMOVDQU(from, as(acc, i))
					c.VPMADDWD(w, as(acc, i), as(acc, i))
					c.VPADDD(as(round, i), as(acc, i), as(acc, i))
					continue
				}
				c.VMOVDQU(from.Offset(4*k), as(t, i))
				c.VPMADDWD(w, as(t, i), as(t, i))
				c.VPADDD(as(t, i), as(acc, i), as(acc, i))
			}
			c.VPSRAD(operand.U8(13), as(acc, i), as(acc, i))
		}
		c.VPACKSSDW(as(odd, i), as(even, i), x[i])
		c.VPSHUFB(woven, x[i], x[i])
	}

	// The power of the grids.
	var e [4]reg.GPVirtual
	var first, last reg.GPVirtual
	{
		var acc [3]reg.VecVirtual
		for m := range acc {
			acc[m] = c.YMM()
		}
		y := c.YMM()
		for _, i := range []int{2, 0, 1} { // the XMM part first: it clears the upper half
			c.VPSRAW(operand.U8(2), x[i], as(y, i))
			if i == 0 {
				first = c.GP32()
				c.VMOVD(y.AsX(), first)
			}
			if i == 2 {
				last = c.GP32()
				c.VPEXTRW(operand.U8(7), y.AsX(), last)
			}
			for m := range acc {
				c.VPAND(grids.masks.Offset(96*m+2*gsmThird[i].at), as(y, i), as(t, i))
				if i == 2 {
					c.VPMADDWD(as(t, i), as(t, i), as(acc[m], i))
					continue
				}
				c.VPMADDWD(t, t, t)
				c.VPADDD(t, acc[m], acc[m])
			}
		}
		for m := range acc {
			e[m] = c.GP32()
			c.VMOVD(sum(c, acc[m]), e[m])
		}
		c.MOVWLSX(first.As16(), first)
		c.MOVWLSX(last.As16(), last)
		c.IMULL(first, first)
		c.IMULL(last, last)
		e[3] = c.GP32()
		c.MOVL(e[0], e[3])
		c.SUBL(first, e[3])
		c.ADDL(last, e[3])
	}
	grid, k := c.GP64(), c.GP64()
	c.XORQ(grid, grid)
	for m := 1; m < 4; m++ {
		c.MOVQ(operand.U32(uint32(m)), k)
		c.CMPL(e[m], e[0])
		c.CMOVLGT(e[m], e[0])
		c.CMOVQGT(k, grid)
	}
	c.Store(grid, c.Return("grid"))
	mask := grids.at(c, grids.masks, grid, 96)
	gather := grids.at(c, grids.gather, grid, 48)

	// Its amplitude.
	most := c.YMM()
	for n, i := range []int{2, 0, 1} {
		c.VPAND(mask.Offset(2*gsmThird[i].at), x[i], as(t, i))
		c.VPABSW(as(t, i), as(t, i))
		if n == 0 {
			c.VMOVDQA(as(t, i), as(most, i))
		} else {
			c.VPMAXUW(t, most, most)
		}
	}
	largest(c, most)
	g := c.GP32()
	c.VMOVD(most.AsX(), g)
	c.MOVWLZX(g.As16(), g)
	exp := shiftAbove(c, g, 9) // g becomes 2g+1
	c.LEAL(operand.Mem{Base: exp.As64(), Disp: 6}, reg.ECX)
	c.SHRL(reg.CL, g)
	c.LEAL(operand.Mem{Base: g.As64(), Index: exp.As64(), Scale: 8}, g)
	c.Store(g.As64(), c.Return("top"))
	a := newAmplitude(c, operand.Mem{Base: c.Load(c.Param("amplitudes"), c.GP64()), Index: g.As64(), Scale: 8}, "rpe_unit")

	// The pulses, at all places at once, and what becomes of those of the grid.
	inverse, four := c.YMM(), all(c, "rpe_four", 4)
	c.VPBROADCASTW(a.at.Offset(4), inverse)
	var code [3]reg.VecVirtual
	for i := range x {
		code[i] = third(c, i)
		c.VPSLLW(a.shift, x[i], x[i])
		c.VPMULHW(as(inverse, i), x[i], x[i])
		c.VPSRAW(operand.U8(11), x[i], x[i])
		c.VPADDW(as(four, i), x[i], code[i])
		c.VPSLLW(operand.U8(13), x[i], x[i])
		a.restore(c, x[i], i, mask)
		c.VPADDSW(predicted[i], x[i], x[i])
		c.VMOVDQU(x[i], past.Offset(2*(gsmMaxLag+gsmThird[i].at)))
	}
	c.VPACKUSWB(code[1], code[0], code[0])
	c.VPERMQ(operand.U8(0xD8), code[0], code[0])
	c.VEXTRACTI128(operand.U8(1), code[0], code[1].AsX())
	c.VPACKUSWB(code[2], code[2], code[2])
	for i := range code {
		c.VPSHUFB(gather.Offset(16*i), code[i].AsX(), code[i].AsX())
	}
	c.VPOR(code[1].AsX(), code[0].AsX(), code[0].AsX())
	c.VPOR(code[2], code[0].AsX(), code[0].AsX())
	c.VMOVDQU(code[0].AsX(), base(c, "pulses"))
	c.VZEROUPPER()
	c.RET()
}

// predict gives the past at a lag times a gain, as the parameters of a kernel
// have them.
func predict(c *build.Context, past operand.Mem) (p [3]reg.VecVirtual) {
	then, gain := c.GP64(), c.YMM()
	c.MOVQ(operand.U32(gsmMaxLag), then)
	c.SUBQ(c.Load(c.Param("lag"), c.GP64()), then)
	c.VMOVD(c.Load(c.Param("gain"), c.GP64()).(reg.GPVirtual).As32(), gain.AsX())
	c.VPBROADCASTW(gain.AsX(), gain)
	for i := range p {
		p[i] = third(c, i)
		c.VPMULHRSW(operand.Mem{Base: past.Base, Index: then, Scale: 2, Disp: 2 * gsmThird[i].at}, as(gain, i), p[i])
	}
	return p
}

// amplitude is one of the amplitudes that pulses have, in registers.
type amplitude struct {
	at         operand.Mem
	shift      reg.VecVirtual // XMM, for the instructions that shift
	half, mant reg.VecVirtual
	unit       reg.VecVirtual // 1<<12
}

func newAmplitude(c *build.Context, at operand.Mem, unit string) amplitude {
	a := amplitude{at, c.XMM(), c.YMM(), c.YMM(), all(c, unit, 1<<12)}
	g := c.GP32()
	c.MOVWLZX(at, g)
	c.VMOVD(g, a.shift)
	c.VPBROADCASTW(at.Offset(2), a.half)
	c.VPBROADCASTW(at.Offset(6), a.mant)
	return a
}

// restore is clauses 5.2.16 and 5.2.17 for a third of a segment: it makes a
// signal of codes from -4 to 3 in the upper three bits of each word, and clears
// what does not lie on the grid.
func (a amplitude) restore(c *build.Context, x reg.Register, i int, mask operand.Mem) {
	c.VPADDW(as(a.unit, i), x, x)
	c.VPMULHRSW(as(a.mant, i), x, x)
	c.VPADDSW(as(a.half, i), x, x)
	c.VPSRAW(a.shift, x, x)
	c.VPAND(mask.Offset(2*gsmThird[i].at), x, x)
}

// gsmRebuild is the same part of the decoder.
func gsmRebuild(c *build.Context, grids gsmGrids) {
	function(c, "rebuildAVX2", "func(pulses *uint8, grid int, amplitude *[4]int16, past *[160]int16, lag, gain int)",
		"rebuildAVX2 is clauses 5.3.1 and 5.3.2 for a quarter of a frame: it puts the pulses, 13 bytes and",
		"three that mean nothing, and what the past foretells, behind the past.")
	past := base(c, "past")
	predicted := predict(c, past)
	a := newAmplitude(c, base(c, "amplitude"), "rebuild_unit")
	grid := c.GP64()
	c.Load(c.Param("grid"), grid)
	mask, scatter := grids.at(c, grids.masks, grid, 96), grids.at(c, grids.scatter, grid, 48)
	pulses, part, x, four := c.XMM(), c.XMM(), c.YMM(), all(c, "rebuild_four", 4)
	c.VMOVDQU(base(c, "pulses"), pulses)
	for i, p := range predicted {
		c.VPSHUFB(scatter.Offset(gsmThird[i].at), pulses, part)
		c.VPMOVZXBW(part, as(x, i))
		c.VPSUBW(as(four, i), as(x, i), as(x, i))
		c.VPSLLW(operand.U8(13), as(x, i), as(x, i))
		a.restore(c, as(x, i), i, mask)
		c.VPADDSW(p, as(x, i), as(x, i))
		c.VMOVDQU(as(x, i), past.Offset(2*(gsmMaxLag+gsmThird[i].at)))
	}
	c.VZEROUPPER()
	c.RET()
}
