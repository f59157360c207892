// Command asm writes the assembly of the packages below dsp: for each, a .s
// file and the Go declarations that go with it. In: nothing but its own source.
// Out: files that are committed, so that nobody needs this to build. Its caller
// is the Makefile: make generate writes, make generate-check compares.
//
// The kernels do integer arithmetic, or add in the order in which their twins in
// plain Go add, and never fuse: each gives bit for bit what its twin gives. They
// are for processors with AVX2; dsp/simd says at run time whether they may be
// called. That of package dsp, which imports nothing, makes do with SSE2.
package main
