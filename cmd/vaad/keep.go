package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"vaad/recorder"
	"vaad/recorder/keep"
	"vaad/recorder/schedule"
	"vaad/settings"

	"github.com/prometheus/client_golang/prometheus"
)

// keeper connects the engine of retention with settings, state.db, alarms and the console.
type keeper struct {
	*keep.Engine
	*keep.Desk
	d     *running
	store requests
	look  keep.Config // of the engine: what plans by other policies are made with
	eta   prometheus.Gauge

	waiting sync.Mutex // of who tells whether somebody must decide

	left chan struct{} // rings when something approved is left to be done
}

// Alarms that the keeper raises itself.
const (
	alarmEta       = "storage-eta"       // the disk will be full soon
	alarmApprovals = "approvals-waiting" // somebody must decide
)

// openKeep makes the engine.
func (d *running) openKeep() error {
	k := &keeper{d: d, left: make(chan struct{}, 1), store: requests{d.db}, eta: prometheus.NewGauge(prometheus.GaugeOpts{Name: "vaad_storage_full_eta_seconds",
		Help: "Seconds until only the reserve of the disk is left if days go on like the last 28, what retention deletes counted in; ten years where that is not in sight."})}
	d.reg.MustRegister(k.eta)
	k.look = keep.Config{Index: d.index, Archive: d.archive, Policy: k.Policy, Backups: d.backups, Synced: recorder.ClockSynced, Pace: unhurried, Logger: d.log}
	c := k.look
	c.Memory, c.Alarms, c.Registerer = memory{d.db}, keepAlarms{d}, d.reg
	c.Calls = d.journal
	if d.tree != nil {
		c.Prover = d.tree
	}
	var err error
	if k.Engine, err = keep.New(c); err != nil {
		return fmt.Errorf("open retention: %w", err)
	}
	k.Desk = keep.NewDesk(k.store, func() string { return d.archive.NewID(time.Now()) }, nil)
	d.keep = k
	return d.jobs.Set(schedule.Job{Name: jobRetention, Class: classWalk, Run: k.runDue,
		Schedule: func() string { return d.sec.retention.Get(d.doc).Schedule }})
}

// unhurried is between pages of 500 recordings: whatever is looked at or done to many,
// recording never waits for it.
func unhurried(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(20 * time.Millisecond):
		return nil
	}
}

const jobRetention = "retention"

// runDue does what is due, as a job.
func (k *keeper) runDue(ctx context.Context, _ schedule.Trigger) (schedule.Report, error) {
	r, err := k.Run(ctx)
	if err == nil && r.HoldOff != "" {
		return schedule.Report{Code: "retention-held-off", Values: map[string]string{"why": string(r.HoldOff)}}, nil
	}
	return counted("retention", map[string]int{"trashed": r.Trashed.Count, "erased": r.Erased.Count, "waiting": r.Waiting, "failed": r.Failed}), err
}

// keepAlarms passes the engine's alarms on. Where the disk's reserve stops recordings, the
// recorder says itself how full the disk is; where there is no backup, nobody expects one.
type keepAlarms struct{ d *running }

func (a keepAlarms) Raise(code, subject string, args map[string]string) {
	stops := a.d.sec.recorder.Get(a.d.doc).Full == string(keep.FullStop)
	if (code == keep.AlarmStopped || code == keep.AlarmNearFull) && stops || code == keep.AlarmUnsaved && len(a.d.backups.names()) == 0 {
		a.Clear(code, subject)
		return
	}
	a.d.alarms.Raise(code, subject, args)
}

func (a keepAlarms) Clear(code, subject string) { a.d.alarms.Clear(code, subject) }

// least is what stays free whatever happens at the reserve: what runs can still be sealed,
// and state be written.
const (
	leastBytes  = 64 << 20
	leastInodes = 1000
)

// reserve is what the recorder keeps free itself.
func (d *running) reserve() recorder.Reserve {
	r := d.sec.recorder.Get(d.doc)
	keepFree := recorder.Reserve{Bytes: r.ReserveMB << 20, Inodes: r.ReserveInodes}
	if r.Full != string(keep.FullStop) {
		keepFree.Bytes, keepFree.Inodes = min(keepFree.Bytes, leastBytes), min(keepFree.Inodes, leastInodes)
	}
	return keepFree
}

// Policy is how recordings are kept now.
func (k *keeper) Policy() keep.Policy { return k.d.sec.policyIn(k.d.doc.View(), k.Groups()) }

// Groups are the lines of each line group.
func (k *keeper) Groups() map[string][]int { return k.d.lineGroups(k.d.sec.groups.Get(k.d.doc)) }

// PolicyBy is the policy with sections of settings in the place of theirs.
func (k *keeper) PolicyBy(given json.RawMessage) (keep.Policy, error) {
	sections := []string{"retention", "retention_classes", "groups", "recorder"}
	var over, doc map[string]json.RawMessage
	if err := json.Unmarshal(given, &over); err != nil {
		return keep.Policy{}, &settings.Invalid{Faults: []settings.Fault{{Path: "settings", Text: err.Error()}}}
	}
	for name := range over {
		if !slices.Contains(sections, name) {
			return keep.Policy{}, &settings.Invalid{Faults: []settings.Fault{{Path: name, Text: "no part of retention; known are retention, retention_classes, groups, recorder"}}}
		}
	}
	whole, err := k.d.doc.Get("")
	if err != nil {
		return keep.Policy{}, err
	}
	if err := json.Unmarshal(whole, &doc); err != nil {
		return keep.Policy{}, err
	}
	maps.Copy(doc, over)
	merged, err := json.Marshal(doc)
	if err != nil {
		return keep.Policy{}, err
	}
	v, err := k.d.doc.Try(merged)
	if err != nil {
		return keep.Policy{}, err
	}
	return k.d.sec.policyIn(v, linesOfGroups(k.d.sec.groups.In(v), k.d.sec.lines.In(v))), nil
}

// PlanBy is what a run by another policy would do.
func (k *keeper) PlanBy(ctx context.Context, p keep.Policy, at time.Time) (keep.Plan, error) {
	c := k.look
	c.Policy, c.Memory = func() keep.Policy { return p }, memory{k.d.db} // it is only read
	e, err := keep.New(c)
	if err != nil {
		return keep.Plan{}, err
	}
	return e.Plan(ctx, at)
}

// RunNow does what is due.
func (k *keeper) RunNow(ctx context.Context, _ string) (keep.Report, error) { return k.Run(ctx) }

// Schedule says when retention runs by itself.
func (k *keeper) Schedule() (text string, next time.Time) {
	s, _ := k.d.jobs.Job(jobRetention)
	return s.Schedule, s.Next
}

// OldestUnsaved is the begin of the oldest recording that is not backed up.
func (k *keeper) OldestUnsaved() (time.Time, bool) { return k.d.backups.oldest() }

// tenYears is what the forecast says where the end is not in sight.
const tenYears = 3650 * 24 * time.Hour

// foresee says when the disk will be full.
func (k *keeper) foresee(ctx context.Context) {
	f, err := k.Forecast(ctx)
	if err != nil {
		if ctx.Err() == nil && !errors.Is(err, keep.ErrNotNow) {
			k.d.log.Error("the forecast of the disk failed", "error", err)
		}
		return
	}
	left := tenYears
	if f.Days >= 0 {
		left = time.Duration(f.Days) * 24 * time.Hour
	}
	k.eta.Set(left.Seconds())
	if soon := k.d.sec.retention.Get(k.d.doc).EtaDays; f.Days >= 0 && f.Days < soon {
		k.d.alarms.Raise("storage-eta", "recordings", map[string]string{"days": strconv.Itoa(f.Days)})
	} else {
		k.d.alarms.Clear(alarmEta, "recordings")
	}
	if _, err := k.Unsaved(ctx, 7*24*time.Hour); err != nil && ctx.Err() == nil && !errors.Is(err, keep.ErrNotNow) { // raises its alarm itself
		k.d.log.Error("what is not backed up could not be found", "error", err)
	}
}

// keepLooking looks at clock and disk every minute, and at what will be every hour and
// after settings have changed, and does what was approved, until ctx ends. None of these
// waits for another.
func (k *keeper) keepLooking(ctx context.Context) {
	bell := make(chan struct{}, 1)
	changed := func() { ring(bell) }
	defer k.d.sec.retention.Subscribe(k.d.doc, func(retentionDoc) { changed() })()
	defer k.d.sec.classes.Subscribe(k.d.doc, func(map[string]classDoc) { changed() })()
	defer k.d.sec.recorder.Subscribe(k.d.doc, func(diskDoc) { changed() })()
	look := make(chan struct{}, 1)
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { // the forecast
		each(ctx, time.Hour, bell, func() { k.foresee(ctx); ring(look) })
	})
	wg.Go(func() { k.keepFinishing(ctx) })
	each(ctx, time.Minute, look, func() {
		if _, err := k.Watch(ctx); err != nil && ctx.Err() == nil {
			k.d.log.Error("clock and disk could not be looked at", "error", err)
		}
	})
}

// keepFinishing does what was approved and is left, when something is, and every hour:
// requests expire, too.
func (k *keeper) keepFinishing(ctx context.Context) {
	var again <-chan time.Time
	hour := time.NewTicker(time.Hour)
	defer hour.Stop()
	for ctx.Err() == nil {
		again = k.finish(ctx)
		select {
		case <-ctx.Done():
		case <-hour.C:
		case <-again:
		case <-k.left:
		}
	}
}

// each calls f at once, every so often, and when the bell rings, until ctx ends.
func each(ctx context.Context, every time.Duration, bell <-chan struct{}, f func()) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for ctx.Err() == nil {
		f()
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-bell:
		}
	}
}

// ring rings a bell of one.
func ring(bell chan<- struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}
