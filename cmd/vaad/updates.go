package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/store"
	"vaad/upgrade"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	updatesEvery = 30 * time.Second // at what vaad-update has written
	updateAlarm  = "update-rolled-back"
)

// updates follows what vaad-update tells of upgrades of the package: alarm, audit, API.
type updates struct {
	notes  string // folder
	kept   string // folder of versions that could be gone back to
	alarms interface {
		Raise(code, subject string, args map[string]string)
		Clear(code, subject string)
	}
	seen  func(r upgrade.Record) error // it is new: it is written down
	last  atomic.Pointer[upgrade.Record]
	when  *prometheus.GaugeVec
	fault string // of the last look
}

// updateResults are the values of the metric's label.
var updateResults = []string{upgrade.OK, upgrade.RolledBack, upgrade.Refused, upgrade.Reverted, upgrade.Untested, upgrade.Interrupted, upgrade.Pending}

func (d *running) openUpdates() *updates {
	u := &updates{notes: upgrade.Notes, kept: "/usr/lib/vaad/kept", alarms: d.alarms, seen: d.auditUpdate,
		when: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "vaad_update_timestamp_seconds",
			Help: "When the last upgrade of the package ended, or began where it goes on, by its result. Absent where there was none."}, []string{"result"})}
	d.reg.MustRegister(u.when)
	return u
}

// run looks until ctx ends.
func (u *updates) run(ctx context.Context, log interface{ Error(string, ...any) }) {
	tick := time.NewTicker(updatesEvery)
	defer tick.Stop()
	for {
		if err := u.look(); err != nil && err.Error() != u.fault {
			u.fault = err.Error()
			log.Error("what came of the last upgrade cannot be told", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look reads the record, and tells what is new.
func (u *updates) look() error {
	r, ok, err := upgrade.Read(u.notes)
	if err != nil || !ok {
		u.last.Store(nil)
		u.alarms.Clear(updateAlarm, "")
		u.when.Reset()
		return err
	}
	u.last.Store(&r)
	u.when.Reset()
	for _, known := range updateResults {
		if r.Result == known {
			at := r.Ended
			if r.Result == upgrade.Pending {
				at = r.Started
			}
			u.when.WithLabelValues(known).Set(float64(at.Unix()))
		}
	}
	switch r.Result {
	case upgrade.RolledBack:
		u.alarms.Raise(updateAlarm, "", map[string]string{"from": r.From, "to": r.To, "reason": r.Reason})
	case upgrade.Pending: // it is not decided
	default:
		u.alarms.Clear(updateAlarm, "")
	}
	if r.Result == upgrade.Pending {
		return nil
	}
	return u.seen(r)
}

// state is what the API tells.
func (u *updates) state() (kept string, last *api.Update) {
	if all, err := filepath.Glob(filepath.Join(u.kept, "*", "vaad")); err == nil {
		running, _ := os.Readlink(filepath.Join(filepath.Dir(u.kept), "current")) // "" where it is no package
		for _, p := range all {
			if v := filepath.Base(filepath.Dir(p)); !strings.HasPrefix(v, ".") && "kept/"+v != running {
				kept = v
			}
		}
	}
	r := u.last.Load()
	if r == nil {
		return kept, nil
	}
	last = &api.Update{From: r.From, To: r.To, Result: r.Result, Reason: r.Reason}
	for _, t := range []struct {
		at time.Time
		to **api.Time
	}{{r.Started, &last.Started}, {r.Ended, &last.Ended}} {
		if !t.at.IsZero() {
			at := t.at.UTC()
			*t.to = &at
		}
	}
	return kept, last
}

// auditUpdate writes an upgrade into the audit log, once.
func (d *running) auditUpdate(r upgrade.Record) error {
	bucket, id := store.NewBucket[string]("updates"), r.To+" "+r.Ended.UTC().Format(time.RFC3339)
	known := ""
	err := d.db.View(func(tx *store.Tx) (err error) { known, _, err = bucket.Get(tx, "audited"); return err })
	if err != nil || known == id {
		return err
	}
	result := "ok"
	if r.Result == upgrade.RolledBack || r.Result == upgrade.Refused {
		result = "failed"
	}
	_, err = access.NewAudit(d.db, nil).Append(access.Entry{Actor: "package", Kind: access.System, Verb: access.Maintain, Object: "version", Result: result,
		Detail: map[string]string{"from": r.From, "to": r.To, "what": r.Result, "reason": r.Reason}})
	return errors.Join(err, d.db.Update(func(tx *store.Tx) error { return bucket.Put(tx, "audited", id) }))
}
