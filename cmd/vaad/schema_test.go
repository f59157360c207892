package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vaad/api/text"
	"vaad/console"
	"vaad/settings"
	"vaad/store"
)

func schemaDocument(t *testing.T) *settings.Document {
	t.Helper()
	db, _, err := store.Open(filepath.Join(t.TempDir(), "state.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	sec := newSections()
	doc, _, err := settings.New(settings.Config{DB: db, Sections: sec.parts(), Hints: hints(), Checks: []func(settings.View) error{sec.check}})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// eachKey calls f with every key of the schema.
func eachKey(nodes []settings.Node, f func(n *settings.Node)) {
	for i := range nodes {
		f(&nodes[i])
		eachKey(nodes[i].Fields, f)
		if nodes[i].Item != nil {
			eachKey([]settings.Node{*nodes[i].Item}, f)
		}
	}
}

func TestEverySettingHasWordsInEveryLanguage(t *testing.T) {
	eachKey(schemaDocument(t).Schema(), func(n *settings.Node) {
		words, h := console.SettingWords(n.Path), n.Hint
		for _, k := range []string{words, words + ".help"} {
			for _, lang := range text.Languages() {
				if _, ok := text.Lookup(lang, k); !ok {
					t.Errorf("%s has no words in api/text/settings.%s.json: %s", n.Path, lang, k)
				}
			}
		}
		group := h.Words
		if group == "" {
			group = words + ".value"
		}
		choices := slices.Clone(h.Choices)
		for _, v := range h.Also {
			choices = append(choices, strconv.FormatInt(v, 10))
		}
		if h.Form == formCountry || h.Refs != "" { // countries are named by who shows them, elements by themselves
			return
		}
		for _, c := range choices {
			if _, ok := text.Lookup(text.Chinese, group+"."+c); !ok {
				t.Errorf("%s: the choice %s has no words: %s.%s", n.Path, c, group, c)
			}
		}
	})
	for path, h := range hints() {
		if _, ok := text.Lookup(text.Chinese, "setting-fault.form."+h.Form); h.Form != "" && !ok {
			t.Errorf("%s: there are no words for a text that is no %s", path, h.Form)
		}
	}
}

// elements that are taken as they are, to try single keys of them.
func elements() map[string]string {
	return map[string]string{"lines": "1", "groups": "front", "profiles": "pbx", "spans": "card1/1", "trunk_groups": "out", "retention_classes": "y", "calendars": "office", "number_lists": "vip", "backup_targets": "nas"}
}

func TestWhatEditorsAreToldIsWhatIsTaken(t *testing.T) {
	doc := schemaDocument(t)
	base := map[string]json.RawMessage{}
	for section, key := range elements() {
		base[section+"."+key] = json.RawMessage("{}")
	}
	base["retention_classes.y"] = json.RawMessage(`{"days":30}`)
	base["backup_targets.nas"] = json.RawMessage(`{"kind":"folder","folder":{"path":"/srv"}}`)
	if _, err := doc.Plan(settings.Changes{Values: base}); err != nil {
		t.Fatal(err)
	}
	// at says what is wrong with a value at a key, the same key's faults only.
	at := func(path, value string) (faults []settings.Fault) {
		values := map[string]json.RawMessage{path: json.RawMessage(value)}
		for k, v := range base {
			values[k] = v
		}
		rest, target := strings.CutPrefix(path, "backup_targets.nas.")
		if kind, _, nested := strings.Cut(rest, "."); target && nested {
			values["backup_targets.nas"] = json.RawMessage(fmt.Sprintf(`{"kind":%q}`, kind)) // only the part of its kind counts
		}
		_, err := doc.Plan(settings.Changes{Values: values})
		var bad *settings.Invalid
		if err != nil && !errors.As(err, &bad) {
			t.Fatalf("%s = %s: %v", path, value, err)
		}
		if bad != nil {
			for _, f := range bad.Faults {
				if f.Path == path {
					faults = append(faults, f)
				}
			}
		}
		return faults
	}
	coded := func(faults []settings.Fault, code string) bool {
		return slices.ContainsFunc(faults, func(f settings.Fault) bool { return f.Code == code })
	}
	eachKey(doc.Schema(), func(n *settings.Node) {
		path := n.Path
		for section, key := range elements() {
			if rest, ok := strings.CutPrefix(path, section+".*"); ok {
				path = section + "." + key + rest
			}
		}
		h := n.Hint
		if strings.Contains(path, "*") || n.Kind == "object" { // items of lists are tried by their own tests
			return
		}
		if h.Min != h.Max {
			taken := []float64{h.Min, h.Max}
			for _, v := range h.Also {
				taken = append(taken, float64(v))
			}
			for _, v := range taken {
				if f := at(path, plainNumber(v)); coded(f, "range") || len(f) > 0 && f[0].Code == "" && strings.Contains(f[0].Text, "must be") {
					t.Errorf("%s = %v is in range, and refused: %v", path, v, f)
				}
			}
			for _, v := range []float64{h.Min - 1, h.Max + 1} {
				if slices.Contains(h.Also, int64(v)) || v > 1e12 {
					continue
				}
				if f := at(path, plainNumber(v)); !coded(f, "range") {
					t.Errorf("%s = %v is out of range, and not refused as such: %v", path, v, f)
				}
			}
		}
		if len(h.Choices) > 0 && h.Refs == "" {
			for _, c := range h.Choices {
				if f := at(path, strconv.Quote(c)); coded(f, "unknown") {
					t.Errorf("%s = %q is a choice, and refused: %v", path, c, f)
				}
			}
			if f := at(path, `"nonsense"`); !coded(f, "unknown") {
				t.Errorf("%s = nonsense is taken: %v", path, f)
			}
			if f := at(path, `""`); h.Optional && len(f) > 0 {
				t.Errorf("%s may be left out, and is refused: %v", path, f)
			}
		}
		if h.Refs != "" {
			if f := at(path, `"nowhere"`); !coded(f, "missing") {
				t.Errorf("%s names something that there is not, and it is taken: %v", path, f)
			}
		}
	})
}

func plainNumber(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func TestFaultsOfTheDocumentHaveCodesForOtherLanguages(t *testing.T) {
	doc := schemaDocument(t)
	for _, c := range []struct{ values, path, code string }{
		{`{"lines.1.port":3,"lines.2.port":3}`, "lines.2.port", "twice"},
		{`{"lines.1":{"extension":"12"},"lines.2":{"extension":"12"}}`, "lines.2.extension", "twice"},
		{`{"lines.1.group":"x"}`, "lines.1.group", "missing"},
		{`{"lines.1.ring":["77"]}`, "lines.1.ring", "form.rings"},
		{`{"lines.1":{"min_ms":9000,"max_ms":8000}}`, "lines.1.min_ms", "contradicts"},
		{`{"lines.x":{}}`, "lines.x", "form.line"},
		{`{"spans.card1":{}}`, "spans.card1", "form.span"},
		{`{"groups.a/b":{}}`, "groups.a/b", "form.name"},
		{`{"rules.list":[{"name":"a","groups":["x"]}]}`, "rules.list.0.groups.0", "missing"},
		{`{"rules.list":[{"name":"a","caller":["x y"]}]}`, "rules.list.0.caller.0", "form.term"},
		{`{"rules.list":[{"name":"a"},{"name":"a"}]}`, "rules.list.1.name", "form.name"},
		{`{"calendars.o.mon":["9-12"]}`, "calendars.o.mon.0", "form.period"},
		{`{"number_lists.l.numbers":["12","no"]}`, "number_lists.l.numbers.1", "form.pattern"},
		{`{"retention_classes.a":{}}`, "retention_classes.a.days", "never-ends"},
		{`{"retention.schedule":"sometimes"}`, "retention.schedule", "form.schedule"},
		{`{"backup_targets.a":{}}`, "backup_targets.a.kind", "required"},
		{`{"backup_targets.a":{"kind":"sftp"}}`, "backup_targets.a.sftp.address", "required"},
		{`{"backup_targets.a":{"kind":"folder","folder":{"path":"srv"}}}`, "backup_targets.a.folder.path", "form.path"},
		{`{"backup_targets.a":{"kind":"folder","folder":{"path":"/srv"},"encrypt":true}}`, "backup_targets.a.encrypt", "no-recipient"},
		{`{"evidence.mail_to":["a@b.cn"]}`, "evidence.mail_to", "no-mail"},
		{`{"site.country":"XX"}`, "site.country", "unknown"},
		{`{"mail":{"server":"m","from":"x"}}`, "mail.from", "form.address"},
	} {
		var values map[string]json.RawMessage
		if err := json.Unmarshal([]byte(c.values), &values); err != nil {
			t.Fatal(err)
		}
		_, err := doc.Plan(settings.Changes{Values: values})
		var bad *settings.Invalid
		if !errors.As(err, &bad) || !slices.ContainsFunc(bad.Faults, func(f settings.Fault) bool { return f.Path == c.path && f.Code == c.code }) {
			t.Errorf("%s: %+v %v", c.values, bad, err)
			continue
		}
		if _, ok := text.Lookup(text.Chinese, "setting-fault."+c.code); !ok {
			t.Errorf("the fault %s has no words", c.code)
		}
	}
}
