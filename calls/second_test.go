package calls

import (
	"testing"
	"time"

	"vaad/channels"
)

// talking brings station 1 into a call with the party on trunk 1, or station 2.
func (h *house) talking(inside bool) {
	if inside {
		h.x.dial(station1, "8002")
		h.x.lift(station2)
		h.talks("1+2")
		return
	}
	h.x.call(trunk1, "138", "")
	h.x.lift(station1)
	h.talks("1+11")
}

// consult lets station 1 hold it and dial.
func (h *house) consult(number string) {
	h.x.flash(station1)
	h.at(station1, "talking dial")
	h.at(trunk1, "talking music")
	h.x.keys(station1, number)
}

func TestAFlashHoldsTheOtherAndGivesADialTone(t *testing.T) {
	inHouse(t, func(h *house) {
		h.talking(false)
		h.consult("")
		h.talks("")
		if l := h.leg(trunk1); l.State != LegHeld || l.HeldBy != h.leg(station1).ID || l.Bridge != "" {
			t.Errorf("%+v", l)
		}
		h.x.flash(station1)
		h.talks("1+11")
		if l := h.leg(trunk1); l.State != LegTalking || l.HeldBy != "" {
			t.Errorf("%+v", l)
		}
	})
}

func TestWhatBecomesOfASecondCall(t *testing.T) {
	for _, c := range []struct {
		name   string
		number string
		do     func(*house)
		talks  string
		at     map[int]string
	}{
		{"it rings there", "8002", nil, "", map[int]string{station1: "talking ringback", station2: "ringing", trunk1: "talking music"}},
		{"it is answered", "8002", func(h *house) { h.x.lift(station2) }, "1+2", map[int]string{trunk1: "talking music"}},
		{"conference", "8002", func(h *house) { h.x.lift(station2); h.x.flash(station1) }, "1+11+2", nil},
		{"one leaves the conference", "8002", func(h *house) { h.x.lift(station2); h.x.flash(station1); h.x.down(station1) }, "11+2", nil},
		{"a flash in the conference does nothing", "8002", func(h *house) { h.x.lift(station2); h.x.flash(station1); h.x.flash(station1) }, "1+11+2", nil},
		{"back before the answer", "8002", func(h *house) { h.x.flash(station1) }, "1+11", map[int]string{station2: "idle"}},
		{"outside, heard at once", "02012345#", func(h *house) { h.x.alerts(pri1) }, "1+21", map[int]string{trunk1: "talking music"}},
		{"passed on after the answer", "8002", func(h *house) { h.x.lift(station2); h.x.down(station1) }, "11+2", map[int]string{station1: "idle"}},
		{"passed on while it rings", "8002", func(h *house) { h.x.down(station1) }, "", map[int]string{station1: "idle", station2: "ringing", trunk1: "talking ringback"}},
		{"passed on while it rings, and answered", "8002", func(h *house) { h.x.down(station1); h.x.lift(station2) }, "11+2", nil},
		{"passed on to an outside line", "02012345#", func(h *house) { h.x.alerts(pri1); h.x.down(station1) }, "11+21", nil},
		{"passed on, and the network refuses", "02012345#", func(h *house) { h.x.alerts(pri1); h.x.down(station1); h.x.refuses(pri1, 17); h.sleep(time.Second) }, "",
			map[int]string{station1: "ringing", trunk1: "talking music"}},
		{"no such number", "7", nil, "", map[int]string{station1: "talking vacant", trunk1: "talking music"}},
		{"busy", "8003", nil, "", map[int]string{station1: "talking busy", trunk1: "talking music"}},
		{"back after busy", "8003", func(h *house) { h.x.flash(station1) }, "1+11", nil},
		{"put down after busy", "8003", func(h *house) { h.x.down(station1); h.sleep(time.Second) }, "", map[int]string{station1: "ringing", trunk1: "talking music"}},
		{"nothing dialled", "", func(h *house) { h.sleep(firstDigit + time.Second) }, "", map[int]string{station1: "talking congestion", trunk1: "talking music"}},
		{"half a number", "80", func(h *house) { h.sleep(digitPause + time.Second) }, "", map[int]string{station1: "talking vacant"}},
		{"put down at the dial tone", "", func(h *house) { h.x.down(station1); h.sleep(time.Second) }, "", map[int]string{station1: "ringing", trunk1: "talking music"}},
		{"rung again, and answered", "", func(h *house) { h.x.down(station1); h.sleep(time.Second); h.x.lift(station1) }, "1+11", nil},
		{"rung again, in vain", "", func(h *house) { h.x.down(station1); h.sleep(recallFor + time.Second) }, "", map[int]string{station1: "idle", trunk1: "idle"}},
		{"rung again, and the held one hangs up", "", func(h *house) { h.x.down(station1); h.sleep(time.Second); h.x.down(trunk1) }, "", map[int]string{station1: "idle"}},
		{"the held one hangs up at the dial tone", "", func(h *house) { h.x.down(trunk1) }, "", map[int]string{station1: "abandoned cause 16"}},
		{"the held one hangs up while it rings", "8002", func(h *house) { h.x.down(trunk1); h.x.lift(station2) }, "1+2", nil},
		{"the held one hangs up while they talk", "8002", func(h *house) { h.x.lift(station2); h.x.down(trunk1) }, "1+2", nil},
		{"the second one hangs up", "8002", func(h *house) { h.x.lift(station2); h.x.down(station2) }, "", map[int]string{station1: "talking busy", trunk1: "talking music"}},
		{"the second one hangs up, and back", "8002", func(h *house) { h.x.lift(station2); h.x.down(station2); h.x.flash(station1) }, "1+11", nil},
		{"the station's board is pulled", "8002", func(h *house) { h.x.lift(station2); h.x.pulled("fxs") }, "", map[int]string{trunk1: "idle"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inHouse(t, func(h *house) {
				h.talking(false)
				h.x.lift(station3)
				h.consult(c.number)
				h.sleep(time.Second)
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

func TestWhoPassedACallOnIsNoted(t *testing.T) {
	inHouse(t, func(h *house) {
		h.talking(false)
		h.consult("8002")
		h.x.lift(station2)
		a, b, s := h.leg(trunk1).ID, h.leg(station2).ID, h.leg(station1).ID
		h.x.down(station1)
		if n := h.notes[a]; n.TransferredFrom != "8001" || n.TransferredTo != "8002" {
			t.Errorf("who was passed on: %+v", n)
		}
		if n := h.notes[b]; n.TransferredFrom != "8001" {
			t.Errorf("to whom: %+v", n)
		}
		if n := h.notes[s]; n.TransferredTo != "8002" {
			t.Errorf("by whom: %+v", n)
		}
		for _, id := range []string{a, b, s} {
			if n := h.notes[id]; n.Conversation != a {
				t.Errorf("%s is of conversation %q, want %q", id, n.Conversation, a)
			}
		}
	})
}

func TestTheRecallSaysWhoWaits(t *testing.T) {
	inHouse(t, func(h *house) {
		h.talking(false)
		h.consult("")
		h.x.down(station1)
		h.sleep(time.Second)
		if w := h.x.last[station1]; w.Ring != "recall" || w.Caller != "138" {
			t.Errorf("%+v", w)
		}
	})
}

func TestAFlashOnATrunkOrWithNobodyThereDoesNothing(t *testing.T) {
	inHouse(t, func(h *house) {
		h.talking(false)
		h.x.flash(trunk1)
		h.talks("1+11")
		h.x.dial(station2, "8003")
		h.x.flash(station2)
		h.at(station3, "ringing")
		h.x.on(station2, func(p *port) { h.x.emit(p, channels.Event{Kind: channels.Key, Text: "1"}) })
		h.at(station3, "ringing")
	})
}
