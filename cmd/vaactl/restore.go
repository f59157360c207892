package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"vaad/api"
	"vaad/recorder/archive"
	"vaad/recorder/backup"

	"filippo.io/age"
)

type restoreCmd struct {
	New  restoreNewCmd  `cmd:"" default:"withargs"`
	List restoreListCmd `cmd:""`
	All  restoreAllCmd  `cmd:""`
	From restoreFromCmd `cmd:""`
}

type restoreNewCmd struct {
	IDs    []string `arg:"" optional:"" name:"id"`
	Target string   `placeholder:"NAME"`
	After  string   `placeholder:"DAY"`
	Before string   `placeholder:"DAY"`
	Folder string   `placeholder:"NAME"`
	Wait   bool
}

// Run has the daemon restore recordings.
func (c restoreNewCmd) Run(s *session) error {
	if c.Target == "" {
		return usageError{s.refusal("restore-what")}
	}
	r, err := s.client.Restore(s.ctx, api.NewRestore{Target: c.Target, IDs: c.IDs, From: c.After, To: c.Before, Folder: c.Folder})
	if err != nil {
		return err
	}
	for asked := time.Now(); c.Wait && r.Ended == nil; {
		select {
		case <-s.ctx.Done():
			return s.ctx.Err()
		case <-time.After(min(2*time.Second, 100*time.Millisecond+time.Since(asked)/10)):
		}
		if r, err = s.client.RestoreBy(s.ctx, r.ID); err != nil {
			return err
		}
	}
	if s.cli.JSON {
		if err := s.object(r); err != nil {
			return err
		}
	} else if err := s.showRestores([]api.Restore{r}); err != nil {
		return err
	}
	if r.State == "failed" || r.State == "incomplete" {
		return s.refusal("restore-not-whole", "missing", strconv.Itoa(r.Missing), "damaged", strconv.Itoa(r.Damaged), "reason", printable(r.Error))
	}
	return nil
}

type restoreListCmd struct{}

// Run lists restores since the daemon started.
func (restoreListCmd) Run(s *session) error {
	all, err := s.client.Restores(s.ctx)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return objects(s, all)
	}
	if len(all) == 0 {
		return s.say("%s", s.t("cli.no-restores"))
	}
	return s.showRestores(all)
}

func (s *session) showRestores(all []api.Restore) error {
	t := s.table("id", "target", "folder", "state", "recordings", "files", "size", "were-there", "missing", "damaged")
	for _, r := range all {
		t.row(r.ID, printable(r.Target), printable(r.Folder), s.code("restore-state", r.State), strconv.Itoa(r.Recordings), strconv.FormatInt(r.Files, 10),
			size(r.Bytes), strconv.FormatInt(r.Kept, 10), strconv.Itoa(r.Missing), strconv.Itoa(r.Damaged))
	}
	if err := t.print(s.out); err != nil {
		return err
	}
	for _, r := range all {
		if err := s.wrongIn(r.Faults); err != nil {
			return err
		}
	}
	return nil
}

// whence is a backup that is read without a daemon.
type whence struct {
	From     string   `required:"" placeholder:"SPEC"`
	Identity []string `placeholder:"FILE"`
}

// restoring opens the target and reads the keys.
func (c whence) restoring(s *session) (r backup.Restoring, shut func() error, err error) {
	for _, file := range c.Identity {
		b, err := os.ReadFile(file)
		if err != nil {
			return r, nil, err
		}
		ids, err := backup.ParseIdentities(string(b))
		if err != nil {
			return r, nil, fmt.Errorf("%s: %w", file, err)
		}
		r.Identities = append(r.Identities, ids...)
	}
	if r.Target, err = openSpec(c.From); err != nil {
		return r, nil, err
	}
	told := time.Now()
	r.Progress = func(p backup.Progress) {
		if s.cli.JSON || time.Since(told) < 5*time.Second {
			return
		}
		told = time.Now()
		tell(s.err, s.t("cli.restore-progress", "day", string(p.Day), "files", strconv.FormatInt(p.Files, 10), "total", strconv.FormatInt(p.TotalFiles, 10),
			"size", size(p.Bytes), "of", size(p.TotalBytes)))
	}
	return r, r.Target.Close, nil
}

type restoreAllCmd struct {
	whence
	State   string `placeholder:"NAME"`
	NoState bool
}

// Run restores a whole appliance onto an empty root. No daemon runs.
func (c restoreAllCmd) Run(s *session) error {
	if s.cli.Root == "" {
		return usageError{s.refusal("restore-root")}
	}
	r, shut, err := c.restoring(s)
	if err != nil {
		return err
	}
	r.Bundle = c.State
	if !c.NoState {
		if err := opens(s.ctx, r); err != nil { // now, not after hours of copying
			return s.restored(backup.RestoreReport{}, "", errors.Join(err, shut()))
		}
	}
	if err := os.MkdirAll(s.cli.Root, 0o750); err != nil {
		return errors.Join(err, shut())
	}
	report, err := backup.RestoreAll(s.ctx, r, s.cli.Root)
	return s.restored(report, s.cli.Root, errors.Join(err, shut()))
}

// opens reports whether the keys open the state of a backup.
func opens(ctx context.Context, r backup.Restoring) error {
	name := r.Bundle
	if name == "" {
		all, err := backup.Bundles(ctx, r.Target)
		if err != nil || len(all) == 0 {
			return err
		}
		name = all[0]
	}
	f, err := r.Target.Get(ctx, name, 0, -1)
	if err != nil {
		return err
	}
	var wrong *age.NoIdentityMatchError
	if len(r.Identities) == 0 {
		err = backup.ErrNoIdentity
	} else if _, err = age.Decrypt(f, r.Identities...); errors.As(err, &wrong) {
		err = backup.ErrNoIdentity
	}
	return errors.Join(err, f.Close())
}

type restoreFromCmd struct {
	whence
	IDs    []string `arg:"" optional:"" name:"id"`
	After  string   `placeholder:"DAY"`
	Before string   `placeholder:"DAY"`
	Into   string   `required:"" type:"path" placeholder:"DIR"`
}

// Run restores recordings into a folder, without a daemon.
func (c restoreFromCmd) Run(s *session) error {
	r, shut, err := c.restoring(s)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Into, 0o750); err != nil {
		return errors.Join(err, shut())
	}
	report, err := backup.Restore(s.ctx, r, backup.Selection{IDs: c.IDs, From: archive.Day(c.After), To: archive.Day(c.Before)}, c.Into)
	return s.restored(report, c.Into, errors.Join(err, shut()))
}

// restored tells what became of a restore.
func (s *session) restored(r backup.RestoreReport, into string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	for _, f := range r.Faults {
		tell(s.err, string(f.Day)+" "+printable(f.Name+f.ID)+"  "+s.code("backup-fault", string(f.Kind))+"  "+printable(f.Detail))
	}
	switch {
	case errors.Is(err, backup.ErrNoIdentity):
		return fmt.Errorf("%w\n%s", err, s.t("problem.backup-no-key.remedy"))
	case errors.Is(err, backup.ErrNoBackup):
		return fmt.Errorf("%w\n%s", err, s.t("cli.restore-no-backup"))
	case errors.Is(err, backup.ErrIncomplete):
		return s.refusal("restore-not-whole", "missing", strconv.Itoa(r.Missing), "damaged", strconv.Itoa(r.Damaged), "reason", strconv.Itoa(r.Faulty))
	case err != nil:
		return err
	}
	if s.cli.JSON {
		return s.object(r)
	}
	bundle := r.Bundle
	if bundle == "" {
		bundle = "–"
	}
	return s.say("%s", s.t("cli.restored", "recordings", strconv.Itoa(r.Recordings), "files", strconv.FormatInt(r.Files, 10), "size", size(r.Bytes),
		"erased", strconv.Itoa(r.Erased), "state", printable(bundle), "folder", printable(into)))
}
