package prompt

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vaad/dsp"
	"vaad/dsp/g711"
	"vaad/dsp/gsm"
	"vaad/dsp/wav"
)

// sine is a second of 1000 Hz at −10 dBm0, at a rate.
func sine(rate, channels int) []int16 {
	x := make([]int16, rate*channels)
	for i := range x {
		x[i] = int16(dsp.SinePeak(-10) * math.Sin(2*math.Pi*1000*float64(i/channels)/float64(rate)))
	}
	return x
}

func file(f wav.Format, rate, channels int) []byte {
	x := sine(rate, channels)
	var data []byte
	switch f {
	case wav.ALaw, wav.MuLaw:
		data = make([]byte, len(x))
		g711.Encode(data, x, map[wav.Format]g711.Law{wav.ALaw: g711.ALaw, wav.MuLaw: g711.MuLaw}[f])
	case wav.PCM16:
		for _, v := range x {
			data = append(data, byte(v), byte(uint16(v)>>8))
		}
	case wav.GSM:
		e := gsm.NewEncoder(gsm.WAV49)
		data = e.Flush(e.Encode(nil, x))
	}
	return append(wav.Spec{Format: f, Rate: rate, Channels: channels}.Header(int64(len(data))), data...)
}

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// purity returns the level of x at 1000 Hz and of the rest, in dBm0.
func purity(x []int16) (tone, rest float64) {
	x = x[400 : len(x)-400]
	re, im, sum := 0.0, 0.0, 0.0
	for i, v := range x {
		sin, cos := math.Sincos(2 * math.Pi * 1000 * float64(i) / dsp.Rate)
		re, im, sum = re+float64(v)*cos, im+float64(v)*sin, sum+float64(v)*float64(v)
	}
	n := float64(len(x))
	p := 2 * (re*re + im*im) / n / n
	return dsp.DBm0(p), dsp.DBm0(sum/n - p)
}

func TestFilesOfEveryUsualFormatAreHeard(t *testing.T) {
	dir := t.TempDir()
	s := New("", dir)
	for _, c := range []struct {
		f              wav.Format
		rate, channels int
		noise          float64
	}{
		{wav.PCM16, 8000, 1, -70}, {wav.PCM16, 16000, 1, -70}, {wav.PCM16, 48000, 1, -70}, {wav.PCM16, 44100, 2, -70}, {wav.PCM16, 22050, 1, -70},
		{wav.ALaw, 8000, 1, -45}, {wav.MuLaw, 8000, 1, -45}, {wav.ALaw, 16000, 1, -45}, {wav.GSM, 8000, 1, -25},
	} {
		write(t, filepath.Join(dir, "en", "tone.wav"), file(c.f, c.rate, c.channels))
		s.forget(filepath.Join(dir, "en", "tone.wav"))
		pcm, err := s.Get("en", "tone")
		if err != nil {
			t.Errorf("%v at %d Hz: %v", c.f, c.rate, err)
			continue
		}
		tone, rest := purity(pcm)
		if len(pcm) < 8000 || len(pcm) > 8000+320 || math.Abs(tone+10) > 0.5 || rest > c.noise {
			t.Errorf("%v at %d Hz, %d channels: %d samples, the tone at %.1f dBm0, the rest at %.1f", c.f, c.rate, c.channels, len(pcm), tone, rest)
		}
	}
}

func TestTheOperatorsOwnComesFirst(t *testing.T) {
	own, set := t.TempDir(), t.TempDir()
	s := New(own, set)
	write(t, filepath.Join(set, "zh", "queue", "hold.wav"), file(wav.PCM16, 8000, 1))
	long, err := s.Get("zh", "queue/hold")
	if err != nil || len(long) != 8000 {
		t.Fatal(len(long), err)
	}
	if err := s.Put("zh", "queue/hold", file(wav.ALaw, 16000, 1)[:94+8000]); err != nil {
		t.Fatal(err)
	}
	if pcm, err := s.Get("zh", "queue/hold"); err != nil || len(pcm) != 4000 {
		t.Errorf("%d samples, %v", len(pcm), err)
	}
	if e := entry(s, "zh", "queue/hold"); e.Source != Own || e.Length != time.Second/2 || e.Trouble != "" {
		t.Errorf("%+v", e)
	}
	if err := s.Remove("zh", "queue/hold"); err != nil {
		t.Fatal(err)
	}
	if pcm, err := s.Get("zh", "queue/hold"); err != nil || len(pcm) != 8000 {
		t.Errorf("%d samples, %v", len(pcm), err)
	}
	if err := s.Remove("zh", "queue/hold"); !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "no recording of your own") {
		t.Errorf("%v", err)
	}
	left, _ := filepath.Glob(filepath.Join(own, "zh", "queue", "*"))
	hidden, _ := filepath.Glob(filepath.Join(own, "zh", "queue", ".*"))
	if len(left)+len(hidden) != 0 {
		t.Errorf("left behind: %q %q", left, hidden)
	}
}

func entry(s *Store, lang, name string) Entry {
	for _, e := range s.List() {
		if e.Lang == lang && e.Name == name {
			return e
		}
	}
	return Entry{}
}

func TestAReplacedFileIsHeardAtTheNextCall(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "en", "welcome.wav")
	s := New("", dir)
	b := file(wav.PCM16, 8000, 1)
	write(t, name, b)
	first, _ := s.Get("en", "welcome")
	if again, _ := s.Get("en", "welcome"); &again[0] != &first[0] {
		t.Error("a file that has not changed was read again")
	}
	for i := 94; i < len(b); i++ {
		b[i] = 0
	}
	write(t, name, b)
	if err := os.Chtimes(name, time.Time{}, time.Unix(1e9, 0)); err != nil {
		t.Fatal(err)
	}
	if pcm, err := s.Get("en", "welcome"); err != nil || pcm[101] != 0 {
		t.Errorf("the old one is still heard, %v", err)
	}
	os.Remove(name)
	if _, err := s.Get("en", "welcome"); !errors.Is(err, ErrMissing) {
		t.Errorf("a file that is gone: %v", err)
	}
	if s.held != 0 {
		t.Errorf("%d samples are kept of nothing", s.held)
	}
}

func TestAFileOfTheSameMomentAndOneThatMayBeReadNowAreReadAgain(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "en", "welcome.wav")
	s := New("", dir)
	moment := time.Unix(1e9, 0)
	get := func() []int16 {
		t.Helper()
		pcm, err := s.Get("en", "welcome")
		if err != nil {
			t.Fatal(err)
		}
		return pcm
	}
	put := func(b []byte) {
		t.Helper()
		write(t, name+".new", b)
		if err := errors.Join(os.Chtimes(name+".new", moment, moment), os.Rename(name+".new", name)); err != nil {
			t.Fatal(err)
		}
	}
	b := file(wav.PCM16, 8000, 1)
	put(b)
	first := get()
	clear(b[94:])
	put(b)
	second := get()
	if second[101] != 0 || first[101] == 0 {
		t.Error("a file of the same length and time of another is taken for it")
	}
	if err := os.Chmod(name, 0o600); err != nil {
		t.Fatal(err)
	}
	if third := get(); &third[0] == &second[0] {
		t.Error("a file whose rights have changed was not looked at again")
	}
}

func TestWhatIsWrongIsSaidWithFileAndRemedy(t *testing.T) {
	own, set := t.TempDir(), t.TempDir()
	s := New(own, set)
	write(t, filepath.Join(own, "en", "text.wav"), []byte("hello, this is a text and no sound"))
	write(t, filepath.Join(own, "en", "empty.wav"), wav.Header(wav.PCM16, 0))
	write(t, filepath.Join(own, "en", "long.wav"), append(wav.Header(wav.ALaw, MaxSamples+1), make([]byte, MaxSamples+1)...))
	if err := os.MkdirAll(filepath.Join(own, "en", "folder.wav"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(own, "en", "pipe.wav"), 0o644); err != nil {
		t.Fatal(err)
	}
	large := filepath.Join(own, "en", "large.wav")
	write(t, large, nil)
	if err := os.Truncate(large, MaxBytes+1); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"text": "not a WAV file", "empty": "no sound", "long": "longer than 10 minutes", "folder": "not a file", "pipe": "not a file", "large": "64 MiB", "none": "put the WAV file at",
	} {
		_, err := s.Get("en", name)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), filepath.Join(own, "en", name+".wav")) {
			t.Errorf("%s: %v", name, err)
		}
		if errors.Is(err, ErrMissing) != (name == "none") {
			t.Errorf("%s: %v", name, err)
		}
		if e := entry(s, "en", name); name != "none" && name != "folder" && (e.Trouble == "" || e.Length != 0) {
			t.Errorf("%s is listed without what is wrong with it: %+v", name, e)
		}
	}
	if _, err := New("").Get("en", "welcome"); !errors.Is(err, ErrMissing) {
		t.Errorf("without folders: %v", err)
	}
}

func TestABrokenFileOfOnesOwnIsPassedOver(t *testing.T) {
	own, set := t.TempDir(), t.TempDir()
	s := New(own, set)
	write(t, filepath.Join(own, "en", "busy.wav"), []byte("RIFF"))
	write(t, filepath.Join(set, "en", "busy.wav"), file(wav.ALaw, 8000, 1))
	if pcm, err := s.Get("en", "busy"); err != nil || len(pcm) != 8000 {
		t.Errorf("%d samples, %v", len(pcm), err)
	}
	if e := entry(s, "en", "busy"); e.Source != Installed || e.Length != time.Second || !strings.Contains(e.Trouble, own) {
		t.Errorf("%+v", e)
	}
}

func TestNamesStayBelowTheFolder(t *testing.T) {
	own := t.TempDir()
	s := New(filepath.Join(own, "prompts"))
	for _, name := range []string{"", ".", "..", "../x", "a/../../x", "/etc/x", "a//b", "a/", "A", "a b", "a\x00", "a.wav", "é", "a\\b", strings.Repeat("a", 65)} {
		if _, err := s.Get("en", name); !errors.Is(err, ErrName) {
			t.Errorf("Get of %q: %v", name, err)
		}
		if err := s.Put("en", name, file(wav.ALaw, 8000, 1)); !errors.Is(err, ErrName) {
			t.Errorf("Put of %q: %v", name, err)
		}
		if err := s.Remove("en", name); !errors.Is(err, ErrName) {
			t.Errorf("Remove of %q: %v", name, err)
		}
		if _, err := s.Get(name, "x"); !errors.Is(err, ErrName) && name != "a" {
			t.Errorf("the language %q: %v", name, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(own, "*")); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestWhatCannotBeAPromptChangesNothing(t *testing.T) {
	own := t.TempDir()
	s := New(own)
	if err := s.Put("en", "welcome", file(wav.ALaw, 8000, 1)); err != nil {
		t.Fatal(err)
	}
	var wrong *RecordingError
	for _, b := range [][]byte{nil, []byte("noise"), wav.Header(wav.ALaw, 0), make([]byte, MaxBytes+1)} {
		if err := s.Put("en", "welcome", b); !errors.As(err, &wrong) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
	if pcm, err := s.Get("en", "welcome"); err != nil || len(pcm) != 8000 {
		t.Errorf("%d samples, %v", len(pcm), err)
	}
	write(t, filepath.Join(own, "en", "plain"), nil)
	if err := s.Put("en", "plain/below", file(wav.ALaw, 8000, 1)); err == nil || errors.As(err, &wrong) {
		t.Errorf("below a file: %v", err)
	}
	if _, err := s.Get("en", "plain/below"); !errors.Is(err, ErrMissing) {
		t.Errorf("below a file: %v", err)
	}
	if err := New("", own).Put("en", "welcome", file(wav.ALaw, 8000, 1)); !errors.Is(err, ErrReadOnly) {
		t.Errorf("without a folder: %v", err)
	}
}

func TestTheListHasWhatIsMissing(t *testing.T) {
	own := t.TempDir()
	s := New(own, filepath.Join(own, "not-there"))
	if err := s.Put("fr", "bonjour", file(wav.ALaw, 8000, 1)); err != nil {
		t.Fatal(err)
	}
	missing := 0
	for _, e := range s.List() {
		if e.Source == Missing {
			missing++
			if e.Text == "" || e.Path != "" {
				t.Errorf("%+v", e)
			}
		} else if e.Lang != "fr" || e.Name != "bonjour" || e.Source != Own {
			t.Errorf("%+v", e)
		}
	}
	if want := len(Script("en")) + len(Script("zh")); missing != want {
		t.Errorf("%d missing, want %d", missing, want)
	}
}

func TestWhatIsKeptIsBounded(t *testing.T) {
	dir := t.TempDir()
	s := New("", dir)
	const minutes = 9
	b := append(wav.Header(wav.ALaw, minutes*60*8000), bytes.Repeat([]byte{0x55}, minutes*60*8000)...)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		write(t, filepath.Join(dir, "en", name+".wav"), b)
		if _, err := s.Get("en", name); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get("en", "a"); err != nil {
			t.Fatal(err)
		}
	}
	if s.held > keep || len(s.cache) != 3 || s.cache[filepath.Join(dir, "en", "a.wav")] == nil {
		t.Errorf("%d samples of %d files are kept", s.held, len(s.cache))
	}
}

func TestManyMayAskAtATime(t *testing.T) {
	own := t.TempDir()
	s := New(own)
	short, long := file(wav.ALaw, 8000, 1)[:94+4000], file(wav.ALaw, 8000, 1)
	if err := s.Put("en", "x", short); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				if pcm, err := s.Get("en", "x"); err != nil || len(pcm) != 4000 && len(pcm) != 8000 {
					t.Errorf("%d samples, %v", len(pcm), err)
				}
			}
		})
	}
	for i := range 20 {
		if err := s.Put("en", "x", [][]byte{long, short}[i%2]); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
}

func FuzzDecode(f *testing.F) {
	for _, c := range []wav.Format{wav.PCM16, wav.ALaw, wav.GSM} {
		f.Add(file(c, 8000, 1)[:400])
	}
	f.Add(file(wav.PCM16, 48000, 2)[:1000])
	f.Fuzz(func(t *testing.T, b []byte) {
		pcm, err := decode(bytes.NewReader(b), int64(len(b)))
		if (err == nil) != (len(pcm) > 0) || len(pcm) > MaxSamples+1 {
			t.Fatalf("%d samples, %v", len(pcm), err)
		}
	})
}

func FuzzSay(f *testing.F) {
	f.Add("+86 (10) 1234-*#", int64(-5))
	f.Fuzz(func(t *testing.T, s string, n int64) {
		for _, lang := range Languages() {
			names := Say(lang, Digits(s), Telephone(s), Decimal(s), Number(n), Ordinal(n), Money(CNY, n), Money(USD, n), Money(Currency(s), n),
				Duration(time.Duration(n)), Waiting(time.Duration(n)), Date(time.Unix(n, 0).UTC(), true, true), Clock(time.Unix(n, 0)), Position(n), Messages(n))
			spoken(t, lang, names)
		}
	})
}
