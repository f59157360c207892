package analog

import (
	"vaad/driver"
	"vaad/dsp/progress"
)

const (
	voiceLasts  = 500 * driver.MS  // voice shorter than that ends no dialling and answers no call
	clicksLast  = 1500 * driver.MS // a 0 dialled in pulses and the pause that ends it, which may sound like voice
	clicksApart = 200 * driver.MS  // between a first click and where it is taken for voice
	voiceKept   = 8                // beginnings of voice that wait for the end of the ringback
	flashTone   = 10 * driver.Rate // dial tone this soon after a flash is for a second call
	waitingOnce = 30 * driver.Rate // tone and message of one waiting call come within
)

// progressOf is how far a call out has come, as it was heard.
type progressOf struct {
	ringback   bool             // it is on
	rang       bool             // it was on
	busy       bool             // busy tone before an answer
	congestion bool             //
	vacant     bool             // no such number
	voice      [voiceKept]int64 // where voice began that lasted, newest last
	voices     int
	waited     int64 // when the last call that waits was told; 0: none
	named      bool  // with a number
}

// Voice says that a detector has found voice to begin at at, or to end there; it
// is known at pos. Voice counts once it has lasted for half a second, where pulses
// may be dialled for one and a half.
func (t *Tap) Voice(out []Event, on bool, at, pos int64) []Event {
	t.out = out
	t.advance(pos)
	switch {
	case !on:
		t.voiceDue = never
	case t.state.OffHook():
		lasts := int64(voiceLasts)
		if t.PulsesPossible() {
			lasts = clicksLast
		}
		t.voiceAt = at
		t.voiceDue = max(at+lasts, t.now)
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
	if !t.up {
		return
	}
	p := &t.progress
	if p.voices == voiceKept {
		copy(p.voice[:], p.voice[1:])
		p.voices--
	}
	p.voice[p.voices] = t.voiceAt
	p.voices++
	if t.dialOn && t.number.n == 0 { // nobody can be there yet
		return
	}
	if t.state != Talking {
		t.step(InVoice, t.now)
	}
	if !p.ringback {
		t.guess(t.voiceAt, ByVoice)
	}
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
	Hz   int   // of its lowest part
	On   int   // ms of a cadence of one burst and one pause; 0: steady, or of more parts
	Off  int   // ms
}

// Tone says that a tone is certain (on), or that it is over; it is known at pos.
func (t *Tap) Tone(out []Event, tone Tone, on bool, pos int64) []Event {
	t.out = out
	t.advance(pos)
	name := t.meaning(tone)
	if on {
		t.heard(name, tone)
	} else {
		t.over(name, tone)
	}
	return t.release()
}

func (t *Tap) heard(name progress.Tone, tone Tone) {
	p := &t.progress
	if (name == progress.Busy || name == progress.Congestion) && t.number.n > 0 && tone.At < t.number.last {
		return // a digit lies within it: these were the dial tones before and after a prefix
	}
	switch name {
	case progress.Dial, progress.SpecialDial:
		t.dialOn = true
		switch {
		case t.now-t.flashed < flashTone && t.flashed > 0: // a second call begins; this one is held
		case t.up && t.call.Direction == Out && t.number.n == 0 && t.call.AnsweredBy == ByNone && !p.rang:
			t.step(InFirstTone, t.now)
		default:
			t.step(InDialTone, t.now)
		}
	case progress.Ringback:
		p.ringback, p.rang = true, true
		if t.call.Direction == Out {
			t.step(InRingback, t.now)
		}
	case progress.Busy:
		p.busy = t.call.AnsweredBy == ByNone
		t.step(InBusyTone, t.now)
	case progress.Congestion:
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

func (t *Tap) over(name progress.Tone, tone Tone) {
	switch name {
	case progress.Dial, progress.SpecialDial:
		t.dialOn = false
	case progress.Regular:
		t.regular = Tone{}
	case progress.Ringback:
		p := &t.progress
		if !p.ringback {
			return
		}
		p.ringback = false
		for _, at := range p.voice[:p.voices] {
			if at >= tone.At-300*driver.MS {
				t.guess(at, ByVoice)
				return
			}
		}
	}
}

// waiting tells of another call, once by its tone and once with its number.
func (t *Tap) waiting(at int64, number, name string) {
	p := &t.progress
	if !t.up || !t.state.OffHook() {
		return
	}
	again := p.waited > 0 && t.now-p.waited < waitingOnce
	if again && (number == "" && name == "" || p.named) {
		return
	}
	p.waited, p.named = t.now, number != "" || name != ""
	t.out = append(t.out, Event{Kind: CallWaiting, Pos: min(at, t.now), Known: t.now, Caller: number, Name: name, Call: t.call})
}

// outcome says what has become of the call that ends.
func (t *Tap) outcome() string {
	c, p := &t.call, &t.progress
	switch {
	case c.Missed:
		return Missed
	case c.Answered > 0:
		return Answered
	case c.Direction != Out:
		if p.voices > 0 {
			return Answered
		}
		return Unclear
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
	case p.voices > 0:
		return Unclear
	}
	return NotDialled
}
