package pri

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// busy are the timeslots that have a call.
func (s *Stack) busy() (slots uint32) {
	for i := range s.slots {
		if s.slots[i].leg != nil {
			slots |= 1 << i
		}
	}
	return slots
}

// Whatever both sides wish and whatever the line loses: after a quiet minute no
// timeslot has a call on one side only, and calls that are cleared leave nothing.
func TestNoTimeslotStaysBusyOnOneSideOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(Switches()).Draw(t, "switch")
		config := StackConfig{Switch: kind, Slots: []int{1, 2, 15, 17, 31}, Overlap: rapid.Bool().Draw(t, "overlap"),
			Logical: rapid.Bool().Draw(t, "logical"), NoRestart: rapid.Bool().Draw(t, "no restart")}
		far := config
		far.Down = rapid.Bool().Draw(t, "down")
		p := newTrunkPair(t, config, far)
		p.rand = rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			p.something(t)
		}
		p.loss, p.cut = 0, false
		p.run(60)
		if p.ends[Network].busy() != p.ends[User].busy() {
			p.run(0.5) // a timer has just run out
		}
		if a, b := p.ends[Network].busy(), p.ends[User].busy(); a != b {
			t.Fatalf("timeslots %#x are busy at the network, %#x at the user:\n%s\n%s", a, b, p.told(Network), p.told(User))
		}
		p.each(func(s *Stack, o *StackOut) {
			for _, l := range append([]*leg(nil), s.legs...) {
				_ = s.Clear(o, l.id, 16, p.now)
			}
		})
		p.run(120)
		p.idle()
		for _, events := range p.got {
			balanced(t, events)
		}
	})
}

// balanced checks that every call that was told has ended once.
func balanced(t rapid.TB, events []StackEvent) {
	t.Helper()
	begun, ended := map[CallID]bool{}, map[CallID]int{}
	for _, e := range events {
		if e.CallID != 0 {
			begun[e.CallID] = true
		}
		if e.Kind == StackCleared {
			ended[e.CallID]++
		}
	}
	for id := range begun {
		if ended[id] != 1 {
			t.Errorf("call %d has ended %d times", id, ended[id])
		}
	}
}

// something is a wish, a pause or a disturbance.
func (p *trunkPair) something(t *rapid.T) {
	side := Side(rapid.IntRange(0, 1).Draw(t, "side"))
	what := rapid.IntRange(0, 13).Draw(t, "what")
	which := rapid.IntRange(0, 9).Draw(t, "which")
	p.take(side, func(s *Stack, o *StackOut) {
		var id CallID
		if len(s.legs) > 0 {
			id = s.legs[which%len(s.legs)].id
		}
		switch what { // what cannot be done is refused
		case 0, 1, 2:
			_, _ = s.Setup(o, SetupOrder{Slot: []int{0, 0, 0, 0, 1, 2, 15, 17, 31, 31}[which], Called: "8", Complete: which%2 == 0}, p.now)
		case 3:
			_ = s.Proceed(o, id, p.now)
		case 4:
			_ = s.Alert(o, id, p.now)
		case 5:
			_ = s.Connect(o, id, p.now)
		case 6:
			_ = s.Clear(o, id, 16+which, p.now)
		case 7:
			_ = s.Digits(o, id, "12", p.now)
		case 8:
			_ = s.Progress(o, id, which%2 == 0, p.now)
		case 9:
			_ = s.Hold(o, id, p.now)
		case 10:
			_ = s.Retrieve(o, id, p.now)
		case 11:
			s.Restart(o, []int{0, 1, 2, 15, 17, 31, 1, 2, 15, 17}[which], p.now)
		case 12:
			p.loss = []float64{0, 0, 0, 0.05, 0.1, 0.2, 0.4, 0, 0, 0}[which]
		case 13:
			p.cut = which > 7
		}
	})
	p.run([]float64{0, 0, 0.004, 0.01, 0.1, 0.1, 1, 5, 5, 20}[rapid.IntRange(0, 9).Draw(t, "pause")])
}
