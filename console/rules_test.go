package console

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/calls"
	"vaad/recorder"
	"vaad/recorder/rules"
	"vaad/settings"
)

// fakeRules are a rule against 114, and others that are given as a list of rules.
func fakeRules(given json.RawMessage) (Judge, error) {
	d := rules.Doc{List: []rules.Rule{{Name: "private", Direction: "out", Called: []string{"114"}}}}
	if len(given) > 0 {
		var all struct {
			Rules rules.Doc `json:"rules"`
		}
		if err := json.Unmarshal(given, &all); err != nil || all.Rules.Validate() != nil {
			return nil, &settings.Invalid{Faults: []settings.Fault{{Path: "rules.list.0.name", Text: "bad"}}}
		}
		d = all.Rules
	}
	set, err := rules.New(d, nil, nil, func(string) bool { return true }, time.UTC)
	return func(r *calls.Row) recorder.Foresight {
		return recorder.Foresee(recorder.LineConfig{Trigger: recorder.Call}, set, rules.Facts{Call: r.ID, Line: r.Line, Direction: r.Direction, Called: r.Called, Begin: r.Start})
	}, err
}

func (f *fixture) pastCalls() {
	end := begun.Add(time.Minute)
	f.journal.rows = []calls.Row{
		{ID: "01KCA000000000000000000001", Line: 1, Start: begun, End: end, Direction: "out", Called: "114", Recordings: []string{"01A"}},
		{ID: "01KCA000000000000000000002", Line: 1, Start: begun, End: end, Direction: "out", Called: "115", Recordings: []string{"01B"}},
		{ID: "01KCA000000000000000000003", Line: 2, Start: begun, End: end, Direction: "in"},
		{ID: "01KCA000000000000000000004", Line: 1, Start: begun, End: end, Direction: "in", Missed: true},
		{ID: "01KCA000000000000000000005", Line: 1, Start: begun, Direction: "in"},
	}
}

func TestAPreviewSaysWhatRulesWouldHaveMadeOfPastCalls(t *testing.T) {
	f := newFixture(t)
	f.pastCalls()
	p := decode[api.RulesPreview](t, f.do("POST", "/rules/preview", api.PreviewRules{Limit: 2}), 200)
	if p.Calls != 3 || p.Recorded != 2 || p.NotRecorded != 1 || p.OnDemand != 0 || p.Changed != 2 || !p.Complete || len(p.Items) != 2 {
		t.Errorf("%+v", p)
	}
	if len(p.Rules) != 2 || p.Rules[0].Rule != "" || p.Rules[0].Recorded != 2 || p.Rules[1].Rule != "private" || p.Rules[1].NotRecorded != 1 {
		t.Errorf("%+v", p.Rules)
	}
	if i := p.Items[0]; i.Call.Called != "114" || i.Outcome != recorder.NotWanted || !i.WasRecorded || !strings.Contains(i.Text, "private") || !strings.Contains(i.Text, "114") {
		t.Errorf("%+v", i)
	}
	given := json.RawMessage(`{"rules":{"list":[{"name":"keys","record":true,"trigger":"key"}]}}`)
	p = decode[api.RulesPreview](t, f.do("POST", "/rules/preview", api.PreviewRules{Settings: given, Lines: []int{1}}), 200)
	if p.Calls != 2 || p.OnDemand != 2 || len(p.Items) != 0 {
		t.Errorf("%+v", p)
	}
	problemIn(t, f.do("POST", "/rules/preview", api.PreviewRules{Settings: json.RawMessage(`{"rules":{"list":[{}]}}`)}), "settings-invalid")
}

func TestAPreviewIsForThoseWhoMaySeeCalls(t *testing.T) {
	f := newFixture(t)
	f.pastCalls()
	problemIn(t, f.doAs(access.Actor{Name: "stranger", Kind: access.Local}, "POST", "/rules/preview", api.PreviewRules{}), "forbidden")
	f.cfg.Rules = nil
	problemIn(t, f.do("POST", "/rules/preview", api.PreviewRules{}), "not-available")
}

func TestWhySaysWhichRuleDecided(t *testing.T) {
	f := newFixture(t)
	set, err := rules.New(rules.Doc{List: []rules.Rule{{Name: "private", Lines: []int{1}, Direction: "in", Caller: []string{"0755*"}}}}, nil, nil, func(string) bool { return true }, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	d := set.Decide(&rules.Facts{Line: 1, Direction: "in", Caller: "07551"})
	f.journal.rows = []calls.Row{{ID: callID, Line: 1, Start: begun, Direction: "in", Caller: "07551", Why: []string{"call", recorder.WhyDropped, d.Code()}}}
	w := get[api.Why](f, "/calls/"+callID+"/why")
	if w.Call.Why != "call,rule-dropped" || w.Call.Rule != "private:deny:line=1;direction=in;caller=0755*" {
		t.Errorf("%q %q", w.Call.Why, w.Call.Rule)
	}
	found := false
	for _, r := range w.Reasons {
		if r.About == "rule" {
			found = r.Code == "deny" && r.Value == "private" && r.Text == "Rule private decided: not recorded. It is for line 1 and incoming calls and callers 0755*."
			if !found {
				t.Errorf("%+v", r)
			}
		}
	}
	if !found {
		t.Error("no rule in the reasons")
	}
}

func TestEveryDecisionHasWordsInEveryLanguage(t *testing.T) {
	for _, lang := range text.Languages() {
		for _, code := range []string{"", "rule:a:record:", "rule:a:deny:line=1", "rule:a:sample:group=b;use=tap;heard=fax;calendar=c", "rule:a:proof:outside=c;direction=out;caller=1;called=2;party=3;scope=internal",
			"rule:a:deny:use=trunk;use=station;heard=modem;heard=text;heard=any;direction=in;scope=external"} {
			if s := ruleWords(lang, code); s == "" || strings.Contains(s, "{") || strings.Contains(s, "rule-") || strings.Contains(s, "rule.") {
				t.Errorf("%s %q: %q", lang, code, s)
			}
		}
		hasWords(t, "foreseen", recorder.Foreseen, recorder.OnDemand, recorder.NotWanted)
	}
}
