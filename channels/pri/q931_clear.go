package pri

// Clearing (clause 5.3), what the two sides believe of a call (5.8), hold.

// refuse answers SETUP with RELEASE COMPLETE.
func (s *Stack) refuse(l *leg, c *cue) {
	s.withCause(l, ReleaseComplete, c.cause)
	s.cleared(l, EndLocal, c.cause)
}

func (s *Stack) disconnect(l *leg, c *cue) {
	l.cause = c.cause
	s.withCause(l, Disconnect, l.cause)
	s.wait(l, t305)
	s.cleared(l, EndLocal, l.cause)
}

func (s *Stack) disconnectFor(l *leg, cause uint8) {
	s.disconnect(l, &cue{cause: s.causeOf(cause)})
}

func (s *Stack) disconnectLate(l *leg, _ *cue)       { s.disconnectFor(l, timerExpired) }
func (s *Stack) disconnectUnanswered(l *leg, _ *cue) { s.disconnectFor(l, noAnswer) }
func (s *Stack) disconnectIncomplete(l *leg, _ *cue) { s.disconnectFor(l, invalidNumber) }
func (s *Stack) disconnectDisturbed(l *leg, _ *cue)  { s.disconnectFor(l, temporaryFailure) }

// release sends RELEASE.
func (s *Stack) release(l *leg, c Cause) {
	l.cause = c
	s.withCause(l, Release, c)
	s.wait(l, t308)
}

func (s *Stack) releaseFor(l *leg, cause uint8) {
	s.release(l, s.causeOf(cause))
	s.cleared(l, EndLocal, l.cause)
}

func (s *Stack) releaseAnyway(l *leg, _ *cue)   { s.release(l, l.cause) }
func (s *Stack) releaseConfused(l *leg, _ *cue) { s.releaseFor(l, wrongMessage) }
func (s *Stack) releaseSilent(l *leg, _ *cue)   { s.releaseFor(l, temporaryFailure) }
func (s *Stack) releaseChannel(l *leg, _ *cue)  { s.releaseFor(l, channelUnacceptable) }
func (s *Stack) repeatRelease(l *leg, _ *cue)   { s.withCause(l, Release, l.cause) }

// restartSlot: the far end has never released the channel. It must not be used
// before it has.
func (s *Stack) restartSlot(l *leg, _ *cue) {
	if i := l.Slot; i > 0 && s.slots[i].leg == l {
		s.slots[i].leg = nil
		s.restartLater(i)
		s.restartNext()
	}
}

// ended is the cause that the far end gives; 31 stands for none (clause 5.8.6.1).
func (s *Stack) ended(c *cue) Cause {
	if c.hasCause {
		return c.cause
	}
	return Cause{Value: normalUnspecified}
}

// answerTo is the cause of our answer to a message that clears.
func (s *Stack) answerTo(l *leg, c *cue) Cause {
	if !c.hasCause && !l.over {
		return s.causeOf(missingElement)
	}
	return s.causeOf(s.ended(c).Value)
}

func (s *Stack) takeDisconnect(l *leg, c *cue) {
	s.release(l, s.answerTo(l, c))
	s.cleared(l, EndNetwork, s.ended(c))
}

func (s *Stack) takeRelease(l *leg, c *cue) {
	s.withCause(l, ReleaseComplete, s.answerTo(l, c))
	s.takeEnd(l, c)
}

func (s *Stack) takeEnd(l *leg, c *cue) { s.cleared(l, EndNetwork, s.ended(c)) }

// takeStatus: both sides agree.
func (s *Stack) takeStatus(l *leg, c *cue) {
	if !c.hasState {
		return
	}
	l.enquiryDue = 0
	if c.state == qConnectRequest && l.state == qActive && l.ours { // CONNECT ACKNOWLEDGE was lost
		s.send(s.begin(l, ConnectAck))
	}
}

// takeLoss: the far end has no such call.
func (s *Stack) takeLoss(l *leg, c *cue) {
	cause := s.causeOf(temporaryFailure)
	if c.hasCause && c.cause.Value != statusAnswer {
		cause = c.cause
	}
	s.cleared(l, EndNetwork, cause)
}

func (s *Stack) loseLink(l *leg, _ *cue) { s.cleared(l, EndLink, s.causeOf(outOfOrder)) }

func (s *Stack) sendStatus(l *leg, _ *cue) { s.status(l, statusAnswer) }

// enquire asks what the far end believes of a call, where timers do not see to it.
func (s *Stack) enquire(l *leg, _ *cue) {
	if l.state == s.out.present || l.state.phase() == ending {
		return
	}
	l.enquiries = 0
	s.sendEnquiry(l)
}

func (s *Stack) sendEnquiry(l *leg) {
	l.enquiries++
	l.enquiryDue = s.now + s.cfg.Timers.T322
	s.send(s.begin(l, StatusEnquiry))
}

// Hold and retrieve (ETS 300 141). The timeslot stays that of the call.

func (s *Stack) sendHold(l *leg, _ *cue)     { s.ask(l, wantHold, Hold) }
func (s *Stack) sendRetrieve(l *leg, _ *cue) { s.ask(l, wantRetrieve, Retrieve) }

func (s *Stack) ask(l *leg, what input, t MessageType) {
	l.asked, l.askedDue = what, s.now+s.cfg.Timers.Hold
	b := s.begin(l, t)
	if t == Retrieve {
		b = appendChannel(b, s.channel(l.Slot), true)
	}
	s.send(b)
}

func (s *Stack) takeHoldAck(l *leg, _ *cue) {
	if l.asked == wantHold {
		l.asked, l.Held = noInput, true
		s.tell(l, StackEvent{Kind: StackHeld, Value: int64(s.cfg.Side)})
	}
}

func (s *Stack) takeRetrieveAck(l *leg, _ *cue) {
	if l.asked == wantRetrieve {
		l.asked, l.Held = noInput, false
		s.tell(l, StackEvent{Kind: StackRetrieved, Value: int64(s.cfg.Side)})
	}
}

func (s *Stack) takeHoldReject(l *leg, c *cue) {
	if l.asked != noInput {
		s.refusedWish(l, s.ended(c).Value)
	}
}

func (s *Stack) refusedWish(l *leg, cause uint8) {
	what := l.asked
	l.asked = noInput
	s.tell(l, StackEvent{Kind: StackRefused, Text: what.String(), Value: int64(cause)})
}

func (s *Stack) takeHold(l *leg, _ *cue) {
	if !s.dialect.hold {
		s.withCause(l, HoldReject, s.causeOf(notImplemented))
		return
	}
	s.send(s.begin(l, HoldAck))
	if !l.Held {
		l.Held = true
		s.tell(l, StackEvent{Kind: StackHeld, Value: int64(s.cfg.Side.Other())})
	}
}

// takeRetrieve: the call goes on in the timeslot it has, whichever is named.
func (s *Stack) takeRetrieve(l *leg, _ *cue) {
	if !s.dialect.hold || !l.Held {
		s.withCause(l, RetrieveReject, s.causeOf(notImplemented))
		return
	}
	s.send(appendChannel(s.begin(l, RetrieveAck), s.channel(l.Slot), true))
	l.Held = false
	s.tell(l, StackEvent{Kind: StackRetrieved, Value: int64(s.cfg.Side.Other())})
}
