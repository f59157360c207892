package voicemodem

import (
	"strings"
	"time"

	"vaad/driver"
)

// hear takes what the modem has sent.
func (e *engine) hear(p []byte) {
	e.quiet = time.Now()
	for len(p) > 0 {
		it, used := e.dec.next(p)
		p = p[used:]
		switch it.kind {
		case itemAudio:
			e.voice.audio(e, it.text)
		case itemEvent:
			e.event(it.code)
		case itemLine:
			e.line(string(it.text))
		case itemLong:
			for _, l := range strings.FieldsFunc(string(it.text), func(r rune) bool { return r == '\r' || r == '\n' }) {
				e.caller.line(l, e.quiet)
			}
			if it.code == etx {
				e.event(etx)
			}
		}
	}
	e.voice.arrived(e)
}

// line takes one line.
func (e *engine) line(text string) {
	text = strings.TrimSpace(text)
	if text == "" {
		return
	}
	e.log.Debug("modem says", "board", e.id, "line", discreet(text))
	if strings.EqualFold(text, "RING") || strings.HasPrefix(strings.ToUpper(text), "RING ") {
		e.rings()
		return
	}
	if e.caller.line(text, e.quiet) {
		return
	}
	on, known := result(text)
	if e.answer != nil {
		e.answer.take(text, on, known)
		return
	}
	if !known {
		return
	}
	e.last = text
	e.step(on)
}

// results are the result codes that mean something (V.250 clause 5.7.1, V.253 table 8).
var results = []struct {
	text string
	on   input
}{
	{"OK", inOK}, {"VCON", inOK}, {"ERROR", inError}, {"CONNECT", inConnect},
	{"NO CARRIER", inLost}, {"BUSY", inLost}, {"NO DIALTONE", inLost}, {"NO DIAL TONE", inLost}, {"NO ANSWER", inLost},
	{"LINE IN USE", inLost}, {"LINE-IN-USE", inLost}, {"EXTENSION IN USE", inLost}, {"NO LINE", inLost}, {"DELAYED", inLost}, {"BLACKLISTED", inLost},
}

func result(text string) (input, bool) {
	for _, r := range results {
		if strings.EqualFold(text, r.text) || r.on == inConnect && len(text) > 8 && strings.EqualFold(text[:8], "CONNECT ") {
			return r.on, true
		}
	}
	if len(text) >= 10 && strings.EqualFold(text[:10], "+CME ERROR") {
		return inError, true
	}
	return 0, false
}

// rings takes a RING: a burst that may go on already.
func (e *engine) rings() {
	if e.offHook {
		return
	}
	if e.ringTo == never {
		if e.shared { // a line that rings is in nobody's use: the end of it was not heard, or the begin was noise
			e.neighbour(0)
		}
		e.lane.tell(driver.RingBegin, 0, nil)
	}
	e.ringTo = e.quiet.Add(ringLasts)
}

// hush ends what only an on-hook line has.
func (e *engine) hush() {
	if e.ringTo != never {
		e.ringTo = never
		e.lane.tell(driver.RingEnd, 0, nil)
	}
}
