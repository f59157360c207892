package analog

import (
	"strconv"

	"vaad/driver"
	"vaad/dsp/callerid"
)

const (
	partsKept = 8                // bursts and pauses of one cycle of ringing
	cyclePart = 1200 * driver.MS // a longer pause ends a cycle
	cycleStep = 50 * driver.MS   // to which they are rounded: cards see the bell that exactly
)

// cadence is how the bell rings: which of several numbers of a line is called
// (distinctive ring).
type cadence struct {
	part [partsKept]int64
	n    int
	full bool // a cycle is known
}

func (c *cadence) add(length int64) {
	if !c.full && c.n < partsKept {
		c.part[c.n] = (length + cycleStep/2) / cycleStep * cycleStep
		c.n++
	}
}

// text is a cycle in ms, as "400/200/400/2000".
func (c *cadence) text() string {
	var b []byte
	for i, p := range c.part[:c.n] {
		if i > 0 {
			b = append(b, '/')
		}
		b = strconv.AppendInt(b, p/driver.MS, 10)
	}
	return string(b)
}

func (t *Trunk) ringBegin() {
	if t.ring.on {
		return
	}
	if t.state == Seizing { // a call came in at the same time
		t.ringsFirst = true
		t.start(timeGlare, t.seizedAt+glareAfter)
	}
	if holding(t.state) {
		return // the bell of a line that is off-hook does not ring
	}
	if t.state == OffHookOut && t.hook.level == levelOff && t.hook.rungOff(t.now) {
		t.step(inPutDown, t.now) // the idle voltage has changed
	}
	pause := t.now - t.ring.end
	t.ring.began(t.now, t.state == Ringing)
	t.hook.ringing()
	t.at = t.now
	t.emit(RingBegin, 0)
	if t.state == Ringing {
		t.cadence.add(pause)
		if pause >= cyclePart && !t.cadence.full {
			t.cadence.full = true
			t.call.Cadence = t.cadence.text()
		}
	}
	t.start(timeStuckRing, t.now+longestBurst)
	t.step(inBurst, t.now)
}

func (t *Trunk) ringEnd() {
	if !t.ring.on {
		return
	}
	t.ring.on, t.ring.end = false, t.now
	t.stop(timeStuckRing)
	t.stop(timeBurst)
	t.hook.freeze(t.now + freezeAfter)
	t.at = t.now
	t.emit(RingEnd, 0)
	t.cadence.add(t.now - t.ring.begin)
	t.step(inBurstEnd, t.now)
}

// proveRing waits until the burst has lasted as long as bells ring.
func (t *Trunk) proveRing() {
	t.cadence = cadence{}
	t.start(timeBurst, t.ring.begin+ringProof)
}

func (t *Trunk) ringProven() {
	if t.ring.on {
		t.step(inRings, t.ring.begin)
	}
}

// awaitRing waits for the ring behind a reversal, or for one that is long enough.
func (t *Trunk) awaitRing() { t.start(timeState, t.now+preRingWait) }

func (t *Trunk) beginIn() {
	c := Call{Direction: In, AnsweredBy: ByNone, DirectionBy: FromRing, Rings: 1, Called: t.cfg.Own}
	if c.Called != "" {
		c.CalledBy = OwnNumber
	}
	t.caller.begin(t.now, t.ended)
	t.caller.adopt(&c, t.now)
	t.beginCall(c)
}

// ringOn is the next burst.
func (t *Trunk) ringOn() {
	t.stop(timeState)
	t.call.Rings++
	if t.caller.adopt(&t.call, t.now) {
		t.numbers(t.call.CallerBy)
	}
	if t.call.Rings > enoughRings {
		t.out.Events = t.caller.failed(t.out.Events, &t.call, t.now)
	}
}

// awaitBurst waits for the next one, or for an off-hook, which is seen one voltage
// sample late.
func (t *Trunk) awaitBurst() {
	t.start(timeState, t.ring.end+t.ring.wait()+min(t.hook.every, driver.Rate))
}

func (t *Trunk) missed() {
	t.ringingOver()
	t.call.Missed = true
	t.at = t.ring.end
	t.endCall(EndRingStopped)
}

// takenElsewhere: a telephone in parallel has answered.
func (t *Trunk) takenElsewhere() {
	t.ringingOver()
	t.endCall(EndParallel)
}

func (t *Trunk) answerIn() {
	t.ringingOver()
	t.answer(ByOffHook)
}

// ringingOver ends the bell, as it does when the line is answered in a burst.
func (t *Trunk) ringingOver() {
	at := t.at
	t.stop(timeBurst)
	if t.ring.on {
		t.ring.on, t.ring.end = false, t.now
		t.stop(timeStuckRing)
		t.hook.freeze(t.now + freezeAfter)
		t.at = t.now
		t.emit(RingEnd, 0)
	}
	t.ring.over()
	t.at = at
	t.out.Events = t.caller.failed(t.out.Events, &t.call, t.now)
}

// Message says that a detector has received a whole message about who calls; it is
// known at known. On-hook it waits 6 s for a ring; between bursts it is the
// caller's, as it is when we answered while it was sent; during a call FSK is about
// another call that waits.
func (t *Trunk) Message(o *Output, m *callerid.Message, known int64) {
	t.begin(o, known)
	defer func() { t.out = nil }()
	number, name, _, ok := who(m)
	if !ok {
		return
	}
	early := t.state == Talking && t.call.Direction == In && m.At < t.call.Answered
	switch {
	case t.state == Idle || t.state == PreRing || t.state == Unknown || t.state == Releasing:
		t.caller.hold(m, t.now, false, t.cfg.Country)
	case t.state == Ringing || early:
		t.caller.hold(m, t.now, true, t.cfg.Country)
		if t.caller.adopt(&t.call, t.now) {
			t.at = m.At
			t.numbers(t.call.CallerBy)
		}
	case holding(t.state) && m.Coding != callerid.DTMF:
		t.waiting(m.At, number, name)
	}
}

// Damaged says that a message began and was not received; it is known at known.
func (t *Trunk) Damaged(o *Output, known int64) {
	t.begin(o, known)
	switch t.state {
	case Idle, PreRing, Unknown, Ringing:
		t.caller.damaged = t.now
	}
	t.out = nil
}

// waiting tells of another call, once by its tone and once with its number.
func (t *Trunk) waiting(at int64, number, name string) {
	if !t.up || t.state != Talking || !t.progress.waits(t.now, number != "" || name != "") {
		return
	}
	t.tell(Event{Kind: CallWaiting, Pos: min(at, t.now), Known: t.now, Caller: number, Name: name, Call: t.call})
}
