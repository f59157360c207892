package framelog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"vaad/driver"
)

// Writer writes a log. Each record is one Write to what lies below; the writer
// does not buffer, sync or close it.
type Writer struct {
	w     io.Writer
	info  driver.Info
	buf   []byte
	ticks uint64
	err   error // the first one: nothing can be written behind half a record
}

// NewWriter begins a log of that board; start is the time of the first sample
// of the first frame.
func NewWriter(w io.Writer, info driver.Info, start time.Time) (*Writer, error) {
	b, err := newHeader(info, start).encode()
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(b); err != nil {
		return nil, fmt.Errorf("framelog: write header: %w", err)
	}
	n := len(info.Lines)
	return &Writer{w: w, info: info, buf: make([]byte, 0, 4096+n*(driver.Block+2*driver.Block+1))}, nil
}

// Write appends one tick. tx may be nil where nothing was sent or what was
// sent does not matter. Of rx, Code is stored on companded lines and PCM on
// linear ones; of tx, PCM.
func (w *Writer) Write(rx, tx *driver.Frame) error {
	if w.err != nil {
		return w.err
	}
	if !fits(rx, &w.info) || tx != nil && !fits(tx, &w.info) {
		return errFrame
	}
	if len(rx.Events) > maxItems || tx != nil && len(tx.Commands) > maxItems {
		return fmt.Errorf("framelog: frame %d with more than %d events or commands", rx.Seq, maxItems)
	}
	b := grow(w.buf[:0], recordLen)
	if tx == nil {
		b = append(b, kindTick, 0)
		b = w.section(b, rx, false)
	} else {
		b = append(b, kindTick, hasTx)
		b = w.section(b, rx, false)
		b = w.section(b, tx, true)
	}
	if err := w.record(b); err != nil {
		return err
	}
	w.ticks++
	return nil
}

// Close writes the end record, which tells a complete log from one that was
// cut off.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	b := grow(w.buf[:0], recordLen)
	b = append(b, kindEnd)
	b = binary.LittleEndian.AppendUint64(b, w.ticks)
	err := w.record(b)
	if err == nil {
		w.err = errors.New("framelog: write after close")
	}
	return err
}

// record fills in length and checksum and writes b.
func (w *Writer) record(b []byte) error {
	w.buf = b
	if len(b)-recordLen > maxRecord {
		return fmt.Errorf("framelog: record of %d bytes: at most %d", len(b)-recordLen, maxRecord)
	}
	binary.LittleEndian.PutUint32(b, uint32(len(b)-recordLen))
	binary.LittleEndian.PutUint32(b[4:], recordSum(b))
	if _, err := w.w.Write(b); err != nil {
		w.err = fmt.Errorf("framelog: write record %d: %w", w.ticks, err)
		return w.err
	}
	return nil
}

// section appends one direction of a tick.
func (w *Writer) section(b []byte, f *driver.Frame, tx bool) []byte {
	b = binary.LittleEndian.AppendUint64(b, f.Seq)
	b = binary.LittleEndian.AppendUint64(b, uint64(f.Pos))
	var flags byte
	if f.Late {
		flags |= flagLate
	}
	b = append(b, flags)

	n := len(w.info.Lines)
	modes := len(b)
	for range (n + 3) / 4 {
		b = append(b, 0)
	}
	for i := range n {
		var m byte
		if l := law(&w.info, i, tx); l == driver.Linear {
			b, m = appendLinear(b, f.LinePCM(i))
		} else {
			b, m = appendCodes(b, f.LineCode(i), l.Silence())
		}
		b[modes+i/4] |= m << (i % 4 * 2)
	}

	if tx {
		b = binary.AppendUvarint(b, uint64(len(f.Commands)))
		for _, c := range f.Commands {
			b = appendItem(b, byte(c.Kind), c.Line, c.At, c.Value, c.Data)
		}
		return b
	}
	b = binary.AppendUvarint(b, uint64(len(f.Events)))
	for _, e := range f.Events {
		b = appendItem(b, byte(e.Kind), e.Line, e.At, e.Value, e.Data)
	}
	return b
}

func appendItem(b []byte, kind byte, line, at int, value int32, data []byte) []byte {
	b = append(b, kind)
	b = binary.AppendVarint(b, int64(line))
	b = binary.AppendVarint(b, int64(at))
	b = binary.AppendVarint(b, int64(value))
	b = binary.AppendUvarint(b, uint64(len(data)))
	return append(b, data...)
}

func appendCodes(b, code []byte, silence byte) ([]byte, byte) {
	for _, c := range code {
		if c != code[0] {
			return append(b, code...), codes
		}
	}
	if code[0] == silence {
		return b, silent
	}
	return append(b, code[0]), constant
}

func appendLinear(b []byte, pcm []int16) ([]byte, byte) {
	for _, s := range pcm {
		if s != pcm[0] {
			for _, s := range pcm {
				b = append(b, byte(s), byte(uint16(s)>>8))
			}
			return b, linear
		}
	}
	if pcm[0] == 0 {
		return b, silent
	}
	return append(b, byte(pcm[0]), byte(uint16(pcm[0])>>8)), constant
}
