package pri

// takeSetup reads who calls whom.
func (t *Tap) takeSetup(c *call, m *told) {
	exclusive, voice, data := false, false, false
	m.Elements(func(e Element) {
		switch e.ID {
		case ChannelIDElement:
			if ch, ok := ParseChannelID(e.Data); ok {
				c.offered, exclusive = ch.Slot(), ch.Exclusive
			}
		case CallingNumber:
			n, ok := ParseNumber(e.Data)
			switch {
			case !ok:
			case n.Presented == Restricted:
				c.Withheld = true
			case n.Presented == NotAvailable || n.Digits == "":
				c.NoNumber = true
			case c.Caller == "" || n.Screening == 1 || n.Screening == 3: // of two, the one the network vouches for
				c.Caller = n.String()
			}
		case RedirectingNumber:
			if n, ok := ParseNumber(e.Data); ok && n.Presented == Allowed {
				c.Redirected = n.String()
			}
		case BearerCapability: // clause 4.5.5: speech 0, 3.1 kHz audio 16
			if len(e.Data) > 0 {
				kind := e.Data[0] & 0x1F
				voice, data = voice || kind == 0 || kind == 16, data || kind != 0 && kind != 16
			}
		case DisplayElement:
			c.Name = text(e.Data)
		case FacilityElement:
			if name := callingName(e.Data); name != "" {
				c.Name = name
			}
		case SendingComplete:
			c.Complete = true
		}
	})
	c.Data = data && !voice // where both will do, people get to speak
	t.takeNumber(c, m)
	if c.Withheld {
		c.Caller, c.Name = "", ""
	}
	if exclusive && c.offered != 0 && !t.glare(c) {
		t.settle(c, c.offered)
	}
}

// glare reports whether the other side has just set up a call in the same
// timeslot: which of the two gets it is known when one is accepted (clause 5.7).
func (t *Tap) glare(c *call) bool {
	other := t.slots[c.offered]
	return other != nil && other.origin != c.origin && other.state == Offered
}

// takeName reads a name that follows the SETUP.
func (t *Tap) takeName(c *call, m *told) {
	if c.Withheld || m.ToOrigin {
		return
	}
	before := c.Name
	m.Elements(func(e Element) {
		if e.ID != FacilityElement {
			return
		}
		if name := callingName(e.Data); name != "" {
			c.Name = name
		}
	})
	if c.Name != before && c.settled {
		t.tell(Numbers, c, t.now)
	}
}

// takeStatus: the other side does not know the call any more (clause 5.8.11).
func (t *Tap) takeStatus(c *call, m *told) {
	gone := false
	m.Elements(func(e Element) {
		gone = gone || e.ID == CallStateElement && len(e.Data) > 0 && e.Data[0]&0x3F == 0
	})
	if gone {
		t.end(c, m)
		t.free(c, m)
		c.state = Null
	}
}

// takeNumber appends digits to the called number and reports whether it did.
func (t *Tap) takeNumber(c *call, m *told) (grew bool) {
	before := c.Called
	var keypad string
	m.Elements(func(e Element) {
		switch e.ID {
		case CalledNumber:
			if n, ok := ParseNumber(e.Data); ok {
				if c.Called == "" {
					c.Called = n.String()
				} else {
					c.Called += n.Digits
				}
			}
		case KeypadElement:
			keypad = digits(e.Data)
		case SendingComplete:
			c.Complete = true
		}
	})
	if c.Called == before {
		c.Called += keypad
	}
	c.Called = c.Called[:min(len(c.Called), maxDigits)]
	return c.Called != before
}

func (t *Tap) takeDigits(c *call, m *told) {
	if t.takeNumber(c, m) && c.settled {
		t.tell(Numbers, c, t.now)
	}
}

// takeKeys reads what is dialled in a call that is up.
func (t *Tap) takeKeys(c *call, m *told) {
	m.Elements(func(e Element) {
		var keys string
		switch e.ID {
		case KeypadElement:
			keys = digits(e.Data)
		case CalledNumber:
			n, _ := ParseNumber(e.Data)
			keys = n.Digits
		}
		if keys != "" && c.settled {
			t.say(Event{Kind: Key, Slot: c.Slot, Text: keys, Value: int64(m.from)})
		}
	})
}

// takeChannel lets an answer to the SETUP say where the call is: where nothing is
// said it is where the SETUP wanted it. Later messages may move it.
func (t *Tap) takeChannel(c *call, m *told) {
	slot := c.Slot
	if slot == 0 && m.ToOrigin {
		slot = c.offered
	}
	connected := c.Connected
	m.Elements(func(e Element) {
		switch e.ID {
		case ChannelIDElement:
			if ch, ok := ParseChannelID(e.Data); ok && ch.Slot() != 0 && (c.Slot == 0 || ch.Exclusive) {
				slot = ch.Slot()
			}
		case ConnectedNumber:
			if n, ok := ParseNumber(e.Data); ok && n.Presented == Allowed {
				connected = n.String()
			}
		}
	})
	switch {
	case slot == 0 || slot == c.Slot:
	case c.settled:
		t.move(c, slot)
	default:
		t.settle(c, slot)
	}
	if connected != c.Connected {
		c.Connected = connected
		if c.settled {
			t.tell(Numbers, c, t.now)
		}
	}
}

// settle gives a call its timeslot. Who was there has left it unseen, or is held.
// Of one that was elsewhere before, the audio here begins now.
func (t *Tap) settle(c *call, slot int) {
	if other := t.slots[slot]; other != nil && other != c {
		by := EndSuperseded
		if other.Held {
			by = EndHeld
		}
		t.displace(other, by)
	}
	begin := max(c.Begin, t.freed[slot])
	if c.begun {
		begin = t.now
	}
	again := c.begun
	c.Slot, c.settled, c.begun, c.doubted = slot, true, true, false
	t.slots[slot] = c
	t.tell(CallBegin, c, begin)
	if again {
		t.tellState(c)
	}
}

// tellState tells how far a call is.
func (t *Tap) tellState(c *call) {
	switch c.state {
	case Active:
		t.tell(CallAnswered, c, t.now)
	case Ringing:
		t.tell(CallRinging, c, t.now)
	}
}

// displace ends a call in its timeslot. It may go on in another one.
func (t *Tap) displace(c *call, by string) {
	if !c.ended {
		was := c.Call
		was.EndedBy = by
		t.say(Event{Kind: CallEnd, Slot: c.Slot, Call: &was})
	}
	t.free(c, nil)
	c.Slot, c.offered, c.settled, c.Held = 0, 0, false, false
}

// move takes a call that is up to another timeslot.
func (t *Tap) move(c *call, slot int) {
	t.displace(c, EndMoved)
	t.settle(c, slot)
}

// suspend: the call is parked, and will come back under another reference.
func (t *Tap) suspend(c *call, _ *told) {
	if c.settled {
		t.displace(c, EndHeld)
	}
	c.ended = true
}

func (t *Tap) complete(c *call, _ *told) { c.Complete = true }

func (t *Tap) ring(c *call, _ *told) {
	if c.settled {
		t.tell(CallRinging, c, t.now)
	}
}

func (t *Tap) answer(c *call, _ *told) {
	c.Answered = t.now
	if c.settled {
		t.tell(CallAnswered, c, t.now)
	}
}

func (t *Tap) hold(c *call, _ *told)     { t.held(c, true) }
func (t *Tap) retrieve(c *call, m *told) { t.takeChannel(c, m); t.held(c, false) }

func (t *Tap) held(c *call, on bool) {
	if c.Held == on || !c.settled {
		return
	}
	c.Held = on
	v := int64(0)
	if on {
		v = 1
	}
	now := c.Call
	t.say(Event{Kind: CallHeld, Slot: c.Slot, Value: v, Call: &now})
}

// end: the first message that clears says who ends the call and why.
func (t *Tap) end(c *call, m *told) {
	if c.ended {
		return
	}
	if !c.settled && c.offered != 0 && t.slots[c.offered] == nil { // refused at once: it was for that timeslot
		t.settle(c, c.offered)
	}
	m.Elements(func(e Element) {
		if cause, ok := ParseCause(e.Data); e.ID == CauseElement && ok && c.Cause.Value == 0 && cause.Value != answersEnquiry {
			c.Cause = cause
		}
	})
	t.finish(c, cleared(m), t.now)
}

// answersEnquiry is the cause of a STATUS that was asked for.
const answersEnquiry = 30

// finish tells the end of a call.
func (t *Tap) finish(c *call, by string, pos int64) {
	if c.ended {
		return
	}
	c.ended = true
	if !c.settled {
		if !c.begun {
			t.n.Unattributed++
		}
		return
	}
	c.EndedBy = by
	t.tell(CallEnd, c, pos)
}

// free gives the timeslot back.
func (t *Tap) free(c *call, _ *told) {
	if c.settled && c.Slot > 0 && t.slots[c.Slot] == c {
		t.say(Event{Kind: SlotFree, Slot: c.Slot})
		t.vacate(c)
	}
}

func (t *Tap) tell(k EventKind, c *call, pos int64) {
	now := c.Call // who hears it later must not see what came after
	t.say(Event{Kind: k, Slot: c.Slot, Pos: pos, Call: &now})
}
