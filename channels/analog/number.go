package analog

// A Press is a key that was pressed, or a digit dialled in pulses.
type Press struct {
	Key    byte   // '0'…'9', '*', '#', 'A'…'D'
	At     int64  // where it began
	Length int64  // samples
	Sure   int    // confidence, percent
	By     string // InKeys, InPulses
}

const (
	maxDialled   = 64 // digits of a number; ITU-T E.164 has 15, prefixes, codes and numbers of cards come before and after it
	redialDigits = 3  // digits that are a number where no dial tone was heard
	maxEarly     = 8  // keys pressed before the off-hook is known

	// sureDigit is the confidence that one digit of a number dialled in pulses
	// must reach: clicks alone may be anything.
	sureDigit = 60
)

// A number is what is being dialled.
type number struct {
	digits [maxDialled]byte
	n      int
	sure   int   // of the least certain digit
	best   int   // of the most certain one
	pulses bool  // dialled in pulses
	last   int64 // where the latest digit began
	end    int64 // where it ended
}

func (n *number) add(p Press) {
	pulses := p.By == InPulses
	if n.n > 0 && n.pulses && !pulses { // the clicks were not a dial's
		*n = number{}
	}
	n.last, n.end = p.At, p.At+p.Length
	if n.n == maxDialled {
		return
	}
	if n.n == 0 {
		n.sure = 100
	}
	n.digits[n.n] = p.Key
	n.n++
	n.pulses = pulses
	n.sure, n.best = min(n.sure, p.Sure), max(n.best, p.Sure)
}

// believed says whether it may be shown at all.
func (n *number) believed() bool { return n.n > 0 && (!n.pulses || n.best >= sureDigit) }

// completed tells the dialled number, now that no digit of it can follow.
func (t *Tap) completed() {
	if !t.up || !t.number.believed() {
		return
	}
	c := &t.call
	c.Dialled = string(t.number.digits[:t.number.n])
	c.Called, c.CalledBy, c.Sure = t.outside(c.Dialled), InKeys, t.number.sure
	if t.number.pulses {
		c.CalledBy = InPulses
	}
	c.DirectionBy = FromDialling
	t.numbers(c.CalledBy)
}

// outside is a dialled number without the prefix of an outside line.
func (t *Tap) outside(dialled string) string {
	p := t.cfg.Prefix
	if p != "" && len(dialled) > len(p) && dialled[:len(p)] == p {
		return dialled[len(p):]
	}
	return dialled
}

// outsideOnly reports whether only the prefix of an outside line was dialled: its
// dial tone, and then the number, are still to come.
func (t *Tap) outsideOnly() bool {
	return t.cfg.Prefix != "" && string(t.number.digits[:t.number.n]) == t.cfg.Prefix
}

// began reports whether a part of the number was dialled that counts.
func (t *Tap) began() bool { return t.number.n > 0 && !t.outsideOnly() }

// Press says that a detector has found a key or a pulse-dialled digit; it is
// known at pos.
func (t *Tap) Press(out []Event, p Press, pos int64) []Event {
	t.out = out
	t.clicked(p)
	t.advance(pos)
	t.heardAt = t.now
	if t.state == Dialling && p.At > t.digitBy {
		t.step(InTimeout, t.digitBy)
	}
	switch {
	case p.By == InPulses && !t.takesPulse(p):
	case t.state == Ringing && t.hook.level != levelUnknown: // whoever picks up, it is not yet known
	case t.state == Abandoned && t.fresh:
		t.key = p
		t.step(InRedial, t.now)
	case t.state == Abandoned && t.quiet > 0 && p.At-t.quiet > quietAfter:
		t.redial(p)
	case t.mayDialYet():
		t.key = p
		t.step(InFirstDigit, t.now)
	case t.state == Idle || t.state == PreRing:
		t.early.keep(p)
		t.caller.pressed(t.now)
	default:
		t.key = p
		t.step(InDigit, t.now)
	}
	return t.release()
}

// redial takes a digit after a call whose tone is over, where no dial tone was
// heard: some keys are pressed for nothing, enough of them are a number.
func (t *Tap) redial(p Press) {
	if n := t.again.n; n > 0 && p.At-t.again.press[n-1].At > digitPause {
		t.again.n = 0
	}
	t.again.keep(p)
	if t.again.n < redialDigits {
		return
	}
	again := t.again
	t.again.n = 0
	for i, p := range again.press[:again.n] {
		t.key = p
		if i == 0 {
			t.step(InRedial, p.At)
		} else {
			t.step(InDigit, t.now)
		}
	}
}

// takesPulse reports whether a click may be a digit: only where a number is
// dialled. A new call is not begun on one that is unsure.
func (t *Tap) takesPulse(p Press) bool {
	switch t.state {
	case OffHookOut, Dialling:
		return t.number.n == 0 || t.number.pulses
	case Abandoned:
		return p.Sure >= sureDigit
	}
	return t.mayDialYet()
}

// mayDialYet reports whether a key in Talking begins the number: somebody spoke
// beside the telephone, or the dial tone sounded like voice.
func (t *Tap) mayDialYet() bool {
	return t.state == Talking && t.up && t.call.Direction == Out && !t.began() && t.call.AnsweredBy == ByNone && !t.progress.rang &&
		t.now-t.call.Begin < firstDigit
}

// early are keys that were pressed on-hook, as far as was known: the hook is
// seen late, and a telephone that dials by itself is quick.
type early struct {
	press [maxEarly]Press
	n     int
}

func (e *early) keep(p Press) {
	if e.n == maxEarly {
		copy(e.press[:], e.press[1:])
		e.n--
	}
	e.press[e.n] = p
	e.n++
}

// dialEarly dials what was pressed since the telephone was truly off-hook.
func (t *Tap) dialEarly(since int64) {
	for _, p := range t.early.press[:t.early.n] {
		if p.At >= since && t.state.OffHook() {
			t.key = p
			t.step(InDigit, t.now)
		}
	}
	t.early.n = 0
}

// PulsesPossible reports whether a dial may be heard: from off-hook on for 15 s,
// and as long as one is heard.
func (t *Tap) PulsesPossible() bool {
	switch t.state {
	case OffHookOut:
		return t.now-t.offSince < firstDigit
	case Dialling:
		return t.number.pulses || t.number.n == 0
	case Abandoned:
		return t.fresh
	}
	return false
}
