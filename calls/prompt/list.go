package prompt

import (
	"cmp"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"vaad/dsp"
)

// maxFiles is how many files of a folder List looks at.
const maxFiles = 10_000

// Source says whose recording of a prompt is played.
type Source string

// The sources.
const (
	Own       Source = "own"       // of the operator's folder
	Installed Source = "installed" // of a set
	Missing   Source = ""          // of nobody's: the script has it, and no folder
)

// An Entry is a prompt of a language.
type Entry struct {
	Lang, Name string
	Text       string // what the script says; empty of a prompt that it does not have
	Source     Source
	Path       string        // of the file that is played
	Length     time.Duration // by the head of the file
	Trouble    string        // what is wrong with the file; it may be one that is passed over
}

// List lists the prompts of all languages, by language and name: those of the
// folders and those of the scripts that are missing.
func (s *Store) List() []Entry {
	found := map[[2]string]*Entry{}
	for _, lang := range Languages() {
		for _, l := range Script(lang) {
			found[[2]string{lang, l.Name}] = &Entry{Lang: lang, Name: l.Name, Text: l.Text}
		}
	}
	for i, folder := range s.folders {
		source := Installed
		if i == 0 && s.own != "" {
			source = Own
		}
		files(folder, func(lang, name, file string) {
			key := [2]string{lang, name}
			e := found[key]
			if e == nil {
				e = &Entry{Lang: lang, Name: name}
				found[key] = e
			}
			e.take(source, file)
		})
	}
	list := make([]Entry, 0, len(found))
	for _, e := range found {
		list = append(list, *e)
	}
	slices.SortFunc(list, func(a, b Entry) int { return cmp.Or(cmp.Compare(a.Lang, b.Lang), cmp.Compare(a.Name, b.Name)) })
	return list
}

// take adds a file of a prompt, unless one of an earlier folder is played.
func (e *Entry) take(source Source, file string) {
	if e.Source != Missing && e.Length > 0 {
		return
	}
	n, err := fileLength(file)
	if err != nil {
		if e.Trouble == "" {
			e.Source, e.Path, e.Trouble = source, file, file+": "+err.Error()
		}
		return
	}
	e.Source, e.Path, e.Length = source, file, time.Duration(n)*time.Second/dsp.Rate
}

// files calls fn for what has the name of a prompt below a folder.
func files(folder string, fn func(lang, name, file string)) {
	left := maxFiles
	_ = filepath.WalkDir(folder, func(file string, d fs.DirEntry, err error) error { // a folder that cannot be read has nothing to play
		if err != nil || file == folder {
			return nil
		}
		if left--; left < 0 {
			return fs.SkipAll
		}
		rel, err := filepath.Rel(folder, file)
		if err != nil {
			return nil
		}
		if d.IsDir() {
			if CheckName(filepath.ToSlash(rel)) != nil {
				return fs.SkipDir
			}
			return nil
		}
		name, ok := strings.CutSuffix(filepath.ToSlash(rel), ".wav")
		lang, name, deep := strings.Cut(name, "/")
		if ok && deep && CheckLanguage(lang) == nil && CheckName(name) == nil {
			fn(lang, name, file)
		}
		return nil
	})
}
