package keep

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/index"
)

// A step is one source of a run, made when its turn comes: what went before it
// may have made room.
type step func(ctx context.Context, gone map[int]Totals) (source, error)

// steps are all sources of a policy, in their order. gone, by line, is what the
// steps before will take that the index still has: of a plan.
func (e *Engine) steps(p *Policy, now time.Time) (all []step) {
	fixed := func(s source) {
		all = append(all, func(context.Context, map[int]Totals) (source, error) { return s, nil })
	}
	for _, c := range p.Classes {
		fixed(p.trashed(c, now))
	}
	for _, c := range p.Classes {
		if !c.Forever && c.Days > 0 {
			fixed(p.over(c, now))
		}
	}
	for _, q := range p.Quotas {
		if q.Days > 0 && len(q.Lines) > 0 {
			fixed(p.quota(q, now, nil))
		}
	}
	for _, c := range p.Classes {
		if !c.Forever && c.Count > 0 {
			all = append(all, func(ctx context.Context, _ map[int]Totals) (source, error) {
				s := p.counted(c, Totals{})
				have, err := e.usage(ctx, s.filter)
				return p.counted(c, have), err
			})
		}
	}
	for _, q := range p.Quotas {
		if (q.Count > 0 || q.Bytes > 0) && len(q.Lines) > 0 {
			all = append(all, func(ctx context.Context, gone map[int]Totals) (source, error) {
				f := plain(normals())
				f.Lines = q.Lines
				have, err := e.usage(ctx, f)
				for _, l := range q.Lines {
					have.Count -= gone[l].Count
					have.Bytes -= gone[l].Bytes
				}
				most := &Totals{}
				if q.Count > 0 {
					most.Count = have.Count - q.Count
				}
				if q.Bytes > 0 {
					most.Bytes = have.Bytes - q.Bytes
				}
				return p.quota(q, now, most), err
			})
		}
	}
	return all
}

// unknown counts the recordings whose class is in no policy.
func (e *Engine) unknown(ctx context.Context, p *Policy) (Totals, error) {
	f := index.Filter{States: everywhere()[:3], NotClasses: []string{""}}
	for _, c := range p.Classes {
		f.NotClasses = append(f.NotClasses, c.Name)
	}
	return e.usage(ctx, f)
}

// Run does what is due, oldest first, in paced batches. It holds off, without an
// error, when the clock cannot be trusted. What is protected or held is passed over.
func (e *Engine) Run(ctx context.Context) (Report, error) {
	e.job.Lock()
	defer e.job.Unlock()
	now := e.c.Now()
	rep := Report{Begin: now.UTC().Round(0)}
	err := e.run(ctx, now, &rep)
	rep.End = e.c.Now().UTC().Round(0)
	if err != nil {
		rep.Error = err.Error()
		e.raise(AlarmFailed, map[string]string{"reason": rep.Error})
	} else if rep.HoldOff == NoHoldOff {
		e.clear(AlarmFailed)
		e.m.last.Set(float64(rep.End.Unix()))
	}
	e.mu.Lock()
	e.state.Last = rep
	if err == nil && rep.HoldOff == NoHoldOff {
		e.state.LastRun = rep.Begin
	}
	e.mu.Unlock()
	return rep, errors.Join(err, e.save())
}

func (e *Engine) run(ctx context.Context, now time.Time, rep *Report) error {
	h, err := e.clock(ctx, now)
	if rep.HoldOff = h; err != nil || h != NoHoldOff {
		return err
	}
	p := e.c.Policy()
	for _, make := range e.steps(&p, now) {
		s, err := make(ctx, nil)
		if s = e.agedSurely(s); err == nil {
			err = e.each(ctx, &p, s, nil, func(items []Item, waiting int) error {
				rep.Waiting += waiting
				return e.act(ctx, &s, items, rep)
			})
		}
		if err != nil {
			return err
		}
	}
	e.m.waiting.Set(float64(rep.Waiting))
	lost, err := e.unknown(ctx, &p)
	switch {
	case err != nil:
		return err
	case lost.Count > 0:
		e.raise(AlarmUnknown, map[string]string{"count": fmt.Sprint(lost.Count)})
	default:
		e.clear(AlarmUnknown)
	}
	return nil
}

// act does what is due of one page.
func (e *Engine) act(ctx context.Context, s *source, items []Item, rep *Report) error {
	if len(items) == 0 {
		return nil
	}
	if err := e.pace(ctx); err != nil {
		return err
	}
	byID := map[string]*Item{}
	var trash, erase []archive.Act
	for i := range items {
		it := &items[i]
		byID[it.ID] = it
		a := archive.Act{ID: it.ID, Day: it.Day, Actor: Actor, Kind: archive.ActTrash, Value: string(s.reason) + " " + s.name}
		if it.Action == ToErase {
			erase = append(erase, a)
		} else {
			trash = append(trash, a)
		}
	}
	check := func(a archive.Act) error {
		r, err := e.row(a.ID)
		if err == nil && !s.due(&r) { // somebody has done something to it since it was looked at
			err = errNotDue
		}
		return err
	}
	var errs []error
	var late error
	count := func(acts []archive.Act, done []archive.Done, to *Totals, erased bool) {
		for i, d := range done {
			if d.Line.Seq > 0 {
				to.Count++
				to.Bytes += byID[acts[i].ID].Bytes
				e.count(s.reason, erased, byID[acts[i].ID].Bytes)
			}
			if erased && d.Line.Seq > 0 && d.Err != nil {
				late = d.Err
			}
			if d.Err != nil && !errors.Is(d.Err, errNotDue) && e.why(acts[i].ID, d.Err) != ErrErased {
				rep.Failed++
				e.m.failed.Inc()
				errs = append(errs, d.Err)
			}
		}
	}
	count(trash, e.c.Archive.ActAll(ctx, trash, check), &rep.Trashed, false)
	count(erase, e.c.Archive.EraseAll(ctx, erase, check), &rep.Erased, true)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if len(errs) == len(items) { // the disk, not one recording
		return errs[0]
	}
	if late != nil && s.reason == ByDisk { // it frees nothing: more would run away
		return fmt.Errorf("%w: %w", errUnfinished, late)
	}
	if len(errs) > 0 {
		e.c.Logger.Warn("retention: some recordings could not be acted on; they are tried again at the next run", "count", len(errs), "first", errs[0])
	}
	return nil
}

var (
	errNotDue     = errors.New("it is not due any more")
	errUnfinished = errors.New("nothing more is deleted before an earlier erasure is finished")
)

func (e *Engine) count(why Reason, erased bool, bytes int64) {
	if !erased {
		e.m.trashed.WithLabelValues(string(why)).Inc()
		return
	}
	e.m.erased.WithLabelValues(string(why)).Inc()
	e.m.bytes.WithLabelValues(string(why)).Add(float64(bytes))
}

func (e *Engine) pace(ctx context.Context) error {
	if e.c.Pace == nil {
		return ctx.Err()
	}
	return e.c.Pace(ctx)
}

// Status is how the engine is.
type Status struct {
	HoldOff HoldOff   `json:"hold_off,omitempty"`
	LastRun time.Time `json:"last_run,omitzero"`
	Last    Report    `json:"last"`
	Disk    DiskState `json:"disk"` // of the last Watch
}

// Status says how the engine is. It never waits.
func (e *Engine) Status() Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	return Status{HoldOff: e.held, LastRun: e.state.LastRun, Last: e.state.Last, Disk: e.disk}
}
