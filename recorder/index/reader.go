package index

import (
	"fmt"

	"vaad/store"
)

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
	size, err := r.packed(colBytes)
	if err != nil {
		return nil, err
	}
	rest, err := r.restOf(i)
	if err != nil {
		return nil, err
	}
	row := rowOf(k, int64(samples.at(i)), int64(size.at(i)), vals)
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
