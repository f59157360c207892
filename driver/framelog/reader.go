package framelog

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"vaad/driver"
	"vaad/dsp/g711"
)

// ErrNotLog is what NewReader returns for a file of another kind.
var ErrNotLog = errors.New("framelog: not a frame log: it does not begin with " + magic)

// ErrDamaged is what Next returns where whole records follow one that is not.
// A log that merely stops in the middle of a record ends there, with Torn.
var ErrDamaged = errors.New("framelog: damaged")

// Reader reads a log.
type Reader struct {
	r        *bufio.Reader
	h        header
	at       int64 // of the next record in the file
	first    int64 // of the first record
	events   [256]driver.EventKind
	commands [256]driver.CommandKind
	buf      []byte
	ticks    uint64
	unknown  uint64
	torn     bool
	note     func(Note) // may be nil
	err      error      // sticky
}

// NewReader reads the head of a log.
func NewReader(r io.Reader) (*Reader, error) {
	rd := &Reader{r: bufio.NewReaderSize(r, 64<<10)}
	b := make([]byte, preludeLen, 4096)
	if _, err := io.ReadFull(rd.r, b); err != nil || string(b[:8]) != magic {
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return nil, fmt.Errorf("framelog: read header: %w", err)
		}
		return nil, ErrNotLog
	}
	if v := binary.LittleEndian.Uint16(b[8:]); v != version {
		return nil, fmt.Errorf("framelog: version %d: this program reads version %d", v, version)
	}
	n := binary.LittleEndian.Uint32(b[12:])
	if n > maxHeader {
		return nil, fmt.Errorf("framelog: header of %d bytes: at most %d", n, maxHeader)
	}
	b = append(b, make([]byte, n)...)
	if _, err := io.ReadFull(rd.r, b[preludeLen:]); err != nil {
		return nil, fmt.Errorf("framelog: the log ends inside its header: %w", err)
	}
	if headerSum(b) != binary.LittleEndian.Uint32(b[16:]) {
		return nil, fmt.Errorf("%w: wrong checksum of the header", ErrDamaged)
	}
	if err := json.Unmarshal(b[preludeLen:], &rd.h); err != nil {
		return nil, fmt.Errorf("framelog: header: %w", err)
	}
	if err := rd.kinds(); err != nil {
		return nil, err
	}
	rd.first = int64(len(b))
	rd.at = rd.first
	return rd, nil
}

// kinds maps the numbers in this file to today's, by name.
func (rd *Reader) kinds() error {
	if n := len(rd.h.Info.Lines); n > maxLines {
		return fmt.Errorf("framelog: a board of %d lines: at most %d can be read", n, maxLines)
	}
	if len(rd.h.Events) > 256 || len(rd.h.Commands) > 256 {
		return fmt.Errorf("framelog: header: %d kinds of events and %d of commands: at most 256 each",
			len(rd.h.Events), len(rd.h.Commands))
	}
	for i, name := range rd.h.Events {
		_ = rd.events[i].UnmarshalText([]byte(name)) // unknown: stays 0
	}
	for i, name := range rd.h.Commands {
		_ = rd.commands[i].UnmarshalText([]byte(name))
	}
	return nil
}

// Info is the board's, as it was when the log was made.
func (rd *Reader) Info() driver.Info { return rd.h.Info }

// Start is the time of the first sample of the first frame.
func (rd *Reader) Start() time.Time { return rd.h.Start }

// Torn reports, once Next has returned io.EOF, that the log has no end: its
// writer was cut off.
func (rd *Reader) Torn() bool { return rd.torn }

// Unknown counts events and commands that were left out because this program
// does not know their kind.
func (rd *Reader) Unknown() uint64 { return rd.unknown }

// Next reads the next tick into rx and tx; tx may be nil. Where the log holds
// nothing sent, tx comes back silent. At the end it returns io.EOF, and goes
// on doing so.
func (rd *Reader) Next(rx, tx *driver.Frame) error {
	if !fits(rx, &rd.h.Info) || tx != nil && !fits(tx, &rd.h.Info) {
		return errFrame
	}
	for rd.err == nil {
		b, err := rd.record()
		if err != nil {
			rd.err = err
			break
		}
		switch b[0] {
		case kindTick:
			at := rd.at - int64(len(b))
			if err := rd.tick(b[1:], rx, tx); err != nil {
				rd.err = fmt.Errorf("%w at byte %d: %v", ErrDamaged, at, err)
				break
			}
			rd.ticks++
			return nil
		case kindEnd:
			rd.err = io.EOF
			if len(b) < 9 || binary.LittleEndian.Uint64(b[1:]) != rd.ticks {
				rd.err = fmt.Errorf("%w: the log ends after %d ticks, its end says otherwise", ErrDamaged, rd.ticks)
			}
		case kindNote:
			rd.tell(b[1:])
		} // others are left to later versions
	}
	return rd.err
}

// record reads one record and returns its payload, at least one byte.
func (rd *Reader) record() ([]byte, error) {
	from := rd.at
	rd.buf = grow(rd.buf[:0], recordLen)
	if err := rd.full(rd.buf); err != nil {
		return nil, rd.tail(err)
	}
	n := binary.LittleEndian.Uint32(rd.buf)
	if n == 0 || n > maxRecord {
		if n == 0 && rd.zeros() {
			return nil, rd.tail(io.ErrUnexpectedEOF)
		}
		return nil, fmt.Errorf("%w at byte %d: record of %d bytes", ErrDamaged, from, n)
	}
	// Grown step by step, so that a wrong length costs no more memory than
	// there is file.
	for have := uint32(0); have < n; {
		step := min(n-have, 256<<10)
		rd.buf = grow(rd.buf, int(step))
		if err := rd.full(rd.buf[recordLen+have:]); err != nil {
			return nil, rd.tail(err)
		}
		have += step
	}
	if recordSum(rd.buf) != binary.LittleEndian.Uint32(rd.buf[4:]) {
		if rd.zeros() {
			return nil, rd.tail(io.ErrUnexpectedEOF)
		}
		return nil, fmt.Errorf("%w at byte %d: wrong checksum", ErrDamaged, from)
	}
	return rd.buf[recordLen:], nil
}

// grow makes b longer by n bytes, whatever they hold.
func grow(b []byte, n int) []byte { return slices.Grow(b, n)[:len(b)+n] }

func (rd *Reader) full(b []byte) error {
	n, err := io.ReadFull(rd.r, b)
	rd.at += int64(n)
	return err
}

// tail is the end of a log that has no end record.
func (rd *Reader) tail(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		rd.torn = true
		return io.EOF
	}
	return fmt.Errorf("framelog: read at byte %d: %w", rd.at, err)
}

// zeros reports whether nothing but zeros follows: after a power cut a file may
// have its length but not its last bytes.
func (rd *Reader) zeros() bool {
	for {
		c, err := rd.r.ReadByte()
		if err != nil {
			return err == io.EOF
		}
		rd.at++
		if c != 0 {
			return false
		}
	}
}

// rewind goes back to the first tick; s must be what the reader reads from.
func (rd *Reader) rewind(s io.Seeker) error {
	if _, err := s.Seek(rd.first, io.SeekStart); err != nil {
		return fmt.Errorf("framelog: rewind: %w", err)
	}
	rd.r.Reset(s.(io.Reader))
	rd.at, rd.ticks, rd.torn, rd.err = rd.first, 0, false, nil
	return nil
}

var errShort = errors.New("record too short for what it says it holds")

func (rd *Reader) tick(b []byte, rx, tx *driver.Frame) error {
	if len(b) < 1 {
		return errShort
	}
	what, b := b[0], b[1:]
	rx.Reset()
	b, err := rd.section(b, rx, false)
	if tx != nil {
		tx.Reset()
	}
	if err == nil && what&hasTx != 0 {
		_, err = rd.section(b, tx, true)
	} else if tx != nil {
		tx.Seq, tx.Pos = rx.Seq, rx.Pos
		clear(tx.PCM)
	}
	return err
}

// section reads one direction of a tick into f, which may be nil.
func (rd *Reader) section(b []byte, f *driver.Frame, tx bool) ([]byte, error) {
	n := len(rd.h.Info.Lines)
	modes := (n + 3) / 4
	if len(b) < 17+modes {
		return b, errShort
	}
	if f != nil {
		f.Seq = binary.LittleEndian.Uint64(b)
		f.Pos = int64(binary.LittleEndian.Uint64(b[8:]))
		f.Late = b[16]&flagLate != 0
	}
	m, b := b[17:17+modes], b[17+modes:]
	for i := range n {
		used, err := rd.line(b, f, i, m[i/4]>>(i%4*2)&3, tx)
		if err != nil {
			return b, err
		}
		b = b[used:]
	}
	return rd.items(b, f, tx)
}

// line reads the samples of one line and returns how many bytes they took.
func (rd *Reader) line(b []byte, f *driver.Frame, i int, mode byte, tx bool) (int, error) {
	l := law(&rd.h.Info, i, tx)
	used := 0
	switch {
	case mode == silent:
	case mode == constant && l == driver.Linear:
		used = 2
	case mode == constant:
		used = 1
	case mode == codes && l != driver.Linear:
		used = driver.Block
	case mode == linear && l == driver.Linear:
		used = 2 * driver.Block
	default:
		return 0, fmt.Errorf("line %d: samples stored in a way that its law does not have", i)
	}
	if len(b) < used {
		return 0, errShort
	}
	if f == nil {
		return used, nil
	}
	if l == driver.Linear {
		pcm := f.LinePCM(i)
		switch mode {
		case silent:
			clear(pcm)
		case constant:
			fill(pcm, int16(binary.LittleEndian.Uint16(b)))
		case linear:
			for k := range pcm {
				pcm[k] = int16(binary.LittleEndian.Uint16(b[2*k:]))
			}
		}
		return used, nil
	}
	code := f.LineCode(i)
	switch mode {
	case silent:
		fill(code, l.Silence())
	case constant:
		fill(code, b[0])
	case codes:
		copy(code, b)
	}
	g711.Decode(f.LinePCM(i), code, g711.Law(l))
	return used, nil
}

func fill[T any](s []T, v T) {
	for i := range s {
		s[i] = v
	}
}

// items reads the events or commands of a section.
func (rd *Reader) items(b []byte, f *driver.Frame, tx bool) ([]byte, error) {
	n, used := binary.Uvarint(b)
	if used <= 0 || n > maxItems {
		return b, errShort
	}
	b = b[used:]
	for range n {
		if len(b) == 0 {
			return b, errShort
		}
		kind := b[0]
		b = b[1:]
		var v [3]int64 // line, at, value
		for i := range v {
			x, used := binary.Varint(b)
			if used <= 0 || x != int64(int32(x)) {
				return b, errShort
			}
			v[i], b = x, b[used:]
		}
		size, used := binary.Uvarint(b)
		if used <= 0 || size > uint64(len(b)-used) {
			return b, errShort
		}
		data := b[used : used+int(size)]
		b = b[used+int(size):]
		if f != nil {
			rd.item(f, tx, kind, int(v[0]), int(v[1]), int32(v[2]), data)
		}
	}
	return b, nil
}

func (rd *Reader) item(f *driver.Frame, tx bool, kind byte, line, at int, value int32, data []byte) {
	if tx {
		if k := rd.commands[kind]; k != 0 {
			f.Command(k, line, at, value, data)
			return
		}
		rd.unknown++
		return
	}
	k := rd.events[kind]
	if k == driver.Refused { // its value is a kind too
		value = int32(rd.commands[byte(value)])
	}
	if k == 0 {
		rd.unknown++
		return
	}
	f.Event(k, line, at, value, data)
}
