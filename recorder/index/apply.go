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
		ix.days[l.Day], ix.pending.days[l.Day] = m, m
	}
	return nil
}

// change applies a line to its row. A line that the row already knows is passed
// over, so lines may be applied twice: all lines of a recording stand in one
// journal and are numbered there.
func (ix *Index) change(l *archive.JournalLine) error {
	row, err := ix.row(l.ID)
	if err != nil || row != nil && l.Day == row.Day && l.Seq <= row.Seq {
		return err
	}
	switch {
	case l.Seal != nil:
		ix.pending.rows[l.ID] = sealed(l)
		if p := l.Seal.Previous; p != "" {
			ix.pending.next[p] = l.ID
		}
	case row == nil:
		if _, said := ix.orphans[l.ID]; !said && len(ix.orphans) < 1000 {
			ix.orphans[l.ID] = struct{}{}
			ix.metrics.orphans.Inc()
		}
	default:
		ix.pending.rows[l.ID] = row.with(l)
	}
	return nil
}

// row finds a row as it is now; nil if there is none. Those of this process
// come from memory, so only acts on older recordings look into the file.
func (ix *Index) row(id string) (*Row, error) {
	if r, ok := ix.pending.rows[id]; ok {
		return r, nil
	}
	if ix.flushing != nil {
		if r, ok := ix.flushing.rows[id]; ok {
			return r, nil
		}
	}
	return ix.readRow(id)
}

// batch is how many rows one transaction takes while journals are read.
const batch = 4096

// catchUp reads what the file does not have. Nothing to do costs nothing.
func (ix *Index) catchUp(ctx context.Context) error {
	if ix.lost.Swap(false) {
		if err := ix.checkForm(); err != nil {
			ix.lost.Store(true)
			return err
		}
		ix.mu.Lock()
		ix.pending, ix.days, ix.behind = newOverlay(), map[archive.Day]mark{}, true
		ix.mu.Unlock()
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
		full := len(ix.pending.rows) >= batch
		ix.mu.Unlock()
		if err != nil || !full {
			return err
		}
		if err := ix.flush(); err != nil {
			return err
		}
		release() // others take their turn between two transactions
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
	if err := ix.db.Update(clearAll); err != nil {
		return fmt.Errorf("rebuild the index: %w", err)
	}
	ix.lost.Store(true)
	if err := ix.catchUp(ctx); err != nil {
		return fmt.Errorf("rebuild the index: %w", err)
	}
	return nil
}
