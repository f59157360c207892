package emulator

import (
	"vaad/dsp"
	"vaad/dsp/callerid"
	"vaad/dsp/dtmf"
	"vaad/dsp/modemtone"
	"vaad/dsp/progress"
)

// ears are what listens in the chip: to callers' numbers on-hook, to keys and
// tones off-hook.
type ears struct {
	countries []string
	caller    *callerid.Receiver
	keyed     callerid.Keys
	dtmf      *dtmf.Detector
	progress  *progress.Detector
	modems    *modemtone.Detector

	messages []callerid.Message
	keys     []dtmf.Event
	tones    []progress.Event
	others   []modemtone.Event

	key    byte // that sounds
	again  int64
	now    progress.Tone // that is heard
	rung   int64         // sample at which ringback was heard last; -1: never
	spoken int64         // sample at which the line was loud last
}

func newEars(countries []string) *ears {
	e := &ears{countries: countries}
	e.onHook()
	return e
}

func (e *ears) onHook() {
	e.caller, e.dtmf, e.key = callerid.New(), dtmf.New(), 0
	e.keyed.Reset()
}

func (e *ears) offHook() {
	e.dtmf, e.key = dtmf.New(), 0
	e.fresh()
}

// fresh forgets the tones so far, as when the number has been dialled.
func (e *ears) fresh() {
	e.progress, e.modems = progress.New(e.countries...), modemtone.New()
	e.now, e.rung = 0, -1
}

// hear listens to a block and tells what it finds.
func (m *modem) hear(rx []int16) {
	e := m.ears
	if dsp.Measure(rx).DBm0() > -45 {
		e.spoken = m.pos
	}
	e.keys = e.dtmf.Process(e.keys[:0], rx)
	if !m.hook {
		e.messages = e.caller.Process(e.messages[:0], rx)
		if m.chip.dtmfCaller {
			for _, k := range e.keys {
				e.messages = e.keyed.Key(e.messages, k)
			}
			e.messages = e.keyed.Tick(e.messages, e.dtmf.Position())
		}
		for i := range e.messages {
			m.caller(&e.messages[i])
		}
		return
	}
	m.pressed()
	e.tones = e.progress.Process(e.tones[:0], rx)
	for _, t := range e.tones {
		m.toned(t)
	}
	e.others = e.modems.Process(e.others[:0], rx)
	for _, o := range e.others {
		if o.Kind != modemtone.Start {
			continue
		}
		switch o.Tone {
		case modemtone.CNG:
			m.event('c')
		case modemtone.CT, modemtone.CI:
			m.event('e')
		case modemtone.ANS, modemtone.ANSpr, modemtone.ANSam, modemtone.ANSampr:
			m.event('a')
		}
	}
}

// pressed tells keys in the chip's way.
func (m *modem) pressed() {
	e := m.ears
	framed := m.chip.keys != keyOnce
	for _, k := range e.keys {
		switch {
		case k.Kind == dtmf.Down:
			if framed {
				m.event('/')
			}
			m.event(k.Key)
			e.key, e.again = k.Key, m.pos+70*ms
		case framed:
			m.event('~')
			fallthrough
		default:
			e.key = 0
		}
	}
	if e.key != 0 && m.chip.keys == keyHeld && m.pos >= e.again {
		m.event(e.key)
		e.again += 70 * ms
	}
}

// toned tells tones of the exchange.
func (m *modem) toned(t progress.Event) {
	e := m.ears
	if t.Kind == progress.Over {
		e.now = 0
		return
	}
	e.now = t.Tone
	switch t.Tone {
	case progress.Dial, progress.SpecialDial:
		m.event('d')
	case progress.Ringback:
		e.rung = m.pos
		m.event('r')
	case progress.Busy:
		m.event('b')
	case progress.Congestion, progress.Vacant:
		if m.chip.reorder {
			m.event('K')
		} else {
			m.event('b')
		}
	case progress.SIT:
		m.event('J')
	case progress.Waiting:
		m.event('w')
	}
}
