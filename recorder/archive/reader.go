package archive

import (
	"context"
	"io"
)

// A Reader reads an archive and never writes. [Archive] has all its methods.
type Reader struct {
	disk Disk
}

// OpenReadOnly opens an archive without a lock and without repairing anything,
// also beside a running daemon. disk nil = OSDisk(root).
func OpenReadOnly(root string, disk Disk) (*Reader, error) { return &Reader{disk}, nil }

// Days lists the days that have a journal, oldest first.
func (r *Reader) Days() ([]Day, error) { return nil, nil }

// Lines streams the lines behind the cursor (nil = all): days in order, lines in
// order. A damaged line is told to damaged (may be nil) as "file:line" and
// skipped. It ends with f's error. Memory is bounded.
func (r *Reader) Lines(ctx context.Context, from Cursor, f func(*JournalLine) error, damaged func(where string, err error)) error {
	return nil
}

// Find says in which day folder a recording is.
func (r *Reader) Find(id string) (Day, error) { return "", ErrNotFound }

// Audio is one side of a recording, as a WAV file and as its samples.
type Audio struct {
	io.ReadSeeker        // the whole WAV, header included
	Side          string //
	Codec         Codec  //
	Size          int64  // of the WAV in bytes
	DataOffset    int64  // where the samples begin
	DataBytes     int64  //
}

// Data reads the samples only.
func (a *Audio) Data() *io.SectionReader { return nil }

// Close closes the file.
func (a *Audio) Close() error { return nil }

// Audio opens a side. day may be "": it is looked for then. A recording that
// still runs is read up to what is written now.
func (r *Reader) Audio(day Day, id, side string) (*Audio, error) { return nil, ErrNotFound }

// A Story is what happened in a recording.
type Story struct {
	Start   Start
	Entries []Entry
	Ended   bool // the last entry is the end
	Damaged int  // lines that cannot be read
}

// Story reads a recording's story. day may be "".
func (r *Reader) Story(day Day, id string) (Story, error) { return Story{}, ErrNotFound }

// A Check is the result of verifying one file.
type Check struct {
	Name string
	OK   bool
	Err  error // what is wrong: missing, size, hash, format
}

// Verify compares the files of a recording with its journal line: presence, size,
// SHA-256, and that the WAV says what the line says. day may be "".
func (r *Reader) Verify(ctx context.Context, day Day, id string) ([]Check, error) {
	return nil, ErrNotFound
}

// ExportStereo writes one WAV with two channels from two sides of equal codec;
// the shorter side is filled with silence.
func ExportStereo(w io.Writer, left, right *Audio) error { return nil }
