package channels

import "sync/atomic"

// voltsKept is how many voltages of a line are remembered: a minute of a card that
// measures four times a second.
const voltsKept = 256

// VoltAt is the voltage of a line at a position.
type VoltAt struct {
	Pos       int64
	MilliVolt int
}

// A voltRing holds the last voltages of a line. The loop writes; others copy what
// they need and leave out what may have been overwritten meanwhile.
type voltRing struct {
	head atomic.Uint64 // ever written
	all  [voltsKept]struct {
		pos atomic.Int64
		mv  atomic.Int64
	}
}

func (v *voltRing) add(pos, mv int64) {
	n := v.head.Load()
	at := &v.all[n%voltsKept]
	at.pos.Store(pos)
	at.mv.Store(mv)
	v.head.Store(n + 1)
}

// VoltsSince appends to dst what the line's voltage was from a position on, oldest
// first, as far back as a minute. Lines that report none have none.
func (l *Line) VoltsSince(dst []VoltAt, pos int64) []VoltAt {
	v := &l.voltage
	head := v.head.Load()
	first := head - min(head, voltsKept-1)
	from := len(dst)
	for n := first; n < head; n++ {
		at := &v.all[n%voltsKept]
		dst = append(dst, VoltAt{at.pos.Load(), int(at.mv.Load())})
	}
	if now := v.head.Load(); now >= first+voltsKept-1 { // the oldest may be new ones
		over := min(int(now-(first+voltsKept-1))+1, len(dst)-from)
		dst = append(dst[:from], dst[from+over:]...)
	}
	keep := from
	for _, x := range dst[from:] {
		if x.Pos >= pos {
			dst[keep] = x
			keep++
		}
	}
	return dst[:keep]
}
