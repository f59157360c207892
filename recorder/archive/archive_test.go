package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"vaad/dsp/wav"
	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ctx = context.Background()

func open(t *testing.T, d archive.Disk) *archive.Archive {
	t.Helper()
	a, err := archive.Open(archive.Config{Disk: d, Now: func() time.Time { return t0 }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

func begin(t *testing.T, a *archive.Archive, sides ...string) *archive.Writer {
	t.Helper()
	w, err := a.Begin(archive.Start{Line: 7, Codec: archive.G711A, Sides: sides, Begin: t0, Trigger: "manual"})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// put appends a checkpointed chunk to every side.
func put(t *testing.T, w *archive.Writer, data ...string) {
	t.Helper()
	for side, s := range data {
		if err := w.Append(side, []byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Checkpoint(t0.Add(time.Second), w.Bytes(0)); err != nil {
		t.Fatal(err)
	}
}

func finish(t *testing.T, a *archive.Archive, w *archive.Writer) {
	t.Helper()
	if err := w.Finish(archive.End{Time: t0.Add(time.Minute), EndedBy: "on-hook", Reason: "volts rose"}); err != nil {
		t.Fatal(err)
	}
	if err := a.Flush(ctx); err != nil {
		t.Fatal(err)
	}
}

func lines(t *testing.T, r interface {
	Lines(context.Context, archive.Cursor, func(*archive.JournalLine) error, func(string, error)) error
}, from archive.Cursor) (ls []archive.JournalLine, damaged []string) {
	t.Helper()
	err := r.Lines(ctx, from, func(l *archive.JournalLine) error { ls = append(ls, *l); return nil },
		func(where string, err error) { damaged = append(damaged, where) })
	if err != nil {
		t.Fatal(err)
	}
	return ls, damaged
}

func data(t *testing.T, a *archive.Archive, id, side string) string {
	t.Helper()
	f, err := a.Audio("", id, side)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f.Data())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func verify(t *testing.T, a *archive.Archive, id string) {
	t.Helper()
	checks, err := a.Verify(ctx, "", id)
	if err != nil || len(checks) == 0 {
		t.Fatal(checks, err)
	}
	for _, c := range checks {
		if !c.OK {
			t.Errorf("%s: %v", c.Name, c.Err)
		}
	}
}

func TestRecordingIsSealedWithAllThatWasToldOfIt(t *testing.T) {
	root := t.TempDir()
	a, err := archive.Open(archive.Config{Root: root, Now: func() time.Time { return t0 }})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var told []archive.JournalLine
	defer a.Subscribe(func(l archive.JournalLine) { told = append(told, l) })()

	start := archive.Start{Line: 3, Board: "sim-1", LineName: "Front desk", Trigger: "voltage", Call: "C1", Conversation: "V1",
		Previous: "P1", Direction: "in", Codec: archive.G711U, Sides: []string{"network", "local"}, Begin: t0.In(time.FixedZone("", 3600)),
		BeginPos: 480, Simulated: true, ClockSynced: true}
	w, err := a.Begin(start)
	if err != nil {
		t.Fatal(err)
	}
	put(t, w, "abc", "xyz")
	entries := []archive.Entry{
		{Kind: archive.EntryCaller, Text: "021<6>", At: 1}, {Kind: archive.EntryCalled, Text: "8001"},
		{Kind: archive.EntryAnswered, Text: "reversal"}, {Kind: archive.EntryCallerName, Text: "李 Li"}, {Kind: archive.EntryCallEnd, Code: "answered"},
		{Kind: archive.EntryGap, At: 3, Value: 160}, {Kind: "key", Side: "local", Text: "5", Time: t0},
	}
	for _, e := range entries {
		if err := w.Log(e); err != nil {
			t.Fatal(err)
		}
	}
	l, err := a.Act(ctx, archive.Act{ID: w.ID(), Kind: archive.ActMark, Actor: "li", At: 2, Value: "here"})
	if err != nil || l.Seq != 0 {
		t.Fatal(l, err)
	}
	if acts := a.Acts(w.ID()); len(acts) != 1 || acts[0].Value != "here" || a.Acts("01J00000000000000000000000") != nil {
		t.Errorf("acts while it runs: %+v", acts)
	}
	put(t, w, "de", "uvw")
	finish(t, a, w)

	ls, _ := lines(t, a, nil)
	if len(ls) != 1 || !cmp.Equal(ls, told, cmpopts.EquateEmpty()) {
		t.Fatalf("journal %+v\ntold %+v", ls, told)
	}
	start.ID, start.Begin, start.Caller, start.Called = w.ID(), t0, "021<6>", "8001"
	want := archive.Seal{Start: start, End: t0.Add(time.Minute), Samples: 6, CallerName: "李 Li", Outcome: "answered", AnsweredBy: "reversal", EndedBy: "on-hook", Reason: "volts rose", Gaps: 1, LostSamples: 160,
		Acts:  []archive.Act{{Kind: "mark", Time: t0, Actor: "li", At: 2, Value: "here"}},
		Files: []archive.Sealed{{Side: "network", Name: w.ID() + ".network.wav", Bytes: 94 + 5 + 1}, {Side: "local", Name: w.ID() + ".local.wav", Bytes: 94 + 6}},
		Story: archive.Sealed{Name: w.ID() + ".jsonl"}}
	if d := cmp.Diff(&want, ls[0].Seal, cmpopts.IgnoreFields(archive.Sealed{}, "SHA256"), cmpopts.IgnoreFields(archive.Seal{}, "Story")); d != "" {
		t.Error(d)
	}
	if ls[0].Seal.Duration() != 750*time.Microsecond || ls[0].Day != "2026-11-22" || len(ls[0].Salt) != 32 {
		t.Errorf("%+v", ls[0])
	}
	if got := data(t, a, w.ID(), "network") + "|" + data(t, a, w.ID(), "local"); got != "abcde|xyzuvw" {
		t.Error(got)
	}
	verify(t, a, w.ID())
	s, err := a.Story("2026-11-22", w.ID())
	if err != nil || !s.Ended || s.Start.Board != "sim-1" || len(s.Entries) != len(entries)+2 || s.Entries[6].Text != "5" {
		t.Error(s, err)
	}
	for _, name := range []string{".network.wav", ".local.wav", ".jsonl"} {
		fi, err := os.Stat(filepath.Join(root, "2026/11/22", w.ID()+name))
		if err != nil || fi.Mode().Perm() != 0o440 {
			t.Error(fi, err)
		}
	}
	if es, _ := os.ReadDir(filepath.Join(root, "open")); len(es) > 0 {
		t.Error("left in open/:", es)
	}
}

func TestSegmentsConcatenatedEqualTheSource(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, codec := range []archive.Codec{archive.G711A, archive.G711U, archive.PCM16} {
		a := open(t, memdisk.New())
		source := make([]byte, 20_000)
		for i := range source {
			source[i] = byte(rng.Uint32())
		}
		var got []byte
		prev := ""
		for at := 0; at < len(source); {
			w, err := a.Begin(archive.Start{Codec: codec, Sides: []string{"mixed"}, Begin: t0, Previous: prev, BeginPos: int64(at) / codec.SampleBytes()})
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				n := min(rng.IntN(2000)*int(codec.SampleBytes()), len(source)-at)
				if err := w.Append(0, source[at:at+n]); err != nil {
					t.Fatal(err)
				}
				at += n
			}
			finish(t, a, w)
			got = append(got, data(t, a, w.ID(), "mixed")...)
			prev = w.ID()
		}
		if !bytes.Equal(got, source) {
			t.Error(codec, "differs")
		}
	}
}

func TestErrorsLeaveTheWriterUsable(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 3))
		d := memdisk.New()
		a := open(t, d)
		w := begin(t, a, "network", "local")
		d.Fail = func(op, name string) error { // called with the disk locked
			if (op == "write" || op == "truncate" || op == "rename" || op == "sync") && rng.IntN(3) == 0 {
				return []error{syscall.ENOSPC, syscall.EIO, syscall.EROFS}[rng.IntN(3)]
			}
			if rng.IntN(2) == 0 {
				d.Capacity = 1 // every write is cut short
			} else {
				d.Capacity = 0
			}
			return nil
		}
		var want [2]string
		for i := range 30 {
			for side := range want {
				s := strings.Repeat(string(rune('a'+i%26)), 1+rng.IntN(20))
				for w.Append(side, []byte(s)) != nil {
				}
				want[side] += s
			}
			w.Checkpoint(t0, int64(i)) // may fail: the next one covers it
			for w.Log(archive.Entry{Kind: "key", Value: int64(i)}) != nil {
			}
		}
		if err := w.Finish(archive.End{Time: t0, EndedBy: "on-hook"}); err != nil {
			t.Fatal(err)
		}
		for i := 0; ; i++ {
			a.Flush(ctx)
			if _, err := a.Find(w.ID()); err == nil {
				if ls, _ := lines(t, a, nil); len(ls) == 1 {
					break
				}
			}
			if i > 10_000 {
				t.Fatal("never sealed")
			}
		}
		d.Off() // stops the noise
		d2 := d.Kill()
		a = open(t, d2)
		if err := a.Recover(ctx, nil); err != nil {
			t.Fatal(err)
		}
		ls, damaged := lines(t, a, nil)
		if len(ls) != 1 || len(damaged) > 0 || ls[0].Seal.Damaged > 0 || ls[0].Seal.Recovered {
			t.Fatalf("seed %d: %d lines, %+v", seed, len(ls), ls[0].Seal)
		}
		if got := [2]string{data(t, a, w.ID(), "network"), data(t, a, w.ID(), "local")}; got != want {
			t.Fatalf("seed %d: %q, want %q", seed, got, want)
		}
		verify(t, a, w.ID())
		if s, err := a.Story("", w.ID()); err != nil || len(s.Entries) != 31 || s.Damaged > 0 {
			t.Fatalf("seed %d: %+v %v", seed, s, err)
		}
	}
}

func TestFullDiskDelaysSealingAndIsTold(t *testing.T) {
	d := memdisk.New()
	var faults atomic.Int32
	var reason atomic.Value
	reg := prometheus.NewPedanticRegistry()
	a, err := archive.Open(archive.Config{Disk: d, Registerer: reg, Fault: func(err error) {
		faults.Add(1)
		reason.Store(archive.Reason(err))
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	w := begin(t, a, "mixed")
	put(t, w, "abc")
	d.Capacity = 1
	var e *archive.Error
	if err := w.Append(0, []byte("d")); archive.Reason(err) != "no-space" || !errors.As(err, &e) || e.ID != w.ID() || e.Op != "append" {
		t.Fatal(err)
	}
	if _, err := a.Begin(archive.Start{Codec: archive.PCM16, Sides: []string{"mixed"}, Begin: t0}); archive.Reason(err) != "no-space" {
		t.Fatal(err)
	}
	finish(t, a, w)
	if faults.Load() == 0 || reason.Load() != "no-space" {
		t.Error("nobody was told of the full disk")
	}
	if _, err := a.Act(ctx, archive.Act{ID: w.ID(), Kind: archive.ActNote, Value: "x"}); err == nil || !strings.Contains(err.Error(), "not sealed yet") {
		t.Error(err)
	}
	if ls, _ := lines(t, a, nil); len(ls) != 0 {
		t.Error("sealed on a full disk")
	}
	reads := 0
	d.Change(func() {
		d.Fail = func(op, name string) error {
			if op == "read" && strings.HasSuffix(name, ".wav") {
				reads++
			}
			return nil
		}
	})
	a.Flush(ctx)
	n := 0
	if d.Change(func() { n = reads }); n > 0 {
		t.Error("every try hashes the audio again")
	}
	if s, err := a.Space(); err != nil || s.FreeBytes != 0 {
		t.Error(s, err)
	}
	d.Change(func() { d.Capacity = 0 })
	a.Flush(ctx)
	if ls, _ := lines(t, a, nil); len(ls) != 1 || ls[0].Seal.Samples != 3 {
		t.Error(ls)
	}
	for _, name := range d.Files() {
		if strings.HasPrefix(name, "open/") {
			t.Error("left:", name)
		}
	}
	m := gather(t, reg)
	if m[`vaad_archive_errors_total{op="append",reason="no-space"}`] != 1 || m["vaad_archive_seal_queue"] != 0 ||
		m["vaad_archive_written_bytes_total"] != 3 || m["vaad_archive_checkpoints_total"] != 1 ||
		m[`vaad_archive_journal_lines_total{kind="sealed"}`] != 1 || m["vaad_archive_seal_seconds"] != 1 {
		t.Error(m)
	}
}

func TestBadSectorDoesNotKeepARecordingFromBeingSealed(t *testing.T) {
	d := memdisk.New()
	a := open(t, d)
	w := begin(t, a, "network", "local")
	put(t, w, "abc", "def")
	d.Fail = func(op, name string) error {
		if op == "read" && strings.HasSuffix(name, ".local.wav") {
			return syscall.EIO
		}
		return nil
	}
	finish(t, a, w)
	for range 8 {
		a.Flush(ctx)
	}
	ls, _ := lines(t, a, nil)
	if len(ls) != 1 || ls[0].Seal.Damaged != 3 || ls[0].Seal.Files[0].SHA256 == "" || ls[0].Seal.Files[1].SHA256 != "" || ls[0].Seal.Files[1].Bytes != 98 {
		t.Errorf("%+v", ls)
	}
	checks, err := a.Verify(ctx, "", w.ID())
	if err != nil || !checks[0].OK || checks[1].OK || !checks[2].OK {
		t.Error(checks, err)
	}
}

// TestOneFaultAtReadingIsNoBadSector has a disk that refuses other things before.
func TestOneFaultAtReadingIsNoBadSector(t *testing.T) {
	d := memdisk.New()
	a := open(t, d)
	w := begin(t, a, "mixed")
	put(t, w, "abc")
	refused := 0
	d.Fail = func(op, name string) error {
		if strings.HasSuffix(name, ".mixed.wav") && (op == "chmod" && refused < 8 || op == "read" && refused == 8) {
			refused++
			return syscall.EIO
		}
		return nil
	}
	finish(t, a, w)
	for range 10 {
		a.Flush(ctx)
	}
	if ls, _ := lines(t, a, nil); len(ls) != 1 || ls[0].Seal.Damaged != 0 || ls[0].Seal.Files[0].SHA256 == "" {
		t.Errorf("%+v", ls)
	}
	verify(t, a, w.ID())
}

func gather(t *testing.T, g prometheus.Gatherer) map[string]float64 {
	t.Helper()
	fams, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]float64{}
	for _, f := range fams {
		for _, x := range f.Metric {
			name := f.GetName()
			for i, l := range x.Label {
				name += map[bool]string{true: "{", false: ","}[i == 0] + fmt.Sprintf("%s=%q", l.GetName(), l.GetValue())
			}
			if len(x.Label) > 0 {
				name += "}"
			}
			m[name] = x.GetCounter().GetValue() + x.GetGauge().GetValue() + float64(x.GetHistogram().GetSampleCount())
		}
	}
	return m
}

func TestActIsRefusedWhenItIsNotDurable(t *testing.T) {
	d := memdisk.New()
	a := open(t, d)
	w := begin(t, a, "mixed")
	put(t, w, "abc")
	finish(t, a, w)
	d.Fail = func(op, name string) error {
		if op == "sync" {
			return syscall.EIO
		}
		return nil
	}
	if _, err := a.Act(ctx, archive.Act{ID: w.ID(), Kind: archive.ActNote, Value: "lost"}); archive.Reason(err) != "io" {
		t.Error(err)
	}
	d.Fail = nil
	l, err := a.Act(ctx, archive.Act{ID: w.ID(), Kind: archive.ActNote, Value: "kept", Actor: "li"})
	if err != nil || l.Seq != 2 {
		t.Error(l, err)
	}
	ls, damaged := lines(t, a, nil)
	if len(ls) != 2 || ls[1].Value != "kept" || ls[1].Actor != "li" || len(damaged) > 0 {
		t.Error(ls, damaged)
	}
	// The cursor behind the first line finds only the second.
	ls, _ = lines(t, a, archive.Cursor{ls[0].Day: ls[0].Next})
	if len(ls) != 1 || ls[0].Seq != 2 {
		t.Error(ls)
	}
	err = a.Lines(ctx, archive.Cursor{ls[0].Day: ls[0].Next + 1}, nil, nil)
	if !errors.Is(err, archive.ErrCursor) {
		t.Error(err)
	}
}

func TestActsOnWhatIsNotThereAreRefused(t *testing.T) {
	a := open(t, memdisk.New())
	for _, id := range []string{"", "../../../etc/passwd", "01M82V6MR05ZB96SXA6DHJ24VV", "01m82v6mr05zb96sxa6dhj24vv"} {
		for _, day := range []archive.Day{"", "2026-11-22", "../..", "2026-02-31"} {
			if _, err := a.Act(ctx, archive.Act{ID: id, Day: day, Kind: archive.ActNote}); !errors.Is(err, archive.ErrNotFound) {
				t.Errorf("act on %q: %v", id, err)
			}
			if _, err := a.Audio(day, id, "mixed"); !errors.Is(err, archive.ErrNotFound) {
				t.Errorf("audio of %q: %v", id, err)
			}
			if _, err := a.Story(day, id); !errors.Is(err, archive.ErrNotFound) {
				t.Errorf("story of %q: %v", id, err)
			}
		}
	}
	w := begin(t, a, "mixed")
	finish(t, a, w)
	if _, err := a.Act(ctx, archive.Act{ID: w.ID(), Kind: "sealed"}); err == nil {
		t.Error("a made-up seal was taken")
	}
	for _, side := range []string{"", "local", "../" + w.ID() + ".mixed", "MIXED"} {
		if _, err := a.Audio("", w.ID(), side); !errors.Is(err, archive.ErrNotFound) {
			t.Errorf("side %q: %v", side, err)
		}
	}
}

func TestRecordingsThatEndTogetherShareTheirSyncs(t *testing.T) {
	d := memdisk.New()
	a := open(t, d)
	var ws []*archive.Writer
	for range 128 {
		w := begin(t, a, "mixed")
		put(t, w, "abc")
		ws = append(ws, w)
	}
	syncs := 0
	d.Fail = func(op, _ string) error {
		if op == "sync" {
			syncs++
		}
		return nil
	}
	gate := make(chan struct{})
	a.Subscribe(func(archive.JournalLine) { <-gate }) // the first batch holds up the rest
	for _, w := range ws {
		if err := w.Finish(archive.End{Time: t0}); err != nil {
			t.Fatal(err)
		}
	}
	close(gate)
	a.Flush(ctx)
	ls, _ := lines(t, a, nil)
	if len(ls) != 128 {
		t.Error(len(ls), "lines")
	}
	if syncs > 8 {
		t.Error(syncs, "syncs for 128 recordings")
	}
}

func TestDiscardedRecordingLeavesNothing(t *testing.T) {
	d := memdisk.New()
	a := open(t, d)
	w := begin(t, a, "mixed")
	put(t, w, "abc")
	if err := w.Finish(archive.End{Discard: true}); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(archive.End{}); !errors.Is(err, archive.ErrClosed) {
		t.Error("finished twice:", err)
	}
	if err := w.Append(0, []byte("x")); !errors.Is(err, archive.ErrClosed) {
		t.Error(err)
	}
	a.Flush(ctx)
	if f := d.Files(); len(f) != 0 {
		t.Error(f)
	}
}

func TestRunningRecordingCanBePlayed(t *testing.T) {
	a := open(t, memdisk.New())
	w := begin(t, a, "mixed")
	put(t, w, "abc")
	f, err := a.Audio("", w.ID(), "mixed")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil || !f.Running || int64(len(b)) != f.Size || !bytes.Equal(b, append(wav.Header(wav.ALaw, 3), "abc\x00"...)) {
		t.Errorf("%q %v", b, err)
	}
	if _, err := f.Seek(94, io.SeekStart); err != nil {
		t.Error(err)
	}
	if b, _ = io.ReadAll(f); string(b) != "abc\x00" {
		t.Errorf("%q", b)
	}
	if s, err := a.Story("", w.ID()); err != nil || s.Ended || s.Start.Line != 7 {
		t.Error(s, err)
	}
}

func TestIDsGrowOverClockStepsBack(t *testing.T) {
	a := open(t, memdisk.New())
	seen := map[string]bool{}
	last := ""
	now := t0
	for i := range 200 {
		if i%10 == 9 {
			now = now.Add(-time.Hour)
		}
		w, err := a.Begin(archive.Start{Codec: archive.G711A, Sides: []string{"mixed"}, Begin: now})
		if err != nil {
			t.Fatal(err)
		}
		if w.ID() <= last || seen[w.ID()] {
			t.Fatalf("%s behind %s", w.ID(), last)
		}
		if w.Day() != archive.DayOf(now) {
			t.Error(w.Day())
		}
		last, seen[w.ID()] = w.ID(), true
		if i%10 == 9 {
			now = t0
		}
	}
}

func TestSecondProcessIsKeptOut(t *testing.T) {
	root := t.TempDir()
	a, err := archive.Open(archive.Config{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Open(archive.Config{Root: root}); !errors.Is(err, archive.ErrLocked) {
		t.Error(err)
	}
	r, err := archive.OpenReadOnly(root, nil)
	if err != nil {
		t.Error("reading beside the daemon:", err)
	}
	r.Close()
	a.Close()
	if a, err = archive.Open(archive.Config{Root: root}); err != nil {
		t.Fatal(err)
	}
	if s, err := a.Space(); err != nil || s.FreeBytes <= 0 || s.FreeInodes <= 0 {
		t.Error(s, err)
	}
	a.Close()
	if _, err := archive.OpenReadOnly(filepath.Join(root, "none"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestStartIsChecked(t *testing.T) {
	a := open(t, memdisk.New())
	good := archive.Start{Codec: archive.G711A, Sides: []string{"mixed"}, Begin: t0}
	for _, change := range []func(*archive.Start){
		func(s *archive.Start) { s.Codec = "mp3" },
		func(s *archive.Start) { s.Sides = nil },
		func(s *archive.Start) { s.Sides = []string{"../x"} },
		func(s *archive.Start) { s.Sides = []string{"a", "a"} },
		func(s *archive.Start) { s.Sides = slices.Repeat([]string{"a"}, 9) },
		func(s *archive.Start) { s.Line = -1 },
		func(s *archive.Start) { s.Begin = time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		s := good
		change(&s)
		if _, err := a.Begin(s); err == nil {
			t.Errorf("%+v was taken", s)
		}
	}
	w := begin(t, a, "mixed")
	for _, e := range []archive.Entry{{}, {Kind: archive.EntryEnd}, {Kind: "start"}, {Kind: "x", Text: strings.Repeat("x", 1<<17)}} {
		if err := w.Log(e); err == nil {
			t.Errorf("%.40v was taken", e)
		}
	}
	if err := w.Append(1, []byte("x")); err == nil {
		t.Error("a side that is not there was taken")
	}
}
