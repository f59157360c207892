package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"vaad/channels"
	"vaad/recorder"
	"vaad/recorder/archive"

	"github.com/coreos/go-systemd/v22/daemon"
)

// apply hands changed settings of lines to channels and recorder until ctx
// ends. Settings tell their subscribers inside the change, which must not wait
// for a board's loop; so the subscriber only rings a bell.
func (d *running) apply(ctx context.Context) {
	bell := make(chan struct{}, 1)
	cancel := d.sec.lines.Subscribe(d.doc, func(map[string]lineDoc) {
		d.access.SetGroups(d.lineGroups(d.sec.groups.Get(d.doc)))
		select {
		case bell <- struct{}{}:
		default:
		}
	})
	defer cancel()
	applied := map[string]lineDoc{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-bell:
		}
		for n, l := range d.sec.lines.Get(d.doc) {
			old, known := applied[n]
			if known && old == l {
				continue
			}
			applied[n] = l
			d.applyLine(ctx, n, l)
		}
	}
}

func (d *running) applyLine(ctx context.Context, n string, l lineDoc) {
	soon, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	err := d.sys.Configure(soon, number(n), d.plan.config(n, l))
	var unfit *channels.UseError
	switch {
	case err == nil, errors.Is(err, channels.ErrNoLine), errors.Is(err, context.Canceled): // not seen yet: the plan tells it at opening
	case errors.As(err, &unfit): // the line says so itself, with the remedy, and an alarm stands
	default:
		d.log.Warn("a line did not take its settings; it gets them when its board opens", "line", n, "error", err)
	}
	err = d.rec.Configure(number(n), d.plan.recordConfig(number(n)))
	if err != nil && !errors.Is(err, recorder.ErrNoLine) && !errors.Is(err, recorder.ErrStarting) { // it asks itself when it sees the line
		d.log.Error("the recorder refused a line's settings", "line", n, "error", err)
	}
}

// unfit says why a line cannot be recorded as its settings want.
func (d *running) unfit(l channels.LineStatus) error {
	return recorder.Fits(d.plan.recordConfig(l.Number), l)
}

// reconcile walks the day folders slowly, a minute after the start, and again
// every day: what has no journal line is adopted, what is missing is said.
func (d *running) reconcile(ctx context.Context) {
	select {
	case <-time.After(time.Minute):
	case <-ctx.Done():
		return
	}
	pace := func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond): // at most 50 files a second, so that recording never waits for it
			return nil
		}
	}
	for {
		err := d.archive.Reconcile(ctx, pace, func(f archive.Finding) {
			d.log.Warn("found in the recordings' folders", "kind", f.Kind, "day", f.Day, "id", f.ID, "file", f.Name, "error", f.Err)
			if f.Kind == archive.FoundLine {
				d.alarms.Raise("journal-damaged", f.Name, map[string]string{"file": f.Name})
			}
		})
		if err != nil && ctx.Err() == nil {
			d.log.Error("the recordings' folders could not be walked", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(24 * time.Hour):
		}
	}
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
