package calls

import (
	"errors"
	"time"

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
		case l.Ours && (e.To == channels.Proceeding || e.To == channels.Alerted):
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
