package prompt

import (
	"embed"
	"strings"
)

//go:embed script/*.txt
var scripts embed.FS

// A Line of a script is a clip and what it says.
type Line struct {
	Name   string
	Text   string // in the language of the script; of a sound its name
	Spoken string // the text as a speech engine must have it to read it well
	Sound  bool   // a sound, not words: "beep", "pause" or "music"
}

// Script returns what the clips of a language say, in the order of the script;
// nothing of a language without one.
func Script(lang string) []Line {
	b, err := scripts.ReadFile("script/" + lang + ".txt")
	if err != nil {
		return nil
	}
	return parseScript(string(b))
}

// parseScript reads NAME = TEXT or NAME = TEXT | SPOKEN. What is not of that
// form, and what begins with #, is a comment.
func parseScript(s string) []Line {
	var lines []Line
	for l := range strings.Lines(s) {
		name, text, ok := strings.Cut(l, " = ")
		if !ok || strings.HasPrefix(l, "#") || CheckName(name) != nil {
			continue
		}
		text, spoken, ok := strings.Cut(strings.TrimSpace(text), " | ")
		if !ok {
			spoken = text
		}
		sound := strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
		lines = append(lines, Line{Name: name, Text: sound, Spoken: spoken, Sound: sound != text})
	}
	return lines
}
