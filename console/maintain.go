package console

import (
	"context"

	"vaad/access"
	"vaad/api"
	"vaad/recorder/index"
)

// refresh makes the index anew from the day journals, however long that takes.
// One at a time; searches are answered meanwhile and say that rows may be
// missing.
func (s *Server) refresh(ctx context.Context, _ *empty) (*body[api.Refreshed], error) {
	if !who(ctx).scope.Everywhere(access.Maintain) {
		s.denied(ctx, access.Maintain, "index", 0)
		return nil, fail("forbidden", "the index holds every line, also those outside your groups")
	}
	select {
	case s.refreshing <- struct{}{}:
		defer func() { <-s.refreshing }()
	default:
		return nil, fail("busy", "the index is being made anew already")
	}
	ctx, cancel := s.ending(ctx)
	defer cancel()
	began := s.cfg.Now()
	e := access.Entry{Verb: access.Maintain, Object: "index", Detail: map[string]string{"act": "refresh"}}
	if err := s.act(ctx, e, func(*access.Entry) error { return s.cfg.Index.Refresh(ctx) }); err != nil {
		return nil, err
	}
	took := s.cfg.Now().Sub(began)
	p, err := s.cfg.Index.Query(ctx, index.Filter{Limit: 1})
	if err != nil {
		return nil, err
	}
	return &body[api.Refreshed]{api.Refreshed{Recordings: int64(p.Count), AtLeast: p.AtLeast, Seconds: round(took.Seconds(), 3)}}, nil
}
