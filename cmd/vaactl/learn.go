package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"vaad/api"
)

// learnCmd guides a technician through the calls by which a line is measured.
type learnCmd struct {
	Line     lineArg `arg:""`
	Busy     string  `placeholder:"NUMBER"`
	Call     string  `placeholder:"NUMBER"`
	WaitCall bool
	Apply    bool
	Profile  string `placeholder:"NAME"`
}

// learnPoll is how often a run is looked at.
const learnPoll = 300 * time.Millisecond

func (c learnCmd) Run(s *session) error {
	n, err := c.Line.number(s)
	if err != nil {
		return err
	}
	j, err := s.client.Learn(s.ctx, n, api.LearnLine{Busy: c.Busy, Call: c.Call, WaitCall: c.WaitCall})
	if err != nil {
		return s.learnRefused(n, err)
	}
	if j, err = s.followLearning(n, j); err != nil {
		return err
	}
	if s.cli.JSON {
		if err := s.object(j); err != nil {
			return err
		}
	} else {
		for i := range j.Measured {
			if m := &j.Measured[i]; m.Why != "" {
				if err := s.say("%s", s.measured(m)); err != nil {
					return err
				}
			}
		}
	}
	if j.State != "done" {
		why := j.Why
		if why == "" {
			why = j.State
		}
		return errors.New(s.t("learn-why."+why) + "\n" + s.t("learn-why."+why+".remedy"))
	}
	return c.propose(s, n, j.Profile)
}

// learnRefused shows of a tap what is learnt of it so far.
func (s *session) learnRefused(n int, err error) error {
	var p *api.Problem
	if errors.As(err, &p) && p.Code == "learn-tap" && !s.cli.JSON {
		if l, lost := s.client.Line(s.ctx, n); lost == nil {
			t := s.learntTable()
			t.row(s.learntRow(&l)...)
			if lost := t.print(s.out); lost != nil {
				return lost
			}
		}
	}
	return err
}

// followLearning prints each step as it begins and what was measured as it comes, until the
// run is over. Who interrupts it gives the run up.
func (s *session) followLearning(n int, j api.Learning) (api.Learning, error) {
	steps, told := 0, map[string]bool{}
	tick := time.NewTicker(learnPoll)
	defer tick.Stop()
	for {
		for ; steps < len(j.Steps) && !s.cli.JSON; steps++ {
			p := &j.Steps[steps]
			of := p.Of
			if of == "" {
				of = "–"
			}
			if err := s.say("%s  %s", p.Begin.Local().Format("15:04:05"), s.t("learn-step."+p.Code, "number", of, "seconds", strconv.Itoa(int(p.Limit)))); err != nil {
				return j, err
			}
		}
		for i := range j.Measured {
			m := &j.Measured[i]
			if key := m.Code + m.Text; m.Why == "" && !told[key] && !s.cli.JSON {
				told[key] = true
				if err := s.say("          %s", s.measured(m)); err != nil {
					return j, err
				}
			}
		}
		if j.Ended != nil {
			return j, nil
		}
		select {
		case <-tick.C:
		case <-s.ctx.Done():
			ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), 5*time.Second)
			defer cancel()
			return j, errors.Join(s.ctx.Err(), s.client.CancelLearn(ctx, n))
		}
		next, err := s.client.Learning(s.ctx, n)
		switch {
		case err == nil && next.ID != j.ID:
			return j, s.refusal("learn-replaced")
		case err == nil:
			j = next
		case s.ctx.Err() == nil:
			return j, err
		}
	}
}

// measured is one thing in words.
func (s *session) measured(m *api.LearnItem) string {
	name := s.t("learn-item." + m.Code)
	if m.Why != "" {
		return s.t("cli.learn-not", "what", name, "why", s.code("learn-not", m.Why))
	}
	var said []string
	add := func(key string, args ...string) { said = append(said, s.t("cli.learn-"+key, args...)) }
	value := func(decimals int) string { return number(m.Value, decimals, "") }
	switch m.Code {
	case "volts-idle", "volts-off-hook":
		add("volts", "volts", value(1))
	case "dial-delay", "ring-delay", "ring-reversal":
		add("seconds", "seconds", value(2))
	case "ring":
		add("bursts", "count", value(0))
	case "answer":
		said = append(said, s.code("learn-answer", m.Text))
	case "release-sign":
		said = append(said, s.code("ended-by", m.Text))
		if m.Value != nil && *m.Value > 0 {
			add("later", "seconds", value(1))
		}
	case "caller-id":
		said = append(said, s.code("format", m.Text))
	}
	if t := m.Tone; t != nil {
		add("tone", "hz", joined(t.Hz, 0, " + "), "level", decimals(t.DBm0, 1))
		switch {
		case t.Steady:
			add("steady")
		case len(t.Parts) == 0:
			add("no-cadence")
		}
		m.Parts = t.Parts
	}
	if len(m.Parts) > 0 {
		add("cadence", "parts", cadenceOf(m.Parts))
	}
	if f := m.Fit; f != nil {
		switch {
		case f.Tone != "":
			add("fit", "tone", s.code("heard-tone", f.Tone), "country", f.Country, "hz", signed(f.HzOff, 1), "db", signed(f.DBOff, 1))
		case len(f.Others) > 0:
			add("fit-others", "country", f.Country, "others", strings.Join(f.Others, ", "))
		default:
			add("misfit", "country", f.Country)
		}
	}
	if n := m.Noise; n != nil {
		add("noise", "level", decimals(n.DBm0, 1), "weighted", decimals(n.DBm0p, 1))
		if n.HumDBm0 != nil {
			add("hum", "level", decimals(*n.HumDBm0, 1), "hz", decimals(n.MainsHz, 1))
		} else {
			add("no-hum")
		}
	}
	if m.Sure > 0 && m.Sure < 90 {
		add("sure", "percent", strconv.Itoa(m.Sure))
	}
	return name + ": " + strings.Join(said, ", ")
}

func decimals(v float64, n int) string { return strconv.FormatFloat(v, 'f', n, 64) }

func signed(v float64, n int) string { return fmt.Sprintf("%+.*f", n, v) }

func joined(all []float64, n int, by string) string {
	var out []string
	for _, v := range all {
		out = append(out, decimals(v, n))
	}
	return strings.Join(out, by)
}

// cadenceOf is a cycle as "350/350".
func cadenceOf(parts []api.LearnPart) string {
	var ms []float64
	for _, p := range parts {
		ms = append(ms, p.OnMS, p.OffMS)
	}
	return joined(ms, 0, "/")
}

// propose shows the profile that follows, and saves it where that is wanted.
func (c learnCmd) propose(s *session, n int, found api.LearnProfile) error {
	p, err := s.lineProfile(n)
	if err != nil {
		return err
	}
	var fresh profile
	b, err := json.Marshal(found)
	if err == nil {
		err = json.Unmarshal(b, &fresh)
	}
	if err != nil {
		return err
	}
	maps.Copy(p, fresh)
	name := c.Profile
	if name == "" {
		name = "line-" + strconv.Itoa(n)
	}
	if !s.cli.JSON {
		var holds []string
		for _, k := range slices.Sorted(maps.Keys(p)) {
			if v := p[k]; v != "" && v != 0.0 {
				holds = append(holds, fmt.Sprintf("%s=%v", k, v))
			}
		}
		if err := s.say("%s", s.t("cli.learn-proposed", "name", printable(name), "holds", printable(strings.Join(holds, " ")))); err != nil {
			return err
		}
	}
	if !c.Apply {
		if s.cli.JSON {
			return nil
		}
		if err := s.say("%s", s.t("cli.learn-ask", "name", printable(name), "line", strconv.Itoa(n))); err != nil {
			return err
		}
		answer, _ := bufio.NewReader(s.in).ReadString('\n') // whoever answers nothing does not agree
		if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" && a != "是" {
			return s.say("%s", s.t("cli.learn-not-saved"))
		}
	}
	value, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if _, err = s.client.Set(s.ctx, "profiles."+name, value, fmt.Sprintf("learnt of line %d", n)); err != nil {
		return err
	}
	quoted, _ := json.Marshal(name)
	if _, err = s.client.Set(s.ctx, fmt.Sprintf("lines.%d.profile", n), quoted, "learnt"); err != nil || s.cli.JSON {
		return err
	}
	return s.say("%s", s.t("cli.learn-saved", "name", printable(name), "line", strconv.Itoa(n)))
}
