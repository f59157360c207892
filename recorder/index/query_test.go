package index

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/recorder/archive"

	"pgregory.net/rapid"
)

// plain answers a filter the simple way.
func plain(rows map[string]Row, f Filter) (want []string) {
	var all []Row
	for _, r := range rows {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Row) int {
		if c := b.Start.Compare(a.Start); c != 0 {
			return c
		}
		return strings.Compare(b.ID, a.ID)
	})
	for _, r := range all {
		text := strings.ToLower(r.LineName + "|" + r.Caller + "|" + r.Called)
		for _, n := range r.Notes {
			text += "|" + strings.ToLower(n.Text)
		}
		ok := r.State != StateTrash && (f.Lines == nil || slices.Contains(f.Lines, r.Line)) &&
			(f.Line == 0 || r.Line == f.Line) && (f.From.IsZero() || !r.Start.Before(f.From)) &&
			(f.To.IsZero() || r.Start.Before(f.To)) && r.Duration() >= f.MinDuration
		for _, w := range strings.Fields(strings.ToLower(f.Text)) {
			ok = ok && strings.Contains(text, w)
		}
		if f.Number != "" {
			ok = ok && (glob(f.Number, r.Caller) || glob(f.Number, r.Called))
		}
		if ok {
			want = append(want, r.ID)
		}
	}
	return want
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

func TestQueryAnswersLikeAPlainList(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		j := newJournals()
		ix, err := Open(Config{Path: fmt.Sprintf("%s/%d.db", dir, n), Journals: j, Subscribe: j.Subscribe})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = ix.Close() }()
		if err := ix.catchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		rows := map[string]Row{}
		var lines []archive.JournalLine
		words := []string{"Refund", "退款", "call BACK", "客户要求"}
		numbers := []string{"", "13812345678", "5551234", "51", "+8613800000000"}
		for range rapid.IntRange(0, 40).Draw(t, "rows") {
			if len(lines) > 0 && rapid.IntRange(0, 3).Draw(t, "act") == 0 {
				l := rapid.SampledFrom(lines).Draw(t, "of")
				kind := rapid.SampledFrom([]string{archive.ActNote, archive.ActTrash, archive.ActUndelete}).Draw(t, "kind")
				text := rapid.SampledFrom(words).Draw(t, "text")
				j.act(l, kind, text)
				r := rows[l.ID]
				r.act(kind, epoch, "ann", 0, text)
				rows[l.ID] = r
			} else {
				minutes := rapid.IntRange(-2000, 2000).Draw(t, "start")
				l := j.recording(time.Duration(minutes)*time.Minute, rapid.IntRange(1, 4).Draw(t, "line"), func(s *archive.Seal) {
					s.Caller = rapid.SampledFrom(numbers).Draw(t, "caller")
					s.Called = rapid.SampledFrom(numbers).Draw(t, "called")
					s.Samples = rapid.Int64Range(0, 5).Draw(t, "samples") * 4000
				})
				lines = append(lines, l)
				rows[l.ID] = *sealed(&l)
			}
			if rapid.IntRange(0, 9).Draw(t, "flush") == 0 {
				if err := ix.flush(); err != nil {
					t.Fatal(err)
				}
			}
		}
		for range 4 {
			f := Filter{
				Lines:       rapid.SampledFrom([][]int{nil, {}, {2}, {1, 3}}).Draw(t, "scope"),
				Line:        rapid.IntRange(0, 3).Draw(t, "line"),
				Number:      rapid.SampledFrom([]string{"", "*", "5551234", "*51*", "138*8", "*1*3*", "+86*"}).Draw(t, "number"),
				MinDuration: time.Duration(rapid.IntRange(0, 4).Draw(t, "min")) * 500 * time.Millisecond,
				Text:        rapid.SampledFrom([]string{"", "refund", "退", "要求 call", "back 退款"}).Draw(t, "text"),
				Limit:       rapid.IntRange(1, 12).Draw(t, "limit"),
			}
			if rapid.Bool().Draw(t, "bounded") {
				f.From = epoch.Add(time.Duration(rapid.IntRange(-2000, 0).Draw(t, "from")) * time.Minute)
				f.To = epoch.Add(time.Duration(rapid.IntRange(0, 2000).Draw(t, "to")) * time.Minute)
			}
			plainF := f
			if f.Number == "*" {
				plainF.Number = "" // says nothing
			}
			want := plain(rows, plainF)
			var got []string
			for page := 0; ; page++ {
				p, err := ix.Query(t.Context(), f)
				if err != nil {
					t.Fatal(err)
				}
				if page == 0 && (p.Count != len(want) || p.AtLeast) {
					t.Fatalf("count %d (at least: %v), want %d", p.Count, p.AtLeast, len(want))
				}
				got = append(got, ids(p.Rows)...)
				if f.Cursor = p.Next; p.Next == "" {
					break
				}
				if len(p.Rows) != f.Limit {
					t.Fatalf("a page of %d rows is followed by another; want %d", len(p.Rows), f.Limit)
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("filter %+v\ngot  %v\nwant %v", f, got, want)
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
