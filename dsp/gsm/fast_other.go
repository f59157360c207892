//go:build !amd64 || purego

package gsm

// There are no kernels here, and simd.Best says so: these are never called.

func (e *Encoder) analyseFast(f *frame, src *[samples]int16)  { e.analyse(f, src) }
func (d *Decoder) synthesiseFast(y *[samples]int16, f *frame) {}
