package calls

import (
	"time"

	"vaad/channels"
)

// A digital far end may put a call that we begin into another timeslot. Its line
// ends the call there, and the other line begins it: to the switch it is one leg,
// with another ID and another line.

// endMoved is how such a call ends, as package pri says it.
const endMoved = "moved"

// movedWithin is how long the begin may take; it comes with the end.
const movedWithin = time.Second

// moves keeps a leg whose call goes on in another timeslot.
func (s *Switch) moves(l *leg, e *channels.Event) {
	end := *e
	s.moving[e.Board] = l
	s.after(movedWithin, func() {
		if s.moving[end.Board] == l { // that line is not ours
			delete(s.moving, end.Board)
			s.step(l, onEnd, &end)
		}
	})
}

// moved takes the begin of a call that has moved.
func (s *Switch) moved(e *channels.Event) bool {
	l := s.moving[e.Board]
	if l == nil || l.request != e.Request {
		return false
	}
	delete(s.moving, e.Board)
	was := l.snapshot()
	was.State = LegEndedNow
	s.changes = append(s.changes, Change{Kind: LegChanged, Leg: was})
	delete(s.legs, l.ID)
	l.ID, l.Line, l.sounding = e.Call, e.Line, false
	s.legs[l.ID] = l
	for _, o := range s.legs {
		for _, id := range []*string{&o.To, &o.For, &o.HeldBy} {
			if *id == was.ID {
				*id = l.ID
				s.touch(o)
			}
		}
	}
	if l.conv != nil {
		l.conv.calls = append(l.conv.calls, l.ID)
	}
	s.note(l.ID, Note{By: l.By, Group: l.Group, Conversation: l.Conversation})
	s.touch(l)
	switch {
	case l.left:
		s.releasing(l, 16)
	case l.bridge != nil && l.State != LegHeld:
		s.join(l)
	}
	if l.bridge != nil {
		s.move(l.bridge)
	}
	return true
}
