package pri

import (
	"fmt"
	"testing"
)

var bothSides = []Side{Network, User}

// answered brings a call of a side to the answer.
func (p *trunkPair) answered(from Side, order SetupOrder) (here, there CallID) {
	p.t.Helper()
	order.Complete = true
	here = p.call(from, order)
	p.run(0.1)
	far := from.Other()
	there = p.last(far, StackSetup).CallID
	p.wish(far, func(s *Stack, o *StackOut) error { return s.Alert(o, there, p.now) })
	p.wish(far, func(s *Stack, o *StackOut) error { return s.Connect(o, there, p.now) })
	if p.last(from, StackConnected).CallID != here {
		p.t.Fatalf("%v was told %s", from, p.told(from))
	}
	p.forget()
	return here, there
}

// A call is refused with every cause of Q.850, before and after the number was
// taken, and the caller is told which.
func TestTheCauseOfARefusalReachesTheCaller(t *testing.T) {
	for _, from := range bothSides {
		p := newTrunkPair(t, StackConfig{}, StackConfig{})
		for cause := 1; cause < 128; cause++ {
			for _, early := range []bool{true, false} {
				if early && cause == channelTaken {
					continue // another timeslot is tried
				}
				p.forget()
				p.call(from, SetupOrder{Called: "1", Complete: true})
				p.run(0.1)
				e := p.last(from.Other(), StackSetup)
				if !early {
					p.wish(from.Other(), func(s *Stack, o *StackOut) error { return s.Proceed(o, e.CallID, p.now) })
				}
				p.wish(from.Other(), func(s *Stack, o *StackOut) error { return s.Clear(o, e.CallID, cause, p.now) })
				if got := p.last(from, StackCleared).Call; got.Cause.Value != uint8(cause) || got.EndedBy != EndNetwork {
					t.Errorf("%v: refused with %d: %+v", from, cause, got)
				}
				p.idle()
			}
		}
	}
}

func TestBothSidesMayClearAtOnce(t *testing.T) {
	for _, from := range bothSides {
		p := newTrunkPair(t, StackConfig{}, StackConfig{})
		here, there := p.answered(from, SetupOrder{Slot: 3, Called: "1"})
		p.take(from, func(s *Stack, o *StackOut) { _ = s.Clear(o, here, 16, p.now) })
		p.take(from.Other(), func(s *Stack, o *StackOut) { _ = s.Clear(o, there, 17, p.now) })
		p.run(0.2)
		p.want(from, "cleared 3 cleared-local 16", "slot-free 3")
		p.want(from.Other(), "cleared 3 cleared-local 17", "slot-free 3")
		p.idle()
	}
}

// Clause 5.7: of two calls that want the same channel at once, that of the
// network has it.
func TestTheNetworksCallWinsAGlare(t *testing.T) {
	for _, kind := range Switches() {
		p := newTrunkPair(t, StackConfig{Switch: kind}, StackConfig{Switch: kind})
		p.forget()
		p.call(Network, SetupOrder{Slot: 7, Called: "1", Complete: true})
		p.call(User, SetupOrder{Slot: 7, Called: "2", Complete: true})
		p.run(0.2)
		p.want(User, "moved", "slot-free 7", "setup 7", "cleared cleared-network 44")
		p.want(Network)
		if id, ok := p.ends[Network].ByCall(7); !ok || id != 1 {
			t.Errorf("%s: the network's timeslot has call %d", kind, id)
		}
	}
}

func TestACallThatLosesAGlareGoesOnElsewhere(t *testing.T) {
	for _, kind := range []string{"euroisdn", "qsig"} { // preferred, exclusive
		p := newTrunkPair(t, StackConfig{Switch: kind}, StackConfig{Switch: kind})
		p.forget()
		p.call(Network, SetupOrder{Called: "1", Complete: true})
		p.call(User, SetupOrder{Called: "2", Complete: true})
		p.run(0.1)
		e := p.last(Network, StackSetup)
		if e.Slot != 2 || e.Call.Called != "2" {
			t.Errorf("%s: the user's call is %+v in %d", kind, e.Call, e.Slot)
		}
		p.wish(Network, func(s *Stack, o *StackOut) error { return s.Alert(o, e.CallID, p.now) })
		if e := p.last(User, StackAlerting); e.Slot != 2 {
			t.Errorf("%s: the user believes it in %d", kind, e.Slot)
		}
		p.each(func(s *Stack, o *StackOut) {
			for _, l := range append([]*leg(nil), s.legs...) {
				_ = s.Clear(o, l.id, 16, p.now)
			}
		})
		p.run(1)
		p.idle()
	}
}

func TestAChannelThatIsBusyThereIsLeftForAnother(t *testing.T) {
	// The far end's timeslots 1 to 3 are not in use.
	p := newTrunkPair(t, StackConfig{Slots: []int{4, 5}}, StackConfig{})
	for _, slot := range []int{4, 5} {
		p.answered(User, SetupOrder{Called: "1"})
		if id, ok := p.ends[User].ByCall(slot); !ok {
			t.Errorf("no call in %d but %d", slot, id)
		}
	}
	p.call(User, SetupOrder{Called: "3", Complete: true})
	p.run(0.1)
	if e := p.last(User, StackCleared); e.Call.Cause.Value != noChannelFree {
		t.Errorf("cleared with %+v", e.Call.Cause)
	}
	// Exclusive ones are refused until one fits.
	p = newTrunkPair(t, StackConfig{Switch: "qsig", Slots: []int{3}}, StackConfig{Switch: "qsig"})
	p.answered(User, SetupOrder{Called: "1"})
	if _, ok := p.ends[User].ByCall(3); !ok {
		t.Error("the call is not in timeslot 3")
	}
}

func TestNoChannelAndNoLinkAndNoNumberAreRefused(t *testing.T) {
	p := newTrunkPair(t, StackConfig{Slots: []int{1}}, StackConfig{Slots: []int{1}})
	fails := func(code string, order SetupOrder) {
		t.Helper()
		var o StackOut
		_, err := p.ends[User].Setup(&o, order, p.now)
		if e, ok := err.(*StackError); !ok || e.Code != code || len(o.Frames) > 0 {
			t.Errorf("%+v: %v, want %s", order, err, code)
		}
	}
	fails("bad-number", SetupOrder{Complete: true})
	fails("bad-number", SetupOrder{Called: "12a", Complete: true})
	fails("bad-number", SetupOrder{Called: "+", Complete: true})
	fails("bad-number", SetupOrder{Called: "123456789012345678901234567890123", Complete: true})
	fails("bad-number", SetupOrder{Called: "1", Caller: "x", Complete: true})
	fails("no-channel", SetupOrder{Slot: 16, Called: "1", Complete: true}) // the D-channel
	fails("no-channel", SetupOrder{Slot: 99, Called: "1", Complete: true})
	fails("no-channel", SetupOrder{Slot: 2, Called: "1", Complete: true}) // not ours
	p.answered(User, SetupOrder{Called: "1"})
	fails("no-channel", SetupOrder{Called: "1", Complete: true})
	p.cut = true
	p.run(30)
	fails("link-down", SetupOrder{Called: "1", Complete: true})
	var o StackOut
	for _, err := range []error{p.ends[User].Alert(&o, 99, p.now), p.ends[User].Clear(&o, 0, 16, p.now)} {
		if e, ok := err.(*StackError); !ok || e.Code != "no-call" {
			t.Errorf("%v", err)
		}
	}
}

func TestOverlapSendingGivesTheNumberDigitByDigit(t *testing.T) {
	for _, from := range bothSides {
		plan := numberPlan(t, "80xx", "9.")
		p := newTrunkPair(t, StackConfig{Overlap: true, Numbers: plan}, StackConfig{Overlap: true, Numbers: plan})
		far := from.Other()
		id := p.call(from, SetupOrder{Called: "8"})
		p.run(0.1)
		for _, d := range []string{"0", "1", "2"} {
			p.wish(from, func(s *Stack, o *StackOut) error { return s.Digits(o, id, d, p.now) })
		}
		e := p.last(far, StackComplete)
		if e.Call.Called != "8012" || !e.Call.Complete {
			t.Errorf("%+v", e.Call)
		}
		p.run(3) // its owner says nothing: the caller is told to wait
		p.last(from, StackProceeding)
		p.wish(far, func(s *Stack, o *StackOut) error { return s.Connect(o, e.CallID, p.now) })
		p.last(from, StackConnected)
		p.wish(from, func(s *Stack, o *StackOut) error { return s.Digits(o, id, "5#", p.now) })
		if e := p.last(far, StackKey); e.Text != "5#" {
			t.Errorf("keys %q", e.Text)
		}
		p.forget()

		// A pause ends an open number; an incomplete one is refused.
		id = p.call(from, SetupOrder{Called: "9"})
		p.run(0.1)
		p.wish(from, func(s *Stack, o *StackOut) error { return s.Digits(o, id, "01086", p.now) })
		p.run(16)
		if e := p.last(far, StackComplete); e.Call.Called != "901086" {
			t.Errorf("%+v", e.Call)
		}
		id = p.call(from, SetupOrder{Called: "80"})
		p.run(16)
		if e := p.last(from, StackCleared); e.CallID != id || e.Call.Cause.Value != invalidNumber {
			t.Errorf("%+v", e.Call)
		}
	}
}

func TestPartiesAreToldAsTheyWereSaid(t *testing.T) {
	for _, from := range bothSides {
		for _, kind := range Switches() {
			t1 := dialectOf(kind).american
			p := newTrunkPair(t, StackConfig{Switch: kind, T1: t1}, StackConfig{Switch: kind, T1: t1})
			p.call(from, SetupOrder{Called: "+8613912345678", Caller: "2125551234", Name: "Li \"Lei\" 李", Redirecting: "777", Reason: 15, Data: true, Complete: true})
			p.run(0.1)
			got := *p.last(from.Other(), StackSetup).Call
			name := ""
			if d := dialectOf(kind); d.facility || d.display && from == Network {
				name = `Li "Lei" `
			}
			want := Call{Slot: 1, Begin: got.Begin, Incoming: true, Caller: "2125551234", Called: "+8613912345678", Name: name, Redirected: "777", Data: true, Complete: true}
			if got != want {
				t.Errorf("%s from %v:\n%+v\n%+v", kind, from, got, want)
			}
			p.call(from, SetupOrder{Called: "1", Caller: "2", Name: "Li", Private: true, Complete: true})
			p.run(0.1)
			if got := *p.last(from.Other(), StackSetup).Call; !got.Withheld || got.Caller != "" || got.Name != "" {
				t.Errorf("%s from %v: a private caller is told: %+v", kind, from, got)
			}
		}
	}
}

func TestHoldAndRetrieve(t *testing.T) {
	for _, from := range bothSides {
		for _, by := range bothSides {
			p := newTrunkPair(t, StackConfig{}, StackConfig{})
			here, there := p.answered(from, SetupOrder{Slot: 31, Called: "1"})
			id := here
			if by != from {
				id = there
			}
			fails := func(f func(*Stack, *StackOut) error) {
				t.Helper()
				p.take(by, func(s *Stack, o *StackOut) {
					if e, ok := f(s, o).(*StackError); !ok || e.Code != "wrong-state" {
						t.Error("it was done")
					}
				})
			}
			hold := func(s *Stack, o *StackOut) error { return s.Hold(o, id, p.now) }
			retrieve := func(s *Stack, o *StackOut) error { return s.Retrieve(o, id, p.now) }
			fails(retrieve)
			p.wish(by, hold)
			fails(hold)
			p.wish(by, retrieve)
			p.want(by, "held 31", "retrieved 31")
			p.want(by.Other(), "held 31", "retrieved 31")
		}
	}
	p := newTrunkPair(t, StackConfig{Switch: "ni2"}, StackConfig{})
	_, there := p.answered(Network, SetupOrder{Slot: 1, Called: "1"})
	p.wish(User, func(s *Stack, o *StackOut) error { return s.Hold(o, there, p.now) })
	p.want(User, "refused 1 hold")
}

func TestARestartEndsTheCallOnBothSides(t *testing.T) {
	for _, by := range bothSides {
		p := newTrunkPair(t, StackConfig{Logical: true}, StackConfig{Logical: true})
		p.answered(Network, SetupOrder{Slot: 17, Called: "1"})
		p.answered(User, SetupOrder{Slot: 15, Called: "2"})
		p.take(by, func(s *Stack, o *StackOut) { s.Restart(o, 17, p.now) })
		p.run(0.2)
		p.want(by, "cleared 17 channel-restart 41", "restarted 17", "slot-free 17")
		p.want(by.Other(), "cleared 17 channel-restart 41", "slot-free 17", "restarted 17")
		p.take(by, func(s *Stack, o *StackOut) { s.Restart(o, 0, p.now) })
		p.run(0.2)
		p.want(by, "cleared 15 channel-restart 41", "restarted", "slot-free 15")
		p.want(by.Other(), "cleared 15 channel-restart 41", "slot-free 15", "restarted")
		p.idle()
	}
}

func TestRestartAtTheBeginningEndsWhatTheFarEndStillHolds(t *testing.T) {
	p := newTrunkPair(t, StackConfig{}, StackConfig{})
	p.answered(Network, SetupOrder{Slot: 4, Called: "1"})
	p.ends[User] = NewStack(p.sides[User]) // as after a start of the daemon
	p.take(User, func(s *Stack, o *StackOut) { s.Start(o, p.now) })
	p.run(5)
	p.want(Network, "link-errors F: the far end made the link anew by SABME", "cleared 4 channel-restart 41", "slot-free 4", "restarted")
	p.idle()
}

// Clause 5.8.9: calls that are up live for T309 without a data link.
func TestCallsThatAreUpSurviveAShortLossOfTheLink(t *testing.T) {
	for _, c := range []struct {
		seconds float64
		told    string
	}{{60, "link-down, cleared 2 link-lost 27, slot-free 2, link-up"}, {120, ""}} {
		p := newTrunkPair(t, StackConfig{}, StackConfig{})
		p.answered(User, SetupOrder{Slot: 1, Called: "1"})
		p.call(User, SetupOrder{Slot: 2, Called: "2", Complete: true})
		p.run(0.1)
		p.forget()
		p.cut = true
		p.run(c.seconds)
		p.cut = false
		p.run(20)
		for _, side := range bothSides {
			_, up := p.ends[side].ByCall(1)
			if _, other := p.ends[side].ByCall(2); other || up != (c.seconds == 60) || !p.ends[side].Up() {
				t.Errorf("after %g s %v has call 1 up: %v, call 2: %v; %s", c.seconds, side, up, other, p.told(side))
			}
		}
	}
}

func TestGoneEndsEverything(t *testing.T) {
	p := newTrunkPair(t, StackConfig{}, StackConfig{})
	p.answered(User, SetupOrder{Slot: 1, Called: "1"})
	p.take(User, func(s *Stack, o *StackOut) { s.Gone(o, p.now) })
	p.want(User, "cleared 1 board-gone 27", "slot-free 1", "link-down")
	p.take(User, func(s *Stack, o *StackOut) { s.Start(o, p.now) })
	p.run(10)
	p.idle() // the user has restarted the interface
}

func TestProgressIsToldWithItsSound(t *testing.T) {
	p := newTrunkPair(t, StackConfig{}, StackConfig{})
	p.call(Network, SetupOrder{Slot: 1, Called: "1", Complete: true})
	p.run(0.1)
	p.forget()
	id, _ := p.ends[User].ByCall(1)
	p.wish(User, func(s *Stack, o *StackOut) error { return s.Progress(o, id, true, p.now) })
	p.wish(User, func(s *Stack, o *StackOut) error { return s.Progress(o, id, false, p.now) })
	var got []string
	for _, e := range p.got[Network] {
		got = append(got, fmt.Sprint(e.Kind, e.Value))
	}
	if want := "[proceeding 0 progress 1 progress 1]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
	p.run(15) // T310 has ended with the sound
	if _, ok := p.ends[Network].ByCall(1); !ok {
		t.Error("the network has cleared")
	}
}
