package channels

import (
	"fmt"
	"sync/atomic"

	"vaad/driver"

	"golang.org/x/sys/unix"
)

// ringGuard is how many samples a ring holds beyond what it promises. A reader
// copies first and then checks that the writer has not come near; the guard
// keeps the two apart by 320 ms, so the check needs no memory fence between
// the bytes and the position.
const ringGuard = 16 * driver.Block

// marks is where the rings of one board stand. The loop is the only writer.
type marks struct {
	pos     atomic.Int64 // audio and events before it are there
	writing atomic.Int64 // rings may be being written up to here
}

// A ring holds the last stretch of one side of a line, one byte per sample,
// addressed by absolute position. It lies outside the Go heap: 128 of them
// would double what the garbage collector thinks is alive.
type ring struct {
	marks *marks
	mem   []byte
	limit int64        // samples promised to readers
	from  atomic.Int64 // nothing was written before it
}

func newRing(m *marks, seconds int) (*ring, error) {
	limit := seconds * driver.Rate
	mem, err := unix.Mmap(-1, 0, limit+ringGuard, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("get %d bytes of memory for a ring: %w", limit+ringGuard, err)
	}
	return &ring{marks: m, mem: mem, limit: int64(limit)}, nil
}

// free gives the memory back. Nobody may read or write the ring any more.
func (r *ring) free() {
	_ = unix.Munmap(r.mem) // fails only for memory that is not ours
	r.mem = nil
}

// write stores b at pos. marks.writing must already be at or past its end.
func (r *ring) write(pos int64, b []byte) {
	at := int(pos % int64(len(r.mem)))
	n := copy(r.mem[at:], b)
	copy(r.mem, b[n:])
}

// fill stores code over [from, to).
func (r *ring) fill(from, to int64, code byte) {
	from = max(from, to-int64(len(r.mem)))
	for from < to {
		at := int(from % int64(len(r.mem)))
		part := r.mem[at:min(len(r.mem), at+int(to-from))]
		for i := range part {
			part[i] = code
		}
		from += int64(len(part))
	}
}

// oldest is the first position that can be read while the board stands at pos.
func (r *ring) oldest(pos int64) int64 { return max(r.from.Load(), pos-r.limit) }

// read copies from pos on what lies before upto. upto must not exceed
// marks.pos.
func (r *ring) read(dst []byte, pos, upto int64) (int, error) {
	if old := r.oldest(r.marks.pos.Load()); pos < old {
		return 0, &ErrOverrun{Oldest: old}
	}
	if pos >= upto {
		return 0, nil
	}
	dst = dst[:min(int64(len(dst)), upto-pos)]
	at := int(pos % int64(len(r.mem)))
	n := copy(dst, r.mem[at:])
	copy(dst[n:], r.mem)
	if r.marks.writing.Load()-int64(len(r.mem))+ringGuard/2 > pos {
		return 0, &ErrOverrun{Oldest: r.oldest(r.marks.pos.Load())}
	}
	return len(dst), nil
}
