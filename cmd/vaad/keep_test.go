package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaad/console"
	"vaad/recorder/keep"
	"vaad/store"
)

func TestClassesThatAreNamedAreThere(t *testing.T) {
	p := newTestPlan(t)
	setTo(t, p.doc, "retention_classes.year", `{"days":365}`)
	setTo(t, p.doc, "groups.sales", `{"class":"year","quota_gb":2,"lines":[3]}`)
	setTo(t, p.doc, "lines.1.class", `"year"`)
	setTo(t, p.doc, "lines.2.group", `"sales"`)
	setTo(t, p.doc, "rules.list", `[{"name":"a","record":true,"class":"year"}]`)
	for path, c := range map[string]struct{ value, want string }{
		"retention.default":          {`"month"`, "retention.default"},
		"lines.1.class":              {`"month"`, "lines.1.class"},
		"groups.sales.class":         {`"month"`, "groups.sales.class"},
		"rules.list":                 {`[{"name":"a","record":true,"class":"month"}]`, "rules.list.0.class"},
		"retention_classes.year":     {`null`, "lines.1.class"},
		"retention_classes.Big":      {`{"days":1}`, "retention_classes.Big"},
		"retention_classes.x":        {`{}`, "retention_classes.x.days"},
		"retention_classes.y":        {`{"days":1,"forever":true}`, "retention_classes.y.forever"},
		"retention_classes.z":        {`{"days":1,"action":"burn"}`, "retention_classes.z.action"},
		"retention_classes.standard": {`{"forever":false}`, "retention_classes.standard.days"},
		"retention.schedule":         {`"sometimes"`, "retention.schedule"},
		"groups.sales.quota_gb":      {`-1`, "groups.sales.quota_gb"},
		"recorder.disk_full":         {`"burn"`, "recorder.disk_full"},
	} {
		_, err := p.doc.Set("ann", "", path, json.RawMessage(c.value))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v, want %s", path, c.value, err, c.want)
		}
	}
	for line, want := range map[int]string{1: "year", 2: "year", 3: "", 4: ""} { // 3 is only in the group's list: that is for rights
		if got := p.sec.classOf(p.doc.View(), line); got != want {
			t.Errorf("line %d has class %q, want %q", line, got, want)
		}
	}
}

func TestThePolicyIsWhatSettingsSay(t *testing.T) {
	p := newTestPlan(t)
	pol := p.sec.policyIn(p.doc.View(), nil)
	if err := pol.Validate(); err != nil {
		t.Error(err)
	}
	if len(pol.Classes) != 1 || !pol.Classes[0].Forever || pol.Default != "standard" || pol.Second || pol.Disk.When != keep.FullStop || pol.Disk.Reserve != 512<<20 {
		t.Errorf("without settings: %+v", pol)
	}
	setTo(t, p.doc, "retention_classes.year", `{"days":365,"only_backed":true}`)
	setTo(t, p.doc, "retention_classes.last", `{"count":10,"action":"erase"}`)
	setTo(t, p.doc, "retention", `{"default":"year","dual_approval":true}`)
	setTo(t, p.doc, "groups.sales", `{"lines":[3],"quota_gb":2,"quota_days":30}`)
	setTo(t, p.doc, "recorder.disk_full", `"delete-oldest"`)
	pol = p.sec.policyIn(p.doc.View(), map[string][]int{"sales": {3, 4}})
	if err := pol.Validate(); err != nil {
		t.Error(err)
	}
	if c := pol.Classes; len(c) != 3 || c[0].Name != "last" || c[0].Action != keep.ToErase || c[0].Count != 10 || c[2].Name != "year" || !c[2].NeedsBackup || c[2].TrashDays != 30 {
		t.Errorf("%+v", c)
	}
	if q := pol.Quotas; len(q) != 1 || q[0].Bytes != 2<<30 || q[0].Days != 30 || len(q[0].Lines) != 2 {
		t.Errorf("%+v", q)
	}
	if !pol.Second || pol.Default != "year" || pol.Disk.When != keep.FullDelete {
		t.Errorf("%+v", pol)
	}
	setTo(t, p.doc, "retention_classes.standard", `{"days":90,"forever":false}`)
	if c := p.sec.policyIn(p.doc.View(), nil).Classes[1]; c.Name != "standard" || c.Days != 90 || c.Forever {
		t.Errorf("%+v", c)
	}
}

func TestWhatUndoesActsIsForgottenAfterADay(t *testing.T) {
	db, _, err := store.Open(filepath.Join(t.TempDir(), "state.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	u, now := undos{db}, time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	put := func(token string, at time.Time) {
		t.Helper()
		if err := u.Put(token, console.Undo{Time: at, Actor: "ann", Acts: []console.UndoActs{{Kind: "trash", IDs: []string{token}}}}); err != nil {
			t.Fatal(err)
		}
	}
	put("a", now)
	put("b", now.Add(20*time.Hour))
	put("c", now.Add(25*time.Hour))
	for token, want := range map[string]bool{"a": false, "b": true, "c": true, "d": false} {
		if one, ok, err := u.Get(token); err != nil || ok != want || ok && one.Acts[0].IDs[0] != token {
			t.Errorf("%s: %+v %v %v", token, one, ok, err)
		}
	}
}

func TestADoneRequestKeepsNoNumber(t *testing.T) {
	db, _, err := store.Open(filepath.Join(t.TempDir(), "state.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	desk := keep.NewDesk(requests{db}, func() string { return "R" }, nil)
	if _, err := desk.Ask(keep.AskForget, keep.Subject{Number: "13800138000"}, "ann", "letter"); err != nil {
		t.Fatal(err)
	}
	r, err := desk.Approve("R", "bob")
	if err != nil || r.What.Number == "" {
		t.Fatalf("%+v %v", r, err)
	}
	r.State = keep.Done
	if err := (requests{db}).Put(r); err != nil {
		t.Fatal(err)
	}
	all, err := desk.List()
	if err != nil || len(all) != 1 || all[0].What.Number != "" || all[0].Approver != "bob" {
		t.Errorf("%+v %v", all, err)
	}
	m := memory{db}
	if s, err := m.Load(); err != nil || !s.Seen.IsZero() {
		t.Errorf("%+v %v", s, err)
	}
	if err := m.Save(keep.State{LastRun: r.At}); err != nil {
		t.Fatal(err)
	}
	if s, err := m.Load(); err != nil || !s.LastRun.Equal(r.At) {
		t.Errorf("%+v %v", s, err)
	}
}

func TestAListOfRequestsDoesNotReadTheirProofs(t *testing.T) {
	db, _, err := store.Open(filepath.Join(t.TempDir(), "state.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ids := []string{"01J00000000000000000000001", "01J00000000000000000000002"}
	one := keep.Request{ID: "B", Kind: keep.AskForget, State: keep.Approved, What: keep.Subject{IDs: ids}, Proof: &keep.Proof{V: 1}, Until: time.Now().Add(-time.Hour)}
	old := one // as an earlier version wrote it
	old.ID = "A"
	if err := db.Update(func(tx *store.Tx) error { return requestBucket().Put(tx, old.ID, old) }); err != nil {
		t.Fatal(err)
	}
	if err := (requests{db}).Put(one); err != nil {
		t.Fatal(err)
	}
	var raw keep.Request
	if err := db.View(func(tx *store.Tx) (err error) { raw, _, err = requestBucket().Get(tx, "B"); return err }); err != nil || raw.Proof != nil || raw.What.IDs != nil {
		t.Errorf("what a list reads: %+v, %v", raw, err)
	}
	desk := keep.NewDesk(requests{db}, nil, nil)
	all, err := desk.List() // both expire, and are written again
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	for _, r := range all {
		if r.State != keep.Expired || r.Count != 2 || !r.Proven || r.Proof != nil || r.What.IDs != nil {
			t.Errorf("listed: %+v", r)
		}
		if whole, err := desk.Get(r.ID); err != nil || len(whole.What.IDs) != 2 || whole.Proof == nil {
			t.Errorf("whole: %+v, %v", whole, err)
		}
	}
}
