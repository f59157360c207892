package pri

import (
	"slices"

	"vaad/channels/numbering"
)

const numberPart = numbering.Part

// A slot is a timeslot as a B-channel.
type slot struct {
	used       bool // it is a B-channel of ours at all
	leg        *leg // who has it
	owed       bool // StackSlotFree was not told yet
	restarting bool // RESTART was sent, or waits to be
	out        bool // the far end did not restart it
	due        int64
}

// useSlots takes the timeslots of the configuration.
func (s *Stack) useSlots() {
	last, d := slotsE1, dChannelE1
	if s.cfg.T1 {
		last, d = slotsT1, dChannelT1
	}
	if s.cfg.DChannel > 0 {
		d = s.cfg.DChannel
	}
	s.maxLegs = spareLegs
	for i := 1; i <= last; i++ {
		x := &s.slots[i]
		if x.used = i != d && (len(s.cfg.Slots) == 0 || slices.Contains(s.cfg.Slots, i)); x.used {
			s.maxLegs++
		} else {
			x.restarting, x.out = false, false
		}
	}
}

// Use says which timeslots may be used from now on, as StackConfig.Slots does; calls
// that others have go on.
func (s *Stack) Use(slots []int) {
	s.cfg.Slots = slots
	s.useSlots()
}

// Free reports whether a timeslot can take a call.
func (s *Stack) free(i int) bool {
	if i < 1 || i >= len(s.slots) {
		return false
	}
	x := &s.slots[i]
	return x.used && x.leg == nil && !x.restarting && !x.out
}

// choose finds a free timeslot that is not among those that were tried; 0: there is none.
func (s *Stack) choose(tried uint32) int {
	for n := 1; n < len(s.slots); n++ {
		i := n
		if s.cfg.Down {
			i = len(s.slots) - n
		}
		if s.free(i) && tried>>i&1 == 0 {
			return i
		}
	}
	return 0
}

func (s *Stack) reserve(l *leg, i int) {
	l.Slot = i
	if i > 0 {
		s.slots[i].leg, s.slots[i].owed, s.slots[i].out = l, true, false
	}
}

// vacate frees the timeslot of a call that is over.
func (s *Stack) vacate(l *leg) {
	i := l.Slot
	if i > 0 && s.slots[i].leg == l {
		s.slots[i].leg = nil
		s.tellFree(i, l)
	}
}

// tellFree tells that a timeslot is free, if it was not.
func (s *Stack) tellFree(i int, l *leg) {
	x := &s.slots[i]
	if !x.owed || x.restarting || x.out {
		return
	}
	x.owed = false
	e := StackEvent{Kind: StackSlotFree, Slot: i}
	if l != nil {
		e.CallID = l.id
	}
	s.say(e)
}

// move gives a call another timeslot; 0: none for now.
func (s *Stack) move(l *leg, to int) {
	from := l.Slot
	if from == to {
		return
	}
	if from > 0 && s.slots[from].leg == l {
		s.slots[from].leg = nil
	}
	s.reserve(l, to)
	s.tell(l, StackEvent{Kind: StackMoved, Value: int64(from)})
	if from > 0 {
		s.tellFree(from, l)
	}
}

// channel is a timeslot as the far end numbers it, slotOf the other way round.
func (s *Stack) channel(slot int) int {
	if s.cfg.Logical && !s.cfg.T1 && slot > dChannelE1 {
		return slot - 1
	}
	return slot
}

func (s *Stack) slotOf(channel int) int {
	if s.cfg.Logical && !s.cfg.T1 && channel >= dChannelE1 {
		return channel + 1
	}
	return channel
}

// assign finds the timeslot of a call that the far end offers (clause 5.2.3). cause
// is not 0 where there is none for it.
func (s *Stack) assign(c *cue) (slot int, cause uint8) {
	if slot, cause = s.wanted(c); cause != 0 || slot != 0 {
		return slot, cause
	}
	if slot = s.choose(0); slot == 0 {
		return 0, noChannelFree
	}
	return slot, 0
}

// wanted is the timeslot that SETUP names, if it can be; 0 where another is as good.
func (s *Stack) wanted(c *cue) (slot int, cause uint8) {
	switch {
	case !c.hasChannel || c.channel.Any:
		return 0, 0
	case c.channel.None:
		return 0, noChannelFree
	}
	slot = s.slotOf(c.channel.Slot())
	if slot < 1 || slot >= len(s.slots) || !s.slots[slot].used || c.channel.Basic || c.channel.D {
		slot = 0
	} else if x := &s.slots[slot]; x.restarting {
		slot = 0
	} else if x.leg != nil && !s.yields(x.leg) {
		slot = 0
	}
	if slot == 0 && c.channel.Exclusive {
		return 0, channelTaken
	}
	return slot, 0
}

// yields: both sides have set up a call in the same timeslot at once. The network's
// goes before (clause 5.7); of ours, the network will say another timeslot or refuse it.
func (s *Stack) yields(l *leg) bool {
	if s.cfg.Side == Network || l.state != s.out.present {
		return false
	}
	s.move(l, 0)
	return true
}
