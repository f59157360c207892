package sim

import (
	"encoding/binary"

	"vaad/driver"
)

const (
	bounce     = 10 * driver.MS  // shorter breaks are contacts bouncing
	digitEnd   = 150 * driver.MS // the loop closed for that long ends a pulse-dialled digit
	usualFlash = 500             // ms, of an E flash that does not say its length
	maxCadence = 16              // steps of a ringing cadence
)

// fxs is a line that faces a telephone, which a peer or a scene plays.
type fxs struct {
	flashMin, flashMax int64 // samples

	closed  bool  // the loop, as it is
	offHook bool  // the telephone, as it is reported
	edge    int64 // when the loop changed last
	pulses  int
	hookAt  int64 // open: hang-up; closed: end of a digit

	ringing  bool // a cadence runs
	ringerOn bool
	cadence  [maxCadence]int64 // samples on, off, on, off, …
	steps    int
	step     int
	burst    bool // once
	ringAt   int64

	reversed bool
	talkTo   int64 // end of on-hook transmission
}

func newFXS(o options) fxs {
	return fxs{flashMin: int64(o.FlashMin) * driver.MS, flashMax: int64(o.FlashMax) * driver.MS, hookAt: never, ringAt: never}
}

// apply carries out what the telephone does.
func (x *fxs) apply(m message, t int64, out *emitter) {
	switch {
	case m.op == opOffHook && !x.closed:
		x.closed = true
		out.event(driver.HookEdge, t, 1)
		x.closeLoop(t, out)
	case m.op == opOnHook && x.closed:
		x.closed = false
		out.event(driver.HookEdge, t, 0)
		x.edge, x.hookAt = t, t+x.flashMax+1
	case m.op == opFlash && x.closed:
		ms := m.value
		if ms == 0 {
			ms = usualFlash
		}
		out.event(driver.Flash, t, ms)
	}
}

// closeLoop tells by its length what a break was.
func (x *fxs) closeLoop(t int64, out *emitter) {
	x.hookAt = never
	if !x.offHook {
		x.offHook, x.pulses = true, 0
		out.event(driver.OffHook, t, 0)
		x.stopRinging(t, out)
		return
	}
	length := t - x.edge
	switch {
	case length < bounce:
	case length < x.flashMin:
		x.pulses++
	default:
		x.pulses = 0
		out.event(driver.Flash, t, int32(length/driver.MS))
	}
	if x.pulses > 0 {
		x.hookAt = t + digitEnd
	}
}

// due is when its hook timer ends.
func (x *fxs) due() int64 { return x.hookAt }

// fire ends a digit or confirms a hang-up.
func (x *fxs) fire(t int64, out *emitter) {
	x.hookAt = never
	if !x.closed {
		x.offHook, x.pulses = false, 0
		out.event(driver.OnHook, t, 0)
		return
	}
	if x.pulses <= 10 {
		out.event(driver.PulseDigit, t, int32('0'+x.pulses%10))
	}
	x.pulses = 0
}

// reset is what the line does when its telephone is unplugged.
func (x *fxs) reset(t int64, out *emitter) {
	if x.closed {
		x.closed = false
		out.event(driver.HookEdge, t, 0)
	}
	if x.offHook {
		x.offHook = false
		out.event(driver.OnHook, t, 0)
	}
	x.hookAt, x.pulses = never, 0
}

func (x *fxs) state() int32 {
	if x.offHook {
		return driver.StateOffHook
	}
	return 0
}

// command carries out what vaad wishes and returns why it does not.
func (x *fxs) command(c driver.Command, t int64, out *emitter) (refused string) {
	switch c.Kind {
	case driver.Ring, driver.RingBurst:
		return x.ring(c, t, out)
	case driver.RingStop:
		x.stopRinging(t, out)
	case driver.SetPolarity:
		if reversed := c.Value != 0; reversed != x.reversed {
			x.reversed = reversed
			out.tell(out.words.text("reversal"), t)
		}
	case driver.SendLoopBreak:
		if c.Value < 1 || c.Value > maxEventMS {
			return "a loop break lasts 1 to 60000 ms"
		}
		out.tell(appendNumber(out.words.text("loop-break"), int64(c.Value)), t)
	case driver.OnHookTransmit:
		x.talkTo = t + int64(max(c.Value, 0))*driver.MS
	default:
		return refusedKind
	}
	return ""
}

func (x *fxs) ring(c driver.Command, t int64, out *emitter) (refused string) {
	if x.offHook {
		return "the telephone is off-hook"
	}
	x.stopRinging(t, out)
	x.burst = c.Kind == driver.RingBurst
	x.cadence = [maxCadence]int64{1000 * driver.MS, 4000 * driver.MS} // as Chinese exchanges ring
	x.steps = 2
	switch {
	case x.burst:
		if c.Value < 1 || c.Value > maxEventMS {
			return "a ring burst lasts 1 to 60000 ms"
		}
		x.cadence[0] = int64(c.Value) * driver.MS
	case len(c.Data) > 0:
		if len(c.Data)%4 != 0 || len(c.Data) > 2*maxCadence {
			return "a ringing cadence is 1 to 8 pairs of ms on and ms off"
		}
		x.steps = len(c.Data) / 2
		for i := range x.steps {
			ms := binary.LittleEndian.Uint16(c.Data[2*i:])
			if ms < 20 {
				return "the times of a ringing cadence are 20 ms or more"
			}
			x.cadence[i] = int64(ms) * driver.MS
		}
	}
	x.ringing, x.step = true, 0
	x.switchRinger(true, t, out)
	x.ringAt = t + x.cadence[0]
	return ""
}

// cadenceTo carries out the changes of the cadence before end.
func (x *fxs) cadenceTo(end int64, out *emitter) {
	for x.ringAt < end {
		t := x.ringAt
		if x.burst {
			x.stopRinging(t, out)
			return
		}
		x.step = (x.step + 1) % x.steps
		x.switchRinger(x.step%2 == 0, t, out)
		x.ringAt = t + x.cadence[x.step]
	}
}

func (x *fxs) switchRinger(on bool, t int64, out *emitter) {
	if on == x.ringerOn {
		return
	}
	x.ringerOn = on
	if on {
		out.event(driver.RingerOn, t, 0)
		out.tell(out.words.text("ring"), t)
	} else {
		out.event(driver.RingerOff, t, 0)
		out.tell(out.words.text("ring-end"), t)
	}
}

func (x *fxs) stopRinging(t int64, out *emitter) {
	x.ringing, x.burst, x.ringAt = false, false, never
	x.switchRinger(false, t, out)
}
