package main

import (
	"strconv"

	"vaad/api"
)

type whyCmd struct {
	Call string `arg:""`
}

// Run says how everything about a call is known, one sentence a line.
func (c whyCmd) Run(s *session) error {
	id := c.Call
	if line, err := strconv.Atoi(id); err == nil {
		if id, err = s.newestCall(line); err != nil {
			return err
		}
	}
	w, err := s.client.Why(s.ctx, id)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(w)
	}
	if err := s.say("%s  %s", w.Call.ID, s.t("cli.why-head", "line", strconv.Itoa(w.Call.Line), "start", when(w.Call.Start), "duration", long(w.Call.Duration))); err != nil {
		return err
	}
	for _, r := range w.Reasons {
		text := printable(r.Text)
		if r.About == "recording" {
			text = s.t("cli.why-recording", "why", text, "ids", r.Value)
		}
		if err := s.say("  %s", text); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) newestCall(line int) (string, error) {
	p, err := s.client.Calls(s.ctx, api.Filter{Lines: []int{line}, Limit: 1})
	if err != nil {
		return "", err
	}
	if len(p.Items) == 0 {
		return "", s.usage("no-call", "line", strconv.Itoa(line))
	}
	return p.Items[0].ID, nil
}
