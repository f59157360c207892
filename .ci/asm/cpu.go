package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"
)

// cpu asks the processor what it can do.
func cpu(c *build.Context) {
	c.Function("cpuid")
	c.SignatureExpr("func(leaf, sub uint32) (eax, ebx, ecx, edx uint32)")
	c.Doc("cpuid is the instruction CPUID with leaf in EAX and sub in ECX.")
	c.Pragma("noescape")
	c.Load(c.Param("leaf"), reg.EAX)
	c.Load(c.Param("sub"), reg.ECX)
	c.CPUID()
	c.Store(reg.EAX, c.Return("eax"))
	c.Store(reg.EBX, c.Return("ebx"))
	c.Store(reg.ECX, c.Return("ecx"))
	c.Store(reg.EDX, c.Return("edx"))
	c.RET()

	c.Function("xgetbv")
	c.SignatureExpr("func() (eax uint32)")
	c.Doc("xgetbv returns the lower half of the register XCR0: what the system saves when it switches tasks.")
	c.Pragma("noescape")
	c.XORL(reg.ECX, reg.ECX)
	c.XGETBV()
	c.Store(reg.EAX, c.Return("eax"))
	c.RET()
}
