package index

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/recorder/archive"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// plain answers a filter the simple way.
func plain(rows map[string]Row, f Filter) (want []string) {
	var all []Row
	for _, r := range rows {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Row) int {
		c := cmp.Or(b.Start.Compare(a.Start), strings.Compare(b.ID, a.ID))
		if f.Oldest {
			return -c
		}
		return c
	})
	for _, r := range all {
		if plainly(r, f) {
			want = append(want, r.ID)
		}
	}
	return want
}

func plainly(r Row, f Filter) bool {
	oneOf := func(v string, all []string) bool { return len(all) == 0 || slices.Contains(all, v) }
	is := func(v bool, want *bool) bool { return want == nil || v == *want }
	number := func(p string, all ...string) bool {
		some := false
		for _, n := range all {
			some = some || p == "" || p != "-" && glob(p, n) || p == "-" && strings.Join(all, "") == ""
		}
		return some
	}
	ok := (f.Lines == nil || slices.Contains(f.Lines, r.Line)) && (f.Line == 0 || r.Line == f.Line) &&
		(f.From.IsZero() || !r.Start.Before(f.From)) && (f.To.IsZero() || r.Start.Before(f.To)) &&
		r.Duration() >= f.MinDuration && (f.MaxDuration == 0 || r.Duration() <= f.MaxDuration) &&
		number(f.Number, r.Caller, r.Called) && number(f.Caller, r.Caller) && number(f.Called, r.Called) &&
		(f.Name == "" || glob(strings.ToLower(f.Name), strings.ToLower(r.LineName)) || glob(strings.ToLower(f.Name), strings.ToLower(r.CallerName))) &&
		oneOf(r.Board, f.Boards) && oneOf(r.Trigger, f.Triggers) && oneOf(r.Codec, f.Codecs) &&
		oneOf(r.AnsweredBy, f.AnsweredBy) && oneOf(r.EndedBy, f.EndedBy) && oneOf(cmp.Or(r.Direction, "unknown"), f.Directions) &&
		oneOf(cmp.Or(r.Outcome, "unknown"), f.Outcomes) &&
		is(r.AnsweredBy != "", f.Answered) && is(r.Gaps > 0, f.Gaps) && is(r.Recovered, f.Recovered) && is(r.Protected, f.Protected) &&
		is(r.Held, f.Held) && is(len(r.Notes) > 0, f.Noted) && is(len(r.Marks) > 0, f.Marked) && is(r.Simulated, f.Simulated) &&
		is(r.Masked > 0, f.Masked) && oneOf(r.Class, f.Classes) && !slices.Contains(f.NotClasses, r.Class) &&
		(f.Case == "" || slices.ContainsFunc(r.Holds, func(s string) bool { return glob(f.Case, strings.ToLower(s)) })) &&
		(f.TrashedFrom == "" || !r.Trashed.IsZero() && archive.DayOf(r.Trashed) >= f.TrashedFrom) &&
		(f.TrashedTo == "" || !r.Trashed.IsZero() && archive.DayOf(r.Trashed) <= f.TrashedTo) &&
		(f.Call == "" || r.Call == f.Call) && (f.Conversation == "" || r.Conversation == f.Conversation)
	if f.States == nil {
		ok = ok && r.State != StateTrash && r.State != StateErased
	} else {
		ok = ok && slices.Contains(f.States, r.State)
	}
	if len(f.Sides) > 0 {
		ok = ok && slices.ContainsFunc(r.Sides, func(s string) bool { return slices.Contains(f.Sides, s) })
	}
	if f.Actor != "" {
		ok = ok && slices.ContainsFunc(r.Actors, func(s string) bool { return glob(f.Actor, s) })
	}
	text := strings.ToLower(r.LineName + "|" + r.CallerName + "|" + r.Caller + "|" + r.Called)
	for _, n := range r.Notes {
		text += "|" + strings.ToLower(n.Text)
	}
	for _, m := range r.Marks {
		text += "|" + strings.ToLower(m.Text)
	}
	for _, w := range strings.Fields(strings.ToLower(f.Text)) {
		ok = ok && strings.Contains(text, w)
	}
	return ok
}

// glob is a slow and plain matcher of patterns.
func glob(p, s string) bool {
	if s == "" {
		return false
	}
	var match func(p, s string) bool
	match = func(p, s string) bool {
		switch {
		case p == "":
			return s == ""
		case p[0] == '*':
			return match(p[1:], s) || s != "" && match(p, s[1:])
		default:
			return s != "" && s[0] == p[0] && match(p[1:], s[1:])
		}
	}
	return match(p, s)
}

// words, numbers and codes of random recordings.
var (
	someWords   = []string{"Refund", "退款", "call BACK", "客户要求", "ｆｕｌｌ 110"}
	someNumbers = []string{"", "", "13812345678", "5551234", "51", "+8613800000000", "13812349999", "*72#"}
	someNames   = []string{"", "Front desk", "前台", "fax"}
	someActors  = []string{"", "ann", "李"}
)

// world is an index with random recordings and acts, and the rows it must show.
type world struct {
	*rapid.T
	ix    *Index
	j     *journals
	rows  map[string]Row
	lines []archive.JournalLine
}

func (w *world) grow(steps int) {
	pick := func(name string, all ...string) string { return rapid.SampledFrom(all).Draw(w.T, name) }
	for range steps {
		switch rapid.IntRange(0, 15).Draw(w.T, "step") {
		case 0:
			if err := w.ix.flush(); err != nil {
				w.Fatal(err)
			}
		case 1:
			if err := w.ix.fold(w.Context()); err != nil {
				w.Fatal(err)
			}
		case 2, 3, 4, 5, 6:
			if len(w.lines) == 0 {
				continue
			}
			of := rapid.SampledFrom(w.lines).Draw(w.T, "of")
			kind := pick("kind", archive.ActNote, archive.ActMark, archive.ActTrash, archive.ActUndelete, archive.ActProtect,
				archive.ActUnprotect, archive.ActHold, archive.ActHold, archive.ActRelease, archive.ActRelease, archive.ActClass, archive.ActErase)
			at := epoch.AddDate(0, 0, rapid.IntRange(0, 3).Draw(w.T, "days"))
			value := pick("text", someWords...)
			if kind == archive.ActHold || kind == archive.ActRelease || kind == archive.ActClass {
				value = pick("value", "", "Case 7", "long")
			}
			l := w.j.add(archive.JournalLine{Day: of.Day, Time: at, Kind: kind, ID: of.ID, Actor: pick("actor", someActors...), Value: value,
				Forget: kind == archive.ActErase && rapid.Bool().Draw(w.T, "forget")})
			r := w.rows[of.ID]
			w.rows[of.ID] = *r.with(&l)
		default:
			minutes := rapid.IntRange(-2000, 2000).Draw(w.T, "start")
			l := w.j.recording(time.Duration(minutes)*time.Minute, rapid.IntRange(1, 4).Draw(w.T, "line"), func(s *archive.Seal) {
				s.LineName, s.Board, s.Trigger = pick("name", someNames...), pick("board", "", "a", "b"), pick("trigger", "manual", "voltage")
				s.Caller, s.Called, s.Direction = pick("caller", someNumbers...), pick("called", someNumbers...), pick("direction", "", "in", "out")
				s.Codec = archive.Codec(pick("codec", "g711a", "pcm16"))
				s.CallerName, s.Outcome = pick("party", someNames...), pick("outcome", "", "answered", "busy")
				s.AnsweredBy, s.EndedBy = pick("answered", "", "off-hook", "reversal"), pick("ended", "on-hook", "busy-tone")
				s.Call, s.Conversation = pick("call", "", "01J000000000000000000000C1", "C2"), pick("conversation", "", "01J000000000000000000000C1")
				s.Samples = rapid.Int64Range(0, 5).Draw(w.T, "samples") * 4000
				s.Simulated, s.Recovered = rapid.Bool().Draw(w.T, "simulated"), rapid.Bool().Draw(w.T, "recovered")
				s.Gaps = rapid.IntRange(0, 1).Draw(w.T, "gaps")
				s.Masked, s.Class = rapid.Int64Range(0, 1).Draw(w.T, "masked"), pick("class", "", "long")
				s.Files = []archive.Sealed{{Side: "mixed", Name: "x", Bytes: rapid.Int64Range(0, 1000).Draw(w.T, "bytes")}}
				s.Actor = pick("by", someActors...)
				if rapid.Bool().Draw(w.T, "duplex") {
					s.Sides = []string{"network", "local"}
				}
				if len(w.lines) > 0 && rapid.IntRange(0, 4).Draw(w.T, "linked") == 0 {
					s.Previous = rapid.SampledFrom(w.lines).Draw(w.T, "previous").ID
				}
			})
			w.lines = append(w.lines, l)
			w.rows[l.ID] = *sealed(&l)
			if p, ok := w.rows[l.Seal.Previous]; ok {
				p.Next = l.ID
				w.rows[p.ID] = p
			}
		}
	}
}

func (w *world) filter() Filter {
	one := func(name string, all ...string) []string {
		if rapid.IntRange(0, 5).Draw(w.T, name) > 0 {
			return nil
		}
		return rapid.SliceOfN(rapid.SampledFrom(all), 1, 2).Draw(w.T, name)
	}
	is := func(name string) *bool {
		switch rapid.IntRange(0, 15).Draw(w.T, name) {
		case 0:
			return new(bool)
		case 1:
			yes := true
			return &yes
		}
		return nil
	}
	rare := func(name string, all ...string) string {
		if v := one(name, all...); v != nil {
			return v[0]
		}
		return ""
	}
	patterns := []string{"*", "-", "5551234", "*51*", "138*8", "*1*3*", "+86*", "*234*", "*1234999*", "*72#", "*000"}
	f := Filter{
		Lines: rapid.SampledFrom([][]int{nil, nil, nil, {}, {2}, {1, 3}}).Draw(w.T, "scope"), Line: rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(w.T, "line"),
		Number: rare("number", patterns...), Caller: rare("caller", patterns...), Called: rare("called", patterns...),
		Name: rare("name", "front desk", "*", "*台", "F*"), Boards: one("board", "a", "b"), Sides: one("side", "mixed", "local"),
		Directions: one("direction", "in", "out", "unknown"), Triggers: one("trigger", "manual", "voltage"), Codecs: one("codec", "g711a", "pcm16"),
		Outcomes: one("outcome", "answered", "unknown"), AnsweredBy: one("answered-by", "off-hook", "reversal"), EndedBy: one("ended", "on-hook", "busy-tone"),
		States:   one("state", StateSealed, StateRecovered, StateTrash, StateErased),
		Answered: is("answered"), Gaps: is("gaps"), Recovered: is("recovered"), Protected: is("protected"), Held: is("held"),
		Masked: is("masked"), Classes: one("class", "", "long"), NotClasses: one("not class", "", "long"), Case: rare("case", "case 7", "-", "*7"),
		TrashedFrom: archive.Day(rare("trashed from", "2026-11-22", "2026-11-23")), TrashedTo: archive.Day(rare("trashed to", "2026-11-23", "2026-11-24")),
		Noted: is("noted"), Marked: is("marked"), Simulated: is("simulated"),
		Call: rare("call", "01J000000000000000000000C1", "C2", "C3"), Conversation: rare("conversation", "01J000000000000000000000C1", "C2"),
		Actor: rare("actor", "ann", "李", "*n*", "bob"), Text: rare("text", "refund", "退", "要求 call", "back 退款", "desk", "1381234", "555", "full"),
		MinDuration: time.Duration(rapid.IntRange(0, 4).Draw(w.T, "min")) * 300 * time.Millisecond,
		MaxDuration: time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 5}).Draw(w.T, "max")) * 500 * time.Millisecond,
		Oldest:      rapid.Bool().Draw(w.T, "oldest"), Limit: rapid.IntRange(1, 60).Draw(w.T, "limit"),
	}
	if rapid.IntRange(0, 3).Draw(w.T, "bounded") == 0 {
		f.From = epoch.Add(time.Duration(rapid.IntRange(-2000, 0).Draw(w.T, "from")) * time.Minute)
		f.To = epoch.Add(time.Duration(rapid.IntRange(0, 2000).Draw(w.T, "to")) * time.Minute)
	}
	return f
}

// ask checks the whole answer of a filter, page by page.
func (w *world) ask(f Filter) {
	plainF := f
	if f.Text == "full" {
		plainF.Text = "ｆｕｌｌ"
	}
	want := plain(w.rows, plainF)
	got := []string{}
	for page := 0; ; page++ {
		p, err := w.ix.Query(w.Context(), f)
		if err != nil {
			w.Fatal(err)
		}
		if page == 0 && (p.Count != len(want) || p.AtLeast) {
			w.Fatalf("filter %+v\ncount %d (at least: %v), want %d", f, p.Count, p.AtLeast, len(want))
		}
		for _, r := range p.Rows {
			if d := gocmp.Diff(w.rows[r.ID], r); d != "" {
				w.Fatalf("row %s (-want +got):\n%s", r.ID, d)
			}
		}
		got = append(got, ids(p.Rows)...)
		if f.Cursor = p.Next; p.Next == "" {
			break
		}
		if len(p.Rows) != f.Limit {
			w.Fatalf("a page of %d rows is followed by another; want %d", len(p.Rows), f.Limit)
		}
	}
	if !slices.Equal(got, want) && len(got)+len(want) > 0 {
		w.Fatalf("filter %+v\ngot  %v\nwant %v", f, got, want)
	}
	w.daily(f, want)
}

// daily checks what is counted of a filter by day.
func (w *world) daily(f Filter, ids []string) {
	want := map[archive.Day]DayTotal{}
	for _, id := range ids {
		r := w.rows[id]
		d := want[archive.DayOf(r.Start)]
		want[archive.DayOf(r.Start)] = DayTotal{archive.DayOf(r.Start), d.Count + 1, d.Bytes + r.Bytes, d.Samples + r.Samples}
	}
	all, err := w.ix.Daily(w.Context(), f)
	if err != nil {
		w.Fatal(err)
	}
	got := map[archive.Day]DayTotal{}
	for _, d := range all {
		got[d.Day] = d
	}
	if d := gocmp.Diff(want, got); d != "" || !slices.IsSortedFunc(all, func(a, b DayTotal) int { return cmp.Compare(a.Day, b.Day) }) {
		w.Fatalf("filter %+v by day (-want +got):\n%s", f, d)
	}
}

func TestQueryAnswersLikeAPlainList(t *testing.T) {
	dir := ramDir(t)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		path := fmt.Sprintf("%s/%d.db", dir, n)
		j := newJournals()
		open := func() *Index {
			ix, err := Open(Config{Path: path, Journals: j, Subscribe: j.Subscribe, sizes: sizes{small: 4, large: 16, over: 2}, countTime: allCounted})
			if err != nil {
				t.Fatal(err)
			}
			if err := ix.catchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			return ix
		}
		w := &world{T: t, ix: open(), j: j, rows: map[string]Row{}}
		defer func() { _ = w.ix.Close() }()
		for range 3 {
			w.grow(rapid.IntRange(0, 60).Draw(t, "steps"))
			if rapid.IntRange(0, 2).Draw(t, "restart") == 0 {
				_ = w.ix.Close()
				w.ix = open()
			}
			w.ask(Filter{})
			for range 4 {
				w.ask(w.filter())
			}
			for _, l := range w.lines {
				r, ok, err := w.ix.Get(l.ID)
				if d := gocmp.Diff(w.rows[l.ID], r); !ok || err != nil || d != "" {
					t.Fatalf("Get of %s: %v, %v (-want +got):\n%s", l.ID, ok, err, d)
				}
			}
		}
	})
}

func TestNewRecordingsDoNotShiftTheNextPage(t *testing.T) {
	j := newJournals()
	ix, _ := run(t, Config{Journals: j, Subscribe: j.Subscribe})
	settle(t, ix)
	var want []string
	for i := range 6 {
		want = append([]string{j.recording(time.Duration(i)*time.Minute, 1, nil).ID}, want...)
	}
	p := query(t, ix, Filter{Limit: 3})
	j.recording(time.Hour, 1, nil)
	rest := query(t, ix, Filter{Limit: 3, Cursor: p.Next})
	if got := append(ids(p.Rows), ids(rest.Rows)...); !slices.Equal(got, want) {
		t.Errorf("two pages give %v, want %v", got, want)
	}
}

func TestNumbersAreFoundAsPeopleWriteThem(t *testing.T) {
	j := newJournals()
	ix, _ := run(t, Config{Journals: j, Subscribe: j.Subscribe})
	settle(t, ix)
	j.recording(0, 1, func(s *archive.Seal) { s.Caller = "02155512345" })
	for _, n := range []string{"021 5551-2345", "(021)*", "*2345", "*555*"} {
		if got := query(t, ix, Filter{Number: n}).Count; got != 1 {
			t.Errorf("%q finds %d recordings, want 1", n, got)
		}
	}
	for _, n := range []string{"2155512345", "021", "*5551", "12*"} {
		if got := query(t, ix, Filter{Number: n}).Count; got != 0 {
			t.Errorf("%q finds %d recordings, want 0", n, got)
		}
	}
}
