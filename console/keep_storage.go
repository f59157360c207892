package console

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/recorder/index"
	"vaad/recorder/keep"
)

// soon is how far ahead the storage's answer looks.
const soon = 7 * 24 * time.Hour

// kept are the states of recordings whose files are there.
func kept() []string {
	return []string{index.StateSealed, index.StateRecovered, index.StateTrash}
}

func totalsOf(t keep.Totals) api.Totals { return api.Totals{Count: t.Count, Bytes: t.Bytes} }

// storage says what recordings take. Forecast and plans are about every line: callers who
// are limited to some see only how much room there is, and what theirs take.
func (s *Server) storage(ctx context.Context, _ *empty) (*body[api.Storage], error) {
	if s.cfg.Keep == nil {
		return nil, fail("not-available", "")
	}
	sc := who(ctx).scope
	space, err := s.cfg.Archive.Space()
	if err != nil {
		return nil, err
	}
	st := s.cfg.Keep.Status().Disk
	out := api.Storage{Free: space.FreeBytes, Total: space.TotalBytes, FreeInodes: space.FreeInodes, TotalInodes: space.TotalInodes,
		Reserve: st.Reserve, WhenFull: string(st.When), Fullness: string(st.Fullness), ByWeekday: []int64{}, Classes: []api.ClassUse{},
		Groups: []api.GroupUse{}, Soon: []api.Going{}}
	yes := true
	lines := scopeLines(sc, access.Status)
	for _, c := range []struct {
		to *api.Totals
		f  index.Filter
	}{
		{&out.Recordings, index.Filter{Lines: lines}},
		{&out.Trash, index.Filter{Lines: lines, States: []string{index.StateTrash}}},
		{&out.Protected, index.Filter{Lines: lines, States: kept(), Protected: &yes}},
		{&out.Held, index.Filter{Lines: lines, States: kept(), Held: &yes}},
	} {
		t, _, err := s.totals(ctx, c.f)
		if err != nil {
			return nil, err
		}
		*c.to = totalsOf(t)
	}
	p := s.cfg.Keep.Policy()
	if out.Classes, err = s.classUse(ctx, &p, lines); err != nil {
		return nil, err
	}
	if !sc.Everywhere(access.Status) {
		return &body[api.Storage]{out}, nil
	}
	if err := s.groupUse(ctx, &p, &out); err != nil {
		return nil, err
	}
	if err := s.outlook(ctx, &out); err != nil {
		return nil, err
	}
	return &body[api.Storage]{out}, nil
}

// classNames are the classes of rows that names of classes mean: the default class is that
// of rows without any.
func (s *Server) classNames(given []string) []string {
	out := slices.Clone(given)
	if s.cfg.Keep != nil && slices.Contains(given, s.cfg.Keep.Policy().Default) || slices.Contains(given, "default") {
		out = append(out, "")
	}
	return out
}

// classUse is what each class takes: those of the policy, and those that recordings have.
func (s *Server) classUse(ctx context.Context, p *keep.Policy, lines []int) ([]api.ClassUse, error) {
	all, rest := []api.ClassUse{}, api.Totals{}
	t, _, err := s.totals(ctx, index.Filter{Lines: lines, States: kept()})
	if err != nil {
		return nil, err
	}
	rest = totalsOf(t)
	for _, c := range p.Classes {
		f := index.Filter{Lines: lines, States: kept(), Classes: []string{c.Name}}
		if c.Name == p.Default {
			f.Classes = append(f.Classes, "")
		}
		t, oldest, err := s.totals(ctx, f)
		if err != nil {
			return nil, err
		}
		rest.Count, rest.Bytes = rest.Count-t.Count, rest.Bytes-t.Bytes
		all = append(all, api.ClassUse{Class: c.Name, Totals: totalsOf(t), Days: c.Days, Keep: c.Count, Forever: c.Forever,
			Action: string(cmp.Or(c.Action, keep.ToTrash)), TrashDays: c.TrashDays, Oldest: oldest})
	}
	if rest.Count > 0 {
		all = append(all, api.ClassUse{Class: "?", Totals: rest, Unknown: true})
	}
	return all, nil
}

// groupUse is what each group of lines takes, beside its quota.
func (s *Server) groupUse(ctx context.Context, p *keep.Policy, out *api.Storage) error {
	for name, lines := range s.cfg.Keep.Groups() {
		t, _, err := s.totals(ctx, index.Filter{Lines: lines, States: kept()})
		if err != nil {
			return err
		}
		g := api.GroupUse{Group: name, Totals: totalsOf(t)}
		if i := slices.IndexFunc(p.Quotas, func(q keep.Quota) bool { return q.Group == name }); i >= 0 {
			q := p.Quotas[i]
			g.QuotaDays, g.Quota, g.QuotaKeep = q.Days, q.Bytes, q.Count
		}
		out.Groups = append(out.Groups, g)
	}
	slices.SortFunc(out.Groups, func(a, b api.GroupUse) int { return strings.Compare(a.Group, b.Group) })
	return nil
}

// outlook is what is to come.
func (s *Server) outlook(ctx context.Context, out *api.Storage) error {
	f, err := s.cfg.Keep.Forecast(ctx)
	if err != nil {
		return err
	}
	out.PerDay, out.ByWeekday, out.Known = f.PerDay, f.ByWeekday[:], f.Known
	if f.Days >= 0 {
		out.FullIn, out.FullAt = &f.Days, moment(f.Full)
	}
	if f.Gross >= 0 {
		out.Gross = &f.Gross
	}
	plan, err := s.cfg.Keep.Plan(ctx, s.cfg.Now().Add(soon))
	if err != nil {
		return err
	}
	out.Soon = goings(plan.Parts)
	u, err := s.cfg.Keep.Unsaved(ctx, soon)
	if err != nil {
		return err
	}
	out.Unsaved, out.Awaiting = totalsOf(u.Lost), totalsOf(u.Waiting)
	if t, ok := s.cfg.Keep.OldestUnsaved(); ok {
		out.OldestUnsaved = &t
	}
	return nil
}

func goings(parts []keep.Part) []api.Going {
	out := []api.Going{}
	for _, p := range parts {
		out = append(out, api.Going{Reason: string(p.Reason), Name: p.Name, Action: string(p.Action),
			Totals: api.Totals{Count: p.Count, Bytes: p.Bytes}, Waiting: p.Waiting})
	}
	return out
}
