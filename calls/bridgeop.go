package calls

import (
	"context"
	"slices"
)

// Bridge puts legs together, out of the bridges they are in, and returns the
// bridge's ID. When fewer than two are left who talk, the bridge ends and the rest
// is released. Legs that wait for an answer are answered.
func (s *Switch) Bridge(ctx context.Context, actor string, legs ...string) (string, error) {
	id := ""
	err := s.now(ctx, "bridge", func() *Failure {
		switch {
		case len(legs) < 2:
			return &Failure{Code: BadRequest, Text: "a bridge takes two calls or more"}
		case len(legs) > MaxParties:
			return full()
		}
		all, f := s.gets(legs...)
		if f != nil {
			return f
		}
		for _, l := range all {
			if f := s.ready(l); f != nil {
				return f
			}
		}
		for _, l := range all {
			s.take(l)
		}
		s.withdraw(all, release)
		if slices.ContainsFunc(all, func(l *leg) bool { return !l.up() }) {
			for _, l := range all {
				l.kept = true
			}
			return &Failure{Code: LegEnded, Text: "a call ended with one that was being made for another"}
		}
		b := s.newBridge(actor)
		id = b.id
		for _, l := range all {
			s.enter(b, l, Talk, nil)
		}
		return nil
	})
	return id, err
}

// Unbridge takes a leg out of its bridge. Nobody who talks is released: a bridge
// that is left with one party ends, and both stay up until they are hung up.
func (s *Switch) Unbridge(ctx context.Context, _, leg string) error {
	return s.now(ctx, "unbridge", func() *Failure {
		l, f := s.bridged(leg)
		if f != nil {
			return f
		}
		if l.second != nil || l.dial != nil || l.out != nil {
			return wrongState("the call is part of one that is being made")
		}
		s.depart(l, keep)
		l.kept = true
		return nil
	})
}

// bridged finds a leg that is in a bridge.
func (s *Switch) bridged(id string) (*leg, *Failure) {
	l, f := s.get(id)
	if f == nil && l.bridge == nil {
		f = &Failure{Code: NotBridged, Text: "the call is in no bridge"}
	}
	return l, f
}

// AddToConference puts a leg into a bridge, out of the one it is in.
func (s *Switch) AddToConference(ctx context.Context, _, leg, bridge string) error {
	return s.now(ctx, "add", func() *Failure {
		l, f := s.get(leg)
		if f != nil {
			return f
		}
		if f := s.ready(l); f != nil {
			return f
		}
		b := s.bridges[bridge]
		switch {
		case b == nil:
			return &Failure{Code: NoBridge, Text: "there is no such bridge, or it has ended"}
		case l.bridge == b:
			return nil
		case len(b.legs) >= MaxParties:
			return full()
		}
		if s.take(l); b.over {
			l.kept = true
			return &Failure{Code: NoBridge, Text: "the bridge ended with a call that was being made"}
		}
		s.enter(b, l, Talk, nil)
		return nil
	})
}

// Role changes what a leg does in its bridge. to: the leg there that hears a whisperer.
func (s *Switch) Role(ctx context.Context, _, leg string, role Role, to string) error {
	return s.now(ctx, "role", func() *Failure {
		l, f := s.bridged(leg)
		if f != nil {
			return f
		}
		heard := s.legs[to]
		switch {
		case !role.known():
			return &Failure{Code: BadRequest, Text: "a role is talk, listen, whisper or barge"}
		case role != Whisper:
			heard = nil
		case heard == nil || heard == l || !slices.Contains(l.bridge.legs, heard):
			return &Failure{Code: BadRequest, Text: "a whisperer is heard by another call of the bridge"}
		}
		if l.second != nil || l.dial != nil || l.out != nil {
			return wrongState("the call is part of one that is being made")
		}
		if l.State != LegHeld {
			s.enter(l.bridge, l, role, heard)
			return nil
		}
		l.Role, l.To = role, ""
		if heard != nil {
			l.To = heard.ID
		}
		s.touch(l)
		return nil
	})
}
