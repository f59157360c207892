package calls

import (
	"time"

	"vaad/channels"
)

// boardLost ends the legs of a board that is gone, whose ends may still be on their way.
func (s *Switch) boardLost(e *channels.Event) {
	s.refresh()
	for _, l := range s.sorted() {
		if st, ok := s.lines[l.Line]; ok && st.Board == e.Board && st.Call != l.ID {
			s.step(l, onEnd, &channels.Event{Time: e.Time, EndedBy: "board-gone"})
		}
	}
}

// reconcile looks up which calls are up: at the start, and after events were lost.
func (s *Switch) reconcile(lost bool) {
	s.refresh()
	for _, l := range s.sorted() {
		st := s.lines[l.Line]
		switch {
		case st.Call != l.ID:
			s.step(l, onEnd, &channels.Event{Time: time.Now(), EndedBy: EndedByOverflow})
		case lost && l.up() && l.Answered.IsZero() && foundState(st) == LegTalking:
			s.step(l, onAnswered, &channels.Event{Time: st.Since, AnsweredBy: "unknown"})
		}
	}
	for _, st := range s.lines {
		if _, ok := s.line(st.Number); ok && st.Call != "" && s.legs[st.Call] == nil {
			s.find(st, lost)
		}
	}
}

// find takes a call that is up and whose begin was not read.
func (s *Switch) find(st channels.LineStatus, lost bool) {
	if a := s.trying[st.Number]; a != nil {
		s.begins(&channels.Event{Kind: channels.CallBegin, Call: st.Call, Line: st.Number, Board: st.Board, Time: st.Since, Direction: st.Direction,
			Caller: st.Caller, Called: st.Called, Name: st.CallerName, Request: a.id})
		return
	}
	l := &leg{Leg: Leg{ID: st.Call, Line: st.Number, Use: st.Use.String(), Direction: string(st.Direction), Caller: st.Caller, Called: st.Called, Name: st.CallerName,
		State: foundState(st), Begun: st.Since.UTC(), Since: st.Since.UTC()}, digital: st.Kind.String() == kindBChan, found: true, kept: true}
	p := s.pbx()
	switch {
	case l.Use == useStation:
		l.Extension, l.Ours = p.byLine(l.Line).Number, st.Direction == channels.Incoming
	default:
		l.Ours = st.Direction == channels.Outgoing
	}
	if l.State == LegTalking {
		l.Answered, l.AnsweredBy = st.Since.UTC(), "unknown"
	}
	s.legs[l.ID] = l
	s.touch(l)
	if lost && l.State == LegRinging && l.Use == useTrunk {
		l.kept, l.found = false, false
		if s.arrives(l, &p); l.digital {
			s.step(l, onWhole, nil)
		}
	}
}

// foundState is what a leg does whose line does this.
func foundState(st channels.LineStatus) LegState {
	switch st.State {
	case channels.PreRing, channels.Ringing:
		return LegRinging
	case channels.Alerted:
		return LegAlerting
	case channels.Talking, channels.OffHookIn:
		return LegTalking
	case channels.Abandoned, channels.Releasing, channels.Locked:
		return LegReleasing
	}
	return LegDialling
}
