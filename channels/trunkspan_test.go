package channels

import (
	"errors"
	"slices"
	"testing"

	"vaad/channels/pri"
	"vaad/driver"
)

func TestALinkThatIsLostEndsWhatDoesNotTalk(t *testing.T) {
	if testing.Short() {
		t.Skip("computes in one goroutine: not under the race detector")
	}
	x := newExchange(t, pri.User)
	x.calls(1, "1", "2")
	x.calls(2, "1", "2")
	x.wish(Wish{Line: 2, Kind: WishAnswer})
	x.run(100)
	x.state(1, Ringing)
	x.cut = true
	x.run(60_000)
	x.await(1, CallEnd, 0)
	x.state(1, Unknown)
	x.state(3, Unknown)
	x.state(2, Talking) // it lives on for T309
	var no *WishError
	if err := x.ask(3, item{wish: &Wish{Line: 3, Kind: WishCall, Number: "1"}}); !errors.As(err, &no) || no.Code != "link-down" {
		t.Errorf("a call without a link: %v", err)
	}
	x.run(120_000)
	x.await(2, CallEnd, 0)
	x.state(2, Unknown)
	x.cut = false
	x.run(60_000)
	for line := 1; line <= 30; line++ {
		x.state(line, Idle)
	}
}

func TestATimeslotThatIsTappedSilencesItsSpan(t *testing.T) {
	x := newExchange(t, pri.User)
	x.calls(5, "1", "2")
	x.wish(Wish{Line: 5, Kind: WishAnswer})
	x.calls(6, "1", "2")
	x.run(100)
	x.all = nil
	x.configure(LineConfig{Number: 5, Port: 5, Use: driver.Tap})
	x.run(200)
	if e := x.hears(pri.StackCleared); e.Slot != 5 {
		t.Errorf("the far end hears %+v", e)
	}
	for _, line := range []int{5, 6} {
		if n := len(find(slices.DeleteFunc(slices.Clone(x.all), func(e Event) bool { return e.Line != line }), CallEnd)); n != 1 {
			t.Errorf("line %d: %d calls ended", line, n)
		}
	}
	x.state(5, Unknown)
	x.state(6, Unknown)
	x.told = nil
	x.run(30_000)
	if len(x.told) != 0 {
		t.Errorf("a span with a tap was told %v", x.told[0].Kind)
	}
	for _, w := range []Wish{{Line: 6, Kind: WishCall, Number: "1"}, {Line: 6, Kind: WishAnswer}} {
		if err := x.ask(6, item{wish: &w}); err == nil {
			t.Errorf("%v without signalling", w.Kind)
		}
	}
	if got := find(x.all, Refused); len(got) != 0 {
		t.Errorf("told of what the guard kept back: %+v", got)
	}
	x.configure(LineConfig{Number: 5, Port: 5, Use: driver.Trunk})
	x.run(10_000)
	x.state(5, Idle)
	x.state(6, Idle)
}

func TestSpansAreSetUpWhileTheyRun(t *testing.T) {
	x := newExchange(t, pri.User)
	x.calls(5, "1", "2")
	x.must(x.l.take(item{replan: true, plans: []SpanConfig{{Number: 1, Side: "user"}}}))
	x.run(100)
	x.state(5, Ringing) // nothing has changed
	x.must(x.l.take(item{replan: true, plans: []SpanConfig{{Number: 1, Side: "network"}}}))
	if e := x.await(5, CallEnd, 100); e.EndedBy != EndReconfigured {
		t.Errorf("ended by %q", e.EndedBy)
	}
	x.stack = pri.NewStack(pri.StackConfig{Side: pri.User})
	x.do(func(o *pri.StackOut, now int64) { x.stack.Start(o, now) })
	x.run(10_000)
	x.state(5, Idle)
}

func TestTablesOfASpanOutliveItsBoard(t *testing.T) {
	x := newExchange(t, pri.User)
	x.calls(5, "1", "2")
	b := x.s.boards[0]
	b.finish(x.l, errHung)
	x.s.feed.round()
	x.all, _ = x.feed.Drain(x.all)
	x.await(5, CallEnd, 0)
	x.state(5, GoneState)
	l, err := b.begin(newFake(x.info, x.rig.exchange))
	x.must(err)
	x.l = l
	x.tick(1)
	x.state(5, Unknown)
	x.stack = pri.NewStack(pri.StackConfig{Side: pri.Network})
	x.do(func(o *pri.StackOut, now int64) { x.stack.Start(o, now) })
	x.run(5000)
	x.state(5, Idle)
	x.calls(5, "1", "2")
	x.await(5, CallBegin, 0)
}

func TestWhatAFarEndLetsHearIsToldBeforeItRings(t *testing.T) {
	x := newExchange(t, pri.User)
	x.wish(Wish{ID: "c", Line: 1, Kind: WishCall, Number: "62345"})
	x.run(100)
	out := x.hears(pri.StackSetup)
	x.do(func(o *pri.StackOut, now int64) { x.must(x.stack.Proceed(o, out.CallID, now)) })
	x.do(func(o *pri.StackOut, now int64) { x.must(x.stack.Progress(o, out.CallID, true, now)) })
	x.do(func(o *pri.StackOut, now int64) { x.must(x.stack.Alert(o, out.CallID, now)) })
	if e := x.await(1, Progress, 200); e.Value != 1 {
		t.Errorf("progress: %+v", e)
	}
	x.await(1, Alerting, 200)
	var no *WishError
	if err := x.ask(1, item{wish: &Wish{Line: 1, Kind: WishAnswer}}); !errors.As(err, &no) || no.Code != "cannot" {
		t.Errorf("a call of ours is answered: %v", err)
	}
	if err := x.ask(1, item{wish: &Wish{Line: 1, Kind: WishCall, Number: "1"}}); !errors.As(err, &no) || no.Code != "busy" {
		t.Errorf("two calls at once: %v", err)
	}
	if err := x.ask(2, item{wish: &Wish{Line: 2, Kind: WishCall, Number: "x"}}); !errors.As(err, &no) || no.Code != "bad-number" {
		t.Errorf("a number of nobody: %v", err)
	}
}

// Both ends set up a call in one timeslot at once: the network's goes before (Q.931
// clause 5.7), ours ends.
func TestACallThatMeetsAnotherInItsTimeslotEnds(t *testing.T) {
	x := newExchange(t, pri.User)
	var theirs pri.CallID
	x.do(func(o *pri.StackOut, now int64) {
		var err error
		theirs, err = x.stack.Setup(o, pri.SetupOrder{Slot: 4, Called: "8001", Complete: true}, now)
		x.must(err)
	})
	x.wish(Wish{ID: "c", Line: 4, Kind: WishCall, Number: "62345"})
	x.run(1000)
	begun, ended := find(x.all, CallBegin), find(x.all, CallEnd)
	if len(begun) != 2 || len(ended) != 1 || begun[0].Request != "c" || begun[1].Direction != Incoming || ended[0].Call != begun[0].Call {
		t.Fatalf("began %+v, ended %+v", begun, ended)
	}
	if ended[0].Value != noCircuit { // who dials tries another timeslot then
		t.Errorf("it ended with cause %d", ended[0].Value)
	}
	x.wish(Wish{ID: "a", Line: 4, Kind: WishAnswer})
	x.run(200)
	if e := x.hears(pri.StackConnected); e.CallID != theirs {
		t.Errorf("the far end hears %+v", e)
	}
	x.run(30_000)
	x.state(4, Talking)
	for line := 1; line <= 30; line++ {
		if line != 4 {
			x.state(line, Idle)
		}
	}
}

func TestATimeslotThatLeavesItsSpanEndsNoOtherCall(t *testing.T) {
	x := newExchange(t, pri.User)
	for _, slot := range []int{5, 6} {
		x.calls(slot, "1", "2")
		x.wish(Wish{Line: slot, Kind: WishAnswer})
	}
	x.run(100)
	x.all = nil
	x.configure(LineConfig{Number: 5, Port: 5, Use: driver.Unused})
	x.run(1000)
	if ends := find(x.all, CallEnd); len(ends) != 1 || ends[0].Line != 5 {
		t.Errorf("ended: %+v", ends)
	}
	if e := x.hears(pri.StackCleared); e.Slot != 5 {
		t.Errorf("the far end hears %+v", e)
	}
	x.state(5, UnusedState)
	x.state(6, Talking)
	x.do(func(o *pri.StackOut, now int64) {
		_, err := x.stack.Setup(o, pri.SetupOrder{Slot: 5, Called: "1", Complete: true}, now)
		x.must(err)
	})
	x.run(1000)
	if e := x.hears(pri.StackCleared); e.Slot != 5 || e.Call.EndedBy != pri.EndLocal && e.Call.EndedBy != pri.EndNetwork {
		t.Errorf("a call for a timeslot that is not used: %+v", e)
	}
	x.state(5, UnusedState)
	x.configure(LineConfig{Number: 5, Port: 5, Use: driver.Trunk})
	x.run(100)
	x.state(5, Idle)
	x.calls(5, "1", "2")
	x.state(5, Ringing)
	x.state(6, Talking)
}

func TestBasicAccessIsLeftAlone(t *testing.T) {
	info := driver.Info{Driver: "fake", Model: "Fake", Spans: []driver.Span{{Number: 1, Channels: 3, DChannel: 3}},
		Lines: []driver.Line{{Port: 1, Kind: driver.BChan, Law: driver.ALaw, Caps: driver.CapTx, Span: 1, Timeslot: 1}}}
	r := newRig(t, info, e1Plan(info))
	r.ms(3000)
	if len(r.told) != 0 {
		t.Errorf("its D-channel was sent %v", r.told)
	}
	var no *WishError
	if err := r.ask(1, item{wish: &Wish{Line: 1, Kind: WishCall, Number: "1"}}); !errors.As(err, &no) || no.Code != "cannot" {
		t.Errorf("a call: %v", err)
	}
}

// A T1 has its D-channel in timeslot 24, and 23 others.
func TestAT1HasTwentyThreeTimeslots(t *testing.T) {
	info := driver.Info{Driver: "fake", Model: "Fake", Spans: []driver.Span{{Number: 1, Channels: 24, DChannel: 24}}}
	for slot := 1; slot <= 24; slot++ { // the last is none: a card that says so must not break anything
		info.Lines = append(info.Lines, driver.Line{Port: slot, Kind: driver.BChan, Law: driver.MuLaw, Caps: driver.CapTx, Span: 1, Timeslot: slot})
	}
	info.Lines = append(info.Lines, driver.Line{Port: 25, Kind: driver.BChan, Law: driver.MuLaw, Caps: driver.CapTx, Span: 1, Timeslot: 40})
	x := &exchange{stack: pri.NewStack(pri.StackConfig{Side: pri.Network, Switch: "ni2", T1: true})}
	x.rig = newRig(t, info, e1Plan(info), SpanConfig{Number: 1, Side: "user", Switch: "ni2"})
	x.wire = func(frame []byte) { x.came = append(x.came, frame) }
	x.do(func(o *pri.StackOut, now int64) { x.stack.Start(o, now) })
	x.run(3000)
	x.calls(23, "8001", "2125550100")
	if e := x.await(23, CallBegin, 0); e.Called != "8001" {
		t.Errorf("a call in: %+v", e)
	}
	for _, line := range []int{24, 25} {
		if err := x.ask(line, item{wish: &Wish{Line: line, Kind: WishCall, Number: "1"}}); err == nil {
			t.Errorf("line %d makes a call", line)
		}
	}
}

func TestASpanThatLosesItsLastTimeslotSaysNoMore(t *testing.T) {
	x := newExchange(t, pri.User, LineConfig{Number: 7, Port: 7, Use: driver.Trunk})
	x.calls(7, "1", "2")
	x.configure(LineConfig{Number: 7, Port: 7, Use: driver.Unused})
	x.run(200)
	x.state(7, UnusedState)
	x.told = nil
	x.run(30_000)
	x.state(7, UnusedState)
	if len(x.told) != 0 {
		t.Errorf("it was told %v", x.told[0].Kind)
	}
}
