package calls

import (
	"errors"
	"time"

	"vaad/channels"
)

// release ends a leg: at once for all that it was part of. What its line hears
// then is the line's own business.
func (s *Switch) release(l *leg, cause int) {
	if !l.up() {
		return
	}
	s.letGo(l, cause)
	s.step(l, onRelease, nil)
	s.releasing(l, cause)
}

// releasing wishes a leg to end until it does.
func (s *Switch) releasing(l *leg, cause int) {
	again := func() {
		s.after(releaseSoon, func() {
			if !l.ended && s.stillUp(l) {
				s.releasing(l, cause)
			}
		})
	}
	s.enqueue(l.Line, act{skip: func() bool { return l.ended }, done: func(err error) {
		switch {
		case l.ended:
		case err != nil:
			var w *channels.WishError
			if !errors.As(err, &w) {
				s.failed(l, lineFailure("hangup", err))
			}
			again()
		case l.Use == useTrunk: // a station hears why until it is put down
			again()
		}
	}, do: s.wishing(channels.Wish{ID: s.id(), Line: l.Line, Kind: channels.WishRelease, Cause: cause})})
}

// stillUp asks whether a leg's call is up; it ends a leg whose end was not told.
func (s *Switch) stillUp(l *leg) bool {
	s.refresh()
	if s.lines[l.Line].Call == l.ID {
		return true
	}
	s.step(l, onEnd, &channels.Event{Time: time.Now(), EndedBy: EndedByOverflow})
	return false
}

// letGo takes a leg out of all that it is part of.
func (s *Switch) letGo(l *leg, cause int) {
	if l.left {
		return
	}
	l.left = true
	stopTimer(l.waiting)
	if l.second != nil {
		s.secondLeft(l)
	}
	if l.out != nil {
		s.cancel(l.out)
	}
	if l.dial != nil {
		s.dialled(l, cause)
	}
	if l.holder != nil {
		s.heldLeft(l)
	}
	s.depart(l, release)
	for d := range s.dials {
		if d.target == l {
			s.cancel(d)
		}
	}
}

// over: the call of a leg has ended.
func (s *Switch) over(l *leg, e *channels.Event) {
	switch e.EndedBy {
	case "board-gone", "no-battery", EndedByOverflow, EndedByNext:
	default:
		l.hungUp = !l.left
	}
	s.letGo(l, causeOf(e))
	s.forget(l)
	s.touch(l)
}

func (s *Switch) forget(l *leg) {
	l.ended = true
	if l.shown != "" && l.State != LegEndedNow { // looked up, and begun anew
		s.metrics.legs.WithLabelValues(string(l.shown)).Dec()
		l.shown = ""
	}
	delete(s.legs, l.ID)
}
