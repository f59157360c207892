package index

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// A dict holds different strings in order; a string's place is its code. Every
// 16th stands whole, the others say how much they share with the one before.
//
//	u32 strings; per 16: u32 offset; then per string: uvarint shared (not for
//	whole ones), uvarint length of the rest, the rest
type dict struct {
	n    int
	offs []byte
	data []byte
}

const dictGroup = 16

// packDict takes sorted different strings.
func packDict(all []string) []byte {
	groups := (len(all) + dictGroup - 1) / dictGroup
	head := make([]byte, 4, 4+4*groups)
	binary.LittleEndian.PutUint32(head, uint32(len(all)))
	var body []byte
	for i, s := range all {
		if i%dictGroup == 0 {
			head = binary.LittleEndian.AppendUint32(head, uint32(len(body)))
		} else {
			n := shared(all[i-1], s)
			body = binary.AppendUvarint(body, uint64(n))
			s = s[n:]
		}
		body = binary.AppendUvarint(body, uint64(len(s)))
		body = append(body, s...)
	}
	return append(head, body...)
}

func shared(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

func openDict(b []byte) (d dict, ok bool) {
	if len(b) < 4 {
		return d, false
	}
	d.n = int(binary.LittleEndian.Uint32(b))
	heads := 4 + 4*((d.n+dictGroup-1)/dictGroup)
	if d.n > 2*maxRows || len(b) < heads {
		return d, false
	}
	d.offs, d.data = b[4:heads], b[heads:]
	return d, true
}

// A dictWalk goes through the strings of a group.
type dictWalk struct {
	rest []byte
	s    []byte // the present string; valid until the next step
}

func (d *dict) group(g int) dictWalk {
	return dictWalk{rest: d.data[binary.LittleEndian.Uint32(d.offs[4*g:]):]}
}

func (w *dictWalk) step(first bool) {
	keep := uint64(0)
	if !first {
		v, n := binary.Uvarint(w.rest)
		keep, w.rest = v, w.rest[n:]
	}
	l, n := binary.Uvarint(w.rest)
	w.s = append(w.s[:keep], w.rest[n:n+int(l)]...)
	w.rest = w.rest[n+int(l):]
}

// at appends string i to buf.
func (d *dict) at(i int, buf []byte) []byte {
	w := d.group(i / dictGroup)
	w.s = buf
	for k := 0; k <= i%dictGroup; k++ {
		w.step(k == 0)
	}
	return w.s
}

// each calls f with every string in order; s is valid during the call.
func (d *dict) each(f func(i int, s []byte)) {
	var w dictWalk
	for i := range d.n {
		if i%dictGroup == 0 {
			s := w.s
			w = d.group(i / dictGroup)
			w.s = s[:0]
		}
		w.step(i%dictGroup == 0)
		f(i, w.s)
	}
}

// some calls f with the strings of ascending codes.
func (d *dict) some(codes []uint32, f func(i int, s []byte)) {
	var w dictWalk
	have := -1 // the code w stands at
	for _, c := range codes {
		i := int(c)
		if have < 0 || i/dictGroup != have/dictGroup {
			s := w.s
			w = d.group(i / dictGroup)
			w.s = s[:0]
			have = i/dictGroup*dictGroup - 1
		}
		for have < i {
			have++
			w.step(have%dictGroup == 0)
		}
		f(i, w.s)
	}
}

// find returns the code of s.
func (d *dict) find(s []byte) (code int, ok bool) { return d.seek(s) }

// begins are the codes from ≤ code < to of the strings that begin with s.
func (d *dict) begins(s []byte) (from, to int) {
	from, _ = d.seek(s)
	for i := len(s) - 1; i >= 0; i-- { // the least string that is greater than all of them
		if s[i] < 0xFF {
			next := append(bytes.Clone(s[:i]), s[i]+1)
			to, _ = d.seek(next)
			return from, to
		}
	}
	return from, d.n
}

// seek returns the code of s, or of the first string behind the place where it would be.
func (d *dict) seek(s []byte) (code int, there bool) {
	from, to := 0, len(d.offs)/4 // the group it may be in is the last that begins with ≤ s
	for from < to {
		mid := (from + to) / 2
		w := d.group(mid)
		l, n := binary.Uvarint(w.rest)
		if bytes.Compare(w.rest[n:n+int(l)], s) <= 0 {
			from = mid + 1
		} else {
			to = mid
		}
	}
	if from == 0 {
		return 0, false
	}
	g := from - 1
	w := d.group(g)
	end := min(d.n, (g+1)*dictGroup)
	for i := g * dictGroup; i < end; i++ {
		w.step(i%dictGroup == 0)
		if c := bytes.Compare(w.s, s); c >= 0 {
			return i, c == 0
		}
	}
	return end, false
}

// A words collects strings and gives codes that become places in a dict.
type words struct {
	codes map[string]uint32
	all   []string
}

func (w *words) code(s string) uint32 {
	c, ok := w.codes[s]
	if !ok {
		if w.codes == nil {
			w.codes = map[string]uint32{}
		}
		c = uint32(len(w.all))
		w.codes[s] = c
		w.all = append(w.all, s)
	}
	return c
}

// sorted returns the strings in order, and what each code has become.
func (w *words) sorted() (all []string, place []uint64) {
	all = slices.Sorted(slices.Values(w.all))
	place = make([]uint64, len(all))
	for i, s := range all {
		place[w.codes[s]] = uint64(i)
	}
	return all, place
}
