package channels

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"

	"vaad/driver"

	"golang.org/x/sys/unix"
)

const (
	traceRecord = 32              // bytes
	traceHead   = 18              // bytes of a record before its data
	traceSpare  = 512             // records kept between writer and readers
	traceTx     = 1               // flag: a command rather than an event
	traceMark   = int64(-1 << 63) // position of a continuation
	tracePerSec = 8               // records per line and second beside voltages
)

// A trace holds the raw events and commands of a board's last minute, off the
// Go heap, in records of 32 bytes:
//
//	0 position int64 | 8 value int32 | 12 line int16 | 14 kind | 15 flags | 16 data length uint16 | 18 data
//
// Data that does not fit goes on in records whose position is traceMark. The
// loop writes; the flight recorder copies what it needs and then checks that
// it was not overwritten meanwhile.
type trace struct {
	mem  []byte
	size uint64        // records
	head atomic.Uint64 // records ever written
}

func newTrace(info driver.Info, seconds int) (*trace, error) {
	perSec := 0
	for _, l := range info.Lines {
		perSec += tracePerSec
		if l.Caps.Has(driver.CapVolts) && l.VoltsEvery > 0 {
			perSec += 1 + driver.Rate/l.VoltsEvery
		}
	}
	perSec += len(info.Spans) * 256
	size := uint64(perSec*seconds) + 2*traceSpare
	mem, err := unix.Mmap(-1, 0, int(size)*traceRecord, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("get memory for the trace of %d events: %w", size, err)
	}
	return &trace{mem: mem, size: size}, nil
}

func (t *trace) free() {
	_ = unix.Munmap(t.mem)
	t.mem = nil
}

func (t *trace) record(n uint64) []byte {
	at := n % t.size * traceRecord
	return t.mem[at : at+traceRecord : at+traceRecord]
}

func (t *trace) add(pos int64, kind uint8, line int, value int32, data []byte, flags byte) {
	n := t.head.Load()
	r := t.record(n)
	binary.LittleEndian.PutUint64(r, uint64(pos))
	binary.LittleEndian.PutUint32(r[8:], uint32(value))
	binary.LittleEndian.PutUint16(r[12:], uint16(line))
	r[14], r[15] = kind, flags
	data = data[:min(len(data), 1<<12)]
	binary.LittleEndian.PutUint16(r[16:], uint16(len(data)))
	data = data[copy(r[traceHead:], data):]
	for n++; len(data) > 0; n++ {
		r := t.record(n)
		mark := traceMark
		binary.LittleEndian.PutUint64(r, uint64(mark))
		data = data[copy(r[8:], data):]
	}
	t.head.Store(n)
}

// A traced is one record as read back.
type traced struct {
	pos   int64
	kind  uint8
	tx    bool
	line  int
	value int32
	data  []byte
}

// since returns the records from position from on, oldest first, and for each
// of them nothing that was overwritten while it was read.
func (t *trace) since(from int64) []traced {
	head := t.head.Load()
	first := uint64(0)
	if head > t.size-traceSpare {
		first = head - (t.size - traceSpare)
	}
	mem := make([]byte, (head-first)*traceRecord)
	for n := first; n < head; n++ {
		copy(mem[(n-first)*traceRecord:], t.record(n))
	}
	if now := t.head.Load(); now > t.size && now-t.size+traceSpare/2 > first {
		lost := min(now-t.size+traceSpare/2-first, head-first)
		mem = mem[lost*traceRecord:]
	}
	return parseTrace(mem, from)
}

func parseTrace(mem []byte, from int64) (recs []traced) {
	for len(mem) > 0 {
		r := mem[:traceRecord]
		mem = mem[traceRecord:]
		pos := int64(binary.LittleEndian.Uint64(r))
		if pos == traceMark || pos < from {
			continue // the rest of something older, or too old; its own rest follows and is passed over too
		}
		n := int(binary.LittleEndian.Uint16(r[16:]))
		rec := traced{pos: pos, value: int32(binary.LittleEndian.Uint32(r[8:])), kind: r[14], tx: r[15]&traceTx != 0,
			line: int(int16(binary.LittleEndian.Uint16(r[12:]))), data: make([]byte, 0, n)}
		rec.data = append(rec.data, r[traceHead:traceHead+min(n, traceRecord-traceHead)]...)
		for len(rec.data) < n && len(mem) > 0 {
			part := mem[8:traceRecord]
			rec.data = append(rec.data, part[:min(len(part), n-len(rec.data))]...)
			mem = mem[traceRecord:]
		}
		recs = append(recs, rec)
	}
	return recs
}
