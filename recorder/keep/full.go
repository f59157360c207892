package keep

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"vaad/recorder/index"
)

// A Fullness is how full the disk is, as the policy sees it.
type Fullness string

// How full the disk is.
const (
	Roomy    Fullness = "ok"
	NearFull Fullness = "near"    // below Warn: the alarm is up, nothing is deleted yet
	AtLimit  Fullness = "reserve" // below the reserve: the policy acts
)

// DiskState is where the disk stands, and what was done about it.
type DiskState struct {
	Fullness Fullness `json:"fullness"`
	Free     int64    `json:"free"`
	Total    int64    `json:"total"`
	Warn     int64    `json:"warn"`
	Reserve  int64    `json:"reserve"`
	When     WhenFull `json:"when"`
	Stopped  bool     `json:"stopped"` // no new recordings begin
	Deleted  Totals   `json:"deleted"` // by this look
}

const gib = 1 << 30

// bounds are the reserve and the space at which the alarm comes.
func (d Disk) bounds(total int64) (reserve, warn int64) {
	if reserve = d.Reserve; reserve == 0 {
		reserve = min(max(total/20, 2*gib), 50*gib, total/4)
	}
	if warn = d.Warn; warn < reserve {
		warn = reserve + reserve/4
	}
	return reserve, warn
}

// Watch looks at the clock and at the disk, and does what the policy says when
// the reserve is reached: call it every minute. The alarm is always raised by an
// earlier look than the one that deletes.
func (e *Engine) Watch(ctx context.Context) (DiskState, error) {
	e.watch.Lock()
	defer e.watch.Unlock()
	held, err := e.clock(ctx, e.c.Now())
	if err != nil {
		return e.Status().Disk, err
	}
	space, err := e.c.Archive.Space()
	if err != nil {
		return e.Status().Disk, err
	}
	p := e.c.Policy()
	was := e.Status().Disk
	s := DiskState{Fullness: Roomy, Free: space.FreeBytes, Total: space.TotalBytes, When: p.Disk.When, Stopped: was.Stopped}
	if s.When == "" {
		s.When = FullWarn
	}
	s.Reserve, s.Warn = p.Disk.bounds(s.Total)
	enough := s.Reserve + s.Reserve/20 // so that it does not go back and forth
	switch {
	case s.Free < s.Reserve, was.Fullness == AtLimit && s.Free < enough:
		s.Fullness = AtLimit
	case s.Free < s.Warn:
		s.Fullness = NearFull
	}
	args := map[string]string{"free": fmt.Sprint(s.Free), "reserve": fmt.Sprint(s.Reserve), "when": string(s.When)}
	if s.Fullness == Roomy {
		e.clear(AlarmNearFull)
	} else {
		e.raise(AlarmNearFull, args)
	}
	e.stop(&s, s.Fullness == AtLimit && s.When == FullStop, args)
	if s.Fullness != AtLimit || s.When != FullDelete {
		e.clear(AlarmDeletes)
		e.clear(AlarmNothing)
	} else if (was.Fullness == NearFull || was.Fullness == AtLimit) && held == NoHoldOff {
		e.raise(AlarmDeletes, args)
		err = e.makeRoom(ctx, &p, enough, &s)
		e.tellFailed(ctx, err)
		if err == nil && s.Deleted.Count == 0 {
			e.raise(AlarmNothing, args)
		} else if err == nil {
			e.clear(AlarmNothing)
		}
	}
	e.mu.Lock()
	e.disk = s
	e.mu.Unlock()
	return s, err
}

// tellFailed says that the oldest could not be deleted, or can be again. The last
// run may have failed for itself.
func (e *Engine) tellFailed(ctx context.Context, err error) {
	if err != nil {
		if ctx.Err() == nil {
			e.raise(AlarmFailed, map[string]string{"reason": err.Error()})
		}
		return
	}
	e.mu.Lock()
	failed := e.state.Last.Error != ""
	e.mu.Unlock()
	if !failed {
		e.clear(AlarmFailed)
	}
}

// stop tells the recorder, where that is news.
func (e *Engine) stop(s *DiskState, stop bool, args map[string]string) {
	if e.c.StopAll == nil {
		return
	}
	if stop {
		e.raise(AlarmStopped, args)
	} else {
		e.clear(AlarmStopped)
	}
	if stop != s.Stopped {
		s.Stopped = stop
		e.c.StopAll(stop)
	}
}

// nothing is what was so when a look found nothing that may be deleted.
type nothing struct {
	at     time.Time
	mark   string // of the backups
	policy Policy
	trash  Totals
}

// lookAgain is after how long it is looked again though nothing has changed that
// is seen without looking at every recording.
const lookAgain = time.Hour

// makeRoom deletes the oldest. Where the last look found nothing that may go, and
// neither backups, trash nor policy have changed, it does not look at them all again.
func (e *Engine) makeRoom(ctx context.Context, p *Policy, enough int64, s *DiskState) error {
	now := nothing{at: e.c.Now(), policy: *p}
	if e.c.Backups != nil {
		now.mark = e.c.Backups.Mark()
	}
	var err error
	if now.trash, err = e.usage(ctx, in(index.StateTrash)); err != nil {
		return err
	}
	was := e.none
	if past := now.at.Sub(was.at); past >= 0 && past < lookAgain && now.mark == was.mark && now.trash == was.trash && reflect.DeepEqual(now.policy, was.policy) {
		return nil
	}
	e.none = nothing{}
	if err = e.deleteOldest(ctx, p, enough, s); err == nil && s.Deleted.Count == 0 {
		e.none = now
	}
	return err
}

// deleteOldest erases until enough is free: the trash first, before its time, as
// somebody has decided already that it may go; then the oldest.
func (e *Engine) deleteOldest(ctx context.Context, p *Policy, enough int64, s *DiskState) error {
	for _, state := range [][]string{{index.StateTrash}, {index.StateSealed, index.StateRecovered}} {
		for range 1000 {
			need := enough - s.Free
			if need <= 0 {
				return nil
			}
			if err := e.c.Archive.FinishErasures(ctx); err != nil {
				return fmt.Errorf("%w: %w", errUnfinished, err)
			}
			rep := Report{}
			src := e.agedSurely(p.oldest(state, e.c.Now()))
			src.most = &Totals{Bytes: need}
			err := e.eachFree(ctx, p, src, func(items []Item) error { return e.act(ctx, &src, items, &rep) })
			s.Deleted.Count += rep.Erased.Count
			s.Deleted.Bytes += rep.Erased.Bytes
			if err != nil {
				return err
			}
			if rep.Erased.Count == 0 {
				break
			}
			space, err := e.c.Archive.Space()
			if err != nil {
				return err
			}
			// A file system may take its time to give free what was removed: what was
			// erased counts as free for this look, so that no more goes than must.
			s.Free = max(space.FreeBytes, s.Free+rep.Erased.Bytes)
		}
	}
	return nil
}

// oldest is what goes when the disk is full, oldest first.
func (p *Policy) oldest(states []string, now time.Time) source {
	s := source{reason: ByDisk, name: string(FullDelete), filter: in(states...), action: func(*index.Row) Action { return ToErase }}
	s.filter.To = now
	trash := states[0] == index.StateTrash
	if !trash {
		s.filter.Classes = p.bounded()
	}
	s.due = func(r *index.Row) bool {
		if trash {
			return r.State == index.StateTrash && !r.Protected && !r.Held
		}
		c, known := p.class(r.Class)
		return normal(r) && known && !c.Forever && !r.Start.Before(plausible)
	}
	return s
}

// eachFree is each of what may go although the disk is full: as a rule only what
// is backed up. What may not does not count as room.
func (e *Engine) eachFree(ctx context.Context, p *Policy, s source, f func([]Item) error) error {
	left, filter := s.most.Bytes, s.filter
	if filter.Classes != nil && len(filter.Classes) == 0 || !p.Disk.Unbacked && (e.c.Backups == nil || e.c.Backups.Mark() == "") {
		return nil
	}
	for {
		if err := e.pace(ctx); err != nil {
			return err
		}
		page, err := e.c.Index.Query(ctx, filter)
		if err != nil {
			return err
		}
		var items []Item
		for i := range page.Rows {
			r := &page.Rows[i]
			if left <= 0 {
				break
			}
			if !s.due(r) {
				continue
			}
			it := e.item(p, r)
			c, _ := p.class(r.Class)
			if !it.Backed && (c.NeedsBackup || !p.Disk.Unbacked) {
				continue
			}
			it.Action, it.Reason, it.Name = ToErase, s.reason, s.name
			left -= r.Bytes
			items = append(items, it)
		}
		if err := f(items); err != nil {
			return err
		}
		if page.Next == "" || left <= 0 {
			return nil
		}
		filter.Cursor = page.Next
	}
}
