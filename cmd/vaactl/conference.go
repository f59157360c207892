package main

import (
	"errors"
	"strconv"
	"strings"

	"vaad/api"
)

type bridgeCmd struct {
	Leg []legArg `arg:""`
}

// Run puts legs together.
func (c bridgeCmd) Run(s *session) error {
	if len(c.Leg) < 2 {
		return s.usage("bridge")
	}
	all, err := names(s, c.Leg)
	if err != nil {
		return err
	}
	return s.bridged(s.client.Bridge(s.ctx, all...))
}

// bridged prints bridges.
func (s *session) bridged(b api.Bridge, err error) error {
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(b)
	}
	return s.bridgeTable(b).print(s.out)
}

func (s *session) bridgeTable(all ...api.Bridge) *table {
	t := s.table("id", "start", "lines", "by")
	for _, b := range all {
		var lines []string
		for _, n := range b.Lines {
			lines = append(lines, strconv.Itoa(n))
		}
		t.row(b.ID, when(b.Begun), strings.Join(lines, ", "), printable(b.By))
	}
	return t
}

type unbridgeCmd struct {
	Leg legArg `arg:""`
}

func (c unbridgeCmd) Run(s *session) error {
	return s.onLeg(c.Leg, func(l string) (api.Leg, error) { return s.client.Unbridge(s.ctx, l) })
}

type conferenceCmd struct {
	Leg  []legArg `arg:"" optional:""`
	Into legArg   `placeholder:"LEG"`
}

// Run lists who is together, or takes legs into the conference of another.
func (c conferenceCmd) Run(s *session) error {
	if len(c.Leg) == 0 && c.Into == "" {
		all, err := s.client.Bridges(s.ctx)
		if err != nil || s.cli.JSON {
			return errors.Join(err, objects(s, all))
		}
		return s.list(s.bridgeTable(all...), "cli.no-bridges")
	}
	if len(c.Leg) == 0 || c.Into == "" && len(c.Leg) < 2 {
		return s.usage("conference")
	}
	all, err := names(s, c.Leg)
	if err != nil {
		return err
	}
	if c.Into == "" {
		return s.bridged(s.client.Bridge(s.ctx, all...))
	}
	id, err := c.Into.bridge(s)
	if err != nil {
		return err
	}
	return s.bridged(s.client.AddToBridge(s.ctx, id, all...))
}

// bridge is the bridge of that ID, or the one that a leg is in.
func (a legArg) bridge(s *session) (string, error) {
	name, err := a.name(s)
	if err != nil {
		return "", err
	}
	if _, err := strconv.Atoi(name); err != nil {
		all, err := s.client.Bridges(s.ctx)
		if err != nil {
			return "", err
		}
		for _, b := range all {
			if strings.EqualFold(b.ID, name) {
				return b.ID, nil
			}
		}
	}
	l, err := s.client.Leg(s.ctx, name)
	if err != nil {
		return "", err
	}
	if l.Bridge == "" {
		return "", s.refusal("not-bridged", "line", strconv.Itoa(l.Line))
	}
	return l.Bridge, nil
}

// supervision lets somebody into the call of a leg.
type supervision struct {
	Leg legArg `arg:""`
	By  legArg `required:"" placeholder:"LINE"`
}

func (c supervision) as(s *session, role string) error {
	by, err := c.By.name(s)
	if err != nil {
		return err
	}
	name, err := c.Leg.name(s)
	if err != nil {
		return err
	}
	r := api.SuperviseLeg{Role: role, Leg: by}
	if line, err := strconv.Atoi(by); err == nil {
		_, err := s.client.Leg(s.ctx, by)
		var p *api.Problem
		switch {
		case errors.As(err, &p) && p.Code == "no-leg": // its telephone is idle: it rings first
			r = api.SuperviseLeg{Role: role, Line: line}
		case err != nil:
			return err
		}
	}
	return s.leg(s.client.Supervise(s.ctx, name, r))
}

type listenInCmd struct{ supervision }

func (c listenInCmd) Run(s *session) error { return c.as(s, "listen") }

type whisperCmd struct{ supervision }

func (c whisperCmd) Run(s *session) error { return c.as(s, "whisper") }

type bargeCmd struct{ supervision }

func (c bargeCmd) Run(s *session) error { return c.as(s, "barge") }

type roleCmd struct {
	Leg  legArg `arg:""`
	Role string `arg:"" enum:"talk,listen,whisper,barge"`
	To   legArg `placeholder:"LEG"`
}

// Run changes what a leg does in its conference.
func (c roleCmd) Run(s *session) error {
	to, err := c.To.name(s)
	if err != nil {
		return err
	}
	return s.onLeg(c.Leg, func(l string) (api.Leg, error) {
		return s.client.Role(s.ctx, l, api.LegRole{Role: c.Role, To: to})
	})
}

type announceCmd struct {
	Leg      legArg   `arg:""`
	Prompt   []string `arg:"" optional:""`
	All      bool
	Loop     bool
	Over     bool
	Queue    bool
	StopOn   string  `placeholder:"KEYS"`
	GainDB   float64 `name:"gain-db" placeholder:"DB"`
	Language string  `enum:",en,zh" default:"" placeholder:"LANG"`
	Stop     bool
}

// Run lets a leg, or all of its conference, hear something.
func (c announceCmd) Run(s *session) error {
	if (len(c.Prompt) == 0) != c.Stop {
		return s.usage("announce")
	}
	where, err := c.Leg.name(s)
	if c.All && err == nil {
		where, err = c.Leg.bridge(s)
	}
	p := api.PlayTo{Prompts: c.Prompt, Lang: c.Language, Loop: c.Loop, Over: c.Over, Queue: c.Queue, StopOn: c.StopOn, GainDB: c.GainDB}
	switch {
	case err != nil:
		return err
	case c.Stop && c.All:
		return s.client.StopPlayAtBridge(s.ctx, where)
	case c.Stop:
		return s.leg(s.client.StopPlay(s.ctx, where))
	case c.All:
		return s.requested(s.client.PlayToBridge(s.ctx, where, p))
	}
	return s.requested(s.client.PlayTo(s.ctx, where, p))
}
