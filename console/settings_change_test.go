package console

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"vaad/access"
	"vaad/api"
)

func one(path, value string) api.SetOne { return api.SetOne{Path: path, Value: json.RawMessage(value)} }

// spoken is a request of somebody who reads that language.
func (f *fixture) spoken(lang, method, path string, body any) *httptest.ResponseRecorder {
	f.t.Helper()
	r, w := f.request(method, path, body), httptest.NewRecorder()
	r.Header.Set("Accept-Language", lang)
	f.as(admin()).ServeHTTP(w, r)
	return w
}

// rows are the rows of the audit log, newest first.
func (f *fixture) rows() []access.Entry {
	f.t.Helper()
	all, err := f.audit.Query(access.AuditFilter{Limit: 100})
	if err != nil {
		f.t.Fatal(err)
	}
	return all
}

func on(n uint64) *uint64 { return &n }

func TestSeveralSettingsAreChangedInOneVersion(t *testing.T) {
	f := newFixture(t)
	c := api.ChangeSettings{Version: on(0), Why: "both", DryRun: true, Changes: []api.SetOne{one("lines.1.name", `"a"`), one("lines.2.preroll_ms", `5`)}}
	out := decode[api.ChangedSettings](t, f.do("POST", "/settings/change", c), 200)
	if !out.DryRun || out.Version != 0 || len(out.Changes) != 2 || string(out.Changes[0].New) != `"a"` || f.cfg.Settings.Version() != 0 {
		t.Fatalf("dry run: %+v, version %d", out, f.cfg.Settings.Version())
	}
	rows := len(f.rows())
	c.DryRun = false
	if out = decode[api.ChangedSettings](t, f.do("POST", "/settings/change", c), 200); out.Version != 1 || len(out.Changes) != 2 {
		t.Errorf("%+v", out)
	}
	all := f.rows()
	if len(all) != rows+1 || all[0].Verb != access.SettingsWrite || all[0].Detail["version"] != "1" || !strings.Contains(all[0].Object, "lines.2.preroll_ms") {
		t.Errorf("audited %+v", all)
	}
	h := get[api.Page[api.Version]](f, "/settings/history")
	if len(h.Items) != 1 || h.Items[0].Why != "both" || len(h.Items[0].Changes) != 2 {
		t.Errorf("history %+v", h.Items)
	}
	c.Changes = append(c.Changes, c.Changes[0])
	if p := problemIn(t, f.do("POST", "/settings/change", c), "settings-invalid"); len(p.Errors) != 1 || p.Errors[0].Code != "twice" {
		t.Errorf("%+v", p)
	}
	c.Changes = []api.SetOne{one("lines.77.name", `"a"`)}
	problemIn(t, f.do("POST", "/settings/change", c), "no-line")
	c.Create = true
	decode[api.ChangedSettings](t, f.do("POST", "/settings/change", c), 200)
	problemIn(t, f.do("POST", "/settings/change", api.ChangeSettings{Changes: []api.SetOne{one("site.language", `"en"`)}}), "setting-fixed")
}

func TestWhoIsLateIsToldWhatOthersChanged(t *testing.T) {
	f := newFixture(t)
	c := api.ChangeSettings{Changes: []api.SetOne{one("lines.1.name", `"theirs"`)}}
	decode[api.ChangedSettings](t, f.do("POST", "/settings/change", c), 200)
	c = api.ChangeSettings{Version: on(0), DryRun: true, Changes: []api.SetOne{one("lines.1.name", `"mine"`)}}
	for range 2 { // the dry run, and the change
		p := problemIn(t, f.do("POST", "/settings/change", c), "settings-conflict")
		if len(p.Errors) != 1 || p.Errors[0].Location != "lines.1.name" || !strings.Contains(p.Errors[0].Message, "theirs") {
			t.Errorf("%+v", p)
		}
		c.DryRun = false
	}
	c.Changes = []api.SetOne{one("lines.1.trigger", `"off"`)}
	decode[api.ChangedSettings](t, f.do("POST", "/settings/change", c), 200)
	c.Version = on(99)
	problemIn(t, f.do("POST", "/settings/change", c), "no-version")
}

func TestDifferencesAndRollbacksAreShownBeforeTheyHappen(t *testing.T) {
	f := newFixture(t)
	for _, v := range []string{`"a"`, `"b"`} {
		decode[api.ChangedSettings](t, f.do("POST", "/settings/change", api.ChangeSettings{Why: "name " + v, Changes: []api.SetOne{one("lines.1.name", v)}}), 200)
	}
	d := get[api.Page[api.SettingsDifference]](f, "/settings/diff?from=0&to=1")
	if len(d.Items) != 1 || d.Items[0].Path != "lines.1.name" || string(d.Items[0].New) != `"a"` || d.Items[0].Version != 1 || d.Items[0].Why != `name "a"` || d.Items[0].Actor == "" {
		t.Errorf("%+v", d.Items)
	}
	d = get[api.Page[api.SettingsDifference]](f, "/settings/diff?from=1")
	if len(d.Items) != 1 || string(d.Items[0].Old) != `"a"` || string(d.Items[0].New) != `"b"` || d.Items[0].Version != 2 {
		t.Errorf("%+v", d.Items)
	}
	problemIn(t, f.do("GET", "/settings/diff?from=9", nil), "no-version")
	problemIn(t, f.do("GET", "/settings/diff?from=0&to=x", nil), "invalid")
	back := decode[api.ChangedSettings](t, f.do("POST", "/settings/try", api.TrySettings{Version: on(1)}), 200)
	if !back.DryRun || back.Version != 2 || len(back.Changes) != 1 || string(back.Changes[0].New) != `"a"` {
		t.Errorf("%+v", back)
	}
	file := json.RawMessage(`{"vaad":"settings","format":1,"settings":{"lines":{"1":{"name":"c"}}}}`)
	if in := decode[api.ChangedSettings](t, f.do("POST", "/settings/try", api.TrySettings{File: file}), 200); len(in.Changes) != 1 || string(in.Changes[0].New) != `"c"` {
		t.Errorf("%+v", in)
	}
	problemIn(t, f.do("POST", "/settings/try", api.TrySettings{File: json.RawMessage(`{"vaad":"x"}`)}), "settings-invalid")
	problemIn(t, f.do("POST", "/settings/try", api.TrySettings{}), "invalid")
	if f.cfg.Settings.Version() != 2 {
		t.Error("something was changed")
	}
}

func TestTheSchemaIsToldInTheCallersLanguage(t *testing.T) {
	f := newFixture(t)
	for lang, want := range map[string]string{"en": "Lines", "zh-CN": "线路"} {
		s := decode[api.SettingsSchema](t, f.spoken(lang, "GET", "/settings/schema", nil), 200)
		if len(s.Sections) != 2 || s.FixedBy == "" || len(s.Fixed) != 1 {
			t.Fatalf("%+v", s)
		}
		if l := s.Sections[1]; l.Kind != "map" || l.Title != want || l.Item == nil || len(l.Item.Fields) != 3 || string(l.Item.Fields[2].Default) != "2000" || l.Item.Fields[2].Help == "" {
			t.Errorf("%s: %+v", lang, l)
		}
		if k := s.Sections[0].Fields[1]; k.Path != "site.language" || !k.Fixed {
			t.Errorf("%+v", k)
		}
	}
}

func TestWrongSettingsAreToldInTheCallersLanguage(t *testing.T) {
	f := newFixture(t)
	for lang, want := range map[string]string{"en": "is not a whole number", "zh-CN": "不是整数"} {
		c := api.ChangeSettings{Changes: []api.SetOne{one("lines.1.preroll_ms", `"soon"`)}}
		p := problemIn(t, f.spoken(lang, "POST", "/settings/change", c), "settings-invalid")
		if len(p.Errors) != 1 || p.Errors[0].Code != "kind.whole" || p.Errors[0].Location != "lines.1.preroll_ms" || !strings.Contains(p.Errors[0].Message, want) {
			t.Errorf("%s: %+v", lang, p.Errors)
		}
	}
}

func TestATestMailSaysWhetherTheServerTookIt(t *testing.T) {
	f := newFixture(t)
	if w := f.do("POST", "/settings/test-mail", api.TestMail{To: "Ann <a@b.cn>"}); w.Code/100 != 2 {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	if all := f.rows(); all[0].Detail["to"] != "a@b.cn" || all[0].Verb != access.SettingsWrite {
		t.Errorf("audited %+v", all[0])
	}
	if p := problemIn(t, f.do("POST", "/settings/test-mail", api.TestMail{To: "lost@b.cn"}), "mail-failed"); !strings.Contains(p.Detail, "no route") {
		t.Errorf("%+v", p)
	}
	problemIn(t, f.do("POST", "/settings/test-mail", api.TestMail{To: "nobody"}), "invalid")
}

func FuzzChangeSettings(f *testing.F) {
	for _, s := range []string{`{"changes":[{"path":"lines.1.name","value":"x"}]}`, `{"changes":[{"path":"lines","value":{"1":null}}],"version":0}`,
		`{"changes":[{"path":".."}],"dry_run":true}`, `{"changes":[]}`, `{"changes":[{"path":"lines.1","value":[[[]]]}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if w := newFixture(t).do("POST", "/settings/change", string(body)); w.Code >= 500 {
			t.Fatalf("%q: %d %s", body, w.Code, w.Body)
		}
	})
}
