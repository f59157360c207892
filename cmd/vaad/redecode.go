package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"vaad/console"
)

// redecoding gives the console what it needs to listen to stored audio again: a
// slot of the pool, the country of a line, and the kept audio of caller IDs.
type redecoding struct{ d *running }

func (r redecoding) Acquire(ctx context.Context) error { return r.d.pool.Acquire(ctx) }
func (r redecoding) Release()                          { r.d.pool.Release() }

// Country is whose tones a line has, by its settings.
func (r redecoding) Country(line int) string {
	l, ok := r.d.sec.lines.Get(r.d.doc)[key(line)]
	if !ok {
		return r.d.sec.site.Get(r.d.doc).Country
	}
	return r.d.plan.config(key(line), l).Country
}

// keptName is what [unread] calls its files.
var keptName = regexp.MustCompile(`^(\d{8}T\d{6}\.\d{3}Z)-line-(\d+)-([0-9A-Z]*)-([a-z-]+)\.wav$`)

// Kept lists the kept audio of caller IDs that were not understood.
func (r redecoding) Kept() (all []console.KeptAudio, err error) {
	files, err := os.ReadDir(r.d.unread().dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, f := range files {
		m := keptName.FindStringSubmatch(f.Name())
		if m == nil {
			continue
		}
		at, terr := time.Parse("20060102T150405.000Z", m[1])
		info, ierr := f.Info()
		if terr != nil || ierr != nil || !info.Mode().IsRegular() { // somebody else's, or it has just been removed
			continue
		}
		line, _ := strconv.Atoi(m[2]) // digits
		all = append(all, console.KeptAudio{Name: f.Name(), Time: at, Line: line, Call: m[3], Reason: m[4], Bytes: info.Size()})
	}
	return all, err
}

// OpenKept opens one of them.
func (r redecoding) OpenKept(name string) (io.ReadSeekCloser, error) {
	if !keptName.MatchString(name) {
		return nil, fs.ErrNotExist
	}
	return os.Open(filepath.Join(r.d.unread().dir, name))
}
