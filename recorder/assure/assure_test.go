package assure

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/calls"
	"vaad/recorder/index"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var shanghai = func() *time.Location { z, err := time.LoadLocation("Asia/Shanghai"); return must(z, err) }()

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// noon of the day of all tests, as the box's clock shows it.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, shanghai)

// talk is a call of 60 s that was answered after 5 s, recorded from its answer on.
func talk(change func(*calls.Row, *part)) (*calls.Row, []part) {
	c := &calls.Row{ID: "C", Line: 1, Start: noon, Answered: noon.Add(5 * time.Second), AnsweredBy: "off-hook", End: noon.Add(65 * time.Second), EndedBy: "on-hook",
		Recordings: []string{"R"}, Why: []string{"voltage"}}
	p := part{known: true, row: index.Row{ID: "R", State: index.StateSealed, Trigger: "voltage", Start: noon.Add(3 * time.Second), End: noon.Add(65 * time.Second)}}
	change(c, &p)
	if p.row.ID == "" {
		c.Recordings = []string{}
		return c, nil
	}
	return c, []part{p}
}

func TestEveryCallGetsTheVerdictThatItsFactsAreWorth(t *testing.T) {
	none := func(why ...string) func(*calls.Row, *part) {
		return func(c *calls.Row, p *part) { c.Why, *p = why, part{} }
	}
	for name, c := range map[string]struct {
		change          func(*calls.Row, *part)
		verdict, reason string
	}{
		"all is there":                  {func(*calls.Row, *part) {}, Whole, ""},
		"it ends a second early":        {func(_ *calls.Row, p *part) { p.row.End = p.row.End.Add(-time.Second) }, Whole, ""},
		"it ends ten seconds early":     {func(_ *calls.Row, p *part) { p.row.End = p.row.End.Add(-10 * time.Second) }, Unexplained, ReasonShort},
		"it was begun by hand":          {func(_ *calls.Row, p *part) { p.row.Trigger, p.row.Start = "manual", noon.Add(30*time.Second) }, Partly, "manual"},
		"it was begun by a key":         {func(_ *calls.Row, p *part) { p.row.Trigger, p.row.Start = "key", noon.Add(30*time.Second) }, Partly, "key"},
		"somebody stopped it":           {func(c *calls.Row, p *part) { c.Why, p.row.End = append(c.Why, "stopped"), noon.Add(20*time.Second) }, Partly, "stopped"},
		"it has a gap":                  {func(_ *calls.Row, p *part) { p.row.LostSamples = 800 }, Failed, ReasonGap},
		"the disk was full for a while": {func(c *calls.Row, _ *part) { c.Why = append(c.Why, "disk-full") }, Failed, "disk-full"},
		"it was paused":                 {func(_ *calls.Row, p *part) { p.row.Masked = 80_000 }, Partly, ReasonMasked},
		"it was erased":                 {func(_ *calls.Row, p *part) { p.row.State = index.StateErased }, Erased, ReasonErased},
		"it lies in the trash":          {func(_ *calls.Row, p *part) { p.row.State = index.StateTrash }, Whole, ""},
		"a file of it is gone":          {func(_ *calls.Row, p *part) { p.wrong = "missing" }, Unexplained, ReasonFile},
		"the index has not got it":      {func(_ *calls.Row, p *part) { p.known = false }, Unexplained, ReasonNotFound},
		"nobody answered": {func(c *calls.Row, p *part) {
			none("call", "missed")(c, p)
			c.Missed, c.Answered, c.AnsweredBy = true, time.Time{}, ""
		}, Missed, "missed"},
		"the line is off":                       {none("trigger-off"), NotWanted, "trigger-off"},
		"a rule denied it":                      {none("rule:private:deny:caller=@vip"), NotWanted, "rule"},
		"a rule wanted it, and the disk failed": {none("rule:sales:record:group=sales", "disk-error"), Failed, "disk-error"},
		"a rule wanted it, and it is not there": {none("rule:sales:record:group=sales"), Unexplained, ReasonNone},
		"nobody spoke":                          {none("no-voice"), NotWanted, "no-voice"},
		"the other leg has it":                  {none("call", "other-leg"), NotWanted, "other-leg"},
		"there is none, and no reason":          {none(), Unexplained, ReasonNone},
		"there is none, and a trigger":          {none("voltage"), Unexplained, ReasonNone},
		"the daemon was not there":              {func(c *calls.Row, p *part) { none()(c, p); c.EndedBy = calls.EndedByRestart }, Failed, ReasonRestart},
		"the daemon was away for a while":       {func(c *calls.Row, p *part) { c.Continues, p.row.Start = "B", noon.Add(40*time.Second) }, Failed, ReasonRestart},
	} {
		row, parts := talk(c.change)
		if f := judge(row, parts); f.verdict != c.verdict || f.reason != c.reason {
			t.Errorf("%s: %s, %q; want %s, %q", name, f.verdict, f.reason, c.verdict, c.reason)
		}
	}
}

// Whatever the reasons of the journal are called, each is somebody's will, a
// fault, or what made the recording begin.
func TestEveryReasonOfTheJournalIsPlaced(t *testing.T) {
	src := must(os.ReadFile("../../api/text/en.json"))
	for line := range strings.Lines(string(src)) {
		code, ok := strings.CutPrefix(strings.TrimSpace(line), `"why.`)
		if code, _, _ = strings.Cut(code, `"`); !ok || strings.Contains(code, ".") {
			continue
		}
		begins := slices.Contains([]string{"manual", "voltage", "continuous", "voice", "key", "call"}, code)
		if !wanted[code] && !failed[code] && !begins {
			t.Errorf("%q is neither wanted nor a failure: a call with it and without a recording would be unexplained", code)
		}
	}
}

func TestWhatIsCoveredIsCountedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := func(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }
		from := rapid.IntRange(0, 50).Draw(t, "from")
		to := from + rapid.IntRange(0, 50).Draw(t, "length")
		var spans []span
		has := map[int]bool{}
		for range rapid.IntRange(0, 6).Draw(t, "parts") {
			a := rapid.IntRange(-10, 110).Draw(t, "a")
			b := a + rapid.IntRange(0, 40).Draw(t, "b")
			spans = append(spans, span{at(a), at(b)})
			for s := a; s < b; s++ {
				has[s] = true
			}
		}
		want := 0
		for s := from; s < to; s++ {
			if !has[s] {
				want++
			}
		}
		if got := uncovered(span{at(from), at(to)}, spans); got != time.Duration(want)*time.Second {
			t.Fatalf("%v of %d…%d is in none of %v; counted by seconds it is %d", got, from, to, spans, want)
		}
	})
}

// A world is a source made of lists.
type world struct {
	rows  []calls.Row
	index []index.Row
	files map[string]string
	pages int
}

func (w *world) source(lines map[int]string) Source {
	return Source{Lines: lines,
		Calls: func(_ context.Context, f calls.Filter) (calls.Page, error) {
			w.pages++
			var page calls.Page
			from := 0
			if f.Cursor != "" {
				from = len(f.Cursor)
			}
			for i := len(w.rows) - 1; i >= 0; i-- { // newest first
				r := w.rows[i]
				if r.Start.Before(f.From) || !r.Start.Before(f.To) {
					continue
				}
				if from--; from >= 0 {
					continue
				}
				if len(page.Rows) == 3 { // pages are small here
					page.Next = strings.Repeat("x", max(0, len(f.Cursor))+3)
					break
				}
				page.Rows = append(page.Rows, r)
			}
			return page, nil
		},
		Find: func(id string) (calls.Row, bool, error) {
			i := slices.IndexFunc(w.rows, func(r calls.Row) bool { return r.ID == id })
			return calls.Row{}, i >= 0, nil
		},
		Recording: func(id string) (index.Row, bool, error) {
			i := slices.IndexFunc(w.index, func(r index.Row) bool { return r.ID == id })
			if i < 0 {
				return index.Row{}, false, nil
			}
			return w.index[i], true, nil
		},
		Recordings: func(_ context.Context, f index.Filter) (index.Page, error) {
			var page index.Page
			for _, r := range w.index {
				if !r.Start.Before(f.From) && r.Start.Before(f.To) && slices.Contains(f.States, r.State) {
					page.Rows = append(page.Rows, r)
				}
			}
			return page, nil
		},
		Files: func(r index.Row) (string, error) { return w.files[r.ID], nil },
	}
}

func (w *world) add(id string, line int, start time.Time, why ...string) {
	c := calls.Row{ID: id, Line: line, Start: start, Answered: start, AnsweredBy: "off-hook", End: start.Add(time.Minute), EndedBy: "on-hook", Why: why, Recordings: []string{}}
	if len(why) == 1 && why[0] == "voltage" {
		c.Recordings = []string{"R" + id}
		w.index = append(w.index, index.Row{ID: "R" + id, Call: id, Line: line, State: index.StateSealed, Trigger: "voltage", Start: start, End: c.End, Samples: 480_000})
	}
	w.rows = append(w.rows, c)
}

func TestAReportHasAllCallsOfItsDayAndNoOther(t *testing.T) {
	w := &world{files: map[string]string{"Rd": "missing"}}
	midnight := time.Date(2026, 11, 22, 0, 0, 0, 0, shanghai)
	for k := 1; k <= 4; k++ { // what is usual
		for n := range 4 {
			w.add("u"+string(rune('a'+k*4+n)), 3, midnight.AddDate(0, 0, -7*k).Add(time.Hour), "voltage")
		}
	}
	w.add("x", 1, midnight.Add(-time.Second), "voltage")
	w.add("a", 1, midnight, "voltage")
	w.add("b", 1, midnight.Add(time.Hour), "trigger-off")
	w.add("c", 2, midnight.Add(2*time.Hour))
	w.add("d", 2, midnight.Add(3*time.Hour), "voltage")
	w.add("e", 2, midnight.Add(24*time.Hour-time.Second), "voltage")
	w.add("y", 1, midnight.Add(24*time.Hour), "voltage")
	w.rows = append(w.rows, calls.Row{ID: "o", Line: 1, Start: midnight.Add(5 * time.Hour)}) // still up
	slices.SortFunc(w.rows, func(a, b calls.Row) int { return a.Start.Compare(b.Start) })
	w.index = append(w.index, index.Row{ID: "stray", Call: "gone", Line: 9, State: index.StateSealed, Start: noon})
	r, err := Make(t.Context(), w.source(map[int]string{1: "front", 2: "back", 3: "hall", 4: "spare"}), noon, noon)
	if err != nil {
		t.Fatal(err)
	}
	if r.Day != "2026-11-22" || r.Calls != 6 || r.Open != 1 || r.OK() {
		t.Errorf("day %s, %d calls, %d open, ok %v", r.Day, r.Calls, r.Open, r.OK())
	}
	if d := cmp.Diff(map[string]int{Whole: 2, NotWanted: 1, Unexplained: 2}, r.Counts); d != "" {
		t.Errorf("counts (-want +got):\n%s", d)
	}
	var items []string
	for _, i := range r.Items {
		items = append(items, i.Call+" "+i.Verdict+" "+i.Reason)
	}
	if d := cmp.Diff([]string{"c unexplained none", "d unexplained file"}, items); d != "" {
		t.Errorf("items (-want +got):\n%s", d)
	}
	if len(r.Strays) != 1 || r.Strays[0].Recording != "stray" {
		t.Errorf("strays %+v", r.Strays)
	}
	var silent []int
	for _, l := range r.Lines {
		if l.Silent {
			silent = append(silent, l.Line)
		}
	}
	if !slices.Equal(silent, []int{3}) {
		t.Errorf("silent lines %v: line 3 usually has four calls, line 4 never", silent)
	}
	part := r.Of([]int{1})
	if part.Calls != 3 || len(part.Items) != 0 || len(part.Strays) != 0 || part.Counts[Unexplained] != 0 || len(part.Lines) != 1 || part.Seconds.Talked != 120 {
		t.Errorf("who sees line 1 only gets %+v", part)
	}
}

func TestAFullReportKeepsTheWorst(t *testing.T) {
	w := &maker{r: &Report{Counts: map[string]int{}, Reasons: map[string]int{}}, lines: map[int]*Line{},
		src: Source{Recording: func(string) (index.Row, bool, error) {
			return index.Row{ID: "R", State: index.StateSealed, Trigger: "voltage", Start: noon, End: noon.Add(time.Minute), Masked: 8}, true, nil
		}, Files: func(index.Row) (string, error) { return "", nil }}}
	for i := range maxItems + 10 {
		c := calls.Row{Line: 1, Start: noon, Answered: noon, End: noon.Add(time.Minute), Recordings: []string{"R"}}
		if i >= maxItems {
			c.Recordings, c.Why = nil, nil
		}
		if err := w.call(&c); err != nil {
			t.Fatal(err)
		}
	}
	bad := 0
	for _, i := range w.r.Items {
		if i.Verdict == Unexplained {
			bad++
		}
	}
	if len(w.r.Items) != maxItems || w.r.More != 10 || bad != 10 {
		t.Errorf("%d items, %d more, %d of 10 unexplained calls listed", len(w.r.Items), w.r.More, bad)
	}
}

func TestReportsAreKeptAndMissingOnesMadeUp(t *testing.T) {
	s := Shelf{filepath.Join(t.TempDir(), "assurance")}
	if days, err := s.Behind(noon, 31); err != nil || len(days) != 1 || days[0].Format(time.DateOnly) != "2026-11-21" {
		t.Errorf("at the first start: %v, %v", days, err)
	}
	for _, d := range []string{"2026-11-15", "2026-11-18"} {
		if err := s.Put(&Report{V: Version, Day: d, Calls: 7}); err != nil {
			t.Fatal(err)
		}
	}
	var behind []string
	for _, d := range must(s.Behind(noon, 31)) {
		behind = append(behind, d.Format("02"))
	}
	if d := cmp.Diff([]string{"16", "17", "19", "20", "21"}, behind); d != "" {
		t.Errorf("days to make up (-want +got):\n%s", d)
	}
	if r, err := s.Get("2026-11-18"); err != nil || r.Calls != 7 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, day := range []string{"2026-11-19", "../../etc/passwd", ""} {
		if _, err := s.Get(day); !errors.Is(err, ErrNoReport) {
			t.Errorf("%q: %v", day, err)
		}
	}
	if err := s.Put(&Report{V: Version + 1, Day: "2026-11-20"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get("2026-11-20"); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("a report of a newer form: %v", err)
	}
	if d := cmp.Diff([]string{"2026-11-20", "2026-11-18", "2026-11-15"}, must(s.Days())); d != "" {
		t.Error(d)
	}
}
