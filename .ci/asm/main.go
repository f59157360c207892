package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"regexp"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// files is all that is generated: the package's folder, its name, and what
// fills it. Each becomes kernels_amd64.s and kernels_amd64.go there.
var files = []struct {
	dir, pkg string
	fill     func(*build.Context)
}{
	{"dsp", "dsp", level},
	{"dsp/dtmf", "dtmf", dtmf},
	{"dsp/g711", "g711", g711},
	{"dsp/gsm", "gsm", gsm},
	{"dsp/progress", "progress", progressTones},
	{"dsp/pulse", "pulse", clicks},
	{"dsp/simd", "simd", cpu},
	{"dsp/spectrum", "spectrum", spectra},
	{"dsp/vad", "vad", voice},
}

// beyond are vector registers that AVX2 does not have: avo takes them when a
// kernel needs more than 16 at a time.
var beyond = regexp.MustCompile(`\b(Z[0-9]+|[XY](1[6-9]|2[0-9]|3[01]))\b`)

func main() {
	root := flag.String("root", "../..", "folder of the project")
	check := flag.Bool("check", false, "write nothing; fail when a file is not what would be written")
	flag.Parse()
	stale := false
	for _, f := range files {
		c := build.NewContext()
		c.Constraint(buildtags.Not("purego"))
		f.fill(c)
		file, err := c.Result()
		if err == nil {
			err = pass.Compile.Execute(file)
		}
		if err != nil {
			fail(f.dir, err)
		}
		cfg := printer.Config{Name: "make generate", Pkg: f.pkg}
		code, err := printer.NewGoAsm(cfg).Print(file)
		if err != nil {
			fail(f.dir, err)
		}
		if r := beyond.Find(code); r != nil {
			fail(f.dir, fmt.Errorf("%s is used: only processors with AVX-512 have it", r))
		}
		stubs, err := printer.NewStubs(cfg).Print(file)
		if err != nil {
			fail(f.dir, err)
		}
		if stubs, err = format.Source(stubs); err != nil {
			fail(f.dir, err)
		}
		for name, b := range map[string][]byte{"kernels_amd64.s": code, "kernels_amd64.go": stubs} {
			p := filepath.Join(*root, f.dir, name)
			if old, err := os.ReadFile(p); err == nil && bytes.Equal(old, b) {
				continue
			}
			if *check {
				fmt.Fprintf(os.Stderr, "%s is not what .ci/asm generates: run make generate\n", p)
				stale = true
				continue
			}
			if err := os.WriteFile(p, b, 0o644); err != nil {
				fail(f.dir, err)
			}
		}
	}
	if stale {
		os.Exit(1)
	}
}

func fail(what string, err error) {
	fmt.Fprintf(os.Stderr, "asm: generating %s: %v\n", what, err)
	os.Exit(1)
}
