package analog

import (
	"vaad/driver"
	"vaad/dsp/callerid"
)

const (
	talkPause  = 10 * driver.Rate // nobody is silent for longer: without voltage that ends a call
	talkBegins = 1 * driver.Rate  // somebody talked before a message, not the message itself
	talkBefore = 5 * driver.Rate  // nobody has talked so long before the exchange sends keys
)

// talk is what was heard of people on a line whose hook is not known.
type talk struct {
	on       bool
	from, to int64 // of the stretch of voice that is on or was last; never: none
	before   int64 // where the one before ended; 0: none
	last     int64 // where the last word or key of the call was; 0: none
}

// hookless reports whether nothing tells the hook.
func (t *Tap) hookless() bool {
	return t.hook.level == levelUnknown && (t.state == Ringing || t.state == Unknown)
}

func (k *talk) begin(at int64) {
	if k.from != never {
		k.before = k.to
	}
	k.on, k.from, k.to = true, at, at
}

func (k *talk) end(at int64) {
	if k.on && at-k.from >= voiceLasts {
		k.last = max(k.last, at)
	}
	k.on, k.to = false, at
}

// none forgets what was taken for talk.
func (k *talk) none() { k.on, k.from, k.before, k.last = false, never, 0, 0 }

// was forgets talk that was the message that began at at.
func (k *talk) was(at int64) {
	if k.from != never && k.from > at-talkBegins {
		k.on, k.last = false, 0
	}
	if k.last >= at {
		k.last = 0
	}
}

// talkedUntil is until when the call is kept up for what was heard; 0: nothing
// was.
func (t *Tap) talkedUntil() int64 {
	k := &t.talk
	switch {
	case k.on && t.now-k.from >= voiceLasts+endKnown:
		k.last = t.now
	case k.on && t.now-k.from >= 0:
		return max(k.from+voiceLasts+endKnown, k.last+talkPause)
	}
	if k.last == 0 {
		return 0
	}
	return k.last + talkPause
}

// framedByExchange reports whether keys on a line whose hook is not known are from the
// exchange: its letters frame them, which telephones have not, and nobody talked just before.
func (t *Tap) framedByExchange(m *callerid.Message) bool {
	keys, k := m.Data(), &t.talk
	if len(keys) < 3 || keys[0] != 'A' && keys[0] != 'D' || keys[len(keys)-1] < 'A' || keys[len(keys)-1] > 'D' {
		return false
	}
	if k.before > 0 && k.before > m.At-talkBefore {
		return false
	}
	return k.from == never || k.from > m.At-talkBegins || !k.on && k.to < m.At-talkBefore
}
