package calls

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"vaad/channels"
	"vaad/driver"
)

func sound() []channels.Audio { return []channels.Audio{{PCM: make([]int16, 160)}} }

func TestACallIsMadeFromOutside(t *testing.T) {
	inHouse(t, func(h *house) {
		l, err := h.Call(h.ctx, "amy", CallRequest{Group: "analog", Number: "5551234"})
		h.must(err)
		if l.Line != trunk1 || l.By != "amy" || l.Group != "analog" || !l.Ours || l.Called != "5551234" {
			t.Errorf("%+v", l)
		}
		h.x.answers(trunk1)
		h.sleep(time.Hour)
		if l := h.leg(trunk1); l.State != LegTalking || l.Bridge != "" {
			t.Errorf("%+v", l)
		}
		s, err := h.Call(h.ctx, "amy", CallRequest{Line: station1, For: l.ID, Caller: "5551234"})
		h.must(err)
		h.at(trunk1, "talking ringback")
		h.x.lift(station1)
		h.talks("1+11")
		if n := h.notes[s.ID]; n.By != "amy" || n.Conversation != l.ID {
			t.Errorf("%+v", n)
		}
		h.must(h.Hangup(h.ctx, "amy", s.ID, 0))
		h.at(trunk1, "idle")
		h.at(station1, "abandoned cause 16")
		h.x.down(station1)
		h.quiet()
	})
}

func TestACallForAnotherThatFailsLeavesItUp(t *testing.T) {
	inHouse(t, func(h *house) {
		h.pbx.Incoming = nil
		h.x.call(pri1, "138", "5558000")
		in := h.leg(pri1)
		h.must(h.Answer(h.ctx, "ivr", in.ID))
		_, err := h.Call(h.ctx, "ivr", CallRequest{Line: station1, For: in.ID, Timeout: 10 * time.Second})
		h.must(err)
		h.at(pri1, "talking ringback")
		h.sleep(11 * time.Second)
		h.at(station1, "idle")
		h.at(pri1, "talking")
		h.x.down(pri1)
		h.quiet()
	})
}

func TestOperationsSayWhyTheyAreNotCarriedOut(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.add(30, "tap", driver.FXO, driver.Tap)
		h.talking(true)
		a, b := h.leg(station1), h.leg(station2)
		h.x.call(trunk2, "1", "")
		in := h.leg(trunk2)
		call := func(r CallRequest) error { _, err := h.Call(h.ctx, "me", r); return err }
		bridge := func(ids ...string) error { _, err := h.Bridge(h.ctx, "me", ids...); return err }
		supervise := func(line int, leg, target string, r Role) error {
			_, err := h.Supervise(h.ctx, "me", line, leg, target, r)
			return err
		}
		play := func(r PlayRequest) error { _, err := h.Play(h.ctx, "me", r); return err }
		keys := func(leg, k string) error { _, err := h.Keys(h.ctx, "me", leg, k); return err }
		gone, stop := context.WithCancel(context.Background())
		stop()
		many := make([]string, MaxParties+1)
		for _, c := range []struct {
			name string
			err  error
			want string
		}{
			{"call on no line", call(CallRequest{Line: 99, Number: "1"}), NoSuchLine},
			{"call on a tap", call(CallRequest{Line: 30, Number: "1"}), NoSuchLine},
			{"call on a line in use", call(CallRequest{Line: station1}), LineInUse},
			{"call by no group", call(CallRequest{Group: "x", Number: "1"}), NoGroup},
			{"call on a line of a group", call(CallRequest{Group: "analog", Line: trunk1, Number: "1"}), BadRequest},
			{"call nobody", call(CallRequest{Group: "analog"}), BadNumber},
			{"call words", call(CallRequest{Group: "analog", Number: "abc"}), BadNumber},
			{"call for nobody", call(CallRequest{Group: "analog", Number: "1", For: "x"}), NoLeg},
			{"call for one who talks", call(CallRequest{Group: "analog", Number: "1", For: a.ID}), WrongState},
			{"answer nobody", h.Answer(h.ctx, "me", "x"), NoLeg},
			{"answer who talks", h.Answer(h.ctx, "me", a.ID), WrongState},
			{"hang up nobody", h.Hangup(h.ctx, "me", "x", 0), NoLeg},
			{"hang up with no cause", h.Hangup(h.ctx, "me", a.ID, 1000), BadRequest},
			{"bridge one", bridge(a.ID), BadRequest},
			{"bridge one twice", bridge(a.ID, a.ID), BadRequest},
			{"bridge too many", bridge(many...), ConferenceFull},
			{"bridge nobody", bridge(a.ID, "x"), NoLeg},
			{"unbridge nobody", h.Unbridge(h.ctx, "me", "x"), NoLeg},
			{"unbridge one alone", h.Unbridge(h.ctx, "me", in.ID), NotBridged},
			{"hold what rings", h.Hold(h.ctx, "me", in.ID, false), WrongState},
			{"unhold what is not held", h.Unhold(h.ctx, "me", a.ID), WrongState},
			{"transfer nobody", h.Transfer(h.ctx, "me", "x", "8003"), NoLeg},
			{"transfer to words", h.Transfer(h.ctx, "me", a.ID, "x"), BadNumber},
			{"transfer nowhere", h.Transfer(h.ctx, "me", a.ID, "7777"), UnknownNumber},
			{"transfer to who is busy", h.Transfer(h.ctx, "me", a.ID, "8002"), LineInUse},
			{"transfer to what rings", h.TransferTo(h.ctx, "me", a.ID, in.ID), WrongState},
			{"transfer to itself", h.TransferTo(h.ctx, "me", a.ID, a.ID), BadRequest},
			{"transfer to who is there", h.TransferTo(h.ctx, "me", a.ID, b.ID), ""},
			{"add to nothing", h.AddToConference(h.ctx, "me", in.ID, "x"), NoBridge},
			{"no role", h.Role(h.ctx, "me", a.ID, "dance", ""), BadRequest},
			{"whisper to nobody", h.Role(h.ctx, "me", a.ID, Whisper, "x"), BadRequest},
			{"role of one alone", h.Role(h.ctx, "me", in.ID, Talk, ""), NotBridged},
			{"supervise one alone", supervise(station3, "", in.ID, Listen), NotBridged},
			{"supervise with nobody", supervise(0, "", a.ID, Listen), BadRequest},
			{"supervise with a trunk", supervise(trunk1, "", a.ID, Listen), NoSuchLine},
			{"supervise oneself", supervise(0, a.ID, a.ID, Listen), BadRequest},
			{"supervise whom one talks with", supervise(0, b.ID, a.ID, Listen), WrongState},
			{"play nothing", play(PlayRequest{Leg: a.ID}), BadRequest},
			{"play to nobody", play(PlayRequest{Leg: "x", Audio: sound()}), NoLeg},
			{"play to no bridge", play(PlayRequest{Bridge: "x", Audio: sound()}), NoBridge},
			{"play to what rings", play(PlayRequest{Leg: in.ID, Audio: sound()}), WrongState},
			{"keys to nobody", keys("x", "1"), NoLeg},
			{"no keys", keys(a.ID, ""), BadNumber},
			{"keys to what rings", keys(in.ID, "1"), WrongState},
			{"nobody waits", func() error {
				h.x.mu.Lock()
				h.x.hang["fxs"] = make(chan struct{})
				h.x.mu.Unlock()
				_, err := h.Keys(gone, "me", a.ID, "1")
				h.x.mu.Lock()
				delete(h.x.hang, "fxs")
				h.x.mu.Unlock()
				return err
			}(), Cancelled},
		} {
			if got := code(c.err); got != c.want {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
			if got := code(c.err); got != "" && !slices.Contains(FailureCodes(), got) {
				t.Errorf("%q is not listed", got)
			}
		}
		h.talks("1+2")
		h.sleep(10 * time.Second)
	})
}

func TestWhatALineRefusesIsSaid(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{channels.ErrBusy, Overloaded}, {channels.ErrGone, LineGone}, {channels.ErrClosed, LineGone}, {channels.ErrNoLine, NoSuchLine}, {channels.ErrNotUsed, NoSuchLine},
		{context.DeadlineExceeded, LineGone}, {context.Canceled, NotRunning}, {errors.New("?"), LineRefused},
		{&channels.WishError{Code: "busy"}, LineInUse}, {&channels.WishError{Code: "ringing"}, LineInUse}, {&channels.WishError{Code: "no-call"}, LegEnded},
		{&channels.WishError{Code: "bad-number"}, BadNumber}, {&channels.WishError{Code: "link-down"}, LineGone}, {&channels.WishError{Code: "cannot"}, LineRefused},
	} {
		f := lineFailure("call", c.err)
		if f.Code != c.want || !errors.Is(f, c.err) {
			t.Errorf("%v: %s, want %s", c.err, f.Code, c.want)
		}
	}
	inHouse(t, func(h *house) {
		h.x.fail[trunk1] = &channels.WishError{Code: "link-down", Text: "the link is down"}
		if _, err := h.Call(h.ctx, "me", CallRequest{Line: trunk1, Number: "1"}); code(err) != LineGone {
			t.Errorf("%v", err)
		}
		h.quiet()
		h.stop()
		if _, err := h.Call(context.Background(), "me", CallRequest{Line: trunk1, Number: "1"}); code(err) != NotRunning {
			t.Errorf("%v", err)
		}
		h.run()
	})
}

func TestAnOperatorTakesACallThatRings(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.call(trunk1, "138", "")
		h.at(station1, "ringing")
		h.must(h.Answer(h.ctx, "ivr", h.leg(trunk1).ID))
		h.at(station1, "idle")
		h.at(trunk1, "talking")
		id, err := h.Play(h.ctx, "ivr", PlayRequest{Leg: h.leg(trunk1).ID, Audio: sound(), StopOn: "123"})
		h.must(err)
		if id == "" {
			t.Error("no ID")
		}
		h.at(trunk1, "talking sound")
		h.must(h.StopPlay(h.ctx, "ivr", h.leg(trunk1).ID))
		h.at(trunk1, "talking")
		if _, err = h.Keys(h.ctx, "ivr", h.leg(trunk1).ID, "1,2"); err != nil {
			t.Error(err)
		}
		h.sleep(time.Hour)
		h.must(h.Transfer(h.ctx, "ivr", h.leg(trunk1).ID, "8002"))
		h.at(trunk1, "talking ringback")
		h.x.lift(station2)
		h.talks("11+2")
	})
}

func TestAnOperatorPassesACallOn(t *testing.T) {
	for _, c := range []struct {
		name   string
		number string
		do     func(*house)
		talks  string
		at     map[int]string
	}{
		{"it rings there", "8002", nil, "", map[int]string{station1: "abandoned cause 16", station2: "ringing", trunk1: "talking ringback"}},
		{"it is answered", "8002", func(h *house) { h.x.lift(station2) }, "11+2", nil},
		{"nobody answers", "8002", func(h *house) { h.x.down(station1); h.sleep(ringFor + 2*time.Second) }, "",
			map[int]string{station1: "ringing", station2: "idle", trunk1: "talking music"}},
		{"outside", "02012345", func(h *house) { h.x.alerts(pri1) }, "11+21", map[int]string{station1: "abandoned cause 16"}},
		{"outside, and the network refuses", "02012345", func(h *house) { h.x.down(station1); h.x.refuses(pri1, 17); h.sleep(time.Second) }, "",
			map[int]string{station1: "ringing", trunk1: "talking music"}},
		{"who is passed on hangs up", "8002", func(h *house) { h.x.down(trunk1) }, "", map[int]string{station2: "idle"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inHouse(t, func(h *house) {
				h.talking(false)
				h.must(h.Transfer(h.ctx, "amy", h.leg(trunk1).ID, c.number))
				if c.do != nil {
					c.do(h)
				}
				h.talks(c.talks)
				for line, want := range c.at {
					h.at(line, want)
				}
			})
		})
	}
}

func TestAnOperatorPutsTwoCallsTogether(t *testing.T) {
	inHouse(t, func(h *house) {
		h.talking(false)
		h.x.dial(station2, "02012345")
		h.x.answers(pri1)
		h.talks("1+11, 2+21")
		h.must(h.TransferTo(h.ctx, "amy", h.leg(trunk1).ID, h.leg(pri1).ID))
		h.talks("11+21")
		h.at(station1, "abandoned cause 16")
		h.at(station2, "abandoned cause 16")
	})
	inHouse(t, func(h *house) { // a call that still rings
		h.talking(false)
		h.consult("8002")
		h.must(h.TransferTo(h.ctx, "amy", h.leg(trunk1).ID, h.leg(station2).ID))
		h.at(station1, "abandoned cause 16")
		h.at(trunk1, "talking ringback")
		h.x.lift(station2)
		h.talks("11+2")
	})
	inHouse(t, func(h *house) { // one that is held for the other
		h.talking(false)
		h.consult("8002")
		h.x.lift(station2)
		h.must(h.TransferTo(h.ctx, "amy", h.leg(trunk1).ID, h.leg(station2).ID))
		h.at(station1, "abandoned cause 16")
		h.talks("11+2")
	})
}

func TestAHeldPartyHearsMusicAndComesBack(t *testing.T) {
	inHouse(t, func(h *house) {
		h.talking(false)
		id := h.leg(trunk1).ID
		h.must(h.Hold(h.ctx, "amy", id, true))
		h.talks("1")
		h.at(trunk1, "talking music")
		h.must(h.Unhold(h.ctx, "amy", id))
		h.talks("1+11")
		if !slices.Contains(h.x.done, "hold 11") || !slices.Contains(h.x.done, "retrieve 11") {
			t.Errorf("the far end was told %v", h.x.done)
		}
		h.must(h.Hold(h.ctx, "amy", id, false))
		h.x.down(station1)
		h.sleep(time.Second)
		h.at(station1, "ringing")
		h.x.lift(station1)
		h.talks("1+11")
	})
}

func TestAnUnbridgedCallStaysUp(t *testing.T) {
	inHouse(t, func(h *house) {
		h.talking(false)
		a, b := h.leg(station1).ID, h.leg(trunk1).ID
		h.must(h.Unbridge(h.ctx, "ivr", b))
		h.talks("")
		h.sleep(time.Hour)
		if len(h.Legs()) != 2 || len(h.Bridges()) != 0 {
			t.Errorf("%v %v", h.Legs(), h.Bridges())
		}
		id, err := h.Bridge(h.ctx, "ivr", a, b)
		h.must(err)
		h.talks("1+11")
		if all := h.Bridges(); len(all) != 1 || all[0].ID != id || !slices.Equal(all[0].Legs, []string{a, b}) || all[0].By != "ivr" {
			t.Errorf("%+v", all)
		}
	})
}

func TestASupervisorListensWhispersAndBargesIn(t *testing.T) {
	inHouse(t, func(h *house) {
		h.talking(false)
		agent := h.leg(station1).ID
		s, err := h.Supervise(h.ctx, "boss", station3, "", agent, Listen)
		h.must(err)
		h.at(station3, "ringing")
		if w := h.x.last[station3]; w.Caller != "8001" {
			t.Errorf("%+v", w)
		}
		h.x.lift(station3)
		h.talks("1+11+3 listen")
		h.must(h.Role(h.ctx, "boss", s.ID, Whisper, agent))
		h.talks("1+11+3 whisper to 1")
		h.must(h.Role(h.ctx, "boss", s.ID, Barge, ""))
		h.talks("1+11+3")
		h.must(h.Role(h.ctx, "boss", s.ID, Listen, ""))
		h.x.down(trunk1)
		h.at(station1, "abandoned cause 16")
		h.at(station3, "abandoned cause 16")
	})
	inHouse(t, func(h *house) { // the call ends while the supervisor's telephone rings
		h.talking(false)
		_, err := h.Supervise(h.ctx, "boss", station3, "", h.leg(station1).ID, Whisper)
		h.must(err)
		h.x.down(station1)
		h.at(station3, "idle")
		h.quiet()
	})
	inHouse(t, func(h *house) { // a leg that is up, and the one it whispers to leaves
		h.talking(true)
		h.x.call(pri1, "1", "5558003")
		h.x.lift(station3)
		boss := h.leg(station3).ID
		h.must(h.Unbridge(h.ctx, "boss", boss))
		h.must(h.AddToConference(h.ctx, "boss", h.leg(pri1).ID, h.leg(station1).Bridge))
		_, err := h.Supervise(h.ctx, "boss", 0, boss, h.leg(station2).ID, Whisper)
		h.must(err)
		h.talks("1+2+21+3 whisper to 2")
		h.x.down(station2)
		h.talks("1+21+3 listen")
	})
}

func TestFortyPartiesTalk(t *testing.T) {
	inHouse(t, func(h *house) {
		var ids []string
		for n := range 40 {
			line := 100 + n
			h.x.mu.Lock()
			h.x.add(line, "big", driver.BChan, driver.Trunk)
			h.x.mu.Unlock()
			l, err := h.Call(h.ctx, "host", CallRequest{Line: line, Number: "1"})
			h.must(err)
			h.x.answers(line)
			ids = append(ids, l.ID)
		}
		id, err := h.Bridge(h.ctx, "host", ids...)
		h.must(err)
		in := 0
		for _, p := range h.x.lines {
			if p.mix == id {
				in++
			}
		}
		if in != 40 || len(h.Bridges()) != 1 || h.leg(139).Conversation != ids[0] {
			t.Errorf("%d in the mix, %d bridges, %+v", in, len(h.Bridges()), h.leg(139))
		}
		if _, err := h.Play(h.ctx, "host", PlayRequest{Bridge: id, Audio: sound()}); err != nil {
			t.Error(err)
		}
		for n := range 38 {
			h.x.down(100 + n)
		}
		if l := h.leg(139); l.State != LegTalking {
			t.Errorf("%+v", l)
		}
		h.x.down(138)
		h.quiet()
	})
}

func TestAMixThatIsLostWithItsBoardIsMadeAnew(t *testing.T) {
	inHouse(t, func(h *house) {
		h.talking(true)
		h.x.call(trunk1, "1", "")
		h.must(h.AddToConference(h.ctx, "me", h.leg(trunk1).ID, h.leg(station1).Bridge))
		h.talks("1+11+2")
		h.x.mu.Lock()
		for _, n := range []int{station1, station2} { // the mix lived on the board of the trunk
			p := h.x.lines[n]
			h.x.emit(p, channels.Event{Kind: channels.Left, Text: p.mix})
			p.mix = ""
		}
		h.x.mu.Unlock()
		h.x.pulled("fxo")
		h.sleep(time.Second)
		h.talks("1+2")
	})
}

func TestALineThatDoesNotReactIsGivenUp(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.mute = true
		_, err := h.Call(h.ctx, "me", CallRequest{Line: trunk1, Number: "1"})
		if code(err) != NoReaction {
			t.Errorf("%v", err)
		}
		synctest.Wait()
		h.at(trunk1, "idle")
		h.x.mute = false
	})
}

func TestWhoDoesNotWaitLeavesNothingBehind(t *testing.T) {
	inHouse(t, func(h *house) {
		hang := make(chan struct{})
		h.x.hang["fxo"] = hang
		ctx, cancel := context.WithTimeout(h.ctx, time.Second)
		defer cancel()
		if _, err := h.Call(ctx, "me", CallRequest{Line: trunk1, Number: "1"}); code(err) != Cancelled {
			t.Errorf("%v", err)
		}
		h.x.mu.Lock()
		delete(h.x.hang, "fxo")
		h.x.mu.Unlock()
		close(hang)
		h.sleep(time.Minute)
		h.quiet()
	})
}

func TestAnAnswerThatComesTooLateIsNone(t *testing.T) {
	inHouse(t, func(h *house) {
		hang := make(chan struct{})
		h.x.dial(station1, "8002")
		h.sleep(ringFor - time.Second)
		h.x.mu.Lock()
		h.x.hang["fxs"] = hang
		h.x.mu.Unlock()
		h.sleep(2 * time.Second) // it is released, and its board does not take that
		h.x.lift(station2)
		h.talks("")
		h.x.mu.Lock()
		delete(h.x.hang, "fxs")
		h.x.mu.Unlock()
		close(hang)
		h.sleep(time.Minute)
		h.at(station1, "abandoned cause 19")
		h.at(station2, "abandoned cause 16")
		h.x.down(station1)
		h.x.down(station2)
		h.quiet()
	})
}

func TestWatchersAreToldWhatChangesAndWhatTheyMissed(t *testing.T) {
	inHouse(t, func(h *house) {
		w, lazy := h.Watch(), h.Watch()
		h.talking(true)
		id := h.leg(station1).ID
		req, err := h.Play(h.ctx, "me", PlayRequest{Leg: id, Audio: sound()})
		h.must(err)
		h.x.keys(station1, "5")
		h.x.down(station1)
		h.x.down(station2)
		w.Close()
		w.Close()
		seen := map[ChangeKind]int{}
		last := map[string]LegState{}
		for c := range w.C() {
			seen[c.Kind]++
			if c.Kind == LegChanged {
				last[c.Leg.ID] = c.Leg.State
			}
			if c.Kind == PlayEnded && c.Request != req || c.Kind == KeyPressed && c.Text != "5" {
				t.Errorf("%+v", c)
			}
		}
		for _, k := range []ChangeKind{LegChanged, BridgeChanged, BridgeEnded, PlayEnded, KeyPressed} {
			if seen[k] == 0 {
				t.Errorf("no %s", k)
			}
		}
		for id, st := range last {
			if st != LegEndedNow {
				t.Errorf("%s is %s at last", id, st)
			}
		}
		h.talking(true)
		for range watcherChanges {
			h.x.keys(station1, "1")
		}
		if c := <-lazy.C(); c.Kind != Resync {
			t.Errorf("%+v", c)
		}
	})
}

func TestWhatRingsOnAnAnalogTrunkCannotBeRefused(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.call(trunk1, "138", "")
		id := h.leg(trunk1).ID
		h.must(h.Transfer(h.ctx, "me", id, "8003"))
		h.at(station1, "idle")
		h.at(station3, "ringing")
		h.sleep(ringFor + time.Second)
		h.at(station3, "idle")
		h.must(h.Answer(h.ctx, "me", id)) // it rang on
		h.at(trunk1, "talking")
		h.x.down(trunk1)

		h.x.call(trunk2, "138", "")
		h.must(h.Hangup(h.ctx, "me", h.leg(trunk2).ID, 0))
		h.at(station1, "idle")
		h.sleep(time.Minute)
		if l := h.leg(trunk2); l.State != LegReleasing {
			t.Errorf("%+v", l)
		}
		h.x.down(trunk2)
		h.quiet()
	})
}

func TestAnEndThatWasNeverToldIsFound(t *testing.T) {
	inHouse(t, func(h *house) {
		h.talking(false)
		h.x.mute = true
		h.must(h.Hangup(h.ctx, "me", h.leg(trunk1).ID, 0)) // all that follows is lost, and nobody says so
		h.x.mute = false
		h.x.feed.mu.Lock()
		h.x.feed.lost = false
		h.x.feed.mu.Unlock()
		h.sleep(time.Minute)
		if l := h.leg(trunk1); l.ID != "" {
			t.Errorf("%+v", l)
		}
	})
}
