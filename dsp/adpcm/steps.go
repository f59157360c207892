package adpcm

// imaStep are the step sizes of the IMA Digital Audio Focus Group's
// recommendation (1992), also RFC 3551 clause 4.5.1: 1.1 times the one before.
var imaStep = [...]int32{
	7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45,
	50, 55, 60, 66, 73, 80, 88, 97, 107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307,
	337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066,
	2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899,
	15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
}

// voxStep are those of Dialogic's application note "ADPCM Algorithm" (1988),
// table 2: IMA's from 16 to 1552, on a 12-bit scale.
var voxStep = imaStep[8:57]

// move is how far a magnitude moves along the step sizes. IMA and Dialogic
// agree (Dialogic's table 1).
var move = [8]int{-1, -1, -1, -1, 2, 4, 6, 8}

// steps is what a coder knows of its step sizes, laid out so that one sample
// costs one dependent look-up: a code leads straight to the change of the
// prediction and to the next row.
type steps struct {
	// below[16*row+m-1] is the greatest difference that does not reach
	// magnitude m.
	below [16 * len(imaStep)]int32
	next  [16 * len(imaStep)]struct {
		change int32  // of the prediction
		row    uint32 // 16 times the row that follows
	}
	keep int32  // bits of a sample that are coded
	span uint32 // predictions lie from -32768 to -32768+span
}

// A form makes numbers out of a step size s and a magnitude m: the least
// difference that has that magnitude, and the change that it stands for. Both
// are on the 16-bit scale; unit is what a 1 of the step sizes is worth there.
type form struct {
	threshold, change func(s, m, unit int32) int32
}

// perTerm adds up the terms of the set bits, each cut to an integer, as IMA's
// recommendation and Dialogic's note have it.
var perTerm = form{
	threshold: func(s, m, unit int32) int32 { return bits(s, m) * unit },
	change:    func(s, m, unit int32) int32 { return (s>>3 + bits(s, m)) * unit },
}

func bits(s, m int32) int32 { return m>>2*s + m>>1&1*(s>>1) + m&1*(s>>2) }

// whole multiplies and cuts once, as SoX and libsndfile do with VOX.
var whole = form{
	threshold: func(s, m, unit int32) int32 { return m * s * unit / 4 },
	change:    func(s, m, unit int32) int32 { return ((2*m + 1) * s >> 3) * unit },
}

func makeSteps(sizes []int32, f form, unit, keep, top int32) *steps {
	t := &steps{keep: keep, span: uint32(top + 32768)}
	for i, s := range sizes {
		for m := range int32(8) {
			if m > 0 {
				t.below[16*i+int(m)-1] = f.threshold(s, m, unit) - 1
			}
			up, down := &t.next[16*i+int(m)], &t.next[16*i+int(m)+8]
			up.change = f.change(s, m, unit)
			up.row = uint32(16 * min(len(sizes)-1, max(0, i+move[m])))
			down.change, down.row = -up.change, up.row
		}
	}
	return t
}
