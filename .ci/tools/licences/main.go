// Command licences lists the licence of every module linked into the given
// binaries and fails on one that is not on the list below.
//
//	go run ./licences BINARY…
package main

import (
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
)

// A marker is a phrase that only one family of licences contains. Order
// matters: the first that is found decides.
var markers = []struct{ phrase, name string }{
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

// allowed are the families that an Apache-2.0 product may link.
var allowed = map[string]bool{"Apache-2.0": true, "MIT": true, "BSD": true, "ISC": true, "CC0-1.0": true, "MPL-2.0": true, "Unlicense": true}

func main() {
	mods := map[string]string{}
	for _, bin := range os.Args[1:] {
		bi, err := buildinfo.ReadFile(bin)
		check(err)
		for _, d := range bi.Deps {
			mods[d.Path] = d.Version
		}
	}
	out, err := exec.Command("go", "env", "GOMODCACHE").Output()
	check(err)
	cache := strings.TrimSpace(string(out))
	var paths []string
	for p := range mods {
		paths = append(paths, p)
	}
	sort.Strings(paths)
	bad := 0
	for _, p := range paths {
		l := licence(filepath.Join(cache, escape(p)+"@"+mods[p]))
		fmt.Printf("%-45s %-14s %s\n", p, mods[p], l)
		if !allowed[l] {
			bad++
		}
	}
	fmt.Printf("licences: %d modules, %d not allowed\n", len(paths), bad)
	if bad > 0 || len(paths) == 0 {
		os.Exit(1)
	}
}

// licence classifies the licence file at the root of a module.
func licence(dir string) string {
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, n := range names {
		b := strings.ToUpper(filepath.Base(n))
		if !strings.HasPrefix(b, "LICEN") && !strings.HasPrefix(b, "UNLICEN") && !strings.HasPrefix(b, "COPYING") {
			continue
		}
		text, err := os.ReadFile(n)
		if err != nil {
			continue
		}
		flat := strings.Join(strings.Fields(string(text)), " ")
		for _, m := range markers {
			if strings.Contains(flat, m.phrase) {
				return m.name
			}
		}
	}
	return "unknown"
}

// escape writes upper-case letters as the module cache does.
func escape(p string) string {
	var b strings.Builder
	for _, r := range p {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('!')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(2)
	}
}
