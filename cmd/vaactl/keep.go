package main

import (
	"strconv"

	"vaad/api"
)

// chosen are the recordings that something is done to: named, or found.
type chosen struct {
	recordingFilter
	Search bool
	Reason string `placeholder:"WORDS"`
	DryRun bool
	ID     []string `arg:"" optional:""`
}

// do does something to them. One recording that is named gives the daemon's own words when
// it cannot be done; of many it is said how many were passed over, and why.
func (c *chosen) do(s *session, act string, a api.Act) error {
	a.Reason = c.Reason
	f, err := c.wanted(s)
	if err != nil {
		return err
	}
	find := c.with(f)
	if len(c.ID) == 0 != c.Search || !c.Search && find.Encode() != "" {
		return s.usage("chosen")
	}
	if c.Limit != nil {
		return s.usage("chosen-limit")
	}
	if len(c.ID) == 1 && !c.DryRun {
		out, err := s.client.ActOn(s.ctx, c.ID[0], act, a)
		if err != nil {
			return err
		}
		if s.cli.JSON {
			return s.object(out)
		}
		if out.Approval != "" {
			return s.say("%s", s.t("cli.acts-approval", "id", out.Approval))
		}
		return s.say("%s", s.t(map[bool]string{true: "cli.act-done", false: "cli.act-already"}[out.Changed], "id", out.Recording.ID, "act", s.code("keep-act", act)))
	}
	bulk := api.BulkAct{Act: a, IDs: c.ID, Search: c.Search, DryRun: c.DryRun}
	return s.acted(s.client.ActOnMany(s.ctx, act, find, bulk))
}

// acted prints what became of an act on many recordings.
func (s *session) acted(out api.Acted, err error) error {
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(out)
	}
	key := "cli.acts-done"
	if out.DryRun {
		key = "cli.acts-dry"
	}
	skipped := 0
	for _, k := range out.Skipped {
		skipped += k.Count
	}
	if err := s.say("%s", s.t(key, "act", s.code("keep-act", out.Act), "changed", strconv.Itoa(out.Changed), "matched", strconv.Itoa(out.Matched),
		"unchanged", strconv.Itoa(out.Unchanged), "skipped", strconv.Itoa(skipped))); err != nil {
		return err
	}
	for _, k := range out.Skipped {
		if err := s.say("  %s", s.t("cli.acts-skipped", "count", strconv.Itoa(k.Count), "title", k.Title, "remedy", k.Remedy)); err != nil {
			return err
		}
	}
	if out.Approval != "" {
		return s.say("%s", s.t("cli.acts-approval", "id", out.Approval))
	}
	if out.Undo != "" {
		return s.say("%s", s.t("cli.acts-undo", "until", whenP(out.UndoUntil), "undo", out.Undo))
	}
	return nil
}

type protectCmd struct{ chosen }

func (c *protectCmd) Run(s *session) error { return c.do(s, "protect", api.Act{}) }

type unprotectCmd struct{ chosen }

func (c *unprotectCmd) Run(s *session) error { return c.do(s, "unprotect", api.Act{}) }

type legalHoldCmd struct {
	chosen
	Case string `required:"" placeholder:"CASE"`
}

func (c *legalHoldCmd) Run(s *session) error { return c.do(s, "hold", api.Act{Case: c.Case}) }

type releaseCmd struct {
	chosen
	Case string `placeholder:"CASE"`
}

func (c *releaseCmd) Run(s *session) error { return c.do(s, "release", api.Act{Case: c.Case}) }

type classCmd struct {
	chosen
	As string `required:"" placeholder:"CLASS"`
}

func (c *classCmd) Run(s *session) error { return c.do(s, "class", api.Act{Class: c.As}) }

type trashCmd struct{ chosen }

func (c *trashCmd) Run(s *session) error { return c.do(s, "trash", api.Act{}) }

type undeleteCmd struct{ chosen }

func (c *undeleteCmd) Run(s *session) error { return c.do(s, "undelete", api.Act{}) }

type eraseCmd struct {
	chosen
	Force bool
}

func (c *eraseCmd) Run(s *session) error { return c.do(s, "erase", api.Act{Force: c.Force}) }

type undoCmd struct {
	Undo string `arg:""`
}

func (c undoCmd) Run(s *session) error { return s.acted(s.client.UndoAct(s.ctx, c.Undo)) }
