package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"vaad/calls"
	"vaad/recorder"
	"vaad/recorder/rules"
	"vaad/settings"
)

// setTo changes a setting, which must be taken.
func setTo(t *testing.T, doc *settings.Document, path, value string) {
	t.Helper()
	if _, err := doc.Set("ann", "", path, json.RawMessage(value)); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func newTestRuler(t *testing.T) *ruler {
	t.Helper()
	p := newTestPlan(t)
	r := newRuler(p.doc, p.sec, p)
	stop := r.follow()
	t.Cleanup(func() { _ = stop() })
	return r
}

func TestRulesThatDoNotFitTheSettingsAreRefusedByKey(t *testing.T) {
	r := newTestRuler(t)
	setTo(t, r.doc, "number_lists.vip", `{"numbers":["114"]}`)
	setTo(t, r.doc, "calendars.office", `{"mon":["08:30-12:00","13:00-17:00","19:00-20:00"]}`)
	setTo(t, r.doc, "groups.sales", `{"name":"Sales","lines":[3]}`)
	setTo(t, r.doc, "rules.list", `[{"name":"a","groups":["sales"],"caller":["@vip"],"calendar":"office"}]`)
	for path, c := range map[string]struct{ value, want string }{
		"rules.list":       {`[{"name":"a","caller":["@none"]}]`, "rules.list.0.caller.0"},
		"rules":            {`{"list":[{"name":"a","calendar":"none"}]}`, "rules.list.0.calendar"},
		"rules.internal":   {`["x"]`, "rules.internal.0"},
		"groups.sales":     {`null`, "rules.list.0.groups.0"},
		"number_lists.vip": {`null`, "rules.list.0.caller.0"},
		"number_lists.a,b": {`{"numbers":["1"]}`, "number_lists.a,b"},
		"number_lists.x":   {`{"numbers":["0755-1"]}`, "number_lists.x.numbers.0"},
		"calendars.office": {`{"tue":["9-12"]}`, "calendars.office.tue.0"},
		"calendars.far":    {`{"zone":"Mars/Base"}`, "calendars.far.zone"},
	} {
		_, err := r.doc.Set("ann", "", path, json.RawMessage(c.value))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v, want %s", path, c.value, err, c.want)
		}
	}
	if _, err := r.doc.Set("ann", "", "rules.list", json.RawMessage(`[{"name":"a","beep":true}]`)); err == nil || !strings.Contains(err.Error(), "rules.list.0.beep") {
		t.Errorf("a beep is taken: %v", err)
	}
}

func TestRulesGoByTheTimeZoneThatIsSetNow(t *testing.T) {
	r := newTestRuler(t)
	site := func() siteDoc { return r.sec.site.Get(r.doc) }
	if site().location() != machineTime {
		t.Errorf("none is set, and it is %v", site().location())
	}
	setTo(t, r.doc, "site.time_zone", `"Asia/Shanghai"`)
	setTo(t, r.doc, "calendars.office", `{"mon":["08:00-17:00"]}`)
	setTo(t, r.doc, "rules.list", `[{"name":"office","calendar":"office","record":true,"trigger":"call"}]`)
	begin := time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC) // Monday 09:00 in Shanghai, Sunday 20:00 in New York
	for _, zone := range []string{"Asia/Shanghai", "America/New_York", "Asia/Shanghai"} {
		setTo(t, r.doc, "site.time_zone", fmt.Sprintf("%q", zone))
		if site().location().String() != zone {
			t.Errorf("%s is set, and it is %v", zone, site().location())
		}
		want := ""
		if zone == "Asia/Shanghai" {
			want = "office"
		}
		if got := r.rules().Decide(&rules.Facts{Line: 3, Begin: begin, Final: true}).Rule; got != want {
			t.Errorf("in %s rule %q decides, want %q", zone, got, want)
		}
		judge, err := r.judge(nil)
		if err != nil {
			t.Fatal(err)
		}
		if f := judge(&calls.Row{ID: "01KCA000000000000000000001", Line: 3, Start: begin}); f.Rule != want {
			t.Errorf("in %s a preview says %q, want %q", zone, f.Rule, want)
		}
	}
}

func TestRulesCountFromTheMomentTheyAreSet(t *testing.T) {
	r := newTestRuler(t)
	if !r.rules().Empty() {
		t.Error("there are rules at first")
	}
	setTo(t, r.doc, "number_lists.vip", `{"numbers":["114"]}`)
	setTo(t, r.doc, "rules.list", `[{"name":"private","party":["@vip"]},{"name":"all","record":true,"trigger":"call"}]`)
	past := func(called string) *calls.Row {
		return &calls.Row{ID: "01KCA000000000000000000001", Line: 3, Direction: "out", Called: called}
	}
	outcome := func(given, called string) string {
		judge, err := r.judge(json.RawMessage(given))
		if err != nil {
			t.Fatal(err)
		}
		f := judge(past(called))
		return f.Rule + " " + f.Outcome
	}
	for _, c := range [][3]string{
		{"", "114", "private " + recorder.NotWanted}, {"", "115", "all " + recorder.Foreseen},
		{`{"number_lists":{"vip":{"numbers":["115"]}}}`, "114", "all " + recorder.Foreseen},
		{`{"number_lists":{"vip":{"numbers":["115"]}}}`, "115", "private " + recorder.NotWanted},
		{`{"rules":{"list":[{"name":"keys","record":true,"trigger":"key"}]}}`, "114", "keys " + recorder.OnDemand},
		{`{"rules":{"list":[]}}`, "114", " " + recorder.OnDemand}, // of the line: manual
		{`{"rules":null}`, "114", "private " + recorder.NotWanted},
	} {
		if got := outcome(c[0], c[1]); got != c[2] {
			t.Errorf("%s %s: %q, want %q", c[0], c[1], got, c[2])
		}
	}
	for given, want := range map[string]string{`{"rules":{"list":[{"name":"a b"}]}}`: "rules.list.0.name", `{"lines":{}}`: "lines", `[]`: "settings", `{"rules":{"list":[{"name":"a","caller":["@no"]}]}}`: "rules.list.0.caller.0"} {
		_, err := r.judge(json.RawMessage(given))
		var invalid *settings.Invalid
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", given, err, want)
		}
	}
	if r.rules().Empty() {
		t.Error("a preview has changed the rules")
	}
	setTo(t, r.doc, "rules.list", `[]`)
	if !r.rules().Empty() {
		t.Error("there are rules still")
	}
}

func TestALineIsInTheGroupsThatEitherNames(t *testing.T) {
	r := newTestRuler(t)
	setTo(t, r.doc, "groups", `{"b":{"lines":[3]},"a":{},"c":{"lines":[4]}}`)
	setTo(t, r.doc, "lines", `{"3":{"group":"a"}}`)
	if got := fmt.Sprint(r.groups(3), r.groups(4), r.groups(5)); got != "[a b] [c] []" {
		t.Error(got)
	}
}

func TestPastCallsAreJudgedByWhatTheJournalKnows(t *testing.T) {
	r := newTestRuler(t)
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	f := r.facts(&calls.Row{ID: "x", Line: 1, Start: at, Direction: "unknown", Caller: "1", Called: "2", Modem: []string{"ans", "v22"}})
	if f.Direction != "" || f.Caller != "1" || f.Called != "2" || f.Modem != "modem" || !f.Begin.Equal(at) || f.Call != "x" || f.Line != 1 {
		t.Errorf("%+v", f)
	}
}
