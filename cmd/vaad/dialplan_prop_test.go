package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"vaad/channels/numbering"

	"pgregory.net/rapid"
)

// drawPlan draws a document of stations, trunks and a dial plan, which may
// contradict itself.
func drawPlan(t *rapid.T) (values map[string]string, extensions map[string]int) {
	values, extensions = map[string]string{}, map[string]int{}
	digits := rapid.StringMatching(`[0-9]{1,4}`)
	for line := 1; line <= 4; line++ {
		if rapid.Bool().Draw(t, "station") {
			ext := digits.Draw(t, "extension")
			extensions[ext] = line
			values[fmt.Sprintf("lines.%d", line)] = fmt.Sprintf(`{"board": "a", "port": %d, "use": "station", "extension": %q}`, line, ext)
			continue
		}
		values[fmt.Sprintf("lines.%d", line)] = fmt.Sprintf(`{"board": "a", "port": %d, "use": "trunk", "trunk_group": "g%d"}`, line, line%2)
	}
	outside := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) outsideDoc {
		return outsideDoc{Prefix: rapid.StringMatching(`[0-9]{0,2}`).Draw(t, "prefix"), Groups: []string{rapid.SampledFrom([]string{"g0", "g1"}).Draw(t, "group")},
			KeepPrefix: rapid.Bool().Draw(t, "keep"), Numbers: rapid.SliceOfN(rapid.StringMatching(`[0-9xzn]{1,3}\.?`), 0, 2).Draw(t, "numbers")}
	}), 0, 3).Draw(t, "outside")
	b, _ := json.Marshal(outside)
	values["dialplan.outside"] = string(b)
	return values, extensions
}

func TestInEveryPlanThatIsTakenEachNumberLeadsToOnePlace(t *testing.T) {
	taken := 0
	rapid.Check(t, func(rt *rapid.T) {
		p := newTestPlan(t)
		values, extensions := drawPlan(rt)
		if err := setAll(p, values); err != nil {
			return // it contradicts itself, and says where
		}
		taken++
		if _, err := p.Lines("a", card(4)); err != nil {
			rt.Fatal(err)
		}
		for ext, line := range extensions {
			if r := p.numbers().Match(ext); r != numbering.Whole && r != numbering.Open {
				rt.Fatalf("extension %s is %s for who dials it", ext, r)
			}
			if to := p.route(ext); len(to) != 1 || to[0].Line != line {
				rt.Fatalf("extension %s of line %d leads to %+v", ext, line, to)
			}
		}
		number := rapid.StringMatching(`[0-9*#]{1,12}`).Draw(rt, "number")
		to := p.route(number)
		if dialled := p.numbers() != nil && dialable(p.numbers(), number); len(to) > 0 && !dialled {
			rt.Fatalf("%s leads to %+v, and no station could dial it", number, to)
		}
		for _, x := range to {
			if x.Line == 0 && (len(x.Lines) == 0 || x.Group == "" || !strings.HasSuffix(number, x.Number)) {
				rt.Fatalf("%s leads to %+v", number, x)
			}
		}
	})
	if taken == 0 {
		t.Error("no plan was taken: is it drawn as it should be?")
	}
}

func FuzzSoundsOfAnyText(f *testing.F) {
	for _, s := range []string{"tone:busy:3000", "silence:500", "keys:12#", "number:-12.5", "money:USD 12.50", "welcome", "tone::", ":", "date:2026-02-30"} {
		f.Add(s)
	}
	s := &sounds{Store: newSounds(f.TempDir()).Store}
	f.Fuzz(func(t *testing.T, item string) {
		all, err := s.make("zh", []string{item})
		if err != nil && len(all) > 0 {
			t.Errorf("%q: sounds with an error", item)
		}
		for _, a := range all {
			if a.MS < 0 || a.MS > 600_000 || len(a.Keys) > 64 {
				t.Errorf("%q became %d ms, keys %q", item, a.MS, a.Keys)
			}
		}
	})
}
