package console

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"vaad/access"
	"vaad/api"
	"vaad/calls"
)

// Switch owns the calls of trunks and stations: [calls.Switch].
type Switch interface {
	Call(ctx context.Context, actor string, r calls.CallRequest) (calls.Leg, error)
	Answer(ctx context.Context, actor, leg string) error
	Hangup(ctx context.Context, actor, leg string, cause int) error
	Bridge(ctx context.Context, actor string, legs ...string) (string, error)
	Unbridge(ctx context.Context, actor, leg string) error
	Hold(ctx context.Context, actor, leg string, tell bool) error
	Unhold(ctx context.Context, actor, leg string) error
	Transfer(ctx context.Context, actor, leg, number string) error
	TransferTo(ctx context.Context, actor, leg, other string) error
	AddToConference(ctx context.Context, actor, leg, bridge string) error
	Role(ctx context.Context, actor, leg string, role calls.Role, to string) error
	Supervise(ctx context.Context, actor string, line int, leg, target string, role calls.Role) (calls.Leg, error)
	Play(ctx context.Context, actor string, r calls.PlayRequest) (string, error)
	StopPlay(ctx context.Context, actor, where string) error
	Keys(ctx context.Context, actor, leg, digits string) (string, error)
	Legs() []calls.Leg
	Leg(id string) (calls.Leg, bool)
	Bridges() []calls.Bridge
}

// LegInput is what names a leg in a path: its ID, or the number of its line.
type LegInput struct {
	Leg string `path:"leg" pattern:"^([0-9]{1,6}|[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{26})$" patternDescription:"ID of a leg, or number of its line" doc:"ID of the leg (ULID), or the number of its line"`
}

func (s *Server) legOf(l *calls.Leg, names map[int]string) api.Leg {
	return api.Leg{
		ID: l.ID, Line: l.Line, LineName: names[l.Line], Use: l.Use, Extension: l.Extension, Direction: directionOf(l.Direction), Ours: l.Ours,
		Caller: l.Caller, Called: l.Called, Name: l.Name, State: string(l.State), Begun: l.Begun.UTC(), Since: l.Since.UTC(),
		Answered: moment(l.Answered), AnsweredBy: l.AnsweredBy, FarHeld: l.FarHeld, Bridge: l.Bridge, Role: string(l.Role), To: l.To,
		Conversation: l.Conversation, By: l.By, Group: l.Group, For: l.For, HeldBy: l.HeldBy,
	}
}

// directionOf is "" where a direction is not known.
func directionOf(d string) string {
	if d == "unknown" {
		return ""
	}
	return d
}

// board is the switch, or why there is none.
func (s *Server) switchboard() (Switch, error) {
	if s.cfg.Switch == nil {
		return nil, fail("not-available", "")
	}
	return s.cfg.Switch, nil
}

// findLeg is the leg of that ID or on that line. A leg outside the caller's
// lines does not exist for them.
func (s *Server) findLeg(ctx context.Context, v access.Verb, name string) (calls.Leg, error) {
	sw, err := s.switchboard()
	if err != nil {
		return calls.Leg{}, err
	}
	line, err := strconv.Atoi(name)
	byLine := err == nil && len(name) < 26
	var found *calls.Leg
	for _, l := range sw.Legs() {
		if byLine && l.Line == line || strings.EqualFold(l.ID, name) {
			found = &l // of several on a line the newest
		}
	}
	if found == nil && byLine && line <= maxLine && who(ctx).scope.Allows(v, line) && slices.Contains(s.lineNumbers(), line) {
		return calls.Leg{}, failLine("no-leg", line, "")
	}
	if found == nil {
		return calls.Leg{}, fail("no-leg", name)
	}
	if !who(ctx).scope.Allows(v, found.Line) {
		s.denied(ctx, v, found.ID, found.Line)
		return calls.Leg{}, fail("no-leg", name)
	}
	return *found, nil
}

func (s *Server) legs(ctx context.Context, _ *empty) (*body[api.Page[api.Leg]], error) {
	out := &body[api.Page[api.Leg]]{api.Page[api.Leg]{Items: []api.Leg{}}}
	sw, err := s.switchboard()
	if err != nil {
		return nil, err
	}
	names := s.lineNames()
	for _, l := range sw.Legs() {
		if who(ctx).scope.Allows(access.ViewLines, l.Line) {
			out.Body.Items = append(out.Body.Items, s.legOf(&l, names))
		}
	}
	return out, nil
}

func (s *Server) leg(ctx context.Context, in *LegInput) (*body[api.Leg], error) {
	l, err := s.findLeg(ctx, access.ViewLines, in.Leg)
	if err != nil {
		return nil, err
	}
	return &body[api.Leg]{s.legOf(&l, s.lineNames())}, nil
}

// onLeg does something with a leg that is audited, and shows the leg afterwards.
func (s *Server) onLeg(ctx context.Context, v access.Verb, name, act string, detail map[string]string, do func(sw Switch, actor string, l *calls.Leg) error) (*body[api.Leg], error) {
	l, err := s.findLeg(ctx, v, name)
	if err != nil {
		return nil, err
	}
	e := access.Entry{Verb: v, Object: l.ID, Line: l.Line, Detail: merge(detail, "act", act)}
	err = s.act(ctx, e, func(*access.Entry) error {
		return s.lineProblem(ctx, act, l.Line, do(s.cfg.Switch, who(ctx).Name, &l))
	})
	if err != nil {
		return nil, err
	}
	if now, ok := s.cfg.Switch.Leg(l.ID); ok {
		l = now
	} else {
		l.State = calls.LegEndedNow
	}
	return &body[api.Leg]{s.legOf(&l, s.lineNames())}, nil
}

func (s *Server) answer(ctx context.Context, in *LegInput) (*body[api.Leg], error) {
	return s.onLeg(ctx, access.Call, in.Leg, "answer", nil, func(sw Switch, actor string, l *calls.Leg) error {
		return sw.Answer(ctx, actor, l.ID)
	})
}

// HangupInput names a leg, and why it ends.
type HangupInput struct {
	LegInput
	Cause int `query:"cause" minimum:"0" maximum:"127" doc:"Why, as digital lines are told (ITU-T Q.850): 17 busy, 21 refused; 0: normal clearing"`
}

func (s *Server) hangup(ctx context.Context, in *HangupInput) (*body[api.Leg], error) {
	return s.onLeg(ctx, access.Call, in.Leg, "hangup", causeDetail(in.Cause), func(sw Switch, actor string, l *calls.Leg) error {
		return sw.Hangup(ctx, actor, l.ID, in.Cause)
	})
}

func causeDetail(cause int) map[string]string {
	if cause == 0 {
		return nil
	}
	return map[string]string{"cause": strconv.Itoa(cause)}
}

// HoldInput names a leg that is to wait.
type HoldInput struct {
	LegInput
	Tell bool `query:"tell" doc:"A digital far end is told that it is held"`
}

func (s *Server) hold(ctx context.Context, in *HoldInput) (*body[api.Leg], error) {
	return s.onLeg(ctx, access.Call, in.Leg, "hold", nil, func(sw Switch, actor string, l *calls.Leg) error {
		return sw.Hold(ctx, actor, l.ID, in.Tell)
	})
}

func (s *Server) unhold(ctx context.Context, in *LegInput) (*body[api.Leg], error) {
	return s.onLeg(ctx, access.Call, in.Leg, "unhold", nil, func(sw Switch, actor string, l *calls.Leg) error {
		return sw.Unhold(ctx, actor, l.ID)
	})
}

func (s *Server) unbridge(ctx context.Context, in *LegInput) (*body[api.Leg], error) {
	return s.onLeg(ctx, access.Call, in.Leg, "unbridge", nil, func(sw Switch, actor string, l *calls.Leg) error {
		return sw.Unbridge(ctx, actor, l.ID)
	})
}

// TransferInput passes a leg on.
type TransferInput struct {
	LegInput
	Body api.TransferLeg
}

func (s *Server) transfer(ctx context.Context, in *TransferInput) (*body[api.Leg], error) {
	if (in.Body.Number == "") == (in.Body.To == "") {
		return nil, fail("bad-request", "give a number, or a leg to transfer to")
	}
	in.Body.Number = strings.ToUpper(in.Body.Number)
	if in.Body.To == "" {
		if s.cfg.Route != nil && len(s.cfg.Route(in.Body.Number)) == 0 {
			return nil, fail("unknown-number", in.Body.Number)
		}
		return s.onLeg(ctx, access.Call, in.Leg, "transfer", map[string]string{"number": in.Body.Number}, func(sw Switch, actor string, l *calls.Leg) error {
			return sw.Transfer(ctx, actor, l.ID, in.Body.Number)
		})
	}
	to, err := s.findLeg(ctx, access.Call, in.Body.To)
	if err != nil {
		return nil, err
	}
	return s.onLeg(ctx, access.Call, in.Leg, "transfer", map[string]string{"to": to.ID}, func(sw Switch, actor string, l *calls.Leg) error {
		return sw.TransferTo(ctx, actor, l.ID, to.ID)
	})
}

// KeysInput sends keys in a call.
type KeysInput struct {
	LegInput
	Body api.SendKeys
}

// sendKeys keeps only how many keys there were: they may be somebody's password.
func (s *Server) sendKeys(ctx context.Context, in *KeysInput) (*body[api.Requested], error) {
	out := &body[api.Requested]{}
	_, err := s.onLeg(ctx, access.Call, in.Leg, "keys", map[string]string{"count": strconv.Itoa(len(in.Body.Keys))}, func(sw Switch, actor string, l *calls.Leg) (err error) {
		out.Body.Request, err = sw.Keys(ctx, actor, l.ID, strings.ToUpper(in.Body.Keys))
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
