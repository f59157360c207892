// Package changelog is what is new, as the files beside it tell it: a folder per version,
// `unreleased` for what is in none yet, a file per change. cmd/vaad shows it on the console.
package changelog

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

//go:embed all:unreleased
var unreleased embed.FS

// A Change is one file.
type Change struct {
	Version string // name of its folder
	Name    string // of the file, without its ending
	Text    string
}

// Changes are all of them, the newest version first.
func Changes() []Change { return read(unreleased) }

func read(all fs.FS) (out []Change) {
	names, _ := fs.Glob(all, "*/*.md") // the pattern is right
	for _, name := range names {
		if b, err := fs.ReadFile(all, name); err == nil {
			out = append(out, Change{path.Dir(name), strings.TrimSuffix(path.Base(name), ".md"), strings.TrimSpace(string(b))})
		}
	}
	slices.SortStableFunc(out, func(a, b Change) int { return newer(a.Version, b.Version) })
	return out
}

// newer sorts versions, the newest first; what is in none yet is newer than all.
func newer(a, b string) int {
	x, y := numbers(a), numbers(b)
	return slices.Compare(y, x)
}

func numbers(v string) (n []int) {
	parts, ok := strings.CutPrefix(v, "v")
	if !ok {
		return []int{1 << 30}
	}
	for p := range strings.SplitSeq(parts, ".") {
		i, _ := strconv.Atoi(p) // what is no number counts as none
		n = append(n, i)
	}
	return n
}
