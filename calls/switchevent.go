package calls

import (
	"vaad/channels"
)

// event moves the legs by one fact of the feed.
func (s *Switch) event(e *channels.Event) {
	switch e.Kind {
	case channels.CallBegin:
		s.begins(e)
		return
	case channels.Refused:
		if a := s.attempts[e.Request]; a != nil {
			s.drop(a)
			s.refused(a, &Failure{Op: "call", Code: LineRefused, Text: "the line refused the call: " + e.Text})
		}
		return
	case channels.BoardLost:
		s.boardLost(e)
		return
	}
	l := s.legs[e.Call]
	if l == nil {
		return
	}
	switch e.Kind {
	case channels.Numbers:
		s.learnt(l, e)
		if e.Caller != "" || e.Facts != nil && e.Facts.Withheld != "" {
			s.step(l, onCaller, e)
		}
	case channels.CallerFailed:
		s.step(l, onCaller, e)
	case channels.NumberComplete:
		if l.up() {
			s.step(l, onWhole, e)
		}
	case channels.LineState:
		switch {
		case !l.up() || l.Use == useStation:
		case l.Ours && (e.To == channels.Proceeding || e.To == channels.Alerted || l.digital && e.To == channels.Dialling): // the last: digits are asked for
			s.step(l, onSent, e)
		case !l.Ours && l.digital && e.To == channels.Ringing:
			s.step(l, onWhole, e)
		}
	case channels.Progress:
		if l.up() && e.Value == 1 {
			s.step(l, onAudible, e)
		}
	case channels.Alerting:
		if l.up() {
			s.step(l, onAlerting, e)
		}
	case channels.CallAnswered:
		switch {
		case l.up() && l.Answered.IsZero():
			s.step(l, onAnswered, e)
		case l.up(): // it is certain now
			l.AnsweredBy = e.AnsweredBy
			s.touch(l)
		}
	case channels.Flash:
		if l.Use == useStation && l.up() {
			s.step(l, onFlash, e)
		}
	case channels.Key:
		s.changes = append(s.changes, Change{Kind: KeyPressed, Leg: l.snapshot(), Text: e.Text})
		if l.up() {
			s.step(l, onKey, e)
		}
	case channels.Held:
		l.FarHeld = e.Value == 1
		s.touch(l)
	case channels.Played:
		if e.Request != "" {
			s.changes = append(s.changes, Change{Kind: PlayEnded, Leg: l.snapshot(), Request: e.Request, Text: e.Text})
		}
	case channels.KeysSent:
		s.changes = append(s.changes, Change{Kind: KeysWereSent, Leg: l.snapshot(), Request: e.Request})
	case channels.Left:
		if e.Request == "" {
			s.lost(l, e.Text)
		}
	case channels.CallEnd:
		s.learnt(l, e)
		if e.EndedBy == endMoved && l.digital {
			s.moves(l, e)
			return
		}
		s.step(l, onEnd, e)
	}
}

// learnt takes what an event says about the parties.
func (s *Switch) learnt(l *leg, e *channels.Event) {
	if e.Caller != "" {
		l.Caller = e.Caller
	}
	if e.Called != "" {
		l.Called = e.Called
	}
	if e.Name != "" {
		l.Name = e.Name
	}
	if e.Facts != nil && e.Facts.Withheld == "private" {
		l.private = true
	}
	s.touch(l)
}

// begins makes a leg of a call that has begun on a trunk or a station.
func (s *Switch) begins(e *channels.Event) {
	if e.Call == "" {
		return
	}
	if was := s.legs[e.Call]; was != nil {
		if !was.found {
			return
		}
		s.forget(was) // looked up before its begin was read
	}
	s.refresh()
	st, ok := s.line(e.Line)
	if !ok {
		return
	}
	if s.moved(e) {
		return
	}
	if was := s.onLine(e.Line); was != nil { // its end was lost
		s.step(was, onEnd, &channels.Event{Time: e.Time, EndedBy: EndedByNext})
	}
	l := &leg{Leg: Leg{ID: e.Call, Line: e.Line, Use: st.Use.String(), Direction: string(e.Direction), Caller: e.Caller, Called: e.Called, Name: e.Name,
		Begun: e.Time.UTC(), Since: e.Time.UTC()}, digital: st.Kind.String() == kindBChan}
	s.learnt(l, e)
	p := s.pbx()
	if l.Use == useStation {
		l.Extension = p.byLine(l.Line).Number
	}
	l.request, l.State = e.Request, LegDialling
	if l.Ours = e.Request != "" && (l.Use == useTrunk) == (e.Direction == channels.Outgoing); (l.Use == useTrunk) != l.Ours {
		l.State = LegRinging
	}
	a := s.attempts[e.Request]
	if !l.Ours {
		a = nil // a call that met ours
	}
	s.legs[l.ID] = l
	switch {
	case a != nil:
		s.drop(a)
		l.By, l.Group = a.dial.by, a.group
		s.note(l.ID, Note{By: l.By, Group: l.Group})
		if l.Called == "" && l.Use == useTrunk {
			l.Called = a.dial.wish.Number
		}
		if a.off || a.dial.over {
			s.release(l, 16)
			return
		}
		s.came(a.dial, l)
	case l.Ours && s.ours(e.Request): // of a call that was given up
		s.release(l, 16)
	case l.Ours:
		l.kept = true
	case l.Use == useStation && l.State == LegRinging: // rung by who knows whom
		l.kept = true
	case l.Use == useStation:
		l.By = stationName(l)
		s.note(l.ID, Note{By: l.By})
	case e.Direction == channels.Outgoing: // a telephone beside us dials on the trunk
		l.kept = true
	default:
		s.arrives(l, &p)
	}
}

// onLine is the leg of a line.
func (s *Switch) onLine(line int) *leg {
	for _, l := range s.legs {
		if l.Line == line {
			return l
		}
	}
	return nil
}

// refresh looks at the lines as they are now.
func (s *Switch) refresh() {
	s.lines = map[int]channels.LineStatus{}
	for _, st := range s.cfg.Lines.Lines() {
		s.lines[st.Number] = st
	}
}

// line is a trunk or a station, as it was when the lines were last looked at.
func (s *Switch) line(n int) (channels.LineStatus, bool) {
	st, ok := s.lines[n]
	use := st.Use.String()
	return st, ok && (use == useTrunk || use == useStation)
}
