package console

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/calls"
)

func TestFiltersThatAskForWhatCannotBeAreRefused(t *testing.T) {
	f := newFixture(t)
	f.record(1, 800, "mixed")
	both := []string{"line=99", "line=-1", "line=x", "min_duration=NaN", "min_duration=-5", "limit=0", "limit=-3", "limit=1001", "from=soon",
		"from=2026-11-22T09:00:00Z&to=2026-11-22T08:00:00Z", "nonsense=1"}
	recordings := []string{"side=left", "side=local,left", "trigger=sometimes", "trigger=auto", "codec=mp3", "outcome=bad", "answered_by=me", "ended_by=me",
		"state=gone", "direction=up", "answered=perhaps", "max_duration=NaN", "max_duration=-1", "max_duration=Inf", "min_duration=5&max_duration=4",
		"board=none", "call=01C", "conversation=x", "order=up"}
	for path, queries := range map[string][]string{"/recordings": slices.Concat(both, recordings), "/calls": both} {
		for _, q := range queries {
			all := strings.Split(q, "&")
			name, value, _ := strings.Cut(all[len(all)-1], "=")
			for _, lang := range text.Languages() {
				r := f.request("GET", path+"?"+q, nil)
				r.Header.Set("Accept-Language", lang)
				w := httptest.NewRecorder()
				f.as(admin()).ServeHTTP(w, r)
				p := problemIn(t, w, "invalid")
				if p.Detail != "" || len(p.Errors) != 1 || !strings.HasPrefix(p.Errors[0].Location, "query."+name) {
					t.Errorf("%s?%s: %+v, want a fault of %s", path, q, p.Errors, name)
					continue
				}
				m := p.Errors[0].Message
				if strings.ContainsAny(m, "{}") || strings.HasPrefix(m, "invalid.") || strings.HasPrefix(m, "expected") || (lang == "zh") != strings.ContainsFunc(m, han) {
					t.Errorf("%s?%s in %s: %s", path, q, lang, m)
				}
				if name == "side" && !strings.Contains(m, "local, mixed, network") || name == "line" && value == "99" && !strings.Contains(m, "1-3") {
					t.Errorf("%s?%s: %q does not say what it takes", path, q, m)
				}
			}
		}
	}
}

func han(c rune) bool { return c >= 0x4E00 && c < 0xA000 }

func TestLinesThatAreNoMoreAreStillFound(t *testing.T) {
	f := newFixture(t)
	f.record(7, 800, "mixed")
	f.journal.rows = []calls.Row{{ID: "01KCA000000000000000000001", Line: 8, Start: begun}}
	if p := get[api.Page[api.Recording]](f, "/recordings?line=7"); len(p.Items) != 1 {
		t.Errorf("%+v", p)
	}
	if p := get[api.Page[api.Call]](f, "/calls?line=8"); len(p.Items) != 1 {
		t.Errorf("%+v", p)
	}
	problemIn(t, f.do("GET", "/recordings?line=8", nil), "invalid")
	decode[api.Setting](t, f.do("PUT", "/settings/value", api.SetValue{Path: "lines.8.trigger", Value: []byte(`"off"`), Create: true}), 200)
	if p := get[api.Page[api.Recording]](f, "/recordings?line=8"); len(p.Items) != 0 { // it is one that settings have
		t.Errorf("%+v", p)
	}
	f.cfg.Access.SetGroups(map[string][]int{"front": {1}})
	p := problemIn(t, f.doAs(actor(access.Administrator, "front"), "GET", "/recordings?line=7", nil), "invalid")
	if !strings.HasSuffix(p.Errors[0].Message, ": 1") { // lines outside the scope do not exist
		t.Errorf("%+v", p.Errors)
	}
}
