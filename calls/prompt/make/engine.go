package main

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"vaad/calls/prompt"
	"vaad/dsp"
	"vaad/dsp/resample"
	"vaad/dsp/wav"
)

// voices are the options of espeak-ng for each language: voice, words a minute,
// pitch. The voice "cmn" reads Latin letters as English, and spells out
// Chinese characters as such; "cmn-latn-pinyin" has the dictionary of characters.
var voices = map[string][]string{
	"en": {"-v", "en-gb", "-s", "150", "-p", "45"},
	"zh": {"-v", "cmn-latn-pinyin", "-s", "150", "-p", "45"},
}

type engine struct{ program, version string }

func findEngine() (*engine, error) {
	program, err := exec.LookPath("espeak-ng")
	if err != nil {
		return nil, errors.New("the speech engine espeak-ng is missing: apt-get install espeak-ng, or .ci/need prompts")
	}
	out, err := exec.Command(program, "--version").Output()
	if err != nil {
		return nil, fmt.Errorf("%s --version: %w", program, err)
	}
	version, _, _ := strings.Cut(string(out), "Data at")
	return &engine{program, strings.TrimSpace(version)}, nil
}

// sound makes a prompt.
func (e *engine) sound(lang string, l prompt.Line) ([]int16, error) {
	if l.Sound {
		switch l.Text {
		case "beep":
			return beep(), nil
		case "pause":
			return make([]int16, 250*dsp.MS), nil
		case "music":
			return music(), nil
		}
		return nil, errors.New("there is no such sound: beep, pause and music are")
	}
	pcm, err := e.speak(lang, l.Spoken)
	if err != nil {
		return nil, err
	}
	if pcm = trim(pcm); len(pcm) == 0 {
		return nil, errors.New("the engine said nothing")
	}
	level(pcm)
	return pcm, nil
}

// speak lets the engine read a text, and returns it at 8 kHz.
func (e *engine) speak(lang, text string) ([]int16, error) {
	cmd := exec.Command(e.program, append(append([]string{}, voices[lang]...), "--stdin", "--stdout")...)
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.program, err)
	}
	info, err := wav.ParseAt(bytes.NewReader(out), int64(len(out)))
	if err != nil {
		return nil, fmt.Errorf("what %s gave: %w", e.program, err)
	}
	if info.Format != wav.PCM16 || info.Channels != 1 {
		return nil, fmt.Errorf("what %s gave is %v with %d channels, not 16-bit PCM with one", e.program, info.Format, info.Channels)
	}
	conv, err := resample.New(info.Rate, dsp.Rate)
	if err != nil {
		return nil, err
	}
	data := out[info.DataOffset : info.DataOffset+info.DataBytes]
	pcm := make([]int16, len(data)/2)
	for i := range pcm {
		pcm[i] = int16(uint16(data[2*i]) | uint16(data[2*i+1])<<8)
	}
	return conv.Flush(conv.Process(nil, pcm)), nil
}
