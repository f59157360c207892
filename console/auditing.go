package console

import (
	"context"
	"strings"
	"sync"
	"time"

	"vaad/access"
	"vaad/api"
)

// act does something that is audited: an act whose row cannot be written is
// reported as such, even when it was done.
// do may fill in the row.
func (s *Server) act(ctx context.Context, e access.Entry, do func(*access.Entry) error) error {
	err := do(&e)
	e.Result = "ok"
	if err != nil {
		e.Result = "failed"
		e.Detail = merge(e.Detail, "error", err.Error())
	}
	if lost := s.audited(ctx, e); lost != nil && err == nil {
		return lost
	}
	return err
}

// audited appends a row for the caller of the request.
func (s *Server) audited(ctx context.Context, e access.Entry) error {
	c := who(ctx)
	e.Actor, e.Kind = c.Name, c.Kind
	if _, err := s.cfg.Audit.Append(e); err != nil {
		s.cfg.Logger.Error("console: the audit log cannot be written", "actor", e.Actor, "verb", e.Verb, "object", e.Object, "error", err)
		return fail("audit-failed", err.Error())
	}
	return nil
}

// denied notes that somebody was refused what would have been audited.
func (s *Server) denied(ctx context.Context, v access.Verb, object string, line int) {
	if acts(v) {
		_ = s.audited(ctx, access.Entry{Verb: v, Object: object, Line: line, Result: "denied"}) // already logged
	}
}

// hears notes that the caller is about to hear audio, before the first byte:
// without a row nobody listens. Players ask for one recording in many pieces;
// they give one row per ten minutes. detail is names and values by turns.
func (s *Server) hears(ctx context.Context, v access.Verb, object string, line int, detail ...string) error {
	c := who(ctx)
	key := string(c.Kind) + " " + c.Name + " " + string(v) + " " + object + " " + strings.Join(detail, " ")
	now := s.cfg.Now()
	if s.heard.lately(key, now) {
		return nil
	}
	e := access.Entry{Verb: v, Object: object, Line: line, Result: "ok"}
	for i := 0; i+1 < len(detail); i += 2 {
		e.Detail = merge(e.Detail, detail[i], detail[i+1])
	}
	if err := s.audited(ctx, e); err != nil {
		return err
	}
	s.heard.note(key, now)
	return nil
}

// audited remembers what was written to the audit log a moment ago.
type audited struct {
	mu   sync.Mutex
	last map[string]time.Time
}

const (
	heardEvery = 10 * time.Minute
	heardMax   = 4096
)

func (a *audited) lately(key string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, ok := a.last[key]
	return ok && now.Sub(t) < heardEvery && !now.Before(t)
}

func (a *audited) note(key string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.last) >= heardMax {
		for k, t := range a.last {
			if now.Sub(t) >= heardEvery {
				delete(a.last, k)
			}
		}
		if len(a.last) >= heardMax {
			clear(a.last) // rather a row too many
		}
	}
	if a.last == nil {
		a.last = map[string]time.Time{}
	}
	a.last[key] = now
}

func merge(m map[string]string, k, v string) map[string]string {
	out := map[string]string{k: v}
	for key, val := range m {
		out[key] = val
	}
	return out
}

// AuditInput chooses rows of the audit log.
type AuditInput struct {
	Actor  string   `query:"actor" maxLength:"100" doc:"Only acts of this actor"`
	Verb   string   `query:"verb" maxLength:"40" doc:"Only this verb"`
	Object string   `query:"object" maxLength:"200" doc:"Only acts on this recording, path or alarm"`
	Line   int      `query:"line" minimum:"0" doc:"Only acts on this line"`
	From   api.Time `query:"from" doc:"Not before this moment"`
	To     api.Time `query:"to" doc:"Before this moment"`
	Limit  int      `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Rows of one page"`
	After  uint64   `query:"after" doc:"Cursor: the page after this one"`
}

// audit lists who did what. A caller who is limited to some lines sees the
// acts on these only.
func (s *Server) audit(ctx context.Context, in *AuditInput) (*body[api.Page[api.AuditEntry]], error) {
	c := who(ctx)
	f := access.AuditFilter{Before: in.After, From: in.From, To: in.To, Actor: in.Actor, Verb: access.Verb(in.Verb),
		Object: in.Object, Line: in.Line, Limit: 1000}
	out := &body[api.Page[api.AuditEntry]]{}
	out.Body.Items = []api.AuditEntry{}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rows, err := s.cfg.Audit.Query(f)
		if err != nil {
			return nil, err
		}
		for _, e := range rows {
			if !c.scope.Everywhere(access.AuditRead) && (e.Line == 0 || !c.scope.Allows(access.AuditRead, e.Line)) {
				continue
			}
			if len(out.Body.Items) == in.Limit {
				out.Body.Next = itoa(out.Body.Items[in.Limit-1].Seq)
				return out, nil
			}
			out.Body.Items = append(out.Body.Items, api.AuditEntry{Seq: e.Seq, Time: e.Time, Actor: e.Actor, Kind: string(e.Kind),
				Verb: string(e.Verb), Object: e.Object, Line: e.Line, Result: e.Result, Detail: e.Detail})
		}
		if len(rows) < f.Limit {
			return out, nil
		}
		f.Before = rows[len(rows)-1].Seq
	}
}
