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

func newRand(own uint64) *rand.Rand { return rand.New(rand.NewPCG(*seed, own)) }

// deal makes so many calls of some kinds at random, many at a time.
func (x *exchange931) deal(kinds []kindOfCall, calls, atOnce int, each time.Duration) {
	var deck []int
	for i, k := range kinds {
		for range k.times {
			deck = append(deck, i)
		}
	}
	rng := rand.New(rand.NewPCG(*seed, uint64(calls)))
	var all sync.WaitGroup
	places := make(chan struct{}, atOnce)
	for n := range calls {
		if n%len(deck) == 0 {
			rng.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		}
		k := kinds[deck[n%len(deck)]]
		l, own := x.links[n%len(x.links)], rng.Uint64()
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			x.one(k, l, own, n%5 < 2, each)
		})
	}
	all.Wait()
}

// one makes one call and notes how it went.
func (x *exchange931) one(k kindOfCall, l *link, own uint64, listen bool, within time.Duration) {
	ctx, cancel := context.WithTimeout(x.ctx, within)
	defer cancel()
	d := &deed{x: x, ctx: ctx, l: l, rng: newRand(own), kind: k.name, listen: listen, phone: -1}
	err := k.do(d)
	x.mu.Lock()
	if err == nil {
		x.done = append(x.done, d)
		if d.beside != nil {
			x.done = append(x.done, d.beside)
		}
	}
	x.made++
	x.mu.Unlock()
	if err != nil {
		x.complain("%s, %s: %s → %s: %v\n%s", l.what(), k.name, d.caller, d.called, err, d.trace())
		d.rescue()
	}
}

// complain notes something that is wrong.
func (x *exchange931) complain(format string, args ...any) {
	said := fmt.Sprintf(format, args...)
	x.mu.Lock()
	x.faults = append(x.faults, said)
	x.mu.Unlock()
	x.t.Error(said)
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
	ctx, cancel := context.WithTimeout(d.x.ctx, 30*time.Second)
	defer cancel()
	d.ctx = ctx
	if d.call != nil {
		d.call.clear(16)
	}
	_ = d.putPhone()
}

// check compares all that was done with the journal, and looks whether a channel
// is stuck: neither end may know of a call, and each channel must take one of
// either end.
func (x *exchange931) check() {
	ctx, cancel := context.WithTimeout(x.ctx, time.Minute)
	defer cancel()
	if err := x.noLeg(ctx, "at all", func(*api.Leg) bool { return true }); err != nil {
		x.complain("%v", err)
	}
	for _, s := range x.wrong(x.done) {
		x.complain("%s", s)
	}
	stuck := x.stuck()
	for _, s := range stuck {
		x.complain("stuck: %s", s)
	}
	x.t.Logf("%d calls on %d links, %d wrong; %d of %d channels stuck; %d numbers misdialled by telephones", x.made, len(x.links), len(x.faults)-len(stuck), len(stuck),
		x.channels(), x.misdials)
	if len(x.faults) > 0 {
		x.t.Log(x.d.Log())
	}
}

func (x *exchange931) channels() (n int) {
	for _, l := range x.links {
		n += len(l.slots)
	}
	return n
}

// stuck are channels that are in use although there is no call.
func (x *exchange931) stuck() (stuck []string) {
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
	ctx, cancel := context.WithTimeout(x.ctx, time.Minute)
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
	err = Until(ctx, "its line is idle", func() (bool, error) {
		st, err := x.api.Line(ctx, l.line[slot])
		return st.State == "idle", err
	})
	if err != nil {
		return err
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
	t.Parallel() // it waits most of the time
	x := newExchange931(t, within(t, counts(2*time.Minute, 2*time.Minute, 20*time.Minute)), counts(6, 6, 16), everyKind(counts(4, 4, 8))...)
	read := x.traces()
	x.up()
	x.deal(usual, counts(20, 20, 400), counts(8, 8, 20), 2*time.Minute)
	x.check()
	read()
}

// unusual are calls to which something happens that is not usual.
var unusual = []kindOfCall{
	{"held by both", 1, (*deed).inHeld},
	{"channel restarted", 1, (*deed).restarted},
	{"both call in one channel", 1, (*deed).crossed},
	{"no circuit at first", 1, (*deed).elsewhere},
	{"both clear", 1, (*deed).bothClear},
	{"more digits asked for", 1, (*deed).outOverlap},
	{"link cut for 3 s", 1, func(d *deed) error { return d.cut(3 * time.Second) }},
}

func TestLinksOfOursStandWhatGoesWrong(t *testing.T) {
	atLeastReduced(t)
	t.Parallel()
	both := func(kind string, overlap bool) (boards [][]spanDef) {
		for _, network := range []bool{false, true} {
			boards = append(boards, []spanDef{{kind: kind, network: network, overlap: overlap, channels: 6}})
		}
		return boards
	}
	x := newExchange931(t, within(t, counts(2*time.Minute, 2*time.Minute, 20*time.Minute)), 8, append(both("euroisdn", false), both("qsig", false)...)...)
	read := x.traces()
	x.up()
	var all sync.WaitGroup
	for i, l := range x.links { // what concerns a whole link is done one by one
		all.Go(func() {
			for n := range counts(1, 1, 10) {
				for m, k := range unusual {
					x.one(k, l, uint64(i<<16+n<<8+m), true, 2*time.Minute)
				}
			}
		})
	}
	all.Wait()
	x.check()
	read()
}
