package index

import (
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
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

// BenchmarkLooseRow measures what rows take in memory until they are in a segment, made of
// lines as the journal has them of a call with its parties and its conversation. looseRow of
// e2e's soak is from here.
func BenchmarkLooseRow(b *testing.B) {
	for _, c := range []struct {
		name string
		acts []archive.JournalLine
	}{
		{"sealed", nil},
		{"noted", []archive.JournalLine{{Kind: archive.ActNote, Actor: "wang.li", Value: "asks for a call back on Monday"}}},
		{"erased", []archive.JournalLine{{Kind: archive.ActErase, Actor: "retention", Value: "count"}}},
		{"forgotten", []archive.JournalLine{{Kind: archive.ActErase, Actor: "wang.li", Value: "asked for by letter", Forget: true}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(weighRows(b, c.acts), "B/row")
			}
		})
	}
}

func weighRows(b *testing.B, acts []archive.JournalLine) float64 {
	const rows = 4000
	ix, stop := run(b, Config{Journals: newJournals(), sizes: sizes{small: 1 << 20, large: 1 << 20, over: 1 << 20}})
	settle(b, ix)
	before := lives()
	seq := uint64(0)
	apply := func(id string, l archive.JournalLine) {
		seq++
		l.V, l.ID, l.Day, l.Time, l.Seq, l.Next = 1, id, archive.DayOf(epoch), epoch, seq, int64(seq)*1000
		text, err := json.Marshal(l)
		if err != nil {
			b.Fatal(err)
		}
		own := archive.JournalLine{Day: l.Day, Next: l.Next}
		if err := json.Unmarshal(text, &own); err != nil {
			b.Fatal(err)
		}
		ix.Apply(own)
	}
	for i := range rows {
		id := fmt.Sprintf("01M814%020d", i)
		start := archive.Start{Line: 1 + i%32, LineName: fmt.Sprint("line ", 1+i%32), Board: "sim1", Codec: archive.G711A, Sides: []string{"mixed"},
			Begin: epoch.Add(time.Duration(i) * time.Second), Direction: "in", Trigger: "voltage", Caller: fmt.Sprintf("138%08d", i),
			Called: "02161234567", Class: "soak", Call: fmt.Sprintf("01M815%020d", i), Conversation: fmt.Sprintf("01M816%020d", i), Simulated: true}
		apply(id, archive.JournalLine{Kind: archive.KindSealed, Seal: &archive.Seal{Start: start, End: start.Begin.Add(30 * time.Second), Samples: 240_000, CallerName: "Wang Li",
			Outcome: "answered", AnsweredBy: "reversal", EndedBy: "on-hook",
			Files: []archive.Sealed{{Side: "mixed", Name: id + ".mixed.wav", Bytes: 240_094, SHA256: strings.Repeat("0", 64)}}}})
		for _, act := range acts {
			apply(id, act)
		}
	}
	stop() // and all of it is written
	after := lives()
	if n := ix.Status().Loose; n != rows {
		b.Fatalf("%d rows are loose, want %d", n, rows)
	}
	return (after - before) / rows
}

// lives is how much memory lives, bytes.
func lives() float64 {
	var m runtime.MemStats
	for range 3 { // what pools and finalizers hold goes one collection later
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
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
