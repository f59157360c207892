package console

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/recorder/index"
	"vaad/recorder/keep"
)

const (
	maxBulk    = 200_000 // recordings of one act
	bulkChunk  = 1000    // of these at a time
	skippedIDs = 100     // IDs that are told of one reason
)

// BulkActInput is an act on many recordings.
type BulkActInput struct {
	api.RecordingFilter
	Body api.BulkAct
}

// checkAct says what is wrong with the particulars of an act.
func (s *Server) checkAct(ctx context.Context, a keepAct, b api.Act) error {
	bad := func(where, key string, args text.Args, v any) error {
		p := fail("invalid", "")
		p.Errors = []api.ProblemError{{Location: where, Message: text.Text(languageOf(ctx), "invalid."+key, args), Value: v}}
		return p
	}
	switch {
	case s.cfg.Keep == nil:
		return fail("not-available", "")
	case a.Kind == actHold && strings.TrimSpace(b.Case) == "":
		return bad("body.case", "case", nil, b.Case)
	case b.Case != "" && a.Kind != actHold && a.Kind != actRelease:
		return bad("body.case", "not-of-act", text.Args{"act": a.Kind}, b.Case)
	case b.Class != "" && a.Kind != actClass:
		return bad("body.class", "not-of-act", text.Args{"act": a.Kind}, b.Class)
	case b.Force && a.Kind != actErase:
		return bad("body.force", "not-of-act", text.Args{"act": a.Kind}, b.Force)
	case a.Kind == actClass && b.Class != "":
		var known []string
		for _, c := range s.cfg.Keep.Policy().Classes {
			known = append(known, c.Name)
		}
		if !slices.Contains(known, b.Class) {
			return bad("body.class", "one-of", text.Args{"values": strings.Join(known, ", ")}, b.Class)
		}
	}
	return nil
}

// actOnMany does something to many recordings.
func (s *Server) actOnMany(ctx context.Context, a keepAct, in *BulkActInput) (*body[api.Acted], error) {
	jobs, about, err := s.chosen(ctx, a, in)
	if err != nil {
		return nil, err
	}
	ctx, cancel := s.ending(ctx)
	defer cancel()
	b := newBulk(ctx, s, a)
	if b.dry = in.Body.DryRun; b.dry {
		b.out.DryRun = true
		b.run(jobs)
		return b.answer(languageOf(ctx))
	}
	e := access.Entry{Verb: a.Verb, Object: "recordings", Detail: actDetail(a, in.Body.Act)}
	maps.Copy(e.Detail, about)
	var out *body[api.Acted]
	err = s.act(ctx, e, func(e *access.Entry) error {
		if a.Kind == actErase && s.cfg.Keep.Policy().Second {
			b.dry = true
		}
		b.run(jobs)
		if b.dry && b.out.Changed > keep.MaxOrder {
			return fail("bulk-too-large", "at most "+strconv.Itoa(keep.MaxOrder)+" in one request for approval")
		}
		if b.dry && b.out.Changed > 0 {
			if b.out.Approval, err = s.askErase(ctx, b.due, in.Body.Act); err != nil {
				return err
			}
			b.out.Changed = 0
			e.Detail["approval"] = b.out.Approval
		}
		if err := b.keepUndo(); err != nil {
			b.err = errors.Join(b.err, err)
		}
		e.Detail["matched"], e.Detail["changed"] = strconv.Itoa(b.out.Matched), strconv.Itoa(b.out.Changed)
		if b.out.Undo != "" {
			e.Detail["undo"] = b.out.Undo
		}
		out, err = b.answer(languageOf(ctx))
		return err
	})
	return out, err
}

// A bulkJob is one act on one recording.
type bulkJob struct {
	id  string
	act api.Act
}

// chosen lists what is to be done, and says how it was chosen.
func (s *Server) chosen(ctx context.Context, a keepAct, in *BulkActInput) (jobs []bulkJob, about map[string]string, err error) {
	b := in.Body
	ways := 0
	for _, given := range []bool{len(b.IDs) > 0, b.Search, b.Undo != ""} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		p := fail("invalid", "")
		p.Errors = []api.ProblemError{{Location: "body", Message: text.Text(languageOf(ctx), "invalid.chosen", nil)}}
		return nil, nil, p
	}
	if b.Undo != "" {
		return s.undone(ctx, a, b)
	}
	if err := s.checkAct(ctx, a, b.Act); err != nil {
		return nil, nil, err
	}
	if !b.Search {
		about = map[string]string{"ids": strings.Join(b.IDs, " ")}
		seen := map[string]bool{}
		for _, id := range b.IDs {
			if id = strings.ToUpper(id); !seen[id] {
				seen[id] = true
				jobs = append(jobs, bulkJob{id, b.Act})
			}
		}
		return jobs, about, nil
	}
	if err := s.checkSearch(ctx, a.Verb, &in.RecordingFilter); err != nil {
		return nil, nil, err
	}
	search := SearchInput{in.RecordingFilter}
	f := search.filter(who(ctx).scope, a.Verb)
	f.Cursor, f.Limit = "", 1000
	if len(f.States) == 0 && (a.Kind == actUndelete || a.Kind == actErase && !b.Force) {
		f.States = []string{index.StateTrash} // nothing else can be meant
	}
	if f.States == nil && in.RecordingFilter.Encode() == "" { // all that there is: rather a slip than a wish
		p := fail("invalid", "")
		p.Errors = []api.ProblemError{{Location: "query", Message: text.Text(languageOf(ctx), "invalid.everything", nil)}}
		return nil, nil, p
	}
	for {
		p, err := s.cfg.Index.Query(ctx, f)
		if err != nil {
			return nil, nil, err
		}
		if p.Rebuilding { // an answer with holes is no answer to act on
			return nil, nil, fail("busy", "the index is being made anew: some recordings are not found yet")
		}
		for i := range p.Rows {
			jobs = append(jobs, bulkJob{p.Rows[i].ID, b.Act})
		}
		if len(jobs) > maxBulk {
			return nil, nil, fail("bulk-too-large", "at most "+strconv.Itoa(maxBulk))
		}
		if f.Cursor = p.Next; f.Cursor == "" {
			return jobs, map[string]string{"query": in.RecordingFilter.Encode()}, nil
		}
	}
}

// bulk is an act on many recordings under way.
type bulk struct {
	s   *Server
	ctx context.Context
	a   keepAct
	sc  access.Scope
	dry bool

	out     api.Acted
	skipped map[string]*api.Skipped
	undo    map[undoOne][]string
	due     []string // dry: what it would be done to
	err     error    // of the whole: the rest is left
}

func newBulk(ctx context.Context, s *Server, a keepAct) *bulk {
	return &bulk{s: s, ctx: ctx, a: a, sc: who(ctx).scope, skipped: map[string]*api.Skipped{}, undo: map[undoOne][]string{},
		out: api.Acted{Act: a.Kind, Skipped: []api.Skipped{}}}
}

// run does it, some at a time: these become durable together.
func (b *bulk) run(jobs []bulkJob) {
	for part := range slices.Chunk(jobs, bulkChunk) {
		byAct, undo := map[api.Act][]string{}, map[string][]undoOne{}
		for _, j := range part {
			row, due, err := b.look(j)
			if err != nil {
				b.note(j.id, err)
			}
			if due {
				byAct[j.act] = append(byAct[j.act], row.ID)
				undo[row.ID] = undoes(&row, b.a.Kind, j.act)
			}
		}
		for act, ids := range byAct {
			if b.err = errors.Join(b.err, b.ctx.Err()); b.err != nil {
				return
			}
			if b.dry {
				b.out.Changed += len(ids)
				b.due = append(b.due, ids...)
				continue
			}
			all, err := b.s.carryOut(b.ctx, b.a.Kind, act, ids)
			for _, o := range all {
				if o.Err != nil {
					b.note(o.ID, o.Err)
					continue
				}
				b.out.Changed++
				for _, u := range undo[o.ID] {
					b.undo[u] = append(b.undo[u], o.ID)
				}
			}
			b.err = errors.Join(b.err, err)
		}
	}
}

// look says whether there is something to be done to a recording.
func (b *bulk) look(j bulkJob) (row index.Row, due bool, err error) {
	b.out.Matched++
	row, ok, err := b.s.cfg.Index.Get(j.id)
	switch {
	case err != nil:
		return row, false, err
	case !ok || !b.sc.Allows(b.a.Verb, row.Line):
		return row, false, fail("no-recording", j.id)
	}
	if code := refusal(&row, b.a.Kind, j.act); code != "" {
		return row, false, fail(code, j.id)
	}
	if settled(&row, b.a.Kind, j.act) {
		b.out.Unchanged++
		return row, false, nil
	}
	return row, true, nil
}

// note takes down why a recording is passed over.
func (b *bulk) note(id string, err error) {
	p := new(api.Problem)
	if !errors.As(b.s.problem(b.ctx, "recordings-"+b.a.Kind, err), &p) {
		p = fail("internal", err.Error())
	}
	k := b.skipped[p.Code]
	if k == nil {
		k = &api.Skipped{Code: p.Code, IDs: []string{}}
		b.skipped[p.Code] = k
	}
	if k.Count++; len(k.IDs) < skippedIDs {
		k.IDs = append(k.IDs, id)
	}
}

// answer is what is told of it, the most frequent reasons first. What went wrong half-way
// is a problem that says how far it came.
func (b *bulk) answer(lang string) (*body[api.Acted], error) {
	if err := b.err; err != nil {
		p := new(api.Problem)
		if !errors.As(b.s.problem(b.ctx, "recordings-"+b.a.Kind, err), &p) {
			return nil, err
		}
		p.Detail += text.Text(text.English, "cli.acts-part", text.Args{"changed": strconv.Itoa(b.out.Changed), "undo": b.out.Undo})
		return nil, p
	}
	for _, k := range b.skipped {
		k.Title, k.Remedy = text.Text(lang, "problem."+k.Code, nil), text.Text(lang, "problem."+k.Code+".remedy", nil)
		slices.Sort(k.IDs)
		b.out.Skipped = append(b.out.Skipped, *k)
	}
	slices.SortFunc(b.out.Skipped, func(x, y api.Skipped) int {
		if x.Count != y.Count {
			return y.Count - x.Count
		}
		return strings.Compare(x.Code, y.Code)
	})
	return &body[api.Acted]{b.out}, nil
}
