package peers

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	page  = flag.String("page", "", "write the page of accuracy, from -table and -logs")
	title = flag.String("title", "Accuracy", "of the page")
	maker = flag.String("maker", "make accuracy", "what the page says it was made by")
)

// sections are what rows are about, by the beginning of the names of their files.
var sections = []struct{ name, heading string }{
	{"1-keys", "Keys"},
	{"2-voice", "Voice"},
	{"3-callers", "Caller ID"},
	{"4-talkoff", "What is not there"},
	{"5-", "Codecs"},
	{"6-", "Generators of others, and ours to others"},
}

// logLines are those of a detector's own test that are worth keeping.
var (
	logLine  = regexp.MustCompile(`^ +[a-z_0-9]+_test\.go:\d+: (.*)`)
	logState = regexp.MustCompile(`^(--- .*|ok .*|FAIL.*)`)
	where    = regexp.MustCompile(`[^\s,]*/\.cache/`) // folders of the machine are of no interest
)

// TestPage writes the page. It measures nothing.
func TestPage(t *testing.T) {
	if *page == "" {
		t.Skip("make accuracy and make prove-listening write pages")
	}
	var out strings.Builder
	head(&out, *title, *maker)
	fmt.Fprintf(&out, "Seed of all sets: %d; another run with the same seed (SEED=%d) has the same sets. *Best peer* is Debian's\nspandsp 0.0.6 on the same samples in the same run, unless it says otherwise. Speed is in docs/performance.md.\n\n", *seed, *seed)
	missed, rows := 0, 0
	for _, w := range sections {
		of, err := filepath.Glob(filepath.Join(*tables, w.name+"*.json"))
		if err != nil {
			t.Fatal(err)
		}
		if len(of) == 0 {
			fmt.Fprintf(&out, "## %s\n\nnot measured\n\n", w.heading)
			continue
		}
		var all []tableRow
		for _, path := range of {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var some []tableRow
			if err := json.Unmarshal(b, &some); err != nil {
				t.Fatal(err)
			}
			all = append(all, some...)
		}
		fmt.Fprintf(&out, "## %s\n\n| work | target | reached | best peer | |\n|---|---|---|---|---|\n", w.heading)
		for _, r := range all {
			verdict := "reached"
			if rows++; !r.OK {
				verdict = "**missed**"
				missed++
			}
			fmt.Fprintf(&out, "| %s | %s | %s | %s | %s |\n", r.Work, r.Target, r.Reached, r.Peer, verdict)
		}
		out.WriteString("\n")
	}
	fmt.Fprintf(&out, "%d of %d rows reach their target.\n\n# The detectors' own tables\n\nWhat the tests of each package print, with other generators than the table above.\n\n", rows-missed, rows)
	found, err := filepath.Glob(filepath.Join(*logs, "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	for _, path := range found {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".log")
		fmt.Fprintf(&out, "## %s\n\n```\n", name)
		lines, left := 0, 0
		for _, l := range strings.Split(string(b), "\n") {
			m := logLine.FindStringSubmatch(l)
			if m == nil && !logState.MatchString(l) || m != nil && strings.HasPrefix(m[1], "missed ") {
				continue
			}
			if lines++; lines > 150 && m != nil {
				left++
				continue
			}
			if m != nil {
				l = m[1]
			}
			l = where.ReplaceAllString(l, "")
			if dir := os.Getenv("VAAD_VECTORS"); dir != "" {
				l = strings.ReplaceAll(l, dir, "VAAD_VECTORS")
			}
			if r := []rune(l); len(r) > 170 {
				l = string(r[:170]) + "…"
			}
			fmt.Fprintln(&out, l)
		}
		if left > 0 {
			fmt.Fprintf(&out, "… and %d more lines\n", left)
		}
		out.WriteString("```\n\n")
	}
	text := strings.TrimRight(out.String(), "\n") + "\n"
	if err := os.WriteFile(*page, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
