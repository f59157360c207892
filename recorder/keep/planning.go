package keep

import (
	"context"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/index"
)

// Plan says what a run at now would do, and does nothing. now may lie ahead.
func (e *Engine) Plan(ctx context.Context, now time.Time) (Plan, error) {
	p := e.c.Policy()
	out := Plan{At: now, Parts: []Part{}, Items: []Item{}}
	e.mu.Lock()
	out.HoldOff = e.held
	e.mu.Unlock()
	skip, gone := map[string]bool{}, map[int]Totals{}
	one := p.alone()
	for _, make := range e.steps(&p, now) {
		s, err := make(ctx, gone)
		if err != nil {
			return out, err
		}
		s = e.agedSurely(s)
		if one && !p.needsBackup(s) {
			if err := e.planFast(ctx, &p, s, &out); err != nil {
				return out, err
			}
			continue
		}
		if s.reason == ByCount { // what goes by time anyway is among these
			s.most.Count -= planned(out.Parts, s.name)
		}
		err = e.each(ctx, &p, s, skip, func(items []Item, waiting int) error {
			for _, it := range items {
				out.part(&it, 1, 0)
				skip[it.ID] = true
				if it.Reason != ByTrash {
					gone[it.Line] = Totals{gone[it.Line].Count + 1, gone[it.Line].Bytes + it.Bytes}
				}
				if len(out.Items) < PlanItems {
					out.Items = append(out.Items, it)
				}
			}
			if waiting > 0 {
				out.part(&Item{Reason: s.reason, Name: s.name, Action: s.action(&index.Row{})}, 0, waiting)
			}
			return nil
		})
		if err != nil {
			return out, err
		}
	}
	var err error
	out.Unknown, err = e.unknown(ctx, &p)
	return out, err
}

// alone says that no step of the policy takes what another one may take too.
func (p *Policy) alone() bool {
	for _, c := range p.Classes {
		if !c.Forever && c.Count > 0 {
			return false
		}
	}
	return len(p.Quotas) == 0
}

// needsBackup says whether of a source recordings may wait for their backup.
func (p *Policy) needsBackup(s source) bool {
	c, known := p.class(s.name)
	return !known || c.NeedsBackup
}

// planFast counts what goes of a source by the index's columns, and reads only
// those whose turn is decided by the hour, and the first ones: of millions that go
// a plan must not read each.
func (e *Engine) planFast(ctx context.Context, p *Policy, s source, out *Plan) error {
	sure, unsure := s.filter, s.filter
	if s.reason == ByTrash {
		at, err := time.Parse(time.DateOnly, string(s.filter.TrashedTo))
		if err != nil {
			return err
		}
		sure.TrashedTo, unsure.TrashedFrom = archive.DayOf(at.Add(-day)), s.filter.TrashedTo
	} else {
		edge := s.filter.To.Add(-2 * day) // no recording lasts so long
		if edge.Before(plausible) {
			edge = plausible
		}
		sure.To, unsure.From = edge, edge
	}
	t, err := e.usage(ctx, sure)
	if err != nil {
		return err
	}
	unsureAge, err := e.doubtful(ctx, s, sure)
	if err != nil {
		return err
	}
	t.Count, t.Bytes = t.Count-unsureAge.Count, t.Bytes-unsureAge.Bytes
	action := s.action(&index.Row{Class: s.name})
	if t.Count > 0 {
		out.part(&Item{Reason: s.reason, Name: s.name, Action: action, Bytes: t.Bytes}, t.Count, 0)
	}
	s.filter = unsure
	if err := e.each(ctx, p, s, nil, func(items []Item, _ int) error {
		for i := range items {
			out.part(&items[i], 1, 0)
		}
		return nil
	}); err != nil {
		return err
	}
	for _, f := range []index.Filter{sure, unsure} {
		if s.filter = f; len(out.Items) >= PlanItems {
			return nil
		}
		if err := e.each(ctx, p, s, nil, func(items []Item, _ int) error {
			out.Items = append(out.Items, items[:min(len(items), PlanItems-len(out.Items))]...)
			if len(out.Items) >= PlanItems {
				return errEnough
			}
			return nil
		}); err != nil && err != errEnough {
			return err
		}
	}
	return nil
}

// planned is how many of a class go for other reasons than their number.
func planned(parts []Part, class string) (n int) {
	for _, p := range parts {
		if p.Reason == ByTime && p.Name == class {
			n += p.Count
		}
	}
	return n
}

func (p *Plan) part(it *Item, n, waiting int) {
	for i := range p.Parts {
		if o := &p.Parts[i]; o.Reason == it.Reason && o.Name == it.Name && o.Action == it.Action {
			o.Count, o.Bytes, o.Waiting = o.Count+n, o.Bytes+it.Bytes, o.Waiting+waiting
			return
		}
	}
	p.Parts = append(p.Parts, Part{Reason: it.Reason, Name: it.Name, Action: it.Action, Count: n, Bytes: it.Bytes, Waiting: waiting})
}
