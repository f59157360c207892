package ears

import (
	"vaad/dsp/callerid"
	"vaad/dsp/dtmf"
	"vaad/dsp/modemtone"
	"vaad/dsp/progress"
	"vaad/dsp/pulse"
	"vaad/dsp/vad"
)

// Ears listen to one side of one line. They belong to one goroutine.
type Ears struct {
	key     *dtmf.Detector
	message *callerid.Receiver
	keyed   callerid.Keys
	tone    *progress.Detector
	modem   *modemtone.Detector
	voice   *vad.Detector
	pulse   *pulse.Detector

	on      Senses // what was listened for last
	damaged int
	certain uint32 // tones of modems that were told and are on, by bit

	keys     []dtmf.Event
	tones    []progress.Event
	modems   []modemtone.Event
	voices   []vad.Event
	pulses   []pulse.Event
	messages []callerid.Message
}

// New makes ears for a line in a country (ISO 3166, upper case); "" is China.
// Tones of other countries are known too, but where several fit the country's is meant.
func New(country string) *Ears {
	e := &Ears{key: dtmf.New(), message: callerid.New(), modem: modemtone.New(), voice: vad.New(), pulse: pulse.New(),
		keys: make([]dtmf.Event, 0, 16), tones: make([]progress.Event, 0, 16),
		modems: make([]modemtone.Event, 0, 16), voices: make([]vad.Event, 0, 16), pulses: make([]pulse.Event, 0, 16), messages: make([]callerid.Message, 0, 8)}
	if country == "" {
		e.tone = progress.New()
	} else {
		e.tone = progress.New(country)
	}
	return e
}

// Hear listens to the next block, which begins at pos, and appends what is
// found to dst. Positions since the last block that were not given are taken for
// lost; a block that was heard already is not heard again.
func (e *Ears) Hear(dst []Finding, want Senses, block []int16, pos int64) []Finding {
	e.messages = e.messages[:0]
	if off := e.on &^ want; off != 0 {
		dst = e.rest(dst, off)
	}
	if want&^e.on&Pulses != 0 {
		e.pulse.Reset()
	}
	e.on = want
	if want&Messages != 0 && aligned(e.message, pos) {
		dst = e.hearMessages(dst, block)
	}
	if want&Keys != 0 && aligned(e.key, pos) {
		dst = e.hearKeys(dst, block)
	}
	if want&Pulses != 0 && aligned(e.pulse, pos) {
		e.pulses = e.pulse.Process(e.pulses[:0], block)
		dst = e.tellPulses(dst)
	}
	if want&Tones != 0 && aligned(e.tone, pos) {
		e.tones = e.tone.Process(e.tones[:0], block)
		dst = e.tellTones(dst)
	}
	if want&Modems != 0 && aligned(e.modem, pos) {
		e.modems = e.modem.Process(e.modems[:0], block)
		dst = e.tellModems(dst)
	}
	if want&Voice != 0 && aligned(e.voice, pos) {
		e.voices = e.voice.Process(e.voices[:0], block)
		dst = e.tellVoices(dst)
	}
	return dst
}

// Rest ends what is heard, as when the line is gone.
func (e *Ears) Rest(dst []Finding) []Finding {
	dst = e.rest(dst, e.on)
	e.on = 0
	return dst
}

// aligned brings a detector to pos. False: it has heard pos before.
func aligned(d interface {
	Position() int64
	Skip(int)
}, pos int64) bool {
	missing := pos - d.Position()
	if missing > 0 {
		d.Skip(int(missing))
	}
	return missing >= 0
}

// rest ends what senses have going on, now that nobody listens.
func (e *Ears) rest(dst []Finding, off Senses) []Finding {
	if off&Messages != 0 {
		e.messages = e.message.Flush(e.messages)
		dst = e.tellMessages(dst, 0)
	}
	if off&Keys != 0 {
		e.keys = e.key.Flush(e.keys[:0])
		dst = e.tellKeys(dst)
		e.keyed.Reset()
	}
	if off&Pulses != 0 {
		e.pulse.Reset() // a digit that is not over is none
	}
	if off&Tones != 0 {
		e.tones = e.tone.Flush(e.tones[:0])
		dst = e.tellTones(dst)
	}
	if off&Modems != 0 {
		e.modems = e.modem.Flush(e.modems[:0])
		dst = e.tellModems(dst)
	}
	if off&Voice != 0 {
		e.voices = e.voice.Flush(e.voices[:0])
		dst = e.tellVoices(dst)
	}
	return dst
}

func (e *Ears) hearMessages(dst []Finding, block []int16) []Finding {
	from := len(e.messages)
	e.messages = e.message.Process(e.messages, block)
	dst = e.tellMessages(dst, from)
	if n := e.message.Damaged(); n != e.damaged {
		e.damaged = n
		dst = append(dst, Finding{Kind: Damaged, At: e.message.Position()})
	}
	return dst
}

func (e *Ears) hearKeys(dst []Finding, block []int16) []Finding {
	e.keys = e.key.Process(e.keys[:0], block)
	dst = e.tellKeys(dst)
	from := len(e.messages)
	e.messages = e.keyed.Tick(e.messages, e.key.Position())
	return e.tellMessages(dst, from)
}
