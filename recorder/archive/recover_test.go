package archive_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"vaad/dsp/wav"
	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
)

// crashed returns a disk on which one recording was left open, and its ID.
func crashed(t *testing.T, sides []string, chunks ...[]string) (*memdisk.Disk, string) {
	t.Helper()
	d := memdisk.New()
	a := open(t, d)
	w := begin(t, a, sides...)
	for _, c := range chunks {
		put(t, w, c...)
	}
	d.Off()
	return d.Kill(), w.ID()
}

// edit changes a file as a fault would.
func edit(t *testing.T, d *memdisk.Disk, name string, f func([]byte) []byte) {
	t.Helper()
	b, err := d.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	d.WriteFile(name, f(b))
}

func recoverAll(t *testing.T, a *archive.Archive) []archive.Recovered {
	t.Helper()
	var rs []archive.Recovered
	if err := a.Recover(ctx, func(r archive.Recovered) { rs = append(rs, r) }); err != nil {
		t.Fatal(err)
	}
	return rs
}

func recoverOne(t *testing.T, a *archive.Archive) archive.Recovered {
	t.Helper()
	rs := recoverAll(t, a)
	if len(rs) != 1 {
		t.Fatalf("%d recovered: %+v", len(rs), rs)
	}
	return rs[0]
}

func TestRecoveryKeepsWhatVerifiesAndNoMore(t *testing.T) {
	d, id := crashed(t, []string{"network", "local"}, []string{"aaaa", "bbbb"}, []string{"cccc", "dddd"})
	edit(t, d, "open/"+id+".network.wav", func(b []byte) []byte { return append(b, "not checkpointed"...) })
	edit(t, d, "open/"+id+".local.wav", func(b []byte) []byte { b[len(b)-1]++; return b }) // a torn sector
	a := open(t, d)
	r := recoverOne(t, a)
	if r.State != archive.RecoverCut || r.Samples != 8 || r.Cut != 16+4 || !r.End.Equal(t0.Add(1e9)) || r.Start.Line != 7 {
		t.Errorf("%+v", r)
	}
	if got := data(t, a, id, "network") + "|" + data(t, a, id, "local"); got != "aaaacccc|bbbb" {
		t.Error(got)
	}
	verify(t, a, id)
	ls, _ := lines(t, a, nil)
	if len(ls) != 1 || !ls[0].Seal.Recovered || ls[0].Seal.EndedBy != archive.EndedByCrash || ls[0].Seal.Damaged != 0 {
		t.Error(ls)
	}
	s, err := a.Story("", id)
	if err != nil || len(s.Entries) != 2 || s.Entries[0].Kind != archive.EntryRecovered || s.Entries[0].Value != 20 {
		t.Error(s, err)
	}
}

func TestDamageInTheMiddleIsKeptAndMarked(t *testing.T) {
	d, id := crashed(t, []string{"mixed"}, []string{"aaaa"}, []string{"bbbb"}, []string{"cccc"}, []string{"dddd"})
	edit(t, d, "open/"+id+".mixed.wav", func(b []byte) []byte { b[94+5]++; return b })
	record := 24 + 16 + 4
	edit(t, d, "open/"+id+".ckpt", func(b []byte) []byte { b[len(b)-2*record+8]++; return b }) // of cccc
	a := open(t, d)
	if r := recoverOne(t, a); r.Samples != 16 {
		t.Errorf("%+v", r)
	}
	ls, _ := lines(t, a, nil)
	if ls[0].Seal.Damaged != 8 || data(t, a, id, "mixed") != "aaaabcbbccccdddd" {
		t.Errorf("%+v", ls[0].Seal)
	}
	s, _ := a.Story("", id)
	if e := s.Entries[0]; e.Kind != archive.EntryDamaged || e.At != 4 || e.Value != 4 || e.Side != "mixed" {
		t.Errorf("%+v", s.Entries)
	}
}

func TestRecoveryWithoutCheckpointsTakesTheWholeFile(t *testing.T) {
	d, id := crashed(t, []string{"mixed"}, []string{"aaaa"})
	d.Remove("open/" + id + ".ckpt")
	a := open(t, d)
	if r := recoverOne(t, a); r.State != archive.RecoverCut || r.Samples != 4 {
		t.Errorf("%+v", r)
	}
	ls, _ := lines(t, a, nil)
	if !ls[0].Seal.Unverified || ls[0].Seal.Trigger != "manual" || data(t, a, id, "mixed") != "aaaa" {
		t.Errorf("%+v", ls[0].Seal)
	}
}

func TestRecoveryWithNothingButTheAudio(t *testing.T) {
	d, id := crashed(t, []string{"mixed"}, []string{"aaaa"})
	d.Remove("open/" + id + ".ckpt")
	d.Remove("open/" + id + ".jsonl")
	a := open(t, d)
	recoverOne(t, a)
	ls, _ := lines(t, a, nil)
	if len(ls) != 1 || ls[0].Seal.Codec != archive.G711A || ls[0].Seal.Begin.Unix() != t0.Unix() || data(t, a, id, "mixed") != "aaaa" {
		t.Errorf("%+v", ls)
	}
	verify(t, a, id)
}

func TestDamagedCheckpointsDoNotCostALongRecording(t *testing.T) {
	long := strings.Repeat("x", 200_000)
	d, id := crashed(t, []string{"mixed"}, []string{long})
	edit(t, d, "open/"+id+".ckpt", func(b []byte) []byte { b[len(b)-1]++; return b })
	a := open(t, d)
	if r := recoverOne(t, a); r.Samples != 200_000 || r.State != archive.RecoverCut {
		t.Errorf("%+v", r)
	}
	if ls, _ := lines(t, a, nil); !ls[0].Seal.Unverified {
		t.Errorf("%+v", ls)
	}
}

func TestEmptyRecordingIsDiscardedAtRecovery(t *testing.T) {
	d, _ := crashed(t, []string{"mixed"})
	a := open(t, d)
	if r := recoverOne(t, a); r.State != archive.RecoverDiscarded {
		t.Errorf("%+v", r)
	}
	if f := d.Files(); len(f) > 0 {
		t.Error(f)
	}
}

func TestWhatCannotBeUnderstoodIsKeptAside(t *testing.T) {
	d, id := crashed(t, []string{"mixed"}, []string{"aaaa"})
	d.Remove("open/" + id + ".ckpt")
	d.Remove("open/" + id + ".jsonl")
	edit(t, d, "open/"+id+".mixed.wav", func(b []byte) []byte { return bytes.ToUpper(b[4:]) })
	a := open(t, d)
	if r := recoverOne(t, a); r.State != archive.RecoverQuarantined || !errors.Is(r.Err, wav.ErrNotWAV) {
		t.Errorf("%+v", r)
	}
	if f := d.Files(); !slices.Equal(f, []string{"damaged/" + id + ".mixed.wav"}) {
		t.Error(f)
	}
}

func TestFilesOfANewerVersionAreLeftAlone(t *testing.T) {
	d, id := crashed(t, []string{"mixed"}, []string{"aaaa"})
	edit(t, d, "open/"+id+".ckpt", func(b []byte) []byte { binary.LittleEndian.PutUint16(b[8:], 3); return b })
	before := d.Files()
	a := open(t, d)
	if r := recoverOne(t, a); r.State != archive.RecoverPending || !strings.Contains(r.Err.Error(), "newer version") {
		t.Errorf("%+v", r)
	}
	if f := d.Files(); !slices.Equal(f, before) {
		t.Error(f)
	}
}

func TestRecoveryLeavesRunningRecordingsAlone(t *testing.T) {
	d, id := crashed(t, []string{"mixed"}, []string{"aaaa"})
	a := open(t, d)
	w := begin(t, a, "mixed")
	put(t, w, "bbbb")
	if r := recoverOne(t, a); r.ID != id {
		t.Errorf("%+v", r)
	}
	put(t, w, "cccc")
	finish(t, a, w)
	if got := data(t, a, w.ID(), "mixed"); got != "bbbbcccc" {
		t.Error(got)
	}
}

func TestTornJournalEndIsCutOff(t *testing.T) {
	d := sealedLines(t, 3)
	const name = "2026/11/22/day.jsonl"
	whole, _ := d.ReadFile(name)
	for _, torn := range [][]byte{[]byte(`{"v":1,"seq":4`), bytes.Repeat([]byte{0}, 5000), []byte("{}\n{}\n"), bytes.Repeat([]byte("x"), 200_000)} {
		d.WriteFile(name, append(slices.Clone(whole), torn...))
		a := open(t, d)
		w := begin(t, a, "mixed")
		finish(t, a, w)
		ls, damaged := lines(t, a, nil)
		if len(ls) != 4 || ls[3].Seq != 4 || len(damaged) > 0 {
			t.Errorf("behind %.20q: %d lines, damaged %v", torn, len(ls), damaged)
		}
	}
}

func TestDamagedJournalLineIsSkippedAndTold(t *testing.T) {
	d := sealedLines(t, 3)
	const name = "2026/11/22/day.jsonl"
	edit(t, d, name, func(b []byte) []byte { b[bytes.IndexByte(b, '\n')+100] ^= 1; return b })
	a := open(t, d)
	w := begin(t, a, "mixed")
	finish(t, a, w)
	ls, damaged := lines(t, a, nil)
	if len(ls) != 3 || ls[1].Seq != 3 || ls[2].Seq != 4 || !slices.Equal(damaged, []string{name + ":2"}) {
		t.Errorf("%+v, damaged %v", ls, damaged)
	}
	// Its recording is still there: the reconciler journals it again, once.
	var found []archive.Finding
	for range 2 {
		if err := a.Reconcile(ctx, nil, func(f archive.Finding) { found = append(found, f) }); err != nil {
			t.Fatal(err)
		}
	}
	if len(found) != 2 || found[0].Kind != archive.FoundLine || found[1].Kind != archive.FoundAdopted {
		t.Errorf("%+v", found)
	}
	ls, _ = lines(t, a, nil)
	if l := ls[3]; l.Kind != archive.KindAdopted || l.Seal.Caller != "02161234567" || l.Seal.Line != 2 || !l.Seal.Unverified {
		t.Errorf("%+v", l)
	}
	verify(t, a, ls[3].ID)
}

func TestReconcilerReportsWhatIsMissingOrChanged(t *testing.T) {
	d := sealedLines(t, 3)
	a := open(t, d)
	ls, _ := lines(t, a, nil)
	dir := "2026/11/22/"
	d.Remove(dir + ls[0].ID + ".mixed.wav")
	edit(t, d, dir+ls[1].ID+".jsonl", func(b []byte) []byte { return b[:10] })
	d.WriteFile(dir+"holiday.jpg", nil)
	d.WriteFile("open/notes.txt", nil)
	d.WriteFile(dir+"01M82V6MR05ZB96SXA6DHJ24VV.mixed.wav", []byte("no WAV"))
	var found []string
	paced := 0
	for range 2 {
		err := a.Reconcile(ctx, func(c context.Context) error { paced++; return c.Err() },
			func(f archive.Finding) { found = append(found, string(f.Kind)+" "+f.Name) })
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(found)
	want := []string{"missing " + dir + ls[0].ID + ".mixed.wav", "size-changed " + dir + ls[1].ID + ".jsonl",
		"stray " + dir + "holiday.jpg", "stray open/notes.txt", "unreadable " + dir + "01M82V6MR05ZB96SXA6DHJ24VV.mixed.wav"}
	slices.Sort(want)
	if !slices.Equal(found, want) || paced < 12 {
		t.Errorf("paced %d: %q", paced, found)
	}
	checks, err := a.Verify(ctx, "", ls[1].ID)
	if err != nil || !checks[0].OK || checks[1].OK {
		t.Error(checks, err)
	}
	stop := errors.New("stop")
	if err := a.Reconcile(ctx, func(context.Context) error { return stop }, nil); !errors.Is(err, stop) {
		t.Error(err)
	}
}

func TestVerifyFindsAChangedSample(t *testing.T) {
	d := sealedLines(t, 1)
	a := open(t, d)
	ls, _ := lines(t, a, nil)
	verify(t, a, ls[0].ID)
	edit(t, d, "2026/11/22/"+ls[0].ID+".mixed.wav", func(b []byte) []byte { b[96] ^= 1; return b })
	checks, err := a.Verify(ctx, "", ls[0].ID)
	if err != nil || checks[0].OK || !strings.Contains(checks[0].Err.Error(), "SHA-256") {
		t.Error(checks, err)
	}
}
