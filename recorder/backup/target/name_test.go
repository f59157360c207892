package target

import (
	"errors"
	"path"
	"strings"
	"testing"
)

func TestNamesAreStrict(t *testing.T) {
	for _, ok := range []string{
		Marker, "a", "recordings/2026/11/22/01KAMG0000000000000000000A.network.wav", "recordings/2026/11/22/day.jsonl", "state/20261122T152015Z.age",
		"a=b/c+d@e_f-g.h", "x/" + strings.Repeat("n", MaxSegment), "A0",
	} {
		if err := CheckName(ok); err != nil {
			t.Errorf("%q: %v", ok, err)
		}
	}
	for _, bad := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/../b", ".a", "a/.b", "a.", "a./b", "-a", "a/-b", "a b", "a\tb", "a\x00", "a\\b", "a:b", "a*", "a?", "a\"b", "a<b", "a|b", "a%20b", "ä", "\xff",
		strings.Repeat("n", MaxSegment+1), strings.Repeat("a/", MaxDepth) + "a", strings.Repeat(strings.Repeat("n", 99)+"/", 5) + "a",
	} {
		if err := CheckName(bad); !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if CheckPrefix("") != nil || CheckPrefix("a/b") != nil || CheckPrefix("a/") == nil {
		t.Error("prefixes")
	}
	for _, c := range []struct {
		prefix, name string
		want         bool
	}{{"", "a", true}, {"a", "a/b", true}, {"a", "a", false}, {"a", "ab", false}, {"a", "ab/c", false}, {"a/b", "a/b/c/d", true}, {"a", "a/", false}} {
		if Below(c.prefix, c.name) != c.want {
			t.Errorf("%q below %q", c.name, c.prefix)
		}
	}
}

// FuzzCheckName: what is let through is a plain path that cleaning does not change
// and that every kind can store.
func FuzzCheckName(f *testing.F) {
	for _, s := range []string{"a/b", "../x", "a/./b", "a\x00b", "-rf", "a//b", "C:\\x", "a/b.", "%2e%2e/x", "recordings/2026/11/22/day.jsonl"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if CheckName(s) != nil {
			return
		}
		if path.Clean(s) != s || path.IsAbs(s) || strings.HasPrefix(s, "..") || len(s) > MaxName {
			t.Fatalf("%q is let through", s)
		}
		for seg := range strings.SplitSeq(s, "/") {
			if seg == "" || seg == "." || seg == ".." || seg[0] == '-' || seg[0] == '.' || len(seg) > MaxSegment {
				t.Fatalf("%q is let through with part %q", s, seg)
			}
		}
		if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`\:*?"<>|%`, r) }) {
			t.Fatalf("%q is let through", s)
		}
	})
}
