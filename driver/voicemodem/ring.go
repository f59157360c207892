package voicemodem

// A ring holds samples between the engine and Exchange: linear ones, or codes
// where the format is companded.
type ring struct {
	buf   []int16
	at, n int
}

func newRing(size int) ring { return ring{buf: make([]int16, size)} }

// push appends samples as far as there is room, and returns how many.
func (r *ring) push(s []int16) int {
	k := min(len(s), len(r.buf)-r.n)
	for i, v := range s[:k] {
		r.buf[(r.at+r.n+i)%len(r.buf)] = v
	}
	r.n += k
	return k
}

// fill appends n samples of one value as far as there is room.
func (r *ring) fill(v int16, n int) int {
	k := min(n, len(r.buf)-r.n)
	for i := range k {
		r.buf[(r.at+r.n+i)%len(r.buf)] = v
	}
	r.n += k
	return k
}

// take moves samples to dst, and returns how many there were.
func (r *ring) take(dst []int16) int {
	k := min(len(dst), r.n)
	for i := range k {
		dst[i] = r.buf[(r.at+i)%len(r.buf)]
	}
	r.drop(k)
	return k
}

// drop forgets up to n samples.
func (r *ring) drop(n int) int {
	n = min(n, r.n)
	r.at = (r.at + n) % len(r.buf)
	r.n -= n
	return n
}
