//go:build !amd64 || purego

package progress

func wideAVX2(dst *[midHop]float32, x *[hop + 2*wideReach]int16) { widePlain(dst, x) }

func narrowAVX2(dst *[lowHop]float32, x *[narrowTaken]float32) { narrowPlain(dst, x) }

func squaresAVX2(*float32, int) float32 { return 0 }

func neighboursAVX2(m *[midLen + 3]float32) (r0, r1, r2 float32) { return neighboursPlain(m) }
