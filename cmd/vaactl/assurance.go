package main

import (
	"fmt"
	"strconv"

	"vaad/api"
)

type assuranceCmd struct {
	Day string `arg:"" optional:""`
	Now bool
}

// Run shows what became of a day's calls, or lists the reports.
func (c assuranceCmd) Run(s *session) error {
	if c.Day == "" {
		return c.list(s)
	}
	a, err := s.client.Assurance(s.ctx, c.Day, c.Now)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(a)
	}
	if err := s.say("%s", s.t("cli.assurance", "day", a.Day, "calls", strconv.Itoa(a.Calls), "open", strconv.Itoa(a.Open), "talked", minutes(a.Seconds.Talked),
		"missing", minutes(a.Seconds.Missing), "lost", minutes(a.Seconds.Lost), "masked", minutes(a.Seconds.Masked))); err != nil {
		return err
	}
	verdicts := []string{"whole", "missed", "not-wanted", "partly", "erased", "failed", "unexplained"}
	t := s.table(append([]string{"line", "name", "calls"}, append(verdicts, "usual")...)...)
	for _, l := range a.Lines {
		row := []string{strconv.Itoa(l.Line), printable(l.Name), strconv.Itoa(l.Calls)}
		for _, v := range verdicts {
			row = append(row, none(l.Counts[v]))
		}
		t.row(append(row, strconv.FormatFloat(l.Usual, 'f', 1, 64))...)
	}
	if err := t.print(s.out); err != nil {
		return err
	}
	if err := c.items(s, &a); err != nil {
		return err
	}
	for _, l := range a.Lines {
		if l.Silent {
			if err := s.say("%s", s.t("cli.assurance-silent", "line", strconv.Itoa(l.Line), "usual", strconv.FormatFloat(l.Usual, 'f', 0, 64))); err != nil {
				return err
			}
		}
	}
	return s.say("%s", s.t(map[bool]string{true: "cli.assurance-ok", false: "cli.assurance-bad"}[a.OK]))
}

// items lists the calls that are not whole.
func (assuranceCmd) items(s *session, a *api.Assurance) error {
	if len(a.Items)+len(a.Strays) == 0 {
		return nil
	}
	t := s.table("start", "line", "verdict", "reason", "missing", "call")
	for _, i := range a.Items {
		missing := ""
		if i.Missing+i.Lost > 0 {
			missing = strconv.FormatFloat(i.Missing+i.Lost, 'f', 1, 64) + " s"
		}
		t.row(i.Start.Local().Format("15:04:05"), strconv.Itoa(i.Line), s.code("verdict", i.Verdict), printable(i.Said), missing, i.Call)
	}
	for _, x := range a.Strays {
		t.row(x.Start.Local().Format("15:04:05"), strconv.Itoa(x.Line), s.code("verdict", "unexplained"), s.t("assurance.stray", "recording", x.Recording), "", x.Call)
	}
	if a.More > 0 {
		t.row("…", "", "", s.t("cli.assurance-more", "count", strconv.Itoa(a.More)), "", "")
	}
	return t.print(s.out)
}

func (assuranceCmd) list(s *session) error {
	all, err := s.client.Assurances(s.ctx)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return objects(s, all)
	}
	t := s.table("day", "calls", "whole", "failed", "unexplained", "verdict")
	for _, d := range all {
		verdict := "ok"
		if !d.OK {
			verdict = "bad"
		}
		t.row(d.Day, strconv.Itoa(d.Calls), strconv.Itoa(d.Whole), none(d.Failed), none(d.Unexplained), s.code("assurance-verdict", verdict))
	}
	return t.print(s.out)
}

// none is a number, or nothing for 0.
func none(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// minutes is a sum of seconds as people read it, as 3:05:20.
func minutes(seconds float64) string {
	n := int(seconds + 0.5)
	return fmt.Sprintf("%d:%02d:%02d", n/3600, n/60%60, n%60)
}
