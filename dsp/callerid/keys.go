package callerid

import (
	"vaad/dsp"
	"vaad/dsp/dtmf"
)

// maxKeys bounds a message of keys: three numbers of 20 digits and their codes.
const maxKeys = 64

// keyPause is how long a pause ends a message. Keys and the pauses between them
// have 50…100 ms.
const keyPause = 400 * dsp.MS

// Keys makes messages of the keys that a DTMF detector finds. Whoever holds it
// must feed it only while the line is on-hook, or what a telephone dials looks
// like a caller.
type Keys struct {
	m    Message
	down bool
	last int64 // where the last key ended
}

// Key takes one event of the detector and appends a message that it completes
// to dst.
func (k *Keys) Key(dst []Message, e dtmf.Event) []Message {
	if e.Kind == dtmf.Up {
		k.down, k.last, k.m.End = false, e.At, e.At
		if n := k.m.length; n > 1 && n <= maxKeys && ends(k.m.data[n-1]) {
			return k.finish(dst)
		}
		return dst
	}
	if k.m.length > 0 && e.At-k.last > keyPause {
		dst = k.finish(dst)
	}
	if k.m.length == 0 {
		k.m.At, k.m.Coding = e.At, DTMF
	}
	if k.m.length <= maxKeys { // one more than that is too long to be a message
		k.m.data[k.m.length] = e.Key
		k.m.length++
	}
	k.down = true
	return dst
}

// Tick says how far the line has come without a key and appends a message that
// ended by a pause.
func (k *Keys) Tick(dst []Message, position int64) []Message {
	if k.m.length > 0 && !k.down && position-k.last > keyPause {
		return k.finish(dst)
	}
	return dst
}

// Reset forgets the keys so far, as when a telephone goes off-hook.
func (k *Keys) Reset() { *k = Keys{} }

func (k *Keys) finish(dst []Message) []Message {
	if k.m.length <= maxKeys && framed(k.m.Data()) {
		dst = append(dst, k.m)
	}
	k.m.length = 0
	return dst
}

// ends reports whether a key ends a message wherever it comes: C in EN 300
// 659-1 annex C and its relatives, # elsewhere.
func ends(key byte) bool { return key == 'C' || key == '#' }

func letter(key byte) bool { return key >= 'A' && key <= 'D' }

// framed reports whether keys are a message: a code, digits, a code. China
// allows any of A…D, * and # for either; some networks leave out the first code
// before # (Denmark, the Netherlands), some the last.
func framed(keys []byte) bool {
	n := 0
	for _, c := range keys {
		if c >= '0' && c <= '9' {
			n++
		}
	}
	if len(keys) == 0 || n == 0 {
		return false
	}
	first, last := keys[0], keys[len(keys)-1]
	coded := func(c byte) bool { return c < '0' || c > '9' }
	switch {
	case coded(first) && coded(last) && len(keys) > 2:
		return true
	case last == '#':
		return n >= 3
	}
	return letter(first) && n >= 5
}

// keyFields takes a message of keys apart: A or whatever comes first, the
// caller; after that, D the number that passed the call on and B why there is
// no number. A D or B that comes first with one or two digits is a reason too.
func keyFields(dst []Field, d []byte) []Field {
	field := func(t byte, raw []byte) {
		if len(raw) > 0 {
			dst = append(dst, Field{Type: t, Name: parameter(t), Raw: raw})
		}
	}
	for i, first := 0, true; i < len(d); first = false {
		code := byte('A')
		if c := d[i]; c < '0' || c > '9' {
			code = c
			i++
		}
		from := i
		for i < len(d) && d[i] >= '0' && d[i] <= '9' {
			i++
		}
		value := d[from:i]
		switch {
		case code == 'B' && (!first || len(value) <= 2), code == 'D' && first && len(value) == 1:
			field(NumberAbsent, value)
		case code == 'D' && !first:
			field(Redirecting, value)
		case first:
			field(Number, value)
		default:
			field(Display, value)
		}
	}
	return dst
}
