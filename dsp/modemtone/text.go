package modemtone

import "vaad/dsp"

const (
	textShare = 0.7  // share of the power around 1400 and 1800 Hz
	textOff   = 32   // Hz that either may be off
	textFits  = 45   // frames of it until it is told
	textSure  = 150  // and certain
	textEach  = 6    // frames of either tone at least
	textTurns = 8    // times that one came after the other
	textPause = 1000 // ms between two keys
	textPure  = 0.85 // share of the power that says that a frame holds one tone only
)

// text looks for a text telephone by Baudot's code: nothing but two tones, one
// after the other.
type text struct {
	fits, bad int // frames of two tones, and of anything else
	each      [2]int
	turns     int
	was       int // the tone before
	told      bool
	sure      bool
	is        Event
	level     float64
}

// look takes a frame that begins at a position.
func (t *text) look(dst []Event, f *frame, at int64) []Event {
	if f.text < textShare {
		if f.power > floor {
			t.bad++
		}
		if t.fits == 0 {
			return dst
		}
		if 6*t.bad > t.fits+12 || at-t.is.To > textPause*dsp.MS {
			return t.flush(dst)
		}
		return dst
	}
	if f.tone {
		tone := 0
		if f.hz > 1600 {
			tone = 1
		}
		if abs(f.hz-[2]float32{1400, 1800}[tone]) > textOff {
			if f.share > textPure { // or else one tone may follow the other within the frame
				t.bad++
			}
			return dst
		}
		t.each[tone]++
		if tone != t.was {
			t.turns++
		}
		t.was = tone
	}
	if t.fits == 0 {
		t.is = Event{Tone: Baudot, From: at, To: at}
		t.level = float64(f.power)
	}
	t.fits++
	t.level += (float64(f.power) - t.level) / float64(min(t.fits, 20))
	t.is.To, t.is.DBm0 = at+hop, dsp.DBm0(t.level)
	if t.turns < textTurns || t.each[0] < textEach || t.each[1] < textEach {
		return dst
	}
	switch {
	case !t.told && t.fits >= textFits:
		t.told = true
		return t.tell(dst, Start)
	case !t.sure && t.fits >= textSure:
		t.sure = true
		return t.tell(dst, Confirm)
	}
	return dst
}

func (t *text) tell(dst []Event, k Kind) []Event {
	t.is.Kind = k
	return append(dst, t.is)
}

// flush ends it.
func (t *text) flush(dst []Event) []Event {
	if t.told {
		dst = t.tell(dst, End)
	}
	*t = text{}
	return dst
}
