package rules

import (
	"regexp"
	"strings"
	"testing"
)

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, number string
		want            bool
	}{
		{"*", "1", true}, {"*", "", false}, {"123", "123", true}, {"123", "1234", false}, {"12*", "12", true}, {"*12", "0012", true}, {"1*2*3", "1xx2yy3", true},
		{"1*2*3", "132", false}, {"?", "1", true}, {"?", "12", false}, {"8???", "8001", true}, {"8???", "800", false}, {"*?", "1", true}, {"?*?", "1", false},
		{"+86*", "+8613800000000", true}, {"*21*?*#", "*21*10086#", true}, {"*99*", "1991", true}, {"*aab", "aaab", true},
	} {
		if got := Match(c.pattern, c.number); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.pattern, c.number, got)
		}
	}
}

// FuzzPatterns holds patterns against regular expressions, and sets of one against
// the pattern itself.
func FuzzPatterns(f *testing.F) {
	f.Add("0755*", "07551234")
	f.Add("*1?2*", "00112")
	f.Add("**", "")
	f.Add("8???", "8001")
	f.Fuzz(func(t *testing.T, pattern, number string) {
		if badPattern(pattern) != nil || len(number) > 100 || strings.ContainsAny(number, "\n") {
			t.Skip()
		}
		for _, c := range []byte(number) {
			if c >= 0x80 { // numbers are keys
				t.Skip()
			}
		}
		re := regexp.MustCompile("^" + strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern)) + "$")
		want := number != "" && re.MatchString(number)
		if got := Match(pattern, number); got != want {
			t.Errorf("Match(%q, %q) = %v", pattern, number, got)
		}
		if got := newNumbers([]string{pattern}).has(number); got != want {
			t.Errorf("the set of %q has %q: %v", pattern, number, got)
		}
	})
}
