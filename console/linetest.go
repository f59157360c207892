package console

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/calls/learn"
	"vaad/calls/selftest"
)

// lineRoutes are what technicians do to a line beside recording it.
func lineRoutes() []route {
	const post = "POST"
	return []route{
		{"line-test", post, "/lines/{line}/test", access.SettingsRead, "Lines", "Look whether the line works, by what can be measured without taking it", with((*Server).testLine)},
		{"line-try", post, "/lines/{line}/try", access.SettingsWrite, "Lines", "Try gain and thresholds: they count at once and for 20 s, and are not saved", with((*Server).tryLine)},
		{"forget-volts", post, "/lines/{line}/forget-volts", access.SettingsWrite, "Lines", "Begin anew with the least and the largest voltage", with((*Server).forgetVolts)},
	}
}

// Technics is what technicians do to lines.
type Technics interface {
	// Test looks whether a line works.
	Test(ctx context.Context, line int) ([]selftest.Check, error)
	// Try lets settings of a line count for a while, unsaved.
	Try(line int, t api.TryLine) (until time.Time, err error)
	// ForgetVolts begins anew with the extremes of its voltage.
	ForgetVolts(line int) error
}

const (
	dialToneLong = 45 * time.Second // the longest that dial tone is looked for
	dialToneLook = 300 * time.Millisecond
)

// LineTestInput asks for a test.
type LineTestInput struct {
	LineAsked
	Body api.TestLine
}

func (s *Server) testLine(ctx context.Context, in *LineTestInput) (*body[api.LineReport], error) {
	if _, err := s.onLine(ctx, access.SettingsRead, in.Line); err != nil {
		return nil, err
	}
	if s.cfg.Technics == nil {
		return nil, failLine("not-available", in.Line, "")
	}
	lang := text.Match(in.Lang)
	out := api.LineReport{Line: in.Line, Time: s.cfg.Now().UTC(), Checks: []api.LineCheck{}}
	checks, err := s.cfg.Technics.Test(ctx, in.Line)
	if err != nil {
		return nil, s.lineProblem(ctx, "line-test", in.Line, err)
	}
	for i := range checks {
		out.Checks = append(out.Checks, checkOf(&checks[i], lang))
	}
	if in.Body.DialTone {
		c, err := s.dialTone(ctx, in.Line)
		if err != nil {
			return nil, err
		}
		worded(&c, lang)
		out.Checks = append(out.Checks, c)
	}
	out.Verdict = string(selftest.Good)
	for _, c := range out.Checks {
		if c.Verdict == string(selftest.Bad) || c.Verdict == string(selftest.Doubt) && out.Verdict == string(selftest.Good) {
			out.Verdict = c.Verdict
		}
	}
	return &body[api.LineReport]{out}, nil
}

func checkOf(c *selftest.Check, lang string) api.LineCheck {
	out := api.LineCheck{Code: c.Code, Verdict: string(c.Verdict), Why: c.Why, Value: rounded(c.Value), Low: rounded(c.Low), High: rounded(c.High),
		Hz: round(c.Hz, 1), Count: c.Count, At: moment(c.At), Alarms: c.Alarms, Detail: c.Detail}
	worded(&out, lang)
	return out
}

func rounded(v *float64) *api.Number {
	if v == nil {
		return nil
	}
	r := round(*v, 1)
	return &r
}

// worded puts the words to a check: line-test.CODE, line-test.CODE.WHY and its remedy.
func worded(c *api.LineCheck, lang string) {
	c.Name = text.Text(lang, "line-test."+c.Code, nil)
	if c.Why == "" {
		return
	}
	key := "line-test." + c.Code + "." + c.Why
	c.Text, c.Remedy = text.Text(lang, key, nil), text.Text(lang, key+".remedy", nil)
}

// dialTone seizes a trunk for a moment, as learning does, and says what it heard.
func (s *Server) dialTone(ctx context.Context, line int) (api.LineCheck, error) {
	c := api.LineCheck{Code: "dial-tone"}
	for _, v := range []access.Verb{access.Call, access.SettingsWrite} {
		if !who(ctx).scope.Allows(v, line) {
			s.denied(ctx, v, "dial-tone", line)
			return c, fail("forbidden", (&access.Denied{Actor: who(ctx).Name, Verb: v}).Error())
		}
	}
	l, err := s.learner(ctx, access.SettingsWrite, line)
	if err != nil {
		return c, err
	}
	e := access.Entry{Verb: access.Call, Line: line, Object: "dial-tone", Detail: map[string]string{"act": "test"}}
	err = s.act(ctx, e, func(*access.Entry) error {
		_, err := l.Start(learn.Order{Line: line}, who(ctx).Name)
		return learnProblem(line, err)
	})
	if err != nil {
		return c, err
	}
	ctx, cancel := context.WithTimeout(ctx, dialToneLong)
	defer cancel()
	look := time.NewTicker(dialToneLook)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			_ = l.Cancel(line) // it may have ended just now
			return c, failLine("timeout", line, "")
		case <-look.C:
		}
		j, err := l.Job(line)
		if err != nil {
			return c, learnProblem(line, err)
		}
		if j.State.Over() {
			dialToneIn(&c, &j)
			return c, nil
		}
	}
}

// dialToneIn takes what a run has measured of the dial tone.
func dialToneIn(c *api.LineCheck, j *learn.Job) {
	c.Verdict, c.Why = string(selftest.Bad), "none"
	for i := range j.Items {
		switch it := &j.Items[i]; {
		case it.Why != "":
		case it.Code == "dial-tone" && it.Tone != nil:
			c.Verdict, c.Why = string(selftest.Good), ""
			if len(it.Tone.Sines) > 0 {
				c.Hz = round(it.Tone.Sines[0].Hz, 1)
			}
		case it.Code == "dial-delay":
			c.Value = rounded(&it.Value)
		}
	}
	if c.Verdict == string(selftest.Bad) && j.State != learn.Done {
		c.Verdict, c.Why, c.Detail = string(selftest.Unknown), "not-seized", j.Why
	}
}

// LineTryInput is what is tried.
type LineTryInput struct {
	LineInput
	Body api.TryLine
}

func (s *Server) tryLine(ctx context.Context, in *LineTryInput) (*body[api.TriedLine], error) {
	if _, err := s.onLine(ctx, access.SettingsWrite, in.Line); err != nil {
		return nil, err
	}
	if s.cfg.Technics == nil {
		return nil, failLine("not-available", in.Line, "")
	}
	if err := s.hears(ctx, access.SettingsWrite, "try", in.Line, "line", strconv.Itoa(in.Line)); err != nil { // a row per ten minutes: a slider moves often
		return nil, err
	}
	until, err := s.cfg.Technics.Try(in.Line, in.Body)
	if err != nil {
		var p *api.Problem
		if errors.As(s.lineProblem(ctx, "line-try", in.Line, err), &p) && p.Code != "internal" {
			return nil, p
		}
		return nil, failLine("invalid", in.Line, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return &body[api.TriedLine]{api.TriedLine{Line: in.Line, Until: until.UTC()}}, nil
}

func (s *Server) forgetVolts(ctx context.Context, in *LineInput) (*done, error) {
	if _, err := s.onLine(ctx, access.SettingsWrite, in.Line); err != nil {
		return nil, err
	}
	if s.cfg.Technics == nil {
		return nil, failLine("not-available", in.Line, "")
	}
	e := access.Entry{Verb: access.SettingsWrite, Line: in.Line, Object: "volts", Detail: map[string]string{"act": "forget-volts"}}
	return &done{}, s.act(ctx, e, func(*access.Entry) error {
		return s.lineProblem(ctx, "forget-volts", in.Line, s.cfg.Technics.ForgetVolts(in.Line))
	})
}
