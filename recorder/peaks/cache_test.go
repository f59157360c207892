package peaks

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vaad/dsp/adpcm"
	"vaad/dsp/codec"
	"vaad/dsp/g711"
	"vaad/dsp/gsm"
	"vaad/dsp/wav"
	"vaad/recorder/archive"
	"vaad/recorder/archive/vault"
)

// talk is audio that comes and goes as a conversation does.
func talk(n int) []int16 {
	out := make([]int16, n)
	for i := range out {
		if t := i % 56_000; t < 30_000 {
			syllable := 0.55 + 0.45*math.Sin(float64(i)/300)
			out[i] = int16(6000 * syllable * (math.Sin(float64(i)*0.11) + 0.5*math.Sin(float64(i)*0.37)))
		}
	}
	return out
}

func encode(t testing.TB, c archive.Codec, pcm []int16) []byte {
	t.Helper()
	f := map[archive.Codec]wav.Format{archive.G711A: wav.ALaw, archive.G711U: wav.MuLaw, archive.PCM16: wav.PCM16, archive.IMA: wav.IMA, archive.GSM: wav.GSM}[c]
	e, err := codec.New(f, false)
	if err != nil {
		t.Fatal(err)
	}
	return e.Flush(e.Encode(nil, pcm))
}

// decode is the straightforward reference: the whole file at once.
func decode(t testing.TB, c archive.Codec, b []byte) []int16 {
	t.Helper()
	switch c {
	case archive.G711A:
		out := make([]int16, len(b))
		g711.Decode(out, b, g711.ALaw)
		return out
	case archive.G711U:
		out := make([]int16, len(b))
		g711.Decode(out, b, g711.MuLaw)
		return out
	case archive.IMA:
		d, err := adpcm.NewIMADecoder(256)
		if err != nil {
			t.Fatal(err)
		}
		return d.Decode(nil, b)
	case archive.GSM:
		return gsm.NewDecoder(gsm.WAV49).Decode(nil, b)
	}
	return codec.Linear{}.Decode(nil, b)
}

type site struct {
	*archive.Archive
	opened atomic.Int64
	last   archive.JournalLine
}

func (s *site) Audio(day archive.Day, id, side string) (*archive.Audio, error) {
	s.opened.Add(1)
	return s.Archive.Audio(day, id, side)
}

// newSite has one sealed recording of two sides.
func newSite(t testing.TB, c archive.Codec, coded []byte, encrypted bool) *site {
	t.Helper()
	dir := t.TempDir()
	cfg := archive.Config{Root: filepath.Join(dir, "recordings"), Encryption: func() archive.Encryption { return archive.Encryption{Audio: encrypted} }}
	if encrypted {
		disk, err := archive.OSDisk(filepath.Join(dir, "keys"))
		if err != nil {
			t.Fatal(err)
		}
		ring, err := vault.Open(vault.Config{Disk: disk})
		if err != nil {
			t.Fatal(err)
		}
		cfg.Keys = ring
		t.Cleanup(func() { disk.Close() })
	}
	a, err := archive.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{Archive: a}
	defer a.Subscribe(func(l archive.JournalLine) { s.last = l })()
	begin := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	w, err := a.Begin(archive.Start{Line: 1, Codec: c, Sides: []string{"network", "local"}, Begin: begin})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		for b := coded; len(b) > 0; {
			block, _ := c.Block()
			n := min(int64(len(b)), 1<<20/block*block)
			if err := w.Append(i, b[:n]); err != nil {
				t.Fatal(err)
			}
			b = b[n:]
		}
	}
	if err := errors.Join(w.Finish(archive.End{Time: begin.Add(time.Hour), EndedBy: "manual"}), a.Flush(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return s
}

func (s *site) subject() Subject {
	out := Subject{ID: s.last.ID, Day: s.last.Day, Hashes: map[string]string{}}
	for _, f := range s.last.Seal.Files {
		out.Sides = append(out.Sides, f.Side)
		out.Hashes[f.Side] = f.SHA256
	}
	return out
}

type turns struct{ sync.Mutex }

func (t *turns) Acquire(context.Context) error { t.Lock(); return nil }
func (t *turns) Release()                      { t.Unlock() }

func (s *site) cache(t testing.TB, dir string) *Cache {
	t.Helper()
	c, err := Open(Config{Dir: dir, Archive: s, Pool: &turns{}, Most: func() int64 { return 1 << 30 }, Free: func() (int64, error) { return 1 << 40, nil }, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func files(t testing.TB, dir string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}

func TestEveryCodecGivesThePictureOfItsDecodedSamples(t *testing.T) {
	for _, c := range []archive.Codec{archive.G711A, archive.G711U, archive.PCM16, archive.IMA, archive.GSM} {
		coded := encode(t, c, talk(123_456))
		s := newSite(t, c, coded, false)
		p, err := s.cache(t, t.TempDir()).Get(t.Context(), s.subject())
		if err != nil {
			t.Fatal(c, err)
		}
		want := sideOf(decode(t, c, coded)[:p.Samples])
		for i := range p.Sides {
			for l := range levels {
				if string(p.Sides[i].levels[l]) != string(want.levels[l]) {
					t.Errorf("%s: side %d differs on level %d", c, i, l)
				}
			}
		}
	}
}

func TestAPictureIsMadeOnceAndGoesWithItsRecording(t *testing.T) {
	s := newSite(t, archive.G711A, encode(t, archive.G711A, talk(50_000)), false)
	dir := filepath.Join(t.TempDir(), "peaks")
	c := s.cache(t, dir)
	for range 2 {
		if _, err := c.Get(t.Context(), s.subject()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.cache(t, dir).Get(t.Context(), s.subject()); err != nil { // after a restart
		t.Fatal(err)
	}
	if n := s.opened.Load(); n != 2 {
		t.Errorf("the audio was opened %d times, want once for each side", n)
	}
	if got := files(t, dir); len(got) != 1 || !strings.HasPrefix(got[0], s.last.ID) {
		t.Errorf("on the disk: %v", got)
	}
	other := s.subject()
	other.Hashes["local"] = "another"
	if _, err := c.Get(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if n := s.opened.Load(); n != 4 {
		t.Errorf("a picture of other audio was taken: opened %d times", n)
	}
	c.Forget(s.last.ID)
	if got := files(t, dir); len(got) != 0 {
		t.Errorf("after erasing: %v", got)
	}
	if c.bytes != 0 || len(c.newest) != 0 {
		t.Errorf("after erasing, in memory: %d bytes of %d", c.bytes, len(c.newest))
	}
}

// slow holds up reading until the test has done something.
type slow struct {
	*site
	began, goOn chan struct{}
}

func (s slow) Audio(day archive.Day, id, side string) (*archive.Audio, error) {
	if side == "local" {
		close(s.began)
		<-s.goOn
	}
	return s.site.Audio(day, id, side)
}

func TestARecordingErasedWhileItsPictureIsMadeLeavesNone(t *testing.T) {
	s := newSite(t, archive.G711A, encode(t, archive.G711A, talk(50_000)), false)
	dir := filepath.Join(t.TempDir(), "peaks")
	c := s.cache(t, dir)
	held := slow{s, make(chan struct{}), make(chan struct{})}
	c.cfg.Archive = held
	done := make(chan error)
	go func() { _, err := c.Get(t.Context(), s.subject()); done <- err }()
	<-held.began
	c.Forget(s.last.ID)
	close(held.goOn)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); len(got) != 0 || len(c.newest) != 0 {
		t.Errorf("left: %v, %d in memory", got, len(c.newest))
	}
}

func TestOfAnEncryptedRecordingNothingIsOnTheDisk(t *testing.T) {
	s := newSite(t, archive.GSM, encode(t, archive.GSM, talk(50_000)), true)
	dir := filepath.Join(t.TempDir(), "peaks")
	c := s.cache(t, dir)
	c.Sealed(s.last)
	if len(c.waiting) != 0 {
		t.Error("it waits for its picture")
	}
	for range 2 {
		p, err := c.Get(t.Context(), s.subject())
		if err != nil || len(p.Sides) != 2 {
			t.Fatal(p, err)
		}
	}
	if got := files(t, dir); len(got) != 0 || s.opened.Load() != 2 {
		t.Errorf("on the disk: %v; opened %d times", got, s.opened.Load())
	}
}

func TestPicturesTakeNoMoreRoomThanTheyMay(t *testing.T) {
	s := newSite(t, archive.G711A, encode(t, archive.G711A, talk(8000)), false)
	dir := filepath.Join(t.TempDir(), "peaks")
	c := s.cache(t, dir)
	for i, name := range []string{"A", "B", "C"} {
		if err := os.WriteFile(filepath.Join(dir, name+ext), make([]byte, 1000), 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(time.Duration(i-9) * time.Hour)
		if err := os.Chtimes(filepath.Join(dir, name+ext), at, at); err != nil {
			t.Fatal(err)
		}
	}
	c.cfg.Gone = func(id string) bool { return id == "C" }
	c.cfg.Most = func() int64 { return 1500 }
	c.tidy()
	if got := files(t, dir); len(got) != 1 || got[0] != "B"+ext {
		t.Errorf("left: %v", got)
	}
}

// BenchmarkHour makes the picture of both sides of an hour.
func BenchmarkHour(b *testing.B) {
	pcm := talk(8000 * 3600)
	for _, k := range []struct {
		name      string
		codec     archive.Codec
		encrypted bool
	}{{"g711a", archive.G711A, false}, {"gsm", archive.GSM, false}, {"gsm-encrypted", archive.GSM, true}, {"g711a-encrypted", archive.G711A, true}} {
		s := newSite(b, k.codec, encode(b, k.codec, pcm), k.encrypted)
		c := s.cache(b, b.TempDir())
		c.cfg.Most = func() int64 { return 0 }
		b.Run(k.name, func(b *testing.B) {
			for b.Loop() {
				c.Forget(s.last.ID)
				if _, err := c.Get(b.Context(), s.subject()); err != nil {
					b.Fatal(err)
				}
			}
		})
		p, err := c.Get(b.Context(), s.subject())
		if err != nil {
			b.Fatal(err)
		}
		b.Run(k.name+"/found", func(b *testing.B) {
			for b.Loop() {
				for i := range p.Sides {
					p.Sides[i].View(Span{0, p.Samples}, 2000)
				}
			}
		})
	}
}

func TestAFolderThatCannotBeMadeKeepsNobodyFromPictures(t *testing.T) {
	s := newSite(t, archive.G711A, encode(t, archive.G711A, talk(80_000)), false)
	in := t.TempDir()
	dir := filepath.Join(in, "peaks")
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // as on a full disk: there can be no folder
		t.Fatal(err)
	}
	c := s.cache(t, dir)
	if p, err := c.Get(t.Context(), s.subject()); err != nil || p.Samples != 80_000 {
		t.Fatal(err)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	again := s.subject()
	c.Forget(again.ID)
	if _, err := c.Get(t.Context(), again); err != nil || len(files(t, dir)) != 1 {
		t.Errorf("once there is room it is kept: %v", err)
	}
}
