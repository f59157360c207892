package pri

// begin begins a message about a call.
func (s *Stack) begin(l *leg, t MessageType) []byte {
	return appendMessage(make([]byte, 0, 96), l.ref, !l.ours, l.short, t)
}

// first begins an answer to SETUP; the first one says which channel it is.
func (s *Stack) first(l *leg, t MessageType) []byte {
	b := s.begin(l, t)
	if !l.answered {
		b = appendChannel(b, s.channel(l.Slot), true)
		l.answered = true
	}
	return b
}

// withCause sends a message that has a cause only.
func (s *Stack) withCause(l *leg, t MessageType, c Cause) {
	s.send(appendCause(s.begin(l, t), c))
}

// status sends STATUS: what is wrong, and how far the call is here.
func (s *Stack) status(l *leg, cause uint8, about ...byte) {
	b := appendCause(s.begin(l, Status), s.causeOf(cause), about...)
	s.send(appendElement(b, CallStateElement, byte(l.state)))
}

func (s *Stack) nothing(*leg, *cue) {}

// numbers makes the numbers of an order ready to be sent.
func (s *Stack) numbers(l *leg) (ok bool) {
	d, n, o := s.dialect, &l.numbers, &l.order
	n.called, ok = d.numberOf(o.Called, s.cfg.CalledType)
	if !ok || o.Called == "" && o.Complete {
		return false
	}
	if n.caller, ok = d.numberOf(o.Caller, s.cfg.CallerType); !ok {
		return false
	}
	if n.redirecting, ok = d.numberOf(o.Redirecting, s.cfg.CallerType); !ok {
		return false
	}
	n.caller.Screening, n.redirecting.Reason = o.Screening&3, o.Reason&0x0F
	if o.Private {
		n.caller.Presented = Restricted
		if s.cfg.Side == Network && !d.private { // a network does not tell it
			n.caller.Digits, n.caller.Screening = "", 3
		}
	}
	return true
}

func (s *Stack) sendSetup(l *leg, _ *cue) {
	s.send(s.setup(l))
	s.wait(l, t303)
}

// setup makes SETUP of an order.
func (s *Stack) setup(l *leg) []byte {
	d, o := s.dialect, &l.order
	b := s.begin(l, Setup)
	if o.Complete && d.complete {
		b = append(b, byte(SendingComplete))
	}
	b = appendBearer(b, o.Data, d.american)
	l.offered = o.Slot != 0 || d.exclusive || s.cfg.Side == Network
	b = appendChannel(b, s.channel(l.Slot), l.offered)
	name := plain(o.Name)
	if len(name) > 0 && !o.Private && d.facility {
		b = appendName(b, name)
	}
	if d.origin {
		b = appendProgress(b, s.causeOf(0).Location, originNotISDN)
	}
	if len(name) > 0 && !o.Private && d.display && s.cfg.Side == Network {
		b = appendDisplay(b, name, d.kind)
	}
	if o.Caller != "" || o.Private {
		b = appendParty(b, CallingNumber, l.numbers.caller)
	}
	if o.Called != "" {
		b = appendNumber(b, CalledNumber, l.numbers.called)
	}
	if o.Redirecting != "" {
		b = appendRedirecting(b, l.numbers.redirecting)
	}
	return b
}

func (s *Stack) repeatSetup(l *leg, _ *cue) { s.send(s.setup(l)) }

// setupElsewhere tries another timeslot, as a call of its own.
func (s *Stack) setupElsewhere(l *leg, _ *cue) {
	l.tried |= 1 << l.Slot
	s.move(l, s.choose(l.tried))
	l.ref = s.reference()
	s.sendSetup(l, nil)
}

// giveUpSetup: nobody is there.
func (s *Stack) giveUpSetup(l *leg, _ *cue) {
	s.withCause(l, ReleaseComplete, s.causeOf(timerExpired))
	s.cleared(l, EndLocal, s.causeOf(noUserResponding))
}

// takeChannel takes the timeslot that an answer to SETUP says.
func (s *Stack) takeChannel(l *leg, c *cue) {
	if to := s.slotOf(c.channel.Slot()); c.hasChannel && c.channel.Slot() != 0 && to != l.Slot {
		s.move(l, to)
	}
}

func (s *Stack) takeSetupAck(l *leg, c *cue) {
	s.takeChannel(l, c)
	s.wait(l, t304)
	s.tell(l, StackEvent{Kind: StackWanted})
	s.tellInBand(l, c)
	if l.kept != "" {
		s.sendDigits(l, &cue{digits: l.kept})
	}
}

// keepDigits: they are sent when the far end wants them.
func (s *Stack) keepDigits(l *leg, c *cue) { l.kept = cutDigits(l.kept + c.digits) }

func (s *Stack) sendDigits(l *leg, c *cue) {
	l.Called = cutDigits(l.Called + c.digits)
	n := l.numbers.called
	n.Digits = c.digits
	s.send(appendNumber(s.begin(l, Information), CalledNumber, n))
	s.wait(l, t304)
}

func (s *Stack) takeProceeding(l *leg, c *cue) {
	s.takeChannel(l, c)
	s.wait(l, t310)
	l.Complete = true
	s.tell(l, StackEvent{Kind: StackProceeding})
	s.tellInBand(l, c)
}

// tellInBand tells of something that is to be heard, which ends the wait for ALERTING.
func (s *Stack) tellInBand(l *leg, c *cue) {
	if !c.progress {
		return
	}
	if l.timer == t310 {
		l.stop()
	}
	e := StackEvent{Kind: StackProgress}
	if c.inBand {
		e.Value = 1
	}
	s.tell(l, e)
}

func (s *Stack) takeProgress(l *leg, c *cue) {
	if s.out.all().has(l.state) {
		s.takeChannel(l, c)
	}
	s.tellInBand(l, c)
}

func (s *Stack) takeAlerting(l *leg, c *cue) {
	s.takeChannel(l, c)
	s.wait(l, t301)
	l.Complete = true
	e := StackEvent{Kind: StackAlerting}
	if c.inBand {
		e.Value = 1
	}
	s.tell(l, e)
}

func (s *Stack) takeConnect(l *leg, c *cue) {
	s.takeChannel(l, c)
	if c.connected.Presented == Allowed {
		l.Connected = c.connected.String()
	}
	l.Complete, l.Answered = true, s.now
	s.send(s.begin(l, ConnectAck))
	s.tell(l, StackEvent{Kind: StackConnected})
}
