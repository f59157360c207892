package backup

import (
	"context"
	"errors"
	"time"

	"vaad/recorder/archive"
)

// Backed reports whether line seq of a day is on the target with all that it
// stands for. Recordings that Options leave out count as backed up: nothing is
// to be waited for. It takes no time: no disk is read.
func (e *Engine) Backed(d archive.Day, seq uint64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.st.days[d].backed(seq)
}

func (at *dayState) backed(seq uint64) bool {
	if at == nil || at.Recheck != "" || at.Seq < seq {
		return false
	}
	for i := range at.Faults {
		if at.Faults[i].Seq == seq {
			return false
		}
	}
	return true
}

// covered are the recordings of one day that are on the target.
type covered struct {
	day   archive.Day
	at    *dayState
	scope string
	ids   map[string]bool
}

// Covered reports whether the files of a recording are on the target. The day's
// journal is read once for all recordings of the day that are asked for in a row.
func (e *Engine) Covered(id string, d archive.Day) bool {
	e.mu.Lock()
	at := e.st.days[d]
	c, scope := e.seen, e.st.scope
	e.mu.Unlock()
	if at == nil || !d.Valid() {
		return false
	}
	o := e.options()
	if o.Scope != scope { // what the last run left out nobody knows any more
		return false
	}
	if c.day != d || c.at != at || c.scope != o.Scope {
		c = covered{d, at, o.Scope, map[string]bool{}}
		err := e.c.Journals.RawLines(context.Background(), d, archive.Place{}, func(raw *archive.RawLine) error {
			switch l, err := raw.Parse(); {
			case err != nil:
			case l.Kind == archive.ActErase:
				delete(c.ids, l.ID)
			case l.Seal != nil && at.backed(l.Seq):
				c.ids[l.ID] = o.Include == nil || o.Include(l.Seal)
			}
			return nil
		})
		if err != nil {
			return false
		}
		e.mu.Lock()
		e.seen = c
		e.mu.Unlock()
	}
	return c.ids[id]
}

// OldestUnbacked is the time of what was written first and is not on the target;
// zero when everything is. It reads one line of each day that has new ones.
func (e *Engine) OldestUnbacked(ctx context.Context) (time.Time, error) {
	days, err := e.c.Journals.Days()
	if err != nil {
		return time.Time{}, err
	}
	o := e.options()
	s := e.scanner(&o)
	var oldest time.Time
	older := func(t time.Time) {
		if oldest.IsZero() || t.Before(oldest) {
			oldest = t
		}
	}
	for _, d := range days {
		if start, err := time.Parse(time.DateOnly, string(d)); err == nil && !oldest.IsZero() && start.After(oldest) {
			break // what is written into later days was written later
		}
		at := e.day(d)
		if s.unchanged(d, at) {
			continue
		}
		var from archive.Place
		if at != nil {
			for _, f := range at.Faults {
				older(f.Time)
			}
			if at.Recheck == "" {
				from = archive.Place{Lines: at.Lines, Bytes: at.Bytes}
			}
		}
		first := func(raw *archive.RawLine) error {
			l, err := raw.Parse()
			if err != nil {
				return nil
			}
			if l.Seal != nil && !l.Seal.End.IsZero() {
				l.Time = l.Seal.End
			}
			older(l.Time)
			return errStop
		}
		err := e.c.Journals.RawLines(ctx, d, from, first)
		if errors.Is(err, archive.ErrCursor) {
			err = e.c.Journals.RawLines(ctx, d, archive.Place{}, first)
		}
		if err != nil && !errors.Is(err, errStop) {
			return oldest, err
		}
	}
	e.mu.Lock()
	e.now.Oldest = oldest
	e.mu.Unlock()
	e.c.Metrics.oldest(e.c.Name, oldest)
	return oldest, nil
}
