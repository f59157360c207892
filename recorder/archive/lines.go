package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

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
	sc, err := r.scan(d, at)
	if sc == nil || err != nil {
		return err
	}
	defer sc.f.Close()
	var l JournalLine
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
