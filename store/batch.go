package store

import (
	"sync"
)

// batcher joins the updates of many goroutines into one commit: while one
// commit is under way the next ones gather, so nobody waits for a timer.
type batcher struct {
	mu      sync.Mutex
	leading bool
	waiting []*batched
}

type batched struct {
	fn   func(*Tx) error
	done chan error
}

// Batch is [DB.Update] for many small changes at once: calls that meet share a
// transaction and its sync. fn may be run again alone when a neighbour fails,
// so it must set its results afresh each time.
func (db *DB) Batch(fn func(*Tx) error) error {
	b := &db.batch
	mine := &batched{fn: fn, done: make(chan error, 1)}
	b.mu.Lock()
	b.waiting = append(b.waiting, mine)
	if b.leading {
		b.mu.Unlock()
		return <-mine.done
	}
	b.leading = true
	for len(b.waiting) > 0 {
		all := b.waiting
		b.waiting = nil
		b.mu.Unlock()
		db.together(all)
		b.mu.Lock()
	}
	b.leading = false
	b.mu.Unlock()
	return <-mine.done
}

func (db *DB) together(all []*batched) {
	if len(all) > 1 {
		err := db.Update(func(tx *Tx) error {
			for _, c := range all {
				if err := c.fn(tx); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			for _, c := range all {
				c.done <- nil
			}
			return
		}
	}
	for _, c := range all {
		c.done <- db.Update(c.fn)
	}
}
