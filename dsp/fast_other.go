//go:build !amd64 || purego

package dsp

const vectors = false

func measureSSE2(*int16, int) (squares, sum int64, lo, hi int) { return }
