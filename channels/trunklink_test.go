package channels

import (
	"testing"

	"vaad/channels/pri"
	"vaad/driver"
)

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

			x.echo[15] = 0.3 // what we send comes back from there
			x.wish(Wish{ID: "k", Line: 16, Kind: WishKeys, Keys: "12,#"})
			if err := x.ask(16, item{wish: &Wish{ID: "l", Line: 16, Kind: WishKeys, Keys: "3"}}); err == nil {
				t.Error("keys are sent amid others")
			}
			before := len(x.heard[15])
			x.run(2500)
			if ours := find(x.all, Key); len(ours) != 0 {
				t.Errorf("keys of ours are taken for theirs: %+v", ours)
			}
			if e := x.await(16, KeysSent, 0); e.Request != "k" {
				t.Errorf("keys sent: %+v", e)
			}
			if got := keysIn(x.heard[15][before:]); got != "12#" {
				t.Errorf("keys %q", got)
			}
			if got := keysIn(x.heard[15][before+1000*driver.MS:]); got != "#" {
				t.Errorf("the pause is not kept: after a second come %q", got)
			}
			x.echo[15] = 0
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

			x.wish(Wish{ID: "c", Line: 30, Kind: WishCall, Prefix: "9", Number: "+62345", Caller: "8001"})
			if e := x.await(30, CallBegin, 20); e.Request != "c" || e.Direction != Outgoing || e.Called != "62345" || e.Facts.Dialled != "962345" {
				t.Errorf("a call out: %+v", e)
			}
			x.run(100)
			out := x.hears(pri.StackSetup)
			if out.Slot != 31 || out.Call.Called != "962345" || out.Call.Caller != "8001" {
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
