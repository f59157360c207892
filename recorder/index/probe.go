package index

import (
	"encoding/binary"
	"slices"
	"strings"
	"time"
	"unicode"
)

// A probe is what a search looks at: the few fields of a row that can be asked
// for, in a form that is compared without decoding the rest.
//
//	uvarint line, uvarint samples, 1 byte flags, then caller, called and folded
//	text, each with its length as uvarint
type probe []byte

const probeHidden = 1 // flag: in the trash or erased

// keyLen is the length of a time key: the start in ns, then the ID.
const keyLen = 8 + 26

// timeKey sorts rows by start; rows of one moment by ID.
func timeKey(start time.Time, id string) string {
	b := make([]byte, 0, keyLen)
	b = binary.BigEndian.AppendUint64(b, uint64(start.UnixNano())^1<<63) // negative times sort first
	return string(append(b, id...))
}

func (r *Row) key() string { return timeKey(r.Start, r.ID) }

func idOf(key string) string { return key[8:] }

func (r *Row) probe() probe {
	var flags byte
	if r.State == StateTrash || r.State == StateErased {
		flags |= probeHidden
	}
	b := make([]byte, 0, 96)
	b = binary.AppendUvarint(b, uint64(max(r.Line, 0)))
	b = binary.AppendUvarint(b, uint64(max(r.Samples, 0)))
	b = append(b, flags)
	for _, s := range []string{digits(r.Caller), digits(r.Called), r.words()} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

// words is the text that can be searched, folded.
func (r *Row) words() string {
	var b strings.Builder
	for _, s := range []string{r.LineName, r.Caller, r.Called} {
		b.WriteString(s)
		b.WriteByte('\n')
	}
	for _, n := range r.Notes {
		b.WriteString(n.Text)
		b.WriteByte('\n')
	}
	for _, m := range r.Marks {
		b.WriteString(m.Text)
		b.WriteByte('\n')
	}
	return strings.TrimSpace(fold(b.String()))
}

// fold makes letters that differ only in case, and full-width forms of ASCII,
// equal.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' { // full-width ASCII, U+FF01…U+FF5E
			r -= '！' - '!'
		}
		return unicode.ToLower(r)
	}, s)
}

// digits takes out of a number what people put in for reading.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '.', '(', ')', '/', '\u00a0':
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// A matcher is a filter made ready.
type matcher struct {
	lines    []uint64 // sorted; nil = all
	samples  uint64
	number   [][]byte // parts of the pattern between its asterisks; nil = any
	words    [][]byte
	from, to string // time keys: from ≤ key < to; "" = open
}

func (f *Filter) matcher() matcher {
	m := matcher{samples: uint64(max(0, (f.MinDuration*8000+time.Second-1)/time.Second))}
	if f.Lines != nil || f.Line != 0 {
		m.lines = []uint64{}
		for _, n := range f.Lines {
			if f.Line == 0 || f.Line == n {
				m.lines = append(m.lines, uint64(n))
			}
		}
		if f.Lines == nil {
			m.lines = append(m.lines, uint64(f.Line))
		}
		slices.Sort(m.lines)
	}
	if n := digits(f.Number); strings.Trim(n, "*") != "" {
		for p := range strings.SplitSeq(n, "*") {
			m.number = append(m.number, []byte(p))
		}
	}
	for w := range strings.FieldsSeq(fold(f.Text)) {
		m.words = append(m.words, []byte(w))
	}
	if !f.From.IsZero() {
		m.from = timeKey(f.From, "")
	}
	if !f.To.IsZero() {
		m.to = timeKey(f.To, "")
	}
	return m
}

// in reports whether a time key lies in the asked time.
func (m *matcher) in(key string) bool { return key >= m.from && (m.to == "" || key < m.to) }

// matches looks at everything but the time.
func (m *matcher) matches(p probe) bool {
	line, n := binary.Uvarint(p)
	if n <= 0 {
		return false
	}
	p = p[n:]
	if m.lines != nil {
		if _, ok := slices.BinarySearch(m.lines, line); !ok {
			return false
		}
	}
	samples, n := binary.Uvarint(p)
	if n <= 0 || samples < m.samples || len(p) <= n {
		return false
	}
	if p[n]&probeHidden != 0 {
		return false
	}
	if m.number == nil && m.words == nil {
		return true
	}
	p = p[n+1:]
	caller, p := field(p)
	called, p := field(p)
	if m.number != nil && !like(caller, m.number) && !like(called, m.number) {
		return false
	}
	text, _ := field(p)
	for _, w := range m.words {
		if !contains(text, w) {
			return false
		}
	}
	return true
}

func field(p probe) (f []byte, rest probe) {
	l, n := binary.Uvarint(p)
	if n <= 0 || uint64(len(p)-n) < l {
		return nil, nil
	}
	return p[n : n+int(l)], p[n+int(l):]
}
