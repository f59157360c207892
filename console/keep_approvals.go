package console

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/calls"
	"vaad/recorder/index"
	"vaad/recorder/keep"
)

// mostShown is how many recordings of a request are listed.
const mostShown = 1000

// askErase files a request to erase recordings.
func (s *Server) askErase(ctx context.Context, ids []string, b api.Act) (request string, err error) {
	r, err := s.cfg.Keep.Ask(keep.AskErase, keep.Subject{IDs: ids, Force: b.Force}, who(ctx).person(), b.Reason)
	return r.ID, err
}

func approvalOf(r *keep.Request) api.Approval {
	out := api.Approval{ID: r.ID, Kind: string(r.Kind), Number: r.What.Number, IDs: r.What.IDs[:min(len(r.What.IDs), mostShown)], Count: max(r.Count, len(r.What.IDs)), By: r.By, At: r.At,
		Reason: r.Reason, State: string(r.State), Approver: r.Approver, Decided: moment(r.Decided), Answer: r.Answer, Until: r.Until}
	out.Proof, out.Erased, out.Kept = r.Proven || r.Proof != nil, r.Erased, r.Refused
	return out
}

// requests lists requests that are of a kind; "" = of any.
func (s *Server) requests(ctx context.Context, kind keep.RequestKind) (*body[api.Page[api.Approval]], error) {
	if s.cfg.Keep == nil {
		return nil, fail("not-available", "")
	}
	if err := s.wholeBox(ctx, access.Erase, "approvals"); err != nil {
		return nil, err
	}
	all, err := s.cfg.Keep.List()
	if err != nil {
		return nil, err
	}
	out := api.Page[api.Approval]{Items: []api.Approval{}}
	for i := range all {
		if kind == "" || all[i].Kind == kind {
			out.Items = append(out.Items, approvalOf(&all[i]))
		}
	}
	out.Total = int64(len(out.Items))
	return &body[api.Page[api.Approval]]{out}, nil
}

func (s *Server) approvals(ctx context.Context, _ *empty) (*body[api.Page[api.Approval]], error) {
	return s.requests(ctx, "")
}

func (s *Server) erasures(ctx context.Context, _ *empty) (*body[api.Page[api.Approval]], error) {
	return s.requests(ctx, keep.AskForget)
}

// RequestInput names a request.
type RequestInput struct {
	Request string `path:"request" maxLength:"64" doc:"ID of the request"`
}

// request is the request that is asked for, for who may see it.
func (s *Server) request(ctx context.Context, in *RequestInput) (keep.Request, error) {
	if s.cfg.Keep == nil {
		return keep.Request{}, fail("not-available", "")
	}
	if err := s.wholeBox(ctx, access.Erase, in.Request); err != nil {
		return keep.Request{}, err
	}
	return s.cfg.Keep.Get(in.Request)
}

func (s *Server) approval(ctx context.Context, in *RequestInput) (*body[api.Approval], error) {
	r, err := s.request(ctx, in)
	if err != nil {
		return nil, err
	}
	return &body[api.Approval]{approvalOf(&r)}, nil
}

// DecisionInput decides a request.
type DecisionInput struct {
	RequestInput
	Body api.Decision
}

// decide makes the route of one decision.
func decide(what string) func(*Server, route) {
	return with(func(s *Server, ctx context.Context, in *DecisionInput) (*body[api.Approval], error) {
		if s.cfg.Keep == nil {
			return nil, fail("not-available", "")
		}
		if err := s.wholeBox(ctx, access.Erase, in.Request); err != nil {
			return nil, err
		}
		ctx, cancel := s.ending(context.WithoutCancel(ctx)) // what was approved is done though nobody waits for the answer
		defer cancel()
		e := access.Entry{Verb: access.Erase, Object: in.Request, Detail: map[string]string{"act": what}}
		if in.Body.Reason != "" {
			e.Detail["reason"] = in.Body.Reason
		}
		var r keep.Request
		err := s.act(ctx, e, func(e *access.Entry) (err error) {
			switch by := who(ctx).person(); what {
			case "approve":
				r, err = s.cfg.Keep.Approve(ctx, in.Request, by)
			case "refuse":
				r, err = s.cfg.Keep.Refuse(in.Request, by, in.Body.Reason)
			default:
				r, err = s.cfg.Keep.Withdraw(in.Request, by)
			}
			if r.ID != "" {
				e.Detail["kind"], e.Detail["by"] = string(r.Kind), r.By
			}
			if r.State == keep.Done {
				e.Detail["erased"], e.Detail["kept"] = strconv.Itoa(r.Erased), strconv.Itoa(r.Refused)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		return &body[api.Approval]{approvalOf(&r)}, nil
	})
}

// NewErasureInput asks that a person's data be erased.
type NewErasureInput struct{ Body api.NewErasure }

// askErasure says what there is of a person, and files a request to erase it.
func (s *Server) askErasure(ctx context.Context, in *NewErasureInput) (*body[api.Erasure], error) {
	if s.cfg.Keep == nil {
		return nil, fail("not-available", "")
	}
	if err := s.wholeBox(ctx, access.Erase, "erasures"); err != nil {
		return nil, err
	}
	number, ok := plainNumber(in.Body.Number)
	if !ok {
		p := fail("invalid", "")
		p.Errors = []api.ProblemError{{Location: "body.number", Message: text.Text(languageOf(ctx), "invalid.whole-number", nil), Value: in.Body.Number}}
		return nil, p
	}
	out, err := s.ofPerson(ctx, number)
	if err != nil || in.Body.DryRun {
		return &body[api.Erasure]{out}, err
	}
	// The audit log is never rewritten: the number that is to be forgotten must not stand there.
	e := access.Entry{Verb: access.Erase, Object: "erasures", Detail: map[string]string{"act": "ask"}}
	err = s.act(ctx, e, func(e *access.Entry) error {
		r, err := s.cfg.Keep.Ask(keep.AskForget, keep.Subject{Number: number}, who(ctx).person(), in.Body.Reason)
		if err == nil {
			a := approvalOf(&r)
			out.Approval, e.Object = &a, r.ID
		}
		return err
	})
	return &body[api.Erasure]{out}, err
}

// ofPerson counts what has a number.
func (s *Server) ofPerson(ctx context.Context, number string) (api.Erasure, error) {
	out := api.Erasure{Number: number}
	f := index.Filter{Number: number, States: append(kept(), index.StateOpen), Limit: 1000}
	for {
		p, err := s.cfg.Index.Query(ctx, f)
		if err != nil {
			return out, err
		}
		for i := range p.Rows {
			r := &p.Rows[i]
			out.Recordings.Count++
			out.Recordings.Bytes += r.Bytes
			switch {
			case r.State == index.StateOpen:
				out.Open++
			case r.Held:
				out.Held++
			case r.Protected:
				out.Protected++
			}
		}
		if f.Cursor = p.Next; f.Cursor == "" {
			break
		}
	}
	q := calls.Filter{Number: number, Limit: 1000}
	for out.Calls < maxBulk {
		p, err := s.cfg.Calls.Query(ctx, q)
		if err != nil {
			return out, err
		}
		out.Calls += len(p.Rows)
		if q.Cursor = p.Next; q.Cursor == "" {
			return out, nil
		}
	}
	out.AtLeast = true
	return out, nil
}

// plainNumber is a number without what makes it easier to read. Patterns name more than one person.
func plainNumber(v string) (string, bool) {
	var b []byte
	for _, c := range []byte(v) {
		switch {
		case c >= '0' && c <= '9', c == '+' && len(b) == 0, c == '#':
			b = append(b, c)
		case slices.Contains([]byte(" -()./"), c):
		default:
			return "", false
		}
	}
	return string(b), len(b) >= 3
}

// erasureProof is the document that says what was erased.
func (s *Server) erasureProof(ctx context.Context, in *RequestInput) (stream, error) {
	r, err := s.request(ctx, in)
	if err != nil {
		return nil, err
	}
	if r.Proof == nil {
		return nil, fail("no-proof", r.ID)
	}
	doc, err := json.MarshalIndent(r.Proof, "", " ")
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Disposition", `attachment; filename="erasure-`+r.ID+`.json"`)
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(append(doc, '\n')) // who asked may be gone
	}, nil
}
