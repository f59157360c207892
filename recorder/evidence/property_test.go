package evidence_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"vaad/recorder/evidence"

	"pgregory.net/rapid"
)

// TestAnyOneChangeOfAJournalIsTheOneFound makes a random change to a random line
// that the log has, and wants that and nothing else found.
func TestAnyOneChangeOfAJournalIsTheOneFound(t *testing.T) {
	whole, _ := small(t)
	b, err := whole.disk.ReadFile(day1)
	whole.must(err)
	all := split(b)
	covered := slices.DeleteFunc([]int{0, 1, 2, 3, 4, 5, 6, 7, 8}, func(i int) bool { // not those about the simulated one
		return strings.Contains(all[i], `"simulated":true`) || strings.Contains(all[i], `"note 2"`)
	})
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.SampledFrom(covered).Draw(t, "line")
		ls := slices.Clone(all)
		var want []string
		switch rapid.SampledFrom([]string{"flip", "remove", "insert", "swap", "move"}).Draw(t, "change") {
		case "flip":
			line := []byte(ls[i])
			at := rapid.IntRange(0, len(line)-2).Draw(t, "byte")
			bit := rapid.SampledFrom([]byte{1, 2, 4, 16, 32, 64, 128}).Draw(t, "bit")
			if line[at]^bit == '\n' {
				bit = 128
			}
			line[at] ^= bit
			ls[i] = string(line)
			want = []string{fmt.Sprintf("line-changed 2026-11-22 line %d ", i+1)}
		case "remove":
			ls = slices.Delete(ls, i, i+1)
			want = []string{fmt.Sprintf("line-removed 2026-11-22 line %d ", i+1)}
		case "insert":
			ls = slices.Insert(ls, i, rapid.SampledFrom([]string{"\n", "x\n", all[0], all[8], strings.Replace(all[1], "note", "Note", 1)}).Draw(t, "text"))
			want = []string{fmt.Sprintf("line-added 2026-11-22 line %d", i+1)}
		case "swap":
			k := rapid.SampledFrom(covered).Draw(t, "with")
			if i == k {
				return
			}
			i, k = min(i, k), max(i, k)
			ls[i], ls[k] = ls[k], ls[i]
			want = []string{fmt.Sprintf("line-moved 2026-11-22 line %d now %d ", i+1, k+1), fmt.Sprintf("line-moved 2026-11-22 line %d now %d ", k+1, i+1)}
		case "move":
			from, to := slices.Index(covered, i), rapid.IntRange(0, len(covered)-1).Draw(t, "to")
			if d := from - to; d >= -1 && d <= 1 {
				return
			}
			line, k := ls[i], covered[to]
			ls = slices.Insert(slices.Delete(ls, i, i+1), k, line)
			want = []string{fmt.Sprintf("line-moved 2026-11-22 line %d now %d ", i+1, k+1)}
		}
		whole.disk.WriteFile(day1, []byte(strings.Join(ls, "")))
		_, found, _ := whole.verify(nil)
		if want[0][:10] == "line-added" && len(found) == 1 && (found[0].Kind == evidence.Added || found[0].Kind == evidence.Uncovered) && ls[i] == ls[found[0].Line-1] {
			return // of two lines that are the same either may be called the new one
		}
		ok := len(found) == len(want)
		for n := range min(len(found), len(want)) {
			ok = ok && strings.HasPrefix(found[n].String(), want[n])
		}
		if !ok {
			t.Fatalf("found %v, want %v", found, want)
		}
	})
}
