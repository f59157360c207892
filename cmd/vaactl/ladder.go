package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"vaad/api"
)

type ladderCmd struct {
	Span     spanArg `arg:""`
	Call     string  `placeholder:"REF"`
	Number   string  `placeholder:"DIGITS"`
	Wrong    bool
	Frames   bool
	Follow   bool
	Elements bool
	Limit    int `default:"200" placeholder:"N"`
}

// ladderEvery is how often what is new is asked for.
const ladderEvery = time.Second

// Run shows what was lately said on a D-channel.
func (c ladderCmd) Run(s *session) error {
	if c.Limit < 1 || c.Limit > 2000 {
		return s.usage("ladder-limit", "value", strconv.Itoa(c.Limit))
	}
	q := api.LadderFilter{Call: c.Call, Number: c.Number, Layer: 3, Limit: c.Limit}
	if c.Frames {
		q.Layer = 0
	}
	if c.Wrong {
		q.Wrong = "yes"
	}
	for first := true; ; first = false {
		l, err := s.client.Ladder(s.ctx, c.Span.board, c.Span.span, q)
		if err != nil {
			return err
		}
		if err := c.show(s, &l, first); err != nil || !c.Follow {
			return err
		}
		q.After = l.Next
		select {
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		case <-time.After(ladderEvery):
		}
	}
}

func (c ladderCmd) show(s *session, l *api.Ladder, first bool) error {
	if s.cli.JSON {
		for i := range l.Items {
			if err := s.object(&l.Items[i]); err != nil {
				return err
			}
		}
		return nil
	}
	if first {
		since := "–"
		if l.Since != nil {
			since = when(*l.Since)
		}
		if err := s.say("%s", s.t("cli.ladder-head", "board", printable(l.Board), "span", strconv.Itoa(l.Span), "kept", strconv.Itoa(l.Kept), "since", since)); err != nil {
			return err
		}
		if len(l.Items) == 0 && !c.Follow {
			return s.say("%s", s.t("cli.ladder-none"))
		}
	}
	for i := range l.Items {
		if err := c.message(s, &l.Items[i]); err != nil {
			return err
		}
	}
	if first && l.LeftOut > 0 {
		return s.say("%s", s.t("cli.ladder-more", "count", strconv.Itoa(l.LeftOut)))
	}
	return nil
}

// message is one rung: network on the left, user on the right.
func (c ladderCmd) message(s *session, m *api.LadderMessage) error {
	arrow := "──▶"
	if m.From == "user" {
		arrow = "◀──"
	}
	parts := []string{fmt.Sprintf("%s  N %s U  %-20s", m.Time.Local().Format("15:04:05.000"), arrow, printable(m.Name))}
	add := func(words string) {
		if words != "" {
			parts = append(parts, words)
		}
	}
	add(m.Call)
	if m.Slot > 0 {
		add(s.t("q931.slot", "value", strconv.Itoa(m.Slot)))
	}
	if m.Line > 0 {
		add(s.t("column.line") + " " + strconv.Itoa(m.Line))
	}
	if m.Name == "SETUP" {
		add(strings.TrimSpace(printable(m.Caller) + " → " + printable(m.Called)))
	}
	if m.Cause > 0 {
		add(strconv.Itoa(m.Cause) + " " + m.Text)
	}
	for _, w := range m.Wrong {
		if w.Code != "cause" {
			add("! " + printable(w.Text))
		}
	}
	if err := s.say("%s", strings.Join(parts, "  ")); err != nil || !c.Elements {
		return err
	}
	for _, e := range m.Elements {
		if err := s.say("%18s%s  %s", "", e.Name, printable(e.Text)); err != nil {
			return err
		}
	}
	return nil
}
