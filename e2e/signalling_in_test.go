package e2e

import (
	"vaad/api"
)

// ring has a telephone called from outside.
func (d *deed) ring() error {
	if err := d.takePhone(); err != nil {
		return err
	}
	if err := d.place(d.extension()); err != nil {
		return err
	}
	if err := d.call.await(d.ctx, "RINGING"); err != nil {
		return err
	}
	return d.actor().Wait(d.ctx, "rings", d.actor().On)
}

func (d *deed) inAnswered() error {
	if err := d.ring(); err != nil {
		return err
	}
	d.actor().Event("off-hook")
	if err := d.call.await(d.ctx, "ANSWER"); err != nil {
		return err
	}
	if err := d.converse(); err != nil {
		return err
	}
	return d.clear()
}

func (d *deed) inByHand() error {
	if err := d.ring(); err != nil {
		return err
	}
	if err := d.trunk("ringing", "alerting"); err != nil {
		return err
	}
	if _, err := d.x.api.Answer(d.ctx, d.leg); err != nil {
		return err
	}
	if err := d.call.await(d.ctx, "ANSWER"); err != nil {
		return err
	}
	if err := d.actor().Wait(d.ctx, "rings no more", func() bool { return !d.actor().On() }); err != nil {
		return err
	}
	if err := d.putPhone(); err != nil {
		return err
	}
	if err := d.press(); err != nil {
		return err
	}
	return d.clear()
}

func (d *deed) inBusy() error {
	if err := d.takePhone(); err != nil {
		return err
	}
	d.actor().Event("off-hook")
	n := d.phone + 1
	if _, err := d.x.leg(d.ctx, "of a station", func(l *api.Leg) bool { return l.Line == n }); err != nil {
		return err
	}
	if err := d.place(d.extension()); err != nil {
		return err
	}
	d.by, d.cause = "cleared-local", 17
	if err := d.gone(); err != nil {
		return err
	}
	return d.putPhone()
}

func (d *deed) inUnknown() error {
	if err := d.place("7" + d.x.unique(6)); err != nil {
		return err
	}
	d.by, d.cause = "cleared-local", 1
	return d.gone()
}

func (d *deed) inGivenUp() error {
	if err := d.ring(); err != nil {
		return err
	}
	d.farClears(16)
	if err := d.gone(); err != nil {
		return err
	}
	if err := d.actor().Wait(d.ctx, "rings no more", func() bool { return !d.actor().On() }); err != nil {
		return err
	}
	return d.putPhone()
}

func (d *deed) inRefused() error {
	if err := d.ring(); err != nil {
		return err
	}
	if err := d.vaadClears([]int{17, 21, 31, 34, 41}[d.rng.IntN(5)]); err != nil {
		return err
	}
	return d.putPhone()
}
