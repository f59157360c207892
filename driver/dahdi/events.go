package dahdi

import "vaad/driver"

// A class is what a channel's signalling makes of DAHDI's events. Classes are
// bits, so that a row of a table may be for several.
type class uint8

const (
	classFXO   class = 1 << iota // our port faces an exchange: it is fxs-signalled
	classFXS                     // our port feeds a telephone: it is fxo-signalled
	classEM                      // E&M wires, or the A bit
	classCAS                     // bits ABCD as they come
	classClear                   // audio only

	classHook = classFXS | classEM
	classAll  = classFXO | classFXS | classEM | classCAS | classClear
)

func classOf(sig uint32) class {
	switch sig {
	case sigFXSLS, sigFXSGS, sigFXSKS:
		return classFXO
	case sigFXOLS, sigFXOGS, sigFXOKS:
		return classFXS
	case sigEM, sigEME1:
		return classEM
	case sigCAS:
		return classCAS
	}
	return classClear
}

// acting is what the signalling of a channel has come to: by what the kernel
// has said and by what it was told.
type acting struct {
	offHook  bool // our own FXO; the telephone of an FXS; the far end of E&M
	reversed bool
	dead     bool // no battery
	alarm    bool // of the channel
	heard    bool // the exchange rings us
	unsure   bool // … since before the channel was opened: the kernel may not say the end

	ringing bool // we ring a telephone: RING was accepted
	ringer  bool // … and it is a burst now, not a pause
	burst   bool // … once only

	release  bool // is to go on-hook at the end of this frame
	flashing bool // HOOKCOMPLETE is awaited
	dialling bool // DIALCOMPLETE is awaited; what is written meanwhile cancels the dialling

	broken   bool  // ONHOOK came on an FXO line: the exchange interrupts the feed
	brokenAt int64 // board's position

	bits  int32 // last of CAS
	fresh bool  // the channel was opened and its bits were not said yet

	normal int8 // sign of the voltage at normal polarity; 0: not known
	odd    int8 // readings in a row that say another polarity
}

// ringTrail is how long the kernel waits after a ring before it calls it ended
// (DAHDI_RINGTRAILER, kernel.h).
const ringTrail = 50 * driver.MS

// usualFlash is the length that is said of a flash, ms: DAHDI tells only that it
// was one, from 200 ms (DAHDI_MAXPULSETIME) to 1250 ms (rxflashtime).
const usualFlash = 500

// Hook states as GET_PARAMS tells them (enum dahdi_rxsig, kernel.h).
const (
	rxOnHook = 0
	rxRing   = 3
)

// noBatteryAfter is how long a feed is interrupted before that is no signal of
// the exchange any more; wctdm says so after the same time (battalarm).
const noBatteryAfter = 1000 * driver.MS

// A meaning is what one event of DAHDI means on channels of some classes. Events
// without a row mean nothing.
type meaning struct {
	event   int32
	classes class
	kind    driver.EventKind // said as it is, with value; 0: act says what there is to say
	value   int32
	act     func(b *Board, c *channel, at int, detail int32)
}

var meanings = []meaning{
	{event: evRingBegin, classes: classFXO, act: (*Board).rings},
	{event: evRingOffHook, classes: classFXO, act: (*Board).ringEnds},
	{event: evRingOffHook, classes: classHook, act: (*Board).farOffHook},
	{event: evOnHook, classes: classFXO, act: (*Board).feedBreaks},
	{event: evOnHook, classes: classHook, act: (*Board).farOnHook},
	{event: evWinkFlash, classes: classHook, kind: driver.Flash, value: usualFlash},
	{event: evPolarity, classes: classFXO, act: (*Board).reverses},
	{event: evAlarm, classes: classAll, act: (*Board).alarmRaised},
	{event: evNoAlarm, classes: classAll, act: (*Board).alarmCleared},
	{event: evNeonMWIOn, classes: classFXO, kind: driver.MWI, value: 1},
	{event: evNeonMWIOff, classes: classFXO, kind: driver.MWI, value: 0},
	{event: evPulseDigit, classes: classHook, act: (*Board).pulseDigit},
	{event: evDTMFDown, classes: classAll, act: (*Board).digitBegins},
	{event: evDTMFUp, classes: classAll, act: (*Board).digitEnds},
	{event: evRingerOn, classes: classFXS, act: (*Board).ringerOn},
	{event: evRingerOff, classes: classFXS, act: (*Board).ringerOff},
	{event: evBitsChanged, classes: classCAS, act: (*Board).bitsChanged},
	{event: evDialComplete, classes: classFXO | classEM, act: (*Board).dialled},
	{event: evHookComplete, classes: classFXO | classEM, act: (*Board).flashed},
	{event: evECDisabled, classes: classAll, kind: driver.ECState, value: 0},
	{event: evReadOverrun, classes: classAll, act: func(b *Board, c *channel, _ int, _ int32) { b.overran(c) }},
	{event: evWriteUnderrun, classes: classAll, act: func(b *Board, c *channel, _ int, _ int32) { b.underran(c) }},
	{event: evRemoved, classes: classAll, act: func(b *Board, c *channel, _ int, _ int32) { b.removed(c) }},
}

// What carries a digit or key in its low bits.
const withDetail = evPulseDigit | evDTMFDown | evDTMFUp

// queueSize is the length of the kernel's event queue (DAHDI_MAX_EVENTSIZE). A
// channel that says more at a time is asked again at the next turn.
const queueSize = 64

// drainEvents takes all that a channel's queue holds; at is the offset in the
// frame that is being filled.
func (b *Board) drainEvents(c *channel, at int) {
	for range queueSize {
		e, err := c.nextEvent()
		if e != evNone {
			b.happened(c, e, at)
		}
		if e == evNone || err != nil {
			return
		}
	}
}

// happened puts one event of the kernel into the frame.
func (b *Board) happened(c *channel, e int32, at int) {
	kind, detail := e, int32(0)
	if e&withDetail != 0 {
		kind, detail = e&withDetail, e&^withDetail
	}
	of := classOf(c.sig)
	for i := range meanings {
		m := &meanings[i]
		if m.event != kind || m.classes&of == 0 {
			continue
		}
		if m.act != nil {
			m.act(b, c, at, detail)
		} else {
			b.say(c, m.kind, at, m.value)
		}
		return
	}
}

func (b *Board) say(c *channel, k driver.EventKind, at int, value int32) {
	b.rx.Event(k, c.line, at, value, nil)
}

func (b *Board) rings(c *channel, at int, _ int32) {
	c.act.heard = true
	b.say(c, driver.RingBegin, at, 0)
}

// ringEnds puts the end as early as this frame goes: it was ringTrail ago.
func (b *Board) ringEnds(c *channel, at int, _ int32) {
	c.act.heard, c.act.unsure = false, false
	b.say(c, driver.RingEnd, b.backdate(c, at-ringTrail), 0)
}

// backdate is the offset for something that was before it was said, in order
// with what was said of the line in this frame already.
func (b *Board) backdate(c *channel, at int) int {
	at = max(at, 0)
	for i := len(b.rx.Events) - 1; i >= 0; i-- {
		if e := &b.rx.Events[i]; !e.Kind.OnSpan() && e.Line == c.line {
			return max(at, e.At)
		}
	}
	return at
}

// farOffHook is a telephone that is picked up, or the far end of E&M that
// seizes. The kernel goes on ringing a telephone that has answered.
func (b *Board) farOffHook(c *channel, at int, _ int32) {
	if c.act.offHook {
		return // as after a loop break of ours
	}
	c.act.offHook = true
	b.say(c, driver.OffHook, at, 0)
	b.stopRinging(c, at)
}

func (b *Board) farOnHook(c *channel, at int, _ int32) {
	if c.act.offHook {
		c.act.offHook = false
		b.say(c, driver.OnHook, at, 0)
	}
}

func (b *Board) reverses(c *channel, at int, _ int32) {
	c.act.reversed = !c.act.reversed
	b.say(c, driver.Polarity, at, flag(c.act.reversed))
}

// alarmRaised is a span's alarm on digital channels; analog cards say so of one
// FXO port that has no battery.
func (b *Board) alarmRaised(c *channel, at int, _ int32) { b.alarm(c, at, true) }

func (b *Board) alarmCleared(c *channel, at int, _ int32) { b.alarm(c, at, false) }

func (b *Board) alarm(c *channel, at int, on bool) {
	if c.isAnalogFXO() {
		if !on {
			b.feedIsBack(c, at)
		}
		b.battery(c, at, !on)
		return
	}
	if c.act.alarm != on {
		c.act.alarm = on
		b.say(c, driver.ChannelAlarm, at, flag(on))
	}
}

func (c *channel) isAnalogFXO() bool { return c.analog && classOf(c.sig) == classFXO }

func (b *Board) battery(c *channel, at int, present bool) {
	if c.act.dead == !present {
		return
	}
	c.act.dead = !present
	b.say(c, driver.Battery, at, flag(present))
}

// feedBreaks is the exchange's disconnect. The kernel does not say when the feed
// is back: watchFeed asks.
func (b *Board) feedBreaks(c *channel, at int, _ int32) {
	if !c.act.broken {
		c.act.broken, c.act.brokenAt = true, b.rx.Pos+int64(at)
	}
}

func (b *Board) feedIsBack(c *channel, at int) {
	if c.act.broken {
		c.act.broken = false
		b.say(c, driver.LoopBreak, at, int32((b.rx.Pos+int64(at)-c.act.brokenAt)/driver.MS))
	}
}

// watchRing asks once per frame whether a ring that began before the channel was
// opened is over: for two seconds after that the kernel says nothing of rings.
func (b *Board) watchRing(c *channel) {
	if p := c.params(); p != nil && number(p, paramsRxHook) != rxRing {
		b.ringEnds(c, 0, 0)
	}
}

// params asks for the channel's state; nil: it cannot be asked, which the next
// read will explain.
func (c *channel) params() []byte {
	p := c.arg[:paramsSize]
	clear(p)
	if c.k.ioctl(c.fd, reqGetParams, p) != nil {
		return nil
	}
	return p
}

// watchFeed asks once per frame whether an interrupted feed is back.
func (b *Board) watchFeed(c *channel) {
	p := c.params()
	if p == nil {
		return
	}
	length := b.rx.Pos - c.act.brokenAt
	switch back := number(p, paramsRxHook) != rxOnHook; {
	case back:
		b.feedIsBack(c, 0)
		if !b.cardTellsBattery(c, p) {
			b.battery(c, 0, true)
		}
	case length < noBatteryAfter:
	case c.sig == sigFXSGS: // on a ground-start line that is how it idles
		b.feedIsBack(c, 0)
	default:
		b.battery(c, 0, false)
	}
}

// cardTellsBattery reports that a dead line's NOALARM is still to come: the card
// has said by an alarm that it has no battery.
func (b *Board) cardTellsBattery(c *channel, params []byte) bool {
	return c.isAnalogFXO() && number(params, paramsAlarms) != 0
}

// pulseDigit leaves out the eleven and twelve pulses that DAHDI takes for * and #.
func (b *Board) pulseDigit(c *channel, at int, digit int32) {
	if digit >= '0' && digit <= '9' {
		b.say(c, driver.PulseDigit, at, digit)
	}
}

func (b *Board) digitBegins(c *channel, at int, key int32) { b.say(c, driver.DigitBegin, at, key&0xFF) }

func (b *Board) digitEnds(c *channel, at int, key int32) { b.say(c, driver.DigitEnd, at, key&0xFF) }

func (b *Board) ringerOn(c *channel, at int, _ int32) {
	if c.act.ringing && !c.act.ringer {
		c.act.ringer = true
		b.say(c, driver.RingerOn, at, 0)
	}
}

func (b *Board) ringerOff(c *channel, at int, _ int32) {
	if c.act.burst {
		b.stopRinging(c, at)
	} else if c.act.ringer {
		c.act.ringer = false
		b.say(c, driver.RingerOff, at, 0)
	}
}

// bitsChanged asks for the bits: the event may be about a neighbour's, which
// dahdi_dynamic puts into the upper half (DAHDI's own error, to at least 3.4).
func (b *Board) bitsChanged(c *channel, at int, _ int32) {
	bits, err := c.get(reqGetRxBits)
	if bits &= 0xF; err == nil && bits != c.act.bits {
		c.act.bits = bits
		b.say(c, driver.CASBits, at, bits)
	}
}

func (b *Board) dialled(c *channel, at int, _ int32) {
	if c.act.dialling {
		c.act.dialling = false
		b.say(c, driver.DialDone, at, 0)
	}
}

// flashed leaves out the HOOKCOMPLETE of what was no flash: a seizure by ground
// start, the end of a disconnect.
func (b *Board) flashed(c *channel, at int, _ int32) {
	if c.act.flashing {
		c.act.flashing = false
		b.say(c, driver.DialDone, at, 0)
	}
}

// learn asks a channel that was just opened for its state. No other goroutine
// has it yet.
func (c *channel) learn() {
	c.act = acting{fresh: true, bits: -1, normal: c.act.normal, reversed: c.act.reversed}
	p := c.params()
	if p == nil {
		return
	}
	c.law = lawOf(p) // what ctl says of a channel that was never opened since it was configured is not true
	alarms := number(p, paramsAlarms) != 0
	c.act.dead = alarms && c.isAnalogFXO()
	c.act.alarm = alarms && !c.isAnalogFXO()
	switch classOf(c.sig) {
	case classFXO:
		c.act.heard = number(p, paramsRxHook) == rxRing
		c.act.unsure = c.act.heard
	case classFXS, classEM:
		c.act.offHook = number(p, paramsOffHook) != 0
	}
}

// bits is the channel's State event.
func (c *channel) bits() int32 {
	s := int32(0)
	for _, of := range []struct {
		is  bool
		bit int32
	}{{c.act.offHook, driver.StateOffHook}, {c.act.heard, driver.StateRinging}, {c.act.dead, driver.StateNoBattery},
		{c.act.reversed, driver.StateReversed}, {c.act.alarm || c.fd < 0, driver.StateAlarm}} {
		if of.is {
			s |= of.bit
		}
	}
	return s
}

func flag(b bool) int32 {
	if b {
		return 1
	}
	return 0
}
