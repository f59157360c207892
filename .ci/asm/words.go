package main

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// function begins a kernel that keeps none of its pointers.
func function(c *build.Context, name, signature string, doc ...string) {
	c.Function(name)
	c.SignatureExpr(signature)
	c.Doc(doc...)
	c.Pragma("noescape")
}

// base is a pointer among the parameters, loaded into a register.
func base(c *build.Context, param string) operand.Mem {
	return operand.Mem{Base: c.Load(c.Param(param), c.GP64())}
}

// words is a constant of words of 16 bits.
func words(c *build.Context, name string, v ...int) operand.Mem {
	m := c.StaticGlobal(name)
	c.DataAttributes(attr.RODATA | attr.NOPTR)
	for i, w := range v {
		c.AddDatum(2*i, operand.U16(uint16(w)))
	}
	return m
}

// octets is a constant of bytes.
func octets(c *build.Context, name string, v ...byte) operand.Mem {
	m := c.StaticGlobal(name)
	c.DataAttributes(attr.RODATA | attr.NOPTR)
	for i, b := range v {
		c.AddDatum(i, operand.U8(b))
	}
	return m
}

func repeat(n int, v ...int) (r []int) {
	for range n {
		r = append(r, v...)
	}
	return r
}

// all is a constant word in every lane.
func all(c *build.Context, name string, v int) reg.VecVirtual {
	y := c.YMM()
	c.VPBROADCASTW(words(c, name, v), y)
	return y
}

// sum adds up the four dwords of an XMM register, or the eight of a YMM one,
// into the lowest of an XMM register, which it returns.
func sum(c *build.Context, v reg.VecVirtual) reg.VecVirtual {
	return fold(c, v, func(a, b, d reg.Register) { c.VPADDD(a, b, d) })
}

// fold combines all dwords of a register by one instruction.
func fold(c *build.Context, v reg.VecVirtual, with func(a, b, d reg.Register)) reg.VecVirtual {
	x, t := c.XMM(), c.XMM()
	if v.Size() == 32 {
		c.VEXTRACTI128(operand.U8(1), v, t)
		with(t, v.AsX(), x)
	} else {
		x = v
	}
	c.VPSHUFD(operand.U8(0x4E), x, t)
	with(t, x, x)
	c.VPSHUFD(operand.U8(0xB1), x, t)
	with(t, x, x)
	return x
}
