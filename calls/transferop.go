package calls

import (
	"context"
	"slices"

	"vaad/channels"
)

// Transfer passes a leg on to a number of the plan and lets go of the party it
// talks with. If nobody answers there, a station that it was taken from rings again.
func (s *Switch) Transfer(ctx context.Context, actor, leg, number string) error {
	return s.now(ctx, "transfer", func() *Failure {
		l, f := s.get(leg)
		switch {
		case f != nil:
			return f
		case !dialable(number):
			return &Failure{Code: BadNumber, Text: "a number is 1 to 64 of 0-9 * # A-D"}
		case l.second != nil || l.dial != nil || l.Answered.IsZero() && l.Ours:
			return wrongState("only a call that is answered, or waits for an answer, can be passed on")
		}
		d, f := s.plan(l, number)
		if f == nil {
			f = s.reachable(d)
		}
		if f != nil {
			return f
		}
		d.by = actor
		by := s.holderOf(l)
		if by != nil && by.Use == useStation {
			d.back = by.Line
		}
		s.loosen(l)
		if by != nil {
			from, _ := by.party()
			s.note(l.ID, Note{TransferredFrom: from, TransferredTo: number})
			s.note(by.ID, Note{TransferredTo: number})
			s.release(by, 16)
		} else {
			s.note(l.ID, Note{TransferredTo: number})
		}
		l.routed, l.kept = true, false
		s.music(l)
		timeout := usual(s.pbx().RingFor, ringFor)
		if len(d.stations) == 0 {
			timeout = 0
		}
		if f := s.start(d, timeout); f != nil { // what was free a moment ago is not
			s.failed(l, f)
			s.refuse(l, d.cause)
		}
		return nil
	})
}

// holderOf is the party that a leg talks with, if it is one, or that holds it.
func (s *Switch) holderOf(l *leg) *leg {
	if l.holder != nil {
		return l.holder
	}
	return l.bridge.other(l)
}

// loosen takes a leg out of its bridge, and from a station that holds it.
func (s *Switch) loosen(l *leg) {
	if l.out != nil {
		s.cancel(l.out)
	}
	if l.holder != nil {
		s.unhold(l.holder)
	}
	stopTimer(l.waiting)
	s.withdraw([]*leg{l}, release)
}

// reachable says why a dial would reach nobody now.
func (s *Switch) reachable(d *dial) *Failure {
	s.refresh()
	for _, line := range d.stations {
		if _, f := s.busy(line); f != nil {
			return f
		}
	}
	if len(d.stations) > 0 {
		return nil
	}
	var refused []channels.LineStatus
	for _, name := range d.groups {
		g, _ := s.groupOf(name)
		for _, line := range g.Lines {
			st, ok := s.lines[line]
			switch {
			case ok && s.free(st):
				return nil
			case ok:
				refused = append(refused, st)
			}
		}
	}
	return noTrunk(refused)
}

// TransferTo puts two legs together and lets go of the parties each talks with. The
// other may still be ringing for the party that called it: the first then waits for it.
func (s *Switch) TransferTo(ctx context.Context, actor, id, other string) error {
	return s.now(ctx, "transfer-to", func() *Failure {
		both, f := s.gets(id, other)
		if f != nil {
			return f
		}
		l, o := both[0], both[1]
		if l.Answered.IsZero() || l.second != nil || o.second != nil || l.dial != nil || l.out != nil || o.out != nil {
			return wrongState("only a call that is answered can be passed on")
		}
		if d := o.dial; d != nil {
			if d.from == nil || d.from == l || !slices.Contains(d.legs, o) {
				return wrongState("the call is not made for another party")
			}
			by, with := d.from, s.holderOf(l)
			s.loosen(l)
			s.music(l)
			s.handOver(d, l)
			d.by = actor
			s.release(by, 16)
			if with != nil {
				s.release(with, 16)
			}
			return nil
		}
		if o.Answered.IsZero() {
			return wrongState("the other call is not answered")
		}
		if l.bridge != nil && l.bridge == o.bridge && len(l.bridge.legs) == 2 {
			return nil // they talk already
		}
		var by []*leg
		for _, x := range both {
			if p := s.holderOf(x); p != nil && p != l && p != o && !slices.Contains(by, p) {
				by = append(by, p)
			}
		}
		for _, x := range both {
			if x.holder != nil {
				s.unhold(x.holder)
			}
		}
		s.withdraw(both, release)
		for _, p := range by {
			s.passed(p, l, o)
			s.release(p, 16)
		}
		s.bridgeTwo(actor, l, o)
		return nil
	})
}
