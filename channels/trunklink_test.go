package channels

import (
	"errors"
	"slices"
	"testing"

	"vaad/channels/pri"
	"vaad/driver"
)

// An exchange is the far end of the span of a rig.
type exchange struct {
	*rig
	stack *pri.Stack
	out   pri.StackOut
	came  [][]byte // frames on their way to it
	got   []pri.StackEvent
	cut   bool // the wire is
}

// e1Info is a board of one E1 with 30 B-channels: timeslots 1…15 are ports 1…15,
// timeslots 17…31 ports 16…30.
func e1Info() driver.Info {
	info := driver.Info{Driver: "fake", Model: "Fake", Spans: []driver.Span{{Number: 1, Channels: 31, DChannel: 16}}}
	for slot := 1; slot <= 31; slot++ {
		if slot != 16 {
			info.Lines = append(info.Lines, driver.Line{Port: len(info.Lines) + 1, Kind: driver.BChan, Law: driver.ALaw, Caps: driver.CapTx, Span: 1, Timeslot: slot})
		}
	}
	return info
}

func e1Plan(info driver.Info) (all []LineConfig) {
	for _, l := range info.Lines {
		all = append(all, LineConfig{Number: l.Port, Port: l.Port, Use: driver.Trunk})
	}
	return all
}

// newExchange begins with the link established and all timeslots idle. We are side.
func newExchange(t *testing.T, side pri.Side, lines ...LineConfig) *exchange {
	t.Helper()
	info := e1Info()
	if lines == nil {
		lines = e1Plan(info)
	}
	x := &exchange{stack: pri.NewStack(pri.StackConfig{Side: side.Other()})}
	x.rig = newRig(t, info, lines, SpanConfig{Number: 1, Side: side.String()})
	x.wire = func(frame []byte) { x.came = append(x.came, frame) }
	x.do(func(o *pri.StackOut, now int64) { x.stack.Start(o, now) })
	x.run(3000)
	return x
}

// do lets the far end do something.
func (x *exchange) do(f func(o *pri.StackOut, now int64)) {
	f(&x.out, x.l.next)
	x.got = append(x.got, x.out.Events...)
	for _, frame := range x.out.Frames {
		if !x.cut {
			x.events = append(x.events, driver.Event{Kind: driver.DChannel, Data: frame, At: 80})
		}
	}
	x.out = pri.StackOut{}
}

func (x *exchange) run(ms int) {
	x.t.Helper()
	for range ms / 20 {
		x.tick(1)
		for _, frame := range x.came {
			if !x.cut {
				x.do(func(o *pri.StackOut, now int64) { x.stack.Frame(o, frame, now) })
			}
		}
		x.came = nil
		x.do(x.stack.Tick)
	}
}

// hears is the newest thing of a kind that the far end was told.
func (x *exchange) hears(k pri.StackEventKind) pri.StackEvent {
	x.t.Helper()
	for i := len(x.got) - 1; i >= 0; i-- {
		if x.got[i].Kind == k {
			return x.got[i]
		}
	}
	x.t.Fatalf("the far end was not told %v", k)
	return pri.StackEvent{}
}

func (x *exchange) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

// calls sets up a call of the far end's.
func (x *exchange) calls(slot int, called, caller string) (id pri.CallID) {
	x.t.Helper()
	x.do(func(o *pri.StackOut, now int64) {
		var err error
		id, err = x.stack.Setup(o, pri.SetupOrder{Slot: slot, Called: called, Caller: caller, Complete: true}, now)
		x.must(err)
	})
	x.run(200)
	return id
}

func TestASpanOfOursTakesAndMakesCalls(t *testing.T) {
	for _, side := range []pri.Side{pri.Network, pri.User} {
		t.Run(side.String(), func(t *testing.T) {
			x := newExchange(t, side)
			for _, line := range []int{1, 15, 16, 30} {
				x.state(line, Idle)
			}
			in := x.calls(17, "8001", "075526001") // timeslot 17 is port 16
			if e := x.await(16, CallBegin, 0); e.Direction != Incoming || e.Called != "8001" || e.Caller != "075526001" || e.Request != "" {
				t.Errorf("a call in: %+v", e)
			}
			x.state(16, Ringing)
			x.wish(Wish{ID: "p", Line: 16, Kind: WishProceed})
			x.wish(Wish{ID: "a", Line: 16, Kind: WishAlert})
			x.run(100)
			x.hears(pri.StackAlerting)
			x.wish(Wish{ID: "a", Line: 16, Kind: WishAnswer})
			x.run(100)
			if e := x.hears(pri.StackConnected); e.CallID != in || e.Slot != 17 {
				t.Errorf("the far end hears %+v", e)
			}
			x.await(16, CallAnswered, 0)
			x.state(16, Talking)

			x.wish(Wish{ID: "k", Line: 16, Kind: WishKeys, Keys: "12,#"})
			if err := x.ask(16, item{wish: &Wish{ID: "l", Line: 16, Kind: WishKeys, Keys: "3"}}); err == nil {
				t.Error("keys are sent amid others")
			}
			before := len(x.heard[15])
			if e := x.await(16, KeysSent, 3000); e.Request != "k" {
				t.Errorf("keys sent: %+v", e)
			}
			if got := keysIn(x.heard[15][before:]); got != "12#" {
				t.Errorf("keys %q", got)
			}
			if pause := len(x.heard[15]) - before; pause < 1000*driver.MS {
				t.Errorf("the pause is not kept: all lasts %d ms", pause/driver.MS)
			}
			x.run(400) // until then it may be ours that comes back
			x.says[15] = presses(t, "7")
			if e := x.await(16, Key, 1000); e.Text != "7" || e.Side != "network" {
				t.Errorf("a key of theirs: %+v", e)
			}
			x.wish(Wish{ID: "r", Line: 16, Kind: WishRelease, Cause: 16})
			x.run(200)
			if e := x.await(16, CallEnd, 0); e.Value != 16 || e.EndedBy != pri.EndLocal {
				t.Errorf("ended: %+v", e)
			}
			if e := x.hears(pri.StackCleared); e.CallID != in || e.Call.Cause.Value != 16 {
				t.Errorf("the far end hears %+v", e)
			}
			x.state(16, Idle)

			x.wish(Wish{ID: "c", Line: 30, Kind: WishCall, Number: "62345", Caller: "8001"})
			if e := x.await(30, CallBegin, 20); e.Request != "c" || e.Direction != Outgoing {
				t.Errorf("a call out: %+v", e)
			}
			x.run(100)
			out := x.hears(pri.StackSetup)
			if out.Slot != 31 || out.Call.Called != "62345" || out.Call.Caller != "8001" {
				t.Errorf("the far end hears %+v %+v", out, out.Call)
			}
			x.do(func(o *pri.StackOut, now int64) { x.must(x.stack.Alert(o, out.CallID, now)) })
			x.run(100)
			x.await(30, Alerting, 0)
			x.state(30, Alerted)
			x.do(func(o *pri.StackOut, now int64) { x.must(x.stack.Connect(o, out.CallID, now)) })
			x.run(100)
			if e := x.await(30, CallAnswered, 0); e.AnsweredBy != "connect" {
				t.Errorf("answered: %+v", e)
			}
			x.do(func(o *pri.StackOut, now int64) { x.must(x.stack.Clear(o, out.CallID, 17, now)) })
			x.run(200)
			if e := x.await(30, CallEnd, 0); e.Value != 17 || e.EndedBy != pri.EndNetwork {
				t.Errorf("ended: %+v", e)
			}
			x.state(30, Idle)
		})
	}
}

func TestACaptureOfASpanOfOursSaysWhoSentWhatInOrder(t *testing.T) {
	for _, side := range []pri.Side{pri.Network, pri.User} {
		x := newExchange(t, side)
		x.s.boards[0].loop = x.l
		capture, err := x.s.Capture("b1", 1)
		x.must(err)
		x.calls(3, "1", "2")
		x.wish(Wish{ID: "r", Line: 3, Kind: WishRelease, Cause: 21})
		x.run(200)
		capture.Close()
		var setup, ours DMessage
		last := DMessage{}
		for n := len(capture.C); n > 0; n-- {
			m := <-capture.C
			if m.Time.Before(last.Time) {
				t.Errorf("%v after %v", m.Time, last.Time)
			}
			last = m
			if len(m.Frame) > 8 && m.Frame[4] == 8 { // Q.931: protocol discriminator, and type behind a reference of 2 bytes
				switch kind := m.Frame[8]; {
				case kind == 5:
					setup = m
				case ours.Frame == nil:
					ours = m
				}
			}
		}
		if setup.Frame == nil || ours.Frame == nil || setup.FromNetwork != (side == pri.User) || ours.FromNetwork != (side == pri.Network) {
			t.Errorf("we are the %v: SETUP %+v, our answer %+v", side, setup, ours)
		}
	}
}

func TestALinkThatIsLostEndsWhatDoesNotTalk(t *testing.T) {
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
	if err := x.ask(3, item{wish: &Wish{Line: 3, Kind: WishCall, Number: "1"}}); err == nil {
		t.Error("a call without a link")
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
	x.await(5, CallEnd, 100)
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
