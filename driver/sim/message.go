package sim

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"vaad/driver"
)

// Kinds of messages on a line socket: the first byte of a packet.
const (
	kindAudio   = 'A'
	kindEvent   = 'E'
	kindCommand = 'C'
)

const (
	audioBytes = 1 + 2*driver.Block // kind and 160 little-endian samples
	maxMessage = 4096
	maxVolts   = 200_000 // mV: more than ringing on the longest line
	maxEventMS = 60_000
)

// op is what an E message, or a step of a scene, does to a line.
type op uint8

const (
	opRing op = iota + 1
	opRingEnd
	opReversal
	opLoopBreak // value: ms, 0 until opLoop
	opLoop
	opVolts // value: mV
	opDone  // the pulses or the flash have been carried out
	opOffHook
	opOnHook
	opFlash // value: ms, 0 unknown
	nOp
)

// opSet says which events a kind of line knows, in the order of the page.
type opSpec struct {
	name string
	op   op
	arg  argument
}

type argument uint8

const (
	argNone argument = iota
	argMS            // optional
	argVolts
)

// opsOf lists the events of a kind of line; a bchan line has none.
func opsOf(k driver.Kind) []opSpec {
	switch k {
	case driver.FXO:
		return fxoOps
	case driver.FXS:
		return fxsOps
	}
	return nil
}

var fxoOps = []opSpec{{"ring", opRing, argNone}, {"ring-end", opRingEnd, argNone}, {"reversal", opReversal, argNone},
	{"loop-break", opLoopBreak, argMS}, {"loop", opLoop, argNone}, {"volts", opVolts, argVolts}, {"done", opDone, argNone}}

var fxsOps = []opSpec{{"off-hook", opOffHook, argNone}, {"on-hook", opOnHook, argNone}, {"flash", opFlash, argMS}}

// message is one event of a line: its effect begins at sample at of the audio
// block with the number block.
type message struct {
	op    op
	at    int
	value int32
	block uint64
}

var errEmpty = errors.New("an event without a word")

// parseEvent reads the text of an E message: WORD [ARGUMENT] [@OFFSET], with
// spaces between. Only what is wrong costs an allocation.
func parseEvent(k driver.Kind, text []byte) (message, error) {
	word, rest := nextWord(text)
	if len(word) == 0 {
		return message{}, errEmpty
	}
	var spec *opSpec
	ops := opsOf(k)
	for i := range ops {
		if string(word) == ops[i].name {
			spec = &ops[i]
		}
	}
	if spec == nil {
		return message{}, fmt.Errorf("event %q is not known on a line of kind %s", shorten(word), k)
	}
	m := message{op: spec.op}
	word, rest = nextWord(rest)
	if spec.arg != argNone && len(word) > 0 && word[0] != '@' {
		var ok bool
		if spec.arg == argVolts {
			m.value, ok = parseMillivolts(word)
		} else {
			m.value, ok = parseCount(word, 1, maxEventMS)
		}
		if !ok {
			return message{}, fmt.Errorf("event %s with the argument %q", spec.name, shorten(word))
		}
		word, rest = nextWord(rest)
	} else if spec.arg == argVolts {
		return message{}, fmt.Errorf("event %s without a number", spec.name)
	}
	if len(word) > 0 {
		at, ok := int32(0), word[0] == '@'
		if ok {
			at, ok = parseCount(word[1:], 0, driver.Block-1)
		}
		if !ok {
			return message{}, fmt.Errorf("event %s followed by %q; only @0 to @%d may follow", spec.name, shorten(word), driver.Block-1)
		}
		m.at = int(at)
	}
	if extra, _ := nextWord(rest); len(extra) > 0 {
		return message{}, fmt.Errorf("event %s has %q after its end", spec.name, shorten(extra))
	}
	return m, nil
}

// nextWord cuts the first word off a text of words with spaces between.
func nextWord(b []byte) (word, rest []byte) {
	b = bytes.TrimLeft(b, " \t\r\n")
	if i := bytes.IndexAny(b, " \t\r\n"); i >= 0 {
		return b[:i], b[i:]
	}
	return b, nil
}

// parseCount reads a decimal number within lo…hi.
func parseCount(b []byte, lo, hi int32) (int32, bool) {
	if len(b) == 0 || len(b) > 6 {
		return 0, false
	}
	n := int32(0)
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int32(c-'0')
	}
	return n, n >= lo && n <= hi
}

// parseMillivolts reads volts as a decimal fraction: "-48", "-48.0", "+6.25".
// Digits beyond the third after the point are ignored.
func parseMillivolts(b []byte) (int32, bool) {
	sign := int32(1)
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		if b[0] == '-' {
			sign = -1
		}
		b = b[1:]
	}
	whole, frac, _ := bytes.Cut(b, []byte{'.'})
	mv, ok := parseCount(whole, 0, maxVolts/1000)
	if !ok || len(frac) > 12 {
		return 0, false
	}
	mv *= 1000
	scale := int32(100)
	for _, c := range frac {
		if c < '0' || c > '9' {
			return 0, false
		}
		mv += int32(c-'0') * scale
		scale /= 10
	}
	return sign * mv, mv <= maxVolts
}

// shorten keeps what a peer sent short enough for a log line.
func shorten(b []byte) []byte {
	if len(b) > 40 {
		b = b[:40]
	}
	return b
}

// command writes C messages without allocating.
type command struct{ buf [128]byte }

// text begins a message; at is appended by done.
func (c *command) text(words string) []byte {
	return append(append(c.buf[:0], kindCommand), words...)
}

func appendNumber(b []byte, n int64) []byte { return strconv.AppendInt(append(b, ' '), n, 10) }

// appendOffset ends a message with its sample offset, if it is not 0.
func appendOffset(b []byte, at int) []byte {
	if at == 0 {
		return b
	}
	return strconv.AppendInt(append(b, " @"...), int64(at), 10)
}
