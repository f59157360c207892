package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/schedule"
	"vaad/store"
)

// jobMemory keeps what is remembered of jobs in state.db. Docs: docs/formats/state.md.
type jobMemory struct{ db *store.DB }

func jobRecords() store.Bucket[schedule.Record] { return store.NewBucket[schedule.Record]("jobs") }

func (m jobMemory) Load() (map[string]schedule.Record, error) {
	all := map[string]schedule.Record{}
	err := m.db.View(func(tx *store.Tx) error {
		return jobRecords().Range(tx, "", "", func(name string, r schedule.Record) bool {
			all[name] = r
			return true
		})
	})
	return all, err
}

func (m jobMemory) Save(job string, r schedule.Record) error {
	return m.db.Update(func(tx *store.Tx) error { return jobRecords().Put(tx, job, r) })
}

// alarmJob: a job did not end well.
const alarmJob = "job-failed"

// classWalk is of jobs that read through all folders or journals: one at a time.
const classWalk = "walk"

// openJobs makes the runner of what is done from time to time, with the jobs that only
// need the archive. Others are added with d.jobs.Set.
func (d *running) openJobs() (err error) {
	d.jobs, err = schedule.New(schedule.Config{Memory: jobMemory{d.db}, Zone: d.location, Settle: 10 * time.Second, Hold: 5 * time.Minute,
		Ended: d.jobEnded, Logger: d.log, Registerer: d.reg})
	if err != nil {
		return err
	}
	return d.jobs.Set(schedule.Job{Name: "reconcile", Schedule: func() string { return "daily 05:10" }, Run: d.reconcile}) // in no class: it is paced, and takes days where there are millions
}

// runJobs runs jobs until ctx ends. Folders are held against journals also some time after
// each start: what a crash left shows then.
func (d *running) runJobs(ctx context.Context) error {
	defer d.sec.site.Subscribe(d.doc, func(siteDoc) { d.jobs.Wake() })() // perhaps it has another time zone
	soon := time.AfterFunc(time.Minute, func() {
		if err := d.jobs.Ask("reconcile", "start"); err != nil {
			d.log.Debug("folders are not held against journals now", "error", err)
		}
	})
	defer soon.Stop()
	return d.jobs.Run(ctx)
}

// jobEnded raises and clears the alarm of a job.
func (d *running) jobEnded(o schedule.Outcome) {
	d.log.Info("a job ended", "job", o.Job, "result", o.Result, "why", o.Trigger.Why, "took", o.Took.Round(time.Millisecond), "report", o.Report.Values)
	if o.Job == "drill" || strings.HasPrefix(o.Job, backupPrefix) {
		return // they have alarms of their own
	}
	switch o.Result {
	case schedule.OK:
		d.alarms.Clear(alarmJob, o.Job)
	case schedule.Failed, schedule.TimedOut:
		d.alarms.Raise(alarmJob, o.Job, map[string]string{"job": o.Job, "reason": o.Err.Error()})
	}
}

// reconcile holds the folders of recordings against their journals.
func (d *running) reconcile(ctx context.Context, _ schedule.Trigger) (schedule.Report, error) {
	pace := func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond): // at most 50 files a second, so that recording never waits for it
			return nil
		}
	}
	found := 0
	err := d.archive.Reconcile(ctx, pace, func(f archive.Finding) {
		found++
		d.log.Warn("found in the recordings' folders", "kind", f.Kind, "day", f.Day, "recording", f.ID, "file", f.Name, "error", f.Err)
		if f.Kind == archive.FoundLine {
			d.alarms.Raise("journal-damaged", f.Name, map[string]string{"file": f.Name})
		}
	})
	return counted("reconcile", map[string]int{"findings": found}), err
}

// counted is a report of numbers.
func counted(code string, numbers map[string]int) schedule.Report {
	values := map[string]string{}
	for name, n := range numbers {
		values[name] = strconv.Itoa(n)
	}
	return schedule.Report{Code: code, Values: values}
}
