package evidence_test

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"strings"
	"testing"

	"vaad/recorder/archive"
	"vaad/recorder/evidence"
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

// BenchmarkSeal seals 128 recordings of 20 s at once, as that of the archive
// does, with and without a log that follows.
func BenchmarkSeal(b *testing.B) {
	for name, follow := range map[string]bool{"alone": false, "logged": true} {
		b.Run(name, func(b *testing.B) {
			root := b.TempDir()
			a, err := archive.Open(archive.Config{Root: root})
			if err != nil {
				b.Fatal(err)
			}
			defer a.Close()
			if follow {
				l, err := evidence.Open(evidence.Config{Root: root, Keys: b.TempDir(), Archive: a, Alarms: new(alarms), Logger: slog.New(slog.DiscardHandler)})
				if err != nil {
					b.Fatal(err)
				}
				ctx, stop := context.WithCancel(context.Background())
				done := make(chan error, 1)
				go func() { done <- l.Run(ctx) }()
				defer func() {
					stop()
					<-done
					if err := l.Close(); err != nil {
						b.Error(err)
					}
				}()
			}
			data := make([]byte, 160_000)
			for b.Loop() {
				for i := range 128 {
					w, err := a.Begin(archive.Start{Line: i + 1, Codec: archive.G711A, Sides: []string{"mixed"}, Begin: t0})
					if err != nil {
						b.Fatal(err)
					}
					if err := errors.Join(w.Append(0, data), w.Finish(archive.End{Time: t0, EndedBy: "on-hook"})); err != nil {
						b.Fatal(err)
					}
				}
				if err := a.Flush(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(128*float64(b.N)/b.Elapsed().Seconds(), "recordings/s")
		})
	}
}
