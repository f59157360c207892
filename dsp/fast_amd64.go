//go:build !purego

package dsp

// vectors says that there is measureSSE2.
const vectors = true
