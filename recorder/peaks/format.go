package peaks

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
)

// The format of a picture on disk: docs/formats/peaks.md.
const (
	magic      = "vaadpeak"
	version    = 1
	maxSides   = 8
	maxName    = 32
	maxSamples = 8000 * 3600 * 24 * 31
	maxFile    = 1 << 30
)

// A Key tells whether a picture is that of a recording as it is: a hash of the
// hashes of its stored files.
type Key [sha256.Size]byte

// KeyOf is the key of a recording whose sides have these hashes, as its seal says.
func KeyOf(hashes map[string]string) Key {
	h := sha256.New()
	for _, side := range slices.Sorted(maps.Keys(hashes)) {
		h.Write([]byte(side + " " + hashes[side] + "\n"))
	}
	return Key(h.Sum(nil))
}

// append writes a picture.
func (p *Picture) append(b []byte, k Key) []byte {
	first := len(b)
	b = append(append(append(b, magic...), version), k[:]...)
	b = append(b, byte(len(p.Sides)))
	for i := range p.Sides {
		s := &p.Sides[i]
		b = append(append(b, byte(len(s.Name))), s.Name...)
		b = binary.AppendUvarint(b, uint64(s.Samples))
		b = appendSpans(b, s.Voice)
		for _, l := range s.levels {
			b = append(b, l...)
		}
	}
	b = appendSpans(b, p.Silence)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[first:], castagnoli()))
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

func appendSpans(b []byte, all []Span) []byte {
	b = binary.AppendUvarint(b, uint64(len(all)))
	last := int64(0)
	for _, s := range all {
		b = binary.AppendUvarint(b, uint64(s.From-last))
		b = binary.AppendUvarint(b, uint64(s.To-s.From))
		last = s.To
	}
	return b
}

var errFormat = errors.New("it is no picture of ours, or damaged")

// parse reads a picture.
func parse(b []byte) (*Picture, Key, error) {
	var k Key
	head := len(magic) + 1 + len(k)
	if len(b) < head+1+4 || !bytes.HasPrefix(b, []byte(magic)) {
		return nil, k, errFormat
	}
	if v := b[len(magic)]; v != version {
		return nil, k, fmt.Errorf("version %d is not known here", v)
	}
	b, sum := b[:len(b)-4], binary.LittleEndian.Uint32(b[len(b)-4:])
	if crc32.Checksum(b, castagnoli()) != sum {
		return nil, k, errFormat
	}
	copy(k[:], b[len(magic)+1:])
	r := &reader{b: b[head:]}
	p := &Picture{}
	for range r.count(maxSides) {
		s := Side{Name: string(r.take(int64(r.count(maxName))))}
		s.Samples = int64(r.number(maxSamples))
		s.Voice = r.spans(s.Samples)
		bins := s.Samples
		for i, size := 0, int64(Hop); i < levels; i, size = i+1, factor {
			bins = (bins + size - 1) / size
			s.levels[i] = r.take(bins * binBytes)
		}
		p.Samples = max(p.Samples, s.Samples)
		p.Sides = append(p.Sides, s)
	}
	p.Silence = r.spans(p.Samples)
	if r.bad || len(r.b) > 0 {
		return nil, k, errFormat
	}
	return p, k, nil
}

// A reader takes pieces off; once something does not fit, all that follows is empty.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) fail() { r.b, r.bad = nil, true }

func (r *reader) take(n int64) []byte {
	if n > int64(len(r.b)) {
		r.fail()
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) count(most int) int {
	c := r.take(1)
	if len(c) == 0 || int(c[0]) > most {
		r.fail()
		return 0
	}
	return int(c[0])
}

func (r *reader) number(most uint64) uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > most {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) spans(samples int64) []Span {
	n := r.number(uint64(len(r.b))) // each takes two bytes and more
	out := []Span{}
	last := int64(0)
	for range n {
		s := Span{From: last + int64(r.number(uint64(samples)))}
		s.To = s.From + int64(r.number(uint64(samples)))
		if r.bad || s.From >= s.To || s.To > samples {
			r.fail()
			return []Span{}
		}
		out = append(out, s)
		last = s.To
	}
	return out
}
