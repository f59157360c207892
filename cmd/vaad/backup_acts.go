package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"vaad/console"
	"vaad/recorder/archive"
	"vaad/recorder/backup"
	"vaad/recorder/backup/target"
	"vaad/recorder/schedule"
)

// Targets are the targets of the settings, and how far they are.
func (b *backups) Targets() (all []console.BackupTarget) {
	for _, name := range b.names() {
		doc, ok := b.doc(name)
		t, release, err := b.use(name)
		if !ok || err != nil {
			continue // it has just been taken out
		}
		all = append(all, console.BackupTarget{Name: name, Kind: string(doc.Kind), Place: placeOf(doc.Config), Off: doc.Off, Encrypted: doc.Encrypt,
			Schedule: doc.Schedule, Status: t.engine.Status()})
		release()
	}
	return all
}

// placeOf is where a target is, for people.
func placeOf(c target.Config) string {
	switch c.Kind {
	case target.KindRemovable:
		return c.Removable.Label + c.Removable.UUID + "/" + c.Removable.Folder
	case target.KindOptical:
		return c.Optical.Staging
	case target.KindSFTP:
		return c.SFTP.User + "@" + c.SFTP.Address + ":" + c.SFTP.Path
	case target.KindS3:
		return c.S3.Endpoint + "/" + c.S3.Bucket + "/" + c.S3.Prefix
	}
	return c.Folder.Path
}

// Plan says what a run would copy.
func (b *backups) Plan(ctx context.Context, name string) (backup.Work, error) {
	t, release, err := b.use(name)
	if err != nil {
		return backup.Work{}, err
	}
	defer release()
	return t.engine.Plan(ctx)
}

// checkTime is how long a look at a target may take.
const checkTime = 2 * time.Minute

// Check looks at a target.
func (b *backups) Check(ctx context.Context, name string) (c console.BackupCheck, err error) {
	_, release, err := b.use(name)
	if err != nil {
		return c, err
	}
	defer release()
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	c.Space = target.Unknown()
	t, err := b.open(name)
	if err != nil {
		c.Err = err
		return c, nil
	}
	if c.Head, c.Err = backup.ReadHead(ctx, t); c.Err == nil && c.Head.Appliance != b.appliance {
		c.Err = backup.ErrForeign
	}
	if space, err := t.Space(ctx); err == nil {
		c.Space = space
	}
	if e, ok := target.As[target.Ejector](t); ok {
		c.Medium = e.Medium(ctx).State
	}
	if err := t.Close(); c.Err == nil {
		c.Err = err
	}
	return c, nil
}

// SetUp makes a place a target of this box.
func (b *backups) SetUp(ctx context.Context, name string) error {
	t, release, err := b.use(name)
	if err != nil {
		return err
	}
	defer release()
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	if _, err = t.engine.Adopt(ctx); err == nil {
		b.d.alarms.Clear(alarmBackupGone, name)
	}
	return err
}

// Eject releases a medium, or makes a disc of what was collected.
func (b *backups) Eject(ctx context.Context, name string) (out console.Ejected, err error) {
	t, release, err := b.use(name)
	if err != nil {
		return out, err
	}
	defer release()
	if t.engine.Status().Running {
		return out, backup.ErrRunning
	}
	place, err := b.open(name)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	if s, ok := target.As[target.Sealer](place); ok {
		out.Volume, err = s.Seal(ctx)
		return out, err
	}
	e, ok := target.As[target.Ejector](place)
	if !ok {
		return out, console.ErrNotRemovable
	}
	err = e.Eject(ctx)
	out.Medium = e.Medium(ctx).State
	return out, err
}

// drillAll restores random recordings from every target.
func (b *backups) drillAll(ctx context.Context, _ schedule.Trigger) (schedule.Report, error) {
	var errs []error
	recordings, faulty, targets := 0, 0, 0
	for _, name := range b.names() {
		if doc, ok := b.doc(name); !ok || doc.Off {
			continue
		}
		r, err := b.drill(ctx, name)
		if ctx.Err() != nil {
			return schedule.Report{}, ctx.Err()
		}
		targets++
		recordings += r.Recordings
		faulty += r.Faulty
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return counted("drill", map[string]int{"targets": targets, "recordings": recordings, "faulty": faulty}), errors.Join(errs...)
}

func (b *backups) drill(ctx context.Context, name string) (backup.DrillReport, error) {
	t, release, err := b.use(name)
	if err != nil {
		return backup.DrillReport{}, err
	}
	defer release()
	r, err := t.engine.Drill(ctx)
	if err == nil && !r.OK() {
		err = errors.New(faultText(r.Faulty, r.Faults))
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		b.d.alarms.Raise(alarmDrillFailed, name, map[string]string{"target": name, "reason": err.Error()})
	default:
		b.drilled.WithLabelValues(name).SetToCurrentTime()
		b.d.alarms.Clear(alarmDrillFailed, name)
	}
	return r, err
}

// restores are those of this run of the daemon.
type restores struct {
	mu    sync.Mutex
	all   []*oneRestore // oldest first
	count int
	over  sync.WaitGroup
}

type oneRestore struct {
	run    console.RestoreRun
	cancel context.CancelFunc
}

// maxRestores are remembered.
const maxRestores = 100

func (r *restores) wait() {
	r.mu.Lock()
	for _, one := range r.all {
		one.cancel()
	}
	r.mu.Unlock()
	r.over.Wait()
}

// Restore begins to restore recordings. One runs at a time.
func (b *backups) Restore(w console.RestoreWish) (console.RestoreRun, error) {
	t, release, err := b.use(w.Target)
	if err != nil {
		return console.RestoreRun{}, err
	}
	r := &b.restores
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.all); n > 0 && r.all[n-1].run.Ended.IsZero() {
		release()
		return console.RestoreRun{}, console.ErrRestoring
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.count++
	one := &oneRestore{console.RestoreRun{RestoreWish: w, ID: strconv.Itoa(r.count), Began: time.Now().UTC()}, cancel}
	r.all = append(r.all, one)
	r.all = r.all[max(0, len(r.all)-maxRestores):]
	r.over.Go(func() {
		defer release()
		defer cancel()
		report, err := b.restore(ctx, t, w)
		r.mu.Lock()
		defer r.mu.Unlock()
		one.run.Report, one.run.Err, one.run.Ended = report, err, time.Now().UTC()
		b.d.log.Info("a restore ended", "target", w.Target, "recordings", report.Recordings, "faulty", report.Faulty, "error", err)
	})
	return one.run, nil
}

func (b *backups) restore(ctx context.Context, t *backupTarget, w console.RestoreWish) (backup.RestoreReport, error) {
	if w.Folder == "" {
		return t.engine.PutBack(ctx, w.What, func(ctx context.Context) error {
			return b.d.archive.Reconcile(ctx, nil, func(f archive.Finding) {
				b.d.log.Info("found after a restore", "kind", f.Kind, "day", f.Day, "recording", f.ID, "file", f.Name)
			})
		})
	}
	folder := filepath.Join(b.d.cfg.Root, "restored", w.Folder)
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return backup.RestoreReport{}, err
	}
	from, err := b.open(w.Target)
	if err != nil {
		return backup.RestoreReport{}, err
	}
	report, err := backup.Restore(ctx, backup.Restoring{Target: from, Identities: b.identities()}, w.What, folder)
	return report, errors.Join(err, from.Close())
}

// Restores are those that are remembered, newest first.
func (b *backups) Restores() []console.RestoreRun {
	r := &b.restores
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]console.RestoreRun, 0, len(r.all))
	for _, one := range slices.Backward(r.all) {
		all = append(all, one.run)
	}
	return all
}

// CancelRestore stops one.
func (b *backups) CancelRestore(id string) (console.RestoreRun, error) {
	r := &b.restores
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range r.all {
		if one.run.ID == id {
			one.cancel()
			return one.run, nil
		}
	}
	return console.RestoreRun{}, console.ErrNoRestore
}
