package analog

import (
	"vaad/channels/numbering"
	"vaad/driver"
	"vaad/dsp/progress"
)

// Press says that a key was heard; it is known at a later position. Where the
// board hears keys itself, these are the same once more.
func (s *Station) Press(o *Output, p Press, known int64) {
	s.out = o
	s.advance(known)
	if p.By != InPulses && s.hardware {
		return
	}
	s.press(p)
}

// keyDown: the board hears a key. It counts when it is let go, but ends the dial
// tone now and keeps the number open.
func (s *Station) keyDown(k byte) {
	s.keyUp() // its end was lost
	if !isKey(k) {
		return
	}
	s.hardware, s.down, s.downAt = true, k, s.now
	switch s.state {
	case StationOffHook:
		s.act(Act{Kind: Quiet})
		s.due = max(s.due, s.now+longestKey)
	case StationDialling:
		s.due = max(s.due, s.now+longestKey)
		s.digitBy = s.due
	}
}

func (s *Station) keyUp() {
	if k := s.down; k != 0 {
		s.down = 0
		s.press(Press{Key: k, At: s.downAt, Length: s.now - s.downAt, Sure: 100, By: InKeys})
	}
}

// press takes a digit from wherever it comes.
func (s *Station) press(p Press) {
	if !isKey(p.Key) {
		return
	}
	if s.state == StationDialling && p.At > s.digitBy {
		s.step(stPause, s.digitBy)
	}
	p.At = max(min(p.At, s.now), s.call.Begin)
	s.key = p
	in := stDigit
	if s.state == StationOffHook || s.state == StationDialling {
		in = s.afterDigit()
	}
	s.step(in, s.now)
}

// afterDigit adds the present digit to the number and says what it is then.
func (s *Station) afterDigit() stationInput {
	if s.n == len(s.digits) {
		return stWrongDigit
	}
	s.digits[s.n] = s.key.Key
	s.n++
	switch s.cfg.Plan.Match(string(s.digits[:s.n])) {
	case numbering.Whole:
		return stLastDigit
	case numbering.Wrong:
		return stWrongDigit
	}
	return stDigit
}

func (s *Station) beginOut() {
	s.n = 0
	c := Call{Direction: Out, AnsweredBy: ByNone, DirectionBy: FromNoRing, Caller: s.cfg.Extension}
	if c.Caller != "" {
		c.CallerBy = OwnNumber
	}
	s.lost = s.at
	s.emit(OffHook, 0)
	s.begin(c)
	dial := progress.Dial
	if s.lamp {
		dial = progress.SpecialDial
	}
	s.play(dial)
	s.wait(stNoDigit, s.now+operators(s.cfg.FirstMS, stationFirst))
}

func (s *Station) dialled() {
	if s.n == 1 {
		s.act(Act{Kind: Quiet}) // the dial tone
		s.call.DirectionBy = FromDialling
	}
	s.pressed(Digit)
	s.call.CalledBy = s.key.By
	s.digitBy = s.key.At + s.key.Length + operators(s.cfg.DigitMS, stationDigit)
	known := int64(keyKnown)
	if s.key.By == InPulses {
		known = pulsesKnown
	}
	s.wait(stPause, max(s.digitBy+known, s.now))
}

func (s *Station) lastDigit() {
	s.dialled()
	s.complete("complete")
}

func (s *Station) wrongDigit() {
	s.dialled()
	s.complete("wrong")
}

func (s *Station) paused() {
	if s.cfg.Plan.Match(string(s.digits[:s.n])) == numbering.Part {
		s.complete("timeout")
	} else {
		s.complete("complete")
	}
}

// complete tells the number, now that no digit of it can follow.
func (s *Station) complete(how string) {
	s.due = never
	s.numberKnown()
	s.tell(Event{Kind: NumberComplete, Pos: s.at, Known: s.now, Text: how, Call: s.call})
}

// numberKnown puts what was dialled into the call.
func (s *Station) numberKnown() {
	if s.n == 0 || s.call.Dialled != "" {
		return
	}
	c := &s.call
	c.Dialled = string(s.digits[:s.n])
	c.Called, c.Sure = s.cfg.Plan.Number(c.Dialled), 100
	s.tell(Event{Kind: Numbers, Pos: max(s.at, c.Begin), Known: s.now, By: c.CalledBy, Call: *c})
}

func (s *Station) pressed(k EventKind) {
	p := s.key
	s.tell(Event{Kind: k, Pos: p.At, Known: s.now, Value: int64(p.Key), Length: p.Length, Sure: p.Sure, By: p.By})
}

func (s *Station) keyPressed() { s.pressed(Key) }

// operators is a time of the operator's in samples, or the usual one.
func operators(set, usual int) int64 {
	if set <= 0 {
		set = usual
	}
	return int64(set) * driver.MS
}
