package index

import (
	"context"
	"fmt"

	"vaad/recorder/archive"
	"vaad/store"
)

// Apply takes a journal line that has just become durable. It never waits for
// the disk. Lines of one day come in order; a hole makes the index read the
// journals again.
func (ix *Index) Apply(l archive.JournalLine) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	defer ix.poke()
	if l.Seq > ix.days[l.Day].Seq+1 {
		ix.behind = true // a line was missed
	}
	if !ix.behind && !ix.lost.Load() {
		if ix.apply(&l) == nil {
			return
		}
	}
	ix.behind = true // or the file cannot be read just now
	// The journals are being read. A new recording shows at once, as nothing of
	// it can come earlier; acts wait for their turn.
	if l.Seal != nil {
		_ = ix.change(&l)
	}
	ix.deferred = append(ix.deferred, &l)
}

// apply changes rows and notes how far the day is known.
func (ix *Index) apply(l *archive.JournalLine) error {
	if err := ix.change(l); err != nil {
		return err
	}
	if m := ix.days[l.Day]; l.Next > m.Offset {
		m = mark{Offset: l.Next, Seq: l.Seq}
		ix.days[l.Day], ix.fresh.days[l.Day] = m, m
	}
	return nil
}

// change applies a line to its row. A line that the row already knows is passed
// over, so lines may be applied twice: all lines of a recording stand in one
// journal and are numbered there.
func (ix *Index) change(l *archive.JournalLine) error {
	e, err := ix.find(l.ID)
	if err != nil {
		return err
	}
	if l.Seal != nil && l.Seal.Previous != "" {
		if err := ix.follow(l.Seal.Previous, l.ID); err != nil {
			return err
		}
	}
	switch {
	case e != nil && l.Day == e.row.Day && l.Seq <= e.row.Seq:
	case l.Seal != nil:
		r := sealed(l)
		if r.Next = ix.next[r.ID]; r.Next != "" {
			delete(ix.next, r.ID)
			ix.fresh.next[r.ID] = ""
		}
		if e != nil {
			r.Next = max(r.Next, e.row.Next)
		}
		ix.replace(e, r)
	case e == nil:
		if _, said := ix.orphans[l.ID]; !said && len(ix.orphans) < 1000 {
			ix.orphans[l.ID] = struct{}{}
			ix.metrics.orphans.Inc()
		}
	default:
		ix.replace(e, e.row.with(l))
	}
	return nil
}

// follow notes that one segment of a recording comes after another. Of several
// that say so the last counts, in whatever order they come.
func (ix *Index) follow(id, next string) error {
	e, err := ix.find(id)
	if err != nil {
		return err
	}
	if e == nil {
		if ix.next[id] < next {
			ix.next[id], ix.fresh.next[id] = next, next
		}
		return nil
	}
	if e.row.Next < next {
		r := *e.row
		r.Next = next
		ix.replace(e, &r)
	}
	return nil
}

// replace puts a row in the place of an older one, if there is any.
func (ix *Index) replace(old *entry, r *Row) {
	e := newEntry(r)
	if old != nil {
		e.seg, e.at = old.seg, old.at
	}
	ix.keep(e)
	ix.fresh.rows[r.ID] = struct{}{}
}

// find is a row as it is now; nil if there is none. Most are not in a segment
// yet, or so new that no segment can have them; acts on older ones look into
// the file.
func (ix *Index) find(id string) (*entry, error) {
	if e := ix.loose[id]; e != nil {
		return e, nil
	}
	for i := len(ix.segs) - 1; i >= 0; i-- {
		if !ix.segs[i].may(id) {
			continue
		}
		if e, err := ix.findIn(ix.segs[i], id, true); e != nil || err != nil {
			return e, err
		}
	}
	return nil, nil
}

// findIn looks into a segment. With trust it may find that what was verified has
// become damaged since: then it looks again, with checksums.
func (ix *Index) findIn(seg *segment, id string, trust bool) (e *entry, err error) {
	if trust {
		defer func() {
			if recover() != nil {
				e, err = ix.findIn(seg, id, false)
			}
		}()
	}
	err = ix.db.View(func(tx *store.Tx) error {
		r := newReader(tx, seg)
		r.trust = trust
		at, err := r.find(id)
		if err != nil || at < 0 {
			return err
		}
		row, err := r.row(at)
		if err == nil {
			e = &entry{row: row, seg: seg.ID, at: at}
		}
		return err
	})
	return e, err
}

// batch is how many rows one transaction takes while journals are read.
const batch = 4096

// catchUp reads what the file does not have. Nothing to do costs nothing.
func (ix *Index) catchUp(ctx context.Context) error {
	if ix.lost.Swap(false) {
		if err := ix.empty(); err != nil {
			ix.lost.Store(true)
			return err
		}
	}
	var stuck *archive.JournalLine
	for {
		ix.mu.Lock()
		behind, from := ix.behind, archive.Cursor{}
		for d, m := range ix.days {
			from[d] = m.Offset
		}
		ix.mu.Unlock()
		if !behind {
			return nil
		}
		if err := ix.read(ctx, from); err != nil {
			return err
		}
		if ix.lost.Load() {
			return store.ErrDamaged // again, while reading
		}
		var err error
		if stuck, err = ix.caughtUp(stuck); err != nil {
			return err
		}
	}
}

// caughtUp applies what came meanwhile. Where a line does not follow on what was
// read, the index stays behind and reads again: the lines before it stand in the
// journals by now. If they still do not (somebody took a journal away), the line,
// given back as stuck, is applied as it is.
func (ix *Index) caughtUp(stuck *archive.JournalLine) (*archive.JournalLine, error) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	for len(ix.deferred) > 0 {
		l := ix.deferred[0]
		if l.Seq > ix.days[l.Day].Seq+1 && l != stuck {
			return l, nil
		}
		if err := ix.apply(l); err != nil {
			return nil, err
		}
		ix.deferred = ix.deferred[1:]
	}
	ix.deferred, ix.behind = nil, false
	return nil, nil
}

// read applies all lines behind a cursor, in large transactions.
func (ix *Index) read(ctx context.Context, from archive.Cursor) error {
	release := func() {}
	acquire := func() error {
		if ix.c.Pool == nil {
			return ctx.Err()
		}
		if err := ix.c.Pool.Acquire(ctx); err != nil {
			return err
		}
		release = func() { ix.c.Pool.Release(); release = func() {} }
		return nil
	}
	if err := acquire(); err != nil {
		return err
	}
	defer func() { release() }()
	err := ix.c.Journals.Lines(ctx, from, func(l *archive.JournalLine) error {
		ix.mu.Lock()
		err := ix.apply(l)
		full := len(ix.fresh.rows) >= batch
		ix.mu.Unlock()
		if err != nil || !full {
			return err
		}
		release()                            // others take their turn between two transactions
		if err := ix.fold(ctx); err != nil { // first: what is in segments need not be written as rows
			return err
		}
		if err := ix.flush(); err != nil {
			return err
		}
		return acquire()
	}, func(where string, err error) {
		ix.metrics.damagedLines.Inc()
		ix.c.Logger.Warn("index: a journal line cannot be read and is left out", "where", where, "error", err)
	})
	if err != nil {
		return err
	}
	return ix.flush()
}

// Rebuild empties the index and reads all journals. Run must not be running.
func (ix *Index) Rebuild(ctx context.Context) error {
	ix.lost.Store(true)
	if err := ix.catchUp(ctx); err != nil {
		return fmt.Errorf("rebuild the index: %w", err)
	}
	return nil
}
