package settings

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
)

func hinted(c *Config) {
	c.Hints = map[string]Hint{
		"site.language":      {Choices: []string{"en", "zh"}},
		"site.tags.*":        {Form: "tag"},
		"lines.*":            {Form: "line"},
		"lines.*.preroll_ms": {Unit: "ms", Min: 0, Max: 30000, Also: []int64{-1}},
		"lines.*.trigger":    {Refs: "lines", Choices: []string{"voltage", "off"}, Optional: true},
	}
}

func TestTheSchemaHasEveryKeyWithItsDefault(t *testing.T) {
	f := doc(t, hinted)
	var all []string
	var walk func(n *Node)
	walk = func(n *Node) {
		all = append(all, n.Path+" "+n.Kind+" "+string(n.Default))
		for i := range n.Fields {
			walk(&n.Fields[i])
		}
		if n.Item != nil {
			walk(n.Item)
		}
	}
	for _, n := range f.doc.Schema() {
		walk(&n)
	}
	want := `site object 
site.language text "zh"
site.tags list ["a"]
site.tags.* text 
site.disk object 
site.disk.reserve_mb whole 512
site.disk.full text "stop"
lines map 
lines.* object 
lines.*.name text "line "
lines.*.trigger text "voltage"
lines.*.preroll_ms whole 2000
lines.*.port whole 0`
	if got := strings.Join(all, "\n"); got != want {
		t.Errorf("schema:\n%s", got)
	}
	if h := f.doc.Schema()[1].Item.Fields[2].Hint; h.Unit != "ms" || h.Max != 30000 {
		t.Errorf("hint %+v", h)
	}
}

func TestAHintOfAKeyThatThereIsNotIsADefect(t *testing.T) {
	f := doc(t)
	c := f.cfg
	c.Hints = map[string]Hint{"lines.*.prerol": {}}
	if _, _, err := New(c); err == nil || !strings.Contains(err.Error(), "lines.*.prerol") {
		t.Errorf("%v", err)
	}
}

func TestFaultsHaveCodesAndValuesForOtherLanguages(t *testing.T) {
	var f *fixture
	f = doc(t, hinted, func(c *Config) {
		c.Checks = append(c.Checks, func(v View) error {
			if f == nil || f.lines.In(v)["1"].Name != "x" {
				return nil
			}
			return &Coded{Key: "lines.1.name", Text: "stands twice", Code: "twice", Args: map[string]string{"value": "x"}}
		})
	})
	for _, c := range []struct {
		path, value, code string
		args              map[string]string
	}{
		{"lines.3.preroll_ms", "31000", "range", map[string]string{"value": "31000", "min": "0", "max": "30000", "unit": "ms"}},
		{"lines.3.preroll_ms", `"soon"`, "kind.whole", map[string]string{"value": `"soon"`}},
		{"site.language", `"fr"`, "unknown", map[string]string{"value": "fr", "choices": "en, zh"}},
		{"site.language", `""`, "required", nil},
		{"site.disk.reserve_mb", "-1", "", nil},
		{"site.colour", "1", "no-key", map[string]string{"known": "disk, language, tags"}},
		{"colour", "1", "no-section", nil},
		{"lines.1.name", `"x"`, "twice", map[string]string{"value": "x"}},
		{"site.language", `"`, "json", nil},
	} {
		_, err := f.doc.Plan(Changes{0, map[string]json.RawMessage{c.path: json.RawMessage(c.value)}})
		var bad *Invalid
		if !errors.As(err, &bad) || bad.Faults[0].Code != c.code || !maps.Equal(bad.Faults[0].Args, c.args) || bad.Faults[0].Path != c.path || bad.Faults[0].Text == "" {
			t.Errorf("%s = %s: %+v %v", c.path, c.value, bad, err)
		}
	}
	for _, c := range []struct {
		path string
		v    any
		code string
	}{
		{"lines.7.trigger", "8", "missing"}, {"lines.7.trigger", "7", ""}, {"lines.7.trigger", "off", ""}, {"lines.7.trigger", "", ""},
		{"lines.7", map[string]any{}, "form.line"}, {"site.tags", []any{"x"}, "form.tag"}, {"lines.7.preroll_ms", json.Number("-1"), ""}, {"nothing.x", 1, ""},
		{"site.language.x", "a", ""},
	} {
		whole := map[string]any{"lines": map[string]any{"7": map[string]any{}}, "site": map[string]any{}}
		put(whole, split(c.path), c.v)
		if got := f.doc.explain([]Fault{{Path: c.path}}, whole); got[0].Code != c.code {
			t.Errorf("%s = %v: %+v", c.path, c.v, got)
		}
	}
}
