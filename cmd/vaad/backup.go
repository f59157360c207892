package main

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"vaad/console"
	"vaad/recorder/archive"
	"vaad/recorder/backup"
	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/kinds"
	"vaad/recorder/schedule"

	"filippo.io/age"
	"github.com/prometheus/client_golang/prometheus"
)

// backups connects the engines of backup, one per target, with settings, jobs, alarms and
// the console.
type backups struct {
	d         *running
	appliance string
	metrics   *backup.Metrics
	running   *prometheus.GaugeVec
	drilled   *prometheus.GaugeVec
	restores  restores

	mu      sync.Mutex
	targets map[string]*backupTarget
}

// backupTarget is one target of the settings. Its engine is closed when nothing uses it
// any more.
type backupTarget struct {
	name   string
	engine *backup.Engine
	busy   sync.WaitGroup
}

// Alarms about backups; their subject is the target.
const (
	alarmBackupFailed = "backup-failed"      // a run did not do everything
	alarmBackupGone   = "backup-target-gone" // the target cannot be reached, or is not what it was
	alarmBackupLate   = "backup-late"        // something waits too long for its backup
	alarmDrillFailed  = "drill-failed"       // a drill found what cannot be restored
)

// backupRetry is when a backup that failed is tried again: by then the disk may be plugged in.
const backupRetry = 30 * time.Minute

// backupPrefix stands before the target's name in the name of its job.
const backupPrefix = "backup."

// openBackups makes the engines of all targets, and follows settings.
func (d *running) openBackups(opened *undo) error {
	gauge := func(name, help string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{"target"})
		d.reg.MustRegister(g)
		return g
	}
	b := &backups{d: d, metrics: backup.NewMetrics(d.reg), targets: map[string]*backupTarget{},
		running: gauge("vaad_backup_running", "1 while a backup to the target runs."),
		drilled: gauge("vaad_drill_last_ok_timestamp_seconds", "When the last drill that found everything right was made; 0 = none yet.")}
	d.backups = b
	b.follow()
	opened.add(b.close)
	return d.jobs.Set(schedule.Job{Name: "drill", Run: b.drillAll, Schedule: func() string {
		if len(b.names()) == 0 {
			return "never"
		}
		return d.sec.backup.Get(d.doc).Drill
	}})
}

func (b *backups) doc(name string) (targetDoc, bool) {
	t, ok := b.d.sec.targets.Get(b.d.doc)[name]
	t.Name = name
	return t, ok
}

// names are the targets there are.
func (b *backups) names() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Sorted(maps.Keys(b.targets))
}

// use gives a target to work with; release it.
func (b *backups) use(name string) (t *backupTarget, release func(), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, ok := b.targets[name]
	if !ok {
		return nil, nil, console.ErrNoBackupTarget
	}
	t.busy.Add(1)
	return t, t.busy.Done, nil
}

// follow makes what settings have and we have not, and drops what they have no more. What
// cannot be made, on a disk that is full, is tried again later: recording does not wait.
func (b *backups) follow() {
	want := b.d.sec.targets.Get(b.d.doc)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.appliance == "" && len(want) > 0 {
		id, err := backup.ApplianceID(b.d.cfg.Root)
		if err != nil {
			for name := range want {
				b.d.alarms.Raise(alarmBackupFailed, name, map[string]string{"target": name, "reason": err.Error()})
			}
			return
		}
		b.appliance = id
	}
	for name, t := range b.targets {
		if _, ok := want[name]; !ok {
			b.drop(t)
		}
	}
	for name := range want {
		if b.targets[name] == nil {
			if err := b.add(name); err != nil {
				b.d.log.Error("a backup target cannot be used", "target", name, "error", err)
				b.d.alarms.Raise(alarmBackupFailed, name, map[string]string{"target": name, "reason": err.Error()})
			}
		}
	}
}

// add makes the engine and the job of a target. Called with b.mu held.
func (b *backups) add(name string) error {
	d := b.d
	disk, err := archive.OSDisk(filepath.Join(d.cfg.Root, "recordings"))
	if err != nil {
		return err
	}
	e, err := backup.New(backup.Config{Name: name, Root: d.cfg.Root, Appliance: b.appliance, Version: version, Journals: d.archive, Disk: disk,
		Open: func(ctx context.Context) (target.Target, error) { return b.open(name) }, Options: func() backup.Options { return b.options(name) },
		HotCopy: d.db.HotCopy, Identities: b.identities, Keys: d.keys.keyring(), Pool: d.pool, Logger: d.log, Metrics: b.metrics})
	if err != nil {
		return errors.Join(err, disk.Close())
	}
	b.targets[name] = &backupTarget{name: name, engine: e}
	b.running.WithLabelValues(name).Set(0)
	drilled := 0.0
	if last := e.Status().LastDrill; last != nil && last.OK() {
		drilled = float64(last.Time.Unix())
	}
	b.drilled.WithLabelValues(name).Set(drilled)
	return d.jobs.Set(schedule.Job{Name: backupPrefix + name, Retry: backupRetry, Schedule: func() string { // targets do not wait for each other: a first copy may take weeks
		t, ok := b.doc(name)
		if !ok || t.Off {
			return "never"
		}
		return t.Schedule
	}, Run: func(ctx context.Context, _ schedule.Trigger) (schedule.Report, error) { return b.run(ctx, name) }})
}

// drop forgets a target. Called with b.mu held.
func (b *backups) drop(t *backupTarget) {
	delete(b.targets, t.name)
	b.d.jobs.Remove(backupPrefix + t.name)
	for _, code := range []string{alarmBackupFailed, alarmBackupGone, alarmBackupLate, alarmDrillFailed} {
		b.d.alarms.Clear(code, t.name)
	}
	go func() { // its run may need a moment to end
		t.busy.Wait()
		b.mu.Lock()
		if b.targets[t.name] == nil { // else there is another of its name by now
			b.metrics.Forget(t.name)
			b.running.DeleteLabelValues(t.name)
			b.drilled.DeleteLabelValues(t.name)
		}
		b.mu.Unlock()
		if err := t.engine.Close(); err != nil {
			b.d.log.Warn("the state of a backup target could not be closed", "target", t.name, "error", err)
		}
	}()
}

// close ends everything; jobs have ended by now.
func (b *backups) close() error {
	b.restores.wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	var errs []error
	for name, t := range b.targets {
		t.busy.Wait()
		errs = append(errs, t.engine.Close())
		delete(b.targets, name)
	}
	return errors.Join(errs...)
}

// open opens a target as settings have it now, at the speed that they allow.
func (b *backups) open(name string) (target.Target, error) {
	doc, ok := b.doc(name)
	if !ok {
		return nil, console.ErrNoBackupTarget
	}
	t, err := kinds.Open(doc.Config)
	if err != nil {
		return nil, err
	}
	return target.Limited(t, func() int64 {
		now, ok := b.doc(name)
		if !ok {
			now = doc
		}
		return now.rate(time.Now())
	}), nil
}

func (b *backups) options(name string) backup.Options {
	doc, _ := b.doc(name)
	all := b.d.sec.backup.Get(b.d.doc)
	include, scope := doc.included(b.d.lineGroups(b.d.sec.groups.Get(b.d.doc)), b.d.sec.retention.Get(b.d.doc).Default)
	return backup.Options{Verify: backup.Verify(doc.Verify), Encrypt: doc.Encrypt, Recipients: all.Recipients, Parallel: doc.Parallel,
		Include: include, Scope: scope, KeepBundles: doc.KeepStates, DrillSize: all.DrillSize,
		Extra: []string{"prompts", "assurance"}} // keys of recordings have a backup of their own
}

// identities are the secret keys that the box has itself.
func (b *backups) identities() []age.Identity {
	at := b.d.sec.backup.Get(b.d.doc).Identity
	if at == "" {
		return nil
	}
	secret, err := at.Read()
	if err == nil {
		var ids []age.Identity
		if ids, err = backup.ParseIdentities(string(secret)); err == nil {
			return ids
		}
	}
	b.d.log.Warn("the key of backups cannot be read", "error", err)
	return nil
}

// run brings a target up to date.
func (b *backups) run(ctx context.Context, name string) (schedule.Report, error) {
	t, release, err := b.use(name)
	if err != nil {
		return schedule.Report{}, err
	}
	defer release()
	b.running.WithLabelValues(name).Set(1)
	r, err := t.engine.Run(ctx)
	b.running.WithLabelValues(name).Set(0)
	b.told(ctx, name, &r, err)
	b.look(context.WithoutCancel(ctx), t)
	return schedule.Report{Code: "backup", Values: map[string]string{"target": name, "recordings": strconv.Itoa(r.Recordings),
		"files": strconv.FormatInt(r.Files, 10), "bytes": strconv.FormatInt(r.Bytes, 10), "kept": strconv.FormatInt(r.Kept, 10),
		"removed": strconv.Itoa(r.Removed), "faulty": strconv.Itoa(r.Faulty)}}, err
}

// told raises and clears the alarms of a run.
func (b *backups) told(ctx context.Context, name string, r *backup.Report, err error) {
	if ctx.Err() != nil {
		return // it was stopped
	}
	args := map[string]string{"target": name}
	if err != nil {
		args["reason"] = err.Error()
	}
	gone := err != nil && !errors.Is(err, backup.ErrIncomplete) && away(err)
	failed := err != nil && !gone
	if failed && r.Faulty > 0 {
		args["reason"] += ": " + faultText(r.Faulty, r.Faults)
	}
	for code, up := range map[string]bool{alarmBackupGone: gone, alarmBackupFailed: failed} {
		switch {
		case up:
			b.d.alarms.Raise(code, name, args)
		case err == nil || code == alarmBackupGone: // it is there again; what failed before counts until a run does everything
			b.d.alarms.Clear(code, name)
		}
	}
}

// away reports whether the target itself is not there, or not as it was set up.
func away(err error) bool {
	for _, class := range []error{target.ErrGone, target.ErrNoMarker, target.ErrAuth, target.ErrUnreachable, target.ErrStalled, backup.ErrNoBackup, backup.ErrForeign} {
		if errors.Is(err, class) {
			return true
		}
	}
	return false
}

// faultText is what is wrong, the first of them by name.
func faultText(n int, all []backup.Fault) string {
	var parts []string
	for _, f := range all[:min(len(all), 3)] {
		parts = append(parts, strings.TrimSpace(string(f.Kind)+" "+string(f.Day)+" "+f.Name+f.Detail))
	}
	if n > len(parts) {
		parts = append(parts, "… "+strconv.Itoa(n))
	}
	return strings.Join(parts, "; ")
}

// Backed reports whether a recording is on some target: for retention.
func (b *backups) Backed(id string, day archive.Day) bool {
	b.mu.Lock()
	all := slices.Collect(maps.Values(b.targets))
	b.mu.Unlock()
	return slices.ContainsFunc(all, func(t *backupTarget) bool {
		doc, ok := b.doc(t.name)
		return ok && !doc.Off && t.engine.Covered(id, day)
	})
}

// Mark changes with each run of a backup: for retention. Without targets it is "".
func (b *backups) Mark() string {
	var mark strings.Builder
	for _, t := range b.Targets() {
		if !t.Off {
			mark.WriteString(t.Name + " " + t.Status.LastRun.String() + "\n")
		}
	}
	return mark.String()
}

// oldest is the oldest of what is not on any target yet; !ok: everything is, or there is
// no target.
func (b *backups) oldest() (oldest time.Time, ok bool) {
	for _, t := range b.Targets() {
		if at := t.Status.Oldest; !t.Off && !at.IsZero() && (!ok || at.After(oldest)) {
			oldest, ok = at, true
		} else if !t.Off && at.IsZero() {
			return time.Time{}, false // one has everything
		}
	}
	return oldest, ok
}

// look says how far a target is behind, and raises or clears the alarm about it.
func (b *backups) look(ctx context.Context, t *backupTarget) {
	oldest, err := t.engine.OldestUnbacked(ctx)
	if err != nil {
		if ctx.Err() == nil {
			b.d.log.Error("what waits for its backup could not be found", "target", t.name, "error", err)
		}
		return
	}
	doc, ok := b.doc(t.name)
	if !ok {
		return
	}
	since := time.Now() // all is new to a new target
	if j, ok := b.d.jobs.Job(backupPrefix + t.name); ok && !j.Last.Since.IsZero() {
		since = j.Last.Since
	}
	limit := time.Duration(cmp.Or(doc.LateHours, b.d.sec.backup.Get(b.d.doc).LateHours)) * time.Hour
	if oldest.IsZero() || doc.Off || time.Since(later(oldest, since)) < limit {
		b.d.alarms.Clear(alarmBackupLate, t.name)
		return
	}
	b.d.alarms.Raise(alarmBackupLate, t.name, map[string]string{"target": t.name, "oldest": oldest.Local().Format("2006-01-02 15:04"),
		"hours": strconv.Itoa(int(time.Since(oldest).Hours()))})
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// lookEvery is how often targets are looked at: how far they are behind.
const lookEvery = 5 * time.Minute

// keepUp follows settings, and looks at how far targets are behind, until ctx ends.
func (b *backups) keepUp(ctx context.Context) {
	bell := make(chan struct{}, 1)
	defer b.d.sec.targets.Subscribe(b.d.doc, func(map[string]targetDoc) { ring(bell) })()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		for _, name := range b.names() {
			if t, release, err := b.use(name); err == nil {
				b.look(ctx, t)
				release()
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-bell:
			b.follow()
			b.d.jobs.Wake()
		case <-tick.C:
			b.follow()
		}
	}
}
