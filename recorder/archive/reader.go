package archive

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/oklog/ulid/v2"
)

// A Reader reads an archive and never writes. [Archive] has all its methods.
type Reader struct {
	disk    Disk
	durable func(Day, int64) int64 // nil = all of a journal is
}

// OpenReadOnly opens an archive without a lock and without repairing anything,
// also beside a running daemon. disk nil = the folder root.
func OpenReadOnly(root string, disk Disk) (*Reader, error) {
	if disk == nil {
		var err error
		if disk, err = openOSDisk(root); err != nil {
			return nil, fmt.Errorf("open recordings folder: %w", err)
		}
	}
	return &Reader{disk: disk}, nil
}

// Close ends a reader made by OpenReadOnly.
func (r *Reader) Close() error { return r.disk.Close() }

// Days lists the days that have a folder, oldest first. Not each has a journal.
func (r *Reader) Days() ([]Day, error) {
	var days []Day
	years, err := r.subdirs("", 4)
	for _, y := range years {
		months, e := r.subdirs(y, 2)
		err = errors.Join(err, e)
		for _, m := range months {
			ds, e := r.subdirs(y+"/"+m, 2)
			err = errors.Join(err, e)
			for _, d := range ds {
				if day := Day(y + "-" + m + "-" + d); day.Valid() {
					days = append(days, day)
				}
			}
		}
	}
	return days, err
}

// subdirs lists the folders below dir whose names are n digits, in order.
func (r *Reader) subdirs(dir string, n int) ([]string, error) {
	if dir == "" {
		dir = "."
	}
	es, err := r.disk.ReadDir(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return nil, err
	}
	var names []string
	for _, e := range es {
		if len(e.Name()) == n && strings.Trim(e.Name(), "0123456789") == "" {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// ErrCursor says that a journal is shorter than the cursor: it was replaced, and
// what was built from it must be built anew.
var ErrCursor = errors.New("the journal is shorter than what was read of it before")

// Lines streams the lines behind the cursor (nil = all): days in order, lines in
// order. The line is only valid during the call. A damaged line is told to
// damaged (may be nil) as "file:line" and skipped; the line number counts from
// where reading began when that is not the file's start. It ends with f's error.
// Memory is bounded.
func (r *Reader) Lines(ctx context.Context, from Cursor, f func(*JournalLine) error, damaged func(where string, err error)) error {
	days, err := r.Days()
	if err != nil {
		return fmt.Errorf("read journals: %w", err)
	}
	for _, d := range days {
		if err := r.dayLines(ctx, d, from[d], f, damaged); err != nil {
			return err
		}
	}
	return nil
}

// dayLines streams the lines of one day from an offset.
func (r *Reader) dayLines(ctx context.Context, d Day, at int64, f func(*JournalLine) error, damaged func(string, error)) error {
	name := d.file(dayJournal)
	fi, err := r.disk.Stat(name)
	if errors.Is(err, fs.ErrNotExist) && at == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read journals: %w", err)
	}
	size := fi.Size()
	if r.durable != nil {
		size = r.durable(d, size)
	}
	if size < at {
		return fmt.Errorf("%s: %w", name, ErrCursor)
	}
	if size == at {
		return nil
	}
	file, err := r.disk.Open(name, os.O_RDONLY, 0)
	if err != nil {
		return fmt.Errorf("read journals: %w", err)
	}
	defer file.Close()
	var l JournalLine
	sc := lineScanner{f: file, at: at, size: size}
	for n := 1; ; n++ {
		b, next, err := sc.line()
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		if b == nil && next == 0 {
			return nil
		}
		if n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := parseLine(b, &l); err != nil {
			if damaged != nil {
				where := fmt.Sprintf("%s:%d", name, n)
				if at > 0 {
					where = fmt.Sprintf("%s:+%d", name, n)
				}
				damaged(where, err)
			}
			continue
		}
		l.Day, l.Next = d, next
		if err := f(&l); err != nil {
			return err
		}
	}
}

// lineScanner cuts a file into lines with bounded memory.
type lineScanner struct {
	f        File
	at, size int64 // of what is read next, of the file
	buf      []byte
	b        []byte // not used yet
	skip     bool   // inside a line that is too long
}

// line returns the next complete line, nil for one that is too long, and the
// offset behind it; nil, 0 at the end. What has no newline is not a line yet.
func (s *lineScanner) line() ([]byte, int64, error) {
	for {
		if n := bytes.IndexByte(s.b, '\n'); n >= 0 {
			l := s.b[:n:n]
			s.b = s.b[n+1:]
			if s.skip {
				s.skip, l = false, nil
			}
			return l, s.at - int64(len(s.b)), nil
		}
		if len(s.b) > maxLine {
			s.b, s.skip = nil, true
		}
		if s.at >= s.size {
			return nil, 0, nil
		}
		keep := len(s.b)
		if need := keep + readBlock; cap(s.buf) < need {
			s.buf = append(make([]byte, 0, max(need, 2*cap(s.buf))), s.b...)[:keep]
		} else {
			copy(s.buf[:keep], s.b)
		}
		n := min(int64(readBlock), s.size-s.at)
		s.buf = s.buf[:keep+int(n)]
		if err := readFull(s.f, s.buf[keep:], s.at); err != nil {
			return nil, 0, err
		}
		s.at += n
		s.b = s.buf
	}
}

// Find says in which day folder a recording is. One that still runs is not in
// any: ErrNotFound.
func (r *Reader) Find(id string) (Day, error) {
	day, err := r.locate("", id)
	if err == nil && day == "" {
		err = ErrNotFound
	}
	return day, err
}

// locate looks for a recording: in its day folder, in open/ (then the day is
// ""), and, where the day is not known, near the day that its ID was made and at
// last everywhere.
func (r *Reader) locate(day Day, id string) (Day, error) {
	if err := validID(id); err != nil {
		return "", err
	}
	var look []Day // "" = open/
	switch {
	case day == "":
		made := ulid.Time(ulid.MustParseStrict(id).Time())
		look = []Day{"", DayOf(made), DayOf(made.AddDate(0, 0, -1)), DayOf(made.AddDate(0, 0, 1))}
	case day.Valid():
		look = []Day{day, "", day} // it may be sealed between the first two looks
	default:
		return "", fmt.Errorf("%q is not a day like 2026-11-22: %w", day, ErrNotFound)
	}
	try := func(d Day) (bool, error) {
		if d == "" {
			return has(r.disk, openDir, id)
		}
		if !d.Valid() {
			return false, nil
		}
		return has(r.disk, d.dir(), id)
	}
	for _, d := range look {
		if there, err := try(d); there || err != nil {
			return d, err
		}
	}
	if day != "" {
		return "", ErrNotFound
	}
	days, err := r.Days()
	for _, d := range slices.Backward(days) {
		if there, e := try(d); there || e != nil {
			return d, e
		}
	}
	return "", cmp.Or(err, ErrNotFound)
}

// has reports whether a folder holds a recording: its story, or any of its files.
func has(d Disk, dir, id string) (bool, error) {
	names := []string{id + extStory, wavName(id, "mixed"), wavName(id, "network"), wavName(id, "local")}
	for _, name := range names {
		_, err := d.Stat(path.Join(dir, name))
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return err == nil, err
		}
	}
	return false, nil
}

// A Story is what happened in a recording.
type Story struct {
	Start   Start
	Entries []Entry
	Ended   bool // the last entry is the end
	Damaged int  // lines that cannot be read
}

// Story reads a recording's story. day may be "".
func (r *Reader) Story(day Day, id string) (Story, error) {
	f, _, err := r.open(day, id, id+extStory)
	if err != nil {
		return Story{}, &Error{Op: "read", ID: id, Err: err}
	}
	defer f.Close()
	b, err := readAll(f, 1<<30)
	if err != nil {
		return Story{}, &Error{Op: "read", ID: id, Err: err}
	}
	p, err := parseStory(b)
	if err != nil {
		return Story{}, &Error{Op: "read", ID: id, Err: err}
	}
	s := Story{Entries: p.entries, Damaged: p.damaged}
	if p.start != nil {
		s.Start = *p.start
	}
	_, s.Ended = p.ended()
	return s, nil
}

// open opens a file of a recording wherever it is now, and says in which day, ""
// for open/.
func (r *Reader) open(day Day, id, name string) (File, Day, error) {
	for try := 0; ; try++ {
		d, err := r.locate(day, id)
		if err != nil {
			return nil, "", err
		}
		at := inOpen(name)
		if d != "" {
			at = d.file(name)
		}
		f, err := r.disk.Open(at, os.O_RDONLY, 0)
		if err == nil {
			return f, d, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, "", err
		}
		if try == 1 { // the first time it may have been sealed in between
			return nil, "", fmt.Errorf("%s: %w", name, ErrNotFound)
		}
	}
}

// A Check is the result of verifying one file.
type Check struct {
	Name string
	OK   bool
	Err  error // what is wrong: missing, size, hash, format
}

// Verify compares the files of a recording with its journal line: presence, size,
// SHA-256, and that the WAV says what the line says. day may be "".
func (r *Reader) Verify(ctx context.Context, day Day, id string) ([]Check, error) {
	fail := func(err error) ([]Check, error) { return nil, &Error{Op: "verify", ID: id, Err: err} }
	if day == "" {
		var err error
		if day, err = r.Find(id); err != nil {
			return fail(err)
		}
	}
	if err := validID(id); err != nil {
		return fail(err)
	}
	if !day.Valid() {
		return fail(fmt.Errorf("%q is not a day like 2026-11-22", day))
	}
	var seal *Seal
	err := r.dayLines(ctx, day, 0, func(l *JournalLine) error {
		if l.ID == id && l.Seal != nil {
			seal = l.Seal
		}
		return nil
	}, nil)
	if err != nil {
		return fail(err)
	}
	if seal == nil {
		return fail(fmt.Errorf("the journal of %s has no line for it: %w", day, ErrNotFound))
	}
	return r.VerifySeal(ctx, day, seal)
}

// VerifySeal is Verify for who has the journal line at hand, as one that checks
// all recordings while it reads the journals.
func (r *Reader) VerifySeal(ctx context.Context, day Day, seal *Seal) ([]Check, error) {
	var checks []Check
	for _, want := range seal.Files {
		checks = append(checks, r.verifyFile(day, seal, want))
		if ctx.Err() != nil {
			return checks, ctx.Err()
		}
	}
	if seal.Story.Name != "" {
		checks = append(checks, r.verifyFile(day, seal, seal.Story))
	}
	return checks, nil
}

func (r *Reader) verifyFile(day Day, seal *Seal, want Sealed) Check {
	c := Check{Name: want.Name}
	if _, side, _, ok := splitName(want.Name); !ok || side != want.Side {
		c.Err = errors.New("the journal line names a file that is none of ours")
		return c
	}
	f, err := r.disk.Open(day.file(want.Name), os.O_RDONLY, 0)
	if err != nil {
		c.Err = err
		return c
	}
	defer f.Close()
	size, err := f.Size()
	if err == nil && size != want.Bytes {
		err = fmt.Errorf("%d bytes, the journal says %d", size, want.Bytes)
	}
	var sum string
	if err == nil {
		sum, _, err = hashFile(f, size, 0, nil)
	}
	if err == nil && sum != want.SHA256 {
		err = fmt.Errorf("SHA-256 is %s, the journal says %s", sum, want.SHA256)
	}
	if err == nil && want.Side != "" {
		_, err = parseWAV(f, size, seal.Codec, seal.Samples)
	}
	c.OK, c.Err = err == nil, err
	return c
}
