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

// bridgeOf shows a bridge to a caller: with the legs that they may see.
func bridgeOf(b *calls.Bridge, legs map[string]int, sc access.Scope) (out api.Bridge, visible bool) {
	out = api.Bridge{ID: b.ID, Begun: b.Begun.UTC(), By: b.By, Legs: []string{}, Lines: []int{}}
	for _, id := range b.Legs {
		if line, ok := legs[id]; ok && sc.Allows(access.ViewLines, line) {
			out.Legs, out.Lines = append(out.Legs, id), append(out.Lines, line)
		}
	}
	return out, len(out.Legs) > 0
}

// linesOfLegs are the lines of legs by ID.
func linesOfLegs(sw Switch) map[string]int {
	out := map[string]int{}
	for _, l := range sw.Legs() {
		out[l.ID] = l.Line
	}
	return out
}

func (s *Server) bridges(ctx context.Context, _ *empty) (*body[api.Page[api.Bridge]], error) {
	sw, err := s.switchboard()
	if err != nil {
		return nil, err
	}
	out := &body[api.Page[api.Bridge]]{api.Page[api.Bridge]{Items: []api.Bridge{}}}
	legs := linesOfLegs(sw)
	for _, b := range sw.Bridges() {
		if one, ok := bridgeOf(&b, legs, who(ctx).scope); ok {
			out.Body.Items = append(out.Body.Items, one)
		}
	}
	return out, nil
}

// findBridge is a bridge with a leg that the caller may do that with.
func (s *Server) findBridge(ctx context.Context, v access.Verb, id string) (calls.Bridge, error) {
	sw, err := s.switchboard()
	if err != nil {
		return calls.Bridge{}, err
	}
	all := sw.Bridges()
	i := slices.IndexFunc(all, func(b calls.Bridge) bool { return strings.EqualFold(b.ID, id) })
	if i < 0 {
		return calls.Bridge{}, fail("no-bridge", id)
	}
	legs := linesOfLegs(sw)
	for _, l := range all[i].Legs {
		if line, ok := legs[l]; ok && who(ctx).scope.Allows(v, line) {
			return all[i], nil
		}
	}
	s.denied(ctx, v, all[i].ID, 0)
	return calls.Bridge{}, fail("no-bridge", id)
}

// findLegs are several legs.
func (s *Server) findLegs(ctx context.Context, v access.Verb, names []string) (ids, lines []string, err error) {
	for _, name := range names {
		l, err := s.findLeg(ctx, v, name)
		if err != nil {
			return nil, nil, err
		}
		if slices.Contains(ids, l.ID) {
			return nil, nil, failLine("bad-request", l.Line, "the same leg is named twice")
		}
		ids, lines = append(ids, l.ID), append(lines, strconv.Itoa(l.Line))
	}
	return ids, lines, nil
}

// BridgeInput puts legs together.
type BridgeInput struct{ Body api.BridgeLegs }

func (s *Server) bridge(ctx context.Context, in *BridgeInput) (*body[api.Bridge], error) {
	ids, lines, err := s.findLegs(ctx, access.Call, in.Body.Legs)
	if err != nil {
		return nil, err
	}
	if len(ids) < 2 {
		return nil, fail("bad-request", "a bridge wants two legs or more")
	}
	e := access.Entry{Verb: access.Call, Line: number(lines[0]), Detail: map[string]string{"act": "bridge", "legs": strings.Join(ids, " "), "lines": strings.Join(lines, " ")}}
	err = s.act(ctx, e, func(e *access.Entry) (err error) {
		e.Object, err = s.cfg.Switch.Bridge(ctx, who(ctx).Name, ids...)
		in.Body.Legs = []string{e.Object}
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.bridgeNow(ctx, in.Body.Legs[0], ids)
}

func number(s string) int { n, _ := strconv.Atoi(s); return n }

// bridgeNow shows a bridge after something was done with it; it may have ended
// meanwhile.
func (s *Server) bridgeNow(ctx context.Context, id string, ids []string) (*body[api.Bridge], error) {
	legs := linesOfLegs(s.cfg.Switch)
	b := calls.Bridge{ID: id, Begun: s.cfg.Now(), By: who(ctx).Name, Legs: ids}
	for _, now := range s.cfg.Switch.Bridges() {
		if now.ID == id {
			b = now
		}
	}
	out, _ := bridgeOf(&b, legs, who(ctx).scope)
	return &body[api.Bridge]{out}, nil
}

// BridgeNameInput names a bridge in a path.
type BridgeNameInput struct {
	Bridge string `path:"bridge" pattern:"^[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{26}$" patternDescription:"ID of a bridge" doc:"ID of the bridge (ULID)"`
}

// BridgeAddInput takes legs into a bridge.
type BridgeAddInput struct {
	BridgeNameInput
	Body api.BridgeLegs
}

func (s *Server) bridgeAdd(ctx context.Context, in *BridgeAddInput) (*body[api.Bridge], error) {
	b, err := s.findBridge(ctx, access.Call, in.Bridge)
	if err != nil {
		return nil, err
	}
	ids, lines, err := s.findLegs(ctx, access.Call, in.Body.Legs)
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		e := access.Entry{Verb: access.Call, Object: b.ID, Line: number(lines[i]), Detail: map[string]string{"act": "bridge", "legs": id}}
		err := s.act(ctx, e, func(*access.Entry) error {
			return s.lineProblem(ctx, "bridge", number(lines[i]), s.cfg.Switch.AddToConference(ctx, who(ctx).Name, id, b.ID))
		})
		if err != nil {
			return nil, err
		}
	}
	return s.bridgeNow(ctx, b.ID, append(b.Legs, ids...))
}

// RoleInput changes what a leg does in its bridge.
type RoleInput struct {
	LegInput
	Body api.LegRole
}

func (s *Server) role(ctx context.Context, in *RoleInput) (*body[api.Leg], error) {
	to := calls.Leg{}
	if in.Body.To != "" {
		var err error
		if to, err = s.findLeg(ctx, access.Supervise, in.Body.To); err != nil {
			return nil, err
		}
	}
	if (in.Body.Role == string(calls.Whisper)) != (to.ID != "") {
		return nil, fail("bad-request", "a whisperer, and nobody else, needs a leg that hears it")
	}
	return s.onLeg(ctx, access.Supervise, in.Leg, "role", map[string]string{"role": in.Body.Role, "to": to.ID}, func(sw Switch, actor string, l *calls.Leg) error {
		return sw.Role(ctx, actor, l.ID, calls.Role(in.Body.Role), to.ID)
	})
}

// SuperviseInput lets somebody into a call.
type SuperviseInput struct {
	LegInput
	Body api.SuperviseLeg
}

func (s *Server) supervise(ctx context.Context, in *SuperviseInput) (*body[api.Leg], error) {
	if (in.Body.Leg == "") == (in.Body.Line == 0) {
		return nil, fail("bad-request", "say who is let in: a leg, or the line of a station")
	}
	target, err := s.findLeg(ctx, access.Supervise, in.Leg)
	if err != nil {
		return nil, err
	}
	by, line := "", in.Body.Line
	if in.Body.Leg != "" {
		l, err := s.findLeg(ctx, access.Call, in.Body.Leg)
		if err != nil {
			return nil, err
		}
		by, line = l.ID, l.Line
	} else if _, err := s.onLine(ctx, access.Call, line); err != nil {
		return nil, err
	}
	e := access.Entry{Verb: access.Supervise, Object: target.ID, Line: target.Line, Detail: map[string]string{"act": in.Body.Role, "by_line": strconv.Itoa(line)}}
	var l calls.Leg
	err = s.act(ctx, e, func(*access.Entry) (err error) {
		if by != "" {
			line = 0
		}
		l, err = s.cfg.Switch.Supervise(ctx, who(ctx).Name, line, by, target.ID, calls.Role(in.Body.Role))
		return s.lineProblem(ctx, "supervise", target.Line, err)
	})
	if err != nil {
		return nil, err
	}
	return &body[api.Leg]{s.legOf(&l, s.lineNames())}, nil
}
