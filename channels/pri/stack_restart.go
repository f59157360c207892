package pri

import "slices"

// Restarting of channels (clause 5.5). One RESTART is under way at a time.

type restarting struct {
	queue   []int // timeslots that wait; 0: the interface
	running bool
	slot    int // that is under way
	due     int64
	tries   int
}

const (
	// tryAgain is how long a timeslot that the far end did not restart is left alone.
	tryAgain = 600 * rate
	// toRestart is how long the whole interface waits for its restart. Not all
	// switches know that, and no call can be made meanwhile: T316 would be too long.
	toRestart = 4 * rate
)

func (s *Stack) nextRestart() int64 {
	next := int64(never)
	if s.restart.running {
		next = s.restart.due
	}
	for i := range s.slots {
		if s.slots[i].out {
			next = min(next, s.slots[i].due)
		}
	}
	return next
}

// Restart ends the call in a timeslot, or all calls with slot 0, and has the far
// end do the same; StackRestarted or StackMaintenance follows.
func (s *Stack) Restart(o *StackOut, slot int, now int64) {
	s.at(o, now)
	if slot < 0 || slot >= len(s.slots) || slot > 0 && !s.slots[slot].used {
		return
	}
	s.restartLater(slot)
	s.restartNext()
}

// restartLater ends what is in a timeslot and puts it behind those that wait.
func (s *Stack) restartLater(slot int) {
	for i := range s.slots {
		if x := &s.slots[i]; x.used && (slot == 0 || slot == i) {
			x.restarting, x.out = true, false
			if l := x.leg; l != nil {
				s.drop(l, EndRestart, temporaryFailure)
			}
		}
	}
	if slot == 0 {
		s.restart.queue = s.restart.queue[:0]
	}
	if !slices.Contains(s.restart.queue, slot) {
		s.restart.queue = append(s.restart.queue, slot)
	}
}

// restartNext sends the next RESTART, if none is under way.
func (s *Stack) restartNext() {
	r := &s.restart
	if r.running || len(r.queue) == 0 || !s.up {
		return
	}
	r.slot = r.queue[0]
	r.queue = slices.Delete(r.queue, 0, 1)
	r.running, r.tries = true, 0
	s.sendRestart()
}

// restartAgain: the link is up again, and what was under way may be lost.
func (s *Stack) restartAgain() {
	for i := range s.slots {
		if s.slots[i].out {
			s.restartLater(i)
		}
	}
	if s.restart.running {
		s.restart.tries = 0
		s.sendRestart()
	}
	s.restartNext()
}

// restartSooner: the answer to RESTART may be lost, so T316 is too long.
func (s *Stack) restartSooner() {
	if r := &s.restart; r.running && r.slot > 0 {
		r.due, r.tries = min(r.due, s.now+s.cfg.Timers.T322), 1
	}
}

func (s *Stack) sendRestart() {
	r := &s.restart
	r.tries++
	r.due = s.now + toRestart
	m := appendMessage(nil, 0, false, false, Restart)
	indicator := byte(0x87) // all interfaces that this D-channel serves: there is one
	if r.slot > 0 {
		r.due = s.now + s.cfg.Timers.T316
		m = appendChannel(m, s.channel(r.slot), true)
		indicator = 0x80
	}
	s.send(appendElement(m, RestartIndicator, indicator))
}

func (s *Stack) tickRestart() {
	r := &s.restart
	for i := range s.slots {
		if x := &s.slots[i]; x.out && s.up && s.now >= x.due {
			s.restartLater(i)
		}
	}
	if r.running && s.now >= r.due && s.up {
		if r.slot > 0 && r.tries < 2 {
			s.sendRestart()
			return
		}
		s.restartFailed()
	}
	s.restartNext()
}

// restartFailed: T316 has run out twice. A timeslot is given up for some time; the
// interface stays in use.
func (s *Stack) restartFailed() {
	r := &s.restart
	r.running = false
	s.say(StackEvent{Kind: StackMaintenance, Slot: r.slot})
	for i := range s.slots {
		x := &s.slots[i]
		if !x.used || r.slot != 0 && r.slot != i || slices.Contains(r.queue, i) {
			continue
		}
		x.restarting = false
		if r.slot != 0 {
			x.out, x.due = true, s.now+tryAgain
		}
		s.tellFree(i, nil)
	}
}

// restarted takes RESTART ACKNOWLEDGE.
func (s *Stack) restarted() {
	r := &s.restart
	if !r.running {
		return
	}
	r.running = false
	s.say(StackEvent{Kind: StackRestarted, Slot: r.slot})
	for i := range s.slots {
		if x := &s.slots[i]; x.used && (r.slot == 0 || r.slot == i) && !slices.Contains(r.queue, i) {
			x.restarting = false
			s.tellFree(i, nil)
		}
	}
	s.restartNext()
}

// takeRestart: the far end wants that nothing is in its channels.
func (s *Stack) takeRestart(m Message, c *cue) {
	if !c.hasRestart {
		s.globalStatus(missingElement, byte(RestartIndicator))
		return
	}
	whole := c.restart&7 != 0 // 000: what is named, 110: the interface, 111: all interfaces
	if !whole && (!c.hasChannel || c.channel.Slots == 0) {
		s.globalStatus(missingElement, byte(ChannelIDElement))
		return
	}
	for i := range s.slots {
		x := &s.slots[i]
		if !x.used || !whole && c.channel.Slots>>s.channel(i)&1 == 0 {
			continue
		}
		switch l := x.leg; {
		case l == nil:
		case l.state == s.out.present && !whole: // the far end may have it elsewhere, and will say where
			s.move(l, 0)
		default:
			s.drop(l, EndRestart, temporaryFailure)
		}
		x.out = false
		s.tellFree(i, nil)
		if !whole {
			s.say(StackEvent{Kind: StackRestarted, Slot: i})
		}
	}
	if whole {
		for _, l := range s.all() { // those that have no timeslot
			s.drop(l, EndRestart, temporaryFailure)
		}
		s.say(StackEvent{Kind: StackRestarted})
	}
	b := appendMessage(nil, 0, !m.ToOrigin, false, RestartAck)
	m.Elements(func(e Element) { // as they came (clause 5.5.2)
		if e.ID == ChannelIDElement && !whole || e.ID == RestartIndicator {
			b = appendElement(b, e.ID, e.Data...)
		}
	})
	s.send(b)
}

// global takes a message with the global call reference (clause 5.8.3.2 f).
func (s *Stack) global(m Message, c *cue) {
	switch m.Type {
	case Restart:
		if !m.ToOrigin {
			s.takeRestart(m, c)
		}
	case RestartAck:
		if m.ToOrigin {
			s.restarted()
		}
	case Status: // in answer to RESTART: it cannot, so there is nothing to wait for
		if s.restart.running && m.ToOrigin && c.hasCause && c.cause.Value >= 96 && c.cause.Value <= 101 {
			s.restarted()
		}
	default:
		s.globalStatus(badReference, byte(m.Type))
	}
}

// globalStatus answers what cannot be, with the state of the global reference
// (clause 4.5.7): Rest 0 or Rest 1.
func (s *Stack) globalStatus(cause uint8, about byte) {
	state := byte(0)
	if s.restart.running {
		state = 0x3D
	}
	b := appendCause(appendMessage(nil, 0, true, false, Status), s.causeOf(cause), about)
	s.send(appendElement(b, CallStateElement, state))
}
