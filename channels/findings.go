package channels

import (
	"vaad/channels/analog"
	"vaad/channels/ears"
	"vaad/dsp/callerid"
)

// listener is a table of an analog line that takes what detectors have found.
type listener interface {
	voice(on bool, at, known int64)
	press(p analog.Press, known int64)
	tone(t analog.Tone, on bool, known int64)
	again(t analog.Tone, known int64)
	modem(at, known int64)
	message(m *callerid.Message, known int64)
	damaged(known int64)
}

// hear tells a table what was found.
func hear(to listener, f *ears.Finding, known int64) {
	switch f.Kind {
	case ears.VoiceBegin, ears.VoiceEnd:
		to.voice(f.Kind == ears.VoiceBegin, f.At, known)
	case ears.Key, ears.Pulse:
		p := analog.Press{Key: f.Key, At: f.At, Length: f.Length, Sure: f.Sure, By: analog.InKeys}
		if f.Kind == ears.Pulse {
			p.By = analog.InPulses
		}
		to.press(p, known)
	case ears.ToneBegin, ears.ToneAgain, ears.ToneEnd:
		s := &f.Shape
		tone := analog.Tone{Name: f.Tone, At: f.At, To: f.At + f.Length, Hz: int(s.Hz[0]), On: int(s.OnMS), Off: int(s.OffMS)}
		if f.Kind == ears.ToneAgain {
			tone.At, tone.To = f.At-f.Length, f.At
			to.again(tone, known)
		} else {
			to.tone(tone, f.Kind == ears.ToneBegin, known)
		}
	case ears.ModemBegin:
		if answers(f.Modem) {
			to.modem(f.At, known)
		}
	case ears.Message:
		to.message(f.Message, known)
	case ears.Damaged:
		to.damaged(known)
	}
}

// tapEars and trunkEars are tables as listeners.
type (
	tapEars   struct{ *tapTable }
	trunkEars struct{ *trunkTable }
)

func (e tapEars) voice(on bool, at, known int64)           { e.buf = e.tap.Voice(e.buf, on, at, known) }
func (e tapEars) press(p analog.Press, known int64)        { e.buf = e.tap.Press(e.buf, p, known) }
func (e tapEars) tone(t analog.Tone, on bool, known int64) { e.buf = e.tap.Tone(e.buf, t, on, known) }
func (e tapEars) again(t analog.Tone, known int64)         { e.buf = e.tap.Again(e.buf, t, known) }
func (e tapEars) modem(at, known int64)                    { e.buf = e.tap.Modem(e.buf, at, known) }
func (e tapEars) message(m *callerid.Message, known int64) { e.buf = e.tap.Message(e.buf, m, known) }
func (e tapEars) damaged(known int64)                      { e.buf = e.tap.Damaged(e.buf, known) }

func (e trunkEars) voice(on bool, at, known int64)           { e.trunk.Voice(&e.out, on, at, known) }
func (e trunkEars) press(p analog.Press, known int64)        { e.trunk.Press(&e.out, p, known) }
func (e trunkEars) tone(t analog.Tone, on bool, known int64) { e.trunk.Tone(&e.out, t, on, known) }
func (e trunkEars) again(t analog.Tone, known int64)         { e.trunk.Again(&e.out, t, known) }
func (e trunkEars) modem(at, known int64)                    { e.trunk.Modem(&e.out, at, known) }
func (e trunkEars) message(m *callerid.Message, known int64) { e.trunk.Message(&e.out, m, known) }
func (e trunkEars) damaged(known int64)                      { e.trunk.Damaged(&e.out, known) }
