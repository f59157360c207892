package pri

import (
	"cmp"
	"errors"
	"math/bits"
	"slices"
)

const rate = 8000 // samples per second

// How long things last, in samples.
const (
	// linkLost is T309 at its longest (Q.931 table 9-1): both sides give up their
	// calls then. A healthy link says something each 10 s (Q.921, T203).
	linkLost = 90 * rate
	// settingUp is longer than people wait for an answer: a queue may play music before
	// it. clearing is longer than T305, T306 and twice T308, with a notice.
	settingUp = 1800 * rate
	clearing  = 120 * rate
	// maxCalls bounds what a link can make us remember: 30 that are up and those
	// that end.
	maxCalls = 128
	// sure is how many frames must contradict the configured direction, and none
	// agree, before it is turned round.
	sure = 6
	// window is how far behind what comes next a frame that is sent again may lie:
	// twice the window of primary rate (Q.921 clause 5.9.5) and some.
	window = 16
	// oneClearing is how long the messages that clear one call may last.
	oneClearing = 60 * rate
)

// A Tap follows the calls of one link. It is made by NewTap and belongs to one
// goroutine.
type Tap struct {
	rows  []row
	calls map[key]*call
	slots [32]*call
	list  []*call // for all
	ways  [2]way  // by the side that the caller says
	sides sides

	up      bool
	last    int64           // when a frame came last that only a link which is up has
	seen    int64           // position of the newest frame
	freed   [32]int64       // when a call left a timeslot last
	cleared [16]clearedCall // calls whose beginning was not seen
	next    int             // place in cleared
	out     []Event
	now     int64 // of what is being taken
	known   int64
	n       Counts
}

// A clearedCall is one of the last calls that were cleared and not known.
type clearedCall struct {
	key
	at int64
}

// Counts are what a tap has counted.
type Counts struct {
	Frames       uint64 // well-formed LAPD frames
	Bad          uint64 // others, and messages that cannot be read
	Repeated     uint64 // I frames that had come before
	Lost         uint64 // I frames that are missing
	Unexpected   uint64 // messages that the state of their call has no row for
	UnknownCalls uint64 // messages about calls whose beginning was not seen
	Unattributed uint64 // calls that ended before they had a timeslot
}

// key knows a call: who made its reference, and which it is.
type key struct {
	origin Side
	ref    uint16
}

type call struct {
	Call
	key
	state   State
	touched int64  // when its last message came
	setup   uint64 // print of its SETUP
	offered int    // timeslot of the SETUP, not yet accepted
	settled bool   // CallBegin was told, and it is where that says
	begun   bool   // CallBegin was told, perhaps of another timeslot
	ended   bool   // it was cleared
	doubted bool   // frames were lost while it was up: its end may be among them
}

// A way is one direction of the link.
type way struct {
	next  uint8 // N(S) that comes next
	tei   uint8
	known bool
}

// told is a message with who sent it and when.
type told struct {
	Message
	from Side
}

// NewTap makes a tap of a link of which nothing is known yet.
func NewTap() *Tap { return &Tap{rows: rows(), calls: map[key]*call{}} }

// Counts returns what was counted so far.
func (t *Tap) Counts() Counts { return t.n }

// Up reports whether the link has spoken within T309.
func (t *Tap) Up() bool { return t.up }

// Frame takes one LAPD frame that a side has sent at pos and that is known since
// known, and appends what it tells to out. What is told never lies before what
// was told of an earlier frame.
func (t *Tap) Frame(out []Event, from Side, frame []byte, pos, known int64) []Event {
	t.seen = max(t.seen, pos)
	t.out, t.now, t.known = out, t.seen, max(known, t.seen)
	f, err := ParseFrame(frame)
	if err != nil {
		t.n.Bad++
		return t.out
	}
	t.n.Frames++
	if f.SAPI != 0 { // management, packets: not the signalling of calls
		return t.out
	}
	if t.sides.turned(&f, from) {
		t.turnRound()
	}
	if t.sides.swapped {
		from = from.Other()
	}
	switch f.Kind {
	case I, RR, RNR, REJ:
		t.last = t.now
		t.linkUp()
		if t.acknowledges(from, &f) { // something that has not come, and was waited for
			t.doubt()
		}
	case SABME, UA, DM: // both begin anew at 0 (Q.921 clause 5.5)
		t.forgetNumbers()
		if f.Kind == UA {
			t.last = t.now
			t.linkUp()
		}
	case UI:
		t.message(from, f.Info)
	}
	if f.Kind == I && t.fresh(&t.ways[from&1], &f) {
		t.message(from, f.Info)
	}
	return t.out
}

// forgetNumbers begins anew with whatever frame comes next. What came meanwhile is lost.
func (t *Tap) forgetNumbers() {
	t.ways = [2]way{}
	t.doubt()
}

func (t *Tap) doubt() {
	for _, c := range t.slots {
		if c != nil {
			c.doubted = true
		}
	}
}

// Answers reports whether a frame acknowledges what the other side has sent and
// the tap has not seen yet: where frames of both sides come together, those of
// the other side are to be taken first (Q.921 clause 3.5.2.4).
func (t *Tap) Answers(from Side, frame []byte) bool {
	f, err := ParseFrame(frame)
	if err != nil || f.SAPI != 0 {
		return false
	}
	if t.sides.swapped {
		from = from.Other()
	}
	return t.acknowledges(from, &f)
}

// acknowledges reports whether a frame of a side acknowledges what has not been seen.
func (t *Tap) acknowledges(from Side, f *Frame) bool {
	switch f.Kind {
	case I, RR, RNR, REJ:
	default:
		return false
	}
	w := &t.ways[from.Other()&1]
	ahead := (f.NR - w.next) & 127
	return w.known && ahead > 0 && ahead <= window
}

// fresh reports whether an I frame comes for the first time. What lies a little
// behind was sent again; after a long loss numbers may go on anywhere.
func (t *Tap) fresh(w *way, f *Frame) bool {
	ahead := (f.NS - w.next) & 127
	switch {
	case !w.known || w.tei != f.TEI:
		w.known, w.tei = true, f.TEI
	case ahead >= 128-window:
		t.n.Repeated++
		return false
	case ahead > 0:
		t.n.Lost += uint64(ahead)
		t.doubt()
	}
	w.next = (f.NS + 1) & 127
	return true
}

func (t *Tap) linkUp() {
	if !t.up {
		t.up = true
		t.say(Event{Kind: LinkUp})
	}
}

// message takes layer 3 of a frame.
func (t *Tap) message(from Side, b []byte) {
	m, err := ParseMessage(b)
	if errors.Is(err, ErrOtherProtocol) { // maintenance of American switches, and others
		return
	}
	if err != nil {
		t.n.Bad++
		return
	}
	if m.Dummy {
		return
	}
	if m.Type == Segment && !m.whole() {
		return
	}
	in := &told{m, from}
	if m.Ref == 0 {
		if m.Type == Restart || m.Type == RestartAck {
			t.restart(in)
		}
		return
	}
	k := key{from, m.Ref}
	if m.ToOrigin {
		k.origin = from.Other()
	}
	c := t.calls[k]
	if c == nil {
		if m.Type != Setup || m.ToOrigin {
			t.n.UnknownCalls++
			t.unknown(k, in)
			return
		}
		c = t.remember(k, m.print())
	} else if m.Type == Setup && !m.ToOrigin && (c.ended || c.state == Active || c.setup != m.print()) { // its end was not seen
		t.drop(c, EndSuperseded)
		c = t.remember(k, m.print())
	}
	t.step(c, in)
}

// step looks up what a message does to a call, and does it.
func (t *Tap) step(c *call, m *told) {
	for i := range t.rows {
		r := &t.rows[i]
		if r.on != m.Type || !r.from.has(c.state) {
			continue
		}
		c.touched = t.now
		for _, do := range r.do {
			do(t, c, m)
		}
		if !r.stay {
			c.state = r.to
		}
		if c.state == Null {
			t.forget(c)
		}
		return
	}
	t.n.Unexpected++
}

// unknown: a call whose beginning was not seen is cleared. It is told once.
func (t *Tap) unknown(k key, m *told) {
	if m.Type != Disconnect && m.Type != Release && m.Type != ReleaseComplete {
		return
	}
	for _, c := range t.cleared {
		if c.key == k && c.at > 0 && t.now-c.at < oneClearing {
			return
		}
	}
	t.cleared[t.next] = clearedCall{k, t.now}
	t.next = (t.next + 1) % len(t.cleared)
	c := &Call{EndedBy: cleared(m)}
	m.Elements(func(e Element) {
		if e.ID == CauseElement {
			c.Cause, _ = ParseCause(e.Data)
		}
	})
	t.say(Event{Kind: SlotFree, Call: c})
}

// cleared says whose message ends a call.
func cleared(m *told) string {
	if m.from == User {
		return EndLocal
	}
	return EndNetwork
}

// remember begins a call. Where there are too many, the one that nothing was heard
// of for longest is given up; at most 31 have a timeslot.
func (t *Tap) remember(k key, setup uint64) *call {
	if len(t.calls) >= maxCalls {
		var oldest *call
		for _, c := range t.all() {
			if (c.Slot == 0 || t.slots[c.Slot] != c) && (oldest == nil || c.touched < oldest.touched) {
				oldest = c
			}
		}
		t.drop(oldest, EndSuperseded)
	}
	c := &call{key: k, touched: t.now, setup: setup}
	c.Begin, c.Incoming = t.now, k.origin == Network
	t.calls[k] = c
	return c
}

func (t *Tap) forget(c *call) {
	t.vacate(c)
	delete(t.calls, c.key)
}

func (t *Tap) vacate(c *call) {
	if c.Slot > 0 && t.slots[c.Slot] == c {
		t.slots[c.Slot] = nil
		t.freed[c.Slot] = t.now
	}
}

// Tick takes note of time: nothing has come up to pos but what was told. Call it
// some times a second.
func (t *Tap) Tick(out []Event, pos int64) []Event {
	t.out, t.now, t.known = out, pos, pos
	if t.up && pos-t.last > linkLost {
		t.up = false
		t.endAll(EndLink)
		t.say(Event{Kind: LinkDown})
		t.ways = [2]way{}
	}
	for _, c := range t.all() {
		idle := pos - c.touched
		if beforeAnswer().has(c.state) && idle > settingUp || (c.state == Clearing || c.state == Releasing) && idle > clearing {
			t.drop(c, EndLink)
		}
	}
	return t.out
}

// all lists the calls in the order of their beginning.
func (t *Tap) all() []*call {
	t.list = t.list[:0]
	for _, c := range t.calls {
		t.list = append(t.list, c)
	}
	slices.SortFunc(t.list, func(a, b *call) int {
		return cmp.Or(cmp.Compare(a.Begin, b.Begin), cmp.Compare(a.ref, b.ref), cmp.Compare(a.origin, b.origin))
	})
	return t.list
}

// drop ends a call, if it has not ended, and forgets it.
func (t *Tap) drop(c *call, by string) {
	t.finish(c, by, t.now)
	t.free(c, nil)
	t.forget(c)
}

// Gone ends all calls: the board is gone.
func (t *Tap) Gone(out []Event, pos int64) []Event {
	t.out, t.now, t.known, t.up = out, pos, pos, false
	t.endAll(EndGone)
	t.ways = [2]way{}
	return t.out
}

func (t *Tap) endAll(by string) {
	for _, c := range t.all() {
		t.drop(c, by)
	}
}

// restart clears the timeslots that a RESTART names (Q.931 clause 5.5).
func (t *Tap) restart(m *told) {
	named, all, which := false, false, uint32(0)
	m.Elements(func(e Element) {
		switch e.ID {
		case ChannelIDElement:
			if ch, ok := ParseChannelID(e.Data); ok {
				named, which = true, ch.Slots
			}
		case RestartIndicator: // 000: what is named, 110: the interface, 111: all interfaces
			if len(e.Data) > 0 {
				named, all = true, e.Data[0]&7 >= 6
			}
		}
	})
	if all || !named {
		t.endAll(EndRestart)
		for slot := range t.freed {
			t.freed[slot] = t.now
		}
		t.say(Event{Kind: Restarted})
		return
	}
	for ; which != 0; which &= which - 1 {
		slot := bits.TrailingZeros32(which)
		if c := t.slots[slot]; c != nil {
			t.drop(c, EndRestart)
		}
		t.freed[slot] = t.now
		t.say(Event{Kind: Restarted, Slot: slot})
	}
}

// Idle takes note that a timeslot has carried nothing but the idle code for a
// long time. A call in it has ended, if its clearing may be among what was lost.
func (t *Tap) Idle(out []Event, slot int, pos int64) []Event {
	t.out, t.now, t.known = out, pos, pos
	if c := t.slots[slot&31]; c != nil && c.doubted && !c.ended {
		t.drop(c, EndIdle)
	}
	return t.out
}

// Current tells again of the call in a timeslot, to who has not heard of it.
func (t *Tap) Current(out []Event, slot int, pos int64) []Event {
	t.out, t.now, t.known = out, pos, pos
	if c := t.slots[slot&31]; c != nil && c.settled && !c.ended {
		t.tell(CallBegin, c, pos)
		t.tellState(c)
	}
	return t.out
}

func (t *Tap) say(e Event) {
	if e.Known = t.known; e.Pos == 0 {
		e.Pos = t.now
	}
	t.out = append(t.out, e)
}
