package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"vaad/api"
)

type logsCmd struct {
	Level  string `placeholder:"LEVEL" default:"info"`
	Text   string `placeholder:"WORDS"`
	From   moment `placeholder:"T"`
	To     moment `placeholder:"T"`
	Limit  int    `default:"100"`
	Follow bool   `short:"f"`
}

// followEvery is how often new lines are asked for.
const followEvery = time.Second

// Run prints the last lines of the daemon's log, the oldest first, as a log is read.
func (c logsCmd) Run(s *session) error {
	if c.Limit < 1 || c.Limit > 1000 {
		return usageError{s.refusal("limit", "value", strconv.Itoa(c.Limit))}
	}
	f := api.LogFilter{Level: c.Level, Text: c.Text, From: c.From.Time, To: c.To.Time, Limit: c.Limit}
	for {
		p, err := s.client.Logs(s.ctx, f)
		if err != nil {
			if c.Follow && s.ctx.Err() != nil {
				return nil
			}
			return err
		}
		for _, l := range slices.Backward(p.Items) {
			if err := s.logLine(l); err != nil {
				return err
			}
		}
		if !c.Follow {
			return nil
		}
		if len(p.Items) > 0 {
			f.After, f.Limit = p.Items[0].Seq, 1000
		}
		if p.Next != "" && f.Limit == 1000 && len(p.Items) == 1000 {
			continue
		}
		select {
		case <-s.ctx.Done():
			return nil
		case <-time.After(followEvery):
		}
	}
}

func (s *session) logLine(l api.LogLine) error {
	if s.cli.JSON {
		return s.object(l)
	}
	var b strings.Builder
	for _, a := range l.Attrs {
		v := printable(a.Value)
		if strings.ContainsAny(v, " \"=") {
			v = strconv.Quote(v)
		}
		b.WriteString(" " + printable(a.Key) + "=" + v)
	}
	return s.say("%s  %-5s  %s%s", when(l.Time), l.Level, printable(l.Text), b.String())
}
