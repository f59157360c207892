package analog

import (
	"vaad/driver"
	"vaad/dsp/progress"
)

// Causes of ITU-T Q.850 that have tones or outcomes of their own.
const (
	causeUnallocated = 1
	causeNoRoute     = 3
	causeNormal      = 16
	causeBusy        = 17
	causeNoResponse  = 18
	causeNoAnswer    = 19
	causeBadNumber   = 28
	causeUnspecified = 31
	causeNoCircuit   = 34
)

func (s *Station) pickedUp() {
	s.silence()
	s.emit(OffHook, 0)
	s.lost = s.at
	s.answer(ByOffHook)
}

func (s *Station) answered() {
	s.act(Act{Kind: Quiet})
	s.numberKnown()
	s.answer(ByConnect)
}

func (s *Station) answer(by string) {
	s.due = never
	s.call.Answered, s.call.AnsweredBy = max(s.at, s.call.Begin), by
	s.tell(Event{Kind: CallAnswered, Pos: s.call.Answered, Known: s.now, Call: s.call})
}

func (s *Station) proceed() {
	s.due = never
	s.act(Act{Kind: Quiet})
	s.numberKnown()
}

func (s *Station) alert() {
	s.due = never
	s.numberKnown()
	s.play(progress.Ringback)
	s.alerted = true
	s.tell(Event{Kind: Alerting, Pos: s.at, Known: s.now, Call: s.call})
}

func (s *Station) flashed() { s.emit(Flash, int64(s.flash)) }

func (s *Station) endOnHook() {
	s.quiet()
	s.emit(OnHook, 0)
	s.end(EndOnHook, s.unanswered())
}

func (s *Station) endMissed() {
	s.silence()
	s.call.Missed = true
	s.end(EndRingStopped, Missed)
}

func (s *Station) endRefused() {
	s.silence()
	s.call.Missed = true
	s.end(EndRefused, Missed)
}

func (s *Station) endNoDigit() {
	s.end(EndNoDigit, NotDialled)
	s.reason(progress.Congestion)
}

// released: whoever switches the call has ended it.
func (s *Station) released() {
	s.numberKnown()
	tone, outcome := progress.Congestion, Congestion
	switch s.cause {
	case 0, causeNormal, causeUnspecified:
		tone, outcome = progress.Busy, s.unanswered()
	case causeBusy:
		tone, outcome = progress.Busy, Busy
	case causeUnallocated, causeNoRoute, causeBadNumber:
		tone, outcome = progress.Vacant, Vacant
	case causeNoResponse, causeNoAnswer:
		outcome = NoAnswer
	}
	if s.cause < causeNoCircuit && outcome == Congestion { // rejected, out of order, …
		outcome = s.unanswered()
	}
	s.end(EndReleased, outcome)
	s.reason(tone)
}

// foundOff: the telephone was off-hook when the board was opened; whatever call it
// had is over.
func (s *Station) foundOff() {
	s.lost = s.at
	s.light()
	s.reason(progress.Congestion)
}

// reason plays why the call is over.
func (s *Station) reason(t progress.Tone) {
	s.play(t)
	in := stLock
	if !s.country.Howler.Empty() {
		in = stHowl
	}
	s.wait(in, s.now+reasonHeard)
}

func (s *Station) howl() {
	s.play(progress.Howler)
	s.wait(stLock, s.now+howlerHeard)
}

func (s *Station) lock() {
	s.quiet()
	s.said = true
	s.emit(LongOffHook, (s.now-s.lost)/driver.MS)
}

// restored: a telephone whose call was over was put down.
func (s *Station) restored() {
	s.quiet()
	s.emit(OnHook, 0)
	s.heardEnough()
}

func (s *Station) heardEnough() {
	if s.said {
		s.said = false
		s.emit(LongOffHookEnd, 0)
	}
}

func (s *Station) back() { s.light() }

func (s *Station) endGone() {
	s.due = never
	s.ring.phase, s.ring.on, s.ring.reversed = notRinging, false, false // there is nobody to carry anything out
	s.call.Missed = s.up && s.call.Direction == In && s.call.AnsweredBy == ByNone
	outcome := s.unanswered()
	if s.call.Missed {
		outcome = Missed
	}
	s.end(EndGone, outcome)
	s.heardEnough()
}

// unanswered is what has become of a call out that ends without a reason.
func (s *Station) unanswered() string {
	switch {
	case s.alerted:
		return NoAnswer
	case s.n > 0 && s.call.Direction == Out:
		return GivenUp
	}
	return NotDialled
}

func (s *Station) begin(c Call) {
	c.Begin = s.at
	s.call, s.up = c, true
	s.n, s.alerted, s.keyed, s.keys, s.down = 0, false, false, "", 0
	s.tell(Event{Kind: CallBegin, Pos: s.at, Known: s.now, Call: s.call})
}

// end ends the call that is up, if one is.
func (s *Station) end(by, outcome string) {
	if !s.up {
		return
	}
	s.numberKnown()
	s.up, s.keyed, s.keys = false, false, ""
	c := &s.call
	c.EndedBy, c.Outcome = by, outcome
	if c.AnsweredBy != ByNone {
		c.Outcome = Answered
	}
	s.tell(Event{Kind: CallEnd, Pos: max(s.at, c.Begin, c.Answered), Known: s.now, Call: *c})
}

func (s *Station) tell(e Event) { s.out.Events = append(s.out.Events, e) }

func (s *Station) emit(k EventKind, value int64) {
	s.tell(Event{Kind: k, Pos: s.at, Known: s.now, Value: value})
}

func (s *Station) act(a Act) { s.out.Acts = append(s.out.Acts, a) }

func (s *Station) command(k driver.CommandKind, value int32, data []byte) {
	s.act(Act{Kind: Command, Do: k, Value: value, Data: data})
}

func (s *Station) play(t progress.Tone) { s.act(Act{Kind: PlayTone, Tone: t}) }

func (s *Station) quiet() {
	s.due = never
	s.act(Act{Kind: Quiet})
}
