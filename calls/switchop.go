package calls

import (
	"context"
	"slices"

	"vaad/channels"
)

// ask does an operation with the lock held and waits until it says that it is
// done. f may call done before it returns; a failure that it returns counts at once.
func (s *Switch) ask(ctx context.Context, op string, f func(done func(*Failure)) *Failure) error {
	ch := make(chan *Failure, 1)
	s.lock()
	var over <-chan struct{}
	var fail *Failure
	if s.running {
		over = s.ctx.Done()
		fail = f(func(f *Failure) {
			select {
			case ch <- f:
			default:
			}
		})
	} else {
		fail = &Failure{Code: NotRunning, Text: "the switch does not run"}
	}
	s.unlock()
	if fail == nil {
		select {
		case fail = <-ch:
		case <-ctx.Done():
			fail = &Failure{Code: Cancelled, Text: "nobody waited for it", Err: ctx.Err()}
		case <-over:
			fail = &Failure{Code: NotRunning, Text: "the switch has ended"}
		}
	}
	if fail == nil {
		return nil
	}
	told := *fail
	told.Op = op
	s.metrics.failed.WithLabelValues(told.Code).Inc()
	return &told
}

// now is for operations that are done when they return.
func (s *Switch) now(ctx context.Context, op string, f func() *Failure) error {
	return s.ask(ctx, op, func(done func(*Failure)) *Failure {
		fail := f()
		if fail == nil {
			done(nil)
		}
		return fail
	})
}

// get finds a leg that is up.
func (s *Switch) get(id string) (*leg, *Failure) {
	if l := s.legs[id]; l != nil && l.up() {
		return l, nil
	}
	return nil, &Failure{Code: NoLeg, Text: "there is no such call, or it has ended"}
}

// gets finds several.
func (s *Switch) gets(ids ...string) (legs []*leg, fail *Failure) {
	for i, id := range ids {
		l, f := s.get(id)
		if f != nil {
			return nil, f
		}
		if slices.Contains(ids[:i], id) {
			return nil, &Failure{Code: BadRequest, Text: "the same call stands there twice"}
		}
		legs = append(legs, l)
	}
	return legs, nil
}

func wrongState(text string) *Failure { return &Failure{Code: WrongState, Text: text} }

// ready says whether a leg can be put into a bridge.
func (s *Switch) ready(l *leg) *Failure {
	switch {
	case l.holder != nil || l.second != nil:
		return wrongState("a station holds the call, or is in a second one")
	case l.dial != nil && l.dial.from != nil:
		return wrongState("the call is being made for another one")
	case l.Ours && l.Answered.IsZero() && !l.sent:
		return wrongState("the call is not answered yet")
	}
	return nil
}

// take ends what is under way for a leg by itself, and answers it.
func (s *Switch) take(l *leg) {
	l.routed = true
	stopTimer(l.waiting)
	if l.out != nil {
		s.cancel(l.out)
	}
	s.answerLeg(l)
}

// Answer answers a call that rings at a trunk, or a station that has dialled. What
// rings for it stops.
func (s *Switch) Answer(ctx context.Context, _, leg string) error {
	return s.ask(ctx, "answer", func(done func(*Failure)) *Failure {
		l, f := s.get(leg)
		switch {
		case f != nil:
			return f
		case l.Ours || !l.Answered.IsZero() || l.answers:
			return wrongState("the call does not wait for an answer")
		}
		l.answers = true
		s.take(l)
		l.kept = true
		s.enqueue(l.Line, act{do: s.wishing(channels.Wish{ID: s.id(), Line: l.Line, Kind: channels.WishAnswer}), done: func(err error) {
			if err != nil {
				l.answers = false
			}
			done(failureOf(err))
		}})
		return nil
	})
}

// failureOf is the failure of an operation's own wish; nil for none.
func failureOf(err error) *Failure {
	if err == nil {
		return nil
	}
	return lineFailure("", err)
}

// Hangup ends a leg, or refuses it. cause is of ITU-T Q.850; 0: normal clearing.
func (s *Switch) Hangup(ctx context.Context, _, leg string, cause int) error {
	return s.now(ctx, "hangup", func() *Failure {
		if cause < 0 || cause > 127 {
			return &Failure{Code: BadRequest, Text: "a cause is 0 to 127"}
		}
		l := s.legs[leg]
		if l == nil {
			return &Failure{Code: NoLeg, Text: "there is no such call, or it has ended"}
		}
		if cause == 0 {
			cause = 16
		}
		if d := l.dial; d != nil {
			d.trunks, d.groups, d.anyTrunk = nil, nil, false
		}
		s.release(l, cause)
		return nil
	})
}

// Hold lets a leg hear music in place of its bridge. tell: a digital far end is told so.
func (s *Switch) Hold(ctx context.Context, _, leg string, tell bool) error {
	return s.ask(ctx, "hold", func(done func(*Failure)) *Failure {
		l, f := s.get(leg)
		if f != nil {
			return f
		}
		if l.State != LegTalking || l.second != nil || l.out != nil {
			return wrongState("only a call that is talking can be held")
		}
		s.hold(l)
		if !tell {
			done(nil)
			return nil
		}
		l.told = true
		s.wish(channels.Wish{ID: s.id(), Line: l.Line, Kind: channels.WishHold}, func(err error) { done(failureOf(err)) })
		return nil
	})
}

// Unhold brings a held leg back to its bridge.
func (s *Switch) Unhold(ctx context.Context, _, leg string) error {
	return s.now(ctx, "unhold", func() *Failure {
		l, f := s.get(leg)
		if f != nil {
			return f
		}
		if l.State != LegHeld || l.holder != nil || l.out != nil {
			return wrongState("the call is not held, or a station holds it")
		}
		if l.bridge != nil {
			to := s.legs[l.To]
			s.enter(l.bridge, l, l.Role, to)
			return nil
		}
		s.step(l, onRetrieve, nil)
		s.retold(l)
		s.hush(l)
		return nil
	})
}
