package archive_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"

	"vaad/dsp/wav"
	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
)

var allCodecs = []archive.Codec{archive.G711A, archive.G711U, archive.PCM16, archive.IMA, archive.GSM}

// blocks returns so many blocks of a codec, none of them zeros.
func blocks(c archive.Codec, n int) []byte {
	size, _ := c.Block()
	b := make([]byte, int(size)*n)
	for i := range b {
		b[i] = byte(i*7 + i>>8 | 1)
	}
	return b
}

// running begins a recording of two sides with so many checkpoints of two
// blocks, the last one filled up: short samples of it are not audio.
func running(t *testing.T, a *archive.Archive, c archive.Codec, checkpoints int, short int64) (*archive.Writer, int64) {
	t.Helper()
	w, err := a.Begin(archive.Start{Line: 7, Codec: c, Sides: []string{"network", "local"}, Begin: t0, Trigger: "manual"})
	if err != nil {
		t.Fatal(err)
	}
	_, per := c.Block()
	if !c.Coded() {
		short = 0
	}
	var samples int64
	for i := range checkpoints {
		for side := range 2 {
			if err := w.Append(side, blocks(c, 2)); err != nil {
				t.Fatal(err)
			}
		}
		samples += 2 * per
		if i == checkpoints-1 {
			samples -= short
		}
		if err := w.Checkpoint(t0.Add(time.Duration(samples)*125*time.Microsecond), samples); err != nil {
			t.Fatal(err)
		}
	}
	return w, samples
}

// holds checks that a recording's sealed files are what its journal line says,
// and as long as they should be.
func holds(t *testing.T, a *archive.Archive, id string, c archive.Codec, samples int64) {
	t.Helper()
	verify(t, a, id)
	ls, _ := lines(t, a, nil)
	if n := len(ls); n != 1 || ls[0].ID != id || ls[0].Seal.Codec != c || ls[0].Seal.Samples != samples || ls[0].Seal.Damaged > 0 {
		t.Errorf("%s: %+v; want one seal of %d samples", c, ls, samples)
		return
	}
	for _, side := range []string{"network", "local"} {
		f, err := a.Audio("", id, side)
		if err != nil {
			t.Error(err)
			continue
		}
		b, err := io.ReadAll(f)
		in, err2 := wav.ParseAnyAt(bytes.NewReader(b), int64(len(b)))
		if err != nil || err2 != nil || int64(len(b)) != f.Size || f.Samples != samples || in.Samples != samples && c != archive.PCM16 {
			t.Errorf("%s.%s: %d bytes of %d, %d samples, its head says %d; want %d: %v %v", c, side, len(b), f.Size, f.Samples, in.Samples, samples, err, err2)
		}
		_ = f.Close()
	}
}

func TestEachCodecIsSealedWithItsTrueLength(t *testing.T) {
	for _, c := range allCodecs {
		for _, short := range []int64{0, 1, 300} {
			t.Run(fmt.Sprint(c, "-", short), func(t *testing.T) {
				a := open(t, memdisk.New())
				w, samples := running(t, a, c, 3, short)
				finish(t, a, w)
				holds(t, a, w.ID(), c, samples)
			})
		}
	}
}

func TestACrashKeepsWholeBlocksOfEachCodec(t *testing.T) {
	for _, c := range allCodecs {
		t.Run(string(c), func(t *testing.T) {
			d := memdisk.New()
			a := open(t, d)
			w, samples := running(t, a, c, 3, 0)
			if err := w.Append(0, blocks(c, 1)); err != nil { // not checkpointed
				t.Fatal(err)
			}
			d = d.Kill()
			a = open(t, d)
			r := recoverOne(t, a)
			size, _ := c.Block()
			if r.State != archive.RecoverCut || r.Samples != samples || r.Cut != size || r.End != t0.Add(time.Duration(samples)*125*time.Microsecond) {
				t.Errorf("%+v, want %d samples and %d bytes cut", r, samples, size)
			}
			holds(t, a, w.ID(), c, samples)
		})
	}
}

func TestACrashRightBehindTheLastBlockKeepsItsTrueLength(t *testing.T) {
	for _, c := range allCodecs {
		d := memdisk.New()
		w, samples := running(t, open(t, d), c, 3, 200)
		a := open(t, d.Kill())
		if r := recoverOne(t, a); r.Samples != samples {
			t.Errorf("%s: %+v, want %d samples", c, r, samples)
		}
		holds(t, a, w.ID(), c, samples)
	}
}

// TestWithoutCheckpointsBlocksAreKeptWhole: the last block may be there in part.
func TestWithoutCheckpointsBlocksAreKeptWhole(t *testing.T) {
	for _, c := range allCodecs {
		for _, story := range []bool{true, false} {
			d := memdisk.New()
			w, samples := running(t, open(t, d), c, 3, 0)
			d = d.Kill()
			d.Remove("open/" + w.ID() + ".ckpt")
			if !story {
				d.Remove("open/" + w.ID() + ".jsonl")
			}
			for _, side := range []string{"network", "local"} {
				edit(t, d, "open/"+w.ID()+"."+side+".wav", func(b []byte) []byte {
					if !c.Coded() {
						return b
					}
					return b[:len(b)-3]
				})
			}
			if _, per := c.Block(); c.Coded() {
				samples -= per
			}
			a := open(t, d)
			if r := recoverOne(t, a); r.State != archive.RecoverCut || r.Samples != samples {
				t.Errorf("%s, story %v: %+v, want %d samples", c, story, r, samples)
			}
			ls, _ := lines(t, a, nil)
			if len(ls) != 1 || ls[0].Seal.Codec != c || ls[0].Seal.Samples != samples || !ls[0].Seal.Unverified {
				t.Errorf("%s, story %v: %+v", c, story, ls)
			}
			verify(t, a, w.ID())
		}
	}
}

func TestPartOfABlockIsRefused(t *testing.T) {
	a := open(t, memdisk.New())
	for _, c := range []archive.Codec{archive.PCM16, archive.IMA, archive.GSM} {
		w, err := a.Begin(archive.Start{Line: 7, Codec: c, Sides: []string{"mixed"}, Begin: t0})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Append(0, blocks(c, 2)[1:]); err == nil {
			t.Errorf("%s: half a block was taken", c)
		}
	}
}

func TestARunningRecordingOfEachCodecCanBePlayed(t *testing.T) {
	for _, c := range allCodecs {
		a := open(t, memdisk.New())
		w, samples := running(t, a, c, 3, 0)
		f, err := a.Audio("", w.ID(), "local")
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(f)
		in, err2 := wav.ParseAnyAt(bytes.NewReader(b), int64(len(b)))
		if err != nil || err2 != nil || !f.Running || int64(len(b)) != f.Size || f.Samples != samples || in.Length(in.DataBytes) != samples {
			t.Errorf("%s: %d bytes of %d, %d samples of %d: %v %v", c, len(b), f.Size, f.Samples, samples, err, err2)
		}
		_ = f.Close()
	}
}

func TestAdoptedFilesOfEachCodecHaveTheirTrueLength(t *testing.T) {
	for _, c := range allCodecs {
		d := memdisk.New()
		a := open(t, d)
		w, samples := running(t, a, c, 2, 17)
		finish(t, a, w)
		_ = a.Close()
		day := "2026/11/22/"
		d.Remove(day + "day.jsonl")
		a = open(t, d)
		if err := a.Reconcile(ctx, nil, nil); err != nil {
			t.Fatal(err)
		}
		holds(t, a, w.ID(), c, samples)
	}
}
