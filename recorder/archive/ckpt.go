package archive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// The checkpoint file of a recording that is being written. The normative page
// is docs/formats/checkpoint.md. All numbers are little-endian; every CRC is
// CRC-32C (Castagnoli, as in RFC 3720 appendix B.4).
const (
	ckptMagic   = "VAADCKPT"
	ckptVersion = 2 // of the codecs IMA and GSM, which version 1 does not know; else 1 is written
	maxSides    = 8
	maxSideName = 16

	ckptFixed  = 8 + 2 + 2 + 2 + 1 + 1 + 8 + 8 + 4 + 4 + 16 // up to the side names
	recFixed   = 4 + 4 + 8 + 8                              // up to the sides
	recPerSide = 8 + 4 + 4

	flagSimulated   = 1 << 0
	flagClockSynced = 1 << 1
	flagWhole       = 1 << 2 // made by recovery as there was none: take the files as they are
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func ckptHeaderLen(sides int) int { return ckptFixed + sides*maxSideName + 4 }
func ckptRecordLen(sides int) int { return recFixed + sides*recPerSide + 4 }

// errNewer is how a file says that a later version wrote it.
var errNewer = errors.New("written by a newer version of vaad; start that version to recover it")

// ckptHeader is what recovery must know when everything else is lost.
type ckptHeader struct {
	id        ulid.ULID
	codec     Codec
	sides     []string
	begin     time.Time
	beginPos  int64
	line      uint32
	simulated bool
	synced    bool
	whole     bool
}

func headerOf(id ulid.ULID, s *Start) *ckptHeader {
	return &ckptHeader{id: id, codec: s.Codec, sides: s.Sides, begin: s.Begin, beginPos: s.BeginPos,
		line: uint32(s.Line), simulated: s.Simulated, synced: s.ClockSynced}
}

func (h *ckptHeader) start() Start {
	return Start{Line: int(h.line), Codec: h.codec, Sides: h.sides, Begin: h.begin,
		BeginPos: h.beginPos, Simulated: h.simulated, ClockSynced: h.synced}
}

// version is the lowest that knows the codec, so that an older vaad leaves alone
// only what it cannot recover.
func (h *ckptHeader) version() uint16 {
	if h.codec.Coded() {
		return ckptVersion
	}
	return 1
}

func (h *ckptHeader) append(b []byte) []byte {
	le := binary.LittleEndian
	at := len(b)
	b = append(b, ckptMagic...)
	b = le.AppendUint16(b, h.version())
	b = le.AppendUint16(b, uint16(ckptHeaderLen(len(h.sides))))
	b = le.AppendUint16(b, uint16(ckptRecordLen(len(h.sides))))
	b = append(b, byte(len(h.sides)), h.codec.trait().number)
	b = le.AppendUint64(b, uint64(h.begin.UnixNano()))
	b = le.AppendUint64(b, uint64(h.beginPos))
	b = le.AppendUint32(b, h.line)
	var flags uint32
	if h.simulated {
		flags |= flagSimulated
	}
	if h.synced {
		flags |= flagClockSynced
	}
	if h.whole {
		flags |= flagWhole
	}
	b = le.AppendUint32(b, flags)
	b = append(b, h.id[:]...)
	for _, s := range h.sides {
		var name [maxSideName]byte
		copy(name[:], s)
		b = append(b, name[:]...)
	}
	return le.AppendUint32(b, crc32.Checksum(b[at:], castagnoli))
}

func parseCkptHeader(b []byte) (*ckptHeader, error) {
	le := binary.LittleEndian
	if len(b) < ckptFixed || string(b[:8]) != ckptMagic {
		return nil, errors.New("no checkpoint header")
	}
	if v := le.Uint16(b[8:]); v > ckptVersion {
		return nil, fmt.Errorf("checkpoint version %d: %w", v, errNewer)
	}
	sides := int(b[14])
	n := ckptHeaderLen(sides)
	if sides < 1 || sides > maxSides || len(b) < n || int(le.Uint16(b[10:])) != n ||
		int(le.Uint16(b[12:])) != ckptRecordLen(sides) ||
		le.Uint32(b[n-4:]) != crc32.Checksum(b[:n-4], castagnoli) {
		return nil, errors.New("the checkpoint header is damaged")
	}
	h := &ckptHeader{
		begin:    time.Unix(0, int64(le.Uint64(b[16:]))).UTC(),
		beginPos: int64(le.Uint64(b[24:])),
		line:     le.Uint32(b[32:]),
	}
	at := slices.IndexFunc(codecs(), func(c Codec) bool { return c.trait().number == b[15] })
	if at < 0 {
		return nil, fmt.Errorf("checkpoint codec %d is not known", b[15])
	}
	h.codec = codecs()[at]
	flags := le.Uint32(b[36:])
	h.simulated, h.synced = flags&flagSimulated != 0, flags&flagClockSynced != 0
	h.whole = flags&flagWhole != 0
	copy(h.id[:], b[40:])
	for i := range sides {
		s := strings.TrimRight(string(b[ckptFixed+i*maxSideName:ckptFixed+(i+1)*maxSideName]), "\x00")
		if err := validSide(s); err != nil {
			return nil, err
		}
		h.sides = append(h.sides, s)
	}
	return h, nil
}

// A chunk is what one checkpoint says of one side: the bytes [total-n, total)
// have this CRC.
type chunk struct {
	total int64
	n     uint32
	crc   uint32
}

type ckptRecord struct {
	seq     uint32 // from 1; record seq stands at header + (seq-1)·record
	wall    time.Time
	samples int64
	sides   []chunk
}

// idSum is where the CRC of a recording's checkpoints begins.
func idSum(id ulid.ULID) uint32 { return crc32.Checksum(id[:], castagnoli) }

// append encodes r. Its CRC also covers the recording's ID, so that a block of
// some other checkpoint file, surfacing after a power cut, is not believed.
func (r *ckptRecord) append(b []byte, idSum uint32) []byte {
	le := binary.LittleEndian
	at := len(b)
	b = le.AppendUint32(b, r.seq)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint64(b, uint64(r.wall.UnixNano()))
	b = le.AppendUint64(b, uint64(r.samples))
	for _, c := range r.sides {
		b = le.AppendUint64(b, uint64(c.total))
		b = le.AppendUint32(b, c.n)
		b = le.AppendUint32(b, c.crc)
	}
	return le.AppendUint32(b, crc32.Update(idSum, castagnoli, b[at:]))
}

// parseCkpt reads a checkpoint file. Records that do not verify are left out,
// a torn last one is ignored.
func parseCkpt(b []byte) (*ckptHeader, []ckptRecord, error) {
	h, err := parseCkptHeader(b)
	if err != nil {
		return nil, nil, err
	}
	le := binary.LittleEndian
	n := ckptRecordLen(len(h.sides))
	sum := idSum(h.id)
	b = b[ckptHeaderLen(len(h.sides)):]
	recs := make([]ckptRecord, 0, len(b)/n)
	chunks := make([]chunk, 0, len(b)/n*len(h.sides))
	for i := 0; len(b) >= n; i, b = i+1, b[n:] {
		if le.Uint32(b[n-4:]) != crc32.Update(sum, castagnoli, b[:n-4]) || le.Uint32(b) != uint32(i+1) {
			continue
		}
		r := ckptRecord{seq: uint32(i + 1), wall: time.Unix(0, int64(le.Uint64(b[8:]))).UTC(),
			samples: int64(le.Uint64(b[16:]))}
		ok := true
		for s := range h.sides {
			p := b[recFixed+s*recPerSide:]
			c := chunk{int64(le.Uint64(p)), le.Uint32(p[8:]), le.Uint32(p[12:])}
			ok = ok && c.total >= int64(c.n)
			chunks = append(chunks, c)
		}
		r.sides = chunks[len(chunks)-len(h.sides):]
		if ok {
			recs = append(recs, r)
		}
	}
	return h, recs, nil
}
