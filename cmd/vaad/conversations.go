package main

import (
	"context"
	"slices"
	"sync"

	"vaad/calls"
	"vaad/recorder"
)

// conversations follows which legs the switch connects, so that what two parties
// say to each other is recorded once: by the leg that recorder.legs prefers. A
// leg whose recording has something that no other has is kept; so are all where
// it cannot be known.
type conversations struct {
	rule     func() string       // recorder.legs
	recorded func(line int) bool // calls of that line are recorded from beginning to end

	connected func(lines []int) // is told which lines hear each other; nil: nobody

	mu      sync.Mutex
	legs    map[string]*legFate
	bridges map[string][]string // IDs of legs
	over    []string            // legs that have ended, oldest first
}

// legFate is what became of a leg.
type legFate struct {
	calls.Leg
	joined bool // it was connected with another
	keeps  bool // nobody else's recording has all of it
}

// overMost is how many ended legs are remembered: the recorder asks as they end.
const overMost = 4096

func newConversations(rule func() string, recorded func(int) bool) *conversations {
	return &conversations{rule: rule, recorded: recorded, legs: map[string]*legFate{}, bridges: map[string][]string{}}
}

// switching is what is connected now, where changes were lost.
type switching interface {
	Legs() []calls.Leg
	Bridges() []calls.Bridge
}

// follow takes the changes of the switch until they end.
func (c *conversations) follow(ctx context.Context, w *calls.Watcher, now switching) {
	defer context.AfterFunc(ctx, w.Close)()
	for change := range w.C() {
		if change.Kind == calls.Resync {
			c.anew(now.Legs(), now.Bridges())
			continue
		}
		c.take(&change)
	}
}

// anew takes what is connected now, after changes were lost. What was connected
// meanwhile is not known: of no leg it can be said that another recording has all of it.
func (c *conversations) anew(legs []calls.Leg, bridges []calls.Bridge) {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.bridges)
	up := map[string]bool{}
	for i := range legs {
		up[legs[i].ID] = true
		c.leg(&legs[i])
	}
	for id, l := range c.legs {
		if l.keeps = true; !up[id] && l.State != calls.LegEndedNow {
			over := l.Leg
			over.State = calls.LegEndedNow
			c.leg(&over)
		}
	}
	for _, b := range bridges {
		c.bridges[b.ID] = b.Legs
	}
	for _, b := range bridges {
		c.joined(b.ID)
	}
}

func (c *conversations) take(change *calls.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch change.Kind {
	case calls.LegChanged:
		c.leg(change.Leg)
	case calls.BridgeChanged:
		c.bridges[change.Bridge.ID] = change.Bridge.Legs
		c.weigh(change.Bridge.ID)
		c.joined(change.Bridge.ID)
	case calls.BridgeEnded:
		delete(c.bridges, change.Bridge.ID)
	}
}

func (c *conversations) leg(now *calls.Leg) {
	l := c.legs[now.ID]
	if l == nil {
		l = &legFate{}
		c.legs[now.ID] = l
	}
	if now.State == calls.LegEndedNow && l.State != calls.LegEndedNow {
		if c.over = append(c.over, now.ID); len(c.over) > overMost {
			delete(c.legs, c.over[0])
			c.over = c.over[1:]
		}
	}
	known := l.ID != ""
	l.Leg = *now
	c.weigh(now.Bridge)
	if !known { // its bridge may have been told before
		c.joined(now.Bridge)
	}
}

// weigh says which recording has what is said in a bridge.
func (c *conversations) weigh(bridge string) {
	ids := c.bridges[bridge]
	if len(ids) < 2 {
		return
	}
	var keeper *legFate
	for _, id := range slices.Sorted(slices.Values(ids)) { // of two that are alike the one that began first
		l := c.legs[id]
		if l == nil { // it is not known yet: nothing can be said of the others
			for _, other := range ids {
				if o := c.legs[other]; o != nil {
					o.keeps = true
				}
			}
			return
		}
		if c.recorded(l.Line) && (keeper == nil || l.Use == c.rule() && keeper.Use != c.rule()) {
			keeper = l
		}
	}
	for _, id := range ids {
		l := c.legs[id]
		l.joined = true
		if l == keeper || keeper == nil {
			l.keeps = true
		}
		if l.Role == calls.Whisper { // what it says and who hears it, no other recording has
			l.keeps = true
			if to := c.legs[l.To]; to != nil {
				to.keeps = true
			}
		}
	}
}

// Elsewhere implements recorder.Legs.
func (c *conversations) Elsewhere(call string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.legs[call]
	return l != nil && l.joined && !l.keeps && c.rule() != "both"
}

// Conversation implements recorder.Legs.
func (c *conversations) Conversation(call string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.legs[call]; l != nil {
		return l.Leg.Conversation
	}
	return ""
}

// wholly says whether a line records its calls from beginning to end.
func wholly(c recorder.LineConfig) bool {
	return c.Trigger == recorder.Call || c.Trigger == recorder.Continuous
}
