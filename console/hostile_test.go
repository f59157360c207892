package console

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/api"
	"vaad/calls"

	"github.com/danielgtaylor/huma/v2"
)

// An attacked operation is one of the document, which names every parameter and body there is.
type attacked struct {
	method, path string
	*huma.Operation
}

// operations lists the document in the same order each time.
func operations(f *fixture) (all []attacked) {
	paths := f.api.OpenAPI().Paths
	for _, p := range slices.Sorted(maps.Keys(paths)) {
		item := paths[p]
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "DELETE": item.Delete, "PATCH": item.Patch} {
			if op != nil {
				all = append(all, attacked{method, p, op})
			}
		}
	}
	slices.SortFunc(all, func(a, b attacked) int { return strings.Compare(a.OperationID, b.OperationID) })
	return all
}

// evil are values that no parameter should survive by luck.
func evil() []string {
	all := []string{"", "0", "-1", "99999999999999999999", "1e309", "NaN", "null", "true", "[]", "{}", "%", "%00", "\x00", "a\r\nX-Injected: 1", "\r\n\r\n<script>",
		"../../../../etc/passwd", "..\\..\\x", "/etc/passwd", "\xff\xfe\xfd", "\u202e\u0000\u200b", "'\"`;--", "<script>alert(1)</script>", "${jndi:x}", "{{.}}", "%s%n%d", "*", "-",
		strings.Repeat("9", 300), strings.Repeat("*", 2000), strings.Repeat("语", 3000), strings.Repeat("(", 5000), strings.Repeat("a,", 4000), "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999+23:59"}
	if testing.Short() {
		return []string{"", "-1", "99999999999999999999", "\x00", "a\r\nX-Injected: 1", "../../../../etc/passwd", "\xff\xfe", strings.Repeat("*", 2000)}
	}
	return all
}

// bodies are JSON, or nearly so, that no operation wants.
func bodies() []string {
	deep := 20_000
	all := []string{"", " ", "{", "}", "[]", "null", "0", `"x"`, "true", "\x00", "\xff\xfe", "{}{}", `{"a":}`, `{"":""}`, "\ufeff{}", `{"__proto__":{"x":1},"constructor":1}`,
		strings.Repeat("[", deep), strings.Repeat(`{"a":`, deep), strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "1e999999", `{"a":1e999}`, strings.Repeat(" ", maxBody-1) + "{}",
		`{"` + strings.Repeat("k", 60_000) + `":1}`, "{" + strings.Repeat(`"a":1,`, 9000) + `"b":2}`, strings.Repeat("x", maxBody+1)}
	if testing.Short() {
		return []string{"", "{", "[]", "null", "\xff", strings.Repeat("[", deep), strings.Repeat("x", maxBody+1)}
	}
	return all
}

// wrongValues are of every type, and too much of it.
func wrongValues() []any {
	return []any{nil, true, -1, 1e300, 0.5, "", "\x00\r\nX-Injected: 1", "../../../etc/passwd", strings.Repeat("x", 20_000), "\u202e<img src=x onerror=alert(1)>",
		[]any{}, []any{nil}, []any{[]any{[]any{}}}, map[string]any{}, map[string]any{"a": map[string]any{"b": []any{1}}}, json.Number("99999999999999999999999999")}
}

// An attack sends requests and judges the answers.
type attack struct {
	*fixture
	sent    int
	said    map[string]int // faults by operation
	took    map[string]time.Duration
	handler http.Handler
}

func newAttack(t *testing.T) *attack {
	f := newFixture(t)
	f.record(1, 800, "mixed")
	f.journal.rows = []calls.Row{{ID: callID, Line: 1, Start: begun}}
	f.rec.frames = []byte("frames")
	return &attack{fixture: f, said: map[string]int{}, took: map[string]time.Duration{}, handler: f.as(admin())}
}

// send asks and wants an answer that says yes, or says no properly.
func (a *attack) send(op attacked, target, kind, body, what string) {
	a.t.Helper()
	var rd io.Reader
	if body != "" {
		rd = strings.NewReader(body)
	}
	u, err := url.Parse(target)
	if err != nil {
		return // net/http would not have let it in
	}
	r := httptest.NewRequestWithContext(a.t.Context(), op.method, "/", rd)
	r.URL, r.RequestURI = u, target
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Minute)
	defer cancel()
	if strings.HasSuffix(op.path, "/events") || strings.HasSuffix(op.path, "/live") {
		cancel() // an answer without end
	}
	w := httptest.NewRecorder()
	began := time.Now()
	a.handler.ServeHTTP(w, r.WithContext(ctx))
	a.took[op.OperationID] += time.Since(began)
	a.sent++
	say := func(format string, args ...any) {
		a.t.Helper()
		if a.said[op.OperationID]++; a.said[op.OperationID] > 3 { // the rest is alike
			a.t.Fail()
			return
		}
		a.t.Errorf("%s (%s), %s: %s", op.OperationID, op.method, what, fmt.Sprintf(format, args...))
	}
	if w.Code >= 500 && !orderly(w) {
		say("status %d: %.300s", w.Code, w.Body)
	}
	if w.Code >= 400 {
		var p api.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Code == "" || p.Title == "" || p.Status != w.Code || w.Header().Get("Content-Type") != api.ProblemType {
			say("status %d is no proper problem: %v %s %.300s", w.Code, err, w.Header().Get("Content-Type"), w.Body)
		}
		if w.Body.Len() > 20_000 {
			say("the problem has %d bytes: what was sent is told back", w.Body.Len())
		}
	}
	for k, vs := range w.Header() {
		for _, v := range vs {
			if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r == 0x7f }) || k == "X-Injected" {
				say("header %s: %q", k, v)
			}
		}
	}
}

// orderly are the answers that say what cannot be had here or now; they are no defect.
func orderly(w *httptest.ResponseRecorder) bool {
	var p api.Problem
	_ = json.Unmarshal(w.Body.Bytes(), &p)
	return slices.Contains([]string{"not-available", "no-program", "busy", "starting", "line-gone", "no-trunk", "too-many", "no-reaction"}, p.Code)
}

// sane fills the parameters of a path with what could be there.
func (op attacked) sane(except, value string) string {
	p := op.path
	for _, one := range op.Parameters {
		if one.In != "path" {
			continue
		}
		v := "1"
		if one.Schema != nil && one.Schema.Type == "string" {
			v = callID
		}
		if one.Name == except {
			v = value
		}
		p = strings.ReplaceAll(p, "{"+one.Name+"}", url.PathEscape(v))
	}
	return api.Prefix + p
}

// TestHostileParametersAreAnsweredProperly puts what does not belong there into
// every parameter of every operation.
func TestHostileParametersAreAnsweredProperly(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of requests, one after the other: nothing for the race detector")
	}
	a := newAttack(t)
	for _, op := range operations(a.fixture) {
		for _, p := range op.Parameters {
			for _, v := range evil() {
				what := fmt.Sprintf("%s %s = %.40q", p.In, p.Name, v)
				switch p.In {
				case "path":
					if v != "" { // which is another route
						a.send(op, op.sane(p.Name, v), "", "", what)
					}
				case "query":
					a.send(op, op.sane("", "")+"?"+url.QueryEscape(p.Name)+"="+url.QueryEscape(v), "", "", what)
				}
			}
		}
		for _, q := range []string{"?no-such=1", "?%", "?%zz=1", "?" + strings.Repeat("a=1&", 3000), "?;=;", "?a=\x00"} {
			a.send(op, op.sane("", "")+q, "", "", "query "+q[:min(len(q), 20)])
		}
	}
	a.healthy()
}

// TestHostileBodiesAreAnsweredProperly sends bodies that are malformed, too
// large, too deep or of another type to every operation.
func TestHostileBodiesAreAnsweredProperly(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of requests, one after the other: nothing for the race detector")
	}
	a := newAttack(t)
	for _, op := range operations(a.fixture) {
		if op.method == "GET" {
			continue
		}
		for i, b := range bodies() {
			a.send(op, op.sane("", ""), "application/json", b, fmt.Sprintf("body %d %.20q", i, b))
		}
		if op.RequestBody == nil {
			continue
		}
		for _, kind := range []string{"", "text/plain", "application/xml", "multipart/form-data", "application/x-www-form-urlencoded", "application/json; charset=\"", strings.Repeat("a", 5000) + "/x"} {
			a.send(op, op.sane("", ""), kind, `{"a":1}`, "content type "+kind[:min(len(kind), 40)])
		}
		a.fields(op)
	}
	a.healthy()
}

// fields replaces each field of a body that is right in form by values that are not.
func (a *attack) fields(op attacked) {
	for _, m := range op.RequestBody.Content {
		s := m.Schema
		if s == nil {
			continue
		}
		schemas := a.api.OpenAPI().Components.Schemas
		base, ok := example(schemas, s, 0).(map[string]any)
		if !ok {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(base)) {
			for _, v := range wrongValues() {
				one := maps.Clone(base)
				one[name] = v
				enc, err := json.Marshal(one)
				if err != nil {
					a.t.Fatal(err)
				}
				a.send(op, op.sane("", ""), "application/json", string(enc), fmt.Sprintf("%s = %.40v", name, v))
			}
			without := maps.Clone(base)
			delete(without, name)
			enc, _ := json.Marshal(without)
			a.send(op, op.sane("", ""), "application/json", string(enc), "without "+name)
		}
	}
}

// example is a value that a schema allows, roughly.
func example(all huma.Registry, s *huma.Schema, depth int) any {
	if s.Ref != "" {
		s = all.SchemaFromRef(s.Ref)
	}
	if s == nil || depth > 4 {
		return nil
	}
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	switch s.Type {
	case "object":
		o := map[string]any{}
		for name, p := range s.Properties {
			o[name] = example(all, p, depth+1)
		}
		return o
	case "array":
		if s.Items != nil {
			return []any{example(all, s.Items, depth+1)}
		}
		return []any{}
	case "integer", "number":
		if s.Minimum != nil {
			return *s.Minimum
		}
		return 1
	case "boolean":
		return true
	case "string":
		if s.Format == "date-time" {
			return "2026-01-02T03:04:05Z"
		}
		return "x"
	}
	return "x"
}

// healthy wants that the attack has left the server as it was.
func (a *attack) healthy() {
	a.t.Helper()
	a.t.Logf("%d requests", a.sent)
	for id, d := range a.took {
		if d > 2*time.Second {
			a.t.Logf("%s took %v", id, d.Round(time.Millisecond))
		}
	}
	if a.sent < 500 {
		a.t.Errorf("only %d requests were sent: does the document name anything?", a.sent)
	}
	if strings.Contains(a.log.String(), "panic") {
		a.t.Errorf("a request ended in a panic:\n%.3000s", a.log)
	}
	if w := a.do("GET", "/lines", nil); w.Code != http.StatusOK {
		a.t.Errorf("after it, the lines are answered with %d %s", w.Code, w.Body)
	}
}
