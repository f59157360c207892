package g726

// Rate is a bit rate at 8000 samples per second; its value is the number of
// bits of a code.
type Rate int

const (
	Rate16 Rate = 2 // 16 kbit/s
	Rate24 Rate = 3
	Rate32 Rate = 4 // the one that others understand
	Rate40 Rate = 5 // carries modems up to 9600 bit/s
)

// A level is what a code stands for: the tables of blocks RECONST, FUNCTW and
// FUNCTF of G.726 clause 4.2.
type level struct {
	dqln int32 // logarithm of the quantized difference, normalised
	wi   int32 // FUNCTW, scale factor multiplier, already times 32
	fi   int32 // FUNCTF, already times 512
	sign int32 // of the difference: 0 or -1
}

// scale is what a rate makes of codes.
type scale struct {
	level [32]level
	// code[sign][dln+2048] is the code of a normalised logarithm (QUAN).
	code [2][4096]byte
	bits uint
	// leak is the right shift of the zero predictor in block UPB, leakMask
	// what a lane has left after it, drift the leak of bias less 128.
	leak            uint
	leakMask, drift lanes
}

var scales = [...]*scale{
	Rate16: makeScale(Rate16, []int32{261}, []int32{116, 365}, []int32{-22, 439}, []int32{0, 7}),
	Rate24: makeScale(Rate24, []int32{8, 218, 331}, []int32{-2048, 135, 273, 373}, []int32{-4, 30, 137, 582}, []int32{0, 1, 2, 7}),
	Rate32: makeScale(Rate32, []int32{-124, 80, 178, 246, 300, 349, 400}, []int32{-2048, 4, 135, 213, 273, 323, 373, 425},
		[]int32{-12, 18, 41, 64, 112, 198, 355, 1122}, []int32{0, 0, 0, 1, 1, 1, 3, 7}),
	Rate40: makeScale(Rate40, []int32{-122, -16, 68, 139, 198, 250, 298, 339, 378, 413, 445, 475, 502, 528, 553},
		[]int32{-2048, -66, 28, 104, 169, 224, 274, 318, 358, 395, 429, 459, 488, 514, 539, 566},
		[]int32{14, 14, 24, 39, 40, 41, 58, 100, 141, 179, 219, 280, 358, 440, 529, 696},
		[]int32{0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6}),
}

// makeScale lays out the standard's tables 1 to 8: thresholds between the
// magnitudes, and for each magnitude the level, W and F.
func makeScale(r Rate, thresholds, dqln, w, f []int32) *scale {
	s := &scale{bits: uint(r), leak: 8}
	if r == Rate40 {
		s.leak = 9
	}
	s.leakMask = (2*bias - 1) >> s.leak * each
	s.drift = (bias>>s.leak - 128 + 1<<17) * each
	last := int32(1)<<r - 1 // a code of all ones
	half := len(dqln)
	for m := range half {
		l := level{dqln: dqln[m], wi: w[m] << 5, fi: f[m] << 9}
		s.level[m] = l
		l.sign = -1 // a negative difference has the complement
		s.level[last-int32(m)] = l
	}
	for i := range s.code[0] {
		m := int32(0)
		for _, t := range thresholds {
			if int32(i)-2048 >= t {
				m++
			}
		}
		s.code[0][i], s.code[1][i] = byte(m), byte(last-m)
		if m == 0 && r != Rate16 { // a code of zeros is never sent: line signals need ones
			s.code[0][i] = byte(last)
		}
	}
	return s
}
