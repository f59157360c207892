package main

import (
	"context"
	"fmt"
	"time"

	"vaad/channels"
	"vaad/store"
)

// learntRow is what a line had learnt (voltages, ring pause) when vaad last
// looked. It belongs to the wire on that port, not to the line's number.
type learntRow struct {
	Learnt channels.Learnt `json:"learnt"`
	Time   time.Time       `json:"time"`
}

// learntRows is keyed by board and port. Docs: docs/formats/state.md.
func learntRows() store.Bucket[learntRow] { return store.NewBucket[learntRow]("learnt") }

func learntKey(board string, port int) string { return fmt.Sprintf("%s/%04d", board, port) }

// learnt is what a line on that port had learnt before a restart.
func (s state) learnt(board string, port int) channels.Learnt {
	var row learntRow
	err := s.db.View(func(tx *store.Tx) (err error) {
		row, _, err = learntRows().Get(tx, learntKey(board, port))
		return err
	})
	if err != nil {
		return channels.Learnt{} // it is learnt anew
	}
	return row.Learnt
}

// keepLearnt writes what lines have learnt since the last time, every minute
// and at the end.
func (d *running) keepLearnt(ctx context.Context) {
	kept := map[string]channels.Learnt{}
	keep := func() {
		fresh := map[string]channels.Learnt{}
		for _, l := range d.sys.Lines() {
			k := learntKey(l.Board, l.Port)
			if l.Learnt != (channels.Learnt{}) && kept[k] != l.Learnt {
				fresh[k] = l.Learnt
			}
		}
		if len(fresh) == 0 {
			return
		}
		err := d.db.Update(func(tx *store.Tx) error {
			for k, l := range fresh {
				if err := learntRows().Put(tx, k, learntRow{Learnt: l, Time: time.Now().UTC()}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			d.log.Warn("what lines have learnt could not be kept; it is tried again", "error", err)
			return
		}
		for k, l := range fresh {
			kept[k] = l
		}
	}
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			keep()
			return
		case <-tick.C:
			keep()
		}
	}
}
