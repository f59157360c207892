package main

import (
	"errors"
	"strconv"
	"strings"

	"vaad/api"
)

// A legArg names a leg: by its ID, or by its line's number or board/port.
type legArg string

// name is what the daemon knows it by.
func (a legArg) name(s *session) (string, error) {
	if !strings.Contains(string(a), "/") {
		return string(a), nil
	}
	n, err := lineArg(a).number(s)
	return strconv.Itoa(n), err
}

// names are those of several.
func names(s *session, all []legArg) ([]string, error) {
	out := make([]string, 0, len(all))
	for _, a := range all {
		n, err := a.name(s)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

type legsCmd struct{}

// Run lists the calls that are up on trunks and stations.
func (legsCmd) Run(s *session) error {
	all, err := s.client.Legs(s.ctx)
	if err != nil || s.cli.JSON {
		return errors.Join(err, objects(s, all))
	}
	return s.list(s.legTable(all...), "cli.no-legs")
}

func (s *session) legTable(all ...api.Leg) *table {
	t := s.table("line", "name", "use", "direction", "party", "state", "since", "with", "by", "id")
	for i := range all {
		l := &all[i]
		name := printable(l.LineName)
		if l.Extension != "" {
			name = strings.TrimSpace(l.Extension + " " + name)
		}
		state := s.code("leg-state", l.State)
		if l.Role != "" && l.Role != "talk" {
			state += ", " + s.code("leg-role", l.Role)
		}
		t.row(strconv.Itoa(l.Line), name, s.code("use", l.Use), s.code("direction", l.Direction), party(l.Direction, l.Caller, l.Called),
			state, when(l.Since), with(l, all), printable(l.By), l.ID)
	}
	return t
}

// with are the lines that a leg is together with, as far as they are known.
func with(l *api.Leg, all []api.Leg) string {
	var out []string
	for i := range all {
		if o := &all[i]; l.Bridge != "" && o.Bridge == l.Bridge && o.ID != l.ID {
			out = append(out, strconv.Itoa(o.Line))
		}
	}
	return strings.Join(out, ", ")
}

// leg prints a leg after something was done with it.
func (s *session) leg(l api.Leg, err error) error {
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(l)
	}
	t := s.legTable(l)
	t.drop()
	return t.print(s.out)
}

// onLeg does something with a leg and prints it.
func (s *session) onLeg(a legArg, do func(name string) (api.Leg, error)) error {
	name, err := a.name(s)
	if err != nil {
		return err
	}
	return s.leg(do(name))
}

type answerCmd struct {
	Leg legArg `arg:""`
}

func (c answerCmd) Run(s *session) error {
	return s.onLeg(c.Leg, func(l string) (api.Leg, error) { return s.client.Answer(s.ctx, l) })
}

type hangupCmd struct {
	Leg   legArg `arg:""`
	Cause int    `placeholder:"N"`
}

func (c hangupCmd) Run(s *session) error {
	return s.onLeg(c.Leg, func(l string) (api.Leg, error) { return s.client.Hangup(s.ctx, l, c.Cause) })
}

type holdCmd struct {
	Leg  legArg `arg:""`
	Tell bool
}

func (c holdCmd) Run(s *session) error {
	return s.onLeg(c.Leg, func(l string) (api.Leg, error) { return s.client.Hold(s.ctx, l, c.Tell) })
}

type unholdCmd struct {
	Leg legArg `arg:""`
}

func (c unholdCmd) Run(s *session) error {
	return s.onLeg(c.Leg, func(l string) (api.Leg, error) { return s.client.Unhold(s.ctx, l) })
}

type transferCmd struct {
	Leg    legArg `arg:""`
	Number string `arg:"" optional:""`
	To     legArg `placeholder:"LEG"`
}

func (c transferCmd) Run(s *session) error {
	if (c.Number == "") == (c.To == "") {
		return s.usage("transfer")
	}
	to, err := c.To.name(s)
	if err != nil {
		return err
	}
	return s.onLeg(c.Leg, func(l string) (api.Leg, error) {
		return s.client.Transfer(s.ctx, l, api.TransferLeg{Number: c.Number, To: to})
	})
}

type keysCmd struct {
	Leg    legArg `arg:""`
	Digits string `arg:""`
}

func (c keysCmd) Run(s *session) error {
	name, err := c.Leg.name(s)
	if err != nil {
		return err
	}
	return s.requested(s.client.SendKeys(s.ctx, name, c.Digits))
}

// requested prints the ID of what goes on.
func (s *session) requested(r api.Requested, err error) error {
	if err != nil || !s.cli.JSON {
		return err
	}
	return s.object(r)
}
