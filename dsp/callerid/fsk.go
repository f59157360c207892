package callerid

import (
	"vaad/dsp/fsk"
)

const (
	// minMark is how many bits of mark must come before a message. EN 300 659-2
	// sends 80 ± 25 during a call; until a carrier is noticed, 44 may pass.
	minMark = 8

	// maxPause is how many bits of mark may lie between two bytes: standards
	// allow 10 to 20.
	maxPause = 25
)

// assembler makes messages of characters.
type assembler struct {
	coding  Coding
	busy    bool
	m       Message
	want    int // bytes of data; −1: the length comes next
	sum     byte
	quality float32
	chars   int
	damaged int
}

// take takes one event of the receiver and reports whether a.m is complete.
func (a *assembler) take(e fsk.Event) bool {
	switch e.Kind {
	case fsk.Lost, fsk.Carrier:
		a.stop()
		return false
	case fsk.Character:
	default:
		return false
	}
	if a.busy && e.Idle > maxPause {
		a.stop()
	}
	if !a.busy {
		if e.Idle < minMark {
			return false
		}
		switch e.Value {
		case CallSetupSingle, WaitingSingle, CallSetup, MessageWaiting, AdviceOfCharge, ShortMessage:
		default:
			return false
		}
		a.busy = true
		a.m.At, a.m.Coding, a.m.Type, a.m.length = e.At, a.coding, e.Value, 0
		a.want, a.sum, a.quality, a.chars = -1, e.Value, e.Quality, 1
		return false
	}
	a.sum += e.Value
	a.quality += e.Quality
	a.chars++
	switch {
	case a.want < 0:
		a.want = int(e.Value)
		return false
	case a.m.length < a.want:
		a.m.data[a.m.length] = e.Value
		a.m.length++
		return false
	}
	a.busy = false
	if a.sum != 0 || !plausible(a.m.Type, a.m.Data()) {
		a.damaged++
		return false
	}
	a.m.Quality = a.quality / float32(a.chars)
	return true
}

// stop gives up the message that is being received.
func (a *assembler) stop() {
	if a.busy && a.want > 0 {
		a.damaged++
	}
	a.busy = false
}
