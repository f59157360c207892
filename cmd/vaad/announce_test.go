package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vaad/calls"
	"vaad/recorder/rules"
)

// hall is a switch whose legs are as the test says.
type hall struct {
	mu      sync.Mutex
	legs    map[string]calls.LegState
	bridge  []string
	fails   map[string]error
	played  []string
	changes chan calls.Change
}

func (h *hall) Leg(id string) (calls.Leg, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	state, ok := h.legs[id]
	l := calls.Leg{ID: id, State: state}
	if slices.Contains(h.bridge, id) {
		l.Bridge = "b"
	}
	return l, ok
}

func (h *hall) Bridges() []calls.Bridge {
	h.mu.Lock()
	defer h.mu.Unlock()
	return []calls.Bridge{{ID: "a"}, {ID: "b", Legs: slices.Clone(h.bridge)}}
}

func (h *hall) Play(_ context.Context, _ string, r calls.PlayRequest) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.played = append(h.played, r.Leg)
	return "of " + r.Leg, h.fails[r.Leg]
}

// announced begins an announcement to the first leg; the test goes on where it waits.
func (h *hall) announced(what rules.Announce) (over func() (string, error, bool)) {
	h.changes = make(chan calls.Change, 9)
	var request string
	var err error
	ended := false
	go func() {
		of, fails := announceTo(h, h.changes, "x", what, nil)
		h.mu.Lock()
		defer h.mu.Unlock()
		request, err, ended = of, fails, true
	}()
	return func() (string, error, bool) {
		synctest.Wait()
		h.mu.Lock()
		defer h.mu.Unlock()
		return request, err, ended
	}
}

// change changes who is where, and tells it.
func (h *hall) change(do func()) {
	h.mu.Lock()
	do()
	h.mu.Unlock()
	h.changes <- calls.Change{}
}

// heard are who heard it so far, in their order.
func (h *hall) heard() []string { h.mu.Lock(); defer h.mu.Unlock(); return slices.Clone(h.played) }

const talks, held = calls.LegTalking, calls.LegHeld

func TestAnAnnouncementTakesNobodysRingbackOrMusicAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hall{legs: map[string]calls.LegState{"x": talks, "y": talks}}
		over := h.announced(rules.Announce{Both: true})
		steps := []func(){
			func() {}, // it waits in a queue, and hears music
			func() { h.bridge, h.legs["y"] = []string{"y", "x"}, calls.LegAlerting },              // a trunk on which it rings yet
			func() { h.legs["y"], h.legs["x"] = talks, held },                                     //
			func() { h.legs["x"], h.legs["y"] = talks, held },                                     // music for the other one
			func() { h.legs["y"], h.legs["z"] = talks, held; h.bridge = []string{"x", "y", "z"} }, // and for a third
		}
		time.Sleep(10 * time.Minute)
		for i, step := range steps {
			h.change(step)
			if _, _, ended := over(); ended || len(h.heard()) != 0 {
				t.Fatalf("after step %d it plays to %q", i, h.heard())
			}
		}
		h.change(func() { h.legs["z"] = talks })
		if request, err, ended := over(); !ended || err != nil || request != "of x" || !slices.Equal(h.heard(), []string{"x", "y", "z"}) {
			t.Errorf("%q, %v: it plays to %q", request, err, h.heard())
		}
	})
}

func TestAnAnnouncementToOneWaitsForNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hall{legs: map[string]calls.LegState{"x": talks, "y": talks, "z": held}, bridge: []string{"x", "y", "z"}}
		if request, err, ended := h.announced(rules.Announce{})(); !ended || err != nil || request != "of x" || !slices.Equal(h.heard(), []string{"x"}) {
			t.Errorf("%q, %v: it plays to %q", request, err, h.heard())
		}
	})
}

func TestACallThatIsNeverConnectedIsNotAnnounced(t *testing.T) {
	for name, end := range map[string]func(h *hall){
		"it ends":                 func(h *hall) { h.change(func() { delete(h.legs, "x") }) },
		"the switch ends":         func(h *hall) { close(h.changes) },
		"the switch knows it not": func(*hall) { time.Sleep(announceKnown) },
	} {
		synctest.Test(t, func(t *testing.T) {
			h := &hall{legs: map[string]calls.LegState{"x": talks}}
			if name == "the switch knows it not" {
				h.legs = nil
			}
			over := h.announced(rules.Announce{Both: true})
			if _, _, ended := over(); ended {
				t.Fatalf("%s: it does not wait", name)
			}
			end(h)
			if _, err, ended := over(); !ended || !errors.Is(err, errNotConnected) || len(h.heard()) != 0 {
				t.Errorf("%s: %v %v", name, ended, err)
			}
		})
	}
}

func TestAnAnnouncementThatOneOfBothDidNotHearIsNone(t *testing.T) {
	for _, who := range []string{"y", "z"} {
		synctest.Test(t, func(t *testing.T) {
			cannot := &calls.Failure{Code: calls.Overloaded}
			h := &hall{legs: map[string]calls.LegState{"x": talks, "y": talks, "z": talks}, bridge: []string{"x", "y", "z"}, fails: map[string]error{who: cannot}}
			if _, err, _ := h.announced(rules.Announce{Both: true})(); !errors.Is(err, cannot) {
				t.Errorf("%s does not hear it: %v", who, err)
			}
		})
	}
}
