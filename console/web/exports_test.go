package web

import (
	"regexp"
	"strings"
	"testing"
)

var (
	exported = regexp.MustCompile(`(?m)^\s*export (?:async )?(?:const|let|function|class) (\w+)`)
	anyName  = regexp.MustCompile(`\w+`)
)

// TestWhatThePageExportsIsUsedElsewhere finds values that nobody asks for any more, which neither TypeScript nor Svelte reports.
func TestWhatThePageExportsIsUsedElsewhere(t *testing.T) {
	sources := pageSources(t)
	files := map[string]int{} // how many files have a name
	for name, src := range sources {
		if strings.HasSuffix(name, ".d.ts") {
			continue
		}
		seen := map[string]bool{}
		for _, w := range anyName.FindAllString(src, -1) {
			if !seen[w] {
				seen[w] = true
				files[w]++
			}
		}
	}
	for name, src := range sources {
		for _, m := range exported.FindAllStringSubmatch(src, -1) {
			if files[m[1]] == 1 {
				t.Errorf("%s exports %s, which no other file names", name, m[1])
			}
		}
	}
}
