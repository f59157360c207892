package archive_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
	"vaad/recorder/archive/vault"
)

// BenchmarkWriters is what a recorder of 128 lines asks of the archive: 250 ms
// of G.711 and a checkpoint for each line per round, one Sync per four rounds.
func BenchmarkWriters(b *testing.B) {
	a, err := archive.Open(archive.Config{Root: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	const lines, chunk = 128, 2000
	ws := make([]*archive.Writer, lines)
	for i := range ws {
		if ws[i], err = a.Begin(archive.Start{Line: i + 1, Codec: archive.G711A, Sides: []string{"mixed"}, Begin: t0}); err != nil {
			b.Fatal(err)
		}
	}
	data := make([]byte, chunk)
	var inSync time.Duration
	b.SetBytes(lines * chunk)
	b.ReportAllocs()
	round := 0
	for b.Loop() {
		round++
		for _, w := range ws {
			if err := w.Append(0, data); err != nil {
				b.Fatal(err)
			}
			if err := w.Checkpoint(t0, int64(round)*chunk); err != nil {
				b.Fatal(err)
			}
		}
		if round%4 == 0 {
			took, err := a.Sync()
			if err != nil {
				b.Fatal(err)
			}
			inSync += took
		}
	}
	b.ReportMetric(float64(b.Elapsed()-inSync)/float64(b.N)/250e6*100, "%core")
	b.ReportMetric(float64(inSync.Milliseconds())/float64(max(1, round/4)), "ms/sync")
}

// BenchmarkSeal seals 128 recordings of 20 s at once.
func BenchmarkSeal(b *testing.B) {
	a, err := archive.Open(archive.Config{Root: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	data := make([]byte, 160_000)
	for b.Loop() {
		for i := range 128 {
			w, err := a.Begin(archive.Start{Line: i + 1, Codec: archive.G711A, Sides: []string{"mixed"}, Begin: t0})
			if err != nil {
				b.Fatal(err)
			}
			w.Append(0, data)
			w.Finish(archive.End{Time: t0, EndedBy: "on-hook"})
		}
		if err := a.Flush(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(128*float64(b.N)/b.Elapsed().Seconds(), "recordings/s")
}

// sealedLines returns a disk with a journal of n sealed recordings.
func sealedLines(tb testing.TB, n int) *memdisk.Disk {
	tb.Helper()
	d := memdisk.New()
	a, err := archive.Open(archive.Config{Disk: d, Now: func() time.Time { return t0 }})
	if err != nil {
		tb.Fatal(err)
	}
	for i := range n {
		w, err := a.Begin(archive.Start{Line: i%128 + 1, Board: "astribank-1", LineName: "Reception", Trigger: "voltage",
			Call: "01M82V6MR05ZB96SXA6DHJ24VV", Direction: "in", Caller: "02161234567", Called: "8001",
			Codec: archive.G711A, Sides: []string{"mixed"}, Begin: t0, BeginPos: int64(i) * 160, ClockSynced: true})
		if err != nil {
			tb.Fatal(err)
		}
		if err := w.Append(0, []byte(fmt.Sprint("audio ", i))); err != nil {
			tb.Fatal(err)
		}
		if err := w.Finish(archive.End{Time: t0.Add(time.Minute), EndedBy: "on-hook"}); err != nil {
			tb.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		tb.Fatal(err)
	}
	return d
}

// BenchmarkReplay reads the lines of a day, as building an index does.
func BenchmarkReplay(b *testing.B) {
	const n = 20_000
	d := sealedLines(b, n)
	r, err := archive.OpenReadOnly("", d)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		got := 0
		err := r.Lines(context.Background(), nil, func(l *archive.JournalLine) error { got++; return nil }, nil)
		if err != nil || got != n {
			b.Fatal(got, err)
		}
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

// BenchmarkRecover recovers 1000 recordings that a crash left open.
func BenchmarkRecover(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		root := b.TempDir()
		a, err := archive.Open(archive.Config{Root: root})
		if err != nil {
			b.Fatal(err)
		}
		data := make([]byte, 2000)
		for i := range 1000 {
			w, err := a.Begin(archive.Start{Line: i + 1, Codec: archive.G711A, Sides: []string{"mixed"}, Begin: t0})
			if err != nil {
				b.Fatal(err)
			}
			for k := range int64(240) { // a minute
				w.Append(0, data)
				w.Checkpoint(t0, (k+1)*2000)
			}
			archive.Abandon(w)
		}
		a.Close()
		b.StartTimer()
		if a, err = archive.Open(archive.Config{Root: root}); err != nil {
			b.Fatal(err)
		}
		n := 0
		if err := a.Recover(context.Background(), func(r archive.Recovered) {
			if r.State == archive.RecoverCut {
				n++
			}
		}); err != nil || n != 1000 {
			b.Fatal(n, err)
		}
		b.StopTimer()
		a.Close()
		b.StartTimer()
	}
}

// BenchmarkSealingLong seals recordings of a minute of two sides on a real disk, as
// they are and encrypted.
func BenchmarkSealingLong(b *testing.B) {
	for _, on := range []bool{false, true} {
		b.Run(fmt.Sprintf("encrypted=%v", on), func(b *testing.B) {
			root := b.TempDir()
			disk, err := archive.OSDisk(filepath.Join(root, "keys"))
			if err != nil {
				b.Fatal(err)
			}
			ring, err := vault.Open(vault.Config{Disk: disk})
			if err != nil {
				b.Fatal(err)
			}
			defer ring.Close()
			a, err := archive.Open(archive.Config{Root: filepath.Join(root, "recordings"), Keys: ring,
				Encryption: func() archive.Encryption { return archive.Encryption{Audio: on} }})
			if err != nil {
				b.Fatal(err)
			}
			defer a.Close()
			const batch, size = 32, 480_000
			data := make([]byte, size)
			b.SetBytes(batch * 2 * size)
			for b.Loop() {
				b.StopTimer()
				var all []*archive.Writer
				for i := range batch {
					w, err := a.Begin(archive.Start{Line: i + 1, Codec: archive.G711A, Sides: []string{"network", "local"}, Begin: t0})
					if err == nil {
						err = errors.Join(w.Append(0, data), w.Append(1, data), w.Checkpoint(t0, size))
					}
					if err != nil {
						b.Fatal(err)
					}
					all = append(all, w)
				}
				if _, err := a.Sync(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				for _, w := range all {
					if err := w.Finish(archive.End{Time: t0, EndedBy: "on-hook"}); err != nil {
						b.Fatal(err)
					}
				}
				if err := a.Flush(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(batch*float64(b.N)/b.Elapsed().Seconds(), "recordings/s")
		})
	}
}
