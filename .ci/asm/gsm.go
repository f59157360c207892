package main

import "github.com/mmcloughlin/avo/build"

// gsm are the kernels of GSM 06.10. They compute in 16 bits with saturation, as
// the standard does. Its multiplication with rounding is VPMULHRSW, but for
// -32768 times itself; one factor is always a constant or a coefficient that is
// not -32768.
func gsm(c *build.Context) {
	gsmEmphasise(c)
	gsmRatios(c)
	gsmLattice(c)
	gsmSearch(c)
	grids := makeGrids(c)
	gsmCode(c, grids)
	gsmRebuild(c, grids)
	gsmSpeak(c)
}
