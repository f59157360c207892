package analog

import "vaad/driver"

const (
	loadSettles = 1 * driver.Rate  // after off-hook
	loadLasts   = 1 * driver.Rate  // longer than pulses, flashes and reversals
	loadLess    = 80               // per cent: two telephones share what one had
	loadBack    = 90               //
	loadMore    = 120              // that is no telephone off-hook
	loadSlow    = 10 * driver.Rate // how fast it is followed
)

// load is the voltage, or the current, of the line that we hold. It drops when
// another telephone is picked up.
type load struct {
	from      int64
	base      int64 // 0: not known
	last      int64
	low, high int64 // it has been lower, as high as before, since; never: it is not
	shared    bool
}

func newLoad(from int64) load { return load{from: from, low: never, high: never} }

// sample takes a value without sign.
func (l *load) sample(v, pos int64) {
	switch {
	case pos-l.from < loadSettles:
		return
	case l.base == 0:
		l.base, l.last = v, pos
		return
	}
	dt := pos - l.last
	l.last = pos
	if v*100 >= l.base*loadLess {
		l.low = never
	} else if l.low == never {
		l.low = pos
	}
	if v*100 < l.base*loadBack {
		l.high = never
	} else if l.high == never {
		l.high = pos
	}
	switch {
	case !l.shared && l.low != never && pos-l.low >= loadLasts:
		l.shared = true
	case l.shared && l.high != never && pos-l.high >= loadLasts:
		l.shared = false
	}
	if !l.shared && l.low == never && v*100 < l.base*loadMore {
		l.base = track(l.base, v, dt, loadSlow, loadSlow)
	}
}

func (t *Trunk) opened(bits int32) {
	if t.state == Gone {
		t.step(inBoardBack, t.now)
	}
	t.reversed = bits&driver.StateReversed != 0
	t.battery(bits&driver.StateNoBattery == 0)
	if bits&driver.StateOffHook != 0 && !holding(t.state) { // left so by whoever had the board before
		t.command(driver.GoOnHook, 0)
		if t.state == Unknown {
			t.guard()
		}
	}
	if bits&driver.StateRinging != 0 {
		t.ringBegin()
	}
}

// volts takes one voltage, mV.
func (t *Trunk) volts(mv int32) {
	c := t.hook.sample(mv, t.now, true)
	switch {
	case c.to == levelNone:
		t.step(inDead, c.at)
	case holding(t.state):
		t.feedSeen()
		if v := int64(mv); t.hook.none == never && !t.flashing && !t.sending {
			t.volt.sample(max(v, -v), t.now)
			t.alone(!t.volt.shared && !t.amps.shared)
		}
	case c.to == levelOn:
		t.step(inPutDown, c.at)
	case c.to == levelOff && t.state != Releasing:
		t.step(inPickUp, c.at)
	}
}

// current takes the current of the loop, µA.
func (t *Trunk) current(ua int32) {
	if v := int64(ua); holding(t.state) && v != 0 && !t.flashing && !t.sending {
		t.amps.sample(max(v, -v), t.now)
		t.at = t.now
		t.alone(!t.volt.shared && !t.amps.shared)
	}
}

// feedSeen measures by the voltage how long the exchange interrupts the feed.
func (t *Trunk) feedSeen() {
	t.at = t.now
	if t.hook.none != never {
		t.noneSince, t.noneUntil = t.hook.none, t.now
	} else if t.noneSince != never {
		length, at := t.noneUntil-t.noneSince, t.noneSince
		t.noneSince = never
		t.loopBreak(length, at)
	}
}

// loopBreak takes an interruption of the feed, which is over now.
func (t *Trunk) loopBreak(length, at int64) {
	if holding(t.state) && !t.flashing && length >= breakLeast && t.now-length >= max(t.seizedAt, t.sentAt)+switching {
		t.rung(rungLoopBreak, at)
	}
}

// battery is the card's own word about the feed. Where voltages come they decide.
func (t *Trunk) battery(present bool) {
	switch {
	case t.hook.level != levelUnknown:
	case present:
		if t.runs(timeFeed) {
			t.stop(timeFeed)
			t.loopBreak(t.now-t.lostAt, t.lostAt)
		}
		if t.noFeed {
			t.noFeed = false
			t.at = t.now
			t.emit(BatteryBack, 0)
		}
		if t.state == NoBattery {
			t.step(inFeed, t.now)
		}
	case t.state != NoBattery && !t.runs(timeFeed):
		t.lostAt = t.now
		wait := int64(noBatteryAfter)
		if holding(t.state) {
			wait = deadAfter
		}
		t.start(timeFeed, t.now+wait)
	}
}

// neighbour is told by the board that another telephone on the line is off-hook,
// or not any more. Where voltages come they decide.
func (t *Trunk) neighbour(off bool) {
	t.at = t.now
	switch {
	case t.hook.level != levelUnknown:
	case holding(t.state):
		t.alone(!off)
	case off:
		t.step(inPickUp, t.now)
	default:
		t.alone(true)
		t.step(inPutDown, t.now)
	}
}

// polarity takes a reversal. On-hook a ring or a message may follow; to a call out
// it is the answer, and then its end; a call that came in it ends.
func (t *Trunk) polarity(reversed bool) {
	if reversed == t.reversed {
		return
	}
	t.reversed, t.at = reversed, t.now
	v := int64(0)
	if reversed {
		v = 1
	}
	t.emit(Polarity, v)
	c := &t.call
	switch {
	case t.state == Releasing || t.flashing || t.flashed > 0 && t.now-t.flashed < flashMost:
	case !holding(t.state):
		t.reversedAt = t.now
		t.step(inReversed, t.now)
	case c.Direction == In:
		if t.now-c.Answered >= settled {
			t.rung(rungReversal, t.now)
		}
	case c.AnsweredBy == ByReversal:
		t.rung(rungReversal, t.now)
	case t.answerAt > 0: // it was, or a signal between exchanges
		at := t.answerAt
		t.noAnswer()
		if t.now-at > winkMost {
			t.connect(at, ByReversal)
			t.rung(rungReversal, t.now)
		}
	case t.state == Seizing || t.state == Dialling && (t.sending || t.waits): // the exchange is at work
	case t.progress.rang || t.progress.voices > 0:
		t.connect(t.now, ByReversal)
	default: // if a busy tone follows it was no answer
		t.answerAt = t.now
		t.start(timeAnswer, t.now+answerSure)
	}
}

// reversalAnswers is called when a reversal would have shown to be no answer.
func (t *Trunk) reversalAnswers() {
	at := t.answerAt
	t.noAnswer()
	t.connect(at, ByReversal)
}

// noAnswer forgets a reversal that waits.
func (t *Trunk) noAnswer() {
	t.answerAt = 0
	t.stop(timeAnswer)
}

// lastAnswer takes a reversal that waits for the answer of the call that ends.
func (t *Trunk) lastAnswer() {
	if t.answerAt == 0 || t.call.Direction != Out {
		return
	}
	at := t.at
	t.at = t.answerAt
	t.noAnswer()
	t.answer(ByReversal)
	t.at = at
}

// done: the board has flashed, or pulsed.
func (t *Trunk) done() {
	switch {
	case t.flashing:
		t.flashDone()
	case t.sending && t.pulses:
		t.sent()
	}
}

func (t *Trunk) flashDone() {
	t.stop(timeFlash)
	t.flashing, t.flashed, t.at = false, t.now, t.now
	t.emit(Flash, int64(t.flashMS))
}

// refused: the board has not done what it was told.
func (t *Trunk) refused(k driver.CommandKind) {
	switch {
	case k == driver.GoOffHook && holding(t.state):
		t.fail(EndRefused)
	case k == driver.GoOnHook && t.state == Releasing:
		t.stuck = true
	case k == driver.SendFlash && t.flashing:
		t.flashing = false
		t.stop(timeFlash)
	case k == driver.PulseDial && t.sending && t.pulses: // it cannot: every exchange of today knows keys
		t.pulses = false
		t.act(Act{Kind: PlayKeys, Keys: string(t.data)})
		t.start(timeScript, t.now+sendMost+int64(len(t.data))*keyMost)
	}
}
