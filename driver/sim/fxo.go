package sim

import (
	"math"

	"vaad/driver"
)

const (
	never = math.MaxInt64

	idleMV   = -48_000 // a line that nobody has said anything about
	seizedMV = -7_000  // the same with us off-hook

	// A card calls a line dead below 3 V and waits that long before it says so
	// (the defaults of DAHDI's wctdm: battthresh, battalarm, battdebounce).
	deadMV    = 3_000
	deadAfter = 1000 * driver.MS
	liveAfter = 64 * driver.MS
)

// fxo is a line that faces an exchange, which a peer or a scene plays.
type fxo struct {
	ringing, reversed, seized bool

	broken   bool // the exchange interrupts the feed
	brokenAt int64
	mendAt   int64 // the break's own end

	idle      int32 // mV while nobody says
	said      bool  // the exchange says the voltage itself
	saidMV    int32
	mv        int32
	dead      bool
	batteryAt int64 // when dead is to change
	voltsAt   int64 // next poll
	doneAt    int64 // end of pulses or flash
}

func newFXO(sc *Scene, firstPoll int64) fxo {
	idle := int32(idleMV)
	if sc != nil {
		idle = int32(sc.Idle * 1000)
	}
	return fxo{idle: idle, mv: idle, mendAt: never, batteryAt: never, voltsAt: firstPoll, doneAt: never}
}

// volts is what a card would measure.
func (x *fxo) volts() int32 {
	switch {
	case x.broken:
		return 0
	case x.said:
		return x.saidMV
	}
	mv := x.idle
	if x.seized {
		mv = seizedMV
	}
	if x.reversed {
		mv = -mv
	}
	return mv
}

// measure reports a changed voltage at once.
func (x *fxo) measure(t int64, out *emitter) {
	mv := x.volts()
	if mv == x.mv {
		return
	}
	x.mv = mv
	out.event(driver.Volts, t, mv)
	switch low := mv > -deadMV && mv < deadMV; {
	case low == x.dead:
		x.batteryAt = never
	case x.batteryAt != never:
	case low:
		x.batteryAt = t + deadAfter
	default:
		x.batteryAt = t + liveAfter
	}
}

// apply carries out what the exchange does.
func (x *fxo) apply(m message, t int64, out *emitter) {
	switch m.op {
	case opRing:
		if !x.ringing {
			x.ringing = true
			out.event(driver.RingBegin, t, 0)
		}
	case opRingEnd:
		if x.ringing {
			x.ringing = false
			out.event(driver.RingEnd, t, 0)
		}
	case opReversal:
		x.reversed = !x.reversed
		out.event(driver.Polarity, t, truth(x.reversed))
	case opLoopBreak:
		if !x.broken {
			x.broken, x.brokenAt = true, t
		}
		if m.value > 0 {
			x.mendAt = t + int64(m.value)*driver.MS
		}
	case opLoop:
		x.mend(t, out)
	case opVolts:
		x.said, x.saidMV = true, m.value
	case opDone:
		x.done(t, out)
	}
	x.measure(t, out)
}

// mend ends a break; only then is its length known.
func (x *fxo) mend(t int64, out *emitter) {
	if !x.broken {
		return
	}
	x.broken, x.mendAt = false, never
	out.event(driver.LoopBreak, t, int32((t-x.brokenAt)/driver.MS))
}

func (x *fxo) done(t int64, out *emitter) {
	if x.doneAt != never {
		x.doneAt = never
		out.event(driver.DialDone, t, 0)
	}
}

// due is when the next of its timers ends.
func (x *fxo) due() int64 { return min(x.mendAt, x.batteryAt, x.voltsAt, x.doneAt) }

// fire carries out the timers that end at t.
func (x *fxo) fire(t int64, out *emitter) {
	if x.mendAt <= t {
		x.mend(t, out)
		x.measure(t, out)
	}
	if x.batteryAt <= t {
		x.batteryAt = never
		x.dead = !x.dead
		out.event(driver.Battery, t, truth(!x.dead))
	}
	if x.doneAt <= t {
		x.done(t, out)
	}
	if x.voltsAt <= t {
		x.voltsAt += voltsEvery
		out.event(driver.Volts, t, x.mv)
	}
}

// reset is what the line does when its exchange goes away: it is idle again.
func (x *fxo) reset(t int64, out *emitter) {
	if x.ringing {
		x.ringing = false
		out.event(driver.RingEnd, t, 0)
	}
	if x.reversed {
		x.reversed = false
		out.event(driver.Polarity, t, 0)
	}
	x.done(t, out)
	x.broken, x.mendAt, x.said = false, never, false
	x.measure(t, out)
}

// state is the line's State event.
func (x *fxo) state() int32 {
	s := int32(0)
	if x.seized {
		s |= driver.StateOffHook
	}
	if x.ringing {
		s |= driver.StateRinging
	}
	if x.dead {
		s |= driver.StateNoBattery
	}
	if x.reversed {
		s |= driver.StateReversed
	}
	return s
}

// command carries out what vaad wishes and returns why it does not.
func (x *fxo) command(c driver.Command, t int64, out *emitter) (refused string) {
	busy := x.doneAt != never
	switch c.Kind {
	case driver.GoOffHook:
		if !x.seized {
			x.seized = true
			out.event(driver.OffHook, t, 0)
			out.tell(out.words.text("off-hook"), t)
		}
	case driver.GoOnHook:
		x.doneAt = never
		if x.seized {
			x.seized = false
			out.event(driver.OnHook, t, 0)
			out.tell(out.words.text("on-hook"), t)
		}
	case driver.SendFlash:
		switch {
		case !x.seized:
			return refusedOnHook
		case busy:
			return refusedBusy
		case c.Value < 1 || c.Value > maxEventMS:
			return "a flash lasts 1 to 60000 ms"
		}
		x.doneAt = t + int64(c.Value)*driver.MS
		out.tell(appendNumber(out.words.text("flash"), int64(c.Value)), t)
	case driver.PulseDial:
		return x.pulse(c, t, busy, out)
	default:
		return refusedKind
	}
	x.measure(t, out)
	return ""
}

const (
	refusedOnHook = "the line is on-hook"
	refusedBusy   = "the line is still dialling"
	refusedKind   = "a line of this kind cannot do that"

	maxPulseDigits = 64
	interDigit     = 700 * driver.MS // between two pulse-dialled digits
)

func (x *fxo) pulse(c driver.Command, t int64, busy bool, out *emitter) (refused string) {
	makeMS, breakMS := int64(c.Value>>16&0xFFFF), int64(c.Value&0xFFFF)
	if c.Value == 0 {
		makeMS, breakMS = 40, 60
	}
	switch {
	case !x.seized:
		return refusedOnHook
	case busy:
		return refusedBusy
	case len(c.Data) == 0 || len(c.Data) > maxPulseDigits:
		return "1 to 64 digits can be pulse-dialled at once"
	case makeMS < 5 || makeMS > 500 || breakMS < 5 || breakMS > 500:
		return "make and break of a pulse last 5 to 500 ms"
	}
	length := int64(0)
	for _, d := range c.Data {
		if d < '0' || d > '9' {
			return "only the digits 0 to 9 can be pulse-dialled"
		}
		pulses := int64(d - '0')
		if pulses == 0 {
			pulses = 10
		}
		length += pulses*(makeMS+breakMS)*driver.MS + interDigit
	}
	x.doneAt = t + length - interDigit
	b := append(append(out.words.text("pulse"), ' '), c.Data...)
	out.tell(appendNumber(appendNumber(b, makeMS), breakMS), t)
	return ""
}

func truth(b bool) int32 {
	if b {
		return 1
	}
	return 0
}
