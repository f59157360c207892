package evidence_test

import (
	"fmt"
	"hash/crc32"
	"strings"
	"testing"
)

// manyLines is an archive whose one journal has n lines of acts, made without
// the archive's own pace.
func manyLines(b *testing.B, n int) *rig {
	r := newRig(b)
	r.must(r.start())
	id := r.record(t0, false)
	r.note(id, strings.Repeat("x", 500))
	r.stop()
	journal, err := r.disk.ReadFile(day1)
	r.must(err)
	line := split(journal)[1]
	line = line[:strings.Index(line, `,"crc"`)]
	out := []byte(split(journal)[0])
	for i := range n - 1 {
		l := strings.Replace(line, `"seq":2`, fmt.Sprintf(`"seq":%d`, i+2), 1)
		out = fmt.Appendf(out, "%s,\"crc\":\"%08x\"}\n", l, crc32.Checksum([]byte(l), crc32.MakeTable(crc32.Castagnoli)))
	}
	r = newRig(b)
	r.disk.WriteFile(day1, out)
	return r
}

const many = 100_000

// BenchmarkTake makes the leaves of journals that have none.
func BenchmarkTake(b *testing.B) {
	r := manyLines(b, many)
	journal, err := r.disk.ReadFile(day1)
	r.must(err)
	for b.Loop() {
		r := newRig(b)
		r.disk.WriteFile(day1, journal)
		r.must(r.start())
		r.stop()
	}
	b.ReportMetric(many*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

// BenchmarkVerify compares journals, tree and checkpoints.
func BenchmarkVerify(b *testing.B) {
	r := manyLines(b, many)
	r.must(r.start())
	r.stop()
	for b.Loop() {
		sum, found, _ := r.verify(nil)
		if sum.Covered != many || len(found) > 1 { // there are no files
			b.Fatal(sum, len(found))
		}
	}
	b.ReportMetric(many*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
