package recorder

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"vaad/channels"
	"vaad/driver"
	"vaad/dsp/adpcm"
	"vaad/dsp/g711"
	"vaad/dsp/gsm"
	"vaad/dsp/mix"
	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
)

// coded is what a file of a recording must hold that has these samples.
func coded(t *testing.T, codec string, s []int16) []byte {
	t.Helper()
	switch codec {
	case IMA:
		e, err := adpcm.NewIMAEncoder(adpcm.IMABlock)
		if err != nil {
			t.Fatal(err)
		}
		return e.Flush(e.Encode(nil, s))
	case GSM:
		e := gsm.NewEncoder(gsm.WAV49)
		return e.Flush(e.Encode(nil, s))
	}
	t.Fatalf("%s is not a coded format", codec)
	return nil
}

func linear(c []byte) []int16 {
	s := make([]int16, len(c))
	g711.Decode(s, c, g711.ALaw)
	return s
}

func twoPorts(r *rig, _ *Config, c *channels.Config) { c.Plan = digitalTap{} }

func digitalBoard() *board {
	b := newBoard(2, driver.ALaw)
	for i := range b.info.Lines {
		b.info.Lines[i].Kind, b.info.Lines[i].Caps = driver.BChan, 0
	}
	return b
}

// TestCodedRecordingsAreTheLineCodedOnce: however the writer cuts its work, and
// however often the disk refuses, files hold what one encoder makes of the line.
func TestCodedRecordingsAreTheLineCodedOnce(t *testing.T) {
	for _, codec := range []string{IMA, GSM} {
		for _, sides := range []string{Separate, Mixed} {
			for _, noisy := range []bool{false, true} {
				t.Run(fmt.Sprint(codec, "-", sides, "-", noisy), func(t *testing.T) {
					d := memdisk.New()
					if noisy {
						var mu sync.Mutex
						rng := rand.New(rand.NewPCG(1, 2))
						d.Fail = func(op, _ string) error {
							mu.Lock()
							defer mu.Unlock()
							if op == "write" && rng.IntN(15) == 0 {
								return errors.New("noise")
							}
							return nil
						}
					}
					r := newRig(t, digitalBoard(), LineConfig{Trigger: Continuous, Sides: sides, Codec: codec}, d, twoPorts)
					for at := int64(second); at <= 7*second; at += 1111 {
						r.to(at)
					}
					to := r.fed()
					r.end(1, "ann")
					l := r.one()
					if s := l.Seal; s.Samples != to || string(s.Codec) != codec {
						t.Errorf("%d samples in %s, want %d in %s", s.Samples, s.Codec, to, codec)
					}
					a, b := linear(wantAudio(0, 0, to)), linear(wantAudio(1, 0, to))
					if sides == Mixed {
						mix.Mix(a, a, b)
						if string(r.audio(l, "mixed")) != string(coded(t, codec, a)) {
							t.Error("the mixed file is not both sides mixed and coded")
						}
					} else if string(r.audio(l, "network")) != string(coded(t, codec, a)) || string(r.audio(l, "local")) != string(coded(t, codec, b)) {
						t.Error("a side is not the line coded")
					}
					checks, err := r.arch.Verify(t.Context(), l.Day, l.ID)
					for _, c := range checks {
						if !c.OK {
							t.Error(c.Name, c.Err)
						}
					}
					if err != nil {
						t.Error(err)
					}
					if s := r.story(l); string(s.Start.Codec) != codec {
						t.Errorf("the story says %s", s.Start.Codec)
					}
				})
			}
		}
	}
}

func TestSegmentsOfEachCodecAreTheLineWithoutASampleMoreOrLess(t *testing.T) {
	for _, codec := range []string{G711, PCM, IMA, GSM} {
		r := newRig(t, newBoard(1, driver.MuLaw), LineConfig{Trigger: Continuous, Codec: codec, MaxMS: 1703}, nil)
		r.to(10 * second)
		r.end(1, "ann")
		at := int64(0)
		for _, l := range r.settle() {
			if s := l.Seal; s.BeginPos != at || s.Codec.Bytes(s.Samples) != int64(len(r.audio(l, "mixed"))) {
				t.Errorf("%s: [%d +%d) in %d bytes, want it from %d on", codec, s.BeginPos, s.Samples, len(r.audio(l, "mixed")), at)
			}
			at += l.Seal.Samples
		}
		if at != 10*second {
			t.Errorf("%s: %d samples in all", codec, at)
		}
	}
}

func TestACodedRecordingKeepsLineTimeOverAGap(t *testing.T) {
	for _, codec := range []string{IMA, GSM} {
		d := newShaky()
		defer d.stall(false)
		r := newRig(t, realBoard(1), LineConfig{Trigger: Continuous, Codec: codec}, d)
		r.to(10 * second)
		r.settle()
		d.stall(true)
		r.to(100 * second)
		d.stall(false)
		r.settle()
		r.to(105 * second)
		r.end(1, "ann")
		l := r.one()
		want := linear(wantAudio(0, 0, l.Seal.Samples))
		_, block := l.Seal.Codec.Block()
		for _, e := range r.story(l).Entries {
			if e.Kind != archive.EntryGap {
				continue
			}
			if e.At%block != 0 || e.Value%block != 0 {
				t.Errorf("%s: a gap of %d at %d is not whole blocks", codec, e.Value, e.At)
			}
			clear(want[e.At : e.At+e.Value])
		}
		if s := l.Seal; s.Samples != 105*second || s.Gaps != 1 {
			t.Errorf("%s: %d samples with %d gaps", codec, s.Samples, s.Gaps)
		}
		if string(r.audio(l, "mixed")) != string(coded(t, codec, want)) {
			t.Errorf("%s: it is not the line with silence in its gap", codec)
		}
	}
}

func TestAnEndBetweenBlocksThatTheLineNeverReachesIsWritten(t *testing.T) {
	for _, codec := range []string{IMA, GSM} {
		b := newBoard(1, driver.ALaw)
		r := newRig(t, b, LineConfig{Trigger: Continuous, Codec: codec}, nil)
		r.to(2*second + 160)
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		until(t, "the end", func() bool { return len(r.rec.Active()) == 0 })
		l := r.one()
		if l.Seal.Samples != 2*second+160 || l.Seal.EndedBy != EndGone {
			t.Errorf("%s: %d samples, ended by %s", codec, l.Seal.Samples, l.Seal.EndedBy)
		}
	}
}
