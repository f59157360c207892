package main

import (
	"crypto/rand"
	"fmt"

	"vaad/console"
	"vaad/store"
)

// savedSearches keeps searches in state.db. Docs: docs/formats/state.md.
type savedSearches struct{ db *store.DB }

func searchRows() store.Bucket[console.Search] {
	return store.NewBucket[console.Search]("searches")
}

func allSearches(tx *store.Tx) (all []console.Search, err error) {
	err = searchRows().Range(tx, "", "", func(_ string, s console.Search) bool {
		all = append(all, s)
		return true
	})
	return all, err
}

// All lists them by ID.
func (s savedSearches) All() (all []console.Search, err error) {
	err = s.db.View(func(tx *store.Tx) error {
		all, err = allSearches(tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("saved searches: %w", err)
	}
	return all, nil
}

// Put keeps one, under a new ID where it has none.
func (s savedSearches) Put(one console.Search, check func([]console.Search) error) (console.Search, error) {
	err := s.db.Update(func(tx *store.Tx) error {
		all, err := allSearches(tx)
		if err != nil {
			return err
		}
		if err := check(all); err != nil {
			return err
		}
		if one.ID == "" {
			one.ID = rand.Text()
		}
		return searchRows().Put(tx, one.ID, one)
	})
	return one, err
}

// Remove removes one; a missing one is no error.
func (s savedSearches) Remove(id string) error {
	return s.db.Update(func(tx *store.Tx) error { return searchRows().Delete(tx, id) })
}
