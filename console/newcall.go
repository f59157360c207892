package console

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/calls"
)

// A Target is where a number leads that is dialled here.
type Target struct {
	Line   int    // a station; 0: a trunk of Group
	Group  string //
	Lines  []int  // that may carry it
	Number string // what is dialled there
}

// NewCallInput calls somebody.
type NewCallInput struct{ Body api.NewCall }

// newCall calls somebody: on a line, by a trunk group, or as the dial plan says.
func (s *Server) newCall(ctx context.Context, in *NewCallInput) (*body[api.Leg], error) {
	sw, err := s.switchboard()
	if err != nil {
		return nil, err
	}
	n := &in.Body
	n.Number = strings.ToUpper(n.Number)
	r := calls.CallRequest{Number: n.Number, Caller: n.Caller, Name: n.Name, Private: n.Private, Timeout: seconds(n.Timeout).Round(time.Millisecond)}
	if n.For != "" {
		l, err := s.findLeg(ctx, access.Call, n.For)
		if err != nil {
			return nil, err
		}
		r.For = l.ID
	}
	targets, err := s.targets(ctx, n, r.For != "")
	if err != nil {
		return nil, err
	}
	e := access.Entry{Verb: access.Call, Detail: map[string]string{"act": "call", "number": n.Number, "group": n.Group, "for": r.For}}
	var l calls.Leg
	err = s.act(ctx, e, func(e *access.Entry) error {
		var err error
		for _, t := range targets { // the next one where no trunk is free
			r.Line, r.Group, r.Number = t.Line, t.Group, t.Number
			l, err = sw.Call(ctx, who(ctx).Name, r)
			e.Line, e.Object = max(t.Line, l.Line), l.ID
			var f *calls.Failure
			if err == nil || !errors.As(err, &f) || f.Code != calls.NoTrunk {
				break
			}
		}
		return s.lineProblem(ctx, "call", e.Line, err)
	})
	if err != nil {
		return nil, err
	}
	return &body[api.Leg]{s.legOf(&l, s.lineNames())}, nil
}

// targets are where a new call may go, the first choice first. Who is limited to
// some lines may call by these; where the call is for a leg of theirs, wherever the
// dial plan leads that leg.
func (s *Server) targets(ctx context.Context, n *api.NewCall, forLeg bool) ([]Target, error) {
	switch {
	case n.Line != 0 && n.Group != "":
		return nil, fail("bad-request", "give a line or a group, not both")
	case n.Line != 0:
		if _, err := s.onLine(ctx, access.Call, n.Line); err != nil {
			return nil, err
		}
		return []Target{{Line: n.Line, Lines: []int{n.Line}, Number: n.Number}}, nil
	case n.Group != "":
		lines, ok := s.groupLines(n.Group)
		if !ok {
			return nil, fail("no-group", quote(n.Group))
		}
		if !s.mayAll(ctx, lines) {
			s.denied(ctx, access.Call, n.Group, 0)
			return nil, fail("no-group", quote(n.Group))
		}
		return []Target{{Group: n.Group, Lines: lines, Number: n.Number}}, nil
	case n.Number == "":
		return nil, fail("bad-request", "give a number, or the line of a station")
	case s.cfg.Route == nil:
		return nil, fail("unknown-number", n.Number)
	}
	all := s.cfg.Route(n.Number)
	if len(all) == 0 {
		return nil, fail("unknown-number", n.Number)
	}
	if forLeg {
		return all, nil
	}
	mine := slices.DeleteFunc(all, func(t Target) bool { return !s.mayAll(ctx, t.Lines) })
	if len(mine) == 0 {
		s.denied(ctx, access.Call, n.Number, 0)
		return nil, fail("forbidden", (&access.Denied{Actor: who(ctx).Name, Verb: access.Call}).Error())
	}
	return mine, nil
}

// mayAll says whether the caller may call on each of these lines.
func (s *Server) mayAll(ctx context.Context, lines []int) bool {
	sc := who(ctx).scope
	return sc.Everywhere(access.Call) || len(lines) > 0 && !slices.ContainsFunc(lines, func(n int) bool { return !sc.Allows(access.Call, n) })
}

func (s *Server) groupLines(name string) ([]int, bool) {
	if s.cfg.TrunkGroup == nil {
		return nil, false
	}
	return s.cfg.TrunkGroup(name)
}

// PlayInput lets a leg hear something.
type PlayInput struct {
	LegInput
	Body api.PlayTo
}

// sounds makes what is to be played.
func (s *Server) sounds(p *api.PlayTo) (calls.PlayRequest, error) {
	r := calls.PlayRequest{Loop: p.Loop, Over: p.Over, Queue: p.Queue, StopOn: p.StopOn, GainDB: p.GainDB}
	if s.cfg.Sounds == nil {
		return r, fail("not-available", "")
	}
	lang := p.Lang
	if lang == "" {
		lang = s.cfg.Site().Language
	}
	var err error
	if r.Audio, err = s.cfg.Sounds(lang, p.Prompts); err != nil {
		return r, fail("no-prompt", err.Error())
	}
	return r, nil
}

func (s *Server) playTo(ctx context.Context, in *PlayInput) (*body[api.Requested], error) {
	r, err := s.sounds(&in.Body)
	if err != nil {
		return nil, err
	}
	out := &body[api.Requested]{}
	_, err = s.onLeg(ctx, access.Call, in.Leg, "play", played(&in.Body), func(sw Switch, actor string, l *calls.Leg) (err error) {
		r.Leg = l.ID
		out.Body.Request, err = sw.Play(ctx, actor, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// played is what the audit log keeps of a request to play: what was spoken may be private.
func played(p *api.PlayTo) map[string]string {
	return map[string]string{"count": strconv.Itoa(len(p.Prompts))}
}

func (s *Server) stopPlay(ctx context.Context, in *LegInput) (*body[api.Leg], error) {
	return s.onLeg(ctx, access.Call, in.Leg, "stop-play", nil, func(sw Switch, actor string, l *calls.Leg) error {
		return sw.StopPlay(ctx, actor, l.ID)
	})
}

// BridgePlayInput lets all of a bridge hear something.
type BridgePlayInput struct {
	BridgeNameInput
	Body api.PlayTo
}

func (s *Server) bridgePlay(ctx context.Context, in *BridgePlayInput) (*body[api.Requested], error) {
	b, err := s.findBridge(ctx, access.Call, in.Bridge)
	if err != nil {
		return nil, err
	}
	r, err := s.sounds(&in.Body)
	if err != nil {
		return nil, err
	}
	r.Bridge = b.ID
	out := &body[api.Requested]{}
	e := access.Entry{Verb: access.Call, Object: b.ID, Detail: merge(played(&in.Body), "act", "play")}
	err = s.act(ctx, e, func(*access.Entry) (err error) {
		out.Body.Request, err = s.cfg.Switch.Play(ctx, who(ctx).Name, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *Server) bridgeStopPlay(ctx context.Context, in *BridgeNameInput) (*done, error) {
	b, err := s.findBridge(ctx, access.Call, in.Bridge)
	if err != nil {
		return nil, err
	}
	e := access.Entry{Verb: access.Call, Object: b.ID, Detail: map[string]string{"act": "stop-play"}}
	return &done{}, s.act(ctx, e, func(*access.Entry) error { return s.cfg.Switch.StopPlay(ctx, who(ctx).Name, b.ID) })
}
