package console

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/recorder/backup"
	"vaad/recorder/backup/target"
)

// A BackupTarget is one place that backups go to, as settings have it, and how far it is.
type BackupTarget struct {
	Name, Kind, Place string
	Off, Encrypted    bool
	Schedule          string
	Status            backup.Status
}

// A BackupCheck is what a look at a target has shown.
type BackupCheck struct {
	Err    error // it cannot be used
	Head   backup.Head
	Space  target.Space
	Medium target.MediumState // "" = it cannot be taken away
}

// Ejected is what became of a medium.
type Ejected struct {
	Medium target.MediumState
	Volume target.Volume
}

// A RestoreWish says what to restore.
type RestoreWish struct {
	Target, Folder, By string // no folder: into the archive
	What               backup.Selection
}

// A RestoreRun is one restore, under way or over.
type RestoreRun struct {
	RestoreWish
	ID           string
	Began, Ended time.Time
	Err          error
	Report       backup.RestoreReport
}

// Backups are the targets of backups. Their runs, and drills, are jobs: "backup.NAME", "drill".
type Backups interface {
	Targets() []BackupTarget
	Plan(ctx context.Context, name string) (backup.Work, error)
	Check(ctx context.Context, name string) (BackupCheck, error)
	SetUp(ctx context.Context, name string) error
	Eject(ctx context.Context, name string) (Ejected, error)
	Restore(RestoreWish) (RestoreRun, error)
	Restores() []RestoreRun
	CancelRestore(id string) (RestoreRun, error)
}

// Errors of Backups.
var (
	ErrNoBackupTarget = errors.New("there is no such backup target")
	ErrNotRemovable   = errors.New("nothing of this target can be taken away")
	ErrNoRestore      = errors.New("there is no such restore")
	ErrRestoring      = errors.New("another restore is under way")
)

// backupRoutes are the routes about backups and restores.
func backupRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{"backups", get, "/backups", access.Keep, backing, "The targets of backups, and how far each is", with((*Server).backups)},
		{"backup", get, "/backups/{name}", access.Keep, backing, "One of them, with all that was wrong", with((*Server).backup)},
		{"backup-plan", get, "/backups/{name}/plan", access.Keep, backing, "What a run would copy", with((*Server).backupPlan)},
		{"backup-run", post, "/backups/{name}/run", access.Keep, backing, "Have it run now; the answer does not wait for its end", with((*Server).backupRun)},
		{"backup-cancel", post, "/backups/{name}/cancel", access.Keep, backing, "Stop a run", with((*Server).backupCancel)},
		{"backup-check", post, "/backups/{name}/check", access.Keep, backing, "Look whether it can be used", with((*Server).backupCheck)},
		{"backup-setup", post, "/backups/{name}/setup", access.Keep, backing, "Make an empty place a target, or take over that of another box", with((*Server).backupSetUp)},
		{"backup-eject", post, "/backups/{name}/eject", access.Keep, backing, "Release a medium so that it can be taken away; make a disc of what was collected", with((*Server).backupEject)},
		{"drills", get, "/drills", access.Keep, backing, "What the last drills have shown", with((*Server).drills)},
		{"drill-run", post, "/drills/run", access.Keep, backing, "Restore random recordings from every target and compare them; the answer does not wait", with((*Server).drillRun)},
		{"restores", get, "/restores", access.Keep, backing, "Restores since the daemon started, newest first", with((*Server).restores)},
		{"restore", get, "/restores/{restore}", access.Keep, backing, "One of them", with((*Server).restore)},
		{"restore-new", post, "/restores", access.Keep, backing, "Restore recordings, back into the archive or into a folder; the answer does not wait for the end", with((*Server).newRestore)},
		{"restore-cancel", post, "/restores/{restore}/cancel", access.Keep, backing, "Stop one", with((*Server).cancelRestore)},
	}
}

// backupFailure is the problem that an error of backups is answered with; "" = none of these.
func backupFailure(err error) string {
	for _, known := range []struct {
		err  error
		code string
	}{
		{ErrNoBackupTarget, "no-backup-target"},
		{ErrNotRemovable, "not-removable"},
		{ErrNoRestore, "no-restore"},
		{ErrRestoring, "restoring"},
		{backup.ErrRunning, "job-running"},
		{backup.ErrForeign, "backup-foreign"},
		{backup.ErrOtherWay, "backup-other-way"},
		{backup.ErrNewer, "backup-newer"},
		{backup.ErrNoBackup, "backup-not-set-up"},
		{backup.ErrNoIdentity, "backup-no-key"},
		{backup.ErrNoRecipients, "backup-no-recipients"},
		{backup.ErrNotEmpty, "restore-not-empty"},
		{backup.ErrNotFound, "not-in-backup"},
		{backup.ErrErased, "erased"},
		{backup.ErrNoSpace, "disk-full"},
		{target.ErrNoMarker, "backup-not-set-up"},
		{target.ErrGone, "backup-gone"},
		{target.ErrUnreachable, "backup-gone"},
		{target.ErrStalled, "backup-gone"},
		{target.ErrAuth, "backup-denied"},
		{target.ErrFull, "backup-full"},
		{target.ErrReadOnly, "backup-read-only"},
	} {
		if errors.Is(err, known.err) {
			return known.code
		}
	}
	return ""
}

func backupProblem(err error) error {
	if code := backupFailure(err); code != "" {
		return fail(code, err.Error())
	}
	return jobFailure(err)
}

// BackupInput names a target.
type BackupInput struct {
	Name string `path:"name" maxLength:"64" doc:"Name of the target in the settings"`
}

// backupsFor says whether the caller may work with backups: they hold every line.
func (s *Server) backupsFor(ctx context.Context, object string) (Backups, error) {
	if s.cfg.Backups == nil || s.cfg.Jobs == nil {
		return nil, fail("not-available", "")
	}
	return s.cfg.Backups, s.wholeBox(ctx, access.Keep, object)
}

func (s *Server) backups(ctx context.Context, _ *empty) (*body[api.Page[api.Backup]], error) {
	b, err := s.backupsFor(ctx, "backups")
	if err != nil {
		return nil, err
	}
	out := &body[api.Page[api.Backup]]{api.Page[api.Backup]{Items: []api.Backup{}}}
	for _, t := range b.Targets() {
		one := s.backupOf(languageOf(ctx), t)
		one.Faults = nil
		out.Body.Items = append(out.Body.Items, one)
	}
	return out, nil
}

// targetNamed finds a target of the settings.
func (s *Server) targetNamed(ctx context.Context, name string) (Backups, BackupTarget, error) {
	b, err := s.backupsFor(ctx, "backup "+name)
	if err != nil {
		return nil, BackupTarget{}, err
	}
	for _, t := range b.Targets() {
		if t.Name == name {
			return b, t, nil
		}
	}
	return nil, BackupTarget{}, fail("no-backup-target", "")
}

func (s *Server) backup(ctx context.Context, in *BackupInput) (*body[api.Backup], error) {
	_, t, err := s.targetNamed(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return &body[api.Backup]{s.backupOf(languageOf(ctx), t)}, nil
}

func (s *Server) backupPlan(ctx context.Context, in *BackupInput) (*body[api.Workload], error) {
	b, _, err := s.targetNamed(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	w, err := b.Plan(ctx, in.Name)
	if err != nil {
		return nil, backupProblem(err)
	}
	return &body[api.Workload]{workload(w)}, nil
}

func (s *Server) backupRun(ctx context.Context, in *BackupInput) (*body[api.Job], error) {
	if _, _, err := s.targetNamed(ctx, in.Name); err != nil {
		return nil, err
	}
	return s.runJob(ctx, &JobInput{"backup." + in.Name})
}

func (s *Server) backupCancel(ctx context.Context, in *BackupInput) (*body[api.Job], error) {
	if _, _, err := s.targetNamed(ctx, in.Name); err != nil {
		return nil, err
	}
	return s.cancelJob(ctx, &JobInput{"backup." + in.Name})
}

func (s *Server) backupCheck(ctx context.Context, in *BackupInput) (*body[api.BackupCheck], error) {
	b, _, err := s.targetNamed(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return s.checked(ctx, b, in.Name)
}

func (s *Server) checked(ctx context.Context, b Backups, name string) (*body[api.BackupCheck], error) {
	c, err := b.Check(ctx, name)
	if err != nil {
		return nil, backupProblem(err)
	}
	out := api.BackupCheck{OK: c.Err == nil, Appliance: c.Head.Appliance, Created: momentOf(c.Head.Created), Encrypted: c.Head.Encrypted,
		Free: c.Space.Free, Total: c.Space.Total, Medium: string(c.Medium)}
	if c.Err != nil {
		out.Error, out.Class = c.Err.Error(), target.Class(c.Err)
		if code := backupFailure(c.Err); code != "" {
			out.Remedy = text.Text(languageOf(ctx), "problem."+code+".remedy", nil)
		}
	}
	return &body[api.BackupCheck]{out}, nil
}

func (s *Server) backupSetUp(ctx context.Context, in *BackupInput) (*body[api.BackupCheck], error) {
	b, _, err := s.targetNamed(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	if err := s.act(ctx, access.Entry{Verb: access.Keep, Object: "backup " + in.Name, Detail: map[string]string{"what": "setup"}},
		func(*access.Entry) error { return b.SetUp(ctx, in.Name) }); err != nil {
		return nil, backupProblem(err)
	}
	return s.checked(ctx, b, in.Name)
}

func (s *Server) backupEject(ctx context.Context, in *BackupInput) (*body[api.Ejected], error) {
	b, _, err := s.targetNamed(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	var e Ejected
	if err := s.act(ctx, access.Entry{Verb: access.Keep, Object: "backup " + in.Name, Detail: map[string]string{"what": "eject"}},
		func(*access.Entry) (err error) { e, err = b.Eject(ctx, in.Name); return err }); err != nil {
		return nil, backupProblem(err)
	}
	return &body[api.Ejected]{api.Ejected{Medium: string(e.Medium), Volume: e.Volume.ID, Image: e.Volume.Image, Burnt: e.Volume.Burnt,
		Files: e.Volume.Files, Bytes: e.Volume.Bytes}}, nil
}

func (s *Server) drills(ctx context.Context, _ *empty) (*body[api.Page[api.Drill]], error) {
	b, err := s.backupsFor(ctx, "drills")
	if err != nil {
		return nil, err
	}
	out := &body[api.Page[api.Drill]]{api.Page[api.Drill]{Items: []api.Drill{}}}
	for _, t := range b.Targets() {
		if d := drillOf(languageOf(ctx), t.Name, t.Status.LastDrill); d != nil {
			out.Body.Items = append(out.Body.Items, *d)
		}
	}
	return out, nil
}

func (s *Server) drillRun(ctx context.Context, _ *empty) (*body[api.Job], error) {
	return s.runJob(ctx, &JobInput{"drill"})
}

// backupOf is a target as the API shows it.
func (s *Server) backupOf(lang string, t BackupTarget) api.Backup {
	st := t.Status
	out := api.Backup{Name: t.Name, Kind: t.Kind, Place: t.Place, Off: t.Off, Schedule: t.Schedule, Encrypted: t.Encrypted,
		Running: st.Running, Stage: st.Stage, Done: workload(st.Done), Total: workload(st.Total), Rate: round(st.Rate, 0),
		LastRun: momentOf(st.LastRun), LastOK: momentOf(st.LastOK), Error: st.LastError, Oldest: momentOf(st.Oldest),
		Unsafe: st.Unsafe, Unremoved: st.Unremoved, Drill: drillOf(lang, t.Name, st.LastDrill)}
	if j, ok := s.cfg.Jobs.Job("backup." + t.Name); ok {
		out.Next, out.Waiting = momentOf(j.Next), j.Waiting
	}
	if r := st.LastReport; r != nil {
		out.Faults, out.Faulty = faultsOf(lang, r.Faults), r.Faulty
	}
	return out
}

func workload(w backup.Work) api.Workload {
	return api.Workload{Recordings: w.Recordings, Files: w.Files, Bytes: w.Bytes, Oldest: momentOf(w.Oldest)}
}

func faultsOf(lang string, all []backup.Fault) []api.BackupFault {
	out := []api.BackupFault{}
	for _, f := range all {
		out = append(out, api.BackupFault{Kind: string(f.Kind), Text: text.Code(lang, "backup-fault", string(f.Kind)), Day: string(f.Day), ID: f.ID, File: f.Name,
			Detail: strings.ToValidUTF8(f.Detail, "�")})
	}
	return out
}

func drillOf(lang, name string, d *backup.DrillReport) *api.Drill {
	if d == nil {
		return nil
	}
	return &api.Drill{Target: name, Time: d.Time, Seconds: round(d.Took.Seconds(), 1), OK: d.OK(), Recordings: d.Recordings, Files: d.Files, Bytes: d.Bytes,
		Opened: d.Opened, Days: d.Days, Oldest: string(d.Oldest), State: d.State, Sealed: d.Sealed, Faults: faultsOf(lang, d.Faults)}
}
