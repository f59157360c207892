package index

import (
	"encoding/binary"
	"maps"
	"slices"
	"unicode/utf8"
)

// Postings say in which entries a key occurs. The entries of a key ascend.
//
//	u32 keys; per key: u64 key, u32 offset; then per key: uvarint steps from
//	one entry to the next, from -1
type postings struct {
	keys []byte
	data []byte
}

const postingKey = 8 + 4

// A gather collects postings; entries of one key come in ascending order.
type gather map[uint64][]uint32

func (g gather) add(key uint64, entry int) {
	l := g[key]
	if n := len(l); n == 0 || l[n-1] != uint32(entry) {
		g[key] = append(l, uint32(entry))
	}
}

func (g gather) pack() []byte {
	keys := slices.Sorted(maps.Keys(g))
	head := binary.LittleEndian.AppendUint32(nil, uint32(len(keys)))
	var body []byte
	for _, k := range keys {
		head = binary.LittleEndian.AppendUint64(head, k)
		head = binary.LittleEndian.AppendUint32(head, uint32(len(body)))
		last := int64(-1)
		for _, e := range g[k] {
			body = binary.AppendUvarint(body, uint64(int64(e)-last))
			last = int64(e)
		}
	}
	return append(head, body...)
}

func openPostings(b []byte) (p postings, ok bool) {
	if len(b) < 4 {
		return p, false
	}
	n := int(binary.LittleEndian.Uint32(b))
	if len(b) < 4+n*postingKey {
		return p, false
	}
	return postings{b[4 : 4+n*postingKey], b[4+n*postingKey:]}, true
}

func (p *postings) len() int { return len(p.keys) / postingKey }

func (p *postings) key(i int) uint64 { return binary.LittleEndian.Uint64(p.keys[i*postingKey:]) }

// list is the bytes of the i-th key's entries.
func (p *postings) list(i int) []byte {
	from := binary.LittleEndian.Uint32(p.keys[i*postingKey+8:])
	if i+1 == p.len() {
		return p.data[from:]
	}
	return p.data[from:binary.LittleEndian.Uint32(p.keys[(i+1)*postingKey+8:])]
}

// search returns the place of the first key that is not below key.
func (p *postings) search(key uint64) int {
	from, to := 0, p.len()
	for from < to {
		if mid := (from + to) / 2; p.key(mid) < key {
			from = mid + 1
		} else {
			to = mid
		}
	}
	return from
}

// find is the list of a key, nil where the key does not occur.
func (p *postings) find(key uint64) []byte {
	if i := p.search(key); i < p.len() && p.key(i) == key {
		return p.list(i)
	}
	return nil
}

// entries reads a list.
func entries(list []byte, to []uint32) []uint32 {
	last := int64(-1)
	for len(list) > 0 {
		step, n := binary.Uvarint(list)
		if n <= 0 {
			break
		}
		last += int64(step)
		to = append(to, uint32(last))
		list = list[n:]
	}
	return to
}

// trigrams calls f with every three digits in a row.
func trigrams(s []byte, f func(key uint64)) {
	run, key := 0, uint64(0)
	for _, c := range s {
		if c < '0' || c > '9' {
			run = 0
			continue
		}
		key = (key*10 + uint64(c-'0')) % 1000
		if run++; run >= 3 {
			f(key)
		}
	}
}

// bigrams calls f with every two letters in a row. The last letter of a word
// goes with 0, so that each letter begins a pair.
func bigrams(s []byte, f func(key uint64)) {
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		s = s[n:]
		if space(r) {
			continue
		}
		next, _ := utf8.DecodeRune(s)
		if len(s) == 0 || space(next) {
			next = 0
		}
		f(bigram(r, next))
	}
}

func bigram(a, b rune) uint64 { return uint64(a)<<21 | uint64(b) }
