package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"

	"vaad/recorder/archive"
)

type verifyCmd struct {
	ID  []string `arg:"" optional:""`
	Dir string   `type:"path" placeholder:"DIR"`
}

// verdict is what verify says about one file.
type verdict struct {
	ID    string `json:"id"`
	Day   string `json:"day"`
	File  string `json:"file,omitempty"`
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

// Run compares every file of the recordings with the hash, size and format
// that their day's journal holds. It only reads, and the daemon may be running.
func (c verifyCmd) Run(s *session) error {
	dir := c.Dir
	if dir == "" {
		if s.cli.Root == "" {
			return usageError{s.refusal("verify-where")}
		}
		dir = filepath.Join(s.cli.Root, "recordings")
	}
	r, err := archive.OpenReadOnly(dir, nil)
	if err != nil {
		return err
	}
	defer r.Close() // read only
	v := &verifier{s: s, r: r}
	if len(c.ID) > 0 {
		for _, id := range c.ID {
			if err := v.one("", id); err != nil {
				return err
			}
		}
	} else {
		if err := v.all(); err != nil {
			return err
		}
		if v.lines == 0 && v.bad == 0 { // nothing was checked: that is no "all is well"
			return s.refusal("verify-nothing", "folder", printable(dir))
		}
	}
	if !s.cli.JSON {
		if err := s.say("%s", s.t("cli.verified", "good", strconv.Itoa(v.good), "bad", strconv.Itoa(v.bad))); err != nil {
			return err
		}
	}
	if v.bad > 0 {
		return errors.New(s.t("cli.verify-failed", "bad", strconv.Itoa(v.bad)))
	}
	return nil
}

type verifier struct {
	s         *session
	r         *archive.Reader
	good, bad int // recordings
	lines     int // of journals
}

// all checks what the journals say is there: sealed and not erased later.
func (v *verifier) all() error {
	var order []string
	days := map[string]archive.Day{}
	damaged := func(where string, err error) {
		v.bad++
		v.tell(verdict{File: where, Error: err.Error()})
	}
	err := v.r.Lines(v.s.ctx, nil, func(l *archive.JournalLine) error {
		v.lines++
		switch l.Kind {
		case archive.KindSealed, archive.KindAdopted:
			if _, known := days[l.ID]; !known {
				order = append(order, l.ID)
			}
			days[l.ID] = l.Day
		case archive.ActErase:
			delete(days, l.ID)
		}
		return nil
	}, damaged)
	if err != nil {
		return err
	}
	for _, id := range order {
		if day, there := days[id]; there {
			if err := v.one(day, id); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *verifier) one(day archive.Day, id string) error {
	checks, err := v.r.Verify(v.s.ctx, day, id)
	if errors.Is(err, context.Canceled) {
		return err
	}
	if day == "" && errors.Is(err, archive.ErrNotFound) { // somebody named it
		return fmt.Errorf("%s: %w\n%s", v.s.t("problem.no-recording"), err, v.s.t("problem.no-recording.remedy"))
	}
	ok := err == nil
	if err != nil {
		v.tell(verdict{ID: id, Day: string(day), Error: err.Error()})
	}
	for _, c := range checks {
		ok = ok && c.OK
		out := verdict{ID: id, Day: string(day), File: c.Name, OK: c.OK}
		if c.Err != nil {
			out.Error = c.Err.Error()
		}
		v.tell(out)
	}
	if ok {
		v.good++
	} else {
		v.bad++
	}
	return nil
}

// tell prints every file with --json, and only the bad ones without.
func (v *verifier) tell(out verdict) {
	switch {
	case v.s.cli.JSON:
		_ = v.s.object(out) // the verdict is also in the exit code
	case !out.OK:
		tell(v.s.out, out.ID, " "+out.File, " "+printable(out.Error))
	}
}
