// Package simd says at run time which vector instructions may be used. In:
// nothing. Out: a Level. Callers: codecs and detectors below dsp that have
// kernels in assembly.
//
// A package with kernels keeps for each a twin in plain Go that gives bit for
// bit the same. A codec or detector notes Best when it is made and asks its own
// note from then on, so that a test makes one of either kind and compares them;
// nothing can be switched while it runs. The twins are all there is on other
// architectures, on amd64 without AVX2, and under the build tag purego.
//
// The assembly is generated: .ci/asm has the source, make generate writes it.
package simd
