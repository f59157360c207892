package index

import (
	"bytes"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"vaad/store"
)

// A segment is up to 65,536 recordings as columns, which never change. What
// becomes known of one of them later makes it a loose row again, which hides the
// one in the segment, until the segment is written anew.
type segment struct {
	ID        uint64 `json:"-"`
	Rows      int    `json:"rows"`
	FirstTime int64  `json:"first_time"` // start of the oldest and the newest row, ns since 1970
	LastTime  int64  `json:"last_time"`
	FirstID   string `json:"first_id"`
	LastID    string `json:"last_id"`
	LeastID   string `json:"least_id"` // of all rows
	MostID    string `json:"most_id"`
	Letters   []byte `json:"letters"` // 256 bits: bytes that occur in numbers, folded
	Bytes     int64  `json:"bytes"`   // of its columns

	verified verified
}

// verified says which columns of a segment have passed their checksum in the
// last minutes, so that searches need not compute it again: it costs more than
// the search itself.
type verified struct {
	cols  [(colRest + maxRows/blockRows) / 64]atomic.Uint64
	since atomic.Int64 // ns since 1970
}

// verifyEvery is how long a column is trusted.
const verifyEvery = 10 * time.Minute

func (v *verified) has(c column) bool {
	if now := time.Now().UnixNano(); now-v.since.Load() > int64(verifyEvery) {
		v.forget()
		v.since.Store(now)
		return false
	}
	return v.cols[c/64].Load()&(1<<(c%64)) != 0
}

func (v *verified) add(c column) { v.cols[c/64].Or(1 << (c % 64)) }

func (v *verified) forget() {
	for i := range v.cols {
		v.cols[i].Store(0)
	}
}

func (s *segment) first() key { return key{s.FirstTime, s.FirstID} }
func (s *segment) last() key  { return key{s.LastTime, s.LastID} }

// may says whether the segment can have a recording.
func (s *segment) may(id string) bool { return s.LeastID <= id && id <= s.MostID }

// spells says whether numbers of the segment can hold these bytes.
func (s *segment) spells(b []byte) bool {
	for _, c := range b {
		if s.Letters[c>>3]&(1<<(c&7)) == 0 {
			return false
		}
	}
	return true
}

// A column is part of a key in the bucket of columns.
type column uint16

const (
	colStart   column = iota // packed: ns since 1970, top bit inverted; ascending
	colSamples               // packed
	colIDs                   // dict of packed IDs
	colOrder                 // packed: place of each row's ID in colIDs less the row's own, zigzag
	colNumbers               // dict of callers and called
	colDigits                // postings: three digits, or the last two → places in colNumbers
	colCalls                 // dict of packed IDs of calls and conversations
	colTexts                 // texts
	colPairs                 // postings: two letters → places in colTexts
	colNames                 // postings: two letters → places in the dict of callers' names
	colDicts   column = 32   // + field: dict
	colCodes   column = 64   // + field: packed places in the dict
	colRest    column = 128  // + block: the rest of its rows
)

// dictOf is where the values of a field stand.
func dictOf(f field) column {
	switch f {
	case fieldCaller, fieldCalled:
		return colNumbers
	case fieldCall, fieldConversation:
		return colCalls
	}
	return colDicts + column(f)
}

func codesOf(f field) column { return colCodes + column(f) }

func columnKey(seg uint64, c column) string {
	return store.Key(seg) + string([]byte{byte(c >> 8), byte(c)})
}

// errGone says that a segment is not in the file any more, or not yet: the file
// has changed since the list of segments was looked at. The question is put anew.
var errGone = errors.New("the segment is gone")

// A reader reads one segment within a transaction.
type reader struct {
	tx  *store.Tx
	seg *segment

	nums  [colRest]*packed
	dicts [colRest]*dict
	block int // which block of rests is in rest; -1: none
	rest  []byte
	trust bool // columns that were verified not long ago are not verified again
}

func newReader(tx *store.Tx, seg *segment) *reader {
	return &reader{tx: tx, seg: seg, block: -1}
}

func (r *reader) bytes(c column) (b []byte, err error) {
	get, known := columnBucket().View, r.trust && r.seg.verified.has(c)
	if known {
		get = columnBucket().Look
	}
	err = get(r.tx, columnKey(r.seg.ID, c), func(v []byte) error {
		b = v // it stays what it is until the transaction ends
		return nil
	})
	switch {
	case err == nil && b == nil:
		err = errGone
	case err == nil && r.trust && !known:
		r.seg.verified.add(c)
	}
	return b, err
}

func (r *reader) bad(c column) error {
	return fmt.Errorf("segment %d of the index: column %d is not in its form; make the index anew with: vaactl reindex", r.seg.ID, c)
}

func (r *reader) packed(c column) (*packed, error) {
	if p := r.nums[c]; p != nil {
		return p, nil
	}
	b, err := r.bytes(c)
	if err != nil {
		return nil, err
	}
	p, ok := openPacked(b)
	if !ok || p.n != r.seg.Rows {
		return nil, r.bad(c)
	}
	r.nums[c] = &p
	return &p, nil
}

func (r *reader) dict(c column) (*dict, error) {
	if d := r.dicts[c]; d != nil {
		return d, nil
	}
	b, err := r.bytes(c)
	if err != nil {
		return nil, err
	}
	d, ok := openDict(b)
	if !ok {
		return nil, r.bad(c)
	}
	r.dicts[c] = &d
	return &d, nil
}

func (r *reader) postings(c column) (p postings, err error) {
	b, err := r.bytes(c)
	if err != nil {
		return p, err
	}
	p, ok := openPostings(b)
	if !ok {
		return p, r.bad(c)
	}
	return p, nil
}

// start is the start of row i.
func (r *reader) start(i int) (int64, error) {
	p, err := r.packed(colStart)
	if err != nil {
		return 0, err
	}
	return fromSorted(p.at(i)), nil
}

// Starts are kept so that they ascend as unsigned numbers.
func toSorted(ns int64) uint64  { return uint64(ns) ^ 1<<63 }
func fromSorted(v uint64) int64 { return int64(v ^ 1<<63) }

func zigzag(v int64) uint64   { return uint64(v<<1) ^ uint64(v>>63) }
func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// key is where row i stands.
func (r *reader) key(i int) (k key, err error) {
	if k.start, err = r.start(i); err != nil {
		return k, err
	}
	k.id, err = r.id(i)
	return k, err
}

func (r *reader) id(i int) (string, error) {
	order, err := r.packed(colOrder)
	if err != nil {
		return "", err
	}
	ids, err := r.dict(colIDs)
	if err != nil {
		return "", err
	}
	place := i + int(unzigzag(order.at(i)))
	if place < 0 || place >= ids.n {
		return "", r.bad(colOrder)
	}
	return longID(ids.at(place, nil)), nil
}

// find looks for a recording; -1 where it is not there.
func (r *reader) find(id string) (int, error) {
	ids, err := r.dict(colIDs)
	if err != nil {
		return -1, err
	}
	place, ok := ids.find([]byte(packID(id)))
	if !ok {
		return -1, nil
	}
	order, err := r.packed(colOrder)
	if err != nil {
		return -1, err
	}
	for away := 0; away < order.n; away++ { // the order of IDs is nearly that of rows
		for _, i := range [2]int{place - away, place + away} {
			if i >= 0 && i < order.n && i+int(unzigzag(order.at(i))) == place {
				return i, nil
			}
		}
	}
	return -1, r.bad(colOrder)
}

// value is what row i has in a field.
func (r *reader) value(f field, i int) (string, error) {
	codes, err := r.packed(codesOf(f))
	if err != nil {
		return "", err
	}
	d, err := r.dict(dictOf(f))
	if err != nil {
		return "", err
	}
	code := codes.at(i)
	if code >= uint64(d.n) {
		return "", r.bad(codesOf(f))
	}
	return string(d.at(int(code), nil)), nil
}

// row reads all of a row.
func (r *reader) row(i int) (*Row, error) {
	var vals [fields]string
	for f := range fields {
		var err error
		if vals[f], err = r.value(f, i); err != nil {
			return nil, err
		}
	}
	k, err := r.key(i)
	if err != nil {
		return nil, err
	}
	samples, err := r.packed(colSamples)
	if err != nil {
		return nil, err
	}
	rest, err := r.restOf(i)
	if err != nil {
		return nil, err
	}
	row := rowOf(k, int64(samples.at(i)), vals)
	if !row.setRest(rest) {
		return nil, r.bad(colRest + column(i/blockRows))
	}
	return row, nil
}

// restOf finds the rest of row i in its block.
func (r *reader) restOf(i int) ([]byte, error) {
	if b := i / blockRows; b != r.block {
		all, err := r.bytes(colRest + column(b))
		if err != nil {
			return nil, err
		}
		r.rest, r.block = all, b
	}
	p := take{b: r.rest, ok: true}
	for range i % blockRows {
		p.bytes(int(p.count()))
	}
	rest := p.bytes(int(p.count()))
	if !p.ok {
		return nil, r.bad(colRest + column(i/blockRows))
	}
	return rest, nil
}

// addLetters adds the bytes of a string to a set of 256 bits.
func addLetters(to []byte, s []byte) {
	for _, c := range bytes.ToLower(s) {
		to[c>>3] |= 1 << (c & 7)
	}
}
