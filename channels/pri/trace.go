package pri

import (
	"slices"
	"time"
)

// What a trace keeps at most: messages of calls, and frames without one, which
// come every 10 s on an idle link. Both together are under 2 MB.
const (
	traceCalls  = 4096
	traceFrames = 1024
	traceActive = 512 // calls whose end has not been seen
	maxCaptured = 300 // octets of a frame: N201 is 260
)

// A Trace remembers what was lately said on a D-channel, and which call each
// message belongs to, so that one can look back. It belongs to one goroutine at a
// time; what it hands out are copies.
type Trace struct {
	seq    uint64
	calls  []Traced // rings, oldest first from next
	frames []Traced
	next   [2]int
	active map[key]*TracedCall
	count  uint64
	ways   [2]way
}

// A Traced is one frame of a trace.
type Traced struct {
	Seq      uint64 // from 1, growing
	Time     time.Time
	Pos      int64 // line time
	From     Side
	Frame    []byte
	Call     *TracedCall // nil: it belongs to none
	Repeated bool        // an I frame that had come before
	Missing  int         // I frames of that side that should have come before it
}

// A TracedCall is what is known of a call by now.
type TracedCall struct {
	Seq            uint64 // from 1: references are used again
	Origin         Side   // who made the reference
	Ref            uint16
	Slot           int // 0: not known
	Caller, Called string

	setup    uint64 // print of its SETUP, which may be sent again
	answered bool   // the other side has said something
}

// NewTrace makes an empty trace.
func NewTrace() *Trace { return &Trace{active: map[key]*TracedCall{}} }

// Add takes a frame that a side has sent.
func (t *Trace) Add(from Side, at time.Time, pos int64, frame []byte) {
	t.seq++
	x := Traced{Seq: t.seq, Time: at, Pos: pos, From: from, Frame: slices.Clone(frame[:min(len(frame), maxCaptured)])}
	f, err := ParseFrame(x.Frame)
	if err == nil && f.SAPI == 0 {
		t.number(&x, &f)
		if f.Kind == I || f.Kind == UI {
			t.attribute(&x, f.Info)
		}
	}
	if x.Call != nil || err == nil && f.SAPI == 0 && (f.Kind == I || f.Kind == UI) {
		t.calls = keep(t.calls, &t.next[0], traceCalls, x)
	} else {
		t.frames = keep(t.frames, &t.next[1], traceFrames, x)
	}
}

func keep(ring []Traced, next *int, most int, x Traced) []Traced {
	if len(ring) < most {
		return append(ring, x)
	}
	ring[*next] = x
	*next = (*next + 1) % most
	return ring
}

// number looks at the sequence numbers of a side.
func (t *Trace) number(x *Traced, f *Frame) {
	switch f.Kind {
	case SABME, UA, DM:
		t.ways = [2]way{}
		return
	case I:
	default:
		return
	}
	w := &t.ways[x.From&1]
	ahead := (f.NS - w.next) & 127
	switch {
	case !w.known || w.tei != f.TEI:
		w.known, w.tei = true, f.TEI
	case ahead >= 128-window:
		x.Repeated = true
		return
	case ahead > 0:
		x.Missing = int(ahead)
	}
	w.next = (f.NS + 1) & 127
}

// attribute finds the call of a message, and learns from it.
func (t *Trace) attribute(x *Traced, b []byte) {
	m, err := ParseMessage(b)
	if err != nil || m.Dummy || m.Ref == 0 {
		return
	}
	k := key{x.From, m.Ref}
	if m.ToOrigin {
		k.origin = x.From.Other()
	}
	c := t.active[k]
	if c == nil || m.Type == Setup && !m.ToOrigin && !x.Repeated && (c.answered || c.setup != m.print()) { // its end was not seen
		if len(t.active) >= traceActive { // ends that were not seen
			clear(t.active)
		}
		t.count++
		c = &TracedCall{Seq: t.count, Origin: k.origin, Ref: m.Ref, setup: m.print()}
		t.active[k] = c
	}
	x.Call = c
	again := m.Type == Setup && c.Called != ""
	c.answered = c.answered || m.ToOrigin
	m.Elements(func(e Element) {
		switch e.ID {
		case ChannelIDElement:
			if ch, ok := ParseChannelID(e.Data); ok && ch.Slot() != 0 {
				c.Slot = ch.Slot()
			}
		case CallingNumber:
			if n, ok := ParseNumber(e.Data); ok && c.Caller == "" {
				c.Caller = n.String()
			}
		case CalledNumber:
			if n, ok := ParseNumber(e.Data); ok && !again && !x.Repeated && len(c.Called) < maxDigits && (m.Type == Setup || m.Type == Information) {
				c.Called += n.Digits
			}
		}
	})
	if m.Type == ReleaseComplete {
		delete(t.active, k)
	}
}

// Newest is the number of the newest frame; 0: there is none.
func (t *Trace) Newest() uint64 { return t.seq }

// Kept is how many frames are kept, and when the oldest of them was sent.
func (t *Trace) Kept() (n int, since time.Time) {
	for i, ring := range [2][]Traced{t.calls, t.frames} {
		n += len(ring)
		if len(ring) > 0 {
			if at := ring[t.next[i]%len(ring)].Time; since.IsZero() || at.Before(since) {
				since = at
			}
		}
	}
	return n, since
}

// After calls f for each frame behind the one with a number, in order, with a copy
// of what is known of its call, until f answers false.
func (t *Trace) After(seq uint64, f func(Traced) bool) {
	var at [2]int
	rings := [2][]Traced{t.calls, t.frames}
	get := func(i int) *Traced {
		if at[i] >= len(rings[i]) {
			return nil
		}
		return &rings[i][(t.next[i]+at[i])%len(rings[i])]
	}
	for {
		a, b := get(0), get(1)
		i := 0
		switch {
		case a == nil && b == nil:
			return
		case a == nil || b != nil && b.Seq < a.Seq:
			a, i = b, 1
		}
		at[i]++
		if a.Seq <= seq {
			continue
		}
		x := *a
		if x.Call != nil {
			c := *x.Call
			x.Call = &c
		}
		if !f(x) {
			return
		}
	}
}
