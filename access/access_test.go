package access

import (
	"errors"
	"fmt"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"vaad/store"
)

// cheap makes passwords cost nothing.
func cheap() Cost { return Cost{8, 1} }

// control is a Control over a file of its own; passwords cost nothing.
func control(t *testing.T, cfg Config) *Control {
	t.Helper()
	if cfg.DB == nil {
		db, _, err := store.Open(filepath.Join(t.TempDir(), "state.db"), store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		cfg.DB = db
	}
	cfg.Cost = cheap()
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryRoleAndVerbIsInTheTable(t *testing.T) {
	used := map[Verb]bool{}
	for i, g := range Table() {
		if g.Role != Roles()[i] {
			t.Errorf("row %d is %s", i, g.Role)
		}
		for _, v := range g.Verbs {
			if !slices.Contains(Verbs(), v) {
				t.Errorf("%s: %s is no verb", g.Role, v)
			}
			used[v] = true
		}
		if len(slices.Compact(slices.Sorted(slices.Values(g.Verbs)))) != len(g.Verbs) {
			t.Errorf("%s has a verb twice", g.Role)
		}
	}
	if len(used) != len(Verbs()) {
		t.Errorf("%d of %d verbs are given to somebody", len(used), len(Verbs()))
	}
}

func TestWhoHasNoRoleMayNothing(t *testing.T) {
	c := control(t, Config{})
	for _, a := range []Actor{{}, {Name: "x", Grants: []Grant{{Role: "chief"}}}} {
		s := c.Scope(a)
		for _, v := range Verbs() {
			if s.Allows(v, 0) || s.Allows(v, 1) {
				t.Errorf("%v may %s", a, v)
			}
		}
	}
	if (Scope{}).Allows(Play, 1) {
		t.Error("the zero scope allows")
	}
}

func TestReviewersChangeNothing(t *testing.T) {
	s := control(t, Config{}).Scope(Actor{Grants: []Grant{{Role: Reviewer}}})
	for _, v := range []Verb{SettingsWrite, StartStop, Note, AlarmAck, SaveFlight, Maintain, Listen, Call, Supervise} {
		if s.Allows(v, 1) {
			t.Errorf("a reviewer may %s", v)
		}
	}
	for _, v := range []Verb{SearchRecords, Play, Export, Calls} {
		if !s.Allows(v, 1) {
			t.Errorf("a reviewer may not %s", v)
		}
	}
}

func TestGroupsLimitLines(t *testing.T) {
	c := control(t, Config{})
	c.SetGroups(map[string][]int{"sales": {1, 2}, "desk": {5}})
	a := Actor{Name: "ann", Grants: []Grant{{Role: Supervisor, Groups: []string{"sales", "desk", "gone"}}}}
	s := c.Scope(a)
	if !slices.Equal(s.Numbers(Play), []int{1, 2, 5}) || !s.Allows(Play, 2) || s.Allows(Play, 3) || s.Sees(3) || !s.Allows(Status, 0) {
		t.Errorf("scope %+v", s)
	}
	c.SetGroups(map[string][]int{"sales": {3}})
	if s := c.Scope(a); s.Allows(Play, 1) || !s.Allows(Play, 3) {
		t.Errorf("after the groups changed: %+v", s)
	}
	err := s.Check(a, Play, 9)
	var denied *Denied
	if !errors.Is(err, ErrDenied) || !errors.As(err, &denied) || denied.Line != 9 || !strings.Contains(err.Error(), "ann") {
		t.Errorf("error %v", err)
	}
	if s.Check(a, Play, 5) != nil {
		t.Error("refused what is allowed")
	}
}

func TestLocalUsersAreKnownByTheKernelsWord(t *testing.T) {
	const daemon = 54321
	g, err := user.LookupGroupId("0")
	if err != nil {
		t.Skip("no group 0 here")
	}
	c := control(t, Config{DaemonUID: daemon, ReviewGroup: g.Name})
	for _, x := range []struct {
		uid, gid int
		groups   []int
		want     Role
	}{
		{0, 0, nil, Administrator},
		{daemon, 999, nil, Administrator},
		{54322, 0, nil, Reviewer},
		{54322, 999, []int{998, 0}, Reviewer},
		{54322, 999, []int{998}, ""},
		{-1, -1, nil, ""},
	} {
		a, err := c.FromPeerCred(x.uid, x.gid, x.groups)
		if x.want == "" {
			if !errors.Is(err, ErrDenied) || len(a.Grants) != 0 || !strings.Contains(err.Error(), g.Name) {
				t.Errorf("%+v: %+v %v", x, a, err)
			}
			continue
		}
		if err != nil || len(a.Grants) != 1 || !a.Has(x.want) || a.UID != x.uid || a.Name == "" || a.Kind != Local {
			t.Errorf("%+v: %+v %v", x, a, err)
		}
	}
	me, err := user.Current()
	if err != nil {
		t.Skip(err)
	}
	uid, _ := strconv.Atoi(me.Uid)
	if a, err := control(t, Config{DaemonUID: daemon, AdminUser: me.Username}).FromPeerCred(uid, 999, nil); err != nil || a.Name != me.Username {
		t.Errorf("the admin user: %+v %v", a, err)
	}
}

func audit(t *testing.T) (*Audit, *store.DB) {
	t.Helper()
	db, _, err := store.Open(filepath.Join(t.TempDir(), "state.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return NewAudit(db, nil), db
}

func TestAuditKeepsEveryRowInOrder(t *testing.T) {
	a, _ := audit(t)
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			e, err := a.Append(Entry{Actor: fmt.Sprint("actor ", i%3), Verb: Play, Line: 1 + i%4, Object: fmt.Sprint(i), Result: "ok"})
			if err != nil || e.Seq == 0 || e.Time.IsZero() {
				t.Errorf("%+v %v", e, err)
			}
			if got, err := a.Query(AuditFilter{Object: fmt.Sprint(i)}); err != nil || len(got) != 1 || got[0].Seq != e.Seq {
				t.Errorf("the row was not there when Append returned: %v %v", got, err)
			}
		}()
	}
	wg.Wait()
	var all []Entry
	for before := uint64(0); ; {
		page, err := a.Query(AuditFilter{Before: before, Limit: 30})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
		if len(page) < 30 {
			break
		}
		before = page[len(page)-1].Seq
	}
	if len(all) != 200 {
		t.Fatalf("%d rows", len(all))
	}
	for i, e := range all {
		if e.Seq != uint64(200-i) {
			t.Fatalf("row %d has number %d", i, e.Seq)
		}
	}
	if got, err := a.Query(AuditFilter{Actor: "actor 1", Line: 2}); err != nil || len(got) == 0 ||
		slices.ContainsFunc(got, func(e Entry) bool { return e.Actor != "actor 1" || e.Line != 2 }) {
		t.Errorf("filtered %v %v", got, err)
	}
	mid := all[100].Time
	if got, err := a.Query(AuditFilter{From: mid, To: mid.Add(time.Nanosecond)}); err != nil || len(got) == 0 {
		t.Errorf("by time: %v %v", got, err)
	}
}

func TestAuditRowThatCannotBeWrittenIsAnError(t *testing.T) {
	a, db := audit(t)
	_ = db.Close()
	if _, err := a.Append(Entry{Actor: "ann", Verb: Play}); err == nil {
		t.Error("no error")
	}
}

func TestAuditRowsAreBounded(t *testing.T) {
	a, _ := audit(t)
	e, err := a.Append(Entry{Verb: Note, Object: strings.Repeat("é", 5000), Detail: map[string]string{"text": strings.Repeat("字", 5000)}})
	if err != nil || len(e.Object) > maxDetail+5 || len(e.Detail["text"]) > maxDetail+5 {
		t.Errorf("%d %d %v", len(e.Object), len(e.Detail["text"]), err)
	}
}
