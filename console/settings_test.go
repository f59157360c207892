package console

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"vaad/api"
)

func TestSettingsOfALineThatDoesNotExistAreRefused(t *testing.T) {
	f := newFixture(t)
	set := func(lang, path, value string, create bool) *httptest.ResponseRecorder {
		r := f.request("PUT", "/settings/value", api.SetValue{Path: path, Value: json.RawMessage(value), Create: create})
		r.Header.Set("Accept-Language", lang)
		w := httptest.NewRecorder()
		f.as(admin()).ServeHTTP(w, r)
		return w
	}
	for lang, want := range map[string]string{"en": "the lines are: 1-3", "zh": "现有线路：1-3"} {
		for path, value := range map[string]string{"lines.99.trigger": `"off"`, "lines.99": `{"trigger":"off"}`, "lines": `{"1":{},"99":{}}`, `lines.\99.trigger`: `"off"`, "lines.99.name": "null"} {
			p := problemIn(t, set(lang, path, value, false), "no-line")
			if p.Line != 99 || len(p.Errors) != 1 || !strings.Contains(p.Errors[0].Message, want) || !strings.Contains(p.Remedy, "--new") {
				t.Errorf("%s: %+v", path, p)
			}
		}
	}
	if all := get[api.Settings](f, "/settings"); all.Version != 0 {
		t.Errorf("something was changed: %s", all.Settings)
	}
	decode[api.Setting](t, set("en", "lines.2.trigger", `"off"`, false), 200) // there is one, and settings did not have it
	decode[api.Setting](t, set("en", "lines.99.trigger", `"off"`, true), 200)
	decode[api.Setting](t, set("en", "lines.99.name", `"later"`, false), 200) // by now there is one
	decode[api.Setting](t, set("en", "lines.99", "null", false), 200)
	problemIn(t, set("en", "lines.99.name", `"later"`, false), "no-line")
	file := `{"vaad":"settings","format":1,"settings":{"lines":{"50":{"trigger":"off"}}}}` // of another machine, or of boards that are not there yet
	if all := decode[api.Settings](t, f.do("POST", "/settings/import", file), 200); !strings.Contains(string(all.Settings), `"50"`) {
		t.Errorf("after import: %s", all.Settings)
	}
}

func TestSettingsAreChangedListedAndBroughtBack(t *testing.T) {
	f := newFixture(t)
	s := decode[api.Setting](t, f.do("PUT", "/settings/value", api.SetValue{Path: "lines.1.trigger", Value: json.RawMessage(`"continuous"`), Why: "test"}), 200)
	if string(s.Value) != `"continuous"` || s.Origin != "set" || s.Version != 1 {
		t.Errorf("%+v", s)
	}
	all := get[api.Settings](f, "/settings")
	if all.Version != 1 || len(all.Fixed) != 1 || all.Fixed[0] != "site.language" || all.FixedBy != "/etc/vaad/vaad.toml" ||
		!strings.Contains(string(all.Settings), `"continuous"`) {
		t.Errorf("%+v", all)
	}
	if v := get[api.Setting](f, "/settings/value?path=site.language"); v.Origin != "file" || string(v.Value) != `"zh"` {
		t.Errorf("%+v", v)
	}
	file := f.do("GET", "/settings/export", nil).Body.String()
	decode[api.Setting](t, f.do("PUT", "/settings/value", api.SetValue{Path: "lines.1.trigger", Value: json.RawMessage(`"off"`)}), 200)
	h := get[api.Page[api.Version]](f, "/settings/history")
	if len(h.Items) != 2 || h.Items[0].Version != 2 || h.Items[1].Why != "test" || h.Items[1].Actor != "administrator" ||
		len(h.Items[0].Changes) != 1 || string(h.Items[0].Changes[0].New) != `"off"` {
		t.Errorf("%+v", h.Items)
	}
	if p := get[api.Page[api.Version]](f, "/settings/history?limit=1"); len(p.Items) != 1 || p.Next != "2" {
		t.Errorf("%+v", p)
	}
	if all = decode[api.Settings](t, f.do("POST", "/settings/import", file), 200); !strings.Contains(string(all.Settings), `"continuous"`) {
		t.Errorf("after import: %s", all.Settings)
	}
	if all = decode[api.Settings](t, f.do("POST", "/settings/rollback", api.Rollback{Version: 2}), 200); !strings.Contains(string(all.Settings), `"off"`) || all.Version != 4 {
		t.Errorf("after rollback: %+v", all)
	}
	gone := decode[api.Setting](t, f.do("PUT", "/settings/value", api.SetValue{Path: "lines.1", Value: json.RawMessage("null")}), 200)
	if string(gone.Value) != "null" || gone.Origin != "default" {
		t.Errorf("%+v", gone)
	}
}
