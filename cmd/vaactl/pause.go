package main

import (
	"strconv"
	"time"

	"vaad/api"
)

type pauseCmd struct {
	Line   lineArg       `arg:""`
	Reason string        `placeholder:"WORD"`
	For    time.Duration `placeholder:"TIME"`
	Back   *int          `placeholder:"MS"`
}

func (c pauseCmd) Run(s *session) error {
	n, err := c.Line.number(s)
	if err != nil {
		return err
	}
	p, err := s.client.Pause(s.ctx, n, api.PauseRecording{Reason: c.Reason, ForS: int(c.For.Round(time.Second).Seconds()), BackMS: c.Back})
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(p)
	}
	tell(s.out, s.t("cli.paused", "line", strconv.Itoa(p.Line), "until", p.Until.Local().Format(time.TimeOnly)))
	return nil
}

type resumeCmd struct {
	Line lineArg `arg:""`
}

func (c resumeCmd) Run(s *session) error {
	n, err := c.Line.number(s)
	if err != nil {
		return err
	}
	p, err := s.client.Resume(s.ctx, n)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(p)
	}
	tell(s.out, s.t("cli.resumed", "line", strconv.Itoa(p.Line)))
	return nil
}
