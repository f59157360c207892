package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vaad/calls/prompt"
)

// version goes up when the same text is to sound otherwise.
const version = "1"

func main() {
	to := flag.String("to", "prompts", "folder of the set")
	flag.Parse()
	if err := run(*to); err != nil {
		fmt.Fprintln(os.Stderr, "prompts:", err)
		os.Exit(1)
	}
}

func run(to string) error {
	engine, err := findEngine()
	if err != nil {
		return err
	}
	for _, lang := range prompt.Languages() {
		made, kept, err := makeSet(engine, lang, filepath.Join(to, lang))
		if err != nil {
			return fmt.Errorf("%s: %w", lang, err)
		}
		fmt.Printf("%s: %d prompts made, %d unchanged\n", lang, made, kept)
	}
	return nil
}

// makeSet makes what has changed of one language.
func makeSet(e *engine, lang, dir string) (made, kept int, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, 0, err
	}
	was := readMade(filepath.Join(dir, "made"))
	now := map[string]string{}
	for _, l := range prompt.Script(lang) {
		if _, twice := now[l.Name]; twice {
			return made, kept, fmt.Errorf("the script has %s twice", l.Name)
		}
		from := e.fingerprint(lang, l)
		now[l.Name] = from
		file := filepath.Join(dir, filepath.FromSlash(l.Name)+".wav")
		if _, err := os.Stat(file); err == nil && was[l.Name] == from {
			kept++
			continue
		}
		pcm, err := e.sound(lang, l)
		if err != nil {
			return made, kept, fmt.Errorf("%s (%s): %w", l.Name, l.Text, err)
		}
		if err := writeWAV(file, pcm); err != nil {
			return made, kept, err
		}
		made++
	}
	for name := range was {
		if _, ok := now[name]; !ok && prompt.CheckName(name) == nil {
			if err := os.Remove(filepath.Join(dir, filepath.FromSlash(name)+".wav")); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return made, kept, err
			}
		}
	}
	return made, kept, writeMade(filepath.Join(dir, "made"), now)
}

// fingerprint says from what a prompt is made.
func (e *engine) fingerprint(lang string, l prompt.Line) string {
	from := []string{version, l.Name, l.Spoken}
	if !l.Sound {
		from = append(from, e.version, strings.Join(voices[lang], " "))
	}
	h := sha256.Sum256([]byte(strings.Join(from, "\x00")))
	return hex.EncodeToString(h[:8])
}

func readMade(file string) map[string]string {
	made := map[string]string{}
	f, err := os.Open(file)
	if err != nil {
		return made // all is made anew
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if name, from, ok := strings.Cut(sc.Text(), " "); ok {
			made[name] = from
		}
	}
	return made
}

func writeMade(file string, made map[string]string) error {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(made)) {
		fmt.Fprintln(&b, name, made[name])
	}
	return os.WriteFile(file, []byte(b.String()), 0o644)
}
