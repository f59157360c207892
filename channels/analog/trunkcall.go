package analog

import "vaad/driver"

// doing says whose keys are being sent.
type doing uint8

const (
	nothingSent doing = iota
	sendsNumber
	sendsKeys
)

// beginCall begins a call; calls never overlap, whatever was known late.
func (t *Trunk) beginCall(c Call) {
	t.at = max(t.at, t.ended)
	c.Begin = t.at
	t.call, t.up, t.told = c, true, 0
	t.tell(Event{Kind: CallBegin, Pos: t.at, Known: t.now, Call: t.call})
	switch {
	case c.Direction == In && c.CallerBy != "":
		t.numbers(c.CallerBy)
	case c.Direction == Out:
		t.numbers(c.CalledBy)
	case c.Called != "":
		t.numbers(OwnNumber)
	}
}

// numbers tells that something new is known of the parties.
func (t *Trunk) numbers(by string) {
	t.tell(Event{Kind: Numbers, Pos: max(min(t.at, t.now), t.call.Begin), Known: t.now, By: by, Call: t.call})
}

func (t *Trunk) answer(by string) {
	t.call.Answered, t.call.AnsweredBy = max(t.at, t.call.Begin), by
	t.tell(Event{Kind: CallAnswered, Pos: t.call.Answered, Known: t.now, Call: t.call})
}

// endCall ends the call that is up, if one is. A call never ends before it began:
// what happened before is told late.
func (t *Trunk) endCall(by string) {
	if !t.up {
		return
	}
	t.lastAnswer()
	t.lastGuess(t.at)
	t.up = false
	t.call.EndedBy = by
	t.call.Outcome = t.progress.outcome(&t.call, t.call.Dialled != "")
	if x := t.regular; by == EndReleased && x.On > 0 && t.now-x.At <= lastly && t.call.Answered > 0 {
		t.own.heardBusy(x)
	}
	t.regular = Tone{}
	t.ended = max(t.at, t.call.Begin, t.call.Answered)
	t.tell(Event{Kind: CallEnd, Pos: t.ended, Known: t.now, Call: t.call})
}

// hangUp ends the call for t.why; the hook has followed the state.
func (t *Trunk) hangUp() { t.endCall(t.why) }

func (t *Trunk) feedLost() {
	if t.up && t.call.Direction == In && t.call.Answered == 0 {
		t.ringingOver()
	}
	t.endCall(EndNoBattery)
}

func (t *Trunk) boardLost() { t.endCall(EndGone) }

// fail ends a call that cannot go on.
func (t *Trunk) fail(why string) {
	t.why = why
	t.step(inLadder, t.now)
}

// seize begins a call out: off-hook, and dial tone must come.
func (t *Trunk) seize() {
	c := Call{Direction: Out, AnsweredBy: ByNone, DirectionBy: FromWish, Caller: t.cfg.Own, Called: keysOf(t.order.Number), CalledBy: InKeys, Sure: 100}
	if t.cfg.Pulse {
		c.CalledBy = InPulses
	}
	if c.Caller != "" {
		c.CallerBy = OwnNumber
	}
	t.beginCall(c)
	t.start(timeState, t.now+dialToneWait)
}

// noDialTone is called when dial tone should have come. A line that never had one
// that was known has one that nobody knows, or none: there the number is dialled.
func (t *Trunk) noDialTone() {
	if first := min(t.due[timeGlare], t.due[timeVoice]); first != never { // somebody may be there
		t.start(timeState, first+1)
		return
	}
	heard := t.progress.voices > 0 // enough for a doubt
	switch {
	case !t.hasDial && (!heard || t.now >= t.seizedAt+dialToneMost):
		t.step(inDialTone, t.now)
	case t.now < t.seizedAt+dialToneMost:
		t.start(timeState, t.seizedAt+dialToneMost)
	default:
		t.fail(EndNoDialTone)
	}
}

// glareOrNot is called when a dial tone would have shown that nobody is there.
func (t *Trunk) glareOrNot() {
	if t.state == Seizing && !t.dialOn && (t.ringsFirst || t.progress.spoken(t.now) >= glareVoice) {
		t.step(inGlare, t.now)
	}
}

// glare takes whoever is there for a caller that we have answered.
func (t *Trunk) glare() {
	t.progress = progressOf{} // what was heard is of the call that came in
	t.endCall(EndGlare)
	t.order.Report = false
	c := Call{Direction: In, AnsweredBy: ByNone, DirectionBy: FromGlare, Called: t.cfg.Own}
	if c.Called != "" {
		c.CalledBy = OwnNumber
	}
	t.caller.adopt(&c, t.now)
	t.beginCall(c)
	t.answer(ByOffHook)
}

// dial begins to send the number.
func (t *Trunk) dial() {
	t.stop(timeGlare)
	t.progress = progressOf{}
	t.script, t.doing = t.order.Number, sendsNumber
	prefix := keysOf(t.order.Prefix)
	if prefix != "" {
		t.script = t.order.Prefix + "w" + t.order.Number
	}
	t.call.Dialled = prefix + t.call.Called
	t.numbers(t.call.CalledBy)
	t.sendNext()
}

// next goes on with what is to be sent, or says that all of it is out.
func (t *Trunk) next() {
	if t.script != "" {
		t.sendNext()
		return
	}
	t.stop(timeScript)
	t.waits = false
	did := t.doing
	t.doing = nothingSent
	switch did {
	case sendsNumber:
		t.step(inSent, t.now)
	case sendsKeys:
		t.at = t.now
		t.emit(KeysSent, 0)
	}
}

// sendNext sends the next keys, pauses, or waits for dial tone.
func (t *Trunk) sendNext() {
	t.waits = false
	n := 1
	switch c := t.script[0]; c {
	case ',':
		for n < len(t.script) && t.script[n] == c {
			n++
		}
		t.start(timeScript, t.now+int64(n)*pauseKey)
	case 'w':
		t.waits = true
		t.start(timeScript, t.now+secondTone)
	default:
		for n < len(t.script) && t.script[n] != ',' && t.script[n] != 'w' {
			n++
		}
		t.send(t.script[:n])
	}
	t.script = t.script[n:]
}

// send has keys sent. Until they are out, what is heard may be they.
func (t *Trunk) send(keys string) {
	t.sending, t.pulses = true, t.cfg.Pulse && t.doing == sendsNumber
	t.quietAt = never
	t.sounded()
	if t.doing == sendsNumber { // whoever spoke was none of the called party
		t.progress.voices = 0
		t.stop(timeVoice)
		t.stop(timeGuess)
	}
	if t.pulses {
		t.data = append(t.data[:0], keys...)
		t.act(Act{Kind: Command, Do: driver.PulseDial, Data: t.data})
		t.start(timeScript, t.now+sendMost+int64(len(keys))*pulseMost)
		return
	}
	t.act(Act{Kind: PlayKeys, Keys: keys})
	t.start(timeScript, t.now+sendMost+int64(len(keys))*keyMost)
}

// Sent says that the keys it wanted played are out.
func (t *Trunk) Sent(o *Output, pos int64) {
	t.begin(o, pos)
	if t.sending && !t.pulses {
		t.sent()
	}
	t.out = nil
}

func (t *Trunk) sent() {
	t.sending = false
	t.quietAt, t.unclean = t.now+afterKeys, t.now+afterKeys
	if t.doing == sendsNumber {
		t.sentAt = t.now
	}
	if t.voiceOn { // somebody, if it goes on
		t.voiceAt = t.quietAt
		t.start(timeVoice, t.voiceAt+voiceLasts+endKnown)
	}
	t.next()
}

// scriptOver is called when a pause is over, no second dial tone came, or the end
// of what was sent was lost.
func (t *Trunk) scriptOver() {
	if t.sending {
		t.sent()
	} else {
		t.next()
	}
}

// dialled: the number is out.
func (t *Trunk) dialled() { t.sounded() }

func (t *Trunk) alerts() {
	t.tell(Event{Kind: Alerting, Pos: t.at, Known: t.now, Call: t.call})
}

// connect tells that the far end answered at at.
func (t *Trunk) connect(at int64, by string) {
	if t.up && t.call.Direction == Out && (t.call.AnsweredBy == ByNone || guessed(t.call.AnsweredBy)) {
		t.by = by
		t.step(inConnected, at)
	}
}

func (t *Trunk) answered() {
	t.reverses = t.reverses || t.by == ByReversal
	t.answer(t.by)
}
