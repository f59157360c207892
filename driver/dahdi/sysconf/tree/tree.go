// Package tree keeps machines for tests: the files of a system's /proc, /sys,
// /etc and /dev as one text, in which "-- PATH --" begins a file and
// "-- PATH -> TARGET --" is a symbolic link; \0 is a zero byte.
//
// In: such a text, as lab runs and people save it. Out: an fs.FS. Only tests of
// sysconf, doctor, cmd/vaactl and cmd/vaad use it.
package tree

import (
	"io/fs"
	"strings"
	"testing/fstest"
)

// Parse makes a file system of the text. What stands before the first file is
// left out.
func Parse(text string) fstest.MapFS {
	root := fstest.MapFS{}
	name := ""
	for line := range strings.SplitAfterSeq(text, "\n") {
		head, ok := strings.CutPrefix(strings.TrimSpace(line), "-- ")
		path, end := strings.CutSuffix(head, " --")
		if !ok || !end {
			if f := root[name]; f != nil {
				f.Data = append(f.Data, strings.ReplaceAll(line, `\0`, "\x00")...)
			}
			continue
		}
		name = strings.TrimPrefix(path, "/")
		f := &fstest.MapFile{Mode: 0o444}
		if link, target, isLink := strings.Cut(name, " -> "); isLink {
			name, f.Data, f.Mode = link, []byte(target), fs.ModeSymlink|0o777
			root[name], name = f, ""
			continue
		}
		root[name] = f
	}
	return root
}
