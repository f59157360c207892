package index

import (
	"bytes"
	"errors"
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
	kept     atomic.Pointer[set] // rows that are neither in the trash nor erased; nil: nobody has asked yet
}

// verified says which columns of a segment have passed their checksum in the
// last minutes, so that searches need not compute it again: it costs more than
// the search itself.
type verified struct {
	cols  [(colRest + maxRows/blockRows) / 64]atomic.Uint64
	since atomic.Int64 // ns since 1970
	whole atomic.Int64 // ns since 1970, when all columns were verified at once
}

// verifyEvery is how long a column is trusted.
const verifyEvery = time.Hour

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

// plain says that all numbers of the segment stand as they are dialled.
func (s *segment) plain() bool {
	for i, b := range s.Letters {
		for k := range 8 {
			if b&(1<<k) != 0 && !plainNumber([]byte{byte(i*8 + k)}) {
				return false
			}
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
	colBytes                 // packed
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

// addLetters adds the bytes of a string to a set of 256 bits.
func addLetters(to []byte, s []byte) {
	for _, c := range bytes.ToLower(s) {
		to[c>>3] |= 1 << (c & 7)
	}
}
