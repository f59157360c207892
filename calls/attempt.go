package calls

import (
	"errors"
	"slices"
	"time"

	"vaad/channels"
)

// attempt is a call that was wished of a line and has not begun.
type attempt struct {
	id    string
	line  int
	dial  *dial
	group string
	off   bool // it is not wanted any more
	timer *time.Timer
}

// attempt wishes a call of a line.
func (s *Switch) attempt(d *dial, w channels.Wish, group string) {
	w.ID, w.Kind = s.id(), channels.WishCall
	a := &attempt{id: w.ID, line: w.Line, dial: d, group: group}
	d.attempts = append(d.attempts, a)
	s.attempts[a.id], s.trying[a.line] = a, a
	s.enqueue(a.line, act{skip: func() bool { return a.off }, do: s.wishing(w), done: func(err error) {
		if s.attempts[a.id] == nil {
			return // it has begun already
		}
		if err != nil {
			s.drop(a)
			if !errors.Is(err, errSkipped) {
				s.refused(a, lineFailure("call", err))
			}
			return
		}
		a.timer = s.after(beginWithin, func() {
			s.drop(a)
			if l := s.onLine(a.line); l == nil { // should it be seized all the same
				s.wish(channels.Wish{ID: s.id(), Line: a.line, Kind: channels.WishRelease}, nil)
			}
			s.refused(a, &Failure{Op: "call", Code: NoReaction, Text: "the line took the call and did not begin it"})
		})
	}})
}

// drop forgets an attempt.
func (s *Switch) drop(a *attempt) {
	stopTimer(a.timer)
	delete(s.attempts, a.id)
	if s.trying[a.line] == a {
		delete(s.trying, a.line)
	}
	a.dial.attempts = slices.DeleteFunc(a.dial.attempts, func(o *attempt) bool { return o == a })
}

// refused goes on after an attempt that came to nothing.
func (s *Switch) refused(a *attempt, f *Failure) {
	if a.off || a.dial.over {
		return
	}
	d := a.dial
	d.failure, d.cause = f, 34
	if f.Code == LineInUse {
		d.cause = 17
	}
	s.goOn(d)
}
