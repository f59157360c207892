package calls

import (
	"slices"

	"vaad/channels"
	"vaad/dsp/progress"
)

// came takes a leg that a dial has called.
func (s *Switch) came(d *dial, l *leg) {
	d.legs = append(d.legs, l)
	l.dial = d
	if d.from != nil {
		l.For = d.from.ID
	}
	if d.begun != nil {
		d.begun(l, nil)
		d.begun = nil
	}
	if l.Use == useStation {
		s.toldAlerting(d)
	}
}

// toldAlerting lets who calls know that a station rings.
func (s *Switch) toldAlerting(d *dial) {
	from := d.from
	if from == nil || from.waits || d.then != thenBridge || d.recall {
		return
	}
	s.alert(from)
	if from.hears() && from.bridge == nil && (from.digital || !from.Answered.IsZero()) { // a station that has dialled hears it by itself
		s.play(from, false, channels.Audio{Tone: progress.Ringback})
	}
}

// alert tells the far end of who calls that it rings.
func (s *Switch) alert(from *leg) {
	if from.waits = true; !from.Answered.IsZero() || from.alerted {
		return
	}
	from.alerted = true
	s.step(from, onAlerting, nil)
	if from.digital || from.Use == useStation {
		s.wish(channels.Wish{ID: s.id(), Line: from.Line, Kind: channels.WishAlert}, s.minor(from, "alert"))
	}
}

// early lets who calls hear the trunk before it answers.
func (s *Switch) early(l *leg) {
	d := l.dial
	if d == nil || d.from == nil || d.then != thenBridge || !d.from.up() || !d.from.hears() || d.from.bridge != nil {
		return
	}
	s.unalert(d.from)
	d.from.kept = false
	s.bridgeTwo(d.by, d.from, l)
}

// unalert ends the ringback that who calls hears from us.
func (s *Switch) unalert(from *leg) {
	if !from.waits {
		return
	}
	from.waits = false
	s.hush(from)
	if from.Use == useStation && from.Answered.IsZero() {
		from.alerted = false
		s.wish(channels.Wish{ID: s.id(), Line: from.Line, Kind: channels.WishProceed}, s.minor(from, "proceed"))
	}
}

// alerting: it rings at the far end of a leg. What is heard of that comes from there,
// unless a digital trunk has not said that there is something (ITU-T Q.931 clause 5.1.6).
func (s *Switch) alerting(l *leg, _ *channels.Event) {
	d := l.dial
	if d == nil || d.from == nil || l.Use != useTrunk {
		return
	}
	s.early(l)
	from, silent := d.from, l.digital && !l.audible
	switch {
	case from.Use == useStation && !silent:
		s.step(from, onAlerting, nil)
	case !from.waits:
		s.alert(from)
	}
	if silent && from.hears() && (from.digital || !from.Answered.IsZero()) {
		s.play(from, false, channels.Audio{Tone: progress.Ringback})
	}
}

// inBand: a digital trunk has something to be heard before the answer.
func (s *Switch) inBand(l *leg, _ *channels.Event) {
	l.sent, l.audible = true, true
	if d := l.dial; d != nil && d.from != nil && d.from.bridge != nil && d.from.bridge == l.bridge { // our ringback is in its place
		s.unalert(d.from)
	}
	s.early(l)
}

// numberSent: a trunk has sent the number. What an analog one says from now on is for who called.
func (s *Switch) numberSent(l *leg, _ *channels.Event) {
	l.sent = true
	if !l.digital {
		s.early(l)
	}
}

// answered: a leg was answered, by whatever evidence.
func (s *Switch) answered(l *leg, e *channels.Event) {
	l.Answered, l.AnsweredBy = e.Time.UTC(), e.AnsweredBy
	l.sent = true
	d := l.dial
	if d == nil {
		return
	}
	d.legs = slices.DeleteFunc(d.legs, func(o *leg) bool { return o == l })
	l.dial, l.For = nil, ""
	from := d.from
	if from != nil {
		from.out, from.waits = nil, false
		d.from = nil
	}
	s.finish(d)
	switch {
	case d.then == thenSupervise:
		if b := d.target.bridge; b == nil || len(b.legs) >= MaxParties {
			s.release(l, 16)
			return
		}
		s.supervise(l, d.target, d.role)
	case from == nil:
		l.kept = l.bridge == nil
	case !from.up():
		s.release(l, 16)
	default:
		s.answerLeg(from)
		s.bridgeTwo(d.by, from, l)
	}
}

// dialled: a leg of a dial has ended before it was answered.
func (s *Switch) dialled(l *leg, cause int) {
	d := l.dial
	l.dial = nil
	d.legs = slices.DeleteFunc(d.legs, func(o *leg) bool { return o == l })
	if d.over {
		return
	}
	if d.from != nil {
		s.apart(d.from, l)
	}
	d.cause = cause
	d.failure = &Failure{Op: "call", Code: LegEnded, Text: "the call ended before it was answered"}
	if l.digital && !noChannel(cause) || !l.digital && l.sent { // the far end has said no: another trunk would hear the same
		d.trunks, d.groups, d.anyTrunk = nil, nil, false
	}
	s.goOn(d)
}

// noChannel says whether another trunk may do better (ITU-T Q.850).
func noChannel(cause int) bool {
	switch cause {
	case 34, 38, 41, 42, 44, 47:
		return true
	}
	return false
}

// causeOf says why a call ended: what the signalling said, or what was heard.
func causeOf(e *channels.Event) int {
	if e == nil {
		return 41
	}
	if e.Value > 0 && e.Value < 128 {
		return int(e.Value)
	}
	outcome := ""
	if e.Facts != nil {
		outcome = e.Facts.Outcome
	}
	switch {
	case outcome == "busy", e.EndedBy == "busy-tone":
		return 17
	case outcome == "vacant", e.EndedBy == "vacant-tone":
		return 1
	case outcome == "congestion", e.EndedBy == "congestion-tone":
		return 34
	case outcome == "no-answer":
		return 19
	}
	switch e.EndedBy {
	case "no-battery", "board-gone", channels.EndReconfigured, "no-dial-tone", "glare", "refused", "link-lost", "channel-restart":
		return 41
	}
	return 16
}
