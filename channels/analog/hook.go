package analog

import "vaad/driver"

const (
	noBatteryBelow = 3000             // mV
	noBatteryAfter = 2 * driver.Rate  //
	offHookAfter   = 200 * driver.MS  // longer than a reversal takes
	onHookAfter    = 1200 * driver.MS // longer than a flash and any break of a dial
	firstThreshold = 15000            // mV: between the off-hook voltage of any feed (4–14 V) and the idle voltage of a 24-V PBX
	flashMin       = 80 * driver.MS   // shorter is a dial's break
	flashMax       = 1000 * driver.MS //
	finePoll       = 40 * driver.MS   // rarer samples cannot tell a dial's breaks from a flash
)

type level uint8

const (
	levelUnknown level = iota
	levelNone          // no battery
	levelOff           // off-hook
	levelOn            // on-hook
)

// hook tells the hook's state from the tip-ring voltage, which is taken without
// its sign: three levels, each believed only after it has lasted.
type hook struct {
	learning
	level level // believed
	side  level // levelOff or levelOn: where the last voltage lay, with hysteresis
	mv    int32 // last voltage, signed
	seen  bool
	last  int64 // position of the last sample
	every int64 // samples between the last two
	fixed int32 // threshold set by the operator, mV

	frozen int64 // nothing is decided before
	ringOf int64 // end of the burst that froze it: an off-hook right after happened then; never: none

	off  int64 // first sample that was off-hook since the last one above the threshold; never: there is none
	low  int64 // … when that truly happened: at the end of the burst if one came right before
	none int64 // every sample since is none
	high int64 // the voltage has not been below the threshold since; never: it is
	top  int64 // last sample above the threshold
	base int64 // last sample not above it

	ringsOff   int // bursts while the voltage says off-hook
	ringsOffAt int64
}

func (h *hook) reset() {
	h.level, h.side, h.seen, h.last, h.every = levelUnknown, levelUnknown, false, never, 0
	h.frozen, h.ringOf = 0, never
	h.forget()
	h.top, h.base = never, never
}

// forget drops what has begun but is not yet believed.
func (h *hook) forget() {
	h.low, h.off, h.none, h.high = never, never, never, never
	h.odd = never
}

func (h *hook) lowSince() int64 {
	if h.level == levelOn {
		return h.low
	}
	return never
}

func (h *hook) highSince() int64 { return h.high }

// ringing freezes the hook for a burst. What began just before was its ripple.
func (h *hook) ringing() {
	h.frozen = never
	h.forget()
}

func (h *hook) freeze(until int64) {
	h.frozen = until
	h.ringOf = until - freezeAfter
	h.forget()
}

// classify says which of the three levels a voltage is.
func (h *hook) classify(mv int32) level {
	thr := h.threshold()
	switch {
	case mv > thr+thr/20: // hysteresis of 10 %
		h.side = levelOn
	case mv < thr-thr/20 || h.side == levelUnknown:
		h.side = levelOff
	}
	if h.side == levelOff && mv < h.noneBelow() {
		return levelNone
	}
	return h.side
}

func (h *hook) threshold() int32 {
	if h.fixed > 0 {
		return h.fixed
	}
	return h.learning.threshold()
}

// A change is what a voltage made known.
type change struct {
	to    level // 0: nothing
	at    int64 // when it truly happened
	flash int64 // samples: the loop was open that long and is closed again; 0: it was not
}

// sample takes one voltage.
func (h *hook) sample(mv int32, pos int64, dialling bool) (c change) {
	if h.last != never {
		h.every = pos - h.last
	}
	h.mv, h.seen, h.last = mv, true, pos
	a := mv
	if a < 0 {
		a = -a
	}
	if pos < h.frozen {
		return c
	}
	l := h.classify(a)
	afterRing := h.ringOf
	h.ringOf = never
	switch l {
	case levelOn:
		h.low, h.off, h.none = never, never, never
		if h.high == never {
			h.high = pos
		}
		h.top = pos
		if h.level != levelOn && pos-h.high >= onHookAfter {
			c = change{to: levelOn, at: h.high}
		}
	case levelOff:
		c.flash, c.at = h.flash(pos, dialling)
		h.high, h.none, h.base = never, never, pos
		if h.off == never {
			h.low, h.off = pos, pos
			if afterRing != never {
				h.low = afterRing
			}
		}
		confirm := int64(offHookAfter)
		if h.level == levelNone {
			confirm = onHookAfter // a feed that returns passes through here
		}
		if h.level != levelOff && pos-h.off >= confirm {
			c = change{to: levelOff, at: h.low}
		}
	case levelNone:
		h.base = pos
		if h.none == never {
			h.none = pos
		}
		if h.level != levelNone && pos-h.none >= noBatteryAfter {
			c = change{to: levelNone, at: h.none}
			h.low, h.off, h.high = never, never, never
		}
	}
	if c.to != levelUnknown {
		h.level = c.to
		h.settled(c.to, pos)
	}
	if l == h.level {
		h.learn(l, a, pos, h.every)
	}
	return c
}

// flash measures how long the loop was open, now that it is closed again.
// Samples only bound the length: it is between shortest and longest.
func (h *hook) flash(pos int64, dialling bool) (length, at int64) {
	if h.level != levelOff || h.high == never || h.top == never || h.base == never {
		return 0, 0
	}
	shortest, longest := h.top-h.high, pos-h.base
	coarse := longest-shortest > 2*finePoll
	if shortest < flashMin || shortest > flashMax || coarse && dialling {
		return 0, 0
	}
	return (shortest + longest) / 2, h.high
}

// volts takes one voltage to the table.
func (t *Tap) volts(mv int32) {
	dialling := t.state == OffHookOut || t.state == Dialling
	c := t.hook.sample(mv, t.now, dialling)
	if c.flash > 0 {
		t.at = c.at
		t.emit(Flash, c.flash/driver.MS)
		t.flash()
	}
	switch c.to {
	case levelOn:
		t.wentOnHook(c.at)
	case levelOff:
		t.at = c.at
		t.emit(OffHook, 0)
		t.step(InOffHook, c.at)
		t.dialEarly(c.at)
	case levelNone:
		t.step(InNoBattery, c.at)
	}
}

// flash notes that the hook was flashed: for the call that waits, for a second
// call, or back to the one that is held.
func (t *Tap) flash() {
	p := &t.progress
	t.back = t.held
	t.held = t.state == Talking && !t.held && p.waited > 0 && t.now-p.waited < waitingOnce
	t.flashed = t.now
}

func (t *Tap) wentOnHook(at int64) {
	t.at = at
	t.emit(OnHook, 0)
	t.step(InOnHook, at)
}
