package pri

// A SetupOrder says what call is to be made.
type SetupOrder struct {
	Slot        int    // the timeslot that it must be in; 0: any free one, and another if the far end likes that better
	Called      string // digits; + before an international number
	Complete    bool   // Called is the whole number; else Digits may follow, where the switch takes them one by one
	Caller      string // as Called; "": not said
	Private     bool   // the caller is not to be shown to whom is called
	Screening   uint8  // of Caller: 0 not screened, 1 verified and passed, 2 verified and failed, 3 the network's
	Name        string // of the caller, where the switch can say it
	Redirecting string // whom the call was for before it was redirected
	Reason      uint8  // of the redirection: 1 busy, 2 no reply, 15 always
	Data        bool   // unrestricted digital information, not speech
}

// Setup makes a call. Its timeslot is reserved at once: it is that of the events
// that follow. Errors are [StackError].
func (s *Stack) Setup(o *StackOut, order SetupOrder, now int64) (CallID, error) {
	s.at(o, now)
	if !s.up {
		return 0, errStackDown
	}
	order.Complete = order.Complete || !s.dialect.overlap
	l := &leg{order: order, ours: true}
	if !s.numbers(l) {
		return 0, errBadNumber
	}
	slot := order.Slot
	if slot == 0 {
		slot = s.choose(0)
	}
	if len(s.legs) >= s.maxLegs || !s.free(slot) {
		return 0, errNoChannel
	}
	l.Called, l.Caller, l.Name, l.Redirected = order.Called, order.Caller, order.Name, order.Redirecting
	l.Complete, l.Data, l.Withheld = order.Complete, order.Data, order.Private
	s.add(l)
	l.ref = s.reference()
	s.reserve(l, slot)
	s.step(l, wantSetup, nil)
	return l.id, nil
}

// Proceed says that the number is whole and the call goes on.
func (s *Stack) Proceed(o *StackOut, call CallID, now int64) error {
	return s.wish(o, call, wantProceed, &cue{}, now)
}

// Progress says that something happens before the answer; inBand: that it is to
// be heard.
func (s *Stack) Progress(o *StackOut, call CallID, inBand bool, now int64) error {
	return s.wish(o, call, wantProgress, &cue{progress: true, inBand: inBand}, now)
}

// Alert says that it rings here.
func (s *Stack) Alert(o *StackOut, call CallID, now int64) error {
	return s.wish(o, call, wantAlert, &cue{}, now)
}

// Connect answers a call.
func (s *Stack) Connect(o *StackOut, call CallID, now int64) error {
	return s.wish(o, call, wantConnect, &cue{}, now)
}

// Clear ends or refuses a call, by whatever message its state wants. The cause is
// one of ITU-T Q.850; 0 is normal clearing. A call that is ending stays so.
func (s *Stack) Clear(o *StackOut, call CallID, cause int, now int64) error {
	if cause <= 0 || cause > 127 {
		cause = normalClearing
	}
	s.at(o, now)
	if l := s.byID(call); l != nil && !s.up { // nobody can be told: who asks later learns it
		s.drop(l, EndLocal, uint8(cause))
		return nil
	}
	return s.wish(o, call, wantClear, &cue{cause: s.causeOf(uint8(cause))}, now)
}

// Digits sends further digits of the called number, at once or when the far end
// wants them, or, in a call that is up, keys.
func (s *Stack) Digits(o *StackOut, call CallID, keys string, now int64) error {
	if keys == "" || digits([]byte(keys)) != keys || len(keys) > maxSent {
		return errBadNumber
	}
	return s.wish(o, call, wantDigits, &cue{digits: keys}, now)
}

// Hold asks the far end to hold the call; StackHeld or StackRefused follows. The
// timeslot stays that of the call.
func (s *Stack) Hold(o *StackOut, call CallID, now int64) error {
	return s.holding(o, call, wantHold, now)
}

// Retrieve asks for a call that is held; StackRetrieved or StackRefused follows.
func (s *Stack) Retrieve(o *StackOut, call CallID, now int64) error {
	return s.holding(o, call, wantRetrieve, now)
}

func (s *Stack) holding(o *StackOut, call CallID, on input, now int64) error {
	if l := s.byID(call); l != nil && (!s.dialect.hold || l.asked != noInput || l.Held != (on == wantRetrieve)) {
		return s.wrongState(l, on)
	}
	return s.wish(o, call, on, &cue{}, now)
}

// wish does what is wished of a call.
func (s *Stack) wish(o *StackOut, call CallID, on input, c *cue, now int64) error {
	s.at(o, now)
	l := s.byID(call)
	switch {
	case l == nil:
		return errNoCall
	case !s.up:
		return errStackDown
	case !s.step(l, on, c):
		return s.wrongState(l, on)
	}
	return nil
}

func (s *Stack) wrongState(l *leg, on input) error {
	return &StackError{"wrong-state", on.String() + ": the call is in state " + l.state.name(s.side)}
}

// ByCall returns the call that has a timeslot.
func (s *Stack) ByCall(slot int) (CallID, bool) {
	if slot > 0 && slot < len(s.slots) && s.slots[slot].leg != nil {
		return s.slots[slot].leg.id, true
	}
	return 0, false
}

// Call returns what is known of a call.
func (s *Stack) Call(id CallID) (Call, bool) {
	if l := s.byID(id); l != nil {
		return l.Call, true
	}
	return Call{}, false
}
