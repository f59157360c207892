package analog

import (
	"vaad/driver"
	"vaad/dsp/progress"
)

// A rung of the ladder by which a line that does not tell when the far end has
// hung up is released all the same: the surest first.
type rung uint8

const (
	rungReversal rung = iota
	rungLoopBreak
	rungBusy
	rungCongestion
	rungHowler
	rungVacant
	rungDialTone
	rungSilence
	rungLongest
	nRung
)

var rungNames = [nRung]string{EndReversal, EndLoopBreak, EndBusyTone, EndCongestion, EndHowler, EndVacant, EndDialTone, EndSilence, EndLongest}

// rung ends the call, or only says once that it would.
func (t *Trunk) rung(r rung, at int64) {
	if !holding(t.state) {
		return
	}
	if !t.cfg.Report && (!t.order.Report || r == rungLongest) {
		t.why = rungNames[r]
		t.step(inLadder, t.now)
		return
	}
	if t.told&(1<<r) == 0 {
		t.told |= 1 << r
		t.tell(Event{Kind: WouldRelease, Pos: min(at, t.now), Known: t.now, Text: rungNames[r], Call: t.call})
	}
}

// endTone takes a tone that says that the call is over, once it is certain and with
// each further cycle. The detector has seen to its level and purity; here enough
// cycles must have been heard since anybody pressed a key, and one more while
// somebody speaks.
func (t *Trunk) endTone(name progress.Tone, x Tone, again bool) {
	if !again {
		t.again = 0
	} else {
		t.again++
	}
	if !t.enough(name, x) || t.held && x.To-x.At < heldTone { // a second call came to nothing; the first goes on
		return
	}
	if t.answerAt > 0 && x.At-t.answerAt <= releaseTone {
		t.noAnswer() // that was the release
	}
	t.lastAnswer()
	t.lastGuess(x.At)
	p, open := &t.progress, t.open()
	switch name {
	case progress.Busy:
		p.busy = open
		t.rung(rungBusy, x.At)
	case progress.Congestion:
		p.congestion = open
		t.rung(rungCongestion, x.At)
	case progress.Howler:
		t.rung(rungHowler, x.At)
	case progress.Vacant, progress.SIT:
		p.vacant = true
		t.rung(rungVacant, x.At)
	}
}

// open reports whether the call is out and nobody has answered it.
func (t *Trunk) open() bool { return t.call.AnsweredBy == ByNone && t.call.Direction == Out }

// enough reports whether enough of a tone was heard.
func (t *Trunk) enough(name progress.Tone, x Tone) bool {
	from := max(x.At, t.unclean)
	if t.sending || from > x.To {
		return false
	}
	need := cyclesLeast
	if t.voiceOn && t.now-t.voiceAt >= voiceLasts {
		need += speechCycles
	}
	switch {
	case name == progress.SIT || name == progress.Howler:
		return from == x.At
	case x.On == 0: // of many parts: long
		return t.again >= need-cyclesLeast+1
	case x.On+x.Off >= slowCycle:
		need--
	}
	cycle := int64(x.On+x.Off) * driver.MS
	return (x.To-from+int64(x.Off)*driver.MS+cycle/2)/cycle >= int64(need)
}

// oddTone takes a cadence of nobody's, or one that no exchange has for this, with
// each cycle: a PBX has its own tones. Where nobody has spoken or pressed a key for
// long, and it comes too often to be a ringing, the far end has hung up.
func (t *Trunk) oddTone(x Tone) {
	cycle := x.To - t.oddTo
	t.oddTo = x.To
	from := max(x.At, t.unclean, t.spokenTo)
	if cycle > oddCycle || t.voiceOn && t.now-t.voiceAt >= oddSpeech || t.sending || t.held || x.To-from < oddLong {
		return
	}
	if x.Name == progress.Regular && x.On > 0 && t.told&(1<<rungBusy) == 0 {
		t.own.heardBusy(x)
	}
	t.regular = Tone{}
	t.lastAnswer()
	t.rung(rungBusy, from)
}

// dialToneLasted: nothing but a dial tone, for long.
func (t *Trunk) dialToneLasted() {
	if t.dialOn {
		t.rung(rungDialTone, t.dialFrom)
	}
}

// sounded begins to wait for silence again.
func (t *Trunk) sounded() {
	if t.cfg.SilenceMS > 0 && holding(t.state) && !t.modem {
		t.start(timeSilence, t.now+max(int64(t.cfg.SilenceMS)*driver.MS, silenceLeast))
	}
}

func (t *Trunk) silent() {
	if t.voiceOn || t.dialOn {
		t.sounded()
		return
	}
	t.rung(rungSilence, t.now)
}
