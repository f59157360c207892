package index

import (
	"bytes"
)

// A scan finds the rows of segments that match, with room that is used again.
type scan struct {
	m    *matcher
	yes  []bool
	list []uint32
	tmp  set
	free *set // that nobody needs any more
}

// rows are those of a segment that match, but for the hidden ones, between two
// starts (both included).
func (s *scan) rows(r *reader, from, to int64, hidden []int) (*set, error) {
	found := s.free
	if s.free = nil; found == nil {
		found = &set{}
	}
	found.n, s.tmp.n = r.seg.Rows, r.seg.Rows
	found.clear()
	first, last := 0, r.seg.Rows
	if from > r.seg.FirstTime || to < r.seg.LastTime {
		starts, err := r.packed(colStart)
		if err != nil {
			return nil, err
		}
		first = starts.search(toSorted(from))
		if to < r.seg.LastTime { // so to+1 is a number
			last = starts.search(toSorted(to + 1))
		}
	}
	if first >= last {
		return found, nil
	}
	found.fill(first, last)
	for _, i := range hidden {
		found.drop(i)
	}
	if s.m.least > 0 || s.m.most < 1<<64-1 {
		samples, err := r.packed(colSamples)
		if err != nil {
			return nil, err
		}
		s.tmp.clear()
		samples.between(s.m.least, s.m.most, &s.tmp)
		if !found.keep(&s.tmp) {
			return found, nil
		}
	}
	for i := range s.m.clauses {
		if s.m.clauses[i].kept {
			kept, err := s.kept(r)
			if err != nil {
				return nil, err
			}
			if !found.keep(kept) {
				break
			}
			continue
		}
		s.tmp.clear()
		if err := s.clause(r, &s.m.clauses[i]); err != nil {
			return nil, err
		}
		if !found.keep(&s.tmp) {
			break
		}
	}
	return found, nil
}

// kept are the rows of a segment that are neither in the trash nor erased. They
// are looked for once: a segment does not change.
func (s *scan) kept(r *reader) (*set, error) {
	if rows := r.seg.kept.Load(); rows != nil {
		return rows, nil
	}
	d, err := r.dict(dictOf(fieldFlags))
	if err != nil {
		return nil, err
	}
	codes, err := r.packed(codesOf(fieldFlags))
	if err != nil {
		return nil, err
	}
	yes, rows := make([]bool, d.n), &set{n: r.seg.Rows}
	d.each(func(i int, b []byte) { yes[i] = kept(b) })
	codes.pick(yes, rows)
	r.seg.kept.Store(rows)
	return rows, nil
}

// clause puts the rows of which a clause holds into tmp.
func (s *scan) clause(r *reader, c *clause) error {
	known := column(0) // the dict that yes is about
	some := false
	for _, f := range c.fields {
		col := dictOf(f)
		if c.spell != nil && col == colNumbers && !r.seg.spells(c.spell) {
			continue
		}
		d, err := r.dict(col)
		if err != nil {
			return err
		}
		if c.exact != nil {
			if err := s.exact(r, f, d, c.exact); err != nil {
				return err
			}
			continue
		}
		if c.head != nil && col == colNumbers && r.seg.plain() {
			if err := s.begins(r, f, d, c); err != nil {
				return err
			}
			continue
		}
		if col != known {
			if some, err = s.values(r, c, col, d); err != nil {
				return err
			}
			known = col
		}
		if !some {
			continue
		}
		codes, err := r.packed(codesOf(f))
		if err != nil {
			return err
		}
		codes.pick(s.yes, &s.tmp)
	}
	if c.word != nil {
		return s.word(r, c.word)
	}
	return nil
}

func (s *scan) exact(r *reader, f field, d *dict, v []byte) error {
	code, ok := d.find(v)
	if !ok {
		return nil
	}
	codes, err := r.packed(codesOf(f))
	if err != nil {
		return err
	}
	codes.between(uint64(code), uint64(code), &s.tmp)
	return nil
}

// begins adds the rows whose number begins with what is asked for, or is it: in
// the dict these stand beside each other.
func (s *scan) begins(r *reader, f field, d *dict, c *clause) error {
	from, to := d.begins(c.head)
	if c.whole {
		code, there := d.find(c.head)
		if from, to = code, code; there {
			to++
		}
	}
	if from >= to {
		return nil
	}
	codes, err := r.packed(codesOf(f))
	if err != nil {
		return err
	}
	codes.between(uint64(from), uint64(to-1), &s.tmp)
	return nil
}

// values sets in yes which strings of a dict are right.
func (s *scan) values(r *reader, c *clause, col column, d *dict) (some bool, err error) {
	if cap(s.yes) < d.n {
		s.yes = make([]bool, 2*maxRows)
	}
	s.yes = s.yes[:d.n]
	clear(s.yes)
	check := func(i int, b []byte) {
		if c.ok(b) {
			s.yes[i], some = true, true
		}
	}
	from, must := column(0), [][]span(nil)
	switch col {
	case colNumbers:
		from, must = colDigits, c.digits
	case dictOf(fieldParty):
		from, must = colNames, c.names
	}
	if len(must) == 0 {
		d.each(check)
		return some, nil
	}
	p, err := r.postings(from)
	if err != nil {
		return false, err
	}
	s.list = p.candidates(must, s.list[:0])
	d.some(s.list, check)
	return some, nil
}

// word adds the rows whose notes and marks have a word in them.
func (s *scan) word(r *reader, w []byte) error {
	pairs, err := r.postings(colPairs)
	if err != nil || pairs.len() == 0 {
		return err
	}
	b, err := r.bytes(colTexts)
	if err != nil {
		return err
	}
	all, ok := openTexts(b)
	if !ok {
		return r.bad(colTexts)
	}
	s.list = pairs.candidates(letterSpans(w), s.list[:0])
	for _, n := range s.list {
		if row, text := all.at(int(n)); bytes.Contains(text, w) {
			s.tmp.add(row)
		}
	}
	return nil
}
