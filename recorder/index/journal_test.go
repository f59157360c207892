package index

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vaad/recorder/archive"
)

// journals is an archive's journals in memory.
type journals struct {
	mu    sync.Mutex
	days  map[archive.Day][]archive.JournalLine
	subs  []func(archive.JournalLine)
	pause chan struct{} // when set, Lines takes one value per line
	n     int
}

func newJournals() *journals { return &journals{days: map[archive.Day][]archive.JournalLine{}} }

func (j *journals) add(l archive.JournalLine) archive.JournalLine {
	j.mu.Lock()
	lines := j.days[l.Day]
	l.V, l.Seq, l.Next = 1, uint64(len(lines)+1), int64(len(lines)+1)*100
	j.days[l.Day] = append(lines, l)
	subs := slices.Clone(j.subs)
	j.mu.Unlock()
	for _, f := range subs {
		f(l)
	}
	return l
}

func (j *journals) Subscribe(f func(archive.JournalLine)) func() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.subs = append(j.subs, f)
	return func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.subs = nil
	}
}

func (j *journals) Lines(ctx context.Context, from archive.Cursor, f func(*archive.JournalLine) error, _ func(string, error)) error {
	j.mu.Lock()
	var days []archive.Day
	for d := range j.days {
		days = append(days, d)
	}
	j.mu.Unlock()
	slices.Sort(days)
	for _, d := range days {
		for i := 0; ; i++ {
			j.mu.Lock()
			if i >= len(j.days[d]) {
				j.mu.Unlock()
				break
			}
			l := j.days[d][i]
			j.mu.Unlock()
			if l.Next <= from[d] {
				continue
			}
			if j.pause != nil {
				<-j.pause
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := f(&l); err != nil {
				return err
			}
		}
	}
	return nil
}

// ramDir is a folder in memory where there is one: most tests do not need to
// wait for a disk.
func ramDir(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "vaad-index-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// allCounted has counts be exact, however slow the machine is.
const allCounted = time.Hour

// tiny makes segments of few rows.
var tiny = sizes{small: 16, large: 64, over: 8}

var epoch = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

// recording makes a sealing of a recording that began that long after the epoch.
func (j *journals) recording(after time.Duration, line int, set func(*archive.Seal)) archive.JournalLine {
	j.mu.Lock()
	j.n++
	id := fmt.Sprintf("01J%023d", j.n)
	j.mu.Unlock()
	s := &archive.Seal{Start: archive.Start{Line: line, Board: "b", Codec: archive.G711A, Sides: []string{"mixed"},
		Begin: epoch.Add(after), Trigger: "voltage"}, Samples: 8000, EndedBy: "on-hook",
		Files: []archive.Sealed{{Side: "mixed", Name: id + ".mixed.wav", Bytes: 8094, SHA256: strings.Repeat("0", 64)}}}
	if set != nil {
		set(s)
	}
	s.End = s.Begin.Add(s.Duration())
	return j.add(archive.JournalLine{Day: archive.DayOf(s.Begin), Time: s.End, Kind: archive.KindSealed, ID: id, Seal: s})
}

func (j *journals) act(of archive.JournalLine, kind, value string) archive.JournalLine {
	return j.add(archive.JournalLine{Day: of.Day, Time: epoch, Kind: kind, ID: of.ID, Actor: "ann", Value: value})
}

// run opens an index and runs it until the test ends, or stop is called.
func run(t testing.TB, c Config) (ix *Index, stop func()) {
	t.Helper()
	if c.Path == "" {
		c.Path = ramDir(t) + "/index.db"
	}
	if c.sizes == (sizes{}) {
		c.sizes = tiny
	}
	if c.countTime == 0 {
		c.countTime = allCounted
	}
	ix, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = ix.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		<-done
		if err := ix.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return ix, stop
}

// settle waits until the journals have been read.
func settle(t testing.TB, ix *Index) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for ix.Status().Rebuilding {
		<-tick.C
	}
}

func ids(rows []Row) (s []string) {
	for _, r := range rows {
		s = append(s, r.ID)
	}
	return s
}

func query(t testing.TB, ix *Index, f Filter) Page {
	t.Helper()
	p, err := ix.Query(context.Background(), f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
