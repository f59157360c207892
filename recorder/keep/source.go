package keep

import (
	"context"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/index"
)

// plausible is the time before which no recording was made: one that says so was
// made with a wrong clock, and its age is not known.
var plausible = time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)

// pageRows is how many rows are looked at, and acted on, at once.
const pageRows = 500

// A source is recordings that may be due for one reason, oldest first.
type source struct {
	reason Reason
	name   string
	filter index.Filter
	due    func(r *index.Row) bool // of a row as it is now; the filter need not be exact
	action func(r *index.Row) Action
	most   *Totals // only so many go; nil: all that are due
}

// normal are recordings that neither are in the trash nor have a level that keeps them.
func normal(r *index.Row) bool {
	return (r.State == index.StateSealed || r.State == index.StateRecovered) && !r.Protected && !r.Held
}

func in(states ...string) index.Filter {
	no := false
	return index.Filter{States: states, Protected: &no, Held: &no, From: plausible, Oldest: true, NoCount: true, Limit: pageRows}
}

func normals() index.Filter { return in(index.StateSealed, index.StateRecovered) }

// ended is when a recording's time begins to count.
func ended(r *index.Row) time.Time {
	if r.End.Before(r.Start) {
		return r.Start
	}
	return r.End
}

func days(n int) time.Duration { return time.Duration(n) * day }

// trashed is what goes for good as its time in the trash is over.
func (p *Policy) trashed(c Class, now time.Time) source {
	limit := now.Add(-days(c.TrashDays))
	s := source{reason: ByTrash, name: c.Name, filter: in(index.StateTrash), action: func(*index.Row) Action { return ToErase }}
	s.filter.From = time.Time{} // who put it there knew what it was
	s.filter.Classes, s.filter.TrashedTo = p.names(c), archive.DayOf(limit)
	s.due = func(r *index.Row) bool {
		return r.State == index.StateTrash && !r.Protected && !r.Held && p.is(c, r) && !r.Trashed.After(limit)
	}
	return s
}

// over is what goes as its class's days are over.
func (p *Policy) over(c Class, now time.Time) source {
	limit := now.Add(-days(c.Days))
	s := source{reason: ByTime, name: c.Name, filter: normals(), action: func(*index.Row) Action { return c.action() }}
	s.filter.Classes, s.filter.To = p.names(c), limit.Add(1)
	s.due = func(r *index.Row) bool {
		return normal(r) && p.is(c, r) && !ended(r).After(limit) && !r.Start.Before(plausible)
	}
	return s
}

// counted is what goes as its class has enough newer ones.
func (p *Policy) counted(c Class, have Totals) source {
	s := source{reason: ByCount, name: c.Name, filter: normals(), action: func(*index.Row) Action { return c.action() },
		most: &Totals{Count: max(0, have.Count-c.Count)}}
	s.filter.Classes = p.names(c)
	s.due = func(r *index.Row) bool { return normal(r) && p.is(c, r) && !r.Start.Before(plausible) }
	return s
}

// quota is what goes as its line group has no room: older than its days, or the
// oldest of what is too many.
func (p *Policy) quota(q Quota, now time.Time, most *Totals) source {
	s := source{reason: ByQuota, name: q.Group, filter: normals(), most: most}
	s.filter.Lines, s.filter.Classes = q.Lines, p.bounded()
	limit := now
	if most == nil {
		limit = now.Add(-days(q.Days))
		s.filter.To = limit.Add(1)
	}
	s.action = func(r *index.Row) Action { c, _ := p.class(r.Class); return c.action() }
	s.due = func(r *index.Row) bool {
		c, known := p.class(r.Class)
		return normal(r) && known && !c.Forever && !ended(r).After(limit) && !r.Start.Before(plausible)
	}
	return s
}

// bounded are the values of a row's class that a quota or a full disk may end.
func (p *Policy) bounded() (names []string) {
	for _, c := range p.Classes {
		if !c.Forever {
			names = append(names, p.names(c)...)
		}
	}
	return names
}

// is says whether a row is of a class.
func (p *Policy) is(c Class, r *index.Row) bool {
	own, ok := p.class(r.Class)
	return ok && own.Name == c.Name
}

// usage is how many recordings match, and their bytes.
func (e *Engine) usage(ctx context.Context, f index.Filter) (t Totals, err error) {
	all, err := e.c.Index.Daily(ctx, f)
	for _, d := range all {
		t.Count += d.Count
		t.Bytes += d.Bytes
	}
	return t, err
}

// plain is a filter without what keeps recordings: all that takes room.
func plain(f index.Filter) index.Filter {
	f.Protected, f.Held, f.From, f.Classes = nil, nil, time.Time{}, nil
	return f
}

// each calls f with what is due of a source, page by page. skip, if not nil, are
// recordings that go for another reason already.
func (e *Engine) each(ctx context.Context, p *Policy, s source, skip map[string]bool, f func(items []Item, waiting int) error) error {
	if s.most != nil && s.most.Count <= 0 && s.most.Bytes <= 0 || s.filter.Classes != nil && len(s.filter.Classes) == 0 {
		return nil
	}
	left := Totals{}
	if s.most != nil {
		left = *s.most
	}
	filter := s.filter
	for {
		page, err := e.c.Index.Query(ctx, filter)
		if err != nil {
			return err
		}
		var items []Item
		waiting := 0
		for i := range page.Rows {
			r := &page.Rows[i]
			if !s.due(r) || skip[r.ID] {
				continue
			}
			if s.most != nil {
				if left.Count <= 0 && left.Bytes <= 0 {
					break
				}
				left.Count--
				left.Bytes -= r.Bytes
			}
			it := e.item(p, r)
			it.Action, it.Reason, it.Name = s.action(r), s.reason, s.name
			if c, _ := p.class(r.Class); c.NeedsBackup && !it.Backed {
				waiting++
				continue
			}
			items = append(items, it)
		}
		if err := f(items, waiting); err != nil {
			return err
		}
		if page.Next == "" || s.most != nil && left.Count <= 0 && left.Bytes <= 0 {
			return nil
		}
		filter.Cursor = page.Next
	}
}

func (e *Engine) item(p *Policy, r *index.Row) Item {
	it := Item{ID: r.ID, Day: r.Day, Line: r.Line, Start: r.Start, Bytes: r.Bytes, Class: r.Class}
	if it.Class == "" {
		it.Class = p.Default
	}
	it.Backed = e.c.Backups != nil && e.c.Backups.Backed(r.ID, r.Day)
	return it
}
