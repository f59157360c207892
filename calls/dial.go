package calls

import (
	"errors"
	"slices"
	"time"

	"vaad/channels"
	"vaad/dsp/progress"
)

const (
	beginWithin = 10 * time.Second       // a line that took a call begins it
	askAgain    = 2 * time.Second        // until stations that were busy are tried again
	recallFor   = 3 * time.Minute        // a station rings that long for who it left held
	recallAgain = 500 * time.Millisecond // … that was put down just now
	releaseSoon = 10 * time.Second       // a trunk that was released is free
)

// then says what happens when somebody answers.
type then uint8

const (
	thenBridge    then = iota // with who it is for; nobody: the leg is kept
	thenSupervise             // into the bridge of a leg
)

// dial is calls that are being made to reach somebody: stations that ring
// together, or trunks that are tried one after the other.
type dial struct {
	from     *leg // for whom, and who hears how it goes; nil: nobody
	by       string
	then     then
	target   *leg // thenSupervise
	role     Role // thenSupervise
	stations []int
	patient  bool // stations that were busy are tried again
	recall   bool // from was left held by the station that rings
	leave    bool // from stays up if nobody is reached
	back     int  // the station's line that passed from on; 0: none
	groups   []string
	group    string // that of trunks
	trunks   []int  // still to be tried
	anyTrunk bool
	tried    map[int]bool
	wish     channels.Wish

	legs     []*leg
	attempts []*attempt
	cause    int // of the last that failed
	failure  *Failure
	deadline *time.Timer
	again    *time.Timer
	begun    func(*leg, *Failure) // told once, of the first leg or that there is none
	over     bool
}

// attempt is a call that was wished of a line and has not begun.
type attempt struct {
	id    string
	line  int
	dial  *dial
	group string
	off   bool // it is not wanted any more
	timer *time.Timer
}

// start begins a dial: on lines that are free. It says why it could not.
func (s *Switch) start(d *dial, timeout time.Duration) *Failure {
	d.tried = map[int]bool{}
	if d.from != nil {
		if d.from.out != nil {
			s.cancel(d.from.out)
		}
		d.from.out = d
	}
	s.dials[d] = true
	if timeout > 0 {
		d.deadline = s.after(timeout, func() {
			d.cause, d.failure = 19, &Failure{Op: "call", Code: NotAnswered, Text: "the call was not answered in time"}
			s.fail(d)
		})
	}
	s.refresh()
	if len(d.stations) > 0 {
		s.ring(d)
	} else {
		s.hunt(d)
	}
	if len(d.attempts) == 0 && !d.patient {
		f := d.failure
		s.finish(d)
		return f
	}
	return nil
}

// ring calls the stations of a dial that are free and not called yet.
func (s *Switch) ring(d *dial) {
	for _, line := range d.stations {
		if slices.ContainsFunc(d.legs, func(l *leg) bool { return l.Line == line }) || slices.ContainsFunc(d.attempts, func(a *attempt) bool { return a.line == line }) {
			continue
		}
		if d.from != nil && d.from.Line == line {
			d.cause, d.failure = 17, &Failure{Op: "call", Code: LineInUse, Text: "a station cannot call itself"}
			continue
		}
		if cause, f := s.busy(line); f != nil {
			d.cause, d.failure = cause, f
			continue
		}
		w := d.wish
		w.Line = line
		s.attempt(d, w, "")
	}
	if d.patient && !d.over {
		stopTimer(d.again)
		wait := askAgain
		if d.recall {
			wait = recallAgain
		}
		d.again = s.after(wait, func() {
			s.refresh()
			s.ring(d)
		})
	}
}

// hunt takes the next free trunk of a dial's groups.
func (s *Switch) hunt(d *dial) bool {
	for {
		for len(d.trunks) > 0 {
			line := d.trunks[0]
			d.trunks = d.trunks[1:]
			if d.tried[line] {
				continue
			}
			st, known := s.lines[line]
			if !known || !s.free(st) || st.Use.String() != useTrunk {
				continue
			}
			d.tried[line] = true
			if d.group != "" {
				s.last[d.group] = line
			}
			w := d.wish
			w.Line = line
			if g, ok := s.groupOf(d.group); ok {
				w.Prefix = g.Prefix
				if w.Caller == "" && !w.Private {
					w.Caller = g.Caller
				}
			}
			s.attempt(d, w, d.group)
			return true
		}
		if len(d.groups) == 0 && !d.anyTrunk {
			break
		}
		if d.anyTrunk {
			d.anyTrunk, d.trunks = false, s.allTrunks()
			continue
		}
		d.group, d.groups = d.groups[0], d.groups[1:]
		if g, ok := s.groupOf(d.group); ok {
			d.trunks = s.order(g)
		} else {
			d.failure = &Failure{Op: "call", Code: NoGroup, Text: "there is no trunk group " + d.group}
			d.cause = 34
		}
	}
	if d.failure == nil {
		d.cause, d.failure = 34, &Failure{Op: "call", Code: NoTrunk, Text: "no trunk is free"}
	}
	return false
}

func (s *Switch) groupOf(name string) (TrunkGroup, bool) {
	p := s.pbx()
	return p.group(name)
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

// goOn tries what is left of a dial of which a call has failed.
func (s *Switch) goOn(d *dial) {
	if d.over || len(d.legs)+len(d.attempts) > 0 {
		return
	}
	if len(d.stations) == 0 {
		s.refresh()
		if s.hunt(d) {
			return
		}
	}
	if d.patient && d.from.up() {
		return // it is tried again
	}
	s.fail(d)
}

// fail ends a dial that reached nobody, and tells whom it was for.
func (s *Switch) fail(d *dial) {
	if d.over {
		return
	}
	f := d.failure
	if f == nil {
		f = &Failure{Op: "call", Code: NotAnswered, Text: "the call ended before it was answered"}
	}
	from := d.from
	if d.begun == nil {
		s.failed(from, f)
	}
	if d.begun != nil {
		d.begun(nil, f)
		d.begun = nil
	}
	s.finish(d)
	if from == nil || !from.up() {
		return
	}
	switch {
	case from.second != nil:
		s.secondFailed(from, d.cause)
	case d.leave:
		from.kept = true
		s.hush(from)
	case d.back != 0:
		s.recallTo(d.back, from, d.by)
	case d.then == thenBridge:
		s.release(from, d.cause)
	}
}

// cancel ends a dial that nobody wants any more.
func (s *Switch) cancel(d *dial) {
	if d.begun != nil {
		d.begun(nil, &Failure{Op: "call", Code: LegEnded, Text: "the call was given up before it began"})
		d.begun = nil
	}
	s.finish(d)
}

// finish lets go of all that a dial has under way.
func (s *Switch) finish(d *dial) {
	if d.over {
		return
	}
	d.over = true
	delete(s.dials, d)
	stopTimer(d.deadline)
	stopTimer(d.again)
	for _, a := range d.attempts {
		a.off = true // its call is released when it begins
	}
	if d.from != nil && d.from.out == d {
		d.from.out, d.from.waits = nil, false
	}
	for _, l := range slices.Clone(d.legs) {
		l.dial, l.For = nil, ""
		s.touch(l)
		if d.from != nil { // its early sound
			s.apart(d.from, l)
		}
		s.release(l, 16)
	}
	d.legs = nil
}

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
	case "no-battery", "board-gone", "no-dial-tone", "glare", "refused", "link-lost", "channel-restart":
		return 41
	}
	return 16
}
