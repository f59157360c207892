package console

import (
	"encoding/csv"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/recorder/archive"
)

// found are the IDs of a search.
func found(f *fixture, a access.Actor, query string) (ids []string) {
	f.t.Helper()
	for _, r := range decode[api.Page[api.Recording]](f.t, f.doAs(a, "GET", "/recordings?"+query, nil), 200).Items {
		ids = append(ids, r.ID)
	}
	return ids
}

func TestASavedSearchIsAskedAnewEachTime(t *testing.T) {
	f := newFixture(t)
	one, two := f.record(1, 800, "mixed").ID, f.record(2, 8000, "mixed").ID
	me := actor(access.Reviewer)
	s := decode[api.SavedSearch](t, f.doAs(me, "POST", "/searches", api.NewSearch{Name: " 投诉 ", Query: map[string]string{"number": "*1234*", "min_duration": "0.5", "order": "oldest",
		"period": "today", "direction": "in,out"}, Columns: []string{"id", "notes"}}), 200)
	if s.Name != "投诉" || !s.Mine || s.Owner != "reviewer" || s.Query["period"] != "today" {
		t.Errorf("%+v", s)
	}
	for _, key := range []string{s.ID, url.QueryEscape("投诉")} {
		if got := found(f, me, "saved="+key); !slices.Equal(got, []string{two}) {
			t.Errorf("%s: %v", key, got)
		}
	}
	if got := found(f, me, "saved="+s.ID+"&min_duration=0.01"); !slices.Equal(got, []string{one, two}) {
		t.Errorf("what is given replaces what is saved: %v", got)
	}
	if got := found(f, me, "saved="+s.ID+"&to=2026-11-22T08:01:30Z&min_duration=0.01"); !slices.Equal(got, []string{one}) {
		t.Errorf("a time replaces the saved one: %v", got)
	}
	if got := found(f, me, "saved="+s.ID+"&period=last+30+minutes"); len(got) != 0 {
		t.Errorf("the last half hour: %v", got)
	}
	table := f.doAs(me, "GET", "/recordings.csv?bom=no&header=codes&saved="+s.ID, nil)
	if rows := strings.Split(table.Body.String(), "\r\n"); table.Code != 200 || rows[0] != "id,notes" || len(rows) != 3 {
		t.Errorf("%d %q", table.Code, rows)
	}
	problemIn(t, f.doAs(me, "GET", "/recordings?saved=nonsense", nil), "no-search")
	problemIn(t, f.doAs(me, "POST", "/searches", api.NewSearch{Name: "投诉", Query: map[string]string{}}), "search-exists")
	again := decode[api.SavedSearch](t, f.doAs(me, "PUT", "/searches/"+s.ID, api.NewSearch{Name: "complaints", Query: map[string]string{"text": "投诉"}}), 200)
	if again.ID != s.ID || again.Query["period"] != "" {
		t.Errorf("%+v", again)
	}
	if w := f.doAs(me, "DELETE", "/searches/complaints", nil); w.Code/100 != 2 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	problemIn(t, f.doAs(me, "GET", "/searches/"+s.ID, nil), "no-search")
}

func TestASharedSearchNeverWidensWhatOneSees(t *testing.T) {
	f := newFixture(t)
	one, two := f.record(1, 800, "mixed").ID, f.record(2, 800, "mixed").ID
	f.cfg.Access.SetGroups(map[string][]int{"desk": {2}})
	desk := actor(access.Agent, "desk")
	s := decode[api.SavedSearch](t, f.do("POST", "/searches", api.NewSearch{Name: "all", Query: map[string]string{"board": "sim"}, Roles: []string{"agent"}}), 200)
	secret := decode[api.SavedSearch](t, f.do("POST", "/searches", api.NewSearch{Name: "secret", Query: map[string]string{"number": "110"}}), 200)
	if got := found(f, admin(), "saved=all&order=oldest"); !slices.Equal(got, []string{one, two}) {
		t.Errorf("%v", got)
	}
	if got := found(f, desk, "saved=all"); !slices.Equal(got, []string{two}) {
		t.Errorf("%v: line 1 is none of the desk's", got)
	}
	if p := decode[api.Page[api.SavedSearch]](t, f.doAs(desk, "GET", "/searches", nil), 200); len(p.Items) != 1 || p.Items[0].Mine {
		t.Errorf("%+v", p)
	}
	problemIn(t, f.doAs(desk, "GET", "/searches/"+secret.ID, nil), "no-search")
	problemIn(t, f.doAs(desk, "DELETE", "/searches/"+s.ID, nil), "forbidden")
	problemIn(t, f.doAs(actor(access.Supervisor), "GET", "/recordings?saved=all", nil), "no-search")
}

func TestSearchesThatCannotBeAreNotSaved(t *testing.T) {
	f := newFixture(t)
	for key, v := range map[string]string{"nonsense": "1", "limit": "7", "saved": "x", "after": "x", "min_duration": "x", "max_duration": "-1", "from": "soon", "line": "x", "direction": "up",
		"number": strings.Repeat("1", 65), "period": "soon", "board": "none", "call": "x", "state": "sealed,gone", "side": strings.Repeat("mixed,", 9) + "mixed"} {
		p := problemIn(t, f.do("POST", "/searches", api.NewSearch{Name: key, Query: map[string]string{key: v}}), "invalid")
		if len(p.Errors) == 0 || p.Errors[0].Location != "query."+key && p.Errors[0].Location != "query."+strings.Split(key, "_")[0] || strings.HasPrefix(p.Errors[0].Message, "invalid.") {
			t.Errorf("%s: %+v", key, p.Errors)
		}
	}
	problemIn(t, f.do("POST", "/searches", api.NewSearch{Name: "\x07", Query: map[string]string{}}), "invalid")
	problemIn(t, f.do("POST", "/searches", api.NewSearch{Name: "x", Query: map[string]string{}, Roles: []string{"king"}}), "invalid")
	problemIn(t, f.do("POST", "/searches", api.NewSearch{Name: "x", Query: map[string]string{}, Columns: []string{"nose"}}), "invalid")
	problemIn(t, f.do("GET", "/recordings?period=today&from=2026-11-22T08:00:00Z", nil), "invalid")
	for i := range maxOwnSearches {
		f.saved.all = append(f.saved.all, Search{ID: fmt.Sprint("x", i), Name: fmt.Sprint(i), Owner: "administrator", Kind: access.Local})
	}
	problemIn(t, f.do("POST", "/searches", api.NewSearch{Name: "one more", Query: map[string]string{}}), "searches-full")
}

// TestEveryParameterCanBeSaved writes each field of a filter as a query and reads
// it back.
func TestEveryParameterCanBeSaved(t *testing.T) {
	var want api.RecordingFilter
	for name, d := range filterFields(reflect.ValueOf(&want).Elem()) {
		switch p := d.value.Addr().Interface().(type) {
		case *string:
			*p = "x"
			if enum := d.tag.Get("enum"); enum != "" {
				*p, _, _ = strings.Cut(enum, ",")
			}
		case *float64:
			*p = 1.5
		case *time.Time:
			*p = begun
		case *[]string:
			*p = []string{"x", "y"}
			if enum := d.tag.Get("enum"); enum != "" {
				*p = strings.Split(enum, ",")[:2]
			}
		case *[]int:
			*p = []int{1, 2}
		case *int:
			if name != "limit" {
				t.Errorf("%s: no value for it", name)
			}
		default:
			t.Errorf("%s: %T is not read", name, p)
		}
	}
	want.Saved, want.After = "", ""
	q, err := url.ParseQuery(want.Encode())
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]string{}
	for k := range q {
		asked[k] = q.Get(k)
	}
	if len(asked) < len(filterFields(reflect.ValueOf(&want).Elem()))-len(unsaved()) {
		t.Errorf("the client leaves parameters out: %v", asked)
	}
	f := &faults{lang: text.English}
	if got := parseQuery(f, asked); f.err() != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v\n%v", got, want, f.all)
	}
}

// FuzzQuery: whatever a saved search says, it is read or refused.
func FuzzQuery(f *testing.F) {
	for _, s := range []string{"number=1&from=2026-11-22T08:00:00Z", "line=1,2,x", "min_duration=NaN", "state=open,,", "max_duration=1e999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := url.ParseQuery(s)
		if err != nil {
			return
		}
		asked := map[string]string{}
		for k := range q {
			asked[k] = q.Get(k)
		}
		faults := &faults{lang: text.English}
		got := parseQuery(faults, asked)
		if got.MinDuration != got.MinDuration || got.MaxDuration != got.MaxDuration || got.Saved != "" || got.Limit != 0 {
			t.Errorf("%q: %+v", s, got)
		}
	})
}

func TestATableHasEveryRowAndNoFormula(t *testing.T) {
	f := newFixture(t)
	var ids []string
	for i := range 5 {
		ids = append(ids, f.record(1+i%3, 800*(i+1), "mixed").ID)
	}
	for _, note := range []string{"=HYPERLINK(\"http://x\")", "订单 \"5\"\nsecond line", "+8675512345678", "@cmd", "-1+1"} {
		if w := f.do("POST", "/recordings/"+ids[0]+"/notes", api.NewNote{Text: note}); w.Code != 200 {
			t.Fatal(w.Body)
		}
	}
	if _, err := f.archive.Act(t.Context(), archive.Act{ID: ids[1], Kind: archive.ActNote, Actor: "x", Value: "=1+1"}); err != nil {
		t.Fatal(err)
	}
	w := f.do("GET", "/recordings.csv?order=oldest&reason=audit", nil)
	if w.Code != 200 || !strings.HasPrefix(w.Body.String(), "\ufeffStart,End,") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(w.Body.String(), "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 6 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	at := func(name string) int { return slices.Index(rows[0], name) }
	if got := rows[3][at("Notes")]; got != "'=1+1" {
		t.Errorf("a formula: %q", got)
	}
	if got := rows[1][at("Notes")]; !strings.HasPrefix(got, "'=HYPERLINK") || !strings.Contains(got, "订单 \"5\"\nsecond line") {
		t.Errorf("%q", got)
	}
	if got := rows[1][at("Direction")]; got != text.Text(text.English, "direction.in", nil) {
		t.Errorf("direction: %q", got)
	}
	plain := f.do("GET", "/recordings.csv?bom=no&columns=id,start,direction&header=codes", nil).Body.String()
	if !strings.HasPrefix(plain, "id,start,direction\r\n") || !strings.Contains(plain, ids[0]+",2026-11-22T08:01:00Z,in\r\n") {
		t.Errorf("%s", plain)
	}
	problemIn(t, f.do("GET", "/recordings.csv?columns=nose", nil), "invalid")
	problemIn(t, f.do("GET", "/recordings.csv?line=99", nil), "invalid")
	problemIn(t, f.doAs(actor(access.Agent), "GET", "/recordings.csv", nil), "forbidden")
	rowsOf, err := f.audit.Query(access.AuditFilter{Verb: access.Export})
	if err != nil || len(rowsOf) == 0 || !slices.ContainsFunc(rowsOf, func(e access.Entry) bool { return e.Object == "recordings.csv" && e.Detail["reason"] == "audit" }) {
		t.Errorf("the audit log has it not: %+v %v", rowsOf, err)
	}
}
