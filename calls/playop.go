package calls

import (
	"context"
	"strings"

	"vaad/channels"
)

// maxKeysOut is how many keys are sent at once.
const maxKeysOut = 64

// Play lets a leg, or all of a bridge, hear something, and returns an ID that comes
// back in Change.Request when it is over.
func (s *Switch) Play(ctx context.Context, _ string, r PlayRequest) (string, error) {
	id := ""
	err := s.ask(ctx, "play", func(done func(*Failure)) *Failure {
		if len(r.Audio) == 0 || (r.Leg == "") == (r.Bridge == "") || strings.Trim(r.StopOn, "0123456789*#ABCD") != "" {
			return &Failure{Code: BadRequest, Text: "something is to be played, to a call or a bridge, and stopped by keys"}
		}
		legs, f := s.audience(r.Leg, r.Bridge)
		if f != nil {
			return f
		}
		id = s.id()
		left := len(legs)
		for _, l := range legs {
			over, line := r.Over || r.Bridge != "", l.Line
			if !over {
				l.sounding = true
			}
			s.enqueue(line, act{do: func(ctx context.Context) error {
				_, err := s.cfg.Lines.Play(ctx, channels.Play{ID: id, Line: line, Audio: r.Audio, Loop: r.Loop, Queue: r.Queue, Over: over, StopOn: r.StopOn, GainDB: r.GainDB})
				return err
			}, done: func(err error) {
				if left--; err != nil || left == 0 {
					done(failureOf(err))
				}
			}})
		}
		return nil
	})
	return id, err
}

// audience is a leg, or the legs of a bridge that are not held.
func (s *Switch) audience(id, bridge string) ([]*leg, *Failure) {
	if id != "" {
		l, f := s.get(id)
		if f == nil && !l.hears() {
			f = wrongState("the call is not answered: nothing can be played to it")
		}
		if f == nil && s.loaded(l) {
			f = overloaded()
		}
		return []*leg{l}, f
	}
	b := s.bridges[bridge]
	if b == nil {
		return nil, &Failure{Code: NoBridge, Text: "there is no such bridge, or it has ended"}
	}
	var legs []*leg
	for _, l := range b.legs {
		if s.loaded(l) {
			return nil, overloaded()
		}
		if l.State != LegHeld {
			legs = append(legs, l)
		}
	}
	if len(legs) == 0 {
		return nil, wrongState("all in the bridge are held")
	}
	return legs, nil
}

// loaded says whether too much waits for a leg's line.
func (s *Switch) loaded(l *leg) bool {
	w := s.work[l.Line]
	return w != nil && len(w.acts) >= actsOfOps
}

func overloaded() *Failure {
	return &Failure{Code: Overloaded, Text: "too much waits for the line already"}
}

// StopPlay stops what plays at a leg or in a bridge.
func (s *Switch) StopPlay(ctx context.Context, _, where string) error {
	return s.ask(ctx, "stop-play", func(done func(*Failure)) *Failure {
		id, bridge := where, ""
		if s.bridges[where] != nil {
			id, bridge = "", where
		}
		legs, f := s.audience(id, bridge)
		if f != nil {
			return f
		}
		left := len(legs)
		for _, l := range legs {
			l.sounding = false
			line := l.Line
			s.enqueue(line, act{do: func(ctx context.Context) error { return s.cfg.Lines.Quiet(ctx, line) }, done: func(err error) {
				if left--; err != nil || left == 0 {
					done(failureOf(err))
				}
			}})
		}
		return nil
	})
}

// Keys sends keys (0-9 * # A-D, "," for a pause of 1 s) in a call and returns an ID
// that comes back in Change.Request when they are out.
func (s *Switch) Keys(ctx context.Context, _, leg, digits string) (string, error) {
	id := ""
	err := s.ask(ctx, "keys", func(done func(*Failure)) *Failure {
		l, f := s.get(leg)
		switch {
		case f != nil:
			return f
		case digits == "" || len(digits) > maxKeysOut || strings.Trim(digits, "0123456789*#ABCD,") != "":
			return &Failure{Code: BadNumber, Text: "keys are 1 to 64 of 0-9 * # A-D, with \",\" for a pause"}
		case l.Ours && !l.sent && l.Answered.IsZero() || !l.Ours && !l.hears():
			return wrongState("keys can be sent once the number is sent, or the call answered")
		case s.loaded(l):
			return overloaded()
		}
		id = s.id()
		s.wish(channels.Wish{ID: id, Line: l.Line, Kind: channels.WishKeys, Keys: digits}, func(err error) { done(failureOf(err)) })
		return nil
	})
	return id, err
}
