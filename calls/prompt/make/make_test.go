package main

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"vaad/calls/prompt"
	"vaad/dsp"
	"vaad/dsp/dtmf"
	"vaad/dsp/g711"
	"vaad/dsp/modemtone"
	"vaad/dsp/progress"
	"vaad/dsp/tone"
)

// twice is the music as a caller hears it who holds for two and a half minutes.
func twice() []int16 {
	x := music()
	code := make([]byte, len(x))
	g711.Encode(code, x, g711.ALaw)
	g711.Decode(x, code, g711.ALaw)
	return append(x, x...)
}

func TestTheMusicOnHoldIsNotTakenForAnything(t *testing.T) {
	x := twice()
	for name, d := range map[string]*progress.Detector{"China": progress.New(), "tones found everywhere": progress.New(progress.Countries()...), "all countries": progress.New(tone.Countries()...)} {
		for _, e := range d.Flush(d.Process(nil, x)) {
			t.Errorf("%s: heard %v %v at %.1f s, %.0f Hz", name, e.Kind, e.Tone, float64(e.From)/dsp.Rate, e.Hz)
		}
	}
	k := dtmf.New()
	for _, e := range k.Flush(k.Process(nil, x)) {
		t.Errorf("a key: %+v", e)
	}
	m := modemtone.New()
	for _, e := range m.Flush(m.Process(nil, x)) {
		t.Errorf("a modem: %+v", e)
	}
}

func TestTheMusicOnHoldIsLongSoftAndHasNoGap(t *testing.T) {
	x := music()
	if n := len(x) / dsp.Rate; n < 60 || n > 120 {
		t.Errorf("%d s", n)
	}
	if l := dsp.DBm0(meanSquare(x)); l > -16 || l < -22 {
		t.Errorf("%.1f dBm0", l)
	}
	for at := 0; at+dsp.Rate <= len(x); at += dsp.Rate / 2 {
		if l := dsp.DBm0(meanSquare(x[at : at+dsp.Rate])); l > -13 || l < -26 {
			t.Errorf("%.1f dBm0 at %.1f s", l, float64(at)/dsp.Rate)
		}
	}
	for i, v := range x {
		if math.Abs(float64(v)) > dsp.SinePeak(crest)+1 {
			t.Fatalf("sample %d is %d", i, v)
		}
	}
	if step := math.Abs(float64(x[0]) - float64(x[len(x)-1])); step > 800 {
		t.Errorf("where it begins again there is a step of %.0f", step)
	}
}

func TestSpeechIsTrimmedAndLevelled(t *testing.T) {
	x := make([]int16, 3*dsp.Rate)
	for i := dsp.Rate; i < 2*dsp.Rate; i++ {
		x[i] = int16(dsp.SinePeak(-30) * math.Sin(2*math.Pi*700*float64(i)/dsp.Rate))
	}
	x = trim(x)
	if n := len(x); n < dsp.Rate || n > dsp.Rate+lead+trail+step {
		t.Errorf("%d samples are left of a second", n)
	}
	level(x)
	if l := dsp.DBm0(meanSquare(x[lead+step : dsp.Rate])); math.Abs(l-speech) > 0.5 {
		t.Errorf("%.1f dBm0", l)
	}
	if len(trim(make([]int16, 1000))) != 0 {
		t.Error("something is left of silence")
	}
}

func TestWhatTheScriptNoLongerHasIsRemoved(t *testing.T) {
	dir := t.TempDir()
	e := &engine{program: "/bin/false", version: "none"}
	made := map[string]string{"old": "x", "../../escape": "x"}
	for _, l := range prompt.Script("en") { // all there and unchanged, so that nothing is spoken
		made[l.Name] = e.fingerprint("en", l)
		if err := writeWAV(filepath.Join(dir, filepath.FromSlash(l.Name)+".wav"), beep()); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeWAV(filepath.Join(dir, "old.wav"), beep()); err != nil {
		t.Fatal(err)
	}
	if err := writeMade(filepath.Join(dir, "made"), made); err != nil {
		t.Fatal(err)
	}
	n, kept, err := makeSet(e, "en", dir)
	if err != nil || n != 0 || kept != len(prompt.Script("en")) {
		t.Errorf("%d made, %d unchanged, %v", n, kept, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "old.wav")); err == nil {
		t.Error("old.wav is still there")
	}
	if err := os.Remove(filepath.Join(dir, "welcome.wav")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := makeSet(e, "en", dir); err == nil {
		t.Error("an engine that fails is not an error")
	}
}

// It looks at the set that "make prompts" has made, where it has.
func TestEveryPromptOfTheSetIsHeard(t *testing.T) {
	const set = "../../../prompts"
	if _, err := os.Stat(filepath.Join(set, "zh", "made")); err != nil {
		t.Skip("make prompts has not made the set here")
	}
	s := prompt.New("", set)
	for _, lang := range prompt.Languages() {
		for _, l := range prompt.Script(lang) {
			x, err := s.Get(lang, l.Name)
			if err != nil {
				t.Error(err)
				continue
			}
			if l.Text == "pause" {
				continue
			}
			loudest := 0.0
			for at := 0; at+step <= len(x); at += step {
				loudest = max(loudest, meanSquare(x[at:at+step]))
			}
			if db := dsp.DBm0(loudest); db < -25 || db > -5 {
				t.Errorf("%s/%s: its loudest part is at %.1f dBm0", lang, l.Name, db)
			}
			if n := len(x); !l.Sound && (n < 150*dsp.MS || n > len([]rune(l.Text))*300*dsp.MS+dsp.Rate) {
				t.Errorf("%s/%s: %.2f s for %q", lang, l.Name, float64(n)/dsp.Rate, l.Text)
			}
			if clipped := dsp.Measure(x).Clipped; clipped > 0 {
				t.Errorf("%s/%s: %d samples are clipped", lang, l.Name, clipped)
			}
		}
	}
	for _, e := range s.List() {
		if e.Source != prompt.Installed || e.Length == 0 || e.Trouble != "" {
			t.Errorf("%+v", e)
		}
	}
}
