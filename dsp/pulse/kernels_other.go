//go:build !amd64 || purego

package pulse

func powersAVX2(*[most + 1]float64, *[most]float64, *[3]int32, *int16, int) {}
