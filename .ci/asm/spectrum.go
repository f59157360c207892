package main

import (
	"math"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// floats declares read-only numbers.
func floats(c *build.Context, name string, values ...float32) operand.Mem {
	m := c.StaticGlobal(name)
	c.DataAttributes(attr.RODATA | attr.NOPTR)
	for i, v := range values {
		c.AddDatum(4*i, operand.U32(math.Float32bits(v))) // F32 would make an integer of 1
	}
	return m
}

func alike(v float32) []float32 { return []float32{v, v, v, v, v, v, v, v} }

// at is vector i of so many bytes behind m.
func at(m operand.Mem, i, bytes int) operand.Mem { return m.Offset(i * bytes) }

// spectra are the kernels of dsp/spectrum.
func spectra(c *build.Context) {
	spectrumPower(c)
	spectrumFold(c)
	spectrumWeigh(c)
}

// spectrumPower holds one of the eight columns in each place of a vector for the
// first pass, and one of the five rows for the second.
func spectrumPower(c *build.Context) {
	var table []float32
	for k := 1; k < 5; k++ {
		var re, im [8]float32
		for col := range 8 {
			sin, cos := math.Sincos(-2 * math.Pi * float64(col*k) / 64)
			re[col], im[col] = float32(cos), float32(sin)
		}
		table = append(append(table, re[:]...), im[:]...)
	}
	turns := floats(c, "turning", table...)
	root := floats(c, "root8", alike(float32(math.Sqrt2/2))...)

	c.Function("power64AVX2")
	c.SignatureExpr("func(p *[32]float32, x *[64]float32)")
	c.Doc("power64AVX2 is power64. It needs AVX2.")
	c.Pragma("noescape")
	p := operand.Mem{Base: c.Load(c.Param("p"), c.GP64())}
	x := operand.Mem{Base: c.Load(c.Param("x"), c.GP64())}
	re, im := c.AllocLocal(8*32), c.AllocLocal(8*32)

	op := func(f func(...operand.Op), ops ...operand.Op) reg.VecVirtual {
		y := c.YMM()
		f(append(ops, y)...)
		return y
	}
	add := func(a, b operand.Op) reg.VecVirtual { return op(c.VADDPS, b, a) }
	sub := func(a, b operand.Op) reg.VecVirtual { return op(c.VSUBPS, b, a) } // a − b
	mul := func(a, b operand.Op) reg.VecVirtual { return op(c.VMULPS, b, a) }
	load := func(m operand.Op) reg.VecVirtual {
		y := c.YMM()
		c.VMOVUPS(m, y)
		return y
	}

	var a, b [4]reg.VecVirtual
	for i := range 4 {
		v := load(at(x, i, 32))
		a[i], b[i] = add(v, at(x, i+4, 32)), sub(v, at(x, i+4, 32))
	}
	e0, e1 := add(a[0], a[2]), add(a[1], a[3])
	d, s := mul(sub(b[1], b[3]), root), mul(add(b[1], b[3]), root)
	var rowRe, rowIm [5]reg.VecVirtual
	turn := func(k int, r, i reg.VecVirtual) { // r + i·j, turned
		cos, sin := at(turns, 2*k-2, 32), at(turns, 2*k-1, 32)
		rowRe[k] = sub(mul(r, cos), mul(i, sin))
		rowIm[k] = add(mul(r, sin), mul(i, cos))
	}
	rowRe[0] = add(e0, e1)
	n := add(b[2], s) // the second of the first row is −n
	r := add(b[0], d)
	rowRe[1] = add(mul(r, at(turns, 0, 32)), mul(n, at(turns, 1, 32)))
	rowIm[1] = sub(mul(r, at(turns, 1, 32)), mul(n, at(turns, 0, 32)))
	turn(2, sub(a[0], a[2]), sub(a[3], a[1]))
	turn(3, sub(b[0], d), sub(b[2], s))
	r = sub(e0, e1)
	rowRe[4], rowIm[4] = mul(r, at(turns, 6, 32)), mul(r, at(turns, 7, 32))
	rowIm[0] = c.YMM()
	c.VXORPS(rowIm[0], rowIm[0], rowIm[0])

	transpose := func(to operand.Mem, row *[5]reg.VecVirtual) {
		t0, t1 := op(c.VUNPCKLPS, row[1], row[0]), op(c.VUNPCKHPS, row[1], row[0])
		t2, t3 := op(c.VUNPCKLPS, row[3], row[2]), op(c.VUNPCKHPS, row[3], row[2])
		for i, u := range [4]reg.VecVirtual{
			op(c.VUNPCKLPD, t2, t0), op(c.VUNPCKHPD, t2, t0),
			op(c.VUNPCKLPD, t3, t1), op(c.VUNPCKHPD, t3, t1),
		} {
			w := row[4]
			if i > 0 {
				w = c.YMM()
				c.VPERMILPS(operand.U8(i), row[4], w)
			}
			y := c.YMM()
			c.VINSERTF128(operand.U8(1), w.AsX(), u, y)
			c.VMOVUPS(y, at(to, i, 32))
			y = c.YMM()
			c.VPERM2F128(operand.U8(0x31), w, u, y)
			c.VMOVUPS(y, at(to, i+4, 32))
		}
	}
	transpose(re, &rowRe)
	transpose(im, &rowIm)

	both := func(op func(a, b operand.Op) reg.VecVirtual, m operand.Mem, i int) reg.VecVirtual {
		return op(load(at(m, i, 32)), at(m, i+4, 32))
	}
	pair := func(m operand.Mem, i int) (sum, diff reg.VecVirtual) {
		v := load(at(m, i, 32))
		return add(v, at(m, i+4, 32)), sub(v, at(m, i+4, 32))
	}
	ar1, br1 := pair(re, 1)
	ai1, bi1 := pair(im, 1)
	ar3, br3 := pair(re, 3)
	ai3, bi3 := pair(im, 3)
	or0, oi0, or2, oi2 := add(ar1, ar3), add(ai1, ai3), sub(ai1, ai3), sub(ar3, ar1)
	u, v := add(br1, bi3), sub(bi1, br3)
	or1, oi1 := mul(add(u, v), root), mul(sub(v, u), root)
	u, v = sub(br1, bi3), add(bi1, br3)
	or3, no3 := mul(sub(v, u), root), mul(add(u, v), root) // no3 is −oi3

	q := c.AllocLocal(8 * 32)
	powers := func(k int, er, ei, or, oi reg.VecVirtual, negative bool) {
		r, w := add(er, or), sub(er, or)
		i, z := add(ei, oi), sub(ei, oi)
		if negative {
			i, z = z, i
		}
		y := add(mul(r, r), mul(i, i))
		c.VMOVUPS(y, at(q, k, 32))
		c.VMOVUPS(y.AsX(), at(p, k, 32))
		c.VMOVUPS(add(mul(w, w), mul(z, z)), at(q, k+4, 32))
	}
	ar0, ai0, ar2, ai2 := both(add, re, 0), both(add, im, 0), both(add, re, 2), both(add, im, 2)
	powers(0, add(ar0, ar2), add(ai0, ai2), or0, oi0, false)
	powers(2, sub(ar0, ar2), sub(ai0, ai2), or2, oi2, false)
	br0, bi0, br2, bi2 := both(sub, re, 0), both(sub, im, 0), both(sub, re, 2), both(sub, im, 2)
	powers(1, add(br0, bi2), sub(bi0, br2), or1, oi1, false)
	powers(3, sub(br0, bi2), add(bi0, br2), or3, no3, true)
	for j := range 4 { // lines of which row 4 has one, and the rest are mirrored
		y := c.XMM()
		c.VPERMILPS(operand.U8(0x6C), at(q, 7-j, 32), y)
		z := c.XMM()
		c.VBLENDPS(operand.U8(1), at(q, j, 32).Offset(16), y, z)
		c.VMOVUPS(z, at(p, j, 32).Offset(16))
	}
	c.VZEROUPPER()
	c.RET()
}

// spectrumFold keeps all that comes out in eight vectors.
func spectrumFold(c *build.Context) {
	c.Function("foldAVX2")
	c.SignatureExpr("func(y *[64]float32, x *int16, w *float32, times int)")
	c.Doc("foldAVX2 is fold of 64·times samples. It needs AVX2.")
	c.Pragma("noescape")
	y := operand.Mem{Base: c.Load(c.Param("y"), c.GP64())}
	xp := c.Load(c.Param("x"), c.GP64())
	wp := c.Load(c.Param("w"), c.GP64())
	n := c.Load(c.Param("times"), c.GP64())
	var sum [8]reg.VecVirtual
	for i := range sum {
		sum[i] = c.YMM()
		c.VXORPS(sum[i], sum[i], sum[i])
	}
	c.Label("more")
	for i := range sum {
		v := c.YMM()
		c.VPMOVSXWD(operand.Mem{Base: xp, Disp: 16 * i}, v)
		c.VCVTDQ2PS(v, v)
		c.VMULPS(operand.Mem{Base: wp, Disp: 32 * i}, v, v)
		c.VADDPS(v, sum[i], sum[i])
	}
	c.ADDQ(operand.U32(128), xp)
	c.ADDQ(operand.U32(256), wp)
	c.DECQ(n)
	c.JNE(operand.LabelRef("more"))
	for i, v := range sum {
		c.VMOVUPS(v, at(y, i, 32))
	}
	c.VZEROUPPER()
	c.RET()
}

func spectrumWeigh(c *build.Context) {
	c.Function("weighAVX2")
	c.SignatureExpr("func(y, x, w *[64]float32)")
	c.Doc("weighAVX2 is weigh. It needs AVX2.")
	c.Pragma("noescape")
	y := operand.Mem{Base: c.Load(c.Param("y"), c.GP64())}
	x := operand.Mem{Base: c.Load(c.Param("x"), c.GP64())}
	w := operand.Mem{Base: c.Load(c.Param("w"), c.GP64())}
	for i := range 8 {
		v := c.YMM()
		c.VMOVUPS(at(x, i, 32), v)
		c.VMULPS(at(w, i, 32), v, v)
		c.VMOVUPS(v, at(y, i, 32))
	}
	c.VZEROUPPER()
	c.RET()
}
