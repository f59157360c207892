package alarm

import (
	"maps"
	"slices"
	"time"

	"vaad/store"
)

func rows() store.Bucket[Alarm] { return store.NewBucket[Alarm]("alarms") }

const (
	retry = time.Second // after a write failed
	sweep = time.Minute // between looks for expired alarms
)

// load takes what stood at the end of the last run.
func (m *Manager) load() error {
	now := m.cfg.Now().UTC()
	m.next = 1
	err := m.cfg.DB.View(func(tx *store.Tx) error {
		return rows().Reverse(tx, "", "", func(k string, a Alarm) bool {
			m.next = max(m.next, a.ID+1)
			if a.Active() {
				m.active[key{a.Code, a.Subject}] = &a
				m.teller.told[a.ID] = began // by the run before
			}
			return true
		})
	})
	if err != nil {
		return err
	}
	for _, a := range m.active {
		if a.Momentary {
			m.metrics.active(a.Code, m.count(a.Code))
		} else {
			m.end(a, "restart", now)
		}
	}
	m.expire()
	return nil
}

// run writes what has changed. The disk may keep it waiting, never the callers.
func (m *Manager) run() {
	defer close(m.done)
	tick := time.NewTicker(sweep)
	defer tick.Stop()
	for {
		select {
		case <-m.work:
		case <-tick.C:
			m.mu.Lock()
			m.expire()
			m.mu.Unlock()
		case <-m.closed:
			m.flush()
			return
		}
		for !m.flush() {
			select {
			case <-time.After(retry):
			case <-m.closed:
				m.flush()
				return
			}
		}
	}
}

// flush writes the dirty rows and says whether it could.
func (m *Manager) flush() bool {
	m.writing.Lock()
	defer m.writing.Unlock()
	m.mu.Lock()
	mine, next := m.dirty, m.next
	m.dirty, m.onWay = map[uint64]Alarm{}, mine
	m.mu.Unlock()
	if len(mine) == 0 {
		return true
	}
	m.teller.tell(mine)
	err := m.cfg.DB.Update(func(tx *store.Tx) error {
		for id, a := range mine {
			if err := rows().Put(tx, store.Key(id), a); err != nil {
				return err
			}
		}
		return m.trim(tx, next)
	})
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err, m.onWay = err, nil
	if err == nil {
		m.teller.written(mine)
		return true
	}
	for id, a := range mine {
		if _, newer := m.dirty[id]; !newer {
			m.dirty[id] = a
		}
	}
	m.forget()
	return false
}

// forget drops rows that wait for the disk and that [Manager.trim] would remove at once: the disk may be gone for long.
func (m *Manager) forget() {
	limit, gone := m.kept(m.next), map[uint64]Alarm{}
	for id, a := range m.dirty {
		if id < limit && !a.Active() {
			gone[id] = a
			delete(m.dirty, id)
		}
	}
	m.teller.written(gone)
}

// kept is the first ID that is kept even where the alarm has ended, 0 while all are.
func (m *Manager) kept(next uint64) uint64 { return next - min(next, uint64(m.cfg.Keep)) }

// trim removes ended alarms beyond Config.Keep, by their age.
func (m *Manager) trim(tx *store.Tx, next uint64) error {
	var old []string
	limit := m.kept(next)
	if limit == 0 {
		return nil
	}
	if err := rows().Range(tx, "", store.Key(limit), func(k string, a Alarm) bool {
		if !a.Active() {
			old = append(old, k)
		}
		return len(old) < 1000
	}); err != nil {
		return err
	}
	for _, k := range old {
		if err := rows().Delete(tx, k); err != nil {
			return err
		}
	}
	return nil
}

// History lists alarms, active and ended, newest first: those with an ID below
// before (0: all), at most limit.
func (m *Manager) History(before uint64, limit int) ([]Alarm, error) {
	to := ""
	if before > 0 {
		to = store.Key(before)
	}
	m.mu.Lock()
	over := map[uint64]Alarm{}
	maps.Copy(over, m.onWay)
	maps.Copy(over, m.dirty)
	for _, a := range m.active {
		over[a.ID] = copyOf(a)
	}
	m.mu.Unlock()
	var out []Alarm
	err := m.cfg.DB.View(func(tx *store.Tx) error {
		out = nil
		n := 0
		return rows().Reverse(tx, "", to, func(_ string, a Alarm) bool {
			if _, newer := over[a.ID]; !newer {
				out = append(out, a)
				n++
			}
			return n < limit
		})
	})
	for id, a := range over {
		if before == 0 || id < before {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b Alarm) int { return int(int64(b.ID) - int64(a.ID)) })
	return out[:min(len(out), limit)], err
}

// Close writes what is left and ends the goroutine. The error is that of the last write.
func (m *Manager) Close() error {
	m.mu.Lock()
	select {
	case <-m.closed:
	default:
		close(m.closed)
	}
	m.mu.Unlock()
	<-m.done
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}
