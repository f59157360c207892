package calls

import (
	"time"

	"vaad/store"
)

func openRows() store.Bucket[bool]  { return store.NewBucket[bool]("calls.open") } // ID → true
func life() store.Bucket[time.Time] { return store.NewBucket[time.Time]("calls.life") }

const lifeKey = "alive"

// endOld ends the rows that were open when the last run stopped, at the time of
// its last sign of life. They are written with the first rows of this run, so
// that a full disk does not keep vaad from starting.
func (j *Journal) endOld() error {
	return j.cfg.DB.View(func(tx *store.Tx) error {
		alive, _, err := life().Get(tx, lifeKey)
		if err != nil {
			return err
		}
		var ids []string
		if err := openRows().Range(tx, "", "", func(id string, _ bool) bool {
			ids = append(ids, id)
			return true
		}); err != nil {
			return err
		}
		for _, id := range ids {
			r, ok, err := find(tx, id)
			if err != nil {
				return err
			}
			if !ok || !r.Open() {
				continue
			}
			at := r.Start
			for _, t := range []time.Time{r.Answered, alive} {
				if t.After(at) {
					at = t
				}
			}
			j.rows[id] = &r
			j.end(&r, at, EndedByRestart)
		}
		return nil
	})
}

// write makes the changed rows durable and says whether it could. One that is under
// way ends first.
func (j *Journal) write() bool {
	j.writing.Lock()
	defer j.writing.Unlock()
	j.mu.Lock()
	var rows []Row
	for id := range j.dirty {
		rows = append(rows, j.rows[id].clone())
	}
	now := j.cfg.Now()
	beats := len(j.byLine) > 0 && now.Sub(j.alive) >= beat/2 // the ticker may be early
	j.dirty = map[string]bool{}
	j.mu.Unlock()
	if len(rows) == 0 && !beats {
		return true
	}
	err := j.cfg.DB.Update(func(tx *store.Tx) error {
		for _, r := range rows {
			if err := put(tx, r); err != nil {
				return err
			}
		}
		return life().Put(tx, lifeKey, now.UTC())
	})
	j.mu.Lock()
	changed := j.sick != (err != nil)
	j.sick = err != nil
	for _, r := range rows {
		if err != nil || j.forgetting > 0 {
			j.dirty[r.ID] = true
		} else if now := j.rows[r.ID]; !now.Open() && !j.dirty[r.ID] {
			delete(j.rows, r.ID)
		}
	}
	if err == nil {
		j.alive = now
	}
	j.metrics.wait.Set(float64(len(j.dirty)))
	j.mu.Unlock()
	if changed {
		if err != nil {
			j.cfg.Logger.Error("the call journal cannot be written; rows wait in memory", "err", err)
		} else {
			j.cfg.Logger.Info("the call journal is written again")
		}
		if j.cfg.OnWrite != nil {
			j.cfg.OnWrite(err)
		}
	}
	return err == nil
}

func (j *Journal) unwritten() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.metrics.wait.Set(float64(len(j.dirty)))
	return len(j.dirty)
}

func put(tx *store.Tx, r Row) error {
	if err := byStart().Put(tx, rowKey(r), r); err != nil {
		return err
	}
	if err := byID().Put(tx, r.ID, []byte(timeKey(r.Start))); err != nil {
		return err
	}
	if r.Open() {
		return openRows().Put(tx, r.ID, true)
	}
	return openRows().Delete(tx, r.ID)
}
