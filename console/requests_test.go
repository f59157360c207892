package console

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"vaad/api"
	"vaad/api/text"
)

func TestWrongRequestsAreProblems(t *testing.T) {
	f := newFixture(t)
	row := f.record(1, 800, "mixed")
	note := "/recordings/" + row.ID + "/notes"
	for _, c := range []struct {
		method, path, body, code string
		where                    string // in a fault's location
	}{
		{"GET", "/no/such", "", "not-found", ""},
		{"DELETE", "/lines", "", "method-not-allowed", ""},
		{"GET", "/lines/0", "", "invalid", "path.line"},
		{"GET", "/lines/one", "", "invalid", "path.line"},
		{"GET", "/lines/99", "", "no-line", ""},
		{"GET", "/lines?sort=name", "", "invalid", "query.sort"},
		{"GET", "/recordings?limit=0", "", "invalid", "query.limit"},
		{"GET", "/recordings?limit=5000", "", "invalid", "query.limit"},
		{"GET", "/recordings?from=yesterday", "", "invalid", "query.from"},
		{"GET", "/recordings?line=1,x", "", "invalid", "query.line"},
		{"GET", "/recordings?after=%25%25", "", "cursor", ""},
		{"GET", "/recordings/short", "", "invalid", "path.id"},
		{"GET", "/recordings/..%2F..%2Fetc%2Fpasswd", "", "invalid", "path.id"},
		{"GET", "/recordings/01KAN00000000000000000000Z", "", "no-recording", ""},
		{"GET", "/recordings/" + row.ID + "/audio?side=local", "", "no-audio", ""},
		{"GET", "/recordings/" + row.ID + "/audio?side=up", "", "invalid", "query.side"},
		{"GET", "/recordings/" + row.ID + "/audio?format=mp3", "", "invalid", "query.format"},
		{"POST", note, "", "bad-request", ""},
		{"POST", note, "{", "bad-request", "body"},
		{"POST", note, `{"text":""}`, "invalid", "body.text"},
		{"POST", note, `{"text":"x","more":1}`, "invalid", "body.more"},
		{"POST", note, `["x"]`, "invalid", "body"},
		{"POST", note, `{"text":"` + strings.Repeat("x", 4001) + `"}`, "invalid", "body.text"},
		{"POST", note, `{"text":"` + strings.Repeat("x", maxBody) + `"}`, "too-large", ""},
		{"POST", "/recordings/" + row.ID + "/marks", `{"at_s":-1}`, "invalid", "body.at_s"},
		{"POST", "/recordings/" + row.ID + "/marks", `{"at_s":99}`, "invalid", "body.at_s"},
		{"PUT", "/settings/value", `{"path":"lines.1.preroll_ms","value":99999}`, "settings-invalid", "lines.1.preroll_ms"},
		{"PUT", "/settings/value", `{"path":"site.language","value":"en"}`, "setting-fixed", ""},
		{"PUT", "/settings/value", `{"path":"nonsense.x","value":1}`, "settings-invalid", "nonsense"},
		{"GET", "/settings/value?path=nonsense", "", "no-setting", ""},
		{"GET", "/settings/value", "", "invalid", "query.path"},
		{"POST", "/settings/rollback", `{"version":77}`, "no-version", ""},
		{"POST", "/settings/import", `{"vaad":"something"}`, "settings-invalid", "vaad"},
		{"POST", "/settings/import", `not json`, "settings-invalid", ""},
		{"POST", "/settings/import", strings.Repeat(" ", maxSettingsBody+1), "too-large", ""},
		{"POST", "/lines/1/stop", "", "not-recording", ""},
		{"GET", "/lines/1/flight", "", "no-flight", ""},
		{"GET", "/calls/01KAN00000000000000000000Z", "", "no-call", ""},
	} {
		var body any
		if c.body != "" {
			body = c.body
		}
		p := problemIn(t, f.do(c.method, c.path, body), c.code)
		if t.Failed() {
			t.Fatalf("%s %s %.60s", c.method, c.path, c.body)
		}
		found := c.where == ""
		for _, e := range p.Errors {
			found = found || e.Location == c.where || strings.HasPrefix(e.Location, c.where)
		}
		if !found {
			t.Errorf("%s %s: faults %+v do not name %s", c.method, c.path, p.Errors, c.where)
		}
	}
}

func TestLongWrongValuesAreNotToldBackWhole(t *testing.T) {
	f := newFixture(t)
	row := f.record(1, 800, "mixed")
	w := f.do("POST", "/recordings/"+row.ID+"/notes", "{"+strings.Repeat("x", 10000))
	if problemIn(t, w, "bad-request"); w.Body.Len() > 2000 {
		t.Errorf("%d bytes are told back", w.Body.Len())
	}
}

func TestProblemsSpeakTheCallersLanguage(t *testing.T) {
	f := newFixture(t)
	r := f.request("GET", "/lines/99", nil)
	r.Header.Set("Accept-Language", "zh-CN,zh;q=0.9,en;q=0.8")
	w := httptest.NewRecorder()
	f.as(admin()).ServeHTTP(w, r)
	p := decode[api.Problem](t, w, http.StatusNotFound)
	if p.Title != "没有此线路" || !strings.Contains(p.Remedy, "vaactl lines") || p.Line != 99 {
		t.Errorf("%+v", p)
	}
}

func TestEveryProblemHasWords(t *testing.T) {
	for code, status := range statuses() {
		if status < 400 || http.StatusText(status) == "" {
			t.Errorf("%s: status %d", code, status)
		}
		for _, k := range []string{"problem." + code, "problem." + code + ".remedy"} {
			if _, ok := text.Lookup(text.English, k); !ok {
				t.Errorf("%s has no words", k)
			}
		}
	}
	known := statuses()
	for _, k := range text.Keys(text.English) {
		code, ok := strings.CutPrefix(k, "problem.")
		if ok && !strings.HasSuffix(code, ".remedy") && known[code] == 0 {
			t.Errorf("%s is no problem that the API answers with", k)
		}
	}
}

// FuzzRequests sends nonsense to every kind of body and path: the answer is
// always a proper one.
func FuzzRequests(f *testing.F) {
	f.Add("/lines/1/start", []byte(`{}`))
	f.Add("/recordings/01KAN00000000000000000000Z/notes", []byte(`{"text":"x"}`))
	f.Add("/settings/import", []byte(`{"vaad":"settings","format":1,"settings":{}}`))
	f.Fuzz(func(t *testing.T, path string, body []byte) {
		if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " \x00\r\n\t%?#") {
			t.Skip()
		}
		fx := newFixture(t)
		for _, m := range []string{"GET", "POST", "PUT"} {
			r, err := http.NewRequestWithContext(t.Context(), m, "http://localhost"+api.Prefix+path, bytes.NewReader(body))
			if err != nil || strings.HasSuffix(r.URL.Path, "/events") {
				t.Skip()
			}
			w := httptest.NewRecorder()
			fx.as(admin()).ServeHTTP(w, r)
			if w.Code == http.StatusInternalServerError {
				t.Errorf("%s %s: %s", m, path, w.Body)
			}
		}
	})
}
