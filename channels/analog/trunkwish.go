package analog

import (
	"strings"

	"vaad/driver"
)

const (
	usualFlash = 500  // ms
	leastFlash = 50   // ms
	mostFlash  = 2000 // ms
)

// An Order says whom to call.
type Order struct {
	Number string // 0-9 * # A-D, "," for a pause of 1 s; a "+" in front is left out
	Prefix string // dialled before it, after which a dial tone may come; "": that of the line
	Report bool   // in this call the release ladder only reports, but for its longest length
}

func refuse(code, text string) error { return &Refusal{Code: code, Text: text} }

// orderly brings what is to be sent into the form in which it is. False: it cannot be.
func orderly(keys string, pulses bool) (string, bool) {
	if len(keys) > maxDialled {
		return "", false
	}
	keys = strings.ToUpper(keys)
	allowed := "0123456789*#ABCD,"
	if pulses {
		allowed = "0123456789,"
	}
	return keys, strings.Trim(keys, allowed) == ""
}

// keysOf is a number without its pauses.
func keysOf(number string) string { return strings.ReplaceAll(number, ",", "") }

// Dial begins a call: CallBegin, then Alerting, CallAnswered, CallEnd.
func (t *Trunk) Dial(o *Output, order Order) error {
	if order.Prefix == "" {
		order.Prefix = t.cfg.Prefix
	}
	number, ok := orderly(strings.TrimPrefix(order.Number, "+"), t.cfg.Pulse)
	prefix, fine := orderly(order.Prefix, t.cfg.Pulse)
	if !ok || !fine || keysOf(number) == "" {
		return refuse(RefusedNumber, "a number is of the keys 0-9 * # A-D and \",\" for pauses, in pulses of 0-9, 64 at most")
	}
	if err := t.free(); err != nil {
		return err
	}
	t.order = Order{Number: number, Prefix: prefix, Report: order.Report}
	t.wish(o, inCall)
	return nil
}

// free reports whether the line can be seized.
func (t *Trunk) free() error {
	gap := t.ring.wait() - gapSlack
	recent := func(at int64) bool { return at != never && t.now-at < gap }
	switch {
	case t.state == Gone:
		return refuse(RefusedGone, "the board is gone")
	case t.state == NoBattery || t.hook.level == levelNone:
		return refuse(RefusedNoBattery, "no voltage on the line")
	case t.state == Ringing || t.state == PreRing || t.ring.on:
		return refuse(RefusedRinging, "it rings")
	case holding(t.state):
		return refuse(RefusedBusy, "a call is up")
	case t.state == OffHookOut || t.state == Idle && t.hook.lowSince() != never || t.state == Idle && t.hook.level == levelOff:
		return refuse(RefusedBusy, "a telephone in parallel uses the line")
	case t.state != Idle:
		return refuse(RefusedBusy, "the line is not free yet")
	case recent(t.ring.end) || recent(t.reversedAt):
		return refuse(RefusedRinging, "it may ring on")
	case t.cfg.Volts && t.hook.level == levelUnknown:
		return refuse(RefusedBusy, "the voltage of the line is not known yet")
	}
	return nil
}

// wish feeds a wish to the table.
func (t *Trunk) wish(o *Output, in trunkInput) {
	t.out = o
	t.step(in, t.now)
	t.out = nil
}

// Answer answers the call that rings.
func (t *Trunk) Answer(o *Output) error {
	switch t.state {
	case Ringing:
		t.wish(o, inAnswer)
		return nil
	case Gone:
		return refuse(RefusedGone, "the board is gone")
	case NoBattery:
		return refuse(RefusedNoBattery, "no voltage on the line")
	}
	return refuse(RefusedNotRinging, "nothing rings")
}

// Release ends the call. Where a telephone in parallel is off-hook too the call goes
// on there: it ends by [EndParallel].
func (t *Trunk) Release(o *Output) error {
	switch {
	case holding(t.state):
		t.why = EndReleased
		if t.parallel {
			t.why = EndParallel
		}
		t.wish(o, inRelease)
		return nil
	case t.state == Ringing:
		return refuse(RefusedCannot, "an analog line cannot refuse what rings; it can be answered and then released")
	case t.state == Gone:
		return refuse(RefusedGone, "the board is gone")
	}
	return refuse(RefusedNoCall, "no call is up")
}

// inCallNow reports whether keys and flashes can be sent.
func (t *Trunk) inCallNow() error {
	switch {
	case t.state == Gone:
		return refuse(RefusedGone, "the board is gone")
	case !holding(t.state):
		return refuse(RefusedNoCall, "no call is up")
	case t.state == Seizing || t.state == Dialling || t.doing != nothingSent || t.flashing:
		return refuse(RefusedBusy, "something else is being sent")
	}
	return nil
}

// Keys sends keys in the call, in DTMF; KeysSent follows.
func (t *Trunk) Keys(o *Output, keys string) error {
	keys, ok := orderly(keys, false)
	if !ok || keys == "" {
		return refuse(RefusedNumber, "keys are 0-9 * # A-D, and \",\" for pauses, 64 at most")
	}
	if err := t.inCallNow(); err != nil {
		return err
	}
	t.out = o
	if t.state == Talking && t.flashed > 0 && !t.back && t.now-t.flashed < flashTone {
		t.held = true // a second call is dialled
	}
	t.script, t.doing = keys, sendsKeys
	t.next()
	t.out = nil
	return nil
}

// Flash opens the loop for ms; 0: as long as is usual on the line. An event Flash
// follows.
func (t *Trunk) Flash(o *Output, ms int) error {
	if ms == 0 {
		ms = t.cfg.FlashMS
	}
	if ms == 0 {
		ms = usualFlash
	}
	if ms < leastFlash || ms > mostFlash {
		return refuse(RefusedCannot, "a flash lasts 50 to 2000 ms")
	}
	if err := t.inCallNow(); err != nil {
		return err
	}
	t.out = o
	p := &t.progress
	t.back = t.held
	t.held = t.state == Talking && !t.held && p.waited > 0 && t.now-p.waited < waitingOnce
	t.flashing, t.flashMS, t.flashed = true, ms, t.now
	t.start(timeFlash, t.now+int64(ms)*driver.MS+flashMost)
	t.command(driver.SendFlash, int32(ms))
	t.out = nil
	return nil
}
