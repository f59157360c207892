package channels

import (
	"reflect"
	"slices"

	"vaad/channels/pri"
	"vaad/driver"
)

// A trunkLink is the D-channel of a span that is ours: one side of its
// signalling, and the lines that are its timeslots.
type trunkLink struct {
	stack *pri.Stack
	cfg   pri.StackConfig
	span  int // index into Info.Spans
	slots [32]*bearerTable
	out   pri.StackOut
}

// stackConfig is what a span's signalling is like; ok is false where it is not ours:
// a tap is on it, or no line on it is a trunk with signalling.
func (l *loop) stackConfig(span int) (c pri.StackConfig, ok bool) {
	s := l.info.Spans[span]
	if l.tapped(span) {
		return c, false
	}
	c = pri.StackConfig{Side: pri.User, DChannel: s.DChannel, T1: s.Channels == 24}
	for _, r := range l.runs {
		if r.view.use == driver.Trunk && spanOf(l.info, r.view.rx) == span && r.bearer() != nil {
			c.Slots = append(c.Slots, r.view.info.Timeslot)
		}
	}
	for _, p := range l.plans {
		if p.Number != s.Number {
			continue
		}
		if p.Side == "network" {
			c.Side = pri.Network
		}
		c.Switch, c.Overlap, c.Logical, c.Down, c.Numbers = p.Switch, p.Overlap, p.Logical, p.Down, p.Numbers
	}
	return c, len(c.Slots) > 0
}

// restack makes the signalling of spans what lines and plan want. One that stays
// what it was goes on, with other timeslots perhaps; any other ends its calls and begins anew.
func (l *loop) restack() {
	var kept []*trunkLink
	for span := range l.info.Spans {
		c, ok := l.stackConfig(span)
		old := l.linkOn(span)
		switch {
		case old != nil && ok && old.goesOn(c):
			kept = append(kept, old)
		case old != nil:
			l.out.ended = EndReconfigured
			old.stack.Gone(&old.out, l.next)
			l.flush(old)
			l.out.ended = ""
			l.spans[span].linkIs(true, l.next)
			fallthrough
		default:
			if ok {
				k := &trunkLink{stack: pri.NewStack(c), cfg: c, span: span}
				kept = append(kept, k)
				k.stack.Start(&k.out, l.next)
			}
		}
	}
	l.trunkLinks = kept
	for _, k := range kept {
		k.slots = [32]*bearerTable{}
	}
	for _, r := range l.runs {
		t := r.bearer()
		if t == nil {
			continue
		}
		t.link, t.slot = nil, r.view.info.Timeslot
		if k := l.linkOn(spanOf(l.info, r.view.rx)); k != nil && t.slot > 0 && t.slot < len(k.slots) {
			t.link, k.slots[t.slot] = k, t
		}
		t.linkIs(&l.out, t.free() == Idle, l.next)
	}
	for _, k := range kept {
		l.flush(k)
	}
}

// goesOn takes a configuration that differs in nothing but timeslots; false: it does.
func (k *trunkLink) goesOn(c pri.StackConfig) bool {
	slots := k.cfg.Slots
	k.cfg.Slots = c.Slots
	if !reflect.DeepEqual(k.cfg, c) {
		k.cfg.Slots = slots
		return false
	}
	if !slices.Equal(slots, c.Slots) {
		k.stack.Use(c.Slots)
	}
	return true
}

// slot returns the line that is a timeslot, or nil.
func (k *trunkLink) slot(n int) *bearerTable {
	if n <= 0 || n >= len(k.slots) {
		return nil
	}
	return k.slots[n]
}

func (l *loop) linkOn(span int) *trunkLink {
	for _, k := range l.trunkLinks {
		if k.span == span {
			return k
		}
	}
	return nil
}

// bearer returns the table of a line if it is a timeslot with signalling of ours.
func (r *lineRun) bearer() *bearerTable {
	t, _ := r.table.(*bearerTable)
	return t
}

// signalled takes one LAPD frame of the far end.
func (l *loop) signalled(span int, frame []byte, at int64) {
	if k := l.linkOn(span); k != nil {
		k.stack.Frame(&k.out, frame, at)
		l.flush(k)
	}
}

// runLinks lets time pass for the signalling.
func (l *loop) runLinks(end int64) {
	for _, k := range l.trunkLinks {
		if end >= k.stack.Next() {
			k.stack.Tick(&k.out, end)
			l.flush(k)
		}
	}
}

// flush sends what a link has to send, and tells its timeslots what it says.
func (l *loop) flush(k *trunkLink) {
	for i := 0; i < len(k.out.Events); i++ { // what timeslots answer may say more
		e := &k.out.Events[i]
		k.tell(&l.out, e)
		if e.Kind == pri.StackKey {
			l.keyed(k.slot(e.Slot), e.Text)
		}
	}
	k.out.Events = k.out.Events[:0]
	for _, f := range k.out.Frames {
		l.tx.Command(driver.SendDChannel, k.span, 0, 0, f)
		l.trace.add(l.next, uint8(driver.SendDChannel), k.span, 0, f, traceTx)
		l.captured(k.span, f, l.next, k.cfg.Side == pri.Network)
	}
	clear(k.out.Frames)
	k.out.Frames = k.out.Frames[:0]
	l.spans[k.span].linkIs(k.stack.Up(), l.next)
}

func (k *trunkLink) tell(out *emitter, e *pri.StackEvent) {
	switch e.Kind {
	case pri.StackLinkUp, pri.StackLinkDown:
		for _, t := range k.slots {
			if t != nil {
				t.linkIs(out, e.Kind == pri.StackLinkUp, e.Pos)
			}
		}
		return
	case pri.StackRestarted:
		if e.Slot == 0 {
			return // calls that this ends are told one by one
		}
	case pri.StackMoved:
		if from := k.slot(int(e.Value)); from != nil {
			from.moved(out, e)
		}
	}
	if t := k.slot(e.Slot); t != nil {
		t.take(out, e)
	}
}

// keyed lets keys that the D-channel told end what is played to a timeslot.
func (l *loop) keyed(t *bearerTable, keys string) {
	for _, r := range l.runs {
		if t == nil || r.bearer() != t {
			continue
		}
		for i := range len(keys) {
			r.speech.play.key(keys[i])
		}
	}
}
