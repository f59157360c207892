package archive

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"vaad/dsp/wav"
	"vaad/recorder/archive/crypt"
)

// A sealing brings one recording from open/ into its day folder. prepare works
// on the files in open/; after a syncfs, move renames them; after the journal
// line and another syncfs, the checkpoint file is removed. Each step may be
// repeated, and a crash between any two leaves what recovery can finish: as long
// as the checkpoint file is there, the sealing is not complete.
type sealing struct {
	id    string
	day   Day
	start Start
	w     *Writer // nil for recovered ones
	sides []sealSide
	end   End

	base      int64   // length of the story without its closing block
	addStart  bool    // the story has no readable start
	sum       summary // the story up to base
	lostSides []string
	recovered bool
	cut       int64 // bytes behind the last good checkpoint
	unchecked bool  // there was no checkpoint file

	discard   bool
	journaled bool         // the journal has the line already: only finish moving
	hashed    []hashedSide // kept over tries: a full disk must not cost a hash each time
	moves     []string     // names that go from open/ into the day folder
	plain     []string     // names that are removed from open/ when their encrypted files are sealed
	stale     []string     // encrypted files in open/ that an earlier life left
	enc       Encryption   // what is encrypted
	key       crypt.Key    // with which
	prepared  bool
	durable   bool // a syncfs has made the prepared files durable

	line   JournalLine
	from   time.Time // when it was queued
	err    error     // of the step under way
	tries  int
	unread int // those at which a file could not be read back
	retry  time.Time
	done   func(JournalLine, error) // told after the first try
}

type sealSide struct {
	name   string
	bytes  int64 // of audio to keep
	noted  int64 // samples of these, as the last checkpoint says; see Codec.real
	chunks []chunk
}

// giveUp is after how many tries to read it, over half a minute, a file that cannot be
// read back because of a bad sector is sealed without a hash: better a recording that
// says so than one that is never listed.
const giveUp = 5

type hashedSide struct {
	file Sealed
	bad  []span
}

// redo forgets what prepare did, after the disk could not make it durable.
func (s *sealing) redo() {
	if !s.durable {
		s.prepared, s.hashed = false, nil
	}
}

// toSealing makes a sealing of a finished writer, writing the last checkpoint.
func (w *Writer) toSealing(s *sealing) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ckpt == nil {
		return nil // done by an earlier try
	}
	pending := false
	var samples int64
	s.sides = s.sides[:0]
	for i := range w.sides {
		pending = pending || w.sides[i].since > 0
		samples = max(samples, w.start.Codec.Samples(w.sides[i].bytes))
		s.sides = append(s.sides, sealSide{name: w.start.Sides[i], bytes: w.sides[i].bytes, noted: w.samples})
	}
	if pending && !s.discard {
		if err := w.checkpoint(s.end.Time, samples); err != nil {
			return err
		}
	}
	s.base, s.sum = w.storyOff, w.sum
	w.close()
	return nil
}

// prepare brings the files in open/ into their final form and computes the line.
func (s *sealing) prepare(d Disk) error {
	if s.prepared || s.discard || s.journaled {
		return nil
	}
	s.moves, s.plain = nil, nil
	if s.w != nil {
		if err := s.w.toSealing(s); err != nil {
			return err
		}
		if err := s.loadChunks(d); err != nil {
			return err
		}
	}
	if s.unchecked {
		if err := s.makeIntent(d); err != nil {
			return err
		}
	}
	if s.hashed == nil {
		for i := range s.sides {
			f, bad, err := sealWAV(d, s.id, s.start.Codec, &s.sides[i])
			unread := errors.Is(err, errUnreadable) && Reason(err) == "io"
			if unread && s.unread >= giveUp {
				side := s.sides[i]
				f, err = Sealed{Side: side.name, Name: wavName(s.id, side.name), Bytes: f.Bytes}, nil
				bad = []span{{0, side.bytes}}
			} else if err == nil && !s.unchecked {
				bad = append(bad, uncovered(s.sides[i].chunks, s.sides[i].bytes)...)
				slices.SortFunc(bad, func(a, b span) int { return cmp.Compare(a.from, b.from) })
			}
			if err != nil {
				if s.hashed = nil; unread {
					s.unread++
				}
				return err
			}
			s.hashed = append(s.hashed, hashedSide{f, bad})
		}
	}
	sum := s.sum
	seal := &sum.seal
	seal.Unverified = s.unchecked
	seal.Acts = slices.Clone(seal.Acts)
	codec := s.start.Codec
	var closing []Entry
	for _, side := range s.lostSides {
		closing = append(closing, Entry{Kind: EntrySideLost, Side: side})
	}
	seal.Sides = nil
	for i, side := range s.sides {
		seal.Sides = append(seal.Sides, side.name)
		file, err := s.final(d, s.hashed[i].file, s.enc.Audio)
		if err != nil {
			return err
		}
		seal.Files = append(seal.Files, file)
		samples := codec.real(side.bytes, side.noted)
		seal.Samples = max(seal.Samples, samples)
		for _, b := range s.hashed[i].bad {
			from := codec.Samples(b.from)
			closing = append(closing, Entry{At: from, Kind: EntryDamaged, Side: side.name, Value: min(codec.Samples(b.to), samples) - from})
		}
	}
	if s.recovered {
		closing = append(closing, Entry{At: seal.Samples, Kind: EntryRecovered, Value: s.cut})
	}
	closing = append(closing, Entry{Time: s.end.Time, At: seal.Samples, Kind: EntryEnd, Code: s.end.EndedBy, Text: s.end.Reason}.utc())
	for _, e := range closing {
		sum.add(e)
	}
	story, err := s.sealStory(d, closing)
	if err != nil {
		return err
	}
	if seal.Story, err = s.final(d, story, s.enc.Audio && s.enc.Stories); err != nil {
		return err
	}
	for _, name := range s.stale {
		if !slices.Contains(s.moves, name) {
			s.plain = append(s.plain, name)
		}
	}
	seal.ID = s.id
	s.line.Kind, s.line.ID, s.line.Seal = KindSealed, s.id, seal
	s.prepared = true
	return nil
}

// makeIntent gives a recording without checkpoints a file that says that its
// sealing is under way.
func (s *sealing) makeIntent(d Disk) error {
	f, err := d.Open(inOpen(s.id+extCkpt), os.O_RDWR|os.O_CREATE, openPerm)
	if err != nil {
		return err
	}
	defer f.Close()
	h := headerOf(ulid.MustParseStrict(s.id), &s.start)
	h.whole = true
	b := h.append(nil)
	if _, err = f.WriteAt(b, 0); err != nil {
		return err
	}
	return f.Truncate(int64(len(b)))
}

// loadChunks reads back what the checkpoints say, so that sealing proves the
// files against them.
func (s *sealing) loadChunks(d Disk) error {
	b, err := readName(d, inOpen(s.id+extCkpt))
	if err != nil {
		return err
	}
	_, recs, err := parseCkpt(b)
	if err != nil {
		return fmt.Errorf("%s: %w", inOpen(s.id+extCkpt), err)
	}
	for i := range s.sides {
		s.sides[i].chunks = chunksOf(recs, i, s.sides[i].bytes)
	}
	return nil
}

// chunksOf lists the chunks of one side that end within its first bytes.
func chunksOf(recs []ckptRecord, side int, bytes int64) []chunk {
	var cs []chunk
	for _, r := range recs {
		if c := r.sides[side]; c.n > 0 && c.total <= bytes {
			cs = append(cs, c)
		}
	}
	return cs
}

func readName(d Disk, name string) ([]byte, error) {
	f, err := d.Open(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := readAll(f, 1<<30)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return b, nil
}

// openRW opens a file for writing that may have been made read-only by an
// earlier, interrupted sealing.
func openRW(d Disk, name string) (File, error) {
	f, err := d.Open(name, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrPermission) {
		if err := d.Chmod(name, openPerm); err != nil {
			return nil, err
		}
		f, err = d.Open(name, os.O_RDWR, 0)
	}
	return f, err
}

// sealWAV gives a side its final length, head and mode and hashes it.
func sealWAV(d Disk, id string, codec Codec, side *sealSide) (Sealed, []span, error) {
	name := wavName(id, side.name)
	f, err := openRW(d, inOpen(name))
	if err != nil {
		return Sealed{}, nil, err
	}
	defer f.Close()
	head := header(codec, side.bytes, codec.real(side.bytes, side.noted))
	data := int64(len(head)) + side.bytes
	total := data + int64(wav.Pad(side.bytes))
	size, err := f.Size()
	if err == nil && size < data && side.bytes > 0 { // a crash at the beginning may leave half a head
		err = fmt.Errorf("%s has %d bytes, %d were written: %w", name, size, data, errShort)
	}
	if err == nil && size != total {
		if err = f.Truncate(data); err == nil && total > data {
			err = f.Truncate(total) // the pad byte is 0
		}
	}
	if err == nil {
		_, err = f.WriteAt(head, 0)
	}
	if err != nil {
		return Sealed{}, nil, err
	}
	if err = d.Chmod(inOpen(name), sealedPerm); err != nil {
		return Sealed{}, nil, err
	}
	sum, bad, err := hashFile(f, total, int64(len(head)), side.chunks)
	if err != nil {
		err = fmt.Errorf("%s: %w: %w", name, errUnreadable, err)
	}
	return Sealed{Side: side.name, Name: name, Bytes: total, SHA256: sum}, bad, err
}

var errUnreadable = errors.New("cannot be read back")

var errShort = errors.New("the file was shortened by somebody else")

// sealStory appends the closing block and hashes the story.
func (s *sealing) sealStory(d Disk, closing []Entry) (Sealed, error) {
	name := inOpen(s.id + extStory)
	f, err := openRW(d, name)
	if errors.Is(err, fs.ErrNotExist) && s.w == nil { // recovery without a story
		f, err = d.Open(name, os.O_RDWR|os.O_CREATE, openPerm)
	}
	if err != nil {
		return Sealed{}, err
	}
	defer f.Close()
	var b []byte
	if s.addStart {
		b = appendStart(b, s.id, &s.start)
	}
	for _, e := range closing {
		b = appendEntry(b, e)
	}
	total := s.base + int64(len(b))
	if _, err = f.WriteAt(b, s.base); err != nil {
		return Sealed{}, err
	}
	if err = f.Truncate(total); err != nil {
		return Sealed{}, err
	}
	sum, _, err := hashFile(f, total, 0, nil)
	if err == nil {
		err = d.Chmod(name, sealedPerm)
	}
	return Sealed{Name: s.id + extStory, Bytes: total, SHA256: sum}, err
}

// move renames wavs, then the story, into the day folder.
func (s *sealing) move(d Disk) error {
	if err := d.MkdirAll(s.day.dir(), dirPerm); err != nil {
		return err
	}
	for _, name := range s.moves {
		if err := moveFile(d, s.day, name); err != nil {
			return err
		}
	}
	return nil
}

func moveFile(d Disk, day Day, name string) error {
	err := d.Rename(inOpen(name), day.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		if _, e := d.Stat(day.file(name)); e == nil {
			return nil // moved by an earlier try
		}
	}
	return err
}

// intend marks a recording as discarded. When that is durable its files may be
// removed: no crash brings half of it back.
func (s *sealing) intend(d Disk) error {
	err := d.Rename(inOpen(s.id+extCkpt), inOpen(s.id+extDiscard))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // by an earlier try, or it never had a checkpoint file
	}
	return err
}

// removeAudio removes all files of a discarded recording but the mark itself,
// which goes when their removal is durable.
func (s *sealing) removeAudio(d Disk) error {
	for _, side := range s.start.Sides {
		if err := removeName(d, inOpen(wavName(s.id, side))); err != nil {
			return err
		}
	}
	for _, name := range s.stale {
		if err := removeName(d, inOpen(name)); err != nil {
			return err
		}
	}
	return removeName(d, inOpen(s.id+extStory))
}

// vanished says whether no file of the recording is left, here or there.
func (s *sealing) vanished(d Disk) bool {
	names := []string{s.id + extStory, s.id + extCkpt}
	for _, side := range s.start.Sides {
		names = append(names, wavName(s.id, side))
	}
	for _, name := range names {
		for _, at := range []string{inOpen(name), s.day.file(name), s.day.file(name + extEnc)} {
			if _, err := d.Stat(at); !errors.Is(err, fs.ErrNotExist) {
				return false
			}
		}
	}
	return true
}

func removeName(d Disk, name string) error {
	if err := d.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
