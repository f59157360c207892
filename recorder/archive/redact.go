package archive

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"strconv"
)

// A journal is only added to, with one exception: what it says of people can be
// taken away. The line stays, with its number, its kind and its recording, as long
// as it was, so that no reader loses its place; blanks fill it up. Its salt goes,
// so its hash, which the evidence log has, tells nothing about what was in it.

// personal says whether a line may tell of people.
func personal(l *JournalLine) bool {
	switch {
	case l.Redacted || l.Kind == ActErase || l.Kind == ActClass:
		return false
	case l.Seal != nil, l.Kind == ActNote, l.Kind == ActMark:
		return true
	}
	return l.Value != "" || !isAct(l.Kind)
}

// redacted is the line that takes the place of one, as many bytes long; b is the
// old one, without its line feed.
func redacted(b []byte, l *JournalLine) ([]byte, error) {
	n := JournalLine{V: l.V, Seq: l.Seq, Time: l.Time, Kind: l.Kind, ID: l.ID, Redacted: true}
	if s := l.Seal; s != nil {
		n.Seal = &Seal{Start: Start{Line: s.Line, Board: s.Board, Previous: s.Previous, Codec: s.Codec, Sides: s.Sides, Begin: s.Begin,
			BeginPos: s.BeginPos, Simulated: s.Simulated, ClockSynced: s.ClockSynced, Class: s.Class},
			End: s.End, Samples: s.Samples, Files: []Sealed{}}
	}
	r := appendLine(nil, &n)
	r = r[:len(r)-1-crcLen]
	fill := len(b) - crcLen - len(r)
	if fill < 0 {
		return nil, fmt.Errorf("line %d is too short to be redacted", l.Seq)
	}
	return withCRC(append(r, bytes.Repeat([]byte{' '}, fill)...)), nil
}

// withCRC ends a line, which has its last brace not yet.
func withCRC(r []byte) []byte {
	sum := strconv.FormatUint(uint64(crc32.Checksum(r, castagnoli)), 16)
	r = append(bytes.Clone(r), crcHead...)
	r = append(append(r, "00000000"[len(sum):]...), sum...)
	return append(r, '"', '}')
}

// newJournal is where the journal of a day is made anew.
func newJournal(d Day) string { return openDir + "/" + string(d) + newJournalExt }

const newJournalExt = ".new"

// A redaction is what the committer is asked for: to take away what the journal of
// a day says of recordings. done is told, from the committer's goroutine.
type redaction struct {
	day  Day
	ids  map[string]bool
	done func(error)
}

// redactNext does what was asked for of one day, and says whether more waits: what
// is to be sealed or written has its turn between two days. Who closes does not
// wait for it; the next start goes on.
func (c *committer) redactNext() bool {
	c.mu.Lock()
	if len(c.redactions) == 0 {
		c.mu.Unlock()
		return false
	}
	day, ids := c.redactions[0].day, map[string]bool{}
	var all, left []redaction
	for _, r := range c.redactions {
		if r.day == day {
			all = append(all, r)
			maps.Copy(ids, r.ids)
		} else {
			left = append(left, r)
		}
	}
	c.redactions = left
	closing := c.closing
	c.mu.Unlock()
	err := ErrClosed
	if !closing {
		err = c.redact(day, ids)
	}
	for _, r := range all {
		r.done(err)
	}
	return len(left) > 0
}

// redact replaces what the journal of a day says of recordings. The new file
// takes the old one's place in one step, when it is durable. It runs in the
// committer's goroutine: nobody writes to journals meanwhile.
func (c *committer) redact(d Day, ids map[string]bool) error {
	for _, j := range c.journals {
		if j.day == d {
			return errors.New("the journal has an end that could not be cut off yet")
		}
	}
	name := d.file(dayJournal)
	old, err := c.disk.Open(name, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer old.Close()
	size, err := old.Size()
	if err != nil {
		return err
	}
	type patch struct {
		at int64
		b  []byte
	}
	var patches []patch
	sc := &lineScanner{f: old, size: size}
	var l JournalLine
	for {
		b, next, err := sc.line()
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		if b == nil && next == 0 {
			break
		}
		if parseLine(b, &l) != nil || !ids[l.ID] || !personal(&l) {
			continue
		}
		r, err := redacted(b, &l)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		patches = append(patches, patch{next - 1 - int64(len(b)), r})
	}
	if len(patches) == 0 {
		return nil
	}
	if err := copyFile(c.disk, old, size, newJournal(d), func(f File) error {
		for _, p := range patches {
			if _, err := f.WriteAt(p.b, p.at); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return errors.Join(err, removeName(c.disk, newJournal(d)))
	}
	if _, err := c.sync.sync(); err != nil {
		return err
	}
	if err := c.disk.Rename(newJournal(d), name); err != nil {
		return err
	}
	_, err = c.sync.sync()
	return err
}

// copyFile copies a file and then changes the copy.
func copyFile(d Disk, from File, size int64, to string, change func(File) error) error {
	if err := removeName(d, to); err != nil { // of an interrupted one
		return err
	}
	f, err := d.Open(to, os.O_RDWR|os.O_CREATE, openPerm)
	if err != nil {
		return err
	}
	b := make([]byte, min(size, 1<<20))
	for at := int64(0); at < size && err == nil; at += int64(len(b)) {
		b = b[:min(int64(len(b)), size-at)]
		if err = readFull(from, b, at); err == nil {
			_, err = f.WriteAt(b, at)
		}
	}
	if err == nil {
		err = change(f)
	}
	return errors.Join(err, f.Close())
}
