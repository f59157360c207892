package voicemodem

import (
	"strings"
	"time"

	"vaad/driver"
)

// codes are what a modem says behind a DLE (V.253 table 9, IS-101 table 12), but
// keys. Where nothing is to be done the code is named for the trace only.
var codes = map[byte]struct {
	name string
	do   func(*engine)
}{
	'R': {"ring", (*engine).rings},
	'l': {"loop-break", func(e *engine) { e.lane.tell(driver.LoopBreak, breakLasts, nil) }},
	'L': {"polarity", func(e *engine) {
		e.reversed = !e.reversed
		v := int32(0)
		if e.reversed {
			v = 1
		}
		e.lane.tell(driver.Polarity, v, nil)
	}},
	'H': {"handset off-hook", func(e *engine) { e.neighbour(1) }},
	'h': {"handset on-hook", func(e *engine) { e.neighbour(0) }},
	'P': {"line in use", func(e *engine) { e.neighbour(1) }},
	'p': {"line not in use", func(e *engine) { e.neighbour(0) }},
	'o': {"overrun", func(e *engine) { e.voice.overran(e) }},
	'Y': {"data lost", func(e *engine) { e.voice.overran(e) }},
	'u': {"underrun", func(e *engine) { e.voice.starved(e) }},
	'b': {"busy tone", nil},
	'K': {"fast busy tone", nil},
	'd': {"dial tone", nil},
	'i': {"dial tone", nil},
	'r': {"ringback tone", nil},
	's': {"silence, presumed hang-up", nil},
	'q': {"silence, end of message", nil},
	'a': {"modem answer tone", nil},
	'f': {"data answer tone", nil},
	'c': {"fax calling tone", nil},
	'm': {"fax calling tone", nil},
	'e': {"data calling tone", nil},
	'w': {"call waiting", nil},
	'J': {"special information tone", nil},
	't': {"text telephone", nil},
	'$': {"bong tone", nil},
	'E': {"bad format", nil},
}

// neighbour tells of another telephone on the line: 1 it is off its hook, 0 it is not.
func (e *engine) neighbour(v int32) {
	e.shared = v != 0
	e.lane.tell(driver.HookEdge, v, nil)
}

const keysOf = "0123456789*#ABCD"

// event takes what followed a DLE.
func (e *engine) event(code byte) {
	switch {
	case code == etx:
		e.audioEnds()
		return
	case code == '/':
		e.framed = true
		return
	case code == '~':
		e.keyEnds()
		return
	case strings.IndexByte(keysOf, code) >= 0:
		e.keyed(code)
		return
	}
	c, known := codes[code]
	if !known {
		return
	}
	if c.do != nil {
		c.do(e)
		return
	}
	e.lane.tell(driver.Text, 0, []byte(c.name))
}

// audioEnds: lines come from here on.
func (e *engine) audioEnds() {
	if e.dec.voice {
		e.dec.setVoice(false)
	}
	e.step(inEnd)
}

// keyed takes a key: said once, or as long as it sounds.
func (e *engine) keyed(key byte) {
	if e.key != key {
		e.endKey()
		e.key = key
		e.lane.tell(driver.DigitBegin, int32(key), nil)
	}
	e.keyTo = e.quiet.Add(keyLasts)
	if e.framed {
		e.keyTo = e.quiet.Add(10 * time.Second) // its end will be said
	}
}

func (e *engine) endKey() {
	if e.key != 0 {
		e.lane.tell(driver.DigitEnd, int32(e.key), nil)
		e.key = 0
	}
}

func (e *engine) keyEnds() {
	e.endKey()
	e.framed = false
}
