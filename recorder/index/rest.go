package index

import (
	"encoding/binary"
	"encoding/hex"
	"time"

	"vaad/recorder/archive"
)

// The rest of a row is what nobody searches by. It is kept in blocks of 256
// rows, each row behind its length, and is read for the rows of a page only.

// What is there at all, in this order.
const (
	restStart    = 1 << iota // the exact start, where the start column cannot hold it
	restEnd                  // the exact end, where it does not follow from the length
	restDay                  // where it is not that of the start
	restPrevious             //
	restNext                 //
	restReason               //
	restGaps                 //
	restNotes                //
	restMarks                //
	restHashes               // as many as sides, 32 bytes each
	restOdd                  // a hash per side as text, counted
	restTrash                // when it went into the trash, and who put it there
	restMasked               //
)

func appendRest(b []byte, r *Row) []byte {
	var p []byte
	has := uint64(0)
	put := func(bit uint64, on bool, f func()) {
		if on {
			has |= bit
			f()
		}
	}
	put(restStart, !time.Unix(0, nanos(r.Start)).Equal(r.Start), func() { p = appendTime(p, r.Start) })
	drift := r.End.Sub(r.Start) - r.Duration()
	plain := r.Start.Add(r.Duration() + drift).Equal(r.End)
	put(restEnd, !plain, func() { p = appendTime(p, r.End) })
	if plain {
		p = binary.AppendVarint(p, int64(drift))
	}
	put(restDay, r.Day != archive.DayOf(r.Start), func() { p = appendText(p, string(r.Day)) })
	put(restPrevious, r.Previous != "", func() { p = appendText(p, packID(r.Previous)) })
	put(restNext, r.Next != "", func() { p = appendText(p, packID(r.Next)) })
	put(restReason, r.Reason != "", func() { p = appendText(p, r.Reason) })
	put(restGaps, r.Gaps != 0 || r.LostSamples != 0, func() {
		p = binary.AppendVarint(binary.AppendVarint(p, int64(r.Gaps)), r.LostSamples)
	})
	put(restNotes, len(r.Notes) > 0, func() {
		p = binary.AppendUvarint(p, uint64(len(r.Notes)))
		for _, n := range r.Notes {
			p = appendText(appendText(appendTime(p, n.Time), n.Actor), n.Text)
		}
	})
	put(restMarks, len(r.Marks) > 0, func() {
		p = binary.AppendUvarint(p, uint64(len(r.Marks)))
		for _, m := range r.Marks {
			p = appendText(appendText(binary.AppendVarint(appendTime(p, m.Time), m.At), m.Actor), m.Text)
		}
	})
	hashes, whole := r.hashes()
	put(restHashes, whole && len(r.SHA256) > 0, func() { p = append(p, hashes...) })
	put(restOdd, !whole, func() {
		p = binary.AppendUvarint(p, uint64(len(r.SHA256)))
		for side, h := range r.SHA256 {
			p = appendText(appendText(p, side), h)
		}
	})
	put(restTrash, !r.Trashed.IsZero(), func() { p = appendText(appendTime(p, r.Trashed), r.TrashedBy) })
	put(restMasked, r.Masked != 0, func() { p = binary.AppendVarint(p, r.Masked) })
	p = binary.AppendUvarint(p, r.Seq)

	head := binary.AppendUvarint(nil, has)
	b = binary.AppendUvarint(b, uint64(len(head)+len(p)))
	return append(append(b, head...), p...)
}

// hashes are those of the sides in order; whole is false unless each side has a
// good one, or none has any.
func (r *Row) hashes() (b []byte, whole bool) {
	if len(r.SHA256) == 0 {
		return nil, true
	}
	if len(r.SHA256) != len(r.Sides) {
		return nil, false
	}
	for _, side := range r.Sides {
		s, ok := r.SHA256[side]
		h, err := hex.DecodeString(s)
		if !ok || err != nil || len(h) != 32 || hex.EncodeToString(h) != s {
			return nil, false
		}
		b = append(b, h...)
	}
	return b, true
}

// setRest fills in what appendRest kept; the other fields are there already.
// false: the bytes are not what appendRest writes.
func (r *Row) setRest(b []byte) bool {
	p := take{b: b, ok: true}
	has := p.uint()
	if has&restStart != 0 {
		r.Start = p.time()
	}
	if has&restEnd != 0 {
		r.End = p.time()
	} else {
		r.End = r.Start.Add(r.Duration() + time.Duration(p.int()))
	}
	r.Day = archive.DayOf(r.Start)
	if has&restDay != 0 {
		r.Day = archive.Day(p.text())
	}
	if has&restPrevious != 0 {
		r.Previous = longID([]byte(p.text()))
	}
	if has&restNext != 0 {
		r.Next = longID([]byte(p.text()))
	}
	if has&restReason != 0 {
		r.Reason = p.text()
	}
	if has&restGaps != 0 {
		r.Gaps, r.LostSamples = int(p.int()), p.int()
	}
	if has&restNotes != 0 {
		for range p.count() {
			r.Notes = append(r.Notes, Note{Time: p.time(), Actor: p.text(), Text: p.text()})
		}
	}
	if has&restMarks != 0 {
		for range p.count() {
			r.Marks = append(r.Marks, Mark{Time: p.time(), At: p.int(), Actor: p.text(), Text: p.text()})
		}
	}
	if has&(restHashes|restOdd) != 0 {
		r.SHA256 = map[string]string{}
	}
	if has&restHashes != 0 {
		for _, side := range r.Sides {
			r.SHA256[side] = hex.EncodeToString(p.bytes(32))
		}
	}
	if has&restOdd != 0 {
		for range p.count() {
			side := p.text()
			r.SHA256[side] = p.text()
		}
	}
	if has&restTrash != 0 {
		r.Trashed, r.TrashedBy = p.time(), p.text()
	}
	if has&restMasked != 0 {
		r.Masked = p.int()
	}
	r.Seq = p.uint()
	return p.ok
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendTime(b []byte, t time.Time) []byte {
	return binary.AppendUvarint(binary.AppendVarint(b, t.Unix()), uint64(t.Nanosecond()))
}

// A take reads what the append functions wrote. Behind the end ok is false.
type take struct {
	b  []byte
	ok bool
}

func (p *take) uint() uint64 {
	v, n := binary.Uvarint(p.b)
	p.skip(n)
	return v
}

func (p *take) int() int64 {
	v, n := binary.Varint(p.b)
	p.skip(n)
	return v
}

func (p *take) skip(n int) []byte {
	if n <= 0 || n > len(p.b) {
		p.ok, p.b = false, nil
		return nil
	}
	s := p.b[:n]
	p.b = p.b[n:]
	return s
}

// count is how many follow; each takes a byte at least.
func (p *take) count() uint64 {
	n := p.uint()
	if n > uint64(len(p.b)) {
		p.ok = false
		return 0
	}
	return n
}

func (p *take) bytes(n int) []byte {
	if n == 0 {
		return nil
	}
	return p.skip(n)
}

func (p *take) text() string {
	n := p.uint()
	if n > uint64(len(p.b)) {
		p.ok = false
		return ""
	}
	return string(p.bytes(int(n)))
}

func (p *take) time() time.Time {
	s := p.int()
	return time.Unix(s, int64(p.uint())).UTC()
}
