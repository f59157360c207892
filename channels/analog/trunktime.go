package analog

import "vaad/driver"

// How long a trunk waits. Field values unless a source is given.
const (
	openGuard    = 2200 * driver.MS  // DAHDI hears no ring for 2 s after a port was opened or put on-hook
	ringProof    = 150 * driver.MS   // a shorter burst is no ringing: a dial of a telephone in parallel, lightning
	dialToneWait = 5 * driver.Rate   // exchanges give dial tone within 3 s; it is certain 2 s later
	dialToneMost = 10 * driver.Rate  // … under load, on a line that has always had it
	secondTone   = 3 * driver.Rate   // for the dial tone behind a prefix
	glareAfter   = 3 * driver.Rate   // after seizing: a dial tone would be certain
	glareVoice   = 1 * driver.Rate   // somebody speaks: a shorter sound may be anything
	greeting     = 200 * driver.MS   // … but counts
	pauseKey     = 1 * driver.Rate   // "," in a number
	afterKeys    = 300 * driver.MS   // what we sent comes back that late
	keyMost      = 250 * driver.MS   // per key in DTMF, and …
	pulseMost    = 2 * driver.Rate   // per digit in pulses, and …
	sendMost     = 5 * driver.Rate   // in all more: the end of sending was lost
	flashMost    = 3 * driver.Rate   // the end of a flash was lost
	settled      = 2 * driver.Rate   // a reversal so soon after we answered is the exchange's answer to that
	winkMost     = 600 * driver.MS   // two reversals within are a signal between exchanges
	breakLeast   = 200 * driver.MS   // shorter interruptions of the feed happen when exchanges switch
	switching    = 1 * driver.Rate   // … as they do so soon after we went off-hook or dialled
	deadAfter    = 500 * driver.MS   // the card says so only when it has lasted
	silenceLeast = 120 * driver.Rate // nobody is silent so long while talking
	guessLate    = 60 * driver.Rate  // a line that reverses has not reversed: exchanges give up ringing by then
	heldTone     = 30 * driver.Rate  // nobody leaves a held party so long with a tone
	longestCall  = 12 * 60 * 60 * driver.Rate
	cyclesLeast  = 3                // of a tone that ends a call
	slowCycle    = 1200             // ms: of a cadence so slow, two
	oddLong      = 15 * driver.Rate // a regular tone that no exchange has for this
	oddCycle     = 2 * driver.Rate  // slower ones may be ringing, or signals within a call
	oddSpeech    = 1 * driver.Rate  // weak tones sound like voice for as long as their bursts
	speechCycles = 1                // so many more where somebody speaks in it
)

// timer names what a trunk waits for.
type timer uint8

const (
	timeState     timer = iota // the state's own
	timeBurst                  // a burst has lasted long enough to be ringing
	timeStuckRing              // the end of a burst was lost
	timeFeed                   // the card's "no battery" counts
	timeScript                 // the next part of what is sent
	timeFlash                  // the end of a flash was lost
	timeVoice                  // voice has lasted
	timeGlare                  // a dial tone would have come
	timeGuess                  // voice is an answer, if no tone has explained it
	timeAnswer                 // a reversal would have shown to be no answer
	timeDialTone               // dial tone has lasted long enough to end the call
	timeSilence                //
	timeLongest                //
	nTimer
)

// timeouts say what happens when a timer runs out.
var timeouts = [nTimer]func(*Trunk){
	timeState:     (*Trunk).stateOver,
	timeBurst:     (*Trunk).ringProven,
	timeStuckRing: (*Trunk).ringEnd,
	timeFeed:      func(t *Trunk) { t.step(inDead, t.now) },
	timeScript:    (*Trunk).scriptOver,
	timeFlash:     (*Trunk).flashDone,
	timeVoice:     (*Trunk).voiceLasted,
	timeGlare:     (*Trunk).glareOrNot,
	timeGuess:     (*Trunk).stillVoice,
	timeAnswer:    (*Trunk).reversalAnswers,
	timeDialTone:  (*Trunk).dialToneLasted,
	timeSilence:   (*Trunk).silent,
	timeLongest:   func(t *Trunk) { t.rung(rungLongest, t.now) },
}

func (t *Trunk) start(k timer, at int64) { t.due[k] = max(at, t.now) }
func (t *Trunk) stop(k timer)            { t.due[k] = never }
func (t *Trunk) runs(k timer) bool       { return t.due[k] != never }

// advance lets pass what time brings up to pos, each at its own position, so that
// the length of blocks does not matter.
func (t *Trunk) advance(pos int64) {
	for {
		first := timer(0)
		for k := range nTimer {
			if t.due[k] < t.due[first] {
				first = k
			}
		}
		if t.due[first] > pos {
			break
		}
		t.now = max(t.now, t.due[first])
		t.due[first] = never
		timeouts[first](t)
	}
	t.now = max(t.now, pos)
}

// stateOver is called when the state's timer ran out.
func (t *Trunk) stateOver() {
	switch t.state {
	case Seizing:
		t.noDialTone()
		return
	case Releasing, Unknown:
		t.guardOver()
		return
	}
	t.step(inWaited, t.now)
}

// guard waits until a ring would be seen.
func (t *Trunk) guard() { t.start(timeState, t.now+openGuard) }

// guardOver: what the voltage and the bell say counts from now on.
func (t *Trunk) guardOver() {
	if t.stuck && t.state == Releasing {
		t.stuck = false
		t.command(driver.GoOnHook, 0)
		t.guard()
		return
	}
	if t.hook.level == levelOff && t.hook.high == never {
		t.step(inPickUp, t.now)
	} else {
		t.step(inWaited, t.now)
	}
	if t.ring.on {
		t.step(inBurst, t.ring.begin)
	}
}

func (t *Trunk) stay() {}
