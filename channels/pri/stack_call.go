package pri

// A leg is a call of a stack.
type leg struct {
	Call
	id    CallID
	ref   uint16
	ours  bool // we have made the reference: we call
	short bool // the reference has one octet
	state callState
	timer timer
	due   int64
	tries int // of the timer

	order    SetupOrder
	numbers  struct{ called, caller, redirecting Number }
	offered  bool   // SETUP named the channel as the only one
	tried    uint32 // timeslots that were refused
	kept     string // digits that came before SETUP ACKNOWLEDGE
	answered bool   // a first answer, with the channel, was sent
	over     bool   // StackCleared was told
	acked    bool
	cause    Cause // why we clear

	enquiryDue int64 // T322; 0: nothing was asked
	enquiries  int
	asked      input // wantHold or wantRetrieve, until it is answered
	askedDue   int64
	complained bool // STATUS 99 or 100 was sent
}

// maxLegs beyond the timeslots: those that are refused or lost a glare.
const spareLegs = 8

func (s *Stack) add(l *leg) {
	s.nextID++
	l.id, l.Begin = s.nextID, s.now
	s.legs = append(s.legs, l)
}

func (s *Stack) byID(id CallID) *leg {
	for _, l := range s.legs {
		if l.id == id {
			return l
		}
	}
	return nil
}

// find returns the call with a reference that we, or the far end, have made.
func (s *Stack) find(ours bool, ref uint16) *leg {
	for _, l := range s.legs {
		if l.ours == ours && l.ref == ref {
			return l
		}
	}
	return nil
}

// reference finds a call reference that is not in use.
func (s *Stack) reference() uint16 {
	for {
		ref := s.nextRef
		if s.nextRef++; s.nextRef > 0x7FFF {
			s.nextRef = 1
		}
		if s.find(true, ref) == nil {
			return ref
		}
	}
}

// all lists the calls, for loops in which they may end.
func (s *Stack) all() []*leg {
	s.scratch = append(s.scratch[:0], s.legs...)
	return s.scratch
}

// forget frees what a call has.
func (s *Stack) forget(l *leg) {
	for i, one := range s.legs {
		if one == l {
			s.legs = append(s.legs[:i], s.legs[i+1:]...)
			s.vacate(l)
			return
		}
	}
}

// drop ends a call at once, without a word to the far end.
func (s *Stack) drop(l *leg, by string, cause uint8) {
	s.cleared(l, by, s.causeOf(cause))
	l.state = qNull
	s.forget(l)
}

// cleared tells the end of a call, once.
func (s *Stack) cleared(l *leg, by string, cause Cause) {
	if l.over {
		return
	}
	l.over = true
	l.EndedBy, l.Cause = by, cause
	s.tell(l, StackEvent{Kind: StackCleared})
}

// causeOf is a cause as our side says it: the user is a PBX.
func (s *Stack) causeOf(value uint8) Cause {
	c := Cause{Value: value, Location: 1}
	if s.cfg.Side == Network && !s.dialect.private {
		c.Location = 2
	}
	return c
}

func (l *leg) next() int64 {
	next := int64(never)
	if l.timer != tNone {
		next = l.due
	}
	if l.enquiryDue != 0 {
		next = min(next, l.enquiryDue)
	}
	if l.asked != noInput {
		next = min(next, l.askedDue)
	}
	return next
}

// tickCall lets the timers of a call run out. Nothing is sent while the link is
// down, so nothing is waited for.
func (s *Stack) tickCall(l *leg) {
	if !s.up {
		return
	}
	if l.timer != tNone && s.now >= l.due {
		s.step(l, s.expire(l), &cue{})
	}
	if l.asked != noInput && s.now >= l.askedDue {
		s.refusedWish(l, timerExpired)
	}
	if l.enquiryDue == 0 || s.now < l.enquiryDue || l.state == qNull {
		return
	}
	l.enquiryDue = 0
	if l.enquiries < 3 {
		s.sendEnquiry(l)
		return
	}
	s.step(l, dueT322, &cue{})
}

// partial reports whether the number that has come must go on.
func (s *Stack) partial(l *leg) bool {
	return l.Called == "" || s.cfg.Numbers.Match(l.Called) == numberPart
}
