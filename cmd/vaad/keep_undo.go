package main

import (
	"time"

	"vaad/console"
	"vaad/store"
)

// undos keeps in state.db, for a day, what takes acts on many recordings back. Their
// times stand apart, so that old ones are found without reading lists of recordings.
type undos struct{ db *store.DB }

func undoLists() store.Bucket[console.Undo] { return store.NewBucket[console.Undo]("keep.undo") }
func undoTimes() store.Bucket[time.Time]    { return store.NewBucket[time.Time]("keep.undo-times") }

// Put keeps one, and forgets those whose time is over.
func (u undos) Put(token string, one console.Undo) error {
	lists, times := undoLists(), undoTimes()
	return u.db.Update(func(tx *store.Tx) error {
		var old []string
		if err := times.Range(tx, "", "", func(k string, at time.Time) bool {
			if one.Time.Sub(at).Abs() > console.UndoFor {
				old = append(old, k)
			}
			return true
		}); err != nil {
			return err
		}
		for _, k := range old {
			if err := lists.Delete(tx, k); err != nil {
				return err
			}
			if err := times.Delete(tx, k); err != nil {
				return err
			}
		}
		if err := times.Put(tx, token, one.Time); err != nil {
			return err
		}
		return lists.Put(tx, token, one)
	})
}

// Get is one, if there is one.
func (u undos) Get(token string) (one console.Undo, ok bool, err error) {
	err = u.db.View(func(tx *store.Tx) (err error) {
		one, ok, err = undoLists().Get(tx, token)
		return err
	})
	return one, ok, err
}
