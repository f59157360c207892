package analog

import "vaad/dsp/progress"

// Voice says that a detector has found voice to begin at at, or to end there; it is
// known at known. Voice counts once it has lasted for half a second.
func (t *Trunk) Voice(o *Output, on bool, at, known int64) {
	t.begin(o, known)
	defer func() { t.out = nil }()
	if !holding(t.state) {
		return
	}
	t.voiceOn = on
	t.sounded()
	switch {
	case on && at >= t.quietAt:
		t.voiceAt = at
		t.start(timeVoice, at+t.voiceLeast()+endKnown)
	case on:
		t.voiceAt = t.now
	default:
		if t.runs(timeVoice) && at-t.voiceAt >= t.voiceLeast() {
			t.voiceLasted()
		}
		t.stop(timeVoice)
		t.progress.ended(at)
		if at-t.voiceAt >= oddSpeech {
			t.spokenTo = max(t.spokenTo, at)
		}
	}
}

// voiceLeast is how long voice must last to count; who is there in place of the dial
// tone says little.
func (t *Trunk) voiceLeast() int64 {
	if t.state == Seizing {
		return greeting
	}
	return voiceLasts
}

// voiceLasted is called when voice has gone on long enough.
func (t *Trunk) voiceLasted() {
	t.stop(timeVoice)
	p := &t.progress
	p.add(t.voiceAt)
	switch {
	case t.state == Seizing && !t.dialOn: // somebody is there in place of the dial tone
		t.start(timeGlare, max(t.seizedAt+glareAfter, t.voiceAt+glareVoice+endKnown))
	case t.state == Seizing || t.state == Dialling:
		p.voices = 0 // nobody can be there yet
	case !p.ringback && !t.runs(timeGuess):
		t.start(timeGuess, t.voiceAt+t.guessWait())
	}
}

// guessWait is how long voice is no answer yet. On a line that reverses its polarity
// when somebody answers, what is heard before may well be music in place of the
// ringback, or an announcement.
func (t *Trunk) guessWait() int64 {
	if t.cfg.Polarity && t.reverses {
		return guessLate
	}
	return guessAfter
}

// stillVoice is called when what was heard as voice would have shown to be a tone by
// now, had it been one.
func (t *Trunk) stillVoice() {
	if p := &t.progress; p.voices > 0 && !p.ringback {
		t.guess(p.voice[0].at, ByVoice)
	}
}

// guess takes a call out for answered where nothing says so for certain.
func (t *Trunk) guess(at int64, by string) {
	if p := &t.progress; t.call.AnsweredBy == ByNone && t.answerAt == 0 && t.doing != sendsNumber && !p.busy && !p.congestion && !p.vacant {
		t.connect(at, by)
	}
}

// lastGuess decides, as the call ends at end, about voice of which it is not known
// yet whether it was a tone.
func (t *Trunk) lastGuess(end int64) {
	p, c := &t.progress, &t.call
	t.stop(timeGuess)
	if c.Direction == Out && c.AnsweredBy == ByNone && c.Dialled != "" && !p.busy && !p.congestion && !p.vacant && p.talked(end) && (t.guessWait() == guessAfter || end-p.voice[0].at >= guessLate) {
		at := t.at
		t.at = p.voice[0].at
		t.answer(ByVoice)
		t.at = at
	}
}

// Modem says that a fax or modem was heard to answer at at; it is known at known.
func (t *Trunk) Modem(o *Output, at, known int64) {
	t.begin(o, known)
	if holding(t.state) && at >= t.quietAt {
		t.modem = true // its data sounds like silence
		t.stop(timeSilence)
		if t.state != Seizing {
			t.guess(at, ByModem)
		}
	}
	t.out = nil
}

// Press says that a detector has found a key; it is known at known. A key that we
// send comes back and is none.
func (t *Trunk) Press(o *Output, p Press, known int64) {
	t.begin(o, known)
	switch {
	case t.state == Idle || t.state == PreRing:
		t.caller.pressed(t.now)
	case holding(t.state) && !t.sending && p.At >= t.quietAt && p.By != InPulses:
		t.unclean = max(t.unclean, p.At+p.Length)
		t.sounded()
		t.tell(Event{Kind: Key, Pos: min(p.At, t.now), Known: t.now, Value: int64(p.Key), Length: p.Length, Sure: p.Sure, By: p.By})
	}
	t.out = nil
}

// Tone says that a tone is certain (on), or that it is over; it is known at known.
func (t *Trunk) Tone(o *Output, tone Tone, on bool, known int64) {
	t.begin(o, known)
	if holding(t.state) {
		if name := t.own.meaning(tone); on {
			t.sounded()
			t.heardTone(name, tone)
		} else {
			t.toneOver(name, tone)
		}
	}
	t.out = nil
}

func (t *Trunk) heardTone(name progress.Tone, tone Tone) {
	p := &t.progress
	p.drop(tone.At-edges, tone.To) // that was the tone
	if t.runs(timeVoice) && t.voiceAt >= tone.At-edges {
		t.stop(timeVoice)
	}
	switch name {
	case progress.Dial, progress.SpecialDial:
		t.dialOn = true
		t.dialTone(name, tone)
	case progress.Ringback:
		if tone.At >= t.sentAt {
			t.ringback(tone)
		} else {
			p.maybe = true // unless what was sent was its first burst
		}
	case progress.Busy, progress.Congestion, progress.Howler:
		t.endTone(name, tone, false)
	case progress.Vacant, progress.SIT:
		if t.open() && t.state != Seizing {
			t.endTone(name, tone, false)
		}
	case progress.Waiting:
		t.waiting(tone.At, "", "")
	case progress.Regular:
		t.regular, t.oddTo = tone, tone.To
	case progress.Steady:
		if t.state == Seizing { // some exchange's own
			if tone.Hz > 0 {
				t.own.heardDial(tone)
			}
			t.step(inDialTone, t.now)
		}
	}
}

// dialTone says what a dial tone means now: dial; the second party that a flash
// asked for can be dialled; or, if it lasts, the far end has hung up.
func (t *Trunk) dialTone(name progress.Tone, tone Tone) {
	switch {
	case t.state == Seizing:
		t.hasDial = true
		t.step(inDialTone, t.now)
	case t.state == Dialling:
		if t.waits && tone.To >= t.sentAt {
			t.next()
		}
	case t.held, t.state == Talking && t.flashed > 0 && t.now-t.flashed < flashTone:
		t.held = true
		t.dialFrom = tone.At
		t.start(timeDialTone, tone.At+heldTone)
	case !t.sending:
		t.dialFrom = max(tone.At, t.unclean)
		lasts := int64(dialLasts)
		if name == progress.SpecialDial { // its beginning may be a signal within the call
			lasts = oddLong
		}
		t.start(timeDialTone, t.dialFrom+lasts)
	}
}

func (t *Trunk) ringback(tone Tone) {
	p := &t.progress
	first := !p.rang
	p.ringback, p.rang, p.maybe, p.burst = true, true, false, tone.On
	p.drop(0, tone.To) // nobody answers before it rings there
	t.stop(timeGuess)
	if first {
		t.step(inRingback, max(tone.At, t.sentAt))
	}
}

// Again says that one more cycle of a tone was heard, up to tone.To; it is known at
// known. Nobody has answered before the exchange rings on.
func (t *Trunk) Again(o *Output, tone Tone, known int64) {
	t.begin(o, known)
	if holding(t.state) {
		t.sounded()
		switch name := t.own.meaning(tone); name {
		case progress.Ringback:
			t.ringback(tone)
		case progress.Busy, progress.Congestion, progress.Howler:
			t.endTone(name, tone, true)
		case progress.Vacant:
			if t.open() && t.state != Seizing {
				t.endTone(name, tone, true)
			} else {
				t.oddTone(tone)
			}
		case progress.Regular, progress.Notice:
			t.oddTone(tone)
		}
	}
	t.out = nil
}

func (t *Trunk) toneOver(name progress.Tone, tone Tone) {
	p := &t.progress
	switch name {
	case progress.Dial, progress.SpecialDial:
		t.dialOn = false
		t.stop(timeDialTone)
	case progress.Waiting:
		if p.waited > 0 {
			p.waited = t.now
		}
	case progress.Regular:
		t.regular = Tone{}
	case progress.Ringback:
		if p.maybe {
			p.maybe, p.rang = false, p.rang || tone.At > t.sentAt+ringsOn
		}
		if !p.ringback {
			return
		}
		p.ringback = false
		p.rangUntil(tone.At)
		if p.voices > 0 {
			t.start(timeGuess, p.voice[0].at+t.guessWait())
		}
	}
}
