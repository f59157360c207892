package main

import (
	"strings"
	"time"

	"vaad/api"
)

type jobsCmd struct {
	List   jobsListCmd   `cmd:"" default:"withargs"`
	Run    jobsRunCmd    `cmd:""`
	Cancel jobsCancelCmd `cmd:""`
}

type jobsListCmd struct{}

// Run lists what the daemon does from time to time.
func (jobsListCmd) Run(s *session) error {
	all, err := s.client.Jobs(s.ctx)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return objects(s, all)
	}
	t := s.table("job", "schedule", "next", "last-run", "result", "report")
	for _, j := range all {
		next, last, result, report := "", "", "", ""
		if j.Next != nil {
			next = short(*j.Next)
		}
		if j.Last != nil {
			last, result, report = short(j.Last.Began), s.code("job-result", j.Last.Result), printable(j.Last.Report)
			if j.Last.Error != "" {
				report = firstLine(j.Last.Error)
			}
		}
		switch {
		case j.Waiting:
			result = s.code("job-result", "waiting")
		case j.Fault != "":
			next = printable(j.Fault)
		}
		t.row(printable(j.Name), printable(j.Schedule), next, last, result, report)
	}
	return t.print(s.out)
}

// short is a moment as lists show it.
func short(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return printable(line)
}

type jobsRunCmd struct {
	Name string `arg:""`
	Wait bool
}

// Run has a job run now, and with --wait says what became of it.
func (c jobsRunCmd) Run(s *session) error {
	j, err := s.client.RunJob(s.ctx, c.Name)
	if err != nil {
		return err
	}
	return s.afterJob(j, c.Wait)
}

// afterJob tells of a job that was asked for; it may wait for its end.
func (s *session) afterJob(j api.Job, wait bool) error {
	asked := time.Now()
	for wait && (j.Running || j.Waiting) {
		select {
		case <-s.ctx.Done():
			return s.ctx.Err()
		case <-time.After(min(2*time.Second, 100*time.Millisecond+time.Since(asked)/10)):
		}
		all, err := s.client.Jobs(s.ctx)
		if err != nil {
			return err
		}
		gone := true
		for _, one := range all {
			if one.Name == j.Name {
				j, gone = one, false
			}
		}
		if gone {
			return s.refusal("job-gone", "job", printable(j.Name))
		}
	}
	if wait && j.Last != nil && j.Last.Result != "ok" {
		return s.refusal("job-failed", "job", printable(j.Name), "result", s.code("job-result", j.Last.Result), "reason", printable(j.Last.Error))
	}
	if s.cli.JSON {
		return s.object(j)
	}
	switch {
	case wait && j.Last != nil && j.Last.Report != "":
		return s.say("%s", printable(j.Last.Report))
	case wait:
		return s.say("%s", s.t("cli.job-done", "job", printable(j.Name)))
	}
	return s.say("%s", s.t("cli.job-started", "job", printable(j.Name)))
}

type jobsCancelCmd struct {
	Name string `arg:""`
}

// Run stops a job that runs.
func (c jobsCancelCmd) Run(s *session) error {
	j, err := s.client.CancelJob(s.ctx, c.Name)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(j)
	}
	return s.say("%s", s.t("cli.job-cancelled", "job", printable(j.Name)))
}
