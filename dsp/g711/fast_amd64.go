//go:build !purego

package g711

import "vaad/dsp/simd"

const lanes = 16 // samples that kernels take at a time

// decodeFast expands as many codes as it can and returns how many.
func decodeFast(dst []int16, src []byte, l Law) int {
	n := len(src) / lanes
	if n == 0 || simd.Best() < simd.AVX2 {
		return 0
	}
	if l == MuLaw {
		decodeMuAVX2(&dst[0], &src[0], n)
	} else {
		decodeAAVX2(&dst[0], &src[0], n)
	}
	return n * lanes
}

// encodeFast compresses as many samples as it can and returns how many.
func encodeFast(dst []byte, src []int16, l Law) int {
	n := len(src) / lanes
	if n == 0 || simd.Best() < simd.AVX2 {
		return 0
	}
	if l == MuLaw {
		encodeMuAVX2(&dst[0], &src[0], n)
	} else {
		encodeAAVX2(&dst[0], &src[0], n)
	}
	return n * lanes
}
