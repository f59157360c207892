package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"vaad/api"
)

// A deed is one call, and what both ends know of it: the journal must know the same.
type deed struct {
	x   *exchange931
	ctx context.Context
	l   *link
	rng *rand.Rand

	kind                 string
	listen               bool // audio and keys are checked
	call                 *farCall
	leg                  string // ID of vaad's trunk leg, where it was looked up
	phone                int    // telephone that takes part; -1: none
	incoming             bool   // libpri calls
	caller, called, name string
	answered             bool
	cause                int
	by                   string // EndedBy of the journal; "": either has cleared
	keys                 string
	beside               *deed // a call that came of it
	passed               int   // tries before this one that found the channel taken
}

// A kindOfCall is one way in which a call goes.
type kindOfCall struct {
	name  string
	times int // in a round
	do    func(*deed) error
}

// usual are 20 calls as they happen every day.
var usual = []kindOfCall{
	{"in, answered at a station", 4, (*deed).inAnswered},
	{"in, answered by hand", 2, (*deed).inByHand},
	{"in, busy", 1, (*deed).inBusy},
	{"in, unknown number", 1, (*deed).inUnknown},
	{"in, given up", 1, (*deed).inGivenUp},
	{"in, refused", 1, (*deed).inRefused},
	{"out, answered", 4, (*deed).outAnswered},
	{"out, from a station", 3, (*deed).outStation},
	{"out, refused", 2, (*deed).outRefused},
	{"out, given up", 1, (*deed).outGivenUp},
}

// refusals are causes by which libpri refuses; no other trunk would do better (Q.850).
var refusals = []int{1, 3, 17, 18, 19, 21, 22, 27, 28, 31, 50, 57, 63, 65, 79, 88, 102, 127}

// takePhone waits for a telephone that nobody uses.
func (d *deed) takePhone() error {
	select {
	case d.phone = <-d.x.idle:
		d.actor().Forget()
		return nil
	case <-d.ctx.Done():
		return errors.New("no telephone is free")
	}
}

func (d *deed) actor() *Actor     { return d.x.phones[d.phone] }
func (d *deed) extension() string { return strconv.Itoa(801 + d.phone) }

// putPhone puts the telephone down, and waits until its line is idle.
func (d *deed) putPhone() error {
	if d.phone < 0 {
		return nil
	}
	n, a := d.phone, d.actor()
	a.Speak(0)
	a.Event("on-hook")
	up := time.After(1200 * time.Millisecond) // before, vaad cannot know that it is no flash
	err := d.x.noLeg(d.ctx, "of the telephone "+d.extension(), func(l *api.Leg) bool { return l.Line == n+1 })
	if err == nil {
		err = Until(d.ctx, "telephone "+d.extension()+" is idle", func() (bool, error) {
			l, err := d.x.api.Line(d.ctx, n+1)
			return l.State == "idle", err
		})
	}
	<-up
	d.phone = -1
	d.x.idle <- n
	return err
}

// place has libpri call; in a channel that vaad has just taken, once more in another.
func (d *deed) place(called string) error {
	d.incoming, d.called, d.caller = true, called, d.x.unique(10)
	if d.l.named(!d.l.network) {
		d.name = "Li" + d.caller[6:]
	}
	for {
		c, err := d.l.call(d.l.slots, 0, d.called, d.caller, d.name)
		if errors.Is(err, errNoneFree) {
			select {
			case <-time.After(100 * time.Millisecond):
				continue
			case <-d.ctx.Done():
				return err
			}
		}
		if err != nil {
			return err
		}
		d.call = c
		err = Until(d.ctx, "an answer to SETUP", func() (bool, error) {
			return c.saw("PROCEEDING", "RINGING", "SETUP_ACK", "ANSWER", "HANGUP", "HANGUP_REQ"), nil
		})
		if err != nil {
			return fmt.Errorf("libpri's call %d (%s → %s, channel %d): %w", c.id, c.caller, c.called, c.channel, err)
		}
		if s := c.state(); !s.over || s.cause != 44 {
			return nil
		}
		d.passed++
	}
}

// trunk waits for vaad's leg of the call.
func (d *deed) trunk(state ...string) error {
	l, err := d.x.leg(d.ctx, "of "+d.caller+" → "+d.called+" in state "+strings.Join(state, ", "), func(l *api.Leg) bool {
		mine := l.Use == "trunk" && (d.incoming && l.Caller == d.caller || !d.incoming && l.Called == d.called)
		for _, s := range state {
			if mine && l.State == s {
				return true
			}
		}
		return mine && len(state) == 0
	})
	d.leg = l.ID
	return err
}

// clear ends an answered call from one of both sides.
func (d *deed) clear() error {
	d.answered = true
	if d.phone >= 0 {
		return d.clearStation()
	}
	if d.rng.IntN(2) == 0 {
		d.farClears(16)
		return d.gone()
	}
	return d.vaadClears(0)
}

func (d *deed) clearStation() error {
	if d.rng.IntN(2) == 0 {
		d.farClears(16)
		if err := d.gone(); err != nil {
			return err
		}
		return d.putPhone()
	}
	d.by, d.cause = "cleared-local", 16
	if err := d.putPhone(); err != nil {
		return err
	}
	return d.gone()
}

func (d *deed) farClears(cause int) {
	d.by, d.cause = "cleared-network", cause
	d.call.clear(cause)
}

// vaadClears ends the call by the API and looks whether libpri is told why.
func (d *deed) vaadClears(cause int) error {
	if d.leg == "" {
		if err := d.trunk(); err != nil {
			return err
		}
	}
	if _, err := d.x.api.Hangup(d.ctx, d.leg, cause); err != nil {
		return err
	}
	if d.by, d.cause = "cleared-local", cause; cause == 0 {
		d.cause = 16
	}
	return d.gone()
}

// gone waits until the call is over at both ends.
func (d *deed) gone() error {
	if err := d.call.gone(d.ctx); err != nil {
		return err
	}
	if got := d.call.state().cause; d.by == "cleared-local" && got != d.cause {
		return fmt.Errorf("libpri was told cause %d, want %d", got, d.cause)
	}
	return d.x.noLeg(d.ctx, "of "+d.caller+" → "+d.called, func(l *api.Leg) bool {
		return l.Use == "trunk" && (d.incoming && l.Caller == d.caller || !d.incoming && l.Called == d.called)
	})
}

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
	for range 3 {
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
		ctx, cancel := context.WithTimeout(d.ctx, 8*time.Second)
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
