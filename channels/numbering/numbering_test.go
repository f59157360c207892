package numbering

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func plan(t testing.TB, patterns ...string) *Plan {
	t.Helper()
	p, err := Parse(patterns...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDigitsAreMatchedAgainstTheWholePlan(t *testing.T) {
	office := []string{"8xxx", "0.", "11[0-9]", "9", "*21*x.", "#21#"}
	for _, c := range []struct {
		patterns []string
		digits   string
		want     Result
	}{
		{office, "8", Part},
		{office, "800", Part},
		{office, "8001", Whole},
		{office, "80012", Wrong},
		{office, "0", Open},
		{office, "013800138000", Open},
		{office, "0*", Open},
		{office, "1", Part},
		{office, "110", Whole},
		{office, "12", Wrong},
		{office, "9", Whole},
		{office, "7", Wrong},
		{office, "A", Wrong},
		{office, "0A", Wrong},
		{office, "*21*", Part},
		{office, "*21*8", Open},
		{office, "*21*8001#", Whole},
		{office, "#21", Part},
		{office, "#21#", Whole},
		{office, "0138#", Whole},
		{office, "0138#1", Wrong},
		{office, "800#", Wrong},
		{office, "8001#", Wrong},
		{[]string{"1", "11x"}, "1", Open},
		{[]string{"1", "11x"}, "11", Part},
		{[]string{"1", "11x"}, "1#", Whole},
		{[]string{"11x", "1"}, "1", Open},
		{[]string{"0.", "0x#"}, "01#", Whole},
		{[]string{"0.", "0x#."}, "01#", Open},
		{[]string{"0.", "0x#."}, "01##", Whole},
		{[]string{"."}, "", Open},
		{[]string{"."}, "#", Wrong},
		{[]string{"."}, "5", Open},
		{[]string{"."}, "5#", Whole},
		{[]string{"zx"}, "0", Wrong},
		{[]string{"zx"}, "1", Part},
		{[]string{"nx"}, "1", Wrong},
		{[]string{"NX"}, "29", Whole},
		{[]string{"[02-4*#]"}, "0", Whole},
		{[]string{"[02-4*#]"}, "1", Wrong},
		{[]string{"[02-4*#]"}, "4", Whole},
		{[]string{"[02-4*#]"}, "5", Wrong},
		{[]string{"[02-4*#]"}, "#", Whole},
		{nil, "", Open},
		{nil, "12#", Open},
		{nil, "A", Open},
	} {
		if got := plan(t, c.patterns...).Match(c.digits); got != c.want {
			t.Errorf("%q of %q is %v, want %v", c.digits, c.patterns, got, c.want)
		}
	}
}

func TestAnEndingHashIsNoPartOfTheNumber(t *testing.T) {
	for _, c := range []struct{ pattern, digits, want string }{
		{"0.", "0138#", "0138"},
		{"0.", "0138", "0138"},
		{"#21#", "#21#", "#21#"},
		{"8xxx", "8001", "8001"},
	} {
		if got := plan(t, c.pattern).Number(c.digits); got != c.want {
			t.Errorf("%q by %q is %q, want %q", c.digits, c.pattern, got, c.want)
		}
	}
	if got := (*Plan)(nil).Number("12#"); got != "12#" {
		t.Errorf("without a plan: %q", got)
	}
}

func TestErrorsNameThePatternAndWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ pattern, code string }{
		{"", Empty},
		{"12a", Unknown},
		{"1 2", Unknown},
		{"电", Unknown},
		{"]", Unknown},
		{"1.2", DotNotLast},
		{"..", DotNotLast},
		{"1[23", Unclosed},
		{"1[]", EmptySet},
		{"[5-2]", BadRange},
		{"[*-3]", BadRange},
		{"[2-#]", BadRange},
		{"[2-]", BadRange},
		{"[x]", Unknown},
		{"[-2]", Unknown},
		{strings.Repeat("x", MaxSymbols+1), TooLong},
		{strings.Repeat("[12]", MaxSymbols+1), TooLong},
	} {
		p, err := Parse("8xxx", c.pattern)
		var e *PatternError
		if p != nil || !errors.As(err, &e) {
			t.Errorf("%q: %v, %v", c.pattern, p, err)
			continue
		}
		if e.Code != c.code || e.Index != 1 || !strings.HasPrefix(c.pattern, e.Pattern) || !strings.Contains(err.Error(), fmt.Sprintf("%q", e.Pattern)) {
			t.Errorf("%q: %+v, %v", c.pattern, e, err)
		}
	}
	if _, err := Parse(make([]string, MaxPatterns+1)...); err == nil || !strings.Contains(err.Error(), "1000") {
		t.Errorf("too many: %v", err)
	}
	if _, err := Parse("1.2", "ok", ""); strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("not each wrong pattern is told: %v", err)
	}
	if _, err := Parse(strings.Repeat("[0-9]", MaxSymbols) + "."); err != nil {
		t.Errorf("the longest pattern: %v", err)
	}
}

func TestMatchingAllocatesNothing(t *testing.T) {
	all := make([]string, MaxPatterns)
	for i := range all {
		all[i] = fmt.Sprintf("1%03dxxxx", i)
	}
	p := plan(t, all...)
	if n := testing.AllocsPerRun(100, func() {
		p.Match("199912")
		p.Match("5#")
		_ = p.Number("199912#")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func symbolGen() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"0", "1", "2", "9", "*", "#", "x", "z", "n", "[02]", "[1-3]"})
}

func patternGen() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		s := strings.Join(rapid.SliceOfN(symbolGen(), 1, 4).Draw(t, "symbols"), "")
		if rapid.Bool().Draw(t, "open") {
			s += "."
		}
		return s
	})
}

const keys = "0123456789*#"

// What Match says of a prefix is what holds of everything that begins with it.
func TestResultsSayWhatCanFollow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		patterns := rapid.SliceOfN(patternGen(), 1, 4).Draw(t, "patterns")
		p, err := Parse(patterns...)
		if err != nil {
			t.Fatal(err)
		}
		digits := string(rapid.SliceOfN(rapid.SampledFrom([]byte(keys)), 0, 6).Draw(t, "digits"))
		before := p.Match(digits)
		goesOn := false
		for _, k := range []byte(keys) {
			if r := p.Match(digits + string(k)); r != Wrong && (k != '#' || p.Number(digits+"#") != digits) {
				goesOn = true
			}
		}
		if want := before == Open || before == Part; goesOn != want {
			t.Errorf("%q by %q is %v, something may follow: %v", digits, patterns, before, goesOn)
		}
		if r := p.Match(digits + "#"); before == Open && digits != "" && (r == Wrong || r == Part && p.match(digits+"#") == Wrong) {
			t.Errorf("%q is open by %q, with # it is %v", digits, patterns, r)
		}
	})
}

// The order of the patterns changes nothing, nor does saying one twice.
func TestOrderOfPatternsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		patterns := rapid.SliceOfN(patternGen(), 1, 5).Draw(t, "patterns")
		other := append(rapid.Permutation(patterns).Draw(t, "order"), patterns[0])
		a, err := Parse(patterns...)
		b, err2 := Parse(other...)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		digits := string(rapid.SliceOfN(rapid.SampledFrom([]byte(keys)), 0, 6).Draw(t, "digits"))
		if a.Match(digits) != b.Match(digits) || a.Number(digits) != b.Number(digits) {
			t.Errorf("%q: %v by %q, %v by %q", digits, a.Match(digits), patterns, b.Match(digits), other)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"8xxx", "0.", "11[0-9]", "[", "[]", "[2-", "*21*.", "电", "1.2"} {
		f.Add(s, "8001#")
	}
	f.Fuzz(func(t *testing.T, pattern, digits string) {
		p, err := Parse(pattern)
		if (p == nil) == (err == nil) {
			t.Fatalf("%q: %v, %v", pattern, p, err)
		}
		if err == nil {
			if r := p.Match(digits); r >= nResult {
				t.Errorf("%q of %q: %v", digits, pattern, r)
			}
			p.Number(digits)
		}
	})
}
