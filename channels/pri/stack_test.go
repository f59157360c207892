package pri

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"vaad/channels/numbering"
)

// A trunkPair is a network and a user joined by a wire that loses frames, in virtual
// time: a frame takes 5 ms.
type trunkPair struct {
	t     rapid.TB
	ends  [2]*Stack
	now   int64
	wire  [2][]flying // by the side that it goes to
	loss  float64
	cut   bool
	rand  *rand.Rand
	got   [2][]StackEvent
	seen  func(from Side, frame []byte)
	sides [2]StackConfig
}

type flying struct {
	at    int64
	frame []byte
}

const wireTime = rate / 200

func newTrunkPair(t rapid.TB, network, user StackConfig) *trunkPair {
	network.Side, user.Side = Network, User
	p := &trunkPair{t: t, rand: rand.New(rand.NewPCG(1, 2)), sides: [2]StackConfig{network, user}}
	for i, c := range p.sides {
		p.ends[i] = NewStack(c)
	}
	p.each(func(s *Stack, o *StackOut) { s.Start(o, p.now) })
	p.run(1)
	for i, s := range p.ends {
		if !s.Up() {
			t.Fatalf("%v has no link", Side(i))
		}
	}
	return p
}

// take carries what an end gives.
func (p *trunkPair) take(from Side, f func(*Stack, *StackOut)) {
	var o StackOut
	f(p.ends[from], &o)
	p.got[from] = append(p.got[from], o.Events...)
	for _, frame := range o.Frames {
		if p.seen != nil {
			p.seen(from, frame)
		}
		if p.cut || p.loss > 0 && p.rand.Float64() < p.loss {
			continue
		}
		to := from.Other()
		p.wire[to] = append(p.wire[to], flying{p.now + wireTime, frame})
	}
}

func (p *trunkPair) each(f func(*Stack, *StackOut)) {
	for side := range p.ends {
		p.take(Side(side), f)
	}
}

// run lets so many seconds go by.
func (p *trunkPair) run(seconds float64) {
	for end := p.now + int64(seconds*rate); p.now < end; {
		next := end
		for side := range p.ends {
			next = min(next, p.ends[side].Next())
			if len(p.wire[side]) > 0 {
				next = min(next, p.wire[side][0].at)
			}
		}
		p.now = max(next, p.now)
		for side := range p.ends {
			for len(p.wire[side]) > 0 && p.wire[side][0].at <= p.now {
				frame := p.wire[side][0].frame
				p.wire[side] = p.wire[side][1:]
				p.take(Side(side), func(s *Stack, o *StackOut) { s.Frame(o, frame, p.now) })
			}
			p.take(Side(side), func(s *Stack, o *StackOut) { s.Tick(o, p.now) })
		}
		if next < end && next == p.now {
			stuck := true
			for side := range p.ends {
				stuck = stuck && p.ends[side].Next() <= p.now
			}
			if stuck {
				p.t.Fatal("time stands still: Next is due and Tick does nothing")
			}
		}
	}
}

// call sets up a call.
func (p *trunkPair) call(from Side, order SetupOrder) (id CallID) {
	p.t.Helper()
	p.take(from, func(s *Stack, o *StackOut) {
		var err error
		if id, err = s.Setup(o, order, p.now); err != nil {
			p.t.Fatal(err)
		}
	})
	return id
}

// wish carries out a wish that must be possible.
func (p *trunkPair) wish(side Side, f func(*Stack, *StackOut) error) {
	p.t.Helper()
	p.take(side, func(s *Stack, o *StackOut) {
		if err := f(s, o); err != nil {
			p.t.Fatal(err)
		}
	})
	p.run(0.1)
}

// last returns the newest event of a kind.
func (p *trunkPair) last(side Side, k StackEventKind) StackEvent {
	p.t.Helper()
	for _, e := range slices.Backward(p.got[side]) {
		if e.Kind == k {
			return e
		}
	}
	p.t.Fatalf("%v was not told %v, but %s", side, k, p.told(side))
	return StackEvent{}
}

// told is what a side was told, as words.
func (p *trunkPair) told(side Side) string {
	var b []string
	for _, e := range p.got[side] {
		b = append(b, wordsOf(e))
	}
	return strings.Join(b, ", ")
}

func wordsOf(e StackEvent) string {
	s := e.Kind.String()
	if e.Slot > 0 {
		s += fmt.Sprint(" ", e.Slot)
	}
	if e.Kind == StackCleared {
		s += fmt.Sprintf(" %s %d", e.Call.EndedBy, e.Call.Cause.Value)
	}
	if e.Text != "" {
		s += " " + e.Text
	}
	return s
}

// want compares what a side was told since it was asked last.
func (p *trunkPair) want(side Side, want ...string) {
	p.t.Helper()
	if got := p.told(side); got != strings.Join(want, ", ") {
		p.t.Errorf("%v was told\n   %s\nnot %s", side, got, strings.Join(want, ", "))
	}
	p.got[side] = nil
}

func (p *trunkPair) forget() { p.got = [2][]StackEvent{} }

// idle checks that no timeslot is taken on any side.
func (p *trunkPair) idle() {
	p.t.Helper()
	for i, s := range p.ends {
		if len(s.legs) > 0 {
			p.t.Errorf("%v still has a call in state %s", Side(i), s.legs[0].state.name(Side(i)))
		}
		for n := range s.slots {
			if x := &s.slots[n]; x.leg != nil || x.owed || x.restarting || x.out {
				p.t.Errorf("%v: timeslot %d is taken: %+v", Side(i), n, *x)
			}
		}
	}
}

func TestACallGoesFromSetupToRelease(t *testing.T) {
	for _, from := range []Side{Network, User} {
		for _, kind := range Switches() {
			t.Run(kind+" "+from.String(), func(t *testing.T) {
				p := newTrunkPair(t, StackConfig{Switch: kind}, StackConfig{Switch: kind})
				p.forget()
				id := p.call(from, SetupOrder{Slot: 5, Called: "8001", Caller: "13912345678", Complete: true})
				p.run(0.1)
				far := from.Other()
				e := p.last(far, StackSetup)
				if e.Slot != 5 || e.Call.Called != "8001" || e.Call.Caller != "13912345678" || !e.Call.Complete || !e.Call.Incoming {
					t.Errorf("arrived as %+v in %d", e.Call, e.Slot)
				}
				p.wish(far, func(s *Stack, o *StackOut) error { return s.Proceed(o, e.CallID, p.now) })
				p.wish(far, func(s *Stack, o *StackOut) error { return s.Alert(o, e.CallID, p.now) })
				p.wish(far, func(s *Stack, o *StackOut) error { return s.Connect(o, e.CallID, p.now) })
				p.want(from, "proceeding 5", "alerting 5", "connected 5")
				p.want(far, "setup 5", "connect-acked 5")
				p.wish(from, func(s *Stack, o *StackOut) error { return s.Clear(o, id, 16, p.now) })
				p.want(from, "cleared 5 cleared-local 16", "slot-free 5")
				p.want(far, "cleared 5 cleared-network 16", "slot-free 5")
				p.idle()
			})
		}
	}
}

func numberPlan(t testing.TB, patterns ...string) *numbering.Plan {
	t.Helper()
	plan, err := numbering.Parse(patterns...)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}
