package main

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"vaad/api"
)

type callCmd struct {
	Number  string  `arg:"" optional:""`
	Line    lineArg `placeholder:"LINE"`
	Group   string  `placeholder:"GROUP"`
	Caller  string  `placeholder:"NUMBER"`
	Name    string  `placeholder:"NAME"`
	Private bool
	For     legArg  `placeholder:"LEG"`
	Timeout float64 `placeholder:"S"`
	Wait    bool
}

// Run calls somebody.
func (c callCmd) Run(s *session) error {
	n := api.NewCall{Number: c.Number, Group: c.Group, Caller: c.Caller, Name: c.Name, Private: c.Private, Timeout: c.Timeout}
	var err error
	if c.Line != "" {
		if n.Line, err = c.Line.number(s); err != nil {
			return err
		}
	}
	if n.For, err = c.For.name(s); err != nil {
		return err
	}
	switch {
	case c.Number == "" && c.Line == "":
		return s.usage("call")
	case c.Line != "" && c.Group != "":
		return s.usage("call-both")
	case c.Wait:
		return s.callAndWait(n)
	}
	return s.leg(s.client.NewCall(s.ctx, n))
}

// callAndWait begins a call and tells what becomes of it until it is answered or
// over. Facts are read from before it begins, so that none is missed.
func (s *session) callAndWait(n api.NewCall) error {
	var l api.Leg
	err := s.client.Watch(s.ctx, "", func(m api.Message) (err error) {
		switch {
		case l.ID == "":
			if l, err = s.client.NewCall(s.ctx, n); err != nil {
				return err
			}
			return s.leg(l, nil)
		case m.Event == api.EventResync:
			return io.ErrUnexpectedEOF // facts were lost: the leg itself says it
		case m.Event != api.EventFact:
			return nil
		}
		var f api.Fact
		if err := json.Unmarshal(m.Data, &f); err != nil || f.Call != l.ID {
			return err
		}
		return s.progress(&f)
	})
	if !errors.Is(err, io.ErrUnexpectedEOF) || l.ID == "" {
		return err
	}
	now, err := s.client.Leg(s.ctx, l.ID)
	if err != nil {
		return err
	}
	return s.leg(now, nil)
}

// progress tells what became of a call; errStopped: it is answered.
func (s *session) progress(f *api.Fact) error {
	switch f.Kind {
	case "alerting", "progress", "call-answered", "call-end":
	default:
		return nil
	}
	words := s.code("fact", f.Kind)
	switch f.Kind {
	case "call-answered":
		words += ": " + s.code("answered-by", f.AnsweredBy)
	case "call-end":
		words += ": " + s.code("ended-by", f.EndedBy)
	}
	var err error
	if s.cli.JSON {
		err = s.object(f)
	} else {
		err = s.say("%s  %s", when(f.Time), words)
	}
	if err != nil {
		return err
	}
	switch f.Kind {
	case "call-answered":
		return errStopped
	case "call-end":
		return s.refusal("not-answered", "line", strconv.Itoa(f.Line))
	}
	return nil
}
