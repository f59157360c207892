package console

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"vaad/access"
	"vaad/settings"
)

// act does something that is audited: an act whose row cannot be written is
// reported as such, even when it was done.
// do may fill in the row.
func (s *Server) act(ctx context.Context, e access.Entry, do func(*access.Entry) error) error {
	err := do(&e)
	e.Result = "ok"
	if err != nil {
		e.Result = "failed"
		e.Detail = merge(e.Detail, "error", written(err))
	}
	if lost := s.audited(ctx, e); lost != nil && err == nil {
		return lost
	}
	return err
}

// written is an error for the audit log, which keeps what it is given for ever: of settings that
// are refused only where they stand, as a value may be a secret that was put in the wrong place.
func written(err error) string {
	var refused *settings.Invalid
	if !errors.As(err, &refused) {
		return err.Error()
	}
	var paths []string
	for _, f := range refused.Faults {
		paths = append(paths, f.Path)
	}
	return "the settings are not valid: " + strings.Join(paths, ", ")
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
