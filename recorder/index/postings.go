package index

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"sort"
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
	return sort.Search(p.len(), func(i int) bool { return p.key(i) >= key })
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

// trigrams calls f with every three digits in a row, and with 1000 more than the
// last two of a row, so that any two digits begin a key or are one.
func trigrams(s []byte, f func(key uint64)) {
	run, key := 0, uint64(0)
	end := func() {
		if run >= 2 {
			f(1000 + key%100)
		}
		run = 0
	}
	for _, c := range s {
		if c < '0' || c > '9' {
			end()
			continue
		}
		key = (key*10 + uint64(c-'0')) % 1000
		if run++; run >= 3 {
			f(key)
		}
	}
	end()
}

// A span is keys from ≤ key < to, one of which a string must have.
type span struct{ from, to uint64 }

// digitSpans are what a number must have that has s in it: for each, keys of any
// of some spans.
func digitSpans(s []byte) (all [][]span) {
	for run := range bytes.FieldsFuncSeq(s, func(r rune) bool { return r < '0' || r > '9' }) {
		if len(run) == 2 {
			two := uint64(run[0]-'0')*10 + uint64(run[1]-'0')
			all = append(all, []span{{two * 10, two*10 + 10}, {1000 + two, 1000 + two + 1}})
		}
		trigrams(run, func(key uint64) {
			if key < 1000 {
				all = append(all, []span{{key, key + 1}})
			}
		})
	}
	return all
}

// letterSpans are what a text must have that has s in it.
func letterSpans(s []byte) (all [][]span) {
	var last uint64
	bigrams(s, func(key uint64) {
		if last != 0 && last&(1<<21-1) != 0 { // not at a word's end, which need not be one in the text
			all = append(all, []span{{last, last + 1}})
		}
		last = key
	})
	if last != 0 && len(all) == 0 {
		first := last >> 21
		all = append(all, []span{{first << 21, (first + 1) << 21}})
	}
	return all
}

// candidates are the entries that have the rarest of what must be there, in order.
func (p *postings) candidates(must [][]span, to []uint32) []uint32 {
	var best [][]byte
	least := -1
	for _, any := range must {
		var lists [][]byte
		size := 0
		for _, s := range any {
			for i := p.search(s.from); i < p.len() && p.key(i) < s.to; i++ {
				l := p.list(i)
				lists = append(lists, l)
				size += len(l)
			}
		}
		if least < 0 || size < least {
			best, least = lists, size
		}
	}
	for _, l := range best {
		to = entries(l, to)
	}
	if len(best) > 1 {
		slices.Sort(to)
		to = slices.Compact(to)
	}
	return to
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
