package main

import (
	"vaad/recorder/keep"
	"vaad/store"
)

// memory keeps in state.db what retention must remember.
type memory struct{ db *store.DB }

func memoryBucket() store.Bucket[keep.State] { return store.NewBucket[keep.State]("keep.state") }

const memoryKey = "state"

// Load implements keep.Memory.
func (m memory) Load() (s keep.State, err error) {
	err = m.db.View(func(tx *store.Tx) (err error) {
		s, _, err = memoryBucket().Get(tx, memoryKey)
		return err
	})
	return s, err
}

// Save implements keep.Memory.
func (m memory) Save(s keep.State) error {
	return m.db.Update(func(tx *store.Tx) error { return memoryBucket().Put(tx, memoryKey, s) })
}

// requests keeps in state.db what people ask others to approve. What may be long stands
// apart, as all requests there ever were are listed often. Those of earlier versions have
// it in one.
type requests struct{ db *store.DB }

func requestBucket() store.Bucket[keep.Request] {
	return store.NewBucket[keep.Request]("keep.requests")
}

// longPart is what a brief request leaves out.
type longPart struct {
	IDs   []string    `json:"ids,omitempty"`
	Proof *keep.Proof `json:"proof,omitempty"`
}

func longParts() store.Bucket[longPart] { return store.NewBucket[longPart]("keep.request-parts") }

// Put implements keep.RequestStore. What was done no longer needs the number that was to be
// forgotten.
func (r requests) Put(one keep.Request) error {
	if one.State == keep.Done {
		one.What.Number = ""
	}
	one.Count, one.Proven = len(one.What.IDs), one.Proof != nil
	return r.db.Update(func(tx *store.Tx) error {
		if err := longParts().Put(tx, one.ID, longPart{one.What.IDs, one.Proof}); err != nil {
			return err
		}
		return requestBucket().Put(tx, one.ID, one.Brief())
	})
}

// Get implements keep.RequestStore.
func (r requests) Get(id string) (one keep.Request, ok bool, err error) {
	err = r.db.View(func(tx *store.Tx) (err error) {
		if one, ok, err = requestBucket().Get(tx, id); err != nil || !ok {
			return err
		}
		long, apart, err := longParts().Get(tx, id)
		if apart {
			one.What.IDs, one.Proof = long.IDs, long.Proof
		}
		return err
	})
	return one, ok, err
}

// List implements keep.RequestStore: IDs are in the order of time.
func (r requests) List() (all []keep.Request, err error) {
	err = r.db.View(func(tx *store.Tx) error {
		return requestBucket().Range(tx, "", "", func(_ string, one keep.Request) bool {
			all = append(all, one.Brief())
			return true
		})
	})
	return all, err
}
