package voicemodem

import (
	"time"

	"vaad/driver"
)

// What the rows of the table do.

func (e *engine) stay() {}

// await goes on waiting for what was asked before.
func (e *engine) await() { e.due = e.now().Add(answerWait) }

// leave: audio is being ended already, for another reason.
func (e *engine) leave() {
	e.lane.setFlow(flowNone, 0)
	e.due = e.now().Add(endWait)
}

func (e *engine) askSeize() {
	command := "AT+VLS=1"
	if e.ringTo != never && e.chip.answer != "" {
		command = e.chip.answer
	}
	if data := e.caller.due(time.Now().Add(callerQuiet)); data != nil { // it is the caller's that is being answered
		e.lane.tell(driver.Text, 0, data)
	}
	e.releases, e.resumes, e.mum = 0, [resumeMost]time.Time{}, false
	e.say(command, answerWait)
}

// seized begins audio: the modem is off-hook.
func (e *engine) seized() {
	e.hush()
	e.offHook = true
	e.lane.tell(driver.OffHook, 0, nil)
	e.askAudio()
}

// askAudio asks for audio as the modem can.
func (e *engine) askAudio() {
	if e.half {
		e.step(inHalf)
		return
	}
	e.say("AT+VTR", answerWait)
}

func (e *engine) askListen() { e.say("AT+VRX", answerWait) }
func (e *engine) askSend()   { e.say("AT+VTX", answerWait) }

// oneWay: it is not asked for both directions at once.
func (e *engine) oneWay() bool {
	return e.opt.Duplex == duplexHalf || e.chip.half && e.opt.Duplex != duplexFull
}

// notSending: it listens for the rest of the call, rather than being turned in vain.
func (e *engine) notSending() {
	e.mum = true
	e.log.Warn("the modem cannot send; it goes on listening", "board", e.id, "reason", e.last)
	e.askListen()
}

// halfOnly: it does not know +VTR.
func (e *engine) halfOnly() {
	if e.opt.Duplex == duplexFull {
		e.step(inError) // to noVoice: the operator wants no other
		return
	}
	e.half = true
	e.log.Warn("the modem cannot send and receive at once; it is switched between the two", "board", e.id)
	e.lane.tell(driver.RoundTrip, halfRoundTrip, nil)
	e.askListen()
}

func (e *engine) notSeized() {
	e.refuse(driver.GoOffHook, "the modem does not go off-hook: "+e.last)
	e.askRelease()
}

// notKnown: it refuses the command itself, as one does that was reset and is no
// longer in voice mode.
func (e *engine) notKnown() {
	e.doubted = true
	e.notSeized()
}

// noVoice: it refuses audio in any way, so that nothing is known of its duplex.
func (e *engine) noVoice() {
	e.doubted = true
	if e.half && !e.oneWay() {
		e.half = false
		e.lane.tell(driver.RoundTrip, fullRoundTrip, nil)
	}
	e.refuse(driver.GoOffHook, "the modem gives no audio: "+e.last)
	e.askRelease()
}

// refuse ends a wish and says why.
func (e *engine) refuse(k driver.CommandKind, why string) {
	e.log.Warn("modem refuses", "board", e.id, "command", k.String(), "reason", why)
	if k == driver.GoOffHook {
		e.lane.unhook()
	} else {
		e.lane.flashed()
	}
	e.lane.tell(driver.Refused, int32(k), []byte(why))
}

func (e *engine) talk()   { e.voice.begin(e, flowBoth) }
func (e *engine) listen() { e.voice.begin(e, flowListen) }
func (e *engine) send()   { e.voice.begin(e, flowSend) }

// How audio is ended. What a dialect does not know it ignores, or takes as audio.
var (
	endOfBoth    = []string{"\x10^", "\x10!", "\x10\x03", "\x10\x1b"} // V.253 6.5.5; then what older ones know
	endOfReceive = []string{"\x10!", "\x10\x1b", "\x10\x03", "\x10^"} // V.253 6.5.2; IS-101
	endOfSend    = []string{"\x10\x03", "\x10\x18\x10\x03", "\x10^"}
)

// askEnd ends audio; what goes on with it comes later.
func (e *engine) askEnd() {
	e.enders = 0
	e.sending = e.voice.flow == flowSend
	e.voice.flow = flowNone // what still comes is not answered by audio: it may be read as commands
	if e.state == stTurning || e.state == stReturning {
		e.lane.setFlow(flowSend, 0)
	} else {
		e.lane.setFlow(flowNone, 0)
	}
	e.endOtherwise()
}

// endOtherwise tries the next way.
func (e *engine) endOtherwise() {
	ways := endOfBoth
	if e.sending {
		ways = endOfSend
	} else if e.half {
		ways = endOfReceive
	}
	if e.enders == len(ways) {
		e.step(inSilent)
		return
	}
	e.out = append(e.out, ways[e.enders]...)
	e.enders++
	e.due = e.now().Add(endWait)
}

func (e *engine) askFlash() { e.say("AT+VTS=!", answerWait) }

func (e *engine) flashed() {
	e.lane.flashed()
	e.lane.tell(driver.DialDone, 0, nil)
	e.askAudio()
}

func (e *engine) notFlashed() {
	e.refuse(driver.SendFlash, "the modem cannot flash: "+e.last)
	e.askAudio()
}

// askRelease puts the modem on-hook.
func (e *engine) askRelease() {
	e.voice.end(e)
	e.releases = 0
	e.say("AT+VLS=0", answerWait)
}

func (e *engine) releaseOtherwise() {
	if e.releases++; e.releases > 2 {
		e.step(inTimeout)
		return
	}
	e.say("ATH", answerWait)
}

// released: the line is free.
func (e *engine) released() {
	e.voice.end(e)
	e.pings, e.ailed = 0, 0
	e.lane.freed()
	e.lane.trouble("")
	if e.offHook {
		e.offHook = false
		e.lane.tell(driver.OnHook, 0, nil)
	}
	if e.doubted {
		e.doubted = false
		e.step(inDoubt)
	}
}

// cut: audio has ended, and nobody here wanted it.
func (e *engine) cut() {
	e.voice.end(e)
	e.due = e.now().Add(cutWait)
}

// resume begins audio again, but not for ever.
func (e *engine) resume() {
	now := time.Now()
	oldest := e.resumes[0]
	copy(e.resumes[:], e.resumes[1:])
	e.resumes[resumeMost-1] = now
	if oldest != never && now.Sub(oldest) < resumeSpan {
		e.step(inLost)
		return
	}
	e.askAudio()
}

// hungUp: the modem says that the call is over.
func (e *engine) hungUp() {
	e.lane.tell(driver.LoopBreak, breakLasts, nil)
	e.refuse(driver.GoOffHook, "the modem has hung up: "+e.last)
	e.askRelease()
}
