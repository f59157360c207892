package analog

import "vaad/driver"

// How long the states wait. Field values unless a source is given.
const (
	preRingWait   = 6 * driver.Rate        // a ring follows a caller ID within 6 s
	gapSlack      = 1 * driver.Rate        // a burst may come that much later than the learnt gap
	connectWait   = 1 * driver.Rate        // after answering, nobody needs longer to start talking
	firstDigit    = 15 * driver.Rate       // exchanges give up waiting for digits after 10–20 s
	digitPause    = 5 * driver.Rate        // a pause that ends the number
	keyKnown      = 250 * driver.MS        // a key is known that much after it began
	pulsesKnown   = 1500 * driver.MS       // … a digit dialled in pulses
	answerSure    = 5 * driver.Rate        // until then a digit or a busy tone shows that a reversal was no answer
	releaseTone   = 2 * driver.Rate        // busy tone this soon after a reversal: the exchange released the line
	answerEarly   = 2 * driver.Rate        // a reversal this soon is the exchange seizing the line, nobody can have been called yet
	longAbandoned = 10 * 60 * driver.Rate  // nothing is heard: a handset beside the telephone
	longAny       = 120 * 60 * driver.Rate // no call lasts that long unnoticed
)

// The actions of the table. t.at is when the input truly happened, t.now when
// it was known.

func nothing(*Tap) {}

func beginIn(t *Tap) {
	c := Call{Direction: In, AnsweredBy: ByNone, DirectionBy: FromRing, Rings: 1, Called: t.cfg.Own}
	if c.Called != "" {
		c.CalledBy = OwnNumber
	}
	t.caller.begin(t.now, t.ended)
	t.caller.adopt(&c, t.now)
	t.begin(c)
}

func beginUnknown(t *Tap) {
	t.begin(Call{Direction: DirectionUnknown, DirectionBy: FromFound, AnsweredBy: ByUnknown})
}

func beginOut(t *Tap) {
	c := Call{Direction: Out, AnsweredBy: ByNone, DirectionBy: FromNoRing, Caller: t.cfg.Own}
	if c.Caller != "" {
		c.CallerBy = OwnNumber
	}
	t.begin(c)
	t.due = t.now + firstDigit
}

func beginAgain(t *Tap) {
	beginOut(t)
	dialled(t)
}

func holdRinging(t *Tap) {
	t.due = never
	t.call.Rings++
	if t.caller.adopt(&t.call, t.now) {
		t.numbers(t.call.CallerBy)
	}
	if t.call.Rings > enoughRings {
		t.out = t.caller.failed(t.out, &t.call, t.now)
	}
}

// awaitRing waits for the next burst, or for an off-hook, which is seen one
// voltage sample late.
func awaitRing(t *Tap) { t.due = t.ring.end + t.ring.wait() + min(t.hook.every, driver.Rate) }

func awaitFirstRing(t *Tap)  { t.due = t.now + preRingWait }
func awaitFirstDigit(t *Tap) { t.due, t.digitBy = t.now+firstDigit, never }

func dialled(t *Tap) {
	t.noAnswer() // nobody answers before all of the number is known
	t.number.add(t.key)
	t.progress.voices, t.voiceDue, t.guessDue = 0, never, never // whoever spoke was beside the telephone
	t.press(Digit)
	t.digitBy = t.number.end + digitPause
	t.due = max(t.digitBy+keyKnown, t.now)
	if t.number.pulses {
		t.due = max(t.digitBy+pulsesKnown, t.now)
	}
	if t.outsideOnly() { // its dial tone may be late
		awaitFirstDigit(t)
	}
}

func keyed(t *Tap) {
	if t.hookless() {
		t.talk.last = max(t.talk.last, t.key.At+t.key.Length)
	}
	if t.state == Talking && t.flashed > 0 && !t.back && t.now-t.flashed < flashTone {
		t.held = true // a second call is dialled, whose dial tone was short
	}
	t.press(Key)
}

func (t *Tap) press(k EventKind) {
	p := t.key
	t.out = append(t.out, Event{Kind: k, Pos: min(p.At, t.now), Known: t.now, Value: int64(p.Key), Length: p.Length, Sure: p.Sure, By: p.By})
}

func answerIn(t *Tap) {
	t.ring.over()
	t.out = t.caller.failed(t.out, &t.call, t.now)
	t.answer(ByOffHook)
	t.due = t.now + connectWait
}

func answerOut(t *Tap) { t.answer(ByReversal) }

func endMissed(t *Tap) {
	t.ring.over()
	t.out = t.caller.failed(t.out, &t.call, t.now)
	t.call.Missed = true
	t.at = t.ring.end
	t.end(EndRingStopped)
}

func endFaded(t *Tap) {
	t.ring.over()
	t.out = t.caller.failed(t.out, &t.call, t.now)
	t.call.AnsweredBy = ByUnknown
	t.at = t.ring.end
	if t.talk.last > 0 {
		t.at = max(t.at, min(t.talk.last, t.now))
		t.progress.spoke = true
	}
	t.talk.none()
	t.end(EndRingStopped)
}

func endOnHook(t *Tap)    { t.end(EndOnHook) }
func endBusy(t *Tap)      { t.end(EndBusyTone) }
func endHowler(t *Tap)    { t.end(EndHowler) }
func endNoBattery(t *Tap) { t.end(EndNoBattery) }
func endGone(t *Tap)      { t.end(EndGone) }

func endDialTone(t *Tap) {
	t.end(EndDialTone)
	t.fresh = true
}

func freshDialTone(t *Tap) { t.fresh, t.again.n = true, 0 }

// begin begins a call; calls never overlap, whatever was known late.
func (t *Tap) begin(c Call) {
	t.at = max(t.at, t.ended)
	c.Begin = t.at
	t.call, t.up, t.fresh = c, true, false
	t.noAnswer()
	t.number, t.progress, t.regular, t.guessDue = number{}, progressOf{}, Tone{}, never
	t.out = append(t.out, Event{Kind: CallBegin, Pos: t.at, Known: t.now, Call: t.call})
	switch {
	case c.Direction == In && c.CallerBy != "":
		t.numbers(c.CallerBy)
	case c.Caller != "" || c.Called != "":
		t.numbers(OwnNumber)
	}
}

// numbers tells that something new is known of the parties.
func (t *Tap) numbers(by string) {
	t.out = append(t.out, Event{Kind: Numbers, Pos: max(min(t.at, t.now), t.call.Begin), Known: t.now, By: by, Call: t.call})
}

func (t *Tap) answer(by string) {
	t.call.Answered, t.call.AnsweredBy = max(t.at, t.call.Begin), by
	t.out = append(t.out, Event{Kind: CallAnswered, Pos: t.call.Answered, Known: t.now, Call: t.call})
}

// end ends the call that is up, if one is. A call never ends before it began:
// what happened before is told late.
func (t *Tap) end(by string) {
	t.fresh = false
	if !t.up {
		return
	}
	t.lastAnswer()
	t.lastGuess(t.at)
	t.up = false
	t.call.EndedBy = by
	t.call.Outcome = t.outcome()
	t.learnRelease(by)
	t.ended = max(t.at, t.call.Begin, t.call.Answered)
	t.out = append(t.out, Event{Kind: CallEnd, Pos: t.ended, Known: t.now, Call: t.call})
}

func (t *Tap) emit(k EventKind, value int64) {
	t.out = append(t.out, Event{Kind: k, Pos: t.at, Known: t.now, Value: value})
}
