package archive

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"sync"
	"time"
)

// commit seals and journals one batch.
func (c *committer) commit(seals []*sealing, lines []*lineJob) {
	c.keysFor(seals)
	c.prepare(seals)
	seals = c.keep(seals, func(s *sealing) error {
		if s.discard {
			return s.intend(c.disk)
		}
		return nil
	})
	if len(seals) > 0 {
		if _, err := c.sync.sync(); err != nil {
			c.errs.wrap("sync", "", err)
			seals = c.keep(seals, func(s *sealing) error { s.redo(); return err })
		}
		for _, s := range seals {
			s.durable = true
		}
	}
	seals = c.keep(seals, func(s *sealing) error {
		if s.discard {
			return s.removeAudio(c.disk)
		}
		return s.move(c.disk)
	})
	var live, gone []*sealing
	for _, s := range seals {
		if s.discard {
			gone = append(gone, s)
		} else {
			live = append(live, s)
		}
	}
	live, lines = c.write(live, c.ready(lines, live))
	if len(live)+len(gone)+len(lines) > 0 {
		if _, err := c.sync.sync(); err != nil {
			c.errs.wrap("sync", "", err)
			for _, j := range c.journals {
				j.rollback()
			}
			c.keep(live, func(*sealing) error { return err })
			c.keep(gone, func(*sealing) error { return err })
			c.refuse(lines, err)
			live, gone, lines = nil, nil, nil
		}
	}
	c.closeJournals()
	// Nothing is lost when these fail: the next recovery sees that all else is
	// done and removes the file.
	live, late := c.removePlain(live)
	for _, s := range live {
		c.errs.wrap("seal", s.id, removeName(c.disk, inOpen(s.id+extCkpt)))
		c.finish(s)
	}
	for _, s := range gone {
		c.errs.wrap("seal", s.id, removeName(c.disk, inOpen(s.id+extDiscard)))
		c.finish(s)
	}
	c.eraseFiles(lines)
	c.publish(append(live, late...), lines)
	for _, s := range late {
		s.journaled, s.moves, s.done = true, nil, nil
	}
	c.pending = append(c.pending, late...)
}

// prepare runs the heavy part of all sealings, as many at once as the pool allows.
func (c *committer) prepare(seals []*sealing) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for _, s := range seals {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if c.pool != nil && !s.discard && !s.journaled {
				if err := c.pool.Acquire(context.Background()); err == nil {
					defer c.pool.Release()
				}
			}
			if s.discard && s.w != nil {
				s.w.mu.Lock()
				s.w.close()
				s.w.mu.Unlock()
			}
			if s.err == nil {
				s.err = s.prepare(c.disk)
			} else if s.w != nil { // without its key it may wait for days: not with its files open
				_ = s.w.toSealing(s) // what it cannot do yet the next try does
			}
		})
	}
	wg.Wait()
}

// keep does a step for each sealing and returns those that went well; the others
// wait for their next try.
func (c *committer) keep(seals []*sealing, step func(*sealing) error) []*sealing {
	var good []*sealing
	for _, s := range seals {
		if s.err == nil {
			s.err = step(s)
		}
		if s.err == nil {
			good = append(good, s)
			continue
		}
		if errors.Is(s.err, fs.ErrNotExist) && s.tries >= giveUp && s.vanished(c.disk) {
			c.drop(s)
			continue
		}
		err := c.errs.wrap("seal", s.id, s.err)
		s.err = nil
		s.retry = time.Now().Add(min(firstRetry<<min(s.tries, 10), lastRetry))
		s.tries++
		c.pending = append(c.pending, s)
		if c.fault != nil {
			c.fault(err)
		}
		if s.done != nil {
			s.done(JournalLine{}, err)
			s.done = nil
		}
	}
	return good
}

// drop gives up what is not there any more.
func (c *committer) drop(s *sealing) {
	c.m.queue.Dec()
	c.live.remove(s.id)
	if err := c.errs.wrap("seal", s.id, ErrVanished); c.fault != nil {
		c.fault(err)
	}
}

func (c *committer) refuse(lines []*lineJob, err error) {
	err = c.errs.wrap("journal", "", err)
	for _, j := range lines {
		j.done(JournalLine{}, err)
	}
}

// write puts the lines of all sealings and jobs into their journals, sealings
// first, and returns those that are in.
func (c *committer) write(seals []*sealing, jobs []*lineJob) ([]*sealing, []*lineJob) {
	byDay := make(map[Day][]*JournalLine)
	days := []Day{}
	put := func(d Day, l *JournalLine) {
		if byDay[d] == nil {
			days = append(days, d)
		}
		byDay[d] = append(byDay[d], l)
	}
	now := c.now().UTC().Round(0)
	for _, s := range seals {
		if !s.journaled {
			s.line.Time = now
			put(s.day, &s.line)
		}
	}
	for _, j := range jobs {
		if j.line.Time.IsZero() {
			j.line.Time = now
		}
		put(j.day, &j.line)
	}
	failed := make(map[Day]error)
	for _, d := range days {
		for _, l := range byDay[d] {
			if l.Salt == "" {
				l.Salt = c.salt()
			}
		}
		j, err := c.journal(d)
		if err == nil {
			err = j.write(byDay[d])
		}
		if err != nil {
			failed[d] = err
		}
	}
	if len(failed) == 0 {
		return seals, jobs
	}
	seals = c.keep(seals, func(s *sealing) error {
		if s.journaled {
			return nil
		}
		return failed[s.day]
	})
	jobs = slices.DeleteFunc(jobs, func(j *lineJob) bool {
		err := failed[j.day]
		if err != nil {
			c.refuse([]*lineJob{j}, err)
		}
		return err != nil
	})
	return seals, jobs
}

func (c *committer) salt() string {
	var b [16]byte
	if _, err := io.ReadFull(c.rand, b[:]); err != nil {
		rand.Read(b[:])
	}
	return hex.EncodeToString(b[:])
}

// ready returns the lines that may be written: those of recordings whose seal is
// durable, so that no crash can leave an act without the seal before it. Lines of
// recordings that wait in the queue, or are being sealed, wait for the next batch.
func (c *committer) ready(jobs []*lineJob, batch []*sealing) []*lineJob {
	order := newLineOrder()
	return slices.DeleteFunc(jobs, func(j *lineJob) bool {
		id := j.line.ID
		bared := slices.ContainsFunc(c.pending, func(s *sealing) bool { return s.id == id && s.journaled && s.w != nil })
		if !c.live.has(id) || bared {
			if j.line.Seal != nil {
				return false
			}
			if !order.take(j) {
				c.mu.Lock()
				c.lines = append(c.lines, j)
				c.mu.Unlock()
				return true
			}
			if j.check != nil {
				if err := j.check(); err != nil {
					order.drop(j)
					j.done(JournalLine{}, err)
					return true
				}
			}
			if j.check != nil || j.line.Forget {
				return false // its files may be gone already
			}
			there, err := has(c.disk, j.day.dir(), id)
			if err == nil && !there {
				err = ErrNotFound // discarded since the act was asked for
			}
			if err != nil {
				c.refuse([]*lineJob{j}, err)
			}
			return err != nil
		}
		same := func(s *sealing) bool { return s.id == id }
		c.mu.Lock()
		wait := slices.ContainsFunc(batch, same) || slices.ContainsFunc(c.queue, same)
		if wait {
			c.lines = append(c.lines, j)
		}
		c.mu.Unlock()
		if !wait {
			c.refuse([]*lineJob{j}, fmt.Errorf("%s is not sealed yet", id))
		}
		return true
	})
}

// journal returns the journal of a day, opening it for this batch.
func (c *committer) journal(d Day) (*journal, error) {
	if i := slices.IndexFunc(c.journals, func(j *journal) bool { return j.day == d }); i >= 0 {
		return c.journals[i], nil
	}
	j, err := openJournal(c.disk, d)
	if err != nil {
		return nil, err
	}
	c.journals = append(c.journals, j)
	c.mu.Lock()
	c.limits[d] = j.end
	c.mu.Unlock()
	return j, nil
}

// closeJournals ends a batch. A journal that could not be rolled back stays, as
// it alone knows where the good lines end.
func (c *committer) closeJournals() {
	c.journals = slices.DeleteFunc(c.journals, func(j *journal) bool {
		if j.dirty {
			return false
		}
		j.close()
		c.mu.Lock()
		delete(c.limits, j.day)
		c.mu.Unlock()
		return true
	})
}

// durable cuts the size of a journal to what is durable.
func (c *committer) durable(d Day, size int64) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if end, ok := c.limits[d]; ok {
		return min(size, end)
	}
	return size
}
