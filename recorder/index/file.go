package index

import (
	"time"

	"vaad/recorder/archive"
	"vaad/store"
)

// form is the version of the buckets below and of how rows follow from journal
// lines. A file of another form is made anew.
const form = 1

// The buckets of index.db; docs/formats/index.md.
func metaBucket() store.Bucket[int] { return store.NewBucket[int]("meta") }  // "form"
func rowBucket() store.Bucket[Row]  { return store.NewBucket[Row]("rows") }  // ID → row, without Next
func probeBucket() store.Bytes      { return store.NewBytes("probes") }      // time key → probe
func nextBucket() store.Bytes       { return store.NewBytes("next") }        // ID → ID of the segment after it
func dayBucket() store.Bucket[mark] { return store.NewBucket[mark]("days") } // day → how far its journal was applied
func clearAll(tx *store.Tx) (err error) {
	for _, b := range []string{"rows", "probes", "next", "days"} {
		if err == nil {
			err = store.NewBytes(b).Clear(tx)
		}
	}
	return err
}

// checkForm empties a file of another form.
func (ix *Index) checkForm() error {
	have := 0
	if err := ix.db.View(func(tx *store.Tx) (err error) {
		have, _, err = metaBucket().Get(tx, "form")
		return err
	}); err != nil || have == form {
		return err
	}
	return ix.db.Update(func(tx *store.Tx) error {
		if err := clearAll(tx); err != nil {
			return err
		}
		return metaBucket().Put(tx, "form", form)
	})
}

func (ix *Index) readDays() (map[archive.Day]mark, error) {
	days := map[archive.Day]mark{}
	err := ix.db.View(func(tx *store.Tx) error {
		return dayBucket().Range(tx, "", "", func(day string, m mark) bool {
			days[archive.Day(day)] = m
			return true
		})
	})
	return days, err
}

func (ix *Index) readRow(id string) (row *Row, err error) {
	if id == "" {
		return nil, nil
	}
	err = ix.db.View(func(tx *store.Tx) error {
		row, err = rowIn(tx, id)
		return err
	})
	return row, err
}

func rowIn(tx *store.Tx, id string) (*Row, error) {
	r, ok, err := rowBucket().Get(tx, id)
	if err != nil || !ok {
		return nil, err
	}
	return &r, nil
}

func (ix *Index) readNext(id string) (next string, err error) {
	err = ix.db.View(func(tx *store.Tx) error {
		next, err = nextIn(tx, id)
		return err
	})
	return next, err
}

func nextIn(tx *store.Tx, id string) (string, error) {
	b, err := nextBucket().Get(tx, id)
	return string(b), err
}

// flush writes what is pending in one transaction. On error it stays pending.
func (ix *Index) flush() error {
	ix.mu.Lock()
	o := ix.pending
	if len(o.rows) == 0 && len(o.next) == 0 && len(o.days) == 0 {
		ix.mu.Unlock()
		return nil
	}
	ix.flushing, ix.pending = o, newOverlay()
	ix.mu.Unlock()

	begin := time.Now()
	err := ix.db.Update(o.write)
	ix.metrics.flush.Observe(time.Since(begin).Seconds())

	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.flushing = nil
	if err != nil {
		ix.pending.under(o)
	}
	return err
}

// under adds what an older overlay has and o has not.
func (o *overlay) under(old *overlay) {
	for id, r := range old.rows {
		if _, ok := o.rows[id]; !ok {
			o.rows[id] = r
		}
	}
	for id, n := range old.next {
		if _, ok := o.next[id]; !ok {
			o.next[id] = n
		}
	}
	for d, m := range old.days {
		if _, ok := o.days[d]; !ok {
			o.days[d] = m
		}
	}
}

func (o *overlay) write(tx *store.Tx) error {
	for id, r := range o.rows {
		old, err := rowIn(tx, id)
		if err != nil {
			return err
		}
		if old != nil && old.key() != r.key() {
			if err := probeBucket().Delete(tx, old.key()); err != nil {
				return err
			}
		}
		if err := rowBucket().Put(tx, id, *r); err != nil {
			return err
		}
		if err := probeBucket().Put(tx, r.key(), r.probe()); err != nil {
			return err
		}
	}
	for id, next := range o.next {
		if err := nextBucket().Put(tx, id, []byte(next)); err != nil {
			return err
		}
	}
	for day, m := range o.days {
		if err := dayBucket().Put(tx, string(day), m); err != nil {
			return err
		}
	}
	return nil
}
