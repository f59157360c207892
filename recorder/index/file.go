package index

import (
	"errors"
	"fmt"
	"os"
	"time"

	"vaad/recorder/archive"
	"vaad/store"
)

// form is the version of the buckets below and of how rows follow from journal
// lines. A file of another form is made anew.
const form = 6

// The buckets of index.db; docs/formats/index.md.
func metaBucket() store.Bucket[int]         { return store.NewBucket[int]("meta") }          // "form"
func rowBucket() store.Bucket[Row]          { return store.NewBucket[Row]("rows") }          // ID → loose row
func nextBucket() store.Bytes               { return store.NewBytes("next") }                // ID → ID of the segment after it, while it has no row
func dayBucket() store.Bucket[mark]         { return store.NewBucket[mark]("days") }         // day → how far its journal was applied
func segmentBucket() store.Bucket[*segment] { return store.NewBucket[*segment]("segments") } // number → what its columns hold
func columnBucket() store.Bytes             { return store.NewBytes("columns") }             // number, column → bytes
func goneBucket() store.Bucket[int]         { return store.NewBucket[int]("gone") }          // number → 1: a segment whose columns are to be removed

func clearAll(tx *store.Tx) (err error) {
	for _, b := range []string{"rows", "next", "days", "segments", "columns", "gone"} {
		if err == nil {
			err = store.NewBytes(b).Clear(tx)
		}
	}
	return err
}

func (ix *Index) openFile() (rep store.Report, err error) {
	opt := store.Options{Name: "index", Disposable: true, Registerer: ix.c.Registerer, OnDamage: ix.replaced}
	ix.db, rep, err = store.Open(ix.c.Path, opt)
	if err != nil && errors.Is(err, store.ErrNewer) { // derived data: rather made anew than not at all
		if err = os.Remove(ix.c.Path); err == nil {
			ix.db, rep, err = store.Open(ix.c.Path, opt)
		}
	}
	return rep, err
}

// load reads what the file knows beside the columns. A file of another form is
// emptied.
func (ix *Index) load() error {
	have := 0
	if err := ix.db.View(func(tx *store.Tx) (err error) {
		have, _, err = metaBucket().Get(tx, "form")
		return err
	}); err != nil {
		return err
	}
	if have != form {
		return ix.empty()
	}
	if err := ix.removeGone(); err != nil {
		return err
	}
	return ix.db.View(func(tx *store.Tx) error {
		if err := dayBucket().Range(tx, "", "", func(day string, m mark) bool {
			ix.days[archive.Day(day)] = m
			return true
		}); err != nil {
			return err
		}
		if err := nextBucket().Range(tx, "", "", func(id string, next []byte) bool {
			ix.next[id] = string(next)
			return true
		}); err != nil {
			return err
		}
		if err := segmentBucket().Range(tx, "", "", func(n string, s *segment) bool {
			s.ID = store.Number(n)
			ix.last = max(ix.last, s.ID)
			ix.segs = append(ix.segs, s)
			return true
		}); err != nil {
			return err
		}
		return ix.loadRows(tx)
	})
}

// loadRows reads the loose rows and finds which rows of segments they hide.
func (ix *Index) loadRows(tx *store.Tx) error {
	var rows []*Row
	if err := rowBucket().Range(tx, "", "", func(_ string, r Row) bool {
		rows = append(rows, &r)
		return true
	}); err != nil {
		return err
	}
	readers := map[uint64]*reader{}
	for _, r := range rows {
		e := newEntry(r)
		for _, seg := range ix.segs {
			if !seg.may(r.ID) {
				continue
			}
			if readers[seg.ID] == nil {
				readers[seg.ID] = newReader(tx, seg)
			}
			at, err := readers[seg.ID].find(r.ID)
			if err != nil {
				return fmt.Errorf("open the index: %w", err)
			}
			if at >= 0 {
				e.seg, e.at = seg.ID, at
				break
			}
		}
		ix.keep(e)
	}
	return nil
}

// empty makes the file and what is known of it as if nothing had ever been read.
func (ix *Index) empty() error {
	err := ix.db.Update(func(tx *store.Tx) error {
		if err := clearAll(tx); err != nil {
			return err
		}
		return metaBucket().Put(tx, "form", form)
	})
	if err != nil {
		return err
	}
	ix.mu.Lock()
	defer ix.mu.Unlock()
	steps := ix.steps
	ix.known, ix.fresh = newKnown(), newFresh()
	ix.steps = steps + 1
	ix.behind = true
	return nil
}

// flush writes what is new in one transaction. On error it stays new.
func (ix *Index) flush() error {
	ix.mu.Lock()
	o := ix.fresh
	if o.none() {
		ix.mu.Unlock()
		return nil
	}
	ix.fresh = newFresh()
	rows := make([]*Row, 0, len(o.rows))
	for id := range o.rows {
		if e := ix.loose[id]; e != nil {
			rows = append(rows, e.row)
		}
	}
	ix.mu.Unlock()

	begin := time.Now()
	err := ix.db.Update(func(tx *store.Tx) error {
		for _, r := range rows {
			if err := rowBucket().Put(tx, r.ID, *r); err != nil {
				return err
			}
		}
		return o.write(tx)
	})
	ix.metrics.flush.Observe(time.Since(begin).Seconds())
	if err != nil {
		ix.mu.Lock()
		ix.fresh.under(o)
		ix.mu.Unlock()
	}
	return err
}

// fresh is what the file does not have yet.
type fresh struct {
	rows map[string]struct{} // loose ones
	next map[string]string   // "" = has become known to the row itself
	days map[archive.Day]mark
}

func newFresh() *fresh {
	return &fresh{rows: map[string]struct{}{}, next: map[string]string{}, days: map[archive.Day]mark{}}
}

func (o *fresh) none() bool { return len(o.rows) == 0 && len(o.next) == 0 && len(o.days) == 0 }

// under adds what an older one has and o has not.
func (o *fresh) under(old *fresh) {
	for id := range old.rows {
		o.rows[id] = struct{}{}
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

// write writes all but the rows.
func (o *fresh) write(tx *store.Tx) error {
	for id, next := range o.next {
		err := error(nil)
		if next == "" {
			err = nextBucket().Delete(tx, id)
		} else {
			err = nextBucket().Put(tx, id, []byte(next))
		}
		if err != nil {
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
