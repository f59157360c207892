package console

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/recorder/keep"
)

// retention says how retention is.
func (s *Server) retention(ctx context.Context, _ *empty) (*body[api.Retention], error) {
	if s.cfg.Keep == nil {
		return nil, fail("not-available", "")
	}
	st := s.cfg.Keep.Status()
	at, next := s.cfg.Keep.Schedule()
	out := api.Retention{Schedule: at, Next: moment(next), LastGood: moment(st.LastRun), HeldOff: string(st.HoldOff)}
	if !st.Last.Begin.IsZero() {
		r := runOf(st.Last)
		out.Last = &r
	}
	return &body[api.Retention]{out}, nil
}

func runOf(r keep.Report) api.RetentionRun {
	return api.RetentionRun{Begin: r.Begin, End: r.End, HeldOff: string(r.HoldOff), Trashed: totalsOf(r.Trashed), Erased: totalsOf(r.Erased),
		Waiting: r.Waiting, Failed: r.Failed, Error: r.Error}
}

// RetentionPreviewInput asks what retention would delete.
type RetentionPreviewInput struct{ Body api.PreviewRetention }

func (s *Server) retentionPreview(ctx context.Context, in *RetentionPreviewInput) (*body[api.RetentionPlan], error) {
	if s.cfg.Keep == nil {
		return nil, fail("not-available", "")
	}
	if err := s.wholeBox(ctx, access.Keep, "retention"); err != nil {
		return nil, err
	}
	at := s.cfg.Now()
	if in.Body.AsOf != nil {
		at = *in.Body.AsOf
	}
	out := api.RetentionPlan{Same: len(in.Body.Settings) == 0, Items: []api.GoingItem{}}
	plan, err := s.cfg.Keep.Plan, error(nil)
	if !out.Same {
		p, err := s.cfg.Keep.PolicyBy(in.Body.Settings)
		if err != nil {
			return nil, err
		}
		plan = func(ctx context.Context, at time.Time) (keep.Plan, error) { return s.cfg.Keep.PlanBy(ctx, p, at) }
	}
	p, err := plan(ctx, at)
	if err != nil {
		return nil, err
	}
	out.At, out.HeldOff, out.Parts, out.Unknown = p.At, string(p.HoldOff), goings(p.Parts), totalsOf(p.Unknown)
	for _, part := range p.Parts {
		to := &out.Trash
		if part.Action == keep.ToErase {
			to = &out.Erase
		}
		to.Count, to.Bytes = to.Count+part.Count, to.Bytes+part.Bytes
	}
	for i, it := range p.Items {
		if !it.Backed {
			out.Unsaved.Count, out.Unsaved.Bytes = out.Unsaved.Count+1, out.Unsaved.Bytes+it.Bytes
		}
		if i < in.Body.Limit {
			out.Items = append(out.Items, api.GoingItem{ID: it.ID, Line: it.Line, Start: it.Start, Bytes: it.Bytes, Class: it.Class,
				Action: string(it.Action), Reason: string(it.Reason), Backed: it.Backed})
		}
	}
	return &body[api.RetentionPlan]{out}, nil
}

// RetentionRunInput asks for a run.
type RetentionRunInput struct{ Body api.RunRetention }

func (s *Server) retentionRun(ctx context.Context, in *RetentionRunInput) (*body[api.RetentionRun], error) {
	if s.cfg.Keep == nil {
		return nil, fail("not-available", "")
	}
	if err := s.wholeBox(ctx, access.Keep, "retention"); err != nil {
		return nil, err
	}
	ctx, cancel := s.ending(ctx)
	defer cancel()
	e := access.Entry{Verb: access.Keep, Object: "retention", Detail: map[string]string{"act": "run"}}
	if in.Body.AsOf != nil {
		e.Detail["as_of"] = in.Body.AsOf.UTC().Format(time.RFC3339)
	}
	var out api.RetentionRun
	err := s.act(ctx, e, func(e *access.Entry) (err error) {
		if in.Body.AsOf != nil {
			out, err = s.runAsOf(ctx, *in.Body.AsOf)
		} else {
			var r keep.Report
			r, err = s.cfg.Keep.RunNow(ctx, who(ctx).Name)
			out = runOf(r)
		}
		e.Detail["trashed"], e.Detail["erased"] = strconv.Itoa(out.Trashed.Count), strconv.Itoa(out.Erased.Count)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &body[api.RetentionRun]{out}, nil
}

// runAsOf puts into the trash what would be due at a moment: a way to try settings, which
// can be undone.
func (s *Server) runAsOf(ctx context.Context, at time.Time) (out api.RetentionRun, err error) {
	out.Begin = s.cfg.Now()
	plan, err := s.cfg.Keep.Plan(ctx, at)
	if err != nil {
		return out, err
	}
	var trash keepAct
	for _, a := range keepActs() {
		if a.Kind == actTrash {
			trash = a
		}
	}
	b := newBulk(ctx, s, trash)
	var jobs []bulkJob
	size := map[string]int64{}
	for _, it := range plan.Items {
		if it.Action == keep.ToTrash && plan.HoldOff == "" {
			jobs = append(jobs, bulkJob{it.ID, api.Act{Reason: string(it.Reason) + " " + cmp.Or(it.Name, it.Class)}})
			size[it.ID] = it.Bytes
		}
	}
	b.run(jobs)
	if err := b.keepUndo(); err != nil && b.err == nil {
		b.err = err
	}
	done, err := b.answer(languageOf(ctx))
	if err != nil {
		return out, err
	}
	for _, ids := range b.undo {
		for _, id := range ids {
			out.Trashed.Bytes += size[id]
		}
	}
	for _, k := range done.Body.Skipped {
		out.Failed += k.Count
	}
	out.End, out.HeldOff, out.Trashed.Count, out.Undo = s.cfg.Now(), string(plan.HoldOff), done.Body.Changed, done.Body.Undo
	return out, nil
}

func (s *Server) trustClock(ctx context.Context, _ *empty) (*body[api.Retention], error) {
	if s.cfg.Keep == nil {
		return nil, fail("not-available", "")
	}
	if err := s.wholeBox(ctx, access.Keep, "retention"); err != nil {
		return nil, err
	}
	e := access.Entry{Verb: access.Keep, Object: "retention", Detail: map[string]string{"act": "trust-clock", "now": s.cfg.Now().UTC().Format(time.RFC3339)}}
	if err := s.act(ctx, e, func(*access.Entry) error { return s.cfg.Keep.TrustClock() }); err != nil {
		return nil, err
	}
	return s.retention(ctx, nil)
}

// tidy walks through all folders.
func (s *Server) tidy(ctx context.Context, _ *empty) (*body[api.Tidied], error) {
	if s.cfg.Keep == nil {
		return nil, fail("not-available", "")
	}
	if err := s.wholeBox(ctx, access.Keep, "recordings"); err != nil {
		return nil, err
	}
	ctx, cancel := s.ending(ctx)
	defer cancel()
	out := api.Tidied{Found: map[string]int{}, Items: []api.TidyFinding{}}
	e := access.Entry{Verb: access.Keep, Object: "recordings", Detail: map[string]string{"act": "tidy"}}
	err := s.act(ctx, e, func(e *access.Entry) error {
		r, err := s.cfg.Keep.Tidy(ctx)
		out.Begin, out.End, out.Repaired, out.Left = r.Begin, r.End, r.Repaired, r.Left
		for k, n := range r.Found {
			out.Found[string(k)] = n
		}
		for _, f := range r.First {
			one := api.TidyFinding{Kind: string(f.Kind), Day: string(f.Day), ID: f.ID, File: f.Name}
			if f.Err != nil {
				one.Error = f.Err.Error()
			}
			out.Items = append(out.Items, one)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &body[api.Tidied]{out}, nil
}
