package main

import (
	"bytes"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vaad/dsp"
	"vaad/dsp/codec"
	"vaad/dsp/tone"
	"vaad/dsp/wav"
)

// decoded is a file as 16-bit samples, by vaactl itself.
func decoded(t *testing.T, name string, args ...string) []int16 {
	t.Helper()
	out := filepath.Join(t.TempDir(), "pcm.wav")
	if _, errs, code := ctl(t, append([]string{"transcode", name, out, "--codec", "pcm16"}, args...)...); code != exitOK {
		t.Fatalf("%s: %s", name, errs)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	in, err := wav.ParseAnyAt(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return codec.Linear{}.Decode(nil, b[in.DataOffset:in.DataOffset+in.DataBytes])
}

// apart is how far y lies below x, in dB: the signal over the difference.
func apart(x, y []int16) float64 {
	var signal, rest float64
	for i := range min(len(x), len(y)) {
		signal += float64(x[i]) * float64(x[i])
		rest += float64(x[i]-y[i]) * float64(x[i]-y[i])
	}
	return 10 * math.Log10(signal/max(rest, 1e-9))
}

func talk() tape {
	var x tape
	x.silence(100)
	x.speak(2000)
	return x[:len(x)/320*320] // whole frames of every codec but IMA
}

func TestEveryCodecComesBack(t *testing.T) {
	x := talk()
	dir := t.TempDir()
	in := put(t, dir, "in.wav", x.wav(1))
	for _, c := range []struct {
		codec, out string
		dB         float64 // at least between what went in and what came back
	}{
		{"pcm16", "pcm.wav", 150}, {"alaw", "a.wav", 34}, {"ulaw", "u.wav", 34}, {"ima", "ima.wav", 15}, {"vox", "v.vox", 15}, {"vox-sox", "s.vox", 15},
		{"g726-32", "g.wav", 18}, {"gsm", "gsm.wav", 4}, {"gsm", "gsm.gsm", 4},
	} {
		out := filepath.Join(dir, c.out)
		if _, errs, code := ctl(t, "transcode", in, out, "--codec", c.codec); code != exitOK {
			t.Fatalf("%s: %s", c.codec, errs)
		}
		var from []string
		if c.codec == "vox-sox" {
			from = []string{"--from", "vox-sox"}
		}
		y := decoded(t, out, from...)
		if len(y) != len(x) || apart(x, y) < c.dB {
			t.Errorf("%s: %d samples of %d, %.1f dB", c.out, len(y), len(x), apart(x, y))
		}
	}
}

func TestLengthsThatFillNoBlockAreKept(t *testing.T) {
	x := talk()
	dir := t.TempDir()
	for _, n := range []int{1, 161, 319, 505, 506, 4097} {
		in := put(t, dir, "in.wav", x[:n].wav(1))
		for _, codec := range []string{"alaw", "ima", "gsm", "g726-32"} {
			out := filepath.Join(dir, codec+".wav")
			if _, errs, code := ctl(t, "transcode", in, out, "--codec", codec); code != exitOK {
				t.Fatalf("%s: %s", codec, errs)
			}
			want := n
			if y := decoded(t, out); len(y) != want {
				t.Errorf("%s: %d samples became %d", codec, n, len(y))
			}
		}
	}
}

// sox is an independent reader and writer of most of these files.
func sox(t *testing.T, args ...string) {
	t.Helper()
	path, err := exec.LookPath("sox")
	if err != nil {
		t.Skip("sox is not installed")
	}
	if out, err := exec.CommandContext(t.Context(), path, append([]string{"-D"}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("sox %v: %v %s", args, err, out)
	}
}

// same compares samples; µ-law's −0 is −1 here, so that it comes back as −0.
func same(ours, theirs []int16) bool {
	for i, v := range ours {
		if v != theirs[i] && (v != -1 || theirs[i] != 0) {
			return false
		}
	}
	return true
}

func TestSoxReadsWhatIsWritten(t *testing.T) {
	x := talk()
	dir := t.TempDir()
	in := put(t, dir, "in.wav", x.wav(1))
	for _, c := range []struct{ codec, name string }{{"pcm16", "p.wav"}, {"alaw", "a.wav"}, {"ulaw", "u.wav"}, {"ima", "i.wav"}, {"gsm", "g.wav"}, {"gsm", "g.gsm"}, {"vox-sox", "s.vox"}} {
		out := filepath.Join(dir, c.name)
		if _, errs, code := ctl(t, "transcode", in, out, "--codec", c.codec); code != exitOK {
			t.Fatalf("%s: %s", c.codec, errs)
		}
		var from, rates []string
		if c.codec == "vox-sox" {
			from, rates = []string{"--from", "vox-sox"}, []string{"-r", "8000"}
		}
		raw := filepath.Join(dir, "sox.s16")
		sox(t, append(rates, out, "-t", "s16", raw)...)
		b, err := os.ReadFile(raw)
		if err != nil {
			t.Fatal(err)
		}
		ours, theirs := decoded(t, out, from...), codec.Linear{}.Decode(nil, b)
		if len(theirs) < len(ours) || !same(ours, theirs) {
			t.Errorf("%s: sox reads %d samples, we %d, %.1f dB apart", c.name, len(theirs), len(ours), apart(ours, theirs))
		}
	}
}

func TestWhatSoxWritesIsRead(t *testing.T) {
	x := talk()
	dir := t.TempDir()
	in := put(t, dir, "in.wav", x.wav(1))
	for _, c := range []struct{ name, encoding string }{{"p.wav", "signed-integer"}, {"a.wav", "a-law"}, {"u.wav", "u-law"}, {"i.wav", "ima-adpcm"}, {"g.wav", "gsm-full-rate"}, {"g.gsm", ""}, {"v.vox", ""}, {"a.al", ""}, {"u.ul", ""}} {
		out, raw := filepath.Join(dir, c.name), filepath.Join(dir, "sox.s16")
		args := []string{in, out}
		if c.encoding != "" {
			args = []string{in, "-e", c.encoding, out}
		}
		sox(t, args...)
		var from, rates []string
		switch filepath.Ext(c.name) {
		case ".vox":
			from, rates = []string{"--from", "vox-sox"}, []string{"-r", "8000"}
		case ".al", ".ul":
			rates = []string{"-r", "8000"}
		}
		sox(t, append(rates, out, "-t", "s16", raw)...)
		b, err := os.ReadFile(raw)
		if err != nil {
			t.Fatal(err)
		}
		ours, theirs := decoded(t, out, from...), codec.Linear{}.Decode(nil, b)
		if n := min(len(ours), len(theirs)); n < len(x) || !same(ours[:n], theirs[:n]) {
			t.Errorf("%s: sox reads %d samples, we %d, %.1f dB apart", c.name, len(theirs), len(ours), apart(ours, theirs))
		}
	}
}

func TestSideIsChosen(t *testing.T) {
	dir := t.TempDir()
	both := tape{100, 300, 200, 600, 300, 900, 400, 1200}
	in := put(t, dir, "two.wav", both.wav(2))
	for side, want := range map[string][]int16{"left": {100, 200, 300, 400}, "2": {300, 600, 900, 1200}, "mixed": {200, 400, 600, 800}} {
		if got := decoded(t, in, "--side", side); !slices.Equal(got, want) {
			t.Errorf("%s: %v", side, got)
		}
	}
	for _, side := range []string{"", "3", "0", "middle"} {
		if _, errs, code := ctl(t, "--lang", "en", "transcode", in, filepath.Join(dir, "x.wav"), "--codec", "alaw", "--side", side); code != exitUsage || !strings.Contains(errs, "--side") {
			t.Errorf("%q: %d %s", side, code, errs)
		}
	}
}

func TestConvertingRefusesWhatWouldMislead(t *testing.T) {
	dir := t.TempDir()
	x := talk()
	in := put(t, dir, "in.wav", x.wav(1))
	before, _ := os.ReadFile(in)
	for _, c := range []struct{ out, codec string }{{"in.wav", "alaw"}, {"x.wav", "vox"}, {"x.gsm", "alaw"}, {"x.al", "pcm16"}, {"x.wav", "mp3"}} {
		if _, errs, code := ctl(t, "transcode", in, filepath.Join(dir, c.out), "--codec", c.codec); code != exitUsage || errs == "" {
			t.Errorf("%v: %d %s", c, code, errs)
		}
	}
	if after, _ := os.ReadFile(in); !bytes.Equal(before, after) {
		t.Error("the file that was read has changed")
	}
	if _, errs, code := ctl(t, "--lang", "en", "transcode", "-", filepath.Join(dir, "x.wav"), "--codec", "alaw", "--from", "ulaw"); code != exitFailed || !strings.Contains(errs, "no audio") {
		t.Errorf("%d %s", code, errs)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestPictureShowsATone(t *testing.T) {
	dir := t.TempDir()
	var x tape
	x.silence(1000)
	x.play(tone.New(tone.Cadence{Times: 1, Bursts: []tone.Burst{{Sines: []tone.Sine{{Hz: 1000, DBm0: -10}}, On: 1000}}}), 1000)
	x.silence(1000)
	out := filepath.Join(dir, "a.png")
	if _, errs, code := ctl(t, "spectrogram", put(t, dir, "a.wav", x.wav(1)), "-o", out); code != exitOK {
		t.Fatal(errs)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	light := func(second, hz float64) float64 {
		width := img.Bounds().Dx() - marginLeft - marginRight
		px := marginLeft + int(second/3*float64(width))
		py := marginTop + paneHeight - 1 - int(hz/(dsp.Rate/2)*float64(paneHeight-1))
		g := color.GrayModel.Convert(img.At(px, py)).(color.Gray)
		return float64(g.Y)
	}
	if on, before, above := light(1.5, 1000), light(0.5, 1000), light(1.5, 2000); on < before+80 || on < above+80 {
		t.Errorf("1 kHz during the tone: %v, before it %v, at 2 kHz %v", on, before, above)
	}
	if _, errs, code := ctl(t, "--lang", "en", "spectrogram", put(t, dir, "e.wav", tape{}.wav(1)), "-o", out); code != exitFailed || !strings.Contains(errs, "no audio") {
		t.Errorf("an empty file: %d %s", code, errs)
	}
}
