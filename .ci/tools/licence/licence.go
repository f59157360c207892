// Package licence tells a module's licence by the file in its folder of the module
// cache. Callers: licences, which says what may be linked, and meta, which writes
// a package's copyright.
package licence

import (
	"os"
	"path/filepath"
	"strings"
)

// A marker is a phrase that only one family of licences contains. Order
// matters: the first that is found decides.
var markers = []struct{ phrase, family string }{
	{"GNU AFFERO GENERAL PUBLIC LICENSE", "AGPL"},
	{"GNU LESSER GENERAL PUBLIC LICENSE", "LGPL"},
	{"GNU GENERAL PUBLIC LICENSE", "GPL"},
	{"Mozilla Public License", "MPL-2.0"},
	{"Apache License", "Apache-2.0"},
	{"Permission is hereby granted, free of charge", "MIT"},
	{"Permission to use, copy, modify, and/or distribute this software", "ISC"},
	{"Permission to use, copy, modify, and distribute this software for any", "ISC"}, // its older wording
	{"Redistribution and use in source and binary forms", "BSD"},
	{"CC0 1.0 Universal", "CC0-1.0"},
	{"free and unencumbered software released into the public domain", "Unlicense"},
}

// Of is the family of the licence in a folder, "" if none is known, and its text.
func Of(dir string) (family, text string) {
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, n := range names {
		b := strings.ToUpper(filepath.Base(n))
		if !strings.HasPrefix(b, "LICEN") && !strings.HasPrefix(b, "UNLICEN") && !strings.HasPrefix(b, "COPYING") {
			continue
		}
		raw, err := os.ReadFile(n)
		if err != nil {
			continue
		}
		flat := strings.Join(strings.Fields(string(raw)), " ")
		for _, m := range markers {
			if strings.Contains(flat, m.phrase) {
				return m.family, string(raw)
			}
		}
	}
	return "", ""
}

// Folder is where a version of a module lies below the module cache, which writes
// upper-case letters in its own way.
func Folder(cache, path, version string) string {
	var b strings.Builder
	for _, r := range path {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('!')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return filepath.Join(cache, b.String()+"@"+version)
}
