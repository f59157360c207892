package console

import (
	"strings"
	"testing"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/recorder/index"
	"vaad/recorder/keep"
)

func (f *fixture) actOn(id, act string, a api.Act) api.ActedOn {
	f.t.Helper()
	return decode[api.ActedOn](f.t, f.do("POST", "/recordings/"+id+"/"+act, a), 200)
}

func TestAHeldOrProtectedRecordingIsNotDeletedAndTheProblemSaysWhy(t *testing.T) {
	f := newFixture(t)
	id := f.record(1, 800, "mixed").ID
	at := "/recordings/" + id
	problemIn(t, f.do("POST", at+"/hold", api.Act{}), "invalid")
	if r := f.actOn(id, "hold", api.Act{Case: "24/117", Reason: "court"}); !r.Changed || !r.Recording.Held || r.Recording.Holds[0] != "24/117" {
		t.Errorf("%+v", r)
	}
	f.actOn(id, "hold", api.Act{Case: "24/118"})
	if r := f.actOn(id, "hold", api.Act{Case: "24/118"}); r.Changed {
		t.Error("the same hold twice changes something")
	}
	problemIn(t, f.do("POST", at+"/trash", api.Act{}), "held")
	problemIn(t, f.do("POST", at+"/erase", api.Act{Force: true}), "held")
	if r := f.actOn(id, "release", api.Act{Case: "24/117"}); !r.Recording.Held || len(r.Recording.Holds) != 1 {
		t.Errorf("one of two holds ended: %+v", r)
	}
	problemIn(t, f.do("POST", at+"/trash", api.Act{}), "held")
	f.actOn(id, "release", api.Act{})
	f.actOn(id, "protect", api.Act{})
	p := problemIn(t, f.do("POST", at+"/trash", api.Act{}), "protected")
	if !strings.Contains(p.Remedy, "unprotect") {
		t.Errorf("the remedy is %q", p.Remedy)
	}
	f.actOn(id, "unprotect", api.Act{})
	problemIn(t, f.do("POST", at+"/erase", api.Act{}), "not-in-trash")
	if r := f.actOn(id, "trash", api.Act{}); r.Recording.State != index.StateTrash || r.Recording.Trashed == nil || r.Recording.TrashedBy != "administrator" {
		t.Errorf("%+v", r)
	}
	f.actOn(id, "hold", api.Act{Case: "24/119"}) // also what is in the trash
	problemIn(t, f.do("POST", at+"/erase", api.Act{}), "held")
	f.actOn(id, "release", api.Act{})
	if r := f.actOn(id, "undelete", api.Act{}); r.Recording.State != index.StateSealed {
		t.Errorf("%+v", r)
	}
	f.actOn(id, "trash", api.Act{})
	if r := f.actOn(id, "erase", api.Act{Reason: "asked for"}); r.Recording.State != index.StateErased {
		t.Errorf("%+v", r)
	}
	problemIn(t, f.do("POST", at+"/undelete", api.Act{}), "erased")
	problemIn(t, f.do("POST", at+"/class", api.Act{Class: "never"}), "invalid")
	problemIn(t, f.do("POST", at+"/trash", api.Act{Case: "x"}), "invalid")
}

func TestABulkActIsUndoneForExactlyItsRecordings(t *testing.T) {
	f := newFixture(t)
	var ids []string
	for n := 1; n <= 3; n++ {
		ids = append(ids, f.record(n, 800, "mixed").ID)
	}
	f.actOn(ids[0], "class", api.Act{Class: "long"})
	f.actOn(ids[2], "protect", api.Act{})
	many := func(act, query string, b api.BulkAct) api.Acted {
		t.Helper()
		return decode[api.Acted](t, f.do("POST", "/recordings/acts/"+act+query, b), 200)
	}
	if a := many("trash", "?caller=0755*", api.BulkAct{Search: true, DryRun: true}); a.Changed != 2 || a.Matched != 3 || a.Undo != "" || len(a.Skipped) != 1 || a.Skipped[0].Code != "protected" || a.Skipped[0].IDs[0] != ids[2] || a.Skipped[0].Remedy == "" {
		t.Errorf("dry run: %+v", a)
	}
	a := many("trash", "?caller=0755*", api.BulkAct{Search: true, Act: api.Act{Reason: "tidying"}})
	if a.Changed != 2 || a.Skipped[0].Count != 1 || !strings.HasPrefix(a.Undo, "undelete.") || a.UndoUntil == nil {
		t.Fatalf("%+v", a)
	}
	rows := f.audit.rows(t)
	if e := rows[len(rows)-1]; e.Verb != access.Delete || e.Object != "recordings" || e.Detail["query"] != "caller=0755%2A" || e.Detail["changed"] != "2" || e.Detail["reason"] != "tidying" {
		t.Errorf("the audit log has %+v", e)
	}
	f.record(1, 400, "mixed")
	if u := many("undelete", "", api.BulkAct{Undo: a.Undo}); u.Changed != 2 || u.Matched != 2 || !strings.HasPrefix(u.Undo, "trash.") {
		t.Errorf("undone: %+v", u)
	}
	problemIn(t, f.do("POST", "/recordings/acts/protect", api.BulkAct{Undo: a.Undo}), "no-undo")
	problemIn(t, f.do("POST", "/recordings/acts/protect", api.BulkAct{Undo: "protect.nothing"}), "no-undo")
	problemIn(t, f.do("POST", "/recordings/acts/protect", api.BulkAct{}), "invalid")
	problemIn(t, f.do("POST", "/recordings/acts/trash", api.BulkAct{Search: true}), "invalid") // everything
	if e := many("erase", "", api.BulkAct{Search: true, DryRun: true}); e.Matched != 0 {
		t.Errorf("erasing without any condition takes more than the trash: %+v", e)
	}
	problemIn(t, f.do("POST", "/recordings/acts/protect", api.BulkAct{IDs: ids, Search: true}), "invalid")

	c := many("class", "", api.BulkAct{IDs: append(ids, "01KNONE0000000000000000000", ids[0]), Act: api.Act{Class: "long"}})
	if c.Changed != 2 || c.Unchanged != 1 || c.Matched != 4 || c.Skipped[0].Code != "no-recording" {
		t.Errorf("%+v", c)
	}
	many("class", "", api.BulkAct{Undo: c.Undo})
	for i, want := range []string{"long", "", ""} {
		if r := get[api.Recording](f, "/recordings/"+ids[i]); r.Class != want {
			t.Errorf("recording %d has class %q after undoing, want %q", i, r.Class, want)
		}
	}
	if p := get[api.Page[api.Recording]](f, "/recordings?class=standard"); p.Total != 3 {
		t.Errorf("%d recordings of the default class", p.Total)
	}
	f.keep.f.Server.cfg.Now = func() time.Time { return begun.Add(UndoFor + 2*time.Hour) }
	problemIn(t, f.do("POST", "/recordings/acts/undelete", api.BulkAct{Undo: a.Undo}), "no-undo")
}

func TestActsOnManyStayWithinTheCallersLines(t *testing.T) {
	f := newFixture(t)
	mine, other := f.record(1, 800, "mixed").ID, f.record(2, 800, "mixed").ID
	f.cfg.Access.SetGroups(map[string][]int{"front": {1}})
	a := actor(access.Administrator, "front")
	got := decode[api.Acted](t, f.doAs(a, "POST", "/recordings/acts/protect", api.BulkAct{IDs: []string{mine, other}}), 200)
	if got.Changed != 1 || got.Skipped[0].Code != "no-recording" {
		t.Errorf("%+v", got)
	}
	if got = decode[api.Acted](t, f.doAs(a, "POST", "/recordings/acts/trash?direction=in", api.BulkAct{Search: true}), 200); got.Matched != 1 {
		t.Errorf("a search finds %+v", got)
	}
	problemIn(t, f.doAs(a, "POST", "/recordings/"+other+"/protect", api.Act{}), "no-recording")
	for _, route := range []string{"GET /approvals", "GET /erasures", "POST /tidy", "GET /erasures/" + requestOne + "/proof"} {
		method, path, _ := strings.Cut(route, " ")
		problemIn(t, f.doAs(a, method, path, nil), "forbidden")
	}
	problemIn(t, f.doAs(a, "POST", "/retention/run", api.RunRetention{}), "forbidden")
	problemIn(t, f.doAs(a, "POST", "/approvals/"+requestOne+"/approve", api.Decision{}), "forbidden")
	st := decode[api.Storage](t, f.doAs(a, "GET", "/storage", nil), 200)
	if st.Recordings.Count != 1 || st.FullIn != nil || len(st.Groups) != 0 {
		t.Errorf("the storage shows other lines: %+v", st)
	}
	if r := get[api.Recording](f, "/recordings/"+other); r.Protected {
		t.Error("a recording of another line was protected")
	}
}

func TestErasingNeedsASecondPersonWhereSettingsSaySo(t *testing.T) {
	f := newFixture(t)
	f.keep.policy.Second = true
	id := f.record(1, 800, "mixed").ID
	f.actOn(id, "trash", api.Act{})
	r := f.actOn(id, "erase", api.Act{Reason: "old"})
	if r.Changed || r.Approval == "" || r.Recording.State != index.StateTrash {
		t.Fatalf("%+v", r)
	}
	problemIn(t, f.do("POST", "/approvals/"+r.Approval+"/approve", api.Decision{}), "same-actor")
	second := actor(access.Administrator)
	second.Name = "second"
	a := decode[api.Approval](t, f.doAs(second, "POST", "/approvals/"+r.Approval+"/approve", api.Decision{}), 200)
	if a.State != "done" || a.Approver != "second" || a.By != "administrator" {
		t.Errorf("%+v", a)
	}
	if got := get[api.Recording](f, "/recordings/"+id); got.State != index.StateErased {
		t.Errorf("%+v", got)
	}
	problemIn(t, f.doAs(second, "POST", "/approvals/"+r.Approval+"/approve", api.Decision{}), "decided")
	problemIn(t, f.do("GET", "/approvals/01KNONE", nil), "no-request")
	more := f.record(1, 400, "mixed").ID
	bulk := decode[api.Acted](t, f.do("POST", "/recordings/acts/erase", api.BulkAct{IDs: []string{more}, Act: api.Act{Force: true}}), 200)
	if bulk.Approval == "" || bulk.Changed != 0 || get[api.Recording](f, "/recordings/"+more).State != index.StateSealed {
		t.Errorf("%+v", bulk)
	}
}

func TestAPersonsDataIsCountedBeforeItIsErased(t *testing.T) {
	f := newFixture(t)
	id := f.record(1, 800, "mixed").ID
	f.record(2, 800, "mixed")
	f.actOn(id, "hold", api.Act{Case: "x"})
	e := decode[api.Erasure](t, f.do("POST", "/erasures", api.NewErasure{Number: "0755 1234-5678", DryRun: true}), 200)
	if e.Number != "075512345678" || e.Recordings.Count != 2 || e.Held != 1 || e.Approval != nil {
		t.Errorf("%+v", e)
	}
	for _, bad := range []string{"0755*", "abc", "( - )"} {
		problemIn(t, f.do("POST", "/erasures", api.NewErasure{Number: bad}), "invalid")
	}
	e = decode[api.Erasure](t, f.do("POST", "/erasures", api.NewErasure{Number: "075512345678", Reason: "letter of 1 May"}), 200)
	if e.Approval == nil || e.Approval.State != "asked" {
		t.Fatalf("%+v", e)
	}
	for _, row := range f.audit.rows(t) {
		for k, v := range row.Detail {
			if strings.Contains(v, "12345678") {
				t.Errorf("the audit log keeps the number that is to be forgotten: %s %s", k, v)
			}
		}
	}
	problemIn(t, f.do("GET", "/erasures/"+e.Approval.ID+"/proof", nil), "no-proof")
	w := f.do("GET", "/erasures/"+requestOne+"/proof", nil)
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"v": 1`) || !strings.Contains(w.Header().Get("Content-Disposition"), requestOne) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestRetentionIsPreviewedAndTried(t *testing.T) {
	f := newFixture(t)
	row := f.record(1, 800, "mixed")
	f.keep.plan = keep.Plan{Parts: []keep.Part{{Reason: keep.ByTime, Name: "long", Action: keep.ToTrash, Count: 1, Bytes: 10}, {Reason: keep.ByTrash, Action: keep.ToErase, Count: 5}},
		Items: []keep.Item{{ID: row.ID, Action: keep.ToTrash, Reason: keep.ByTime, Name: "long", Bytes: 10}}}
	at := begun.AddDate(1, 0, 0)
	p := decode[api.RetentionPlan](t, f.do("POST", "/retention/preview", api.PreviewRetention{AsOf: &at, Limit: 5}), 200)
	if p.Trash.Count != 1 || p.Erase.Count != 5 || p.Unsaved.Count != 1 || len(p.Items) != 1 || !p.Same || !p.At.Equal(at) {
		t.Errorf("%+v", p)
	}
	if p = decode[api.RetentionPlan](t, f.do("POST", "/retention/preview", api.PreviewRetention{Settings: []byte(`{"classes":[]}`)}), 200); p.Same {
		t.Errorf("%+v", p)
	}
	r := decode[api.RetentionRun](t, f.do("POST", "/retention/run", api.RunRetention{AsOf: &at}), 200)
	if r.Trashed.Count != 1 || r.Trashed.Bytes != 10 || r.Erased.Count != 0 || r.Undo == "" {
		t.Fatalf("%+v", r)
	}
	if got := get[api.Recording](f, "/recordings/"+row.ID); got.State != index.StateTrash {
		t.Errorf("%+v", got)
	}
	decode[api.Acted](t, f.do("POST", "/recordings/acts/undelete", api.BulkAct{Undo: r.Undo}), 200)
	if got := get[api.Recording](f, "/recordings/"+row.ID); got.State != index.StateSealed {
		t.Errorf("%+v", got)
	}
	st := get[api.Storage](f, "/storage")
	if st.Recordings.Count != 1 || *st.FullIn != 12 || st.Gross != nil || len(st.Soon) != 2 || st.Groups[0].Group != "front" || st.Groups[0].Count != 1 {
		t.Errorf("%+v", st)
	}
	if c := st.Classes[1]; c.Class != "standard" || c.Count != 1 || !c.Forever {
		t.Errorf("%+v", st.Classes)
	}
	if ret := get[api.Retention](f, "/retention"); ret.Schedule != "daily 03:30" || ret.Last.Trashed.Count != 4 || ret.Next == nil {
		t.Errorf("%+v", ret)
	}
	decode[api.Retention](t, f.do("POST", "/retention/trust-clock", nil), 200)
	if f.keep.trusted != 1 {
		t.Error("the clock was not trusted")
	}
	if tidied := decode[api.Tidied](t, f.do("POST", "/tidy", nil), 200); tidied.Found["stray"] != 1 || len(tidied.Items) != 1 {
		t.Errorf("%+v", tidied)
	}
}
