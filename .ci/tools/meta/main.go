// Command meta writes what a package says of itself into its tree: machine-readable
// copyright with the licence of every linked module, a bill of materials, changelogs,
// manual pages and completion made from the programs' own help.
//
//	meta -version V -epoch SECONDS -tree DIR -binaries DIR -native DIR -source DIR
//
// -binaries are those of the package, of whatever processor; those in -native run here.
// The output depends on its input alone.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// job is what is asked for.
type job struct {
	version, tree, binaries, native, source string
	when                                    time.Time
}

func main() {
	var j job
	var epoch int64
	flag.StringVar(&j.version, "version", "", "of the package")
	flag.Int64Var(&epoch, "epoch", 0, "its time, seconds since 1970")
	flag.StringVar(&j.tree, "tree", "", "its root")
	flag.StringVar(&j.binaries, "binaries", "", "folder of its programs")
	flag.StringVar(&j.native, "native", "", "folder of the same programs, for this processor")
	flag.StringVar(&j.source, "source", "", "root of the sources")
	flag.Parse()
	j.when = time.Unix(epoch, 0).UTC()
	mods, err := j.modules()
	check(err)
	check(j.copyright(mods))
	check(j.bill(mods))
	check(j.changelog())
	check(j.manual())
}

// write makes a file of the tree.
func (j job) write(name string, b []byte) error {
	to := filepath.Join(j.tree, name)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o644)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "meta:", err)
		os.Exit(1)
	}
}
