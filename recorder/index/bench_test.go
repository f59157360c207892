package index

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"vaad/recorder/archive"
)

const manyRows = 100_000

func filled(b *testing.B) (*Index, *journals) {
	b.Helper()
	j := newJournals()
	for i := range manyRows {
		j.recording(time.Duration(i)*time.Minute/2, 1+i%128, func(s *archive.Seal) {
			s.Caller = fmt.Sprintf("138%08d", i*7919%100_000_000)
			s.Called = "02155512345"
			s.LineName = "reception"
		})
	}
	ix, _ := run(b, Config{Journals: j, Subscribe: j.Subscribe, sizes: sizes{small: 4096, large: maxRows, over: 4096}})
	begin := time.Now()
	settle(b, ix)
	b.ReportMetric(manyRows/time.Since(begin).Seconds(), "rebuilt-rows/s")
	return ix, j
}

func BenchmarkInsert(b *testing.B) {
	j := newJournals()
	ix, stop := run(b, Config{Journals: j, Subscribe: j.Subscribe, sizes: sizes{small: 4096, large: maxRows, over: 4096}})
	settle(b, ix)
	b.ResetTimer()
	for i := range b.N {
		j.recording(time.Duration(i)*time.Second, 1+i%128, nil)
	}
	stop()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkQuery(b *testing.B) {
	ix, _ := filled(b)
	for _, c := range []struct {
		name string
		f    Filter
	}{
		{"newest", Filter{}},
		{"line", Filter{Line: 77}},
		{"scope", Filter{Lines: []int{3, 5, 99}}},
		{"day", Filter{From: epoch.Add(72 * time.Hour), To: epoch.Add(96 * time.Hour)}},
		{"digits", Filter{Number: "*79190*"}},
		{"text-none", Filter{Text: "退款"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				t := time.Now()
				query(b, ix, c.f)
				took = append(took, time.Since(t))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
		})
	}
}
