package e2e

import (
	"errors"
	"fmt"
	"time"

	"vaad/api"
)

// inHeld is held and retrieved by libpri, then by vaad.
func (d *deed) inHeld() error {
	if err := d.ring(); err != nil {
		return err
	}
	d.actor().Event("off-hook")
	if err := d.call.await(d.ctx, "ANSWER"); err != nil {
		return err
	}
	if err := d.trunk("talking"); err != nil {
		return err
	}
	for _, held := range []bool{true, false} {
		words, ack := "retrieve", "RETRIEVE_ACK"
		if held {
			words, ack = "hold", "HOLD_ACK"
		}
		d.call.do(words)
		if err := d.call.await(d.ctx, ack); err != nil {
			return err
		}
		if _, err := d.x.leg(d.ctx, words+" by libpri", func(l *api.Leg) bool { return l.ID == d.leg && l.FarHeld == held }); err != nil {
			return err
		}
	}
	if _, err := d.x.api.Hold(d.ctx, d.leg, true); err != nil {
		return err
	}
	if err := d.call.await(d.ctx, "HOLD"); err != nil {
		return err
	}
	if err := d.trunk("held"); err != nil {
		return err
	}
	if _, err := d.x.api.Unhold(d.ctx, d.leg); err != nil {
		return err
	}
	if err := d.call.await(d.ctx, "RETRIEVE"); err != nil {
		return err
	}
	if err := d.trunk("talking"); err != nil {
		return err
	}
	if err := d.converse(); err != nil {
		return err
	}
	return d.clear()
}

// restarted: the channel of a call that is up is restarted by libpri.
func (d *deed) restarted() error {
	if err := d.dial(); err != nil {
		return err
	}
	if err := d.answer(); err != nil {
		return err
	}
	d.answered, d.by, d.cause = true, "channel-restart", 41
	d.call.do(fmt.Sprintf("restart %d", d.call.state().channel))
	return d.gone()
}

// crossed: both ends call in the same channel at once. Neither hears of the other
// before it has sent its SETUP.
func (d *deed) crossed() error {
	r := d.l.relay
	was := [2]uint64{r.frames[0].Load(), r.frames[1].Load()}
	r.hold.Store(true)
	defer r.hold.Store(false)
	out := *d
	done := make(chan error, 1)
	go func() { done <- out.dial() }()
	slot := d.l.slots[0]
	d.incoming, d.called, d.caller = true, "7"+d.x.unique(6), d.x.unique(10)
	c, err := d.l.call(nil, slot, d.called, d.caller, "")
	if err != nil {
		return err
	}
	err = Until(d.ctx, "a SETUP of both ends", func() (bool, error) {
		return r.frames[0].Load() > was[0] && r.frames[1].Load() > was[1], nil
	})
	if err != nil {
		return err
	}
	r.hold.Store(false)
	if err := c.gone(d.ctx); err != nil { // the number is unknown here, or the channel is taken
		return err
	}
	if err := <-done; err != nil {
		return err
	}
	if want := 1 + 43*b2i(d.l.network); c.state().cause != want {
		return fmt.Errorf("libpri's call in the same channel got cause %d, want %d", c.state().cause, want)
	}
	if got := out.call.state().channel; (got == slot) != d.l.network {
		return fmt.Errorf("vaad's call is in channel %d, and both were made in %d", got, slot)
	}
	if err := out.answer(); err != nil {
		return err
	}
	if !d.l.network { // libpri's has come through
		in := *d
		in.call, in.by, in.cause = c, "cleared-local", 1
		out.beside = &in
	}
	*d = out
	return d.clear()
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// elsewhere: libpri has no circuit for the first try; the next trunk is taken.
func (d *deed) elsewhere() error {
	if err := d.dial(); err != nil {
		return err
	}
	first := d.call
	ch := d.l.expect(d.called)
	d.call.clear(34)
	if err := d.heard(d.ctx, ch); err != nil {
		return err
	}
	if d.call.state().channel == first.state().channel {
		return errors.New("the same channel is tried again")
	}
	if err := d.trunk("dialling"); err != nil {
		return err
	}
	if err := d.answer(); err != nil {
		return err
	}
	return d.clear()
}

// bothClear: both ends hang up at once.
func (d *deed) bothClear() error {
	if err := d.dial(); err != nil {
		return err
	}
	if err := d.answer(); err != nil {
		return err
	}
	d.answered, d.cause = true, 16
	r := d.l.relay
	was := [2]uint64{r.frames[0].Load(), r.frames[1].Load()}
	r.hold.Store(true)
	defer r.hold.Store(false)
	if _, err := d.x.api.Hangup(d.ctx, d.leg, 0); err != nil {
		return err
	}
	d.call.clear(16)
	err := Until(d.ctx, "DISCONNECT of both ends", func() (bool, error) {
		return r.frames[0].Load() > was[0] && r.frames[1].Load() > was[1], nil
	})
	if err != nil {
		return err
	}
	r.hold.Store(false)
	return d.gone()
}

// cut cuts the link for some time while the call is up, which goes on.
func (d *deed) cut(length time.Duration) error {
	if err := d.ring(); err != nil {
		return err
	}
	d.actor().Event("off-hook")
	if err := d.call.await(d.ctx, "ANSWER"); err != nil {
		return err
	}
	if err := d.trunk("talking"); err != nil {
		return err
	}
	d.l.relay.cut.Store(true)
	<-time.After(length)
	d.l.relay.cut.Store(false)
	if err := d.converse(); err != nil {
		return err
	}
	return d.clear()
}

// inOverlap gets the number of a telephone digit by digit.
func (d *deed) inOverlap() error {
	if err := d.takePhone(); err != nil {
		return err
	}
	whole := d.extension()
	if err := d.place(whole[:1]); err != nil {
		return err
	}
	if err := d.call.await(d.ctx, "SETUP_ACK"); err != nil {
		return err
	}
	d.call.do("info " + whole[1:])
	d.called = whole
	if err := d.call.await(d.ctx, "RINGING"); err != nil {
		return err
	}
	if err := d.actor().Wait(d.ctx, "rings", d.actor().On); err != nil {
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

// outOverlap is asked for more digits by libpri.
func (d *deed) outOverlap() error {
	if err := d.dial(); err != nil {
		return err
	}
	d.call.do("setupack")
	more := "59"
	err := Until(d.ctx, "digits can be sent", func() (bool, error) {
		_, err := d.x.api.SendKeys(d.ctx, d.leg, more)
		var p *api.Problem
		if errors.As(err, &p) && p.Code == "wrong-state" {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return err
	}
	if err := Until(d.ctx, "digits", func() (bool, error) { return d.call.state().digits == more, nil }); err != nil {
		return fmt.Errorf("libpri got %q: %w", d.call.state().digits, err)
	}
	d.called += more
	if err := d.answer(); err != nil {
		return err
	}
	return d.clear()
}
