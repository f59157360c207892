package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// doc is a fixture in a folder of its own.
func doc(t *testing.T, change ...func(*Config)) *fixture { return start(t, t.TempDir(), change...) }

func values(pairs ...string) map[string]json.RawMessage {
	m := map[string]json.RawMessage{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = json.RawMessage(pairs[i+1])
	}
	return m
}

func TestSeveralValuesAreOneVersion(t *testing.T) {
	f := doc(t)
	v, err := f.doc.Change("ann", "two", Changes{0, values("lines.1.name", `"a"`, "lines.2.name", `"b"`)})
	if err != nil || v.N != 1 || len(v.Diff) != 2 || f.doc.Version() != 1 {
		t.Fatalf("%+v %v", v, err)
	}
	_, err = f.doc.Change("ann", "", Changes{1, values("lines.1.name", `"c"`, "lines.2.preroll_ms", `-1`)})
	var bad *Invalid
	if !errors.As(err, &bad) || f.lines.Get(f.doc)["1"].Name != "a" {
		t.Errorf("half of a change was made: %v, %+v", err, f.lines.Get(f.doc))
	}
}

func TestAPlanChangesNothingAndSaysWhatWouldChange(t *testing.T) {
	f := doc(t)
	f.set("lines.1.name", `"a"`)
	before := string(f.doc.Export())
	plan, err := f.doc.Plan(Changes{1, values("lines.1.name", `"b"`, "site.language", `"zh"`)})
	if err != nil || len(plan) != 2 || plan[0].Path != "lines.1.name" || string(plan[0].Old) != `"a"` || string(plan[0].New) != `"b"` {
		t.Errorf("plan %+v %v", plan, err)
	}
	if _, err := f.doc.Plan(Changes{1, values("site.language", `"fr"`)}); err == nil {
		t.Error("a fault was not found")
	}
	back, err := f.doc.PlanRollback(0)
	if err != nil || len(back) != 1 || back[0].Path != "lines.1.name" || back[0].New != nil {
		t.Errorf("rollback %+v %v", back, err)
	}
	if string(f.doc.Export()) != before || f.doc.Version() != 1 {
		t.Error("a plan changed something")
	}
}

func TestWhatOthersChangedMeanwhileIsNotOverwritten(t *testing.T) {
	for _, c := range []struct {
		name, theirPath, their, minePath, mine string
		conflict                               string
	}{
		{"elsewhere", "lines.1.name", `"x"`, "lines.1.trigger", `"off"`, ""},
		{"another line", "lines.1.name", `"x"`, "lines.2.name", `"y"`, ""},
		{"the same key", "lines.1.name", `"x"`, "lines.1.name", `"y"`, "lines.1.name"},
		{"the same value", "lines.1.name", `"x"`, "lines.1.name", `"x"`, ""},
		{"the whole line", "lines.1.name", `"x"`, "lines.1", `{"name":"y"}`, "lines.1.name"},
		{"the line is gone", "lines.1", `null`, "lines.1.name", `"y"`, "lines.1"},
		{"a list", "site.tags", `["x"]`, "site.tags", `["y"]`, "site.tags"},
		{"back to the default", "lines.1.port", `7`, "lines.1.port", `null`, "lines.1.port"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := doc(t)
			f.set("lines.1", `{}`)
			f.set(c.theirPath, c.their)
			_, err := f.doc.Change("bob", "", Changes{1, values(c.minePath, c.mine)})
			var e *ConflictError
			if c.conflict == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if !errors.As(err, &e) || len(e.Conflicts) != 1 || e.Conflicts[0].Path != c.conflict || e.Conflicts[0].Actor != "ann" || f.doc.Version() != 2 {
				t.Errorf("%v %+v", err, e)
			}
			if _, err := f.doc.Change("bob", "", Changes{2, values(c.minePath, c.mine)}); err != nil {
				t.Errorf("refused by who has seen it: %v", err)
			}
		})
	}
	f := doc(t)
	if _, err := f.doc.Change("bob", "", Changes{9, values("lines.1.name", `"y"`)}); !errors.Is(err, ErrNoVersion) {
		t.Errorf("on a version that is to come: %v", err)
	}
}

// edits are random changes of the fixture's document that it takes.
func edits() *rapid.Generator[map[string]json.RawMessage] {
	one := rapid.Custom(func(t *rapid.T) [2]string {
		n := rapid.IntRange(1, 4).Draw(t, "line")
		return rapid.SampledFrom([][2]string{
			{fmt.Sprintf("lines.%d", n), `null`}, {fmt.Sprintf("lines.%d", n), `{}`}, {fmt.Sprintf("lines.%d", n), `{"trigger":"off"}`},
			{fmt.Sprintf("lines.%d.name", n), fmt.Sprintf(`"n%d"`, rapid.IntRange(0, 2).Draw(t, "name"))}, {fmt.Sprintf("lines.%d.name", n), `null`},
			{fmt.Sprintf("lines.%d.preroll_ms", n), `5`}, {"site.tags", `["b","c"]`}, {"site.tags", `[]`}, {"site.tags", `null`}, {"site.disk", `{"full":"warn"}`},
			{"site.disk.full", `null`}, {"site.language", `"en"`}, {"site.language", `null`}, {`lines.a\.b.name`, `"dots"`}, {"lines", `null`},
		}).Draw(t, "edit")
	})
	return rapid.Custom(func(t *rapid.T) map[string]json.RawMessage {
		m := map[string]json.RawMessage{}
		for _, e := range rapid.SliceOfN(one, 1, 3).Draw(t, "edits") {
			m[e[0]] = json.RawMessage(e[1])
		}
		return m
	})
}

func TestWhateverChangesTheWayBackGivesTheSameDocument(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		f := doc(t)
		defer func() { _ = f.db.Close() }()
		states := []string{string(f.doc.Export())}
		trees := []map[string]any{{}}
		for _, m := range rapid.SliceOfN(edits(), 1, 8).Draw(r, "changes") {
			plan, planErr := f.doc.Plan(Changes{f.doc.Version(), m})
			v, err := f.doc.Change("ann", "", Changes{f.doc.Version(), m})
			if err != nil {
				r.Fatalf("%v", err)
			}
			if planErr != nil || len(plan) != len(v.Diff) {
				r.Fatalf("planned %v, %v; changed %v", plan, planErr, v.Diff)
			}
			if int(v.N) == len(states) {
				states = append(states, string(f.doc.Export()))
				tree, _ := clone(f.doc.cur.Load().explicit).(map[string]any)
				trees = append(trees, tree)
			}
		}
		last := len(states) - 1
		from, to := rapid.IntRange(0, last).Draw(r, "from"), rapid.IntRange(0, last).Draw(r, "to")
		between, err := f.doc.Between(uint64(from), uint64(to))
		if err != nil {
			r.Fatal(err)
		}
		var changes []Change
		for _, d := range between {
			changes = append(changes, d.Change)
			if d.By.N <= uint64(min(from, to)) || d.By.N > uint64(max(from, to)) || d.By.Actor != "ann" {
				r.Fatalf("%s between %d and %d was changed by version %d", d.Path, from, to, d.By.N)
			}
		}
		if got, err := redo(trees[from], changes); err != nil || !same(got, trees[to]) {
			r.Fatalf("what differs between %d and %d does not lead there: %v %v, want %v", from, to, err, got, trees[to])
		}
		plan, err := f.doc.PlanRollback(uint64(to))
		if err != nil {
			r.Fatal(err)
		}
		v, err := f.doc.Rollback("bob", "", uint64(to))
		if err != nil || string(f.doc.Export()) != states[to] || len(plan) != len(v.Diff) {
			r.Fatalf("back to %d: %v\n%s\nwant\n%s", to, err, f.doc.Export(), states[to])
		}
	})
}

func FuzzChange(f *testing.F) {
	for _, s := range []string{`{"lines.1.name":"a"}`, `{"":1}`, `{"lines":{"1":{}}}`, `{"lines.1":null,"lines.1.name":"x"}`, `{"site.disk.full.x":1}`, `{"a\\":1,"..":2}`,
		`{"lines.1":[1],"lines.1.name":3}`, `{"site":7}`, `{"lines.1.name.x":"y","lines.1.name":"z"}`} {
		f.Add([]byte(s), uint64(0))
	}
	f.Fuzz(func(t *testing.T, raw []byte, base uint64) {
		var m map[string]json.RawMessage
		if json.Unmarshal(raw, &m) != nil || len(m) == 0 {
			return
		}
		g := doc(t)
		g.set("lines.1.name", `"a"`)
		before := string(g.doc.Export())
		c := Changes{base, m}
		_, planErr := g.doc.Plan(c)
		if string(g.doc.Export()) != before {
			t.Fatal("a plan changed something")
		}
		_, err := g.doc.Change("x", "", c)
		if (err == nil) != (planErr == nil) {
			t.Fatalf("planned: %v, changed: %v", planErr, err)
		}
		if err != nil {
			return
		}
		if _, err := g.doc.Rollback("x", "", 1); err != nil || string(g.doc.Export()) != before {
			t.Fatalf("the way back from %s: %v\n%s", slices.Sorted(maps.Keys(m)), err, g.doc.Export())
		}
	})
}
