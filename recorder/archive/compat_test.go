package archive_test

import (
	"flag"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
)

var writeCompat = flag.String("write-compat", "", "write what this version makes to testdata/compat/`NAME`")

// TestWriteCompat makes the sample of a version: sealed recordings with acts, one
// in each codec, and in open/ what a crash leaves: some that were running, one
// whose sealing had begun, one to be discarded. Run once per version of a format:
//
//	go test ./recorder/archive -run TestWriteCompat -write-compat v3
func TestWriteCompat(t *testing.T) {
	if *writeCompat == "" {
		t.Skip("only with -write-compat")
	}
	d := memdisk.New()
	a, err := archive.Open(archive.Config{Disk: d, Now: func() time.Time { return t0 }, Rand: rand.NewChaCha8([32]byte{1})})
	if err != nil {
		t.Fatal(err)
	}
	start := archive.Start{Line: 3, Board: "sim-1", LineName: "Front desk", Trigger: "voltage", Call: "01M82V6MR05ZB96SXA6DHJ24VV",
		Direction: "in", Caller: "02161234567", Codec: archive.G711A, Sides: []string{"network", "local"}, Begin: t0, BeginPos: 16000, ClockSynced: true}
	record := func(s archive.Start) *archive.Writer {
		w, err := a.Begin(s)
		if err != nil {
			t.Fatal(err)
		}
		if s.Codec.Coded() { // 1000 samples, and what fills up the last block
			for side := range s.Sides {
				if err := w.Append(side, blocks(s.Codec, int(s.Codec.Bytes(1000)/s.Codec.Bytes(1)))); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Checkpoint(t0.Add(125*time.Millisecond), 1000); err != nil {
				t.Fatal(err)
			}
		} else {
			put(t, w, slices.Repeat([]string{strings.Repeat("\xD5\x55", 500)}, len(s.Sides))...)
		}
		if err := w.Log(archive.Entry{Kind: archive.EntryCalled, Text: "8001", At: 160, Time: t0}); err != nil {
			t.Fatal(err)
		}
		return w
	}
	w := record(start)
	if _, err := a.Act(ctx, archive.Act{ID: w.ID(), Kind: archive.ActMark, At: 80, Value: "听这里", Actor: "li"}); err != nil {
		t.Fatal(err)
	}
	finish(t, a, w)
	if _, err := a.Act(ctx, archive.Act{ID: w.ID(), Kind: archive.ActNote, Value: "asked for an offer", Actor: "li"}); err != nil {
		t.Fatal(err)
	}
	start.Codec, start.Sides, start.Simulated = archive.PCM16, []string{"mixed"}, true
	finish(t, a, record(start))

	for _, c := range []archive.Codec{archive.IMA, archive.GSM} {
		start.Codec = c
		finish(t, a, record(start))
		record(start)
	}

	start.Codec = archive.PCM16
	running := record(start)
	if err := running.Append(0, []byte("not checkpointed")); err != nil {
		t.Fatal(err)
	}
	start.Codec = archive.G711U
	sealing, gone := record(start), record(start)
	d.Fail = func(op, name string) error {
		if strings.Contains(name, "day.jsonl") || op == "remove" {
			return fs.ErrPermission
		}
		return nil
	}
	finish(t, a, sealing)
	if err := gone.Finish(archive.End{Discard: true}); err != nil {
		t.Fatal(err)
	}
	a.Flush(ctx)
	d.Off()
	a.Close()
	root := filepath.Join("testdata/compat", *writeCompat)
	for _, name := range d.Files() {
		b, _ := d.ReadFile(name)
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEveryVersionCanBeReadAndRecovered opens what released versions wrote.
func TestEveryVersionCanBeReadAndRecovered(t *testing.T) {
	versions, err := filepath.Glob("testdata/compat/*")
	if err != nil || len(versions) == 0 {
		t.Fatal(versions, err)
	}
	for _, root := range versions {
		t.Run(filepath.Base(root), func(t *testing.T) {
			d := memdisk.New()
			err := fs.WalkDir(os.DirFS(root), ".", func(name string, e fs.DirEntry, err error) error {
				if err != nil || e.IsDir() {
					return err
				}
				b, err := os.ReadFile(filepath.Join(root, name))
				d.WriteFile(name, b)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			a := open(t, d)
			states := map[archive.RecoveredState]int{}
			for _, r := range recoverAll(t, a) {
				states[r.State]++
			}
			v1 := filepath.Base(root) == "v1" // has no coded recordings
			cut, kinds, both := 3, []string{"sealed", "note", "sealed", "sealed", "sealed", "sealed", "sealed", "sealed", "sealed"}, 2
			if v1 {
				cut, kinds, both = 1, kinds[:5], 0
			}
			if len(states) != 3 || states[archive.RecoverCut] != cut || states[archive.RecoverResumed] != 1 || states[archive.RecoverDiscarded] != 1 {
				t.Error(states)
			}
			ls, damaged := lines(t, a, nil)
			var got []string
			codecs := map[archive.Codec]int{}
			for _, l := range ls {
				got = append(got, l.Kind)
				if s := l.Seal; s != nil {
					codecs[s.Codec]++
					if s.Line != 3 || s.Caller != "02161234567" || s.Called != "8001" || s.Samples != 1000/max(1, s.Codec.SampleBytes()) || s.Damaged > 0 || s.Unverified {
						t.Errorf("%+v", s)
					}
					verify(t, a, l.ID)
				}
			}
			if !slices.Equal(got, kinds) || len(damaged) > 0 {
				t.Error(got, damaged)
			}
			if codecs[archive.IMA] != both || codecs[archive.GSM] != both || codecs[archive.G711A] != 1 || codecs[archive.PCM16] != 2 || codecs[archive.G711U] != 1 {
				t.Error(codecs)
			}
			if a := ls[0].Seal.Acts; len(a) != 1 || a[0].Value != "听这里" || a[0].At != 80 || ls[1].Value != "asked for an offer" {
				t.Errorf("%+v", a)
			}
			if err := a.Reconcile(ctx, nil, func(f archive.Finding) { t.Errorf("%+v", f) }); err != nil {
				t.Error(err)
			}
		})
	}
}
