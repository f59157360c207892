package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/recorder/backup"
	"vaad/recorder/backup/target"
	"vaad/recorder/schedule"
)

// fakeJobs are jobs that only remember what was asked of them.
type fakeJobs struct {
	all   []schedule.Status
	asked []string
	err   error
}

func newFakeJobs() *fakeJobs {
	return &fakeJobs{all: []schedule.Status{
		{Name: "backup.nas", Schedule: "daily 01:30", Next: begun.Add(time.Hour), Waiting: true,
			Last: schedule.Record{Began: begun, Took: 1.5, Result: schedule.OK, Why: schedule.Due, Due: begun, LastOK: begun,
				Report: schedule.Report{Code: "backup", Values: map[string]string{"recordings": "7", "files": "21"}}}},
		{Name: "drill", Schedule: "rubbish", Fault: errors.New("no schedule")},
		{Name: "reconcile", Schedule: "daily 05:10", Last: schedule.Record{Began: begun, Result: schedule.Failed, Error: "no such folder", Why: schedule.Asked, By: "ann"}},
	}}
}

func (f *fakeJobs) Jobs() []schedule.Status { return f.all }

func (f *fakeJobs) Job(name string) (schedule.Status, bool) {
	for _, j := range f.all {
		if j.Name == name {
			return j, true
		}
	}
	return schedule.Status{}, false
}

func (f *fakeJobs) Ask(name, by string) error { return f.do(name + " by " + by) }
func (f *fakeJobs) Cancel(name string) error  { return f.do("cancel " + name) }

func (f *fakeJobs) do(what string) error {
	f.asked = append(f.asked, what)
	return f.err
}

// fakeBackups is one target, nas.
type fakeBackups struct {
	err    error
	check  error
	wishes []RestoreWish
}

func (f *fakeBackups) Targets() []BackupTarget {
	return []BackupTarget{{Name: "nas", Kind: "folder", Place: "/mnt/nas", Schedule: "daily 01:30", Status: backup.Status{
		Oldest: begun, LastError: "it was full", LastDrill: &backup.DrillReport{Time: begun, Recordings: 20, State: "ok"},
		LastReport: &backup.Report{Faulty: 1, Faults: []backup.Fault{{Kind: backup.TargetDamaged, Day: "2026-11-22", Name: "x.wav", Detail: "other\xffbytes"}}}}}}
}

func (f *fakeBackups) Plan(context.Context, string) (backup.Work, error) {
	return backup.Work{Recordings: 3, Files: 9, Bytes: 1000, Oldest: begun}, f.err
}

func (f *fakeBackups) Check(context.Context, string) (BackupCheck, error) {
	return BackupCheck{Err: f.check, Space: target.Unknown(), Medium: target.MediumMounted, Head: backup.Head{Appliance: "vaad-1", Created: begun}}, f.err
}

func (f *fakeBackups) SetUp(context.Context, string) error { return f.err }

func (f *fakeBackups) Eject(context.Context, string) (Ejected, error) {
	return Ejected{Medium: target.MediumReleased}, f.err
}

func (f *fakeBackups) Restore(w RestoreWish) (RestoreRun, error) {
	f.wishes = append(f.wishes, w)
	return RestoreRun{RestoreWish: w, ID: "1", Began: begun}, f.err
}

func (f *fakeBackups) Restores() []RestoreRun {
	ended := begun.Add(time.Minute)
	return []RestoreRun{
		{ID: "3", Began: begun, Ended: ended, Err: context.Canceled},
		{ID: "2", Began: begun, Ended: ended, Err: fmt.Errorf("so: %w", backup.ErrIncomplete), Report: backup.RestoreReport{Missing: 2}},
		{ID: "1", Began: begun, Ended: ended, Report: backup.RestoreReport{Recordings: 7}},
		{ID: "0", Began: begun, Ended: ended, Err: target.ErrGone},
	}
}

func (f *fakeBackups) CancelRestore(string) (RestoreRun, error) { return RestoreRun{ID: "1"}, f.err }

// backupCallOf is a request about jobs or backups that is right in form.
func backupCallOf(f *fixture, rt route) (path string, body any) {
	name := "nas"
	if strings.HasPrefix(rt.Path, "/jobs") {
		name = "reconcile"
	}
	if rt.ID == "restore-new" {
		body = api.NewRestore{Target: "nas", IDs: []string{"01M8149T00V9DC29F7E91TPQSS"}}
	}
	return strings.NewReplacer("{name}", name, "{restore}", "1").Replace(rt.Path), body
}

func TestJobsSayWhenTheyRunAndWhatBecameOfThem(t *testing.T) {
	f := newFixture(t)
	all := get[api.Page[api.Job]](f, "/jobs").Items
	if len(all) != 3 || all[0].Title != "Back up to nas" || all[0].Last.Report == "" || !all[0].Waiting || *all[0].Next != begun.Add(time.Hour) || all[0].Last.Seconds != 1.5 {
		t.Errorf("%+v", all)
	}
	if all[1].Fault == "" || all[1].Last != nil || all[2].Last.By != "ann" || all[2].Last.Error != "no such folder" {
		t.Errorf("%+v", all[1:])
	}
	for path, asked := range map[string]string{"/jobs/reconcile/run": "reconcile by administrator", "/jobs/reconcile/cancel": "cancel reconcile",
		"/backups/nas/run": "backup.nas by administrator", "/backups/nas/cancel": "cancel backup.nas", "/drills/run": "drill by administrator"} {
		f.work.asked = nil
		if w := f.do("POST", path, nil); w.Code != http.StatusOK || len(f.work.asked) != 1 || f.work.asked[0] != asked {
			t.Errorf("%s: %d %s, asked %q", path, w.Code, w.Body, f.work.asked)
		}
	}
	for err, code := range map[error]string{schedule.ErrUnknown: "no-job", schedule.ErrRunning: "job-running", schedule.ErrIdle: "job-idle"} {
		f.work.err = err
		problemIn(t, f.do("POST", "/jobs/reconcile/run", nil), code)
	}
	rows := f.audit.rows(t)
	if len(rows) != 8 || rows[0].Verb != access.Keep || rows[0].Result != "ok" || rows[7].Result != "failed" {
		t.Errorf("audit: %d rows, %+v", len(rows), rows)
	}
}

func TestBackupsSayHowFarTheyAre(t *testing.T) {
	f := newFixture(t)
	all := get[api.Page[api.Backup]](f, "/backups").Items
	if len(all) != 1 || all[0].Faulty != 1 || all[0].Faults != nil || all[0].Drill == nil || !all[0].Drill.OK || *all[0].Oldest != begun || !all[0].Waiting || all[0].Error != "it was full" {
		t.Errorf("%+v", all)
	}
	one := get[api.Backup](f, "/backups/nas")
	if len(one.Faults) != 1 || one.Faults[0].Text != "the target gives back other bytes" || one.Faults[0].Detail != "other�bytes" {
		t.Errorf("%+v", one.Faults)
	}
	if w := get[api.Workload](f, "/backups/nas/plan"); w.Recordings != 3 || w.Bytes != 1000 {
		t.Errorf("%+v", w)
	}
	c := decode[api.BackupCheck](t, f.do("POST", "/backups/nas/check", nil), 200)
	if !c.OK || c.Free != -1 || c.Medium != "mounted" || c.Appliance != "vaad-1" {
		t.Errorf("%+v", c)
	}
	f.backing.check = &target.Error{Target: "nas", Op: "open", Class: target.ErrGone}
	c = decode[api.BackupCheck](t, f.do("POST", "/backups/nas/check", nil), 200)
	if c.OK || c.Class != "gone" || !strings.Contains(c.Remedy, "Plug the disk in") {
		t.Errorf("%+v", c)
	}
	problemIn(t, f.do("GET", "/backups/other", nil), "no-backup-target")
	for err, code := range map[error]string{backup.ErrForeign: "backup-foreign", target.ErrAuth: "backup-denied", ErrNotRemovable: "not-removable", target.ErrFull: "backup-full"} {
		f.backing.err = err
		problemIn(t, f.do("POST", "/backups/nas/eject", nil), code)
		problemIn(t, f.do("POST", "/backups/nas/setup", nil), code)
	}
}

func TestRestoresSayWhatBecameOfThem(t *testing.T) {
	f := newFixture(t)
	states := ""
	for _, r := range get[api.Page[api.Restore]](f, "/restores").Items {
		states += r.State + " "
	}
	if states != "cancelled incomplete ok failed " {
		t.Errorf("states %s", states)
	}
	r := decode[api.Restore](t, f.do("POST", "/restores", api.NewRestore{Target: "nas", From: "2026-11-01", To: "2026-11-22", Folder: "audit"}), 200)
	if r.State != "running" || len(f.backing.wishes) != 1 || f.backing.wishes[0].By != "administrator" || f.backing.wishes[0].What.To != "2026-11-22" {
		t.Errorf("%+v, %+v", r, f.backing.wishes)
	}
	for body, code := range map[string]string{
		`{"target":"nas","folder":"../../etc"}`:          "invalid",
		`{"target":"nas","from":"2026-02-30"}`:           "invalid",
		`{"target":"nas","folder":"everything"}`:         "invalid", // a whole archive is not restored beside itself unasked
		`{"target":"other","ids":["a"]}`:                 "no-backup-target",
		`{"target":"nas","ids":["a"],"folder":"a/../b"}`: "invalid",
	} {
		problemIn(t, f.do("POST", "/restores", json.RawMessage(body)), code)
	}
	if len(f.backing.wishes) != 1 {
		t.Errorf("a faulty wish was passed on: %+v", f.backing.wishes)
	}
	f.backing.err = ErrRestoring
	problemIn(t, f.do("POST", "/restores", api.NewRestore{Target: "nas"}), "restoring")
	problemIn(t, f.do("GET", "/restores/17", nil), "no-restore")
}

func TestWhoIsLimitedToSomeLinesDoesNotSeeBackups(t *testing.T) {
	f := newFixture(t)
	f.cfg.Access.SetGroups(map[string][]int{"desk": {2}})
	for _, rt := range append(jobRoutes(), backupRoutes()...) {
		path, body := backupCallOf(f, rt)
		if rt.ID == "jobs" { // it tells nothing of recordings
			continue
		}
		problemIn(t, f.doAs(actor(access.Technician, "desk"), rt.Method, path, body), "forbidden")
	}
}
