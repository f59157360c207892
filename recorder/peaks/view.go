package peaks

import "sync"

// MaxPoints is how many points one view may have.
const MaxPoints = 4096

// Fit cuts a wish for a view to what there is: a part within the side, and points
// that are not finer than bins. To ≤ 0 means the end.
func Fit(samples, from, to int64, points int) (Span, int) {
	if to <= 0 || to > samples {
		to = samples
	}
	from = min(max(0, from), to)
	finest := (to - from + Hop - 1) / Hop
	return Span{from, to}, int(min(int64(max(1, points)), MaxPoints, max(1, finest)))
}

// View is a part of the side in points of equal length, three bytes each: least,
// greatest, root mean square. Point i stands for all bins that have samples of
// From + i/n to From + (i+1)/n of the part. Behind the side's end all are 0.
func (s *Side) View(part Span, points int) []byte {
	out := make([]byte, 0, points*binBytes)
	length := max(0, part.To-part.From)
	level, size := 0, int64(Hop)
	for level+1 < levels && size*factor*4 <= length/int64(max(1, points)) {
		level, size = level+1, size*factor
	}
	bins := s.levels[level]
	count := int64(len(bins) / binBytes)
	for i := range int64(points) {
		a := part.From + length*i/int64(points)
		b := part.From + length*(i+1)/int64(points)
		out = append(out, join(bins, min(count, a/size), min(count, (b+size-1)/size))...)
	}
	return out
}

// join makes one bin of several.
func join(bins []byte, from, to int64) []byte {
	if from >= to {
		return []byte{0, 0, 0}
	}
	least, most, sum := int8(127), int8(-127), 0.0
	square := squares()
	for i := from * binBytes; i < to*binBytes; i += binBytes {
		least, most = min(least, int8(bins[i])), max(most, int8(bins[i+1]))
		sum += square[bins[i+2]&0x7f]
	}
	return []byte{byte(least), byte(most), byte(root(square, sum/float64(to-from)))}
}

// squares has the square of the amplitude that a byte stands for.
var squares = sync.OnceValue(func() *[128]float64 {
	t := new([128]float64)
	for i := range t {
		a := Amplitude(int8(i))
		t[i] = a * a
	}
	return t
})

// root is the byte of a mean square.
func root(square *[128]float64, mean float64) int8 {
	lo, hi := 0, 127
	for lo < hi { // the first whose square is not below
		if m := (lo + hi) / 2; square[m] < mean {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo > 0 && mean-square[lo-1] < square[lo]-mean {
		lo--
	}
	return int8(lo)
}

// Voices are the stretches of voice within a part. Pauses shorter than gap are
// left out, so that there are not more of them than can be drawn.
func (s *Side) Voices(part Span, gap int64) []Span { return joined(s.Voice, part, gap) }

// joined are the spans within a part, those closer together than gap as one.
func joined(all []Span, part Span, gap int64) []Span {
	out := []Span{}
	for _, v := range all {
		v.From, v.To = max(v.From, part.From), min(v.To, part.To)
		switch n := len(out); {
		case v.From >= v.To:
		case n > 0 && v.From-out[n-1].To < gap:
			out[n-1].To = v.To
		default:
			out = append(out, v)
		}
	}
	return out
}
