package archive

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/oklog/ulid/v2"
)

// A Reader reads an archive and never writes. [Archive] has all its methods.
type Reader struct {
	disk    Disk
	durable func(Day, int64) int64 // nil = all of a journal is
	keys    Keys                   // of encrypted recordings; nil = there are none
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
	if dir != openDir { // there encrypted files are on their way
		for _, name := range names[:4:4] {
			names = append(names, name+extEnc)
		}
	}
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
