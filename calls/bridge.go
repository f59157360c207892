package calls

import (
	"context"
	"errors"
	"slices"
	"time"

	"vaad/channels"

	"github.com/oklog/ulid/v2"
)

// MaxParties is how many legs a bridge takes.
const MaxParties = 64

// maxRejoins is how often a leg may lose its mix without leaving its bridge.
const maxRejoins = 8

const rejoinAfter = 100 * time.Millisecond

// bridge is legs that hear each other. Its mix exists while lines are in it.
type bridge struct {
	id    string
	begun time.Time
	by    string
	legs  []*leg // held ones too
	over  bool
}

func (b *bridge) snapshot() Bridge {
	out := Bridge{ID: b.id, Begun: b.begun, By: b.by}
	for _, l := range b.legs {
		out.Legs = append(out.Legs, l.ID)
	}
	return out
}

// other is the second of two legs; nil where there are more or fewer.
func (b *bridge) other(l *leg) *leg {
	if b == nil || len(b.legs) != 2 {
		return nil
	}
	if b.legs[0] == l {
		return b.legs[1]
	}
	return b.legs[0]
}

// newBridge makes an empty bridge; who makes it puts legs in.
func (s *Switch) newBridge(by string) *bridge {
	b := &bridge{id: ulid.Make().String(), begun: time.Now().UTC(), by: by}
	s.bridges[b.id] = b
	s.move(b)
	return b
}

// bridgeTwo puts two legs together: in a bridge of both, or a new one.
func (s *Switch) bridgeTwo(by string, a, c *leg) {
	b := a.bridge
	if b == nil || b != c.bridge {
		b = s.newBridge(by)
	}
	s.enter(b, a, Talk, nil)
	s.enter(b, c, Talk, nil)
	if len(b.legs) < 2 { // one ended with what the other left
		s.settle(b, a, release)
	}
}

// enter puts a leg into a bridge, out of the one it is in, or changes its role there.
func (s *Switch) enter(b *bridge, l *leg, role Role, to *leg) {
	if l.bridge != b {
		if l.bridge != nil {
			s.depart(l, release)
		}
		if b.over || !l.up() { // with what it left
			l.kept = true
			return
		}
		l.bridge, l.rejoins = b, 0
		l.Bridge = b.id
		b.legs = append(b.legs, l)
		s.move(b)
	}
	l.kept, l.found = false, false
	l.Role, l.To = role, ""
	if to != nil {
		l.To = to.ID
	}
	s.converse(b, l)
	s.step(l, onRetrieve, nil)
	s.retold(l)
	s.hush(l)
	s.touch(l)
	s.join(l)
}

// join puts a leg's line into the mix of its bridge.
func (s *Switch) join(l *leg) {
	b := l.bridge
	j := channels.Joining{ID: s.id(), Mix: b.id, Line: l.Line, Role: channels.Talker}
	switch l.Role {
	case Listen:
		j.Role = channels.Listener
	case Whisper:
		j.Role = channels.Whisperer
		if to := s.legs[l.To]; to != nil {
			j.To = to.Line
		}
	}
	s.enqueue(l.Line, act{skip: func() bool { return l.bridge != b || !l.up() || l.State == LegHeld },
		do: func(ctx context.Context) error {
			_, err := s.cfg.Lines.Join(ctx, j)
			return err
		},
		done: func(err error) {
			if err == nil || errors.Is(err, errSkipped) || l.bridge != b || !l.up() {
				return
			}
			f := lineFailure("join", err)
			if f.Code == LegEnded { // its end is on the way
				return
			}
			s.failed(l, f)
			s.release(l, 41) // it would hear nobody: temporary failure
		}})
}

// leave takes a leg's line out of its mix.
func (s *Switch) leave(l *leg) {
	id, line := s.id(), l.Line
	s.enqueue(line, act{skip: func() bool { return !l.up() }, done: s.minor(l, "leave"), do: func(ctx context.Context) error {
		_, err := s.cfg.Lines.Leave(ctx, line, id)
		return err
	}})
}

// afterwards says what becomes of those who are left when a bridge ends.
type afterwards uint8

const (
	release afterwards = iota // they are released
	keep                      // they stay up, for whoever took the bridge apart
)

// depart takes a leg out of its bridge, which ends when nobody is left to talk with.
func (s *Switch) depart(l *leg, rest afterwards) {
	if b := l.bridge; b != nil {
		s.remove(l)
		s.settle(b, l, rest)
	}
}

// withdraw takes legs out of their bridges, as one.
func (s *Switch) withdraw(legs []*leg, rest afterwards) {
	was := make([]*bridge, len(legs))
	for i, l := range legs {
		if was[i] = l.bridge; l.bridge != nil {
			s.remove(l)
		}
	}
	for i, l := range legs {
		if was[i] != nil {
			s.settle(was[i], l, rest)
		}
	}
}

// remove takes a leg out of its bridge, whatever is left there.
func (s *Switch) remove(l *leg) {
	b := l.bridge
	l.unbound()
	b.legs = slices.DeleteFunc(b.legs, func(o *leg) bool { return o == l })
	if l.up() && l.State != LegHeld {
		s.leave(l)
	}
	s.touch(l)
	s.move(b)
}

// unbound notes that a leg is in no bridge.
func (l *leg) unbound() { l.bridge, l.Bridge, l.Role, l.To = nil, "", "", "" }

// settle ends a bridge that a leg has left, if nobody is left to talk with.
func (s *Switch) settle(b *bridge, gone *leg, rest afterwards) {
	talkers := 0
	for _, o := range b.legs {
		if o.talks() {
			talkers++
		}
		if o.To == gone.ID { // nobody hears it any more
			o.Role, o.To = Listen, ""
			s.touch(o)
			s.join(o)
		}
	}
	if talkers >= 2 || b.over {
		return
	}
	b.over = true
	delete(s.bridges, b.id)
	s.move(b)
	for _, o := range slices.Clone(b.legs) {
		if s.recallsTo(gone, o) {
			continue
		}
		talked := o.talks()
		o.unbound()
		s.touch(o)
		if (rest == keep && talked || o.second != nil) && o.State != LegHeld {
			s.leave(o)
		}
		switch {
		case o.second != nil:
			s.secondFailed(o, 16)
		case rest == keep && talked:
			o.kept = true
		default:
			s.release(o, 16)
		}
	}
}

// lost brings a leg back whose mix went away with the board it lived on, unless
// its own call ended with that.
func (s *Switch) lost(l *leg, mix string) {
	s.after(rejoinAfter, func() {
		if l.bridge == nil || l.bridge.id != mix || !l.up() || l.State == LegHeld {
			return
		}
		if l.rejoins++; l.rejoins > maxRejoins {
			s.release(l, 41)
			return
		}
		s.join(l)
	})
}

// apart takes two legs out of the bridge that they share, without releasing them.
func (s *Switch) apart(a, b *leg) {
	if a.bridge != nil && a.bridge == b.bridge {
		s.withdraw([]*leg{a, b}, release)
	}
}
