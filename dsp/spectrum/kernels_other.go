//go:build !amd64 || purego

package spectrum

func power64AVX2(p *[32]float32, x *[64]float32) { power64(p, x) }

func foldAVX2(*[64]float32, *int16, *float32, int) {}

func weighAVX2(y, x, w *[64]float32) { weigh(y, x, w) }
