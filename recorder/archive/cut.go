package archive

import (
	"fmt"
	"hash/crc32"
	"os"
	"slices"
	"time"

	"vaad/dsp/wav"
)

// unsynced is more samples than one side can have had under way to the disk: 10 s.
const unsynced = 80_000

// cutSides finds the good part of every side, and how many bytes the longest
// file has.
func (a *Archive) cutSides(g *leftover, s *sealing, head *ckptHeader, recs []ckptRecord) (have int64, err error) {
	s.sides, s.lostSides, s.cut = nil, nil, 0
	for i, side := range s.start.Sides {
		if !slices.Contains(g.sides, side) {
			s.lostSides = append(s.lostSides, side)
			continue
		}
		ss, n, err := a.cutSide(g.id, side, i, &s.start.Codec, head, recs)
		if err != nil {
			return 0, err
		}
		s.sides = append(s.sides, ss)
		have = max(have, n)
		if cut := n - ss.bytes; cut > int64(wav.Pad(ss.bytes)) { // not the pad byte of a sealing that was interrupted
			s.cut += cut
		}
	}
	return have, nil
}

// samples is the length of the longest side.
func (s *sealing) samples() (n int64) {
	for _, side := range s.sides {
		n = max(n, s.start.Codec.real(side.bytes, side.noted))
	}
	return n
}

// audio is the length in bytes of the longest side.
func (s *sealing) audio() (n int64) {
	for _, side := range s.sides {
		n = max(n, side.bytes)
	}
	return n
}

// complete reports whether every side is as long as the last checkpoint says.
func (s *sealing) complete(recs []ckptRecord) bool {
	if len(recs) == 0 {
		return true
	}
	last := recs[len(recs)-1]
	for i, name := range s.start.Sides {
		k := slices.IndexFunc(s.sides, func(side sealSide) bool { return side.name == name })
		if k < 0 || s.sides[k].bytes != last.sides[i].total {
			return false
		}
	}
	return true
}

// endTime is the wall time behind the last sample that was kept: that of the
// checkpoint there, or begin and length.
func endTime(begin time.Time, samples int64, recs []ckptRecord) time.Time {
	for _, r := range slices.Backward(recs) {
		if r.samples == samples && r.wall.After(begin) {
			return r.wall
		}
	}
	return begin.Add(time.Duration(samples) * (time.Second / 8000))
}

// cutSide finds how many bytes of a side are good: up to the last checkpoint
// whose CRC verifies. What a damaged sector does before it is found and noted
// when the file is hashed. Without a checkpoint file all bytes are taken.
func (a *Archive) cutSide(id, side string, i int, codec *Codec, head *ckptHeader, recs []ckptRecord) (ss sealSide, have int64, err error) {
	name := inOpen(wavName(id, side))
	f, err := a.disk.Open(name, os.O_RDONLY, 0)
	if err != nil {
		return ss, 0, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return ss, 0, err
	}
	ss.name = side
	in, unread := wav.ParseAnyAt(f, size)
	if n, _ := codec.Block(); n == 0 { // neither checkpoint nor story: ask the file
		if unread == nil {
			*codec = codecOf(&in)
		}
		if *codec == "" {
			if zero, e := allZero(f, 0, size); e != nil || zero || size <= int64(wav.HeaderLen(wav.PCM16)) {
				*codec = G711A // an empty one: not more than a head
				return ss, 0, e
			}
			return ss, 0, fmt.Errorf("%s: %w", name, wav.ErrNotWAV)
		}
	}
	data := int64(wav.HeaderLen(wavFormat(*codec)))
	have = max(0, size-data)
	if head == nil || head.whole {
		zero, err := allZero(f, data, size)
		if err == nil && !zero {
			ss.bytes = codec.whole(have)
			if unread == nil && codecOf(&in) == *codec {
				ss.noted = in.Samples // of a sealing that was interrupted
			}
		}
		return ss, have, err
	}
	if ss.bytes, ss.noted, err = lastGood(f, data, have, i, recs); err != nil {
		return ss, 0, err
	}
	ss.chunks = chunksOf(recs, i, ss.bytes)
	return ss, have, nil
}

// lastGood reads backwards from the last checkpoint to the first that verifies,
// and returns the bytes and samples before it.
func lastGood(f File, data, have int64, side int, recs []ckptRecord) (bytes, samples int64, err error) {
	for _, r := range slices.Backward(recs) {
		c := r.sides[side]
		if c.n == 0 || c.total > have {
			continue
		}
		b := make([]byte, c.n)
		if err := readFull(f, b, data+c.total-int64(c.n)); err != nil {
			if Reason(err) == "io" {
				// A bad sector, or a loose cable: nothing is cut for that. Sealing
				// reads it again and marks what does not match.
				return c.total, r.samples, nil
			}
			return 0, 0, err
		}
		if crc32.Checksum(b, castagnoli) == c.crc {
			return c.total, r.samples, nil
		}
	}
	return 0, 0, nil
}

func allZero(f File, from, to int64) (bool, error) {
	buf := make([]byte, min(readBlock, max(1, to-from)))
	for from < to {
		b := buf[:min(int64(len(buf)), to-from)]
		if err := readFull(f, b, from); err != nil {
			return false, err
		}
		for _, c := range b {
			if c != 0 {
				return false, nil
			}
		}
		from += int64(len(b))
	}
	return true, nil
}
