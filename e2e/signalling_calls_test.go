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
