package main

import (
	"fmt"
	"strconv"
	"time"

	"vaad/api"
	"vaad/recorder/backup"
)

type backupCmd struct {
	Status backupStatusCmd `cmd:"" default:"withargs"`
	Run    backupRunCmd    `cmd:""`
	Cancel backupCancelCmd `cmd:""`
	Plan   backupPlanCmd   `cmd:""`
	Check  backupCheckCmd  `cmd:""`
	Setup  backupSetupCmd  `cmd:""`
	Eject  backupEjectCmd  `cmd:""`
	Drill  backupDrillCmd  `cmd:""`
	Keygen backupKeygenCmd `cmd:""`
}

type backupStatusCmd struct {
	Name string `arg:"" optional:""`
}

// Run says how far backups are; of one target also what was wrong.
func (c backupStatusCmd) Run(s *session) error {
	if c.Name != "" {
		b, err := s.client.Backup(s.ctx, c.Name)
		if err != nil {
			return err
		}
		return s.showBackup(b)
	}
	all, err := s.client.Backups(s.ctx)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return objects(s, all)
	}
	t := s.table("target", "kind", "place", "state", "last-ok", "next", "waits-since")
	for _, b := range all {
		t.row(b.Name, s.code("target-kind", b.Kind), printable(b.Place), s.backupState(&b), shortOf(b.LastOK), shortOf(b.Next), shortOf(b.Oldest))
	}
	return s.list(t, "cli.no-backups")
}

// shortOf is a moment as lists show it, nothing where there is none.
func shortOf(t *time.Time) string {
	if t == nil {
		return ""
	}
	return short(*t)
}

// backupState is what a target is at, in a word or two.
func (s *session) backupState(b *api.Backup) string {
	switch {
	case b.Running:
		return s.t("cli.backup-running", "stage", b.Stage, "done", size(b.Done.Bytes), "total", size(b.Total.Bytes))
	case b.Waiting:
		return s.code("job-result", "waiting")
	case b.Off:
		return s.t("cli.backup-off")
	case b.Error != "":
		return s.code("job-result", "failed")
	case b.LastOK == nil:
		return s.t("cli.backup-never")
	}
	return s.code("job-result", "ok")
}

func (s *session) showBackup(b api.Backup) error {
	if s.cli.JSON {
		return s.object(b)
	}
	t := s.table("target", "kind", "place", "state", "last-ok", "next", "waits-since")
	t.row(b.Name, s.code("target-kind", b.Kind), printable(b.Place), s.backupState(&b), shortOf(b.LastOK), shortOf(b.Next), shortOf(b.Oldest))
	if err := t.print(s.out); err != nil {
		return err
	}
	if b.Error != "" {
		if err := s.say("%s", printable(b.Error)); err != nil {
			return err
		}
	}
	return s.wrongIn(b.Faults)
}

// wrongIn lists what was wrong.
func (s *session) wrongIn(all []api.BackupFault) error {
	for _, f := range all {
		if err := s.say("%s  %s %s  %s", f.Day, printable(f.File+f.ID), f.Text, printable(f.Detail)); err != nil {
			return err
		}
	}
	return nil
}

type backupRunCmd struct {
	Name string `arg:""`
	Wait bool
}

// Run has a backup run now.
func (c backupRunCmd) Run(s *session) error {
	j, err := s.client.RunBackup(s.ctx, c.Name)
	if err != nil {
		return err
	}
	return s.afterJob(j, c.Wait)
}

type backupCancelCmd struct {
	Name string `arg:""`
}

// Run stops a backup that runs.
func (c backupCancelCmd) Run(s *session) error {
	j, err := s.client.CancelBackup(s.ctx, c.Name)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(j)
	}
	return s.say("%s", s.t("cli.job-cancelled", "job", printable(j.Name)))
}

type backupPlanCmd struct {
	Name string `arg:""`
}

// Run says what a run would copy.
func (c backupPlanCmd) Run(s *session) error {
	w, err := s.client.PlanBackup(s.ctx, c.Name)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(w)
	}
	return s.say("%s", s.t("cli.backup-plan", "recordings", strconv.Itoa(w.Recordings), "files", strconv.FormatInt(w.Files, 10), "size", size(w.Bytes), "oldest", shortOf(w.Oldest)))
}

type backupCheckCmd struct {
	Name string `arg:""`
}

// Run looks whether a target can be used.
func (c backupCheckCmd) Run(s *session) error {
	got, err := s.client.CheckBackup(s.ctx, c.Name)
	if err != nil {
		return err
	}
	return s.showCheck(c.Name, got)
}

func (s *session) showCheck(name string, c api.BackupCheck) error {
	if s.cli.JSON {
		if err := s.object(c); err != nil {
			return err
		}
	}
	if !c.OK {
		return fmt.Errorf("%s\n%s", printable(c.Error), c.Remedy)
	}
	if s.cli.JSON {
		return nil
	}
	free := "?"
	if c.Free >= 0 {
		free = size(c.Free)
	}
	return s.say("%s", s.t("cli.backup-fine", "target", name, "free", free))
}

type backupSetupCmd struct {
	Name string `arg:""`
}

// Run makes an empty place a target, or takes over that of another box.
func (c backupSetupCmd) Run(s *session) error {
	got, err := s.client.SetUpBackup(s.ctx, c.Name)
	if err != nil {
		return err
	}
	return s.showCheck(c.Name, got)
}

type backupEjectCmd struct {
	Name string `arg:""`
}

// Run releases a medium, or makes a disc.
func (c backupEjectCmd) Run(s *session) error {
	e, err := s.client.EjectBackup(s.ctx, c.Name)
	if err != nil {
		return err
	}
	switch {
	case s.cli.JSON:
		return s.object(e)
	case e.Volume != "":
		return s.say("%s", s.t("cli.backup-disc", "volume", printable(e.Volume), "files", strconv.Itoa(e.Files), "size", size(e.Bytes), "image", printable(e.Image)))
	case e.Medium == "":
		return s.say("%s", s.t("cli.backup-no-disc"))
	}
	return s.say("%s", s.code("medium", e.Medium))
}

type backupDrillCmd struct {
	Now  bool
	Wait bool
}

// Run shows what the last drills have shown, or has one made.
func (c backupDrillCmd) Run(s *session) error {
	if c.Now || c.Wait {
		j, err := s.client.RunJob(s.ctx, "drill")
		if err != nil {
			return err
		}
		if err := s.afterJob(j, c.Wait); err != nil || !c.Wait {
			return err
		}
	}
	all, err := s.client.Drills(s.ctx)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return objects(s, all)
	}
	t := s.table("target", "time", "result", "recordings", "files", "opened", "settings-state")
	for _, d := range all {
		result := "ok"
		if !d.OK {
			result = "failed"
		}
		t.row(d.Target, short(d.Time), s.code("job-result", result), strconv.Itoa(d.Recordings), strconv.Itoa(d.Files), strconv.Itoa(d.Opened), s.code("drill-state", d.State))
	}
	if err := s.list(t, "cli.no-drills"); err != nil {
		return err
	}
	for _, d := range all {
		if err := s.wrongIn(d.Faults); err != nil {
			return err
		}
	}
	return nil
}

type backupKeygenCmd struct{}

// Run makes a key pair and prints it, once: nothing keeps it.
func (backupKeygenCmd) Run(s *session) error {
	public, secret, err := backup.NewKey()
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(struct {
			Public string `json:"public"`
			Secret string `json:"secret"`
		}{public, secret})
	}
	for _, line := range []string{"# " + s.t("cli.keygen-secret"), secret, "# " + s.t("cli.keygen-public"), "# " + public, "# " + s.t("cli.keygen-set", "public", public)} {
		if err := s.say("%s", line); err != nil {
			return err
		}
	}
	return nil
}
