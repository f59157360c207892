package analog

import (
	"vaad/driver"
	"vaad/dsp/progress"
)

const (
	voiceLasts  = 500 * driver.MS  // voice shorter than that ends no dialling and answers no call
	endKnown    = 360 * driver.MS  // so much later the end of voice is known
	clicksLast  = 1500 * driver.MS // a 0 dialled in pulses and the pause that ends it, which may sound like voice
	clicksApart = 200 * driver.MS  // between a first click and where it is taken for voice
	voiceKept   = 8                // stretches of voice that wait until it is known whether they are an answer
	guessAfter  = 6 * driver.Rate  // until then it is known whether a stretch was the first burst of a ringback, or a busy tone
	longSpoken  = 1300 * driver.MS // longer than the burst of most tones: an answer, where the call ends before that
	edges       = 300 * driver.MS  // by which the beginnings of a tone and of what was taken for voice may differ
	quietAfter  = 1 * driver.Rate  // keys that long after the tone that ended a call dial anew
	dialLasts   = 4 * driver.Rate  // music and signals within a call sound like dial tone for less
	flashTone   = 10 * driver.Rate // dial tone this soon after a flash is for a second call
	ringsOn     = 6 * driver.Rate  // ringback that is still on so long after the last digit is no dial tone
	waitingOnce = 30 * driver.Rate // tone and message of one waiting call come within
)

// progressOf is how far a call out has come, as it was heard.
type progressOf struct {
	ringback   bool // it is on
	burst      int  // its burst, ms
	maybe      bool // it is on, unless its first burst was a dial tone
	rang       bool // it was on
	busy       bool // busy tone before an answer
	congestion bool //
	vacant     bool // no such number
	spoke      bool // voice was heard that lasted
	voice      [voiceKept]spoken
	voices     int
	waited     int64 // when the last call that waits was told; 0: none
	named      bool  // with a number
}

// spoken is a stretch of voice that lasted. It may turn out to be a tone that
// was not certain yet.
type spoken struct{ at, end int64 } // end: never while it is on

// drop forgets what was taken for voice from a position to another.
func (p *progressOf) drop(from, to int64) {
	n := 0
	for _, s := range p.voice[:p.voices] {
		if s.at < from || s.at >= to {
			p.voice[n] = s
			n++
		}
	}
	p.voices = n
}

// add notes voice that has lasted.
func (p *progressOf) add(at int64) {
	if p.voices == voiceKept {
		copy(p.voice[:], p.voice[1:])
		p.voices--
	}
	p.voice[p.voices] = spoken{at, never}
	p.voices++
	p.spoke = true
}

// ended notes that the voice that is on is over.
func (p *progressOf) ended(at int64) {
	if p.voices > 0 && p.voice[p.voices-1].end == never {
		p.voice[p.voices-1].end = at
	}
}

// spoken is how long voice was heard up to a position.
func (p *progressOf) spoken(end int64) (sum int64) {
	for _, s := range p.voice[:p.voices] {
		sum += min(s.end, max(end, s.at)) - s.at
	}
	return sum
}

// talked reports whether what was heard as voice lasted longer in all than the
// burst of a tone, as a call ends at end.
func (p *progressOf) talked(end int64) bool {
	return p.voices > 0 && p.spoken(end) >= max(longSpoken, int64(p.burst)*longSpoken/1000)
}

// Voice says that a detector has found voice to begin at at, or to end there; it
// is known at pos. Voice counts once it has lasted for half a second, where pulses
// may be dialled for one and a half.
func (t *Tap) Voice(out []Event, on bool, at, pos int64) []Event {
	t.out = out
	t.advance(pos)
	t.voiceOn, t.heardAt = on, t.now
	switch {
	case t.hookless() && on:
		t.talk.begin(at)
	case t.hookless():
		t.talk.end(at)
	case !on:
		if t.voiceDue != never && at-t.voiceAt >= t.voiceLeast {
			t.voiceLasted()
		}
		t.voiceDue = never
		t.progress.ended(at)
	case t.state.OffHook():
		lasts := int64(voiceLasts)
		if t.PulsesPossible() {
			lasts = clicksLast
		}
		t.voiceAt, t.voiceLeast = at, lasts
		t.voiceDue = max(at+lasts+endKnown, t.now)
	}
	t.advance(pos)
	return t.release()
}

// clicked says that a digit dialled in pulses was what sounded like voice.
func (t *Tap) clicked(p Press) {
	if p.By == InPulses && t.voiceAt > p.At-clicksApart && t.voiceAt < p.At+p.Length+clicksApart {
		t.voiceDue = never
	}
}

// voiceLasted is called when voice has gone on long enough.
func (t *Tap) voiceLasted() {
	t.voiceDue = never
	if t.state == Abandoned && t.flashed > t.ended && t.voiceAt >= t.flashed && !t.fresh {
		t.step(InVoice, t.voiceAt) // back to a party that was held
	}
	if !t.up {
		return
	}
	p := &t.progress
	p.add(t.voiceAt)
	if t.dialOn && !t.began() { // nobody can be there yet
		return
	}
	if t.state != Talking {
		t.step(InVoice, t.now)
	}
	if !p.ringback && t.guessDue == never {
		t.guessDue = max(t.voiceAt+guessAfter, t.now)
	}
}

// stillVoice is called when what was heard as voice would have shown to be a
// tone by now, had it been one.
func (t *Tap) stillVoice() {
	t.guessDue = never
	if p := &t.progress; p.voices > 0 && !p.ringback {
		t.guess(p.voice[0].at, ByVoice)
	}
}

// lastGuess decides, as the call ends at end, about voice of which it is not known yet
// whether it was a tone: what lasted longer in all than a burst was none, as a
// second burst would have shown it.
func (t *Tap) lastGuess(end int64) {
	p, at := &t.progress, t.at
	t.guessDue = never
	if p.talked(end) {
		t.guess(p.voice[0].at, ByVoice)
	}
	t.at = at
}

// guess takes a call out for answered where nothing says so for certain.
func (t *Tap) guess(at int64, by string) {
	p := &t.progress
	if !t.up || t.call.Direction != Out || t.call.AnsweredBy != ByNone || t.call.Dialled == "" || p.busy || p.congestion || p.vacant {
		return
	}
	t.at = at
	t.answer(by)
}

// guessed reports whether an answer was only guessed: a reversal corrects it.
func guessed(by string) bool { return by == ByVoice || by == ByModem }

// Modem says that a fax or modem was heard to answer at at; it is known at pos.
func (t *Tap) Modem(out []Event, at, pos int64) []Event {
	t.out = out
	t.advance(pos)
	if t.up {
		if t.state == Dialling || t.state == OffHookOut {
			t.step(InRingback, t.now) // the number is complete
		}
		t.guess(at, ByModem)
	}
	return t.release()
}

// A Tone is a tone of the exchange that a detector has confirmed, or that is over.
type Tone struct {
	Name progress.Tone
	At   int64 // where it began, or ended
	To   int64 // while it is on: where its last burst that counts ended
	Hz   int   // of its lowest part
	On   int   // ms of a cadence of one burst and one pause; 0: steady, or of more parts
	Off  int   // ms
}

// Tone says that a tone is certain (on), or that it is over; it is known at pos.
func (t *Tap) Tone(out []Event, tone Tone, on bool, pos int64) []Event {
	t.out = out
	t.advance(pos)
	name := t.own.meaning(tone)
	if on {
		t.heard(name, tone)
	} else {
		t.over(name, tone)
	}
	return t.release()
}

func (t *Tap) heard(name progress.Tone, tone Tone) {
	p := &t.progress
	t.heardAt = t.now
	switch name {
	case progress.Busy, progress.Congestion, progress.Ringback, progress.Vacant:
		if t.number.n > 0 && tone.At < t.number.last {
			p.maybe = name == progress.Ringback
			return // a digit lies within it: dial tones were among its bursts
		}
	}
	switch name {
	case progress.Busy, progress.Congestion, progress.Howler:
		if t.held || tone.At < t.flashed { // a second call came to nothing; the first goes on
			p.drop(tone.At-edges, tone.To)
			return
		}
	}
	p.drop(tone.At-edges, tone.To) // that was the tone
	if t.talk.on && t.talk.from > tone.At-edges {
		t.talk.on = false
	}
	switch name {
	case progress.Dial, progress.SpecialDial:
		t.dialOn = true
		switch {
		case t.state != Abandoned && t.now-t.flashed < flashTone && t.flashed > 0: // a second call begins; this one is held
			t.held = t.state == Talking
		case t.held: // the second call is over
		case t.up && t.state != Dialling && t.call.Direction == Out && !t.began() && t.call.AnsweredBy == ByNone && !p.rang:
			t.step(InFirstTone, t.now)
		case t.state == OffHookIn || t.state == Talking:
			t.dialFrom, t.dialDue = tone.At, max(tone.At+dialLasts, t.now)
		default:
			t.step(InDialTone, t.now)
		}
	case progress.Ringback:
		p.ringback, p.rang, p.burst = true, true, tone.On
		p.drop(0, tone.To) // nobody answers before it rings there
		if t.call.Direction == Out {
			t.step(InRingback, t.now)
		}
	case progress.Busy:
		t.released(tone.At)
		t.lastGuess(tone.At)
		p.busy = t.call.AnsweredBy == ByNone
		t.step(InBusyTone, t.now)
	case progress.Congestion:
		t.released(tone.At)
		t.lastGuess(tone.At)
		p.congestion = t.call.AnsweredBy == ByNone
		t.step(InBusyTone, t.now)
	case progress.Howler:
		t.step(InHowler, t.now)
	case progress.Vacant, progress.SIT:
		p.vacant = t.call.AnsweredBy == ByNone
	case progress.Waiting:
		t.waiting(tone.At, "", "")
	case progress.Regular:
		t.regular = tone
	case progress.Steady:
		t.steady(tone)
	}
}

// released decides, at a tone that ends calls, whether a reversal before it was the
// answer or the exchange's release.
func (t *Tap) released(tone int64) {
	if t.answerAt > 0 && tone-t.answerAt <= releaseTone {
		t.noAnswer()
	}
	t.lastAnswer()
}

// Again says that one more cycle of a tone was heard, up to tone.To; it is known
// at pos. Nobody has answered before the exchange rings on.
func (t *Tap) Again(out []Event, tone Tone, pos int64) []Event {
	t.out = out
	t.advance(pos)
	t.heardAt = t.now
	if t.own.meaning(tone) == progress.Ringback {
		t.progress.drop(0, tone.To)
	}
	return t.release()
}

func (t *Tap) over(name progress.Tone, tone Tone) {
	switch name {
	case progress.Dial, progress.SpecialDial:
		t.dialOn, t.dialDue = false, never
	case progress.Waiting:
		if p := &t.progress; p.waited > 0 {
			p.waited = t.now
		}
	case progress.Regular:
		t.regular = Tone{}
	case progress.Ringback:
		p := &t.progress
		if p.maybe {
			p.maybe, p.rang = false, p.rang || tone.At > t.number.end+ringsOn
		}
		if !p.ringback {
			return
		}
		p.ringback = false
		p.rangUntil(tone.At)
		if p.voices > 0 {
			t.guessDue = max(p.voice[0].at+guessAfter, t.now)
		}
	case progress.Busy, progress.Congestion, progress.Howler:
		if t.state == Abandoned {
			t.quiet = tone.At
		}
	}
}

// rangUntil forgets what was taken for voice before a ringback ended.
func (p *progressOf) rangUntil(end int64) {
	if n := p.voices; n > 0 && p.voice[n-1].end == never { // it has gone on since
		p.voice[n-1].at = max(p.voice[n-1].at, end)
	}
	p.drop(0, end-edges)
}

// waiting tells of another call, once by its tone and once with its number.
func (t *Tap) waiting(at int64, number, name string) {
	p := &t.progress
	if !t.up || !t.state.OffHook() {
		return
	}
	if !p.waits(t.now, number != "" || name != "") {
		return
	}
	t.out = append(t.out, Event{Kind: CallWaiting, Pos: min(at, t.now), Known: t.now, Caller: number, Name: name, Call: t.call})
}

// waits notes that another call waits. False: that was told.
func (p *progressOf) waits(now int64, named bool) bool {
	if p.waited > 0 && now-p.waited < waitingOnce && (!named || p.named) {
		p.waited = now // it waits on
		return false
	}
	p.waited, p.named = now, named
	return true
}

// outcome says what has become of the call that ends.
func (t *Tap) outcome() string {
	p := &t.progress
	p.rang = p.rang || p.maybe && t.now > t.number.end+ringsOn
	return p.outcome(&t.call, t.number.n > 0)
}

// outcome says what has become of a call; dialled: at least one digit was.
func (p *progressOf) outcome(c *Call, dialled bool) string {
	switch {
	case c.Missed:
		return Missed
	case c.Answered > 0:
		return Answered
	case c.Direction != Out:
		if p.spoke {
			return Answered
		}
		return Unclear
	case (p.busy || p.congestion) && !dialled && !p.rang:
		return NotDialled // the exchange gave up waiting
	case p.busy:
		return Busy
	case p.congestion:
		return Congestion
	case p.vacant:
		return Vacant
	case p.rang:
		return NoAnswer
	case c.Dialled != "":
		return GivenUp
	case p.spoke:
		return Unclear
	}
	return NotDialled
}
