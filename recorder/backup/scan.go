package backup

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"vaad/recorder/archive"
)

// An item is a recording that is to be on the target.
type item struct {
	seq   uint64
	id    string
	time  time.Time        // of its end
	files []archive.Sealed // audio, then the story
}

func (i *item) bytes() (n int64) {
	for _, f := range i.files {
		n += f.Bytes
	}
	return n
}

// A scan is a day's journal held against what is on the target.
type scan struct {
	day   archive.Day
	place archive.Place // behind the last line
	seq   uint64        // of the last line that can be read
	sum   string        // of the whole
	size  int64         // of the file, before it was read
	mod   int64

	same   bool // it begins with what is on the target
	fresh  int  // lines behind that
	oldest time.Time
	items  []item // to copy
	work   Work
	erased []string // by the lines behind
	bad    []int    // lines that cannot be read, behind
}

// scanner reads journals.
type scanner struct {
	journals Journals
	disk     archive.Disk
	pool     archive.Pool
	include  func(*archive.Seal) bool
	now      func() time.Time
}

// settled is after how long a file's time of change tells it from a later one.
const settled = 2 * time.Second

// unchanged reports whether a day needs no look: its journal is the file that was
// read when all of it came to the target.
func (s *scanner) unchanged(d archive.Day, at *dayState) bool {
	if at == nil || at.Recheck != "" || at.Mod == 0 || len(at.Faults)+len(at.Remove) > 0 {
		return false
	}
	fi, err := s.disk.Stat(local(d, journalName))
	return err == nil && fi.Size() == at.Size && fi.ModTime().UnixNano() == at.Mod
}

// scan reads a day's journal. at nil = nothing of it is on the target. Recordings
// that its faults name are looked at again.
func (s *scanner) scan(ctx context.Context, d archive.Day, at *dayState) (*scan, error) {
	var size, mod int64
	if fi, err := s.disk.Stat(local(d, journalName)); err == nil {
		size = fi.Size()
		if m := fi.ModTime(); !m.IsZero() {
			mod = m.UnixNano()
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var from dayState
	if at != nil {
		from = *at
	}
	sc, err := s.read(ctx, d, &from, from.Bytes > 0 && from.Recheck == "")
	if errors.Is(err, errStop) {
		sc, err = s.read(ctx, d, &from, false)
	}
	if err != nil {
		return nil, err
	}
	sc.same = sc.same || from.Bytes == 0
	if sc.size, sc.mod = size, mod; size != sc.place.Bytes {
		sc.mod = 0 // there is more than could be read: look again
	}
	if age := s.now().Sub(time.Unix(0, mod)); age < settled {
		sc.mod = 0 // it may change again within the same tick
	}
	return sc, nil
}

// errStop ends reading a journal.
var errStop = errors.New("stop")

// read reads a journal once. With same it is to begin with what is on the target,
// or the error is errStop.
func (s *scanner) read(ctx context.Context, d archive.Day, from *dayState, same bool) (*scan, error) {
	sc := &scan{day: d, same: same}
	again := map[uint64]bool{} // recordings behind us that were not right
	for _, f := range from.Faults {
		again[f.Seq] = same
	}
	h := (&vault{pool: s.pool}).hasher(ctx)
	buf := bufio.NewWriterSize(h, block)
	long := false // lines without bytes cannot be hashed one by one
	sum := func() (string, error) {
		if long {
			return s.sum(ctx, d, sc.place.Bytes)
		}
		err := buf.Flush()
		return h.sum(), err
	}
	erased := map[string]bool{}
	err := s.journals.RawLines(ctx, d, archive.Place{}, func(raw *archive.RawLine) error {
		if long = long || raw.Bytes == nil; !long {
			_, _ = buf.Write(raw.Bytes) // an error stays, and Flush tells it
			_ = buf.WriteByte('\n')
		}
		sc.place = archive.Place{Lines: raw.Number, Bytes: raw.Next}
		old := same && raw.Next <= from.Bytes
		if old && len(again) == 0 {
			if raw.Next < from.Bytes {
				return nil
			}
		} else {
			s.line(sc, raw, old, again, erased)
		}
		if same && raw.Next == from.Bytes {
			if got, err := sum(); err != nil || got != from.Sum {
				return cmp.Or(err, errStop)
			}
			sc.seq = max(sc.seq, from.Seq)
		}
		return nil
	})
	if err == nil && same && sc.place.Bytes < from.Bytes {
		err = errStop
	}
	if err != nil {
		return nil, err
	}
	if sc.sum, err = sum(); err != nil {
		return nil, err
	}
	sc.items = slices.DeleteFunc(sc.items, func(it item) bool { return erased[it.id] })
	for i := range sc.items {
		sc.work.Recordings++
		sc.work.Files += int64(len(sc.items[i].files))
		sc.work.Bytes += sc.items[i].bytes()
	}
	return sc, nil
}

// sum hashes the first bytes of a journal.
func (s *scanner) sum(ctx context.Context, d archive.Day, n int64) (string, error) {
	f, err := s.disk.Open(local(d, journalName), os.O_RDONLY, 0)
	if err != nil {
		return "", err
	}
	sum, err := (&vault{pool: s.pool}).hashLocal(ctx, f, n)
	return sum, errors.Join(err, f.Close())
}

// line takes one line in.
func (s *scanner) line(sc *scan, raw *archive.RawLine, old bool, again map[uint64]bool, erased map[string]bool) {
	if !old {
		sc.fresh++
	}
	l, err := raw.Parse()
	if err != nil {
		if !old {
			sc.bad = append(sc.bad, raw.Number)
		}
		return
	}
	sc.seq = l.Seq
	switch {
	case l.Kind == archive.ActErase:
		erased[l.ID] = true
		if !old {
			sc.erased = append(sc.erased, l.ID)
		}
	case l.Seal != nil && (!old || again[l.Seq]):
		s.seal(sc, &l)
	}
	if sc.oldest.IsZero() && !old {
		sc.oldest = l.Time
		if l.Seal != nil && !l.Seal.End.IsZero() {
			sc.oldest = l.Seal.End
		}
	}
}

// seal notes a recording.
func (s *scanner) seal(sc *scan, l *archive.JournalLine) {
	if s.include != nil && !s.include(l.Seal) {
		return
	}
	it := item{seq: l.Seq, id: l.ID, time: l.Seal.End}
	for _, f := range append(slices.Clone(l.Seal.Files), l.Seal.Story) {
		if f.Name != "" {
			it.files = append(it.files, f)
		}
	}
	sc.items = append(sc.items, it)
}

// relation says how a journal on the target stands to ours.
type relation int

const (
	relPrefix  relation = iota // ours begins with it
	relOurs                    // the same lines by number and recording, some with other words: redacted
	relAhead                   // it goes on where ours ends
	relForeign                 // it is of other recordings
)

// compareJournals compares what is on the target with our journal.
func (s *scanner) compareJournals(ctx context.Context, d archive.Day, theirs io.Reader) (relation, dayState, error) {
	st := dayState{Day: d}
	h := sha256.New()
	type key struct {
		seq uint64
		id  string
	}
	var keys []key
	lr := newLines(io.TeeReader(theirs, h))
	for {
		raw, err := lr.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, st, err
		}
		st.Lines, st.Bytes = raw.Number, raw.Next
		if l, err := raw.Parse(); err == nil {
			st.Seq = l.Seq
			keys = append(keys, key{l.Seq, l.ID})
		}
	}
	st.Sum = hexSum(h)
	if sum, err := s.sum(ctx, d, st.Bytes); err == nil && sum == st.Sum {
		return relPrefix, st, nil
	} else if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, fs.ErrNotExist) {
		return 0, st, err
	}
	i, last, foreign := 0, uint64(0), false
	err := s.journals.RawLines(ctx, d, archive.Place{}, func(raw *archive.RawLine) error {
		l, err := raw.Parse()
		if err != nil {
			return nil
		}
		last = l.Seq
		for i < len(keys) && keys[i].seq < l.Seq {
			i++ // a line that cannot be read here any more
		}
		if i < len(keys) && keys[i].seq == l.Seq {
			if foreign = keys[i].id != l.ID; foreign {
				return errStop
			}
			i++
		}
		return nil
	})
	switch {
	case foreign:
		return relForeign, st, nil
	case err != nil:
		return 0, st, err
	case last == 0 && st.Seq > 0, st.Seq > last:
		return relAhead, st, nil
	}
	return relOurs, st, nil
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// maxLine is the longest line of a journal.
const maxLine = 16 << 20

// lines cuts a stream into lines of a journal.
type lines struct {
	r   io.Reader
	buf []byte
	at  int64
	n   int
	eof bool
}

func newLines(r io.Reader) *lines { return &lines{r: r} }

// next returns the next whole line; one that is too long has no bytes. io.EOF
// ends it; what has no line feed is no line.
func (l *lines) next() (archive.RawLine, error) {
	from, long := 0, int64(0)
	for {
		for i := from; i < len(l.buf); i++ {
			if l.buf[i] != '\n' {
				continue
			}
			l.n++
			l.at += int64(i) + 1 + long
			raw := archive.RawLine{Bytes: l.buf[:i:i], Number: l.n, Next: l.at}
			if long > 0 {
				raw.Bytes = nil
			}
			l.buf = l.buf[i+1:]
			return raw, nil
		}
		if l.eof {
			return archive.RawLine{}, io.EOF
		}
		if from = len(l.buf); from > maxLine {
			long, from, l.buf = long+int64(from), 0, nil
		}
		b := make([]byte, block)
		n, err := l.r.Read(b)
		l.buf = append(l.buf[:len(l.buf):len(l.buf)], b[:n]...)
		if err == io.EOF {
			l.eof = true
		} else if err != nil {
			return archive.RawLine{}, fmt.Errorf("read journal: %w", err)
		}
	}
}
