package pri

import "errors"

// receive takes a message of the far end. What cannot be, is answered as clause
// 5.8 has it; what is no message of Q.931 is not.
func (s *Stack) receive(b []byte) {
	s.counts.Messages++
	m, err := ParseMessage(b)
	switch {
	case errors.Is(err, ErrOtherProtocol):
		s.service(b)
		return
	case err != nil:
		s.counts.Bad++
		return
	case m.Dummy:
		return
	}
	c := &cue{}
	c.read(&m)
	if m.Ref == 0 {
		s.global(m, c)
		return
	}
	if l := s.find(m.ToOrigin, m.Ref); l != nil {
		s.ofCall(l, m, c)
		return
	}
	s.ofNone(m, c, b[1] == 1)
}

// ofNone takes a message about a call that is not known (clause 5.8.3.2).
func (s *Stack) ofNone(m Message, c *cue, short bool) {
	reply := func(t MessageType, cause uint8, about ...byte) []byte {
		return appendCause(appendMessage(nil, m.Ref, !m.ToOrigin, short, t), s.causeOf(cause), about...)
	}
	switch m.Type {
	case Setup:
		if m.ToOrigin {
			return
		}
		if cause, about := s.offer(m, c, short); cause != 0 {
			s.counts.Refused++
			s.send(reply(ReleaseComplete, cause, about...))
		}
	case ReleaseComplete:
	case Status:
		if c.hasState && c.state != qNull {
			s.send(reply(ReleaseComplete, wrongMessage))
		}
	case StatusEnquiry:
		s.send(appendElement(reply(Status, statusAnswer), CallStateElement, byte(qNull)))
	default:
		s.send(reply(ReleaseComplete, badReference))
	}
}

// offer takes a call of the far end; cause is not 0 where it cannot be taken.
func (s *Stack) offer(m Message, c *cue, short bool) (cause uint8, about []byte) {
	switch {
	case c.hasMissing:
		return missingElement, []byte{c.missing}
	case !c.bearer:
		return badElement, []byte{byte(BearerCapability)}
	case c.packet:
		return bearerUnknown, nil
	case len(s.legs) >= s.maxLegs:
		return congestion, nil
	}
	slot, cause := s.assign(c)
	if cause != 0 {
		return cause, nil
	}
	l := &leg{ref: m.Ref, short: short}
	l.Incoming = true
	l.offered = c.hasChannel && c.channel.Exclusive
	s.add(l)
	s.reserve(l, slot)
	l.takeParties(c)
	on := gotSetup
	if s.cfg.Overlap && s.dialect.overlap && !c.complete && s.open(l) {
		on = gotSetupPart
	}
	s.step(l, on, c)
	s.complain(l, c)
	return 0, nil
}

// ofCall takes a message about a call.
func (s *Stack) ofCall(l *leg, m Message, c *cue) {
	on, known := messageInputs[m.Type]
	switch {
	case m.Type == Setup: // again: clause 5.8.3.2 e
		return
	case !known:
		s.counts.Unexpected++
		s.status(l, unknownMessage, byte(m.Type))
		return
	case c.hasMissing && !s.dispensable(l, m.Type, c):
		s.status(l, missingElement, c.missing)
		return
	}
	if !s.step(l, s.sharpen(l, on, c), c) {
		s.counts.Unexpected++
		s.status(l, wrongMessage, byte(m.Type))
		return
	}
	s.complain(l, c)
}

// dispensable: messages that clear do so whatever they lack (clause 5.8.6.1).
func (s *Stack) dispensable(l *leg, t MessageType, c *cue) bool {
	switch t {
	case Disconnect, Release, ReleaseComplete:
		return true
	case Status: // nothing is answered to it, to end what could go round
		return true
	}
	return false
}

// sharpen says which input a message is where its type alone does not.
func (s *Stack) sharpen(l *leg, on input, c *cue) input {
	switch on {
	case gotStatus:
		switch {
		case !c.hasState || c.state >= nCallState:
		case c.state == qNull:
			return gotStatusNull
		case s.disagree(l, c):
			return gotStatusOther
		}
	case gotComplete:
		if l.state == s.out.present && c.hasCause && c.cause.Value == channelTaken && l.order.Slot == 0 && s.choose(l.tried|1<<l.Slot) != 0 {
			return gotTaken
		}
	case gotSetupAck, gotProceeding, gotAlerting, gotProgress, gotConnect:
		if s.out.all().has(l.state) && !s.acceptable(l, c) {
			return gotBadChannel
		}
	}
	return on
}

// disagree: the far end's state does not fit. What it says of itself may be older
// than what we have sent since, unless it answers an enquiry.
func (s *Stack) disagree(l *leg, c *cue) bool {
	ours, theirs := l.state.phase(), c.state.phase()
	if theirs == ending {
		return ours != ending
	}
	return c.cause.Value == statusAnswer && l.enquiryDue != 0 && ours == upPhase && theirs == beginning && l.state == qActive
}

// acceptable reports whether a call can be in the timeslot that the answer to its
// SETUP says.
func (s *Stack) acceptable(l *leg, c *cue) bool {
	to := 0
	if c.hasChannel {
		to = s.slotOf(c.channel.Slot())
	}
	return to == l.Slot && to != 0 || to == 0 && l.Slot != 0 || s.free(to)
}

// complain tells the far end, once in a call, of elements that were not
// understood: clauses 5.8.7.1 and 5.8.7.2.
func (s *Stack) complain(l *leg, c *cue) {
	if l.complained || l.state.phase() == ending || l.state == qNull {
		return
	}
	switch {
	case c.unknown != 0:
		s.status(l, unknownElement, c.unknown)
	case c.bad != 0:
		s.status(l, badElement, c.bad)
	default:
		return
	}
	l.complained = true
}

// service answers the SERVICE of American switches, by which they ask whether a
// channel is in use: it is as they say. Its protocol discriminator and types are AT&T's
// (TR 41459) and those of NI-2.
func (s *Stack) service(b []byte) {
	if !s.dialect.service || len(b) < 5 || b[1] != 2 {
		return
	}
	var ack byte
	switch {
	case b[0] == 0x03 && b[4] == 0x0F:
		ack = 0x07
	case b[0] == 0x43 && b[4] == 0x07:
		ack = 0x0F
	default:
		return
	}
	answer := append([]byte(nil), b...)
	answer[2] ^= 0x80
	answer[4] = ack
	s.send(answer)
}
