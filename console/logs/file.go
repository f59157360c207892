package logs

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// Lines on disk are JSON, one a line; nothing is synced, for a log is no
// recording. What is cut off by a crash is left out at the next start.

const fileName = "vaad.log"

// file is the one that is written.
type file struct {
	dir  string
	f    *os.File
	size int64
	torn bool // it may end within a line: the next one begins on a line of its own
}

// name is a file by its age: vaad.log, vaad.log.1 …
func (f *file) name(age int) string {
	if age == 0 {
		return filepath.Join(f.dir, fileName)
	}
	return filepath.Join(f.dir, fileName+"."+strconv.Itoa(age))
}

// Keep reads what runs before have left in a folder, which is made, and has new lines
// written there by [Book.Run]. Lines from before Keep keep their order. It is called once.
func (b *Book) Keep(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("the log's folder: %w", err)
	}
	f := &file{dir: dir}
	var old []Line
	for age := Files - 1; age >= 0; age-- {
		more, err := read(f.name(age))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the log of the last run: %w", err)
		}
		old = append(old, more...)
	}
	if err := f.open(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	mine := b.all()
	b.lines, b.first, b.next = nil, 0, 1
	for _, l := range old {
		if l.Seq = max(l.Seq, b.next); l.Seq > 1<<62 { // a file that somebody has made
			l.Seq = b.next
		}
		l.Earlier, b.next = true, l.Seq+1
		b.push(l)
	}
	shift := b.next - 1
	for _, l := range mine {
		l.Seq += shift
		b.next = l.Seq + 1
		b.push(l)
	}
	for i := range b.wait {
		b.wait[i].Seq += shift
	}
	b.file = f
	poke(b.bell)
	return nil
}

func (f *file) open() (err error) {
	if f.f, err = os.OpenFile(f.name(0), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640); err != nil {
		return fmt.Errorf("the log's file: %w", err)
	}
	st, err := f.f.Stat()
	if err != nil {
		return errors.Join(err, f.f.Close())
	}
	f.size, f.torn = st.Size(), st.Size() > 0 // by a crash; nothing is written yet, as the disk may be full
	return nil
}

// read takes the lines of a file, at most as many as memory holds.
func read(name string) ([]Line, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	var out []Line
	in := bufio.NewScanner(f)
	in.Buffer(nil, 256<<10)
	for in.Scan() {
		var l Line
		if b := bytes.TrimSpace(in.Bytes()); len(b) > 0 && json.Unmarshal(b, &l) == nil && !l.Time.IsZero() {
			if out = append(out, l); len(out) > 2*Ring {
				out = slices.Delete(out, 0, Ring)
			}
		}
	}
	if errors.Is(in.Err(), bufio.ErrTooLong) { // no line of ours: what follows is left out
		return out, nil
	}
	return out, in.Err()
}

// Run writes lines to the file until ctx ends. Without Keep it only waits.
func (b *Book) Run(ctx context.Context) {
	for {
		select {
		case <-b.bell:
			b.flush()
		case <-ctx.Done():
			b.flush()
			b.mu.Lock()
			f := b.file
			b.file = nil
			b.mu.Unlock()
			if f != nil {
				_ = f.f.Close() // nothing of a log is promised to be on the disk
			}
			return
		}
	}
}

// flush writes what waits. What the disk refuses is dropped: it is in memory, and in
// the journal.
func (b *Book) flush() {
	b.mu.Lock()
	f := b.file
	if f == nil {
		b.mu.Unlock()
		return
	}
	mine, lost := b.wait, b.lost
	b.wait, b.lost = nil, 0
	b.mu.Unlock()
	var out bytes.Buffer
	if lost > 0 {
		mine = append(mine, Line{Time: time.Now().UTC(), Text: fmt.Sprintf("%d lines are missing here: the disk was too slow", lost)})
	}
	for _, l := range mine {
		if j, err := json.Marshal(l); err == nil {
			out.Write(append(j, '\n'))
		}
		if f.size+int64(out.Len()) >= FileBytes {
			f.write(&out)
			f.rotate()
		}
	}
	f.write(&out)
}

func (f *file) write(b *bytes.Buffer) {
	if b.Len() == 0 {
		return
	}
	out := b.Bytes()
	if f.torn {
		out = append([]byte{'\n'}, out...)
	}
	n, _ := f.f.Write(out)
	f.torn = n < len(out) && (n > 0 || f.torn)
	f.size += int64(n)
	b.Reset()
}

// rotate begins a new file. When that fails the old one grows on, until it can.
func (f *file) rotate() {
	name := f.name(0) + ".new" // first: old files go when there is a new one
	fresh, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return
	}
	for age := Files - 1; age > 0 && err == nil; age-- {
		if err = os.Rename(f.name(age-1), f.name(age)); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err == nil {
		err = os.Rename(name, f.name(0))
	}
	if err != nil {
		_ = fresh.Close() // empty
		_ = os.Remove(name)
		return
	}
	_ = f.f.Close() // nothing of a log is promised to be on the disk
	f.f, f.size, f.torn = fresh, 0, false
}
