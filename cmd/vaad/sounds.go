package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"vaad/calls/prompt"
	"vaad/channels"
	"vaad/dsp/progress"
	"vaad/dsp/wav"
)

// holdMusic is the prompt that held parties hear.
const holdMusic = "hold-music"

// sounds is what vaad plays to people.
type sounds struct {
	*prompt.Store
	music atomic.Pointer[[]channels.Audio] // for held parties
}

// newSounds finds prompts in the root, and those that are installed: beside the
// program, or where packages put them.
func newSounds(root string) *sounds {
	sets := []string{"/usr/share/vaad/prompts"}
	if exe, err := os.Executable(); err == nil {
		up := filepath.Dir(filepath.Dir(exe))
		sets = append([]string{filepath.Join(up, "share", "vaad", "prompts"), filepath.Join(up, "prompts")}, sets...)
	}
	return &sounds{Store: prompt.New(filepath.Join(root, "prompts"), sets...)}
}

// WAV is a prompt as a file.
func (s *sounds) WAV(lang, name string) ([]byte, error) {
	pcm, err := s.Get(lang, name)
	if err != nil {
		return nil, err
	}
	file := wav.Header(wav.PCM16, int64(2*len(pcm)))
	for _, v := range pcm {
		file = binary.LittleEndian.AppendUint16(file, uint16(v))
	}
	return file, nil
}

// make is what items sound like: tone:NAME[:MS], silence:MS, keys:KEYS, and what
// prompts say.
func (s *sounds) make(lang string, items []string) ([]channels.Audio, error) {
	var out []channels.Audio
	for _, text := range items {
		kind, value, _ := strings.Cut(text, ":")
		switch kind {
		case "tone":
			a, err := toneOf(value)
			if err != nil {
				return nil, err
			}
			out = append(out, a)
		case "silence":
			ms, err := strconv.Atoi(value)
			if err != nil || ms < 1 || ms > 60_000 {
				return nil, fmt.Errorf("%q: a silence has 1 to 60000 ms", text)
			}
			out = append(out, channels.Audio{MS: ms})
		case "keys":
			keys := strings.ToUpper(value)
			if keys == "" || len(keys) > 64 || strings.Trim(keys, "0123456789*#ABCD") != "" {
				return nil, fmt.Errorf("%q: keys are 0-9, *, # and A-D, at most 64", text)
			}
			out = append(out, channels.Audio{Keys: keys})
		default:
			it, err := prompt.ParseItem(text)
			if err != nil {
				return nil, err
			}
			for _, name := range prompt.Say(lang, it) {
				pcm, err := s.Get(lang, name)
				if err != nil {
					return nil, err
				}
				out = append(out, channels.Audio{PCM: pcm})
			}
		}
	}
	return out, nil
}

// toneOf is a tone of the line's country, for ever where no length is given.
func toneOf(value string) (a channels.Audio, err error) {
	name, length, limited := strings.Cut(value, ":")
	var known []string
	for t := progress.Dial; t <= progress.Record; t++ {
		known = append(known, t.String())
		if t.String() == name {
			a.Tone = t
		}
	}
	if a.Tone == 0 {
		return a, fmt.Errorf("tone:%s: there is no such tone; use one of %s", name, strings.Join(known, ", "))
	}
	if limited {
		if a.MS, err = strconv.Atoi(length); err != nil || a.MS < 1 || a.MS > 600_000 {
			return a, fmt.Errorf("tone:%s: a tone lasts 1 to 600000 ms", value)
		}
	}
	return a, nil
}

// hold is what a held party hears: whatever was found last, so that nobody waits
// for a disk.
func (s *sounds) hold(int) []channels.Audio {
	if a := s.music.Load(); a != nil {
		return *a
	}
	return nil
}

// keepMusic looks for the music on hold, at once and every half minute, until ctx
// ends. It may be in the folder of any language.
func (s *sounds) keepMusic(ctx context.Context) {
	look := time.NewTicker(30 * time.Second)
	defer look.Stop()
	for {
		s.findMusic()
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

func (s *sounds) findMusic() {
	for _, lang := range prompt.Languages() {
		if pcm, err := s.Get(lang, holdMusic); err == nil && len(pcm) > 0 {
			s.music.Store(&[]channels.Audio{{PCM: pcm}})
			return
		}
	}
	s.music.Store(nil)
}
