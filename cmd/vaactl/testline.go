package main

import (
	"strconv"

	"vaad/api"
)

// testLineCmd looks whether a line works.
type testLineCmd struct {
	Line     lineArg `arg:""`
	DialTone bool
}

func (c testLineCmd) Run(s *session) error {
	n, err := c.Line.number(s)
	if err != nil {
		return err
	}
	r, err := s.client.TestLine(s.ctx, n, api.TestLine{DialTone: c.DialTone})
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(r)
	}
	for i := range r.Checks {
		k := &r.Checks[i]
		words := s.code("verdict", k.Verdict)
		if f := checkFigures(k); f != "" {
			words += ", " + f
		}
		if err := s.say("%s: %s", k.Name, words); err != nil {
			return err
		}
		if k.Text != "" {
			if err := s.say("    %s. %s", k.Text, k.Remedy); err != nil {
				return err
			}
		}
		if k.Detail != "" {
			if err := s.say("    %s", printable(k.Detail)); err != nil {
				return err
			}
		}
	}
	return s.say("%s", s.code("verdict", r.Verdict))
}

// checkFigures is what was measured, as people write it.
func checkFigures(k *api.LineCheck) string {
	unit := map[string]string{"volts": " V", "steady": " V", "noise": " dBm0p", "hum": " dBm0", "caller-id": " %", "dial-tone": " s"}[k.Code]
	out := number(k.Value, 1, unit)
	if k.Low != nil && k.High != nil {
		if out != "" {
			out += " "
		}
		out += "(" + number(k.Low, 1, "") + " … " + number(k.High, 1, unit) + ")"
	}
	if k.Hz > 0 {
		out += " " + strconv.FormatFloat(k.Hz, 'f', 0, 64) + " Hz"
	}
	if k.Count > 0 {
		out += " / " + strconv.Itoa(k.Count)
	}
	if k.At != nil {
		out += when(*k.At)
	}
	return out
}
