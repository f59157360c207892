package pri

import (
	"encoding/binary"
	"io"
	"time"
)

// linkTypeLAPD is LINKTYPE_LINUX_LAPD: LAPD behind 16 octets that say who sent it
// (tcpdump.org/linktypes.html; Wireshark's packet-lapd.c reads it as Linux's mISDN
// writes it).
const linkTypeLAPD = 177

const (
	pcapMagic   = 0xA1B23C4D // times in nanoseconds
	pcapVersion = 2 | 4<<16  // 2.4
	snapLength  = 65535

	sentToUs  = 0 // packet types
	sentByUs  = 4 // outgoing
	hasLAPD   = 0x0030
	pseudoLen = 16
)

// A PcapWriter writes frames of a D-channel as a capture file that Wireshark
// opens. The user's side counts as the one that captures.
type PcapWriter struct {
	w   io.Writer
	buf []byte
}

// NewPcapWriter writes the head of the file.
func NewPcapWriter(w io.Writer) (*PcapWriter, error) {
	h := make([]byte, 24)
	binary.LittleEndian.PutUint32(h, pcapMagic)
	binary.LittleEndian.PutUint32(h[4:], pcapVersion)
	binary.LittleEndian.PutUint32(h[16:], snapLength)
	binary.LittleEndian.PutUint32(h[20:], linkTypeLAPD)
	_, err := w.Write(h)
	return &PcapWriter{w: w}, err
}

// Write writes one LAPD frame, without FCS, that a side sent at t.
func (p *PcapWriter) Write(from Side, t time.Time, frame []byte) error {
	n := pseudoLen + len(frame)
	b := append(p.buf[:0], make([]byte, 16+pseudoLen)...)
	binary.LittleEndian.PutUint32(b, uint32(t.Unix()))
	binary.LittleEndian.PutUint32(b[4:], uint32(t.Nanosecond()))
	binary.LittleEndian.PutUint32(b[8:], uint32(n))
	binary.LittleEndian.PutUint32(b[12:], uint32(n))
	kind := uint16(sentToUs)
	if from == User {
		kind = sentByUs
	}
	sll := b[16:]
	binary.BigEndian.PutUint16(sll, kind)
	binary.BigEndian.PutUint16(sll[14:], hasLAPD)
	p.buf = append(b, frame...)
	_, err := p.w.Write(p.buf)
	return err
}
