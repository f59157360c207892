package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"time"

	"vaad/recorder"
	"vaad/recorder/assure"
	"vaad/recorder/index"
	"vaad/recorder/schedule"
	"vaad/settings"

	"github.com/prometheus/client_golang/prometheus"
)

// assureDoc is when calls are held against recordings.
type assureDoc struct {
	Schedule string `json:"schedule"` // when the report of the day before is made
}

func (a assureDoc) validate() error {
	if _, err := schedule.Parse(a.Schedule, time.Local); err != nil {
		return fmt.Errorf("schedule: %w", err)
	}
	return nil
}

// assureSections is the part of the settings that is about reports.
type assureSections struct {
	assurance settings.Section[assureDoc]
}

func newAssureSections() assureSections {
	return assureSections{settings.NewSection("assurance", assureDoc{Schedule: "daily 00:40"}, assureDoc.validate)}
}

// Alarms of reports.
const (
	alarmAssurance = "assurance-gaps" // calls of a day are not recorded, or not wholly, and should be
	alarmSilent    = "line-silent"    // a line had no call in a day, and usually has
)

// mostBehind is how many days back reports that are not there are made.
const mostBehind = 31

// assurer makes the reports of what became of calls.
type assurer struct {
	d     *running
	shelf assure.Shelf
	calls *prometheus.GaugeVec
}

// openAssurance adds the job that makes reports.
func (d *running) openAssurance() error {
	a := &assurer{d: d, shelf: assure.Shelf{Dir: filepath.Join(d.cfg.Root, "assurance")}, calls: prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "vaad_assurance_calls", Help: "Calls of the last day that was held against its recordings, by verdict."}, []string{"verdict"})}
	d.reg.MustRegister(a.calls)
	d.assurer = a
	if days, err := a.shelf.Days(); err == nil && len(days) > 0 {
		if r, err := a.shelf.Get(days[0]); err == nil {
			a.measure(r)
		}
	}
	return d.jobs.Set(schedule.Job{Name: "assurance", Schedule: func() string { return d.sec.assurance.Get(d.doc).Schedule }, Run: a.run, Class: classWalk})
}

// run makes the reports that are due.
func (a *assurer) run(ctx context.Context, _ schedule.Trigger) (schedule.Report, error) {
	days, err := a.shelf.Behind(time.Now().In(a.d.location()), mostBehind)
	if err != nil {
		return schedule.Report{}, err
	}
	n := map[string]int{"days": 0, "calls": 0, "failed": 0, "unexplained": 0}
	for _, day := range days {
		r, err := a.Make(ctx, day)
		if err == nil {
			err = a.shelf.Put(r)
		}
		if err != nil {
			return counted("assurance", n), err
		}
		n["days"]++
		n["calls"] += r.Calls
		n["failed"] += r.Counts[assure.Failed]
		n["unexplained"] += r.Counts[assure.Unexplained]
		a.measure(r)
		a.tell(r)
	}
	return counted("assurance", n), nil
}

// tell raises what a report has to say, and clears what the one before said.
func (a *assurer) tell(r *assure.Report) {
	if r.OK() {
		a.d.alarms.Clear(alarmAssurance, "")
	} else {
		a.d.alarms.Raise(alarmAssurance, "", map[string]string{"day": r.Day, "failed": strconv.Itoa(r.Counts[assure.Failed]),
			"unexplained": strconv.Itoa(r.Counts[assure.Unexplained] + len(r.Strays))})
	}
	for _, l := range r.Lines {
		if l.Silent {
			a.d.alarms.Raise(alarmSilent, strconv.Itoa(l.Line), map[string]string{"day": r.Day, "usual": strconv.Itoa(int(l.Usual + 0.5))})
		} else {
			a.d.alarms.Clear(alarmSilent, strconv.Itoa(l.Line))
		}
	}
}

func (a *assurer) measure(r *assure.Report) {
	for _, v := range assure.Verdicts() {
		a.calls.WithLabelValues(v).Set(float64(r.Counts[v]))
	}
}

// Make makes the report of a day, of the site's time zone, without keeping it.
func (a *assurer) Make(ctx context.Context, day time.Time) (*assure.Report, error) {
	d := a.d
	year, month, date := day.Date()
	day = time.Date(year, month, date, 12, 0, 0, 0, d.location())
	lines := map[int]string{}
	for _, l := range d.sys.Lines() {
		if d.plan.recordConfig(l.Number).Trigger != recorder.Off {
			lines[l.Number] = l.Name
		}
	}
	if err := d.pool.Acquire(ctx); err != nil {
		return nil, err
	}
	defer d.pool.Release()
	return assure.Make(ctx, assure.Source{Calls: d.journal.Query, Find: d.journal.Get, Recording: d.index.Get, Recordings: d.index.Query, Files: a.files, Lines: lines}, day, time.Now())
}

// Days lists the days that have a report, newest first.
func (a *assurer) Days() ([]string, error) { return a.shelf.Days() }

// Get reads the report of a day.
func (a *assurer) Get(day string) (*assure.Report, error) { return a.shelf.Get(day) }

// files looks whether those of a sealed recording are there, as long as they were.
func (a *assurer) files(row index.Row) (string, error) {
	n, err := a.d.archive.Stored(row.Day, row.ID, row.Sides)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "missing", nil
	case err != nil:
		return "", err
	case n != row.Bytes:
		return "length", nil
	}
	return "", nil
}
