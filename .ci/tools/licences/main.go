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
	"sort"
	"strings"

	"vaad/ci/licence"
)

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
		l, _ := licence.Of(licence.Folder(cache, p, mods[p]))
		if l == "" {
			l = "unknown"
		}
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

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(2)
	}
}
