package calls

import (
	"cmp"
	"context"
	"time"

	"vaad/channels"
)

// Call begins a call and returns its leg as soon as the line has begun it. Of a
// group, a trunk that fails before its number is sent is followed by the next.
func (s *Switch) Call(ctx context.Context, actor string, r CallRequest) (Leg, error) {
	var d *dial
	var l Leg
	err := s.ask(ctx, "call", func(done func(*Failure)) (f *Failure) {
		if d, f = s.request(actor, r); f != nil {
			return f
		}
		s.begin(d, &l, done)
		if r.Timeout == 0 && len(d.stations) > 0 { // whoever asked may be gone: nothing rings for ever
			r.Timeout = usual(s.pbx().RingFor, ringFor)
		}
		return s.start(d, r.Timeout)
	})
	return s.called(d, &l, err)
}

// begin lets an operation know of the first leg of its dial.
func (s *Switch) begin(d *dial, out *Leg, done func(*Failure)) {
	d.begun = func(l *leg, f *Failure) {
		if l != nil {
			*out = l.Leg
		}
		done(f)
	}
}

// called gives an operation its leg; a dial that it did not wait for is given up.
func (s *Switch) called(d *dial, l *Leg, err error) (Leg, error) {
	s.lock()
	defer s.unlock()
	if err == nil {
		return *l, nil
	}
	if d != nil && !d.over {
		d.begun = nil
		s.cancel(d)
	}
	return Leg{}, err
}

// request makes the dial that is asked for.
func (s *Switch) request(actor string, r CallRequest) (*dial, *Failure) {
	if r.Timeout < 0 || r.Timeout > 24*time.Hour || r.Line != 0 && r.Group != "" {
		return nil, &Failure{Code: BadRequest, Text: "a timeout is 0 to 24 h, and a line is of no group"}
	}
	d := &dial{by: actor, leave: true, wish: channels.Wish{Number: r.Number, Caller: r.Caller, Name: r.Name, Private: r.Private}}
	if r.For != "" {
		from, f := s.get(r.For)
		if f != nil {
			return nil, f
		}
		if from.bridge != nil || from.out != nil || from.second != nil || from.holder != nil || from.Ours && from.Answered.IsZero() {
			return nil, wrongState("the call that it is for talks, or is being made itself")
		}
		d.from = from
		from.routed = true
	}
	s.refresh()
	if r.Line != 0 {
		st, ok := s.line(r.Line)
		switch {
		case !ok:
			return nil, &Failure{Code: NoSuchLine, Text: lineText(r.Line) + " is neither a trunk nor a station"}
		case st.State == channels.GoneState:
			return nil, &Failure{Code: LineGone, Text: lineText(r.Line) + " is on a board that does not run"}
		case dead(st):
			return nil, &Failure{Code: LineGone, Text: lineText(r.Line) + " does not work"}
		case !s.free(st):
			return nil, &Failure{Code: LineInUse, Text: lineText(r.Line) + " is not idle"}
		case st.Use.String() == useStation:
			d.stations = []int{r.Line}
			d.wish.Number, d.wish.Ring = "", cmp.Or(r.Ring, "inside")
			return d, nil
		}
		d.trunks = []int{r.Line}
	}
	if !dialable(r.Number) {
		return nil, &Failure{Code: BadNumber, Text: "a number is 1 to 64 of 0-9 * # A-D, with + in front or not"}
	}
	switch {
	case r.Group != "":
		if _, ok := s.groupOf(r.Group); !ok {
			return nil, &Failure{Code: NoGroup, Text: "there is no trunk group " + r.Group}
		}
		d.groups = []string{r.Group}
	case r.Line == 0:
		d.anyTrunk = true
	}
	return d, nil
}

// Supervise lets somebody into the bridge of a leg: a leg that is up, or (leg "")
// the station of a line, which rings first. A whisperer is heard by target alone.
func (s *Switch) Supervise(ctx context.Context, actor string, line int, leg, target string, role Role) (Leg, error) {
	var d *dial
	var out Leg
	err := s.ask(ctx, "supervise", func(done func(*Failure)) *Failure {
		to, f := s.get(target)
		switch {
		case f != nil:
			return f
		case !role.known() || (line != 0) == (leg != ""):
			return &Failure{Code: BadRequest, Text: "a role is talk, listen, whisper or barge, and either a line or a call supervises"}
		case to.bridge == nil:
			return &Failure{Code: NotBridged, Text: "the call talks with nobody"}
		case len(to.bridge.legs) >= MaxParties:
			return full()
		}
		if leg != "" {
			l, f := s.get(leg)
			if f == nil {
				f = s.ready(l)
			}
			switch {
			case f != nil:
				return f
			case l == to:
				return &Failure{Code: BadRequest, Text: "a call cannot supervise itself"}
			case l.bridge == to.bridge && l.Role == Talk: // it would be muted by mistake
				return wrongState("it talks in that call already; its role there can be changed")
			}
			if s.take(l); to.bridge == nil { // what was cancelled was all that it talked with
				l.kept = true
				return &Failure{Code: NotBridged, Text: "the call talks with nobody"}
			}
			s.supervise(l, to, role)
			out = l.Leg
			done(nil)
			return nil
		}
		s.refresh()
		if _, f := s.busy(line); f != nil {
			return f
		}
		number, name := to.party()
		d = &dial{by: actor, then: thenSupervise, target: to, role: role, stations: []int{line}, wish: channels.Wish{Caller: number, Name: name, Ring: "inside"}}
		s.begin(d, &out, done)
		return s.start(d, usual(s.pbx().RingFor, ringFor))
	})
	return s.called(d, &out, err)
}

// supervise puts a leg into the bridge of another.
func (s *Switch) supervise(l, target *leg, role Role) {
	var to *leg
	if role == Whisper {
		to = target
	}
	s.enter(target.bridge, l, role, to)
}

func (r Role) known() bool { return r == Talk || r == Listen || r == Whisper || r == Barge }

func full() *Failure {
	return &Failure{Code: ConferenceFull, Text: "the bridge has as many parties as it may have"}
}
