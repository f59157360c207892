package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"vaad/api"
)

type rulesCmd struct {
	List    rulesListCmd    `cmd:"" default:"withargs"`
	Preview rulesPreviewCmd `cmd:""`
}

type rulesListCmd struct{}

func (rulesListCmd) Run(s *session) error {
	v, err := s.client.Setting(s.ctx, "rules.list")
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(v)
	}
	var all []map[string]any
	if err := json.Unmarshal(v.Value, &all); err != nil {
		return err
	}
	if len(all) == 0 {
		return s.say("%s", s.t("cli.rules-none"))
	}
	t := s.table("rule", "outcome-rule", "conditions")
	for _, r := range all {
		what := s.code("foreseen", map[bool]string{true: "recorded", false: "not-recorded"}[r["record"] == true])
		if r["off"] == true {
			what = s.t("cli.rule-off")
		}
		t.row(printable(fmt.Sprint(r["name"])), what+ofRule(r, "percent", "proof", "trigger", "codec", "sides", "class"),
			strings.TrimSpace(ofRule(r, "lines", "groups", "uses", "direction", "caller", "called", "party", "scope", "calendar", "outside", "heard")))
	}
	return t.print(s.out)
}

// ofRule is what is set of some keys of a rule, as in settings.
func ofRule(r map[string]any, keys ...string) string {
	var out strings.Builder
	for _, k := range keys {
		switch v := r[k].(type) {
		case string:
			if v != "" {
				fmt.Fprintf(&out, " %s=%s", k, printable(v))
			}
		case bool:
			if v {
				fmt.Fprintf(&out, " %s", k)
			}
		case float64:
			if v != 0 {
				fmt.Fprintf(&out, " %s=%v", k, v)
			}
		case []any:
			if len(v) > 0 {
				fmt.Fprintf(&out, " %s=%s", k, printable(strings.ReplaceAll(strings.Trim(fmt.Sprint(v), "[]"), " ", ",")))
			}
		}
	}
	return out.String()
}

type rulesPreviewCmd struct {
	File  string    `arg:"" optional:"" placeholder:"FILE"`
	From  moment    `placeholder:"T"`
	To    moment    `placeholder:"T"`
	Line  []lineArg `placeholder:"N"`
	Limit int       `placeholder:"N"`
}

func (c rulesPreviewCmd) Run(s *session) error {
	if c.Limit < 0 || c.Limit > 1000 {
		return usageError{s.refusal("limit", "value", strconv.Itoa(c.Limit))}
	}
	f, err := filter{Line: c.Line, From: c.From, To: c.To}.wanted(s)
	if err != nil {
		return err
	}
	ask := api.PreviewRules{Lines: f.Lines, Limit: c.Limit}
	if !f.From.IsZero() {
		ask.From = &f.From
	}
	if !f.To.IsZero() {
		ask.To = &f.To
	}
	if c.File != "" {
		if ask.Settings, err = s.rulesIn(c.File); err != nil {
			return err
		}
	}
	p, err := s.client.PreviewRules(s.ctx, ask)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(p)
	}
	if err := s.say("%s", s.t("cli.rules-sum", "recorded", strconv.Itoa(p.Recorded), "calls", strconv.Itoa(p.Calls), "demand", strconv.Itoa(p.OnDemand),
		"not", strconv.Itoa(p.NotRecorded), "changed", strconv.Itoa(p.Changed))); err != nil {
		return err
	}
	if !p.Complete {
		tell(s.err, s.t("cli.rules-part"))
	}
	t := s.table("rule", "recorded", "on-demand", "not-recorded")
	for _, r := range p.Rules {
		t.row(orElse(printable(r.Rule), s.t("cli.rules-own")), strconv.Itoa(r.Recorded), strconv.Itoa(r.OnDemand), strconv.Itoa(r.NotRecorded))
	}
	if len(t.rows) > 0 {
		if err := t.print(s.out); err != nil {
			return err
		}
	}
	for i := range p.Items {
		j := &p.Items[i]
		if err := s.say("%s  %s  %s  %s  %s", when(j.Call.Start), strconv.Itoa(j.Call.Line), party(j.Call.Direction, j.Call.Caller, j.Call.Called),
			s.code("foreseen", j.Outcome), printable(j.Text)); err != nil {
			return err
		}
	}
	return nil
}

// rulesIn takes from a file of settings what rules need; other sections are left out.
func (s *session) rulesIn(file string) (json.RawMessage, error) {
	in, err := s.open(file)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(in, maxSettings))
	if err = errors.Join(err, in.Close()); err != nil {
		return nil, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, s.usage("rules-file", "file", file, "reason", err.Error())
	}
	if whole, ok := all["settings"]; ok { // as settings export wraps them
		all = nil
		if err := json.Unmarshal(whole, &all); err != nil {
			return nil, s.usage("rules-file", "file", file, "reason", err.Error())
		}
	}
	maps.DeleteFunc(all, func(k string, _ json.RawMessage) bool {
		return !slices.Contains([]string{"rules", "calendars", "number_lists"}, k)
	})
	return json.Marshal(all)
}
