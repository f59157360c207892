package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaad/api"
)

func TestRulesAreListedInTheirOrder(t *testing.T) {
	d := newDaemon(t)
	all := map[string]string{"rules.list": `[{"name":"private","party":["@vip","!1*"],"off":false},{"name":"sales","groups":["sales"],"record":true,"percent":10,"trigger":"call"},{"name":"old","off":true}]`}
	d.values(all)
	out, errs, code := d.ctl(t, "rules", "list")
	if code != exitOK {
		t.Fatal(errs)
	}
	for _, want := range []string{"private", "Not recorded", "party=@vip,!1*", "Recorded percent=10 trigger=call", "groups=sales", "off"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if strings.Index(out, "private") > strings.Index(out, "sales") {
		t.Error(out)
	}
	if again, _, _ := d.ctl(t, "rules"); again != out {
		t.Errorf("rules alone: %s", again)
	}
	all["rules.list"] = "[]"
	for lang, want := range map[string]string{"en": "There are no rules", "zh": "没有规则"} {
		if out, _, _ := d.ctl(t, "--lang", lang, "rules", "list"); !strings.Contains(out, want) {
			t.Errorf("%s: %s", lang, out)
		}
	}
}

func TestAPreviewOfRulesSendsThemAndPrintsWhatTheyMake(t *testing.T) {
	d := newDaemon(t)
	d.on("POST /rules/preview", api.RulesPreview{Calls: 240, Recorded: 212, OnDemand: 3, NotRecorded: 25, Changed: 9, Rules: []api.RuleCount{{Rule: "sales", Recorded: 200}, {NotRecorded: 25}},
		Items: []api.JudgedCall{{Call: api.Call{Line: 3, Start: time.Now(), Direction: "out", Called: "114"}, Outcome: "not-recorded", Text: "No rule fits."}}})
	file := filepath.Join(t.TempDir(), "rules.json")
	for _, content := range []string{`{"rules":{"list":[]},"site":{"name":"x"}}`, `{"vaad":"settings","format":1,"settings":{"rules":{"list":[]},"site":{"name":"x"}}}`} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		out, errs, code := d.ctl(t, "rules", "preview", "--from", "2026-11-01", "--line", "3", "--limit", "5", file)
		if code != exitOK || !strings.Contains(out, "Would have recorded 212 of 240 calls, 3 more on demand; 25 not recorded; 9 otherwise") {
			t.Fatalf("%d %s %s", code, out, errs)
		}
		for _, want := range []string{"sales", "line's own settings", "114", "Not recorded", "No rule fits."} {
			if !strings.Contains(out, want) {
				t.Errorf("%q is not in\n%s", want, out)
			}
		}
		if !strings.Contains(errs, "--from") { // it was not complete
			t.Errorf("%q", errs)
		}
		seen := d.requests()
		last := seen[len(seen)-1]
		if !strings.Contains(last, `"settings":{"rules":{"list":[]}}`) || !strings.Contains(last, `"lines":[3]`) || !strings.Contains(last, `"from":"2026-`) || !strings.Contains(last, `"limit":5`) {
			t.Error(last)
		}
	}
	if _, errs, code := d.ctl(t, "rules", "preview", os.DevNull); code != exitUsage || !strings.Contains(errs, "settings export") {
		t.Errorf("%d %s", code, errs)
	}
	if _, _, code := d.ctl(t, "rules", "preview", "--limit", "2000"); code != exitUsage {
		t.Error(code)
	}
}
