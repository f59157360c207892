package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"vaad/calls"
	"vaad/console"
	"vaad/recorder"
	"vaad/recorder/rules"
	"vaad/settings"
)

// ruler keeps the rules that are in force, made when settings change: the recorder
// asks when a call begins, and must not wait for a list of thousands to be read.
type ruler struct {
	doc  *settings.Document
	sec  sections
	plan *plan
	set  atomic.Pointer[rules.Set]
}

func newRuler(doc *settings.Document, sec sections, p *plan) *ruler {
	return &ruler{doc: doc, sec: sec, plan: p}
}

// follow makes the rules now and after every change, until it is told to stop.
func (r *ruler) follow() (stop func() error) {
	remake := func() {
		if set, err := r.sec.rulesIn(r.doc.View()); err == nil { // else settings were refused
			r.set.Store(set)
		}
	}
	cancels := []func(){
		r.sec.site.Subscribe(r.doc, func(siteDoc) { remake() }), // its time zone
		r.sec.rules.Subscribe(r.doc, func(rules.Doc) { remake() }),
		r.sec.calendars.Subscribe(r.doc, func(map[string]rules.Calendar) { remake() }),
		r.sec.numbers.Subscribe(r.doc, func(map[string]rules.List) { remake() }),
	}
	return func() error {
		for _, cancel := range cancels {
			cancel()
		}
		return nil
	}
}

func (r *ruler) rules() *rules.Set { return r.set.Load() }

// groups are those that a line is in, by its own word or by the group's.
func (r *ruler) groups(line int) (in []string) {
	v := r.doc.View()
	own := r.sec.lines.In(v)[key(line)].Group
	for name, g := range r.sec.groups.In(v) {
		if name == own || slices.Contains(g.Lines, line) {
			in = append(in, name)
		}
	}
	slices.Sort(in)
	return in
}

// judge gives what the rules make of past calls: those in force, or with the sections
// of settings that are given in the place of theirs.
func (r *ruler) judge(given json.RawMessage) (console.Judge, error) {
	set := r.rules()
	if len(given) > 0 {
		var err error
		if set, err = r.others(given); err != nil {
			return nil, err
		}
	}
	return func(c *calls.Row) recorder.Foresight {
		return recorder.Foresee(r.plan.recordConfig(c.Line), set, r.facts(c))
	}, nil
}

// others makes rules of sections as settings would take them.
func (r *ruler) others(given json.RawMessage) (*rules.Set, error) {
	v := r.doc.View()
	all := struct {
		Rules     *rules.Doc                 `json:"rules"`
		Calendars *map[string]rules.Calendar `json:"calendars"`
		Numbers   *map[string]rules.List     `json:"number_lists"`
	}{}
	whole, err := r.doc.Get("")
	if err != nil {
		return nil, err
	}
	var doc, over map[string]json.RawMessage
	if err := json.Unmarshal(given, &over); err != nil {
		return nil, &settings.Invalid{Faults: []settings.Fault{{Path: "settings", Text: err.Error()}}}
	}
	if err := json.Unmarshal(whole, &doc); err != nil {
		return nil, err
	}
	for k := range over {
		if !slices.Contains([]string{"rules", "calendars", "number_lists"}, k) {
			return nil, &settings.Invalid{Faults: []settings.Fault{{Path: k, Text: "no part of rules; known are rules, calendars, number_lists"}}}
		}
	}
	maps.Copy(doc, over)
	merged, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	if _, err := r.doc.Check(merged); err != nil { // says what is wrong, by key
		return nil, err
	}
	if err := json.Unmarshal(given, &all); err != nil { // it was taken as settings: this fits too
		return nil, fmt.Errorf("read rules: %w", err)
	}
	d, calendars, lists := r.sec.rules.In(v), r.sec.calendars.In(v), r.sec.numbers.In(v)
	groups := r.sec.groups.In(v)
	set, err := rules.New(*cmp.Or(all.Rules, &d), *cmp.Or(all.Calendars, &calendars), *cmp.Or(all.Numbers, &lists),
		func(g string) bool { _, ok := groups[g]; return ok }, r.sec.site.In(v).location())
	if err != nil {
		return nil, errors.Join(errors.New("make rules"), err)
	}
	return set, nil
}

// facts is what the journal knows of a call.
func (r *ruler) facts(c *calls.Row) rules.Facts {
	l := r.sec.lines.Get(r.doc)[key(c.Line)]
	f := rules.Facts{Call: c.ID, Line: c.Line, Groups: r.groups(c.Line), Use: useOf(l, r.plan.board(l.Board)).String(),
		Caller: c.Caller, Called: c.Called, Begin: c.Start}
	if c.Direction == "in" || c.Direction == "out" {
		f.Direction = c.Direction
	}
	for _, tone := range c.Modem {
		f.Modem = rules.Heard(f.Modem, tone)
	}
	return f
}
