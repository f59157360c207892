package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"vaad/calls/prompt"
	"vaad/channels"
	"vaad/dsp/progress"
	"vaad/dsp/wav"
)

// aPrompt is a WAV file of n samples.
func aPrompt(n int) []byte {
	return append(wav.Header(wav.PCM16, int64(2*n)), make([]byte, 2*n)...)
}

func TestSoundsAreMadeOfPromptsTonesAndWhatIsSaid(t *testing.T) {
	s := newSounds(t.TempDir())
	s.Store = prompt.New(t.TempDir()) // without what this machine has installed
	for name, n := range map[string]int{"welcome": 800, "number/1": 160, "number/2": 240} {
		if err := s.Put("en", name, aPrompt(n)); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.make("en", []string{"welcome", "digits:12", "tone:busy:3000", "tone:dial", "silence:500", "keys:1a#"})
	if err != nil || len(all) != 7 {
		t.Fatalf("%d %v", len(all), err)
	}
	if len(all[0].PCM) != 800 || len(all[1].PCM) != 160 || len(all[2].PCM) != 240 {
		t.Errorf("%d %d %d samples", len(all[0].PCM), len(all[1].PCM), len(all[2].PCM))
	}
	for i, want := range []channels.Audio{{Tone: progress.Busy, MS: 3000}, {Tone: progress.Dial}, {MS: 500}, {Keys: "1A#"}} {
		if got := fmt.Sprint(all[3+i]); got != fmt.Sprint(want) {
			t.Errorf("%s, want %v", got, want)
		}
	}
	for item, want := range map[string]string{"nothing": "missing", "tone:none": "congestion", "tone:busy:0": "600000", "silence:x": "60000", "silence:": "60000",
		"keys:": "at most 64", "keys:1x": "at most 64", "colour:red": "cannot be said", "Welcome!": "not a name"} {
		if _, err := s.make("en", []string{item}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", item, err)
		}
	}
	file, err := s.WAV("en", "welcome")
	if err != nil {
		t.Fatal(err)
	}
	if in, err := wav.Parse(bytes.NewReader(file)); err != nil || in.DataBytes != 1600 {
		t.Errorf("%+v %v", in, err)
	}
	if _, err := s.WAV("zh", "welcome"); err == nil {
		t.Error("a prompt that is not there")
	}
}

func TestHeldPartiesHearTheMusicThatIsThere(t *testing.T) {
	s := newSounds(t.TempDir())
	s.Store = prompt.New(t.TempDir())
	if s.findMusic(); s.hold(1) != nil {
		t.Error("music out of nowhere")
	}
	if err := s.Put("zh", holdMusic, aPrompt(4000)); err != nil {
		t.Fatal(err)
	}
	if s.findMusic(); len(s.hold(1)) != 1 || len(s.hold(1)[0].PCM) != 4000 {
		t.Errorf("%v", s.hold(1))
	}
	if err := s.Remove("zh", holdMusic); err != nil {
		t.Fatal(err)
	}
	if s.findMusic(); s.hold(1) != nil {
		t.Error("music that was removed")
	}
}
