package e2e

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"vaad/api"
)

// Both spans of a board carry as many calls as they have channels.
func TestWholeSpansOfOursCarryManyCallsAtOnce(t *testing.T) {
	needsFull(t)
	x := newExchange931(t, within(t, 20*time.Minute), 16, []spanDef{{kind: "euroisdn"}, {kind: "euroisdn", network: true}})
	read := x.traces()
	x.up()
	x.deal(usual, 200, 16, time.Minute)
	for _, l := range x.links {
		if err := x.fill(l); err != nil {
			x.complain("%s: %v", l.what(), err)
		}
	}
	x.check()
	read()
}

// fill has vaad call in all channels of a link. One more finds none, at either end.
func (x *exchange931) fill(l *link) error {
	ctx, cancel := context.WithTimeout(x.ctx, time.Minute)
	defer cancel()
	var all []*deed
	for range l.slots {
		d := &deed{x: x, ctx: ctx, l: l, rng: newRand(uint64(len(all))), kind: "one of all channels", phone: -1}
		x.made++
		if err := d.dial(); err != nil {
			return fmt.Errorf("call %d: %w", len(all), err)
		}
		d.call.do("answer")
		all = append(all, d)
	}
	_, err := x.api.NewCall(ctx, api.NewCall{Number: "99", Group: l.group})
	var p *api.Problem
	if !errors.As(err, &p) || p.Code != "no-trunk" {
		return fmt.Errorf("one call more: %v", err)
	}
	for _, d := range all {
		if err := d.trunk("talking"); err != nil {
			return err
		}
	}
	for _, d := range all {
		if err := d.clear(); err != nil {
			return err
		}
		x.done = append(x.done, d)
	}
	return nil
}

// Of the frames of both directions 5 % are lost, and all for some time.
func TestCallsGoThroughWhereFramesAreLost(t *testing.T) {
	needsFull(t)
	x := newExchange931(t, within(t, 30*time.Minute), 12, []spanDef{{kind: "euroisdn", channels: 12}}, []spanDef{{kind: "euroisdn", network: true, channels: 12}}, []spanDef{{kind: "qsig", network: true, channels: 12}},
		[]spanDef{{kind: "ni2", channels: 12}})
	read := x.traces()
	x.up()
	lose := func(share float64) {
		for _, l := range x.links {
			l.relay.loss.Store(uint64(share * 1e6))
		}
	}
	lose(0.05)
	x.deal(usual, 200, 12, 2*time.Minute)
	lose(0)
	frames, lost := uint64(0), uint64(0)
	for _, l := range x.links {
		frames += l.relay.frames[0].Load() + l.relay.frames[1].Load()
		lost += l.relay.lost.Load()
	}
	t.Logf("%d of %d frames were lost", lost, frames)
	// The data link is lost and made anew while calls are up: they stay.
	x.deal([]kindOfCall{{"link cut for 20 s", 1, func(d *deed) error { return d.cut(20 * time.Second) }}}, 8, 8, 2*time.Minute)
	var all sync.WaitGroup
	for _, l := range x.links {
		all.Go(func() { x.cutOff(l) })
	}
	all.Wait()
	x.up()
	x.check()
	read()
}

// cutOff cuts a link for longer than calls outlive it: T309, 90 s.
func (x *exchange931) cutOff(l *link) {
	ctx, cancel := context.WithTimeout(x.ctx, 4*time.Minute)
	defer cancel()
	d := &deed{x: x, ctx: ctx, l: l, rng: newRand(1), kind: "link cut for good", phone: -1}
	err := func() error {
		if err := d.dial(); err != nil {
			return err
		}
		if err := d.answer(); err != nil {
			return err
		}
		d.answered, d.by, d.cause = true, "link-lost", 27
		l.relay.cut.Store(true)
		defer l.relay.cut.Store(false)
		return x.noLeg(ctx, "of a link that is cut", func(g *api.Leg) bool { return g.ID == d.leg })
	}()
	if err == nil {
		err = Until(ctx, "libpri's end of it", func() (bool, error) { return l.farEnd.up() == 0, nil })
	}
	x.mu.Lock()
	if x.made++; err == nil {
		x.done = append(x.done, d)
	}
	x.mu.Unlock()
	if err != nil {
		x.complain("%s, %s: %v\n%s", l.what(), d.kind, err, d.trace())
	}
}

// Digits come one by one. Where libpri is the exchange, vaad knows no plan of its
// numbers, and takes one as whole after T302.
func TestNumbersComeDigitByDigit(t *testing.T) {
	needsFull(t)
	x := newExchange931(t, within(t, 20*time.Minute), 8, []spanDef{{kind: "euroisdn", overlap: true, channels: 8}}, []spanDef{{kind: "euroisdn", network: true, overlap: true, channels: 8}},
		[]spanDef{{kind: "qsig", overlap: true, network: true, channels: 8}})
	read := x.traces()
	x.up()
	x.deal([]kindOfCall{{"digit by digit", 2, (*deed).inOverlap}, {"digits asked for", 1, (*deed).outOverlap}}, 60, 6, time.Minute)
	x.check()
	read()
}

func needsFull(t *testing.T) {
	t.Helper()
	if !*full {
		t.Skip("runs in make prove-signalling")
	}
}
