package pri

import "vaad/channels/numbering"

// What the called side does, and both when the call is up.

// takeParties reads who calls whom.
func (l *leg) takeParties(c *cue) {
	l.Data, l.Name = c.data, c.name
	switch {
	case !c.hasCalling:
	case c.calling.Presented == Restricted:
		l.Withheld, l.Name = true, ""
	case c.calling.Presented == NotAvailable || c.calling.Digits == "":
		l.NoNumber = true
	default:
		l.Caller = c.calling.String()
	}
	if c.hasRedirecting && c.redirecting.Presented == Allowed {
		l.Redirected = c.redirecting.String()
	}
	if l.Called = c.keypad; c.hasCalled {
		l.Called = c.called.String()
	}
	l.Called = cutDigits(l.Called)
	l.Complete = c.complete
}

func cutDigits(s string) string { return s[:min(len(s), maxDigits)] }

// open reports whether digits may follow those that have come.
func (s *Stack) open(l *leg) bool {
	r := s.cfg.Numbers.Match(l.Called)
	return l.Called == "" || r == numbering.Part || r == numbering.Open
}

func (s *Stack) takeWhole(l *leg, _ *cue) {
	l.Complete = true
	s.wait(l, tProceed)
	s.tell(l, StackEvent{Kind: StackSetup})
}

func (s *Stack) takePart(l *leg, _ *cue) {
	b := s.first(l, SetupAck)
	if l.Called == "" && s.cfg.Side == Network { // its owner plays a dial tone
		b = appendProgress(b, s.causeOf(0).Location, inBandInfo)
	}
	s.send(b)
	s.wait(l, t302)
	s.tell(l, StackEvent{Kind: StackSetup})
}

func (s *Stack) takeDigits(l *leg, c *cue) {
	if l.Complete {
		return
	}
	more := c.dialled()
	l.Called = cutDigits(l.Called + more)
	if more != "" {
		s.wait(l, t302)
		s.tell(l, StackEvent{Kind: StackDigits, Text: more})
	}
	if c.complete || !s.open(l) || len(l.Called) == maxDigits {
		s.whole(l)
		s.wait(l, tProceed)
	}
}

// whole: no digits are waited for any more.
func (s *Stack) whole(l *leg) {
	if !l.Complete {
		l.Complete = true
		l.Called = s.cfg.Numbers.Number(l.Called)
		s.tell(l, StackEvent{Kind: StackComplete})
	}
}

func (s *Stack) completeAndProceed(l *leg, c *cue) {
	s.whole(l)
	s.sendProceeding(l, c)
}

func (s *Stack) sendProceeding(l *leg, c *cue) {
	l.Complete = true
	s.send(s.progress(s.first(l, CallProceeding), l, c))
}

// progress appends the Progress indicator of a wish.
func (s *Stack) progress(b []byte, l *leg, c *cue) []byte {
	switch {
	case c.progress && c.inBand:
		return appendProgress(b, s.causeOf(0).Location, inBandInfo)
	case c.progress:
		return appendProgress(b, s.causeOf(0).Location, notEndToEndISDN)
	}
	return b
}

func (s *Stack) sendProgress(l *leg, c *cue) {
	s.send(s.progress(s.first(l, Progress), l, c))
}

func (s *Stack) sendAlerting(l *leg, _ *cue) {
	l.Complete = true
	s.send(s.first(l, Alerting))
}

func (s *Stack) sendConnect(l *leg, _ *cue) {
	l.Complete, l.Answered = true, s.now
	s.send(s.first(l, Connect))
	if l.state == qConnectRequest {
		s.wait(l, t313)
	}
}

func (s *Stack) takeConnectAck(l *leg, _ *cue) {
	if l.Incoming && !l.acked {
		l.acked = true
		s.tell(l, StackEvent{Kind: StackConnectAcked})
	}
}

// A call that is up, and what comes at any time.

func (s *Stack) sendKeys(l *leg, c *cue) {
	s.send(appendElement(s.begin(l, Information), KeypadElement, []byte(c.digits)...))
}

func (s *Stack) takeKeys(l *leg, c *cue) {
	if keys := c.dialled(); keys != "" {
		s.tell(l, StackEvent{Kind: StackKey, Text: keys})
		return
	}
	s.takeNotice(l, c)
}

// takeNotice takes a display or name that comes after SETUP.
func (s *Stack) takeNotice(l *leg, c *cue) {
	if c.name != "" {
		s.tell(l, StackEvent{Kind: StackNotify, Text: c.name})
	}
}

func (s *Stack) takeFacility(l *leg, c *cue) {
	if c.name != "" && l.Incoming && !l.Withheld {
		l.Name = c.name
	}
	s.takeNotice(l, c)
}

func (s *Stack) takeNotify(l *leg, c *cue) {
	s.tell(l, StackEvent{Kind: StackNotify, Value: int64(c.notification), Text: c.name})
}
