package e2e

import (
	"context"
	"fmt"
	"time"

	"vaad/api"
)

// dial has vaad call by the API.
func (d *deed) dial() error {
	d.called, d.caller = d.x.unique(7), "5"+d.x.unique(9)[1:]
	n := api.NewCall{Number: d.called, Group: d.l.group, Caller: d.caller}
	if d.l.named(d.l.network) {
		n.Name = "Vaad" + d.called[4:]
		d.name = n.Name
	}
	ch := d.l.expect(d.called)
	leg, err := d.x.api.NewCall(d.ctx, n)
	if err != nil {
		return err
	}
	d.leg = leg.ID
	return d.heard(d.ctx, ch)
}

// heard waits until libpri has got the call.
func (d *deed) heard(ctx context.Context, ch <-chan *farCall) error {
	defer d.l.forget(d.called)
	select {
	case d.call = <-ch:
	case <-ctx.Done():
		return fmt.Errorf("no SETUP for %s has come", d.called)
	}
	if c := d.call; c.caller != d.caller || c.name != d.name {
		return fmt.Errorf("libpri was told that %q %q calls, want %q %q", c.caller, c.name, d.caller, d.name)
	}
	return nil
}

// answer goes the usual way to the answer; sometimes a shorter one.
func (d *deed) answer() error {
	if d.rng.IntN(4) > 0 {
		d.call.do("proceeding")
	}
	if d.rng.IntN(4) > 0 {
		d.call.do("ringing")
		if err := d.trunk("alerting"); err != nil {
			return err
		}
	}
	d.call.do("answer")
	return d.trunk("talking")
}

func (d *deed) outAnswered() error {
	if err := d.dial(); err != nil {
		return err
	}
	if err := d.answer(); err != nil {
		return err
	}
	if err := d.press(); err != nil {
		return err
	}
	return d.clear()
}

func (d *deed) outStation() error {
	if err := d.lift(); err != nil {
		return err
	}
	if d.rng.IntN(4) == 0 {
		d.farClears(17)
		if err := d.gone(); err != nil {
			return err
		}
		if err := d.actor().Wait(d.ctx, "hears that it is busy", func() bool { return d.actor().HeardLately(chinaHz) }); err != nil {
			return err
		}
		return d.putPhone()
	}
	if err := d.answer(); err != nil {
		return err
	}
	if err := d.converse(); err != nil {
		return err
	}
	return d.clear()
}

// lift has a telephone dial out. Where a busy machine has broken keys, so that
// another number was dialled, it tries again.
func (d *deed) lift() (err error) {
	for range 5 {
		if err = d.takePhone(); err != nil {
			return err
		}
		a := d.actor()
		a.Event("off-hook")
		if err = a.Wait(d.ctx, "hears dial tone", func() bool { return a.Hears(chinaHz) }); err != nil {
			return err
		}
		d.called = d.x.unique(7)
		ch := d.l.expect(d.called)
		a.Dial(d.l.prefix + d.called)
		ctx, cancel := context.WithTimeout(d.ctx, 10*time.Second)
		err = d.heard(ctx, ch)
		cancel()
		if err == nil || d.ctx.Err() != nil || d.call != nil {
			return err
		}
		d.x.misdial()
		if err := d.putPhone(); err != nil {
			return err
		}
	}
	return err
}

func (d *deed) outRefused() error {
	if err := d.dial(); err != nil {
		return err
	}
	if d.rng.IntN(2) == 0 {
		d.call.do("proceeding")
	}
	d.farClears(refusals[d.rng.IntN(len(refusals))])
	return d.gone()
}

func (d *deed) outGivenUp() error {
	if err := d.dial(); err != nil {
		return err
	}
	d.call.do("proceeding")
	d.call.do("ringing")
	if err := d.trunk("alerting"); err != nil {
		return err
	}
	return d.vaadClears(0)
}
