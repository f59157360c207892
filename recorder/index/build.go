package index

import (
	"encoding/binary"
	"strconv"
	"strings"
	"time"
)

// A builder makes a segment of rows that come in order of their keys.
type builder struct {
	seg     *segment
	starts  []uint64
	samples []uint64
	bytes   []uint64
	ids     []string
	codes   [fields][]uint32
	words   map[column]*words
	texts   texts
	rest    [][]byte // blocks
}

func newBuilder() *builder {
	b := &builder{seg: &segment{}, words: map[column]*words{}}
	for f := range fields {
		b.words[dictOf(f)] = &words{}
	}
	return b
}

func (b *builder) add(r *Row) {
	p := r.probe()
	i := b.seg.Rows
	if b.seg.Rows++; i == 0 {
		b.seg.FirstTime, b.seg.FirstID = p.key.start, p.key.id
		b.seg.LeastID = p.key.id
	}
	b.seg.LastTime, b.seg.LastID = p.key.start, p.key.id
	b.seg.LeastID, b.seg.MostID = min(b.seg.LeastID, r.ID), max(b.seg.MostID, r.ID)
	b.starts = append(b.starts, toSorted(p.key.start))
	b.samples = append(b.samples, p.samples)
	b.bytes = append(b.bytes, p.bytes)
	b.ids = append(b.ids, packID(r.ID))
	for f := range fields {
		b.codes[f] = append(b.codes[f], b.words[dictOf(f)].code(string(p.vals[f])))
	}
	b.texts.add(i, p.text)
	if i%blockRows == 0 {
		b.rest = append(b.rest, nil)
	}
	last := &b.rest[i/blockRows]
	*last = appendRest(*last, r)
}

// columns is the finished segment; the builder is used up.
func (b *builder) columns() (*segment, map[column][]byte) {
	cols := map[column][]byte{colStart: packNumbers(b.starts), colSamples: packNumbers(b.samples), colBytes: packNumbers(b.bytes)}
	b.orderIDs(cols)
	places := map[column][]uint64{}
	for c, w := range b.words {
		all, place := w.sorted()
		cols[c], places[c] = packDict(all), place
		switch c {
		case colNumbers:
			b.digits(all, cols)
		case dictOf(fieldParty):
			cols[colNames] = namePairs(all)
		}
	}
	vals := make([]uint64, b.seg.Rows)
	for f := range fields {
		for i, code := range b.codes[f] {
			vals[i] = places[dictOf(f)][code]
		}
		cols[codesOf(f)] = packNumbers(vals)
	}
	cols[colTexts], cols[colPairs] = b.texts.pack()
	for i, rest := range b.rest {
		cols[colRest+column(i)] = rest
	}
	for _, v := range cols {
		b.seg.Bytes += int64(len(v))
	}
	return b.seg, cols
}

func (b *builder) orderIDs(cols map[column][]byte) {
	var w words
	for _, id := range b.ids {
		w.code(id)
	}
	all, place := w.sorted()
	order := make([]uint64, len(b.ids))
	for i := range b.ids {
		order[i] = zigzag(int64(place[i]) - int64(i)) // the IDs differ: their codes are the rows
	}
	cols[colIDs], cols[colOrder] = packDict(all), packNumbers(order)
}

func (b *builder) digits(numbers []string, cols map[column][]byte) {
	b.seg.Letters = make([]byte, 32)
	g := gather{}
	for i, s := range numbers {
		n, add := dialled([]byte(s)), func(key uint64) { g.add(key, i) }
		f := fold(s)
		addLetters(b.seg.Letters, []byte(f))
		addLetters(b.seg.Letters, n)
		trigrams(n, add)
		if f != s { // full-width digits
			trigrams([]byte(digits(f)), add)
		}
	}
	cols[colDigits] = g.pack()
}

// namePairs are those of names as they are and as numbers, which some names are:
// words are looked for in both.
func namePairs(names []string) []byte {
	g := gather{}
	for i, s := range names {
		s, add := fold(s), func(key uint64) { g.add(key, i) }
		bigrams([]byte(s), add)
		if n := digits(s); n != s {
			bigrams([]byte(n), add)
		}
	}
	return g.pack()
}

// rowOf is the reverse of probe, but for what appendRest keeps.
func rowOf(k key, samples, bytes int64, vals [fields]string) *Row {
	r := &Row{ID: k.id, Start: time.Unix(0, k.start).UTC(), Samples: samples, Bytes: bytes, Class: vals[fieldClass], LineName: vals[fieldName], Board: vals[fieldBoard],
		Direction: vals[fieldDirection], Trigger: vals[fieldTrigger], Codec: vals[fieldCodec], Outcome: vals[fieldOutcome], AnsweredBy: vals[fieldAnswered],
		EndedBy: vals[fieldEnded], CallerName: vals[fieldParty], Caller: vals[fieldCaller], Called: vals[fieldCalled],
		Call: longID([]byte(vals[fieldCall])), Conversation: longID([]byte(vals[fieldConversation]))}
	r.Line, _ = strconv.Atoi(vals[fieldLine]) // the builder wrote it
	r.setFlags(flagsOf([]byte(vals[fieldFlags])))
	if s := vals[fieldSides]; s != "" {
		r.Sides = strings.Split(s, ",")
	}
	r.Actors, r.Holds = apart(vals[fieldActors]), apart(vals[fieldHolds])
	return r
}

// apart is the reverse of joined.
func apart(s string) []string {
	if s = strings.Trim(s, "\n"); s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

// Texts are the notes and marks of the few rows that have any.
//
//	u32 texts; per text: u32 row, u32 offset; u32 bytes of all; then the bytes
type texts struct {
	head  []byte
	data  []byte
	n     int
	pairs gather
}

func (t *texts) add(row int, s []byte) {
	if len(s) == 0 {
		return
	}
	if t.pairs == nil {
		t.pairs = gather{}
	}
	bigrams(s, func(key uint64) { t.pairs.add(key, t.n) })
	t.n++
	t.head = binary.LittleEndian.AppendUint32(t.head, uint32(row))
	t.head = binary.LittleEndian.AppendUint32(t.head, uint32(len(t.data)))
	t.data = append(t.data, s...)
}

func (t *texts) pack() (all, pairs []byte) {
	all = binary.LittleEndian.AppendUint32(nil, uint32(t.n))
	all = append(all, t.head...)
	all = binary.LittleEndian.AppendUint32(all, uint32(len(t.data)))
	return append(all, t.data...), t.pairs.pack()
}

// openTexts is the reverse of pack.
func openTexts(b []byte) (t texts, ok bool) {
	if len(b) < 8 {
		return t, false
	}
	t.n = int(binary.LittleEndian.Uint32(b))
	if t.n > maxRows || len(b) < 8+8*t.n {
		return t, false
	}
	t.head, t.data = b[4:8+8*t.n], b[8+8*t.n:]
	return t, true
}

// at is the n-th text and its row.
func (t *texts) at(n int) (row int, s []byte) {
	row = int(binary.LittleEndian.Uint32(t.head[8*n:]))
	from := binary.LittleEndian.Uint32(t.head[8*n+4:])
	if n+1 == t.n {
		return row, t.data[from:]
	}
	return row, t.data[from:binary.LittleEndian.Uint32(t.head[8*(n+1)+4:])]
}
