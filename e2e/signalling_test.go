package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"vaad/api"
)

// deal makes so many calls of all kinds at random, many at a time, and returns
// them with what went wrong.
func (x *exchange931) deal(calls, atOnce int, each time.Duration) (done []*deed, wrong []string) {
	var deck []int
	for i, k := range kinds {
		for range k.times {
			deck = append(deck, i)
		}
	}
	rng := rand.New(rand.NewPCG(*seed, uint64(calls)))
	var mu sync.Mutex
	var all sync.WaitGroup
	places := make(chan struct{}, atOnce)
	for n := range calls {
		if n%len(deck) == 0 {
			rng.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		}
		k := kinds[deck[n%len(deck)]]
		d := &deed{x: x, l: x.links[n%len(x.links)], rng: rand.New(rand.NewPCG(*seed, rng.Uint64())), kind: k.name, listen: n%5 < 2, phone: -1}
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			ctx, cancel := context.WithTimeout(x.ctx, each)
			defer cancel()
			d.ctx = ctx
			err := k.do(d)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				done = append(done, d)
				return
			}
			wrong = append(wrong, fmt.Sprintf("%s, %s: %s → %s: %v\n%s", d.l.what(), d.kind, d.caller, d.called, err, d.trace()))
			d.rescue()
		})
	}
	all.Wait()
	return done, wrong
}

// trace is what libpri and vaad have to say of a call that went wrong.
func (d *deed) trace() string {
	d.x.mu.Lock()
	defer d.x.mu.Unlock()
	var legs []string
	for _, l := range d.x.legs {
		legs = append(legs, fmt.Sprintf("line %d %s %s → %s %s", l.Line, l.Use, l.Caller, l.Called, l.State))
	}
	return d.l.last(12) + strings.Join(legs, "\n")
}

// rescue ends what is left of a call that went wrong, so that others can go on.
func (d *deed) rescue() {
	ctx, cancel := context.WithTimeout(d.x.ctx, 5*time.Second)
	defer cancel()
	d.ctx = ctx
	if d.call != nil {
		d.call.clear(16)
	}
	_ = d.putPhone()
}

// idle checks that no channel is stuck: neither end knows of a call, and each
// channel takes a call of either end.
func (x *exchange931) idleChannels() (stuck []string) {
	if err := x.noLeg(x.ctx, "at all", func(*api.Leg) bool { return true }); err != nil {
		stuck = append(stuck, err.Error())
	}
	for _, l := range x.links {
		if n := l.up(); n > 0 {
			stuck = append(stuck, fmt.Sprintf("%s: libpri has %d calls\n%s", l.what(), n, l.last(20)))
		}
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, l := range x.links {
		all.Go(func() {
			for _, slot := range l.slots {
				if err := x.try(l, slot); err != nil {
					mu.Lock()
					stuck = append(stuck, fmt.Sprintf("%s: timeslot %d: %v\n%s", l.what(), slot, err, l.last(10)))
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	return stuck
}

// try has each end call in a timeslot.
func (x *exchange931) try(l *link, slot int) error {
	ctx, cancel := context.WithTimeout(x.ctx, 20*time.Second)
	defer cancel()
	c, err := l.call(nil, slot, "70000000", "20", "")
	if err != nil {
		return err
	}
	if err := c.gone(ctx); err != nil {
		return err
	}
	if s := c.state(); s.cause != 1 {
		return fmt.Errorf("libpri's call got cause %d", s.cause)
	}
	number := x.unique(7)
	ch := l.expect(number)
	if _, err := x.api.NewCall(ctx, api.NewCall{Number: number, Line: l.line[slot]}); err != nil {
		return err
	}
	select {
	case c = <-ch:
	case <-ctx.Done():
		return fmt.Errorf("no SETUP has come")
	}
	c.clear(17)
	if err := c.gone(ctx); err != nil {
		return err
	}
	if got := c.state().channel; got != slot {
		return fmt.Errorf("the call came in channel %d", got)
	}
	return x.noLeg(ctx, "of "+number, func(l *api.Leg) bool { return l.Called == number })
}

// everyKind are links of each kind of switch, vaad as the user and as the network.
func everyKind(channels int) (boards [][]spanDef) {
	for _, kind := range []string{"euroisdn", "qsig", "ni2", "dms100", "5ess", "4ess"} {
		for _, network := range []bool{false, true} {
			boards = append(boards, []spanDef{{kind: kind, network: network, channels: channels}})
		}
	}
	return boards
}

func TestCallsOnLinksOfOursAreToldAsTheFarEndsKnowThem(t *testing.T) {
	x := newExchange931(t, within(t, 2*time.Minute), 6, everyKind(4)...)
	read := x.traces()
	x.up()
	done, wrong := x.deal(20, 8, 30*time.Second)
	wrong = append(wrong, x.wrong(done)...)
	stuck := x.idleChannels()
	wrong = append(wrong, read()...)
	t.Logf("%d calls on %d links, %d wrong, %d channels stuck", 20, len(x.links), len(wrong), len(stuck))
	if len(wrong)+len(stuck) > 0 {
		t.Errorf("%s\n%s\n%s", strings.Join(wrong, "\n"), strings.Join(stuck, "\n"), x.d.Log())
	}
}
