package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"vaad/recorder/archive"
	"vaad/recorder/evidence"
)

type evidenceCmd struct {
	Key    evidenceKeyCmd    `cmd:""`
	Export evidenceExportCmd `cmd:""`
}

type evidenceKeyCmd struct{}

// Run prints the public key, to be kept where the box cannot reach it.
func (evidenceKeyCmd) Run(s *session) error {
	if s.cli.Root == "" {
		return usageError{s.refusal("evidence-where")}
	}
	keys, err := evidence.PublicKeys(filepath.Join(s.cli.Root, "evidence"))
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return s.refusal("evidence-no-key", "folder", printable(s.cli.Root))
	}
	if s.cli.JSON {
		return s.object(struct {
			Key string `json:"key"`
		}{keys[0]})
	}
	return s.say("%s", keys[0])
}

type evidenceExportCmd struct {
	ID  string `arg:""`
	Out string `required:"" type:"path" placeholder:"FILE"`
	Dir string `type:"path" placeholder:"DIR"`

	WithKey bool `name:"with-key"`
}

// Run writes a proof bundle of one recording.
func (c evidenceExportCmd) Run(s *session) (err error) {
	dir, err := s.recordingsFolder(c.Dir)
	if err != nil {
		return err
	}
	keys, err := evidence.PublicKeys(verifyCmd{}.keyFolder(s, dir))
	if err != nil {
		return err
	}
	r, disk, shut, err := openRecordings(dir)
	if err != nil {
		return err
	}
	defer shut()
	f, err := os.CreateTemp(filepath.Dir(c.Out), ".bundle-*")
	if err != nil {
		return notWritten(c.Out, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	var secret []byte
	if c.WithKey {
		secret, err = s.keyOf(dir, c.ID)
	}
	if err == nil {
		err = evidence.ExportWith(s.ctx, r, disk, c.ID, keys, secret, f)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return c.explain(s, err)
	}
	if err := os.Rename(f.Name(), c.Out); err != nil {
		return notWritten(c.Out, err)
	}
	return nil
}

func (c evidenceExportCmd) explain(s *session, err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, evidence.ErrSimulated):
		return s.refusal("evidence-simulated", "id", c.ID)
	case errors.Is(err, evidence.ErrUnsigned):
		return s.refusal("evidence-unsigned", "id", c.ID)
	case errors.Is(err, archive.ErrNotFound):
		return fmt.Errorf("%s: %w\n%s", s.t("problem.no-recording"), err, s.t("problem.no-recording.remedy"))
	}
	return err
}
