package index

import "math/bits"

// maxRows is how many recordings a segment holds.
const maxRows = 65536

// A set is rows of one segment.
type set struct {
	bits [maxRows / 64]uint64
	n    int // rows of the segment
}

func (s *set) add(i int)  { s.bits[i>>6] |= 1 << (i & 63) }
func (s *set) drop(i int) { s.bits[i>>6] &^= 1 << (i & 63) }
func (s *set) clear()     { clear(s.words()) }

func (s *set) words() []uint64 { return s.bits[:(s.n+63)/64] }

// fill adds from ≤ row < to.
func (s *set) fill(from, to int) {
	for from < to {
		if from&63 == 0 && to-from >= 64 {
			s.bits[from>>6] = ^uint64(0)
			from += 64
			continue
		}
		s.add(from)
		from++
	}
}

// keep keeps what o has too, and says whether anything is left.
func (s *set) keep(o *set) (some bool) {
	var all uint64
	for i := range s.words() {
		s.bits[i] &= o.bits[i]
		all |= s.bits[i]
	}
	return all != 0
}

func (s *set) count() (n int) {
	for _, w := range s.words() {
		n += bits.OnesCount64(w)
	}
	return n
}

// next is the first row from i on, -1 for none.
func (s *set) next(i int) int {
	if i >= s.n {
		return -1
	}
	for w, mask := i>>6, ^uint64(0)<<(i&63); w < (s.n+63)/64; w, mask = w+1, ^uint64(0) {
		if b := s.bits[w] & mask; b != 0 {
			return w<<6 + bits.TrailingZeros64(b)
		}
	}
	return -1
}

// prev is the last row up to i, -1 for none.
func (s *set) prev(i int) int {
	if i < 0 {
		return -1
	}
	for w, mask := i>>6, ^uint64(0)>>(63-i&63); w >= 0; w, mask = w-1, ^uint64(0) {
		if b := s.bits[w] & mask; b != 0 {
			return w<<6 + 63 - bits.LeadingZeros64(b)
		}
	}
	return -1
}
