package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// A RawLine is a line of a day's journal as it stands in the file, readable or not.
type RawLine struct {
	Bytes  []byte // without its line feed; nil for one that is longer than a line may be
	Number int    // in the file, from 1
	Next   int64  // offset behind it
}

// Parse decodes the line. It says what is wrong with a damaged one.
func (l *RawLine) Parse() (JournalLine, error) {
	var j JournalLine
	err := parseLine(l.Bytes, &j)
	return j, err
}

// A Place is where reading a journal ended: behind so many lines and bytes.
type Place struct {
	Lines int
	Bytes int64
}

// RawLines streams the lines of one day behind a place, damaged ones included. A
// line is only valid during the call. What has no line feed yet is no line. It
// ends with f's error; a day without a journal has no lines. A journal that is
// shorter than the place is [ErrCursor].
func (r *Reader) RawLines(ctx context.Context, d Day, from Place, f func(*RawLine) error) error {
	if !d.Valid() {
		return fmt.Errorf("%q is not a day like 2026-11-22", d)
	}
	sc, err := r.scan(d, from.Bytes)
	if sc == nil || err != nil {
		return err
	}
	defer sc.f.Close()
	for n := from.Lines + 1; ; n++ {
		b, next, err := sc.line()
		if err != nil {
			return fmt.Errorf("read %s: %w", d.file(dayJournal), err)
		}
		if b == nil && next == 0 {
			return nil
		}
		if n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := f(&RawLine{Bytes: b, Number: n, Next: next}); err != nil {
			return err
		}
	}
}

// scan opens a journal behind an offset; nil when there is nothing to read.
func (r *Reader) scan(d Day, at int64) (*lineScanner, error) {
	name := d.file(dayJournal)
	fi, err := r.disk.Stat(name)
	if errors.Is(err, fs.ErrNotExist) && at == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read journals: %w", err)
	}
	size := fi.Size()
	if r.durable != nil {
		size = r.durable(d, size)
	}
	if size < at {
		return nil, fmt.Errorf("%s: %w", name, ErrCursor)
	}
	if size == at {
		return nil, nil
	}
	file, err := r.disk.Open(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("read journals: %w", err)
	}
	return &lineScanner{f: file, at: at, size: size}, nil
}

// Names lists the files in a day's folder but its journal.
func (r *Reader) Names(d Day) ([]string, error) {
	if !d.Valid() {
		return nil, fmt.Errorf("%q is not a day like 2026-11-22", d)
	}
	es, err := r.disk.ReadDir(d.dir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, e := range es {
		if e.Name() != dayJournal {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Sealing reports whether a file of a day's folder belongs to a recording whose
// sealing is not complete.
func (r *Reader) Sealing(name string) bool {
	id, _, ok := strings.Cut(name, ".")
	if !ok || validID(id) != nil {
		return false
	}
	_, err := r.disk.Stat(inOpen(id + extCkpt))
	return err == nil
}

// ReadFile reads a file of a day's folder, up to limit bytes.
func (r *Reader) ReadFile(d Day, name string, limit int64) ([]byte, error) {
	if _, _, _, ok := splitName(name); !ok || !d.Valid() {
		return nil, fmt.Errorf("%q: %w", name, ErrNotFound)
	}
	f, err := r.disk.Open(d.file(name), os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err == nil && size > limit {
		err = fmt.Errorf("%s has %d bytes, over %d", name, size, limit)
	}
	if err != nil {
		return nil, err
	}
	return readAll(f, limit)
}
