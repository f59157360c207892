package ears

import (
	"math"

	"vaad/dsp/dtmf"
	"vaad/dsp/modemtone"
	"vaad/dsp/progress"
	"vaad/dsp/vad"
)

func (e *Ears) tellKeys(dst []Finding) []Finding {
	for i := range e.keys {
		k := &e.keys[i]
		if k.Kind == dtmf.Up {
			dst = append(dst, Finding{Kind: Key, At: k.At - int64(k.Length), Length: int64(k.Length), Key: k.Key, Sure: 100})
		}
		from := len(e.messages)
		e.messages = e.keyed.Key(e.messages, *k)
		dst = e.tellMessages(dst, from)
	}
	return dst
}

func (e *Ears) tellMessages(dst []Finding, from int) []Finding {
	for i := from; i < len(e.messages); i++ {
		m := &e.messages[i]
		dst = append(dst, Finding{Kind: Message, At: m.At, Length: m.End - m.At, Message: m})
	}
	return dst
}

func (e *Ears) tellPulses(dst []Finding) []Finding {
	for i := range e.pulses {
		p := &e.pulses[i]
		dst = append(dst, Finding{Kind: Pulse, At: p.At, Length: p.End - p.At, Key: p.Digit, Sure: int(p.Confidence*100 + 0.5)})
	}
	return dst
}

func (e *Ears) tellTones(dst []Finding) []Finding {
	for i := range e.tones {
		t := &e.tones[i]
		switch t.Kind {
		case progress.Heard:
			dst = append(dst, Finding{Kind: ToneBegin, At: t.From, Length: t.To - t.From, Tone: t.Tone, Shape: shape(t)})
		case progress.Again:
			dst = append(dst, Finding{Kind: ToneAgain, At: t.To, Length: t.To - t.From, Tone: t.Tone, Shape: shape(t)})
		case progress.Over:
			dst = append(dst, Finding{Kind: ToneEnd, At: t.To, Length: t.To - t.From, Tone: t.Tone, Shape: shape(t)})
		}
	}
	return dst
}

func shape(t *progress.Event) (s Shape) {
	s.Country = t.Country != ""
	n := 0
	for _, hz := range t.Hz {
		if hz > 0 && n < len(s.Hz) {
			s.Hz[n] = int16(math.Round(hz))
			n++
		}
	}
	if t.Parts[1] == [2]int{} && t.Parts[0][1] > 0 {
		s.OnMS, s.OffMS = int16(t.Parts[0][0]), int16(t.Parts[0][1])
	}
	return s
}

// tellModems tells what is certain: a tone that only began may be something
// else, such as the beep of an answering machine.
func (e *Ears) tellModems(dst []Finding) []Finding {
	for i := range e.modems {
		m := &e.modems[i]
		bit := uint32(1) << m.Tone
		switch {
		case m.Kind == modemtone.Confirm && e.certain&bit == 0:
			e.certain |= bit
			dst = append(dst, Finding{Kind: ModemBegin, At: m.From, Length: m.To - m.From, Modem: m.Tone})
		case m.Kind == modemtone.End && e.certain&bit != 0:
			e.certain &^= bit
			dst = append(dst, Finding{Kind: ModemEnd, At: m.To, Length: m.To - m.From, Modem: m.Tone})
		}
	}
	return dst
}

func (e *Ears) tellVoices(dst []Finding) []Finding {
	for i := range e.voices {
		v := &e.voices[i]
		kind := VoiceBegin
		if v.Kind == vad.End {
			kind = VoiceEnd
		}
		dst = append(dst, Finding{Kind: kind, At: v.At, Sure: int(v.Probability*100 + 0.5)})
	}
	return dst
}
