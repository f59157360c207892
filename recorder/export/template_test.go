package export

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"vaad/recorder/index"
)

func someRow() index.Row {
	return index.Row{ID: "01KCA000000000000000000001", Line: 7, LineName: "前台", Caller: "+8613800000000", Start: time.Date(2026, 11, 22, 8, 5, 0, 0, time.UTC)}
}

func TestNamesAreMadeOfWhatIsKnown(t *testing.T) {
	zone := time.FixedZone("CST", 8*3600)
	for from, want := range map[string]string{
		"":                               "20261122-160500_007_01KCA000000000000000000001",
		"{date} {time} {caller}":         "20261122 160500 +8613800000000",
		"{line_name}-{called}-{n}":       "前台-unknown-00003",
		"录音 {direction}":                 "录音 unknown",
		"...{caller}...":                 "+8613800000000",
		"con":                            "_con",
		"lpt1.{n}":                       "_lpt1.00003",
		"-rf {n}":                        "_rf 00003",
		"  ":                             "recording",
		strings.Repeat("{line_name}", 9): strings.Repeat("前台", 9),
	} {
		tpl, err := ParseTemplate(from)
		if err != nil {
			t.Errorf("%q: %v", from, err)
			continue
		}
		r := someRow()
		if got := tpl.Name(&r, 3, zone); got != want {
			t.Errorf("%q: %q, want %q", from, got, want)
		}
	}
	for _, from := range []string{"{id", "{nonsense}", "a/b", `a\b`, "a:b", "}", "\x00", "\u202e{id}", strings.Repeat("x", 201), "\xff", "{{id}}", "{}"} {
		if _, err := ParseTemplate(from); !errors.Is(err, ErrTemplate) {
			t.Errorf("%q is taken: %v", from, err)
		}
	}
}

func TestNoTwoFilesHaveOneName(t *testing.T) {
	n := newNames()
	for i, want := range []string{"a.wav", "A~2.wav", "a~3.wav", "a.csv", "manifest~2.csv"} {
		name, end := []string{"a", "A", "a", "a", "manifest"}[i], []string{".wav", ".wav", ".wav", ".csv", ".csv"}[i]
		if got := n.unique(name, end); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestEqualNamesTakeNoLongerThanOthers: a whole export may be of one name. Counted
// one by one from the first, so many would take minutes.
func TestEqualNamesTakeNoLongerThanOthers(t *testing.T) {
	n := newNames()
	n.unique("x~7", ".wav")
	seen := map[string]bool{}
	for range MaxRecordings {
		name := n.unique("X", ".wav")
		if k := strings.ToLower(name); seen[k] || k == "x~7.wav" {
			t.Fatalf("%s is there twice", name)
		} else {
			seen[k] = true
		}
	}
	if n["x.wav"] != MaxRecordings+2 { // with the one that was taken
		t.Errorf("the next is tried from %d", n["x.wav"])
	}
}

// FuzzTemplate: whatever a template and a caller's numbers say, a name is one
// plain name.
func FuzzTemplate(f *testing.F) {
	f.Add("{start}_{caller}", "../../etc/passwd", "C:\\x")
	f.Add("{line_name}", "nul", "\x00\n\u202e")
	f.Add("..", "", "")
	f.Fuzz(func(t *testing.T, tpl, caller, name string) {
		p, err := ParseTemplate(tpl)
		if err != nil {
			return
		}
		r := someRow()
		r.Caller, r.Called, r.LineName, r.Direction, r.ID = caller, name, name, caller, name
		got := p.Name(&r, 1, time.UTC)
		if got == "" || got == "." || got == ".." || len(got) > maxName+1 || !utf8.ValidString(got) || filepath.Base(got) != got || !filepath.IsLocal(got) ||
			strings.ContainsAny(got, forbidden) || strings.ContainsFunc(got, func(r rune) bool { return !plain(r) }) || strings.HasPrefix(got, ".") || strings.HasSuffix(got, ".") {
			t.Errorf("%q with %q, %q: %q", tpl, caller, name, got)
		}
	})
}
