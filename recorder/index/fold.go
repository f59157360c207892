package index

import (
	"context"
	"slices"
	"time"

	"vaad/store"
)

// fold makes segments of loose rows when there are many: the oldest of those
// that no segment has become a small one, small ones become a large one, and the
// segment that most rows hide is written anew. One goroutine.
func (ix *Index) fold(ctx context.Context) error {
	for {
		segs, rows := ix.due()
		if segs == nil && rows == nil {
			return nil
		}
		if err := ix.rewrite(ctx, segs, rows); err != nil {
			return err
		}
	}
}

// due says what must be made one segment: segments, and loose rows of none.
func (ix *Index) due() (segs []*segment, rows []*entry) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.metrics.loose.Set(float64(len(ix.loose)))
	size := ix.c.sizes
	for _, s := range ix.segs { // at once, so that the file does not say longer what the journals do not
		if ix.purge[s.ID] {
			return []*segment{s}, nil
		}
	}
	if ix.tail() >= size.small {
		for _, e := range ix.loose {
			if e.seg == 0 {
				rows = append(rows, e)
			}
		}
		slices.SortFunc(rows, func(a, b *entry) int { return a.probe.key.compare(b.probe.key) })
		return nil, rows[:size.small]
	}
	n := 0
	for _, s := range ix.segs { // small ones, oldest made first
		if s.Rows <= size.large/2 && n+s.Rows <= size.large {
			segs = append(segs, s)
			n += s.Rows
		}
	}
	if n > size.large-size.small {
		return segs, nil
	}
	if ix.over < size.over+64*len(ix.segs) {
		return nil, nil
	}
	hides := map[uint64]int{}
	for _, e := range ix.loose {
		if e.seg != 0 {
			hides[e.seg]++
		}
	}
	most := slices.MaxFunc(ix.segs, func(a, b *segment) int { return hides[a.ID] - hides[b.ID] })
	return []*segment{most}, nil
}

// A part is a row that a new segment is made of.
type part struct {
	key  key
	from *reader // nil: row is it
	at   int
	row  *Row
}

// rewrite makes one segment of segments, as their rows are now, and of loose rows.
func (ix *Index) rewrite(ctx context.Context, segs []*segment, rows []*entry) error {
	if p := ix.c.Pool; p != nil {
		if err := p.Acquire(ctx); err != nil {
			return err
		}
		defer p.Release()
	}
	ix.mu.Lock()
	newer := map[place]*entry{} // rows of the segments that are hidden
	for _, e := range ix.loose {
		if e.seg != 0 && slices.ContainsFunc(segs, func(s *segment) bool { return s.ID == e.seg }) {
			newer[place{e.seg, e.at}] = e
		}
	}
	ix.mu.Unlock()
	used := slices.Clone(rows)
	parts := make([]part, 0, len(rows))
	for _, e := range rows {
		parts = append(parts, part{key: e.probe.key, row: e.row})
	}
	b := newBuilder()
	err := ix.db.View(func(tx *store.Tx) error {
		for _, s := range segs {
			r := newReader(tx, s)
			for i := range s.Rows {
				if e := newer[place{s.ID, i}]; e != nil {
					used = append(used, e)
					parts = append(parts, part{key: e.probe.key, row: e.row})
					continue
				}
				k, err := r.key(i)
				if err != nil {
					return err
				}
				parts = append(parts, part{key: k, from: r, at: i})
			}
		}
		slices.SortFunc(parts, func(a, b part) int { return a.key.compare(b.key) })
		for _, p := range parts {
			if p.row == nil {
				var err error
				if p.row, err = p.from.row(p.at); err != nil {
					return err
				}
			}
			b.add(p.row)
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	seg, cols := b.columns()
	// No two segments ever have the same number, also not in a file that was made
	// anew: who still knows the old ones finds that they are gone.
	ix.last = max(ix.last+1, uint64(time.Now().UnixNano()))
	seg.ID = ix.last
	if err := ix.db.Update(func(tx *store.Tx) error { return putSegment(tx, seg, cols, segs, used) }); err != nil {
		return err
	}
	ix.metrics.folds.Inc()
	ix.publish(seg, parts, segs, used)
	if len(segs) == 0 {
		return nil
	}
	return ix.removeGone()
}

type place struct {
	seg uint64
	at  int
}

// putSegment writes a segment in the place of others and of loose rows. The
// columns of the others stay until no search can ask for them.
func putSegment(tx *store.Tx, seg *segment, cols map[column][]byte, old []*segment, used []*entry) error {
	n := seg.ID
	for c, v := range cols {
		if err := columnBucket().Put(tx, columnKey(n, c), v); err != nil {
			return err
		}
	}
	if err := segmentBucket().Put(tx, store.Key(n), seg); err != nil {
		return err
	}
	for _, s := range old {
		if err := segmentBucket().Delete(tx, store.Key(s.ID)); err != nil {
			return err
		}
		if err := goneBucket().Put(tx, store.Key(s.ID), 1); err != nil {
			return err
		}
	}
	for _, e := range used {
		if err := rowBucket().Delete(tx, e.row.ID); err != nil {
			return err
		}
	}
	return nil
}

// publish shows a written segment to searches. Rows that have changed meanwhile
// stay loose and hide those in the new segment.
func (ix *Index) publish(seg *segment, parts []part, old []*segment, used []*entry) {
	at := make(map[string]int, len(parts))
	for i, p := range parts {
		at[p.key.id] = i
	}
	ix.mu.Lock()
	defer ix.mu.Unlock()
	for _, e := range used {
		if ix.loose[e.row.ID] == e {
			ix.forget(e)
			delete(ix.fresh.rows, e.row.ID)
		}
	}
	gone := map[uint64]bool{0: true}
	for _, s := range old {
		gone[s.ID] = true
		delete(ix.purge, s.ID)
	}
	for id, e := range ix.loose {
		if i, there := at[id]; there && gone[e.seg] {
			moved := *e
			moved.seg, moved.at = seg.ID, i
			ix.keep(&moved)
		}
	}
	segs := make([]*segment, 0, len(ix.segs)+1)
	for _, s := range ix.segs {
		if !gone[s.ID] {
			segs = append(segs, s)
		}
	}
	ix.segs = append(segs, seg)
	ix.steps++
}

// removeGone removes the columns of segments that others have taken the place of.
func (ix *Index) removeGone() error {
	var gone []string
	err := ix.db.View(func(tx *store.Tx) error {
		return goneBucket().Range(tx, "", "", func(n string, _ int) bool {
			gone = append(gone, n)
			return true
		})
	})
	if err != nil || len(gone) == 0 {
		return err
	}
	return ix.db.Update(func(tx *store.Tx) error {
		for _, n := range gone {
			var keys []string
			if err := columnBucket().Range(tx, n, store.Key(store.Number(n)+1), func(k string, _ []byte) bool {
				keys = append(keys, k)
				return true
			}); err != nil {
				return err
			}
			for _, k := range keys {
				if err := columnBucket().Delete(tx, k); err != nil {
					return err
				}
			}
			if err := goneBucket().Delete(tx, n); err != nil {
				return err
			}
		}
		return nil
	})
}
