package main

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"time"

	"vaad/channels"
	"vaad/driver"
	"vaad/recorder"

	"github.com/coreos/go-systemd/v22/daemon"
)

// tryAgain is the pause before settings that a line did not take are tried again.
const tryAgain = 5 * time.Second

// apply hands changed settings of lines to channels and recorder until ctx
// ends. Settings tell their subscribers inside the change, which must not wait
// for a board's loop; so the subscriber only rings a bell.
func (d *running) apply(ctx context.Context) {
	bell := make(chan struct{}, 1)
	defer d.sec.lines.Subscribe(d.doc, func(map[string]lineDoc) {
		d.plan.tries.clear()
		d.access.SetGroups(d.lineGroups(d.sec.groups.Get(d.doc)))
		ring(bell)
	})()
	defer d.sec.site.Subscribe(d.doc, func(siteDoc) { ring(bell) })()
	defer d.sec.dialplan.Subscribe(d.doc, func(dialplanDoc) { ring(bell) })()
	defer d.sec.spans.Subscribe(d.doc, func(map[string]spanDoc) { ring(bell) })()
	defer d.sec.profiles.Subscribe(d.doc, func(map[string]profileDoc) { ring(bell) })()
	again := time.NewTimer(time.Hour)
	defer again.Stop()
	applied, spans := map[string]lineDoc{}, d.sec.spans.Get(d.doc)
	country, profiles := d.sec.site.Get(d.doc).Country, d.sec.profiles.Get(d.doc)
	numbers, dialling := d.plan.numbers(), d.sec.dialplan.Get(d.doc)
	for {
		select {
		case <-ctx.Done():
			return
		case <-bell:
		case <-d.plan.tries.bell:
		case <-again.C:
		}
		if now := d.sec.site.Get(d.doc).Country; now != country { // it rings otherwise there
			country = now
			clear(applied)
		}
		if now := d.sec.profiles.Get(d.doc); !maps.Equal(now, profiles) {
			maps.DeleteFunc(applied, func(_ string, l lineDoc) bool { return now[l.Profile] != profiles[l.Profile] })
			profiles = now
		}
		if now, rules := d.plan.numbers(), d.sec.dialplan.Get(d.doc); now != numbers || rules.FirstDigitMS != dialling.FirstDigitMS || rules.DigitPauseMS != dialling.DigitPauseMS {
			numbers, dialling, spans = now, rules, nil // stations know which numbers are whole, and what dials on spans
			maps.DeleteFunc(applied, func(_ string, l lineDoc) bool { return useOf(l, d.plan.board(l.Board)) == driver.Station })
		}
		if now := d.sec.spans.Get(d.doc); !maps.Equal(now, spans) {
			if d.applySpans(ctx) {
				spans = now
			} else {
				again.Reset(tryAgain)
			}
		}
		if err := d.plan.keep(d.sys.Lines()); err != nil {
			d.log.Error("lines that have lost their place in settings could not be given it back", "error", err)
		}
		changed, tried := map[string]lineDoc{}, d.plan.tries.now()
		for n, l := range d.sec.lines.Get(d.doc) {
			l = tried[n].on(l)
			if old, known := applied[n]; !known || !old.same(l) {
				changed[n] = l
			}
		}
		d.park(ctx, changed)
		for n, l := range changed {
			if d.applyLine(ctx, n, l) {
				applied[n] = l
			} else {
				again.Reset(tryAgain)
			}
		}
	}
}

// applySpans says whether all boards took the settings of their spans.
func (d *running) applySpans(ctx context.Context) (taken bool) {
	taken = true
	for _, b := range d.sys.Boards() {
		soon, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := d.sys.ConfigureSpans(soon, b.ID)
		cancel()
		if err != nil && !errors.Is(err, channels.ErrGone) { // its plan is asked when it opens
			taken = false
			d.log.Warn("a board did not take the settings of its spans; it is tried again", "board", b.ID, "error", err)
		}
	}
	return taken
}

// park stops using lines where they go elsewhere, so that lines may exchange
// their places in one change.
func (d *running) park(ctx context.Context, changed map[string]lineDoc) {
	for _, st := range d.sys.Lines() {
		l, ok := changed[key(st.Number)]
		if !ok || st.Use == driver.Unused || at(st) == (spot{l.Board, l.Port, l.LocalPort}) {
			continue
		}
		soon, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := d.sys.Configure(soon, st.Number, channels.LineConfig{Port: st.Port, LocalPort: st.LocalPort, Name: st.Name, Use: driver.Unused})
		cancel()
		if err != nil {
			d.log.Warn("a line that goes elsewhere could not be taken from its place", "line", st.Number, "error", err)
		}
	}
}

// A spot is where a line is connected.
type spot struct {
	board       string
	port, local int
}

func at(st channels.LineStatus) spot { return spot{st.Board, st.Port, st.LocalPort} }

// applyLine says whether all took the line's settings, or know that they cannot.
func (d *running) applyLine(ctx context.Context, n string, l lineDoc) (taken bool) {
	soon, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	taken = true
	var err error
	if l.Board != "" && l.Port != 0 && d.plan.opened(l.Board) { // else it is connected nowhere, or the plan tells it when the board opens
		err = d.sys.Configure(soon, number(n), d.plan.config(n, l))
	}
	var unfit *channels.UseError
	switch {
	case err == nil, errors.Is(err, channels.ErrNoLine), errors.Is(err, context.Canceled): // not seen yet: the plan tells it at opening
		d.refused.Delete(number(n))
	case errors.As(err, &unfit), errors.Is(err, channels.ErrNoBoard): // an alarm says so, with the remedy
		d.refused.Store(number(n), err)
	default:
		taken = false
		d.refused.Store(number(n), err)
		d.log.Warn("a line did not take its settings; it is tried again", "line", n, "error", err)
	}
	err = d.rec.Configure(number(n), d.plan.recordConfig(number(n)))
	var needs *recorder.UnfitError
	if err != nil && !errors.As(err, &needs) && !errors.Is(err, recorder.ErrNoLine) && !errors.Is(err, recorder.ErrStarting) { // an alarm says the first; it asks itself when it sees the line
		d.log.Error("the recorder refused a line's settings", "line", n, "error", err)
	}
	return taken
}

// unfit says why a line is not used, or cannot be recorded, as its settings want.
func (d *running) unfit(l channels.LineStatus) error {
	if err, ok := d.refused.Load(l.Number); ok {
		c := d.plan.config(key(l.Number), d.sec.lines.Get(d.doc)[key(l.Number)])
		if l.Asked != c.Use || at(l) != (spot{c.Board, c.Port, c.LocalPort}) { // its board has not taken it since
			return err.(error)
		}
	}
	return recorder.Fits(d.plan.recordConfig(l.Number), l)
}

// watchdog tells systemd that the daemon is ready, and then that it is alive,
// as long as every board's loop ticks or has been declared gone.
func (d *running) watchdog(ctx context.Context) {
	daemon.SdNotify(false, daemon.SdNotifyReady)
	every, err := daemon.SdWatchdogEnabled(false)
	if err != nil || every == 0 {
		<-ctx.Done()
		return
	}
	tick := time.NewTicker(every / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := d.sys.Healthy(); err != nil {
				d.log.Error("the watchdog is not fed: a board's loop is stuck in this process", "error", err)
				continue
			}
			daemon.SdNotify(false, daemon.SdNotifyWatchdog)
		}
	}
}

func number(key string) int { n, _ := strconv.Atoi(key); return n }
func key(number int) string { return strconv.Itoa(number) }
