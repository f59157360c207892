package calls

import (
	"slices"
	"time"

	"vaad/channels"
	"vaad/channels/numbering"
	"vaad/dsp/progress"
)

// A station that flashes in a call of two holds the other, who hears music, and
// gets a dial tone. Its line has no second call of its own: the tone is played, and
// what it dials comes as keys of the call that is up. A second flash makes a
// conference once the second party has answered, and else goes back to the first.
// Who hangs up passes the held party on to the second; with no second party it
// is rung again.

// second is what a station has beside the call it is in.
type second struct {
	held   *leg
	digits string
	dials  bool // digits are taken
	timer  *time.Timer
}

const maxDigits = 64

// flashed: a station wants a second call, or is done with it.
func (s *Switch) flashed(l *leg, _ *channels.Event) {
	if l.second != nil {
		s.flashedAgain(l)
		return
	}
	o := l.bridge.other(l)
	if o == nil || o.State != LegTalking || l.Role != Talk || o.Role != Talk || l.out != nil || o.out != nil {
		return
	}
	s.apart(l, o)
	o.holder, o.HeldBy = l, l.ID
	s.hold(o)
	l.second = &second{held: o, dials: true}
	s.play(l, false, channels.Audio{Tone: progress.Dial})
	s.secondTimer(l, usual(s.pbx().FirstDigit, firstDigit), func() { s.secondFailed(l, 34) })
}

func (s *Switch) secondTimer(l *leg, d time.Duration, f func()) {
	sec := l.second
	stopTimer(sec.timer)
	sec.timer = s.after(d, func() {
		if l.second == sec && l.up() && sec.dials {
			f()
		}
	})
}

// flashedAgain: conference, or back to who is held.
func (s *Switch) flashedAgain(l *leg) {
	o := s.unhold(l)
	if b := l.bridge; b != nil && l.out == nil { // the second has answered
		s.enter(b, o, Talk, nil)
		return
	}
	if l.out != nil {
		s.cancel(l.out)
	}
	s.bridgeTwo(stationName(l), l, o)
}

// unhold ends a station's second call; who was held is returned.
func (s *Switch) unhold(l *leg) *leg {
	o := l.second.held
	stopTimer(l.second.timer)
	l.second = nil
	o.holder, o.HeldBy = nil, ""
	s.touch(o)
	return o
}

// keyed: a key at a station that dials on its second dial tone.
func (s *Switch) keyed(l *leg, e *channels.Event) {
	if l.second == nil || !l.second.dials || l.Use != useStation || len(l.second.digits) >= maxDigits {
		return
	}
	sec := l.second
	if sec.digits == "" {
		s.hush(l)
	}
	sec.digits += e.Digit()
	p := s.pbx()
	r := p.Numbers.Match(sec.digits)
	if p.Numbers == nil && e.Digit() == "#" && len(sec.digits) > 1 {
		sec.digits, r = sec.digits[:len(sec.digits)-1], numbering.Whole
	}
	switch r {
	case numbering.Whole:
		s.dialSecond(l)
	case numbering.Wrong:
		s.secondFailed(l, 1)
	default:
		s.secondTimer(l, usual(p.DigitPause, digitPause), func() { s.dialSecond(l) })
	}
}

func (s *Switch) dialSecond(l *leg) {
	l.second.dials = false
	stopTimer(l.second.timer)
	s.place(l, s.pbx().Numbers.Number(l.second.digits))
}

// secondFailed: the second call came to nothing. A tone says why, until the
// station flashes or is put down.
func (s *Switch) secondFailed(l *leg, cause int) {
	l.second.dials = false
	stopTimer(l.second.timer)
	tone := progress.Congestion
	switch cause {
	case 16, 17, 18, 19:
		tone = progress.Busy
	case 1, 3, 28:
		tone = progress.Vacant
	}
	s.play(l, false, channels.Audio{Tone: tone})
}

// secondLeft: a station with a held party is gone. A party whom it was about to
// talk with, or talks with, gets the held one; else the station is rung again.
func (s *Switch) secondLeft(l *leg) {
	o := s.unhold(l)
	switch {
	case !l.hungUp:
		s.release(o, 16)
	case l.out != nil:
		s.handOver(l.out, o)
	case l.bridge != nil:
		for _, to := range l.bridge.legs {
			if to != l && to.talks() {
				s.passed(l, o, to)
			}
		}
		s.enter(l.bridge, o, Talk, nil)
	default:
		s.recallTo(l.Line, o, stationName(l))
	}
}

// heldLeft: who was held has hung up.
func (s *Switch) heldLeft(o *leg) {
	l := o.holder
	dialling := l.out == nil && l.bridge == nil
	s.unhold(l)
	if dialling {
		s.release(l, 16)
	}
}

// recallsTo rings a station again that hung up while it had the other on hold.
func (s *Switch) recallsTo(l, o *leg) bool {
	if o.State != LegHeld || o.holder != nil || l.Use != useStation || !l.hungUp || !o.talks() {
		return false
	}
	o.unbound()
	s.recallTo(l.Line, o, stationName(l))
	return true
}

// recallTo rings a station for a party that it left behind.
func (s *Switch) recallTo(line int, o *leg, by string) {
	if o.State == LegTalking {
		s.hold(o)
	}
	caller, name := o.party()
	d := &dial{from: o, by: by, stations: []int{line}, recall: true, patient: true, wish: channels.Wish{Caller: caller, Name: name, Private: o.private, Ring: "recall"}}
	if f := s.start(d, recallFor); f != nil {
		s.failed(o, f)
		s.release(o, 19)
	}
}

// handOver gives a call that is being made to another leg than it was made for.
func (s *Switch) handOver(d *dial, to *leg) {
	from := d.from
	from.out, from.waits = nil, false
	if to.out != nil {
		s.cancel(to.out)
	}
	d.from, to.out, to.waits = to, d, false
	if from.Use == useStation {
		d.back = from.Line
	}
	for _, l := range slices.Clone(d.legs) {
		l.For = to.ID
		s.touch(l)
		s.passed(from, to, l)
		switch {
		case l.bridge != nil && l.bridge == from.bridge && to.hears():
			s.enter(l.bridge, to, Talk, nil)
		case l.bridge != nil && l.bridge == from.bridge:
			s.apart(from, l)
		case l.Use == useStation:
			s.toldAlerting(d)
		}
	}
}

// passed notes that by has passed a leg on to another.
func (s *Switch) passed(by, l, to *leg) {
	from, _ := by.party()
	number, _ := to.party()
	s.note(l.ID, Note{TransferredFrom: from, TransferredTo: number})
	s.note(to.ID, Note{TransferredFrom: from})
	s.note(by.ID, Note{TransferredTo: number})
}
