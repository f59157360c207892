package gsm

// signal makes a test signal out of integers alone, so that it is the same on
// every machine: silence, pulses through two resonators (much like a voice),
// the same with noise, noise of full scale, and a square wave that clips.
func signal(n int) []int16 {
	x := make([]int16, n)
	seed, a, b := uint32(1), [2]int64{}, [2]int64{}
	for i := range x {
		seed = seed*1664525 + 1013904223
		noise := int64(int32(seed)) >> 16
		e := noise >> 9
		if i%(53+i>>10%31) == 0 {
			e += 6000
		}
		a = [2]int64{e + (29800*a[0]-15400*a[1])>>14, a[0]}
		b = [2]int64{a[0]/4 + (12000*b[0]-14200*b[1])>>14, b[0]}
		y := b[0] * int64(1+i>>9%7) / 4
		switch i >> 11 % 8 {
		case 0:
			y = noise >> 14
		case 3, 4:
			y += noise >> 3
		case 6:
			y = noise
		case 7:
			y = 40000 * int64(i>>5%2*2-1)
		}
		x[i] = int16(min(max(y, -32768), 32767))
	}
	return x
}
