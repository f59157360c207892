package console

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"vaad/access"
	"vaad/api"
	"vaad/recorder/archive"
)

// searches are questions over the API, each field and many combinations.
func searches(r *rand.Rand, rows []string) (all []string) {
	fields := []string{"line=1", "line=1,2", "number=0755*", "number=*1234*", "number=-", "caller=*", "called=-", "name=*", "from=2026-11-22T08:00:00Z",
		"to=2026-11-22T09:00:00Z", "min_duration=0.2", "max_duration=0.4", "board=sim", "side=local", "side=mixed", "direction=in", "direction=unknown",
		"trigger=voltage,manual", "codec=g711a", "outcome=unknown", "answered=no", "ended_by=on-hook", "state=trash", "state=sealed,erased", "gaps=no",
		"recovered=no", "protected=yes", "protected=no", "held=yes", "noted=yes", "marked=yes", "simulated=no", "actor=administrator", "actor=x*",
		"text=订单", "text=complaint", "text=0755", "text=complaint+订单", "order=oldest", "limit=7"}
	for _, f := range fields {
		all = append(all, "/recordings?"+f)
	}
	for range 60 {
		q := ""
		for range 2 + r.IntN(3) {
			q += "&" + fields[r.IntN(len(fields))]
		}
		all = append(all, "/recordings?"+q[1:])
	}
	for _, id := range rows {
		all = append(all, "/recordings/"+id)
	}
	return append(all, "/recordings")
}

func TestIndexMadeAnewGivesTheSameAnswers(t *testing.T) {
	f := newFixture(t)
	r := rand.New(rand.NewPCG(1, 2))
	var ids []string
	act := func(id, kind, value string) {
		if _, err := f.archive.Act(t.Context(), archive.Act{ID: id, Kind: kind, Actor: "x", Value: value, At: 80}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 24 {
		sides := [][]string{{"mixed"}, {"network", "local"}}[i%2]
		ids = append(ids, f.record(1+r.IntN(2), 800*(1+r.IntN(6)), sides...).ID)
		id := ids[r.IntN(len(ids))]
		switch r.IntN(8) {
		case 0, 1:
			decode[api.Note](t, f.do("POST", "/recordings/"+id+"/notes", api.NewNote{Text: []string{"订单 complaint", "Order 订单 5", "Beschwerde"}[r.IntN(3)]}), 200)
		case 2:
			act(id, archive.ActMark, "订单")
		case 3:
			act(id, archive.ActProtect, "")
		case 4:
			act(id, archive.ActHold, "case")
		case 5:
			act(ids[0], archive.ActTrash, "")
			act(ids[0], archive.ActNote, "late 订单")
		}
	}
	var asked []string
	for _, q := range searches(r, ids) {
		for range 10 { // pages
			asked = append(asked, q)
			if !strings.Contains(q, "limit=") || strings.Contains(q, "/recordings/") {
				break
			}
			p := get[api.Page[api.Recording]](f, q)
			if p.Next == "" {
				break
			}
			before, _, _ := strings.Cut(q, "&after=")
			q = before + "&after=" + p.Next
		}
	}
	answers := func() (all []string) {
		for _, q := range asked {
			w := f.do("GET", q, nil)
			if w.Code != 200 {
				t.Fatalf("%s: %d %s", q, w.Code, w.Body)
			}
			all = append(all, w.Body.String())
		}
		return all
	}
	before := answers()
	if err := f.index.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	after := answers()
	found := 0
	for i := range before {
		if before[i] != after[i] {
			t.Errorf("%s\nbefore %s\nafter  %s", asked[i], before[i], after[i])
		}
		if strings.Contains(before[i], `"id"`) {
			found++
		}
	}
	if found < len(before)/3 {
		t.Errorf("only %d of %d questions find anything: they prove little", found, len(before))
	}
}

func TestSearchShowsOnlyLinesOfTheScope(t *testing.T) {
	f := newFixture(t)
	var ids []string
	for i := range 12 {
		ids = append(ids, f.record(1+i%2, 800, "mixed").ID)
		for _, kind := range []string{archive.ActNote, archive.ActTrash}[:1+i/2%2] {
			if _, err := f.archive.Act(t.Context(), archive.Act{ID: ids[i], Kind: kind, Actor: "x", Value: "订单 complaint"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	f.cfg.Access.SetGroups(map[string][]int{"front": {1}})
	all, found := 0, 0
	for _, q := range searches(rand.New(rand.NewPCG(3, 4)), nil) {
		if strings.Contains(q, "line=1,2") { // one of them does not exist for that caller
			problemIn(t, f.doAs(actor(access.Administrator, "front"), "GET", q, nil), "invalid")
			continue
		}
		own := decode[api.Page[api.Recording]](t, f.doAs(actor(access.Administrator, "front"), "GET", q, nil), 200)
		for _, r := range own.Items {
			if r.Line != 1 {
				t.Errorf("%s shows line %d", q, r.Line)
			}
		}
		whole := get[api.Page[api.Recording]](f, q)
		mine := 0
		for _, r := range whole.Items {
			if r.Line == 1 {
				mine++
			}
		}
		if !strings.Contains(q, "limit=") && (len(own.Items) != mine || own.Total != int64(mine)) {
			t.Errorf("%s: %d of %d rows in the scope, want %d", q, len(own.Items), own.Total, mine)
		}
		all, found = all+len(whole.Items), found+len(own.Items)
	}
	if found == 0 || found == all {
		t.Errorf("%d of %d rows: the questions prove nothing", found, all)
	}
}
