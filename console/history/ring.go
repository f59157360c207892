package history

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
)

// A tier is one ring of a file: so many records, one per step.
type tier struct {
	Step  int64 // seconds
	Slots int64
	Full  uint32 // samples in a record of a whole step
}

// tiers are the rings in the order of the file. They are the format, version 1.
func tiers() []tier {
	return []tier{{10, 24 * 360, 1}, {60, 7 * 24 * 60, 6}, {600, 30 * 24 * 6, 60}}
}

const (
	magic      = "vaad history 1\n"
	headLen    = 128
	recordLen  = 32
	maxNameLen = 64
)

// record is what one slot of a ring holds.
type record struct {
	slot     int64 // seconds since 1970 divided by the step
	n        uint32
	min, max float32
	mean     float32
}

// ring is the file of one series.
type ring struct {
	f *os.File
}

// openRing opens a file, or makes it. One that is of another form is begun anew: made is true.
func openRing(name, series string) (r *ring, made bool, err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, false, err
	}
	r = &ring{f: f}
	want := head(series)
	got := make([]byte, headLen)
	if _, err = f.ReadAt(got, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, false, errors.Join(err, f.Close())
	}
	if bytes.Equal(got, want) {
		return r, false, nil
	}
	if err = f.Truncate(0); err == nil {
		if _, err = f.WriteAt(want, 0); err == nil {
			err = f.Truncate(fileLen())
		}
	}
	if err != nil {
		return nil, false, errors.Join(err, f.Close())
	}
	return r, true, nil
}

func head(series string) []byte {
	b := make([]byte, headLen)
	copy(b, magic)
	copy(b[len(magic):], series)
	binary.LittleEndian.PutUint32(b[headLen-4:], crc32.Checksum(b[:headLen-4], crc32.MakeTable(crc32.Castagnoli)))
	return b
}

// fileLen is how long a file is: always.
func fileLen() int64 {
	n := int64(headLen)
	for _, t := range tiers() {
		n += t.Slots * recordLen
	}
	return n
}

// at is where a slot of a ring stands.
func at(which int, slot int64) int64 {
	off := int64(headLen)
	for i, t := range tiers() {
		if i == which {
			return off + slot%t.Slots*recordLen
		}
		off += t.Slots * recordLen
	}
	return off
}

func (x record) encode() []byte {
	b := make([]byte, recordLen)
	binary.LittleEndian.PutUint64(b, uint64(x.slot))
	binary.LittleEndian.PutUint32(b[8:], x.n)
	binary.LittleEndian.PutUint32(b[16:], math.Float32bits(x.min))
	binary.LittleEndian.PutUint32(b[20:], math.Float32bits(x.mean))
	binary.LittleEndian.PutUint32(b[24:], math.Float32bits(x.max))
	binary.LittleEndian.PutUint32(b[28:], crc32.Checksum(b[:28], crc32.MakeTable(crc32.Castagnoli)))
	return b
}

// decode reads a record; one that does not verify is none.
func decode(b []byte) (x record, ok bool) {
	if binary.LittleEndian.Uint32(b[28:]) != crc32.Checksum(b[:28], crc32.MakeTable(crc32.Castagnoli)) {
		return x, false
	}
	x = record{int64(binary.LittleEndian.Uint64(b)), binary.LittleEndian.Uint32(b[8:]), math.Float32frombits(binary.LittleEndian.Uint32(b[16:])),
		math.Float32frombits(binary.LittleEndian.Uint32(b[24:])), math.Float32frombits(binary.LittleEndian.Uint32(b[20:]))}
	return x, x.n > 0 && x.slot >= 0
}

// add puts a sample into every ring. A record that is full already was written before
// the clock was set back: it begins anew.
func (r *ring) add(unix int64, v float64) error {
	if unix < 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	s := float32(min(max(v, -math.MaxFloat32), math.MaxFloat32))
	var b [recordLen]byte
	for i, t := range tiers() {
		slot := unix / t.Step
		x := record{slot: slot, n: 1, min: s, max: s, mean: s}
		if t.Full > 1 {
			if _, err := r.f.ReadAt(b[:], at(i, slot)); err != nil && !errors.Is(err, io.EOF) {
				return fmt.Errorf("history: %w", err)
			}
			if old, ok := decode(b[:]); ok && old.slot == slot && old.n < t.Full {
				x.n, x.min, x.max = old.n+1, min(old.min, s), max(old.max, s)
				x.mean = old.mean + (s-old.mean)/float32(x.n)
			}
		}
		if _, err := r.f.WriteAt(x.encode(), at(i, slot)); err != nil {
			return fmt.Errorf("history: %w", err)
		}
	}
	return nil
}

// read calls f for the records of a ring in [from, to], which are slots, in order.
func (r *ring) read(which int, from, to int64, f func(record)) error {
	t := tiers()[which]
	from = max(from, to-t.Slots+1, 0)
	for from <= to {
		n := min(to-from+1, t.Slots-from%t.Slots, 2048) // up to the ring's end
		b := make([]byte, n*recordLen)
		if _, err := r.f.ReadAt(b, at(which, from)); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("history: %w", err)
		}
		for i := range n {
			if x, ok := decode(b[i*recordLen:][:recordLen]); ok && x.slot == from+i {
				f(x)
			}
		}
		from += n
	}
	return nil
}

func (r *ring) close() error { return r.f.Close() }
