package main

import (
	"errors"
	"strconv"

	"vaad/api"
)

type alarmsCmd struct {
	List   alarmListCmd   `cmd:"" default:"withargs"`
	Ack    alarmAckCmd    `cmd:""`
	Routes alarmRoutesCmd `cmd:""`
	Test   alarmTestCmd   `cmd:""`
	Secret alarmSecretCmd `cmd:""`
}

type alarmListCmd struct {
	All      bool
	Text     string `placeholder:"WORDS"`
	Severity string `placeholder:"SEVERITY"`
	Code     string `placeholder:"CODE"`
	From, To moment `placeholder:"T"`
	Limit    int    `default:"100"`
}

func (c alarmListCmd) Run(s *session) error {
	if c.Limit < 1 || c.Limit > 1000 {
		return usageError{s.refusal("limit", "value", strconv.Itoa(c.Limit))}
	}
	p, err := s.client.FindAlarms(s.ctx, api.AlarmFilter{All: c.All, Text: c.Text, Severity: c.Severity, Code: c.Code, From: c.From.Time, To: c.To.Time, Limit: c.Limit})
	if err != nil || s.cli.JSON {
		return errors.Join(err, objects(s, p.Items))
	}
	if len(p.Items) == 0 {
		return s.say("%s", s.t("cli.no-alarms"))
	}
	for _, a := range p.Items {
		if err := s.alarm(a); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) alarm(a api.Alarm) error {
	if err := s.say("%d  %s  %s  %s\n    %s", a.ID, when(a.First), s.code("severity", a.Severity), printable(a.Text), printable(a.Remedy)); err != nil {
		return err
	}
	if a.AckedBy != "" {
		if err := s.say("    %s", s.t("cli.acked", "actor", a.AckedBy, "time", whenP(a.Acked))); err != nil {
			return err
		}
	}
	if a.Comment != "" {
		if err := s.say("    %s", printable(a.Comment)); err != nil {
			return err
		}
	}
	if a.Ended != nil {
		return s.say("    %s", s.t("cli.alarm-ended", "time", whenP(a.Ended)))
	}
	return nil
}

type alarmAckCmd struct {
	ID      uint64 `arg:""`
	Comment string `placeholder:"WORDS"`
}

func (c alarmAckCmd) Run(s *session) error { return s.client.AckWith(s.ctx, c.ID, c.Comment) }

type alarmRoutesCmd struct{}

// Run lists by which ways people are told of alarms.
func (alarmRoutesCmd) Run(s *session) error {
	all, err := s.client.AlarmRoutes(s.ctx)
	if err != nil || s.cli.JSON {
		return errors.Join(err, objects(s, all))
	}
	if len(all) == 0 {
		return s.say("%s", s.t("cli.alarm-no-routes"))
	}
	t := s.table("name", "way", "waiting", "delivered", "error")
	for _, r := range all {
		t.row(r.Name, s.code("way", r.Way), strconv.Itoa(r.Waiting), whenP(r.Delivered), printable(r.Error))
	}
	return t.print(s.out)
}

type alarmTestCmd struct {
	Route string `arg:""`
}

func (c alarmTestCmd) Run(s *session) error {
	if err := s.client.TestRoute(s.ctx, c.Route); err != nil {
		return err
	}
	return s.say("%s", s.t("cli.alarm-tested", "route", c.Route))
}

type alarmSecretCmd struct {
	Route string `arg:""`
}

// Run makes a new secret and prints it, alone on its line.
func (c alarmSecretCmd) Run(s *session) error {
	secret, err := s.client.NewRouteSecret(s.ctx, c.Route)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(secret)
	}
	tell(s.err, s.t("cli.alarm-secret", "route", c.Route))
	return s.say("%s", secret.Secret)
}
