package text

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed en.json zh.json settings.en.json settings.zh.json
var files embed.FS

// English is the language of every text that has no translation, and the one
// taken when nothing is known about the reader.
const (
	English = "en"
	Chinese = "zh"
)

// Args are the named values of a text: {name} is replaced by Args["name"].
type Args map[string]string

// catalogues reads the embedded files once. They are checked by this package's
// tests, so that a fault in them cannot reach a user.
var catalogues = sync.OnceValue(func() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, lang := range Languages() {
		m := map[string]string{}
		for _, name := range filesOf(lang) {
			b, err := files.ReadFile(name)
			if err == nil {
				err = json.Unmarshal(b, &m)
			}
			if err != nil {
				panic(fmt.Sprintf("catalogue %s: %v", name, err))
			}
		}
		all[lang] = m
	}
	return all
})

// filesOf are the files of a language: what pages read too, and the words of settings,
// which the API gives with what it tells of them.
func filesOf(lang string) []string { return []string{lang + ".json", "settings." + lang + ".json"} }

// Languages lists the languages that have a catalogue.
func Languages() []string { return []string{English, Chinese} }

// Text returns the words for a key in a language, with {name} replaced by
// args. An unknown language reads English; an unknown key is returned as it is.
func Text(lang, key string, args Args) string {
	s, ok := Lookup(lang, key)
	if !ok {
		return key
	}
	return expand(s, args)
}

// expand replaces each {name} once; what comes out of a value is not looked at
// again, and a name without a value stays.
func expand(s string, args Args) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		v, known := args[name]
		if !closed || !known {
			b.WriteByte('{')
			s = rest
			continue
		}
		b.WriteString(v)
		s = after
	}
}

// Lookup is Text without values; ok says whether the key has words.
func Lookup(lang, key string) (s string, ok bool) {
	c := catalogues()
	if s, ok = c[lang][key]; ok {
		return s, true
	}
	s, ok = c[English][key]
	return s, ok
}

// Code returns the words for a code of a group, and the code itself where it
// has none, so that a newer daemon stays readable: Code("zh", "state", "idle").
func Code(lang, group, code string) string {
	if s, ok := Lookup(lang, group+"."+code); ok {
		return s
	}
	return code
}

// Names lists the values that a key's text wants.
func Names(key string) []string {
	var names []string
	s, _ := Lookup(English, key)
	for {
		_, rest, found := strings.Cut(s, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return names
		}
		names, s = append(names, name), after
	}
}

// Keys lists the keys of a language, sorted.
func Keys(lang string) []string { return slices.Sorted(maps.Keys(catalogues()[lang])) }

// Catalogue returns a language's file, as the page reads it: without the words of settings.
func Catalogue(lang string) ([]byte, bool) {
	if !slices.Contains(Languages(), lang) {
		return nil, false
	}
	b, err := files.ReadFile(lang + ".json")
	return b, err == nil
}

// Match returns the language of ours that fits an Accept-Language header (RFC
// 9110 clause 12.5.4) or a LANG value such as zh_CN.UTF-8 best. Every Chinese
// reads the Simplified catalogue.
func Match(header string) string {
	best, weight := English, 0.0
	for _, part := range strings.Split(header, ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			f, err := strconv.ParseFloat(v, 64)
			if err != nil {
				continue
			}
			q = f
		}
		primary, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
		primary, _, _ = strings.Cut(primary, ".")
		if q > weight && slices.Contains(Languages(), primary) {
			best, weight = primary, q
		}
	}
	return best
}

// FromEnvironment returns the language of the process's locale (POSIX: LC_ALL
// before LC_MESSAGES before LANG).
func FromEnvironment() string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			return Match(v)
		}
	}
	return English
}
