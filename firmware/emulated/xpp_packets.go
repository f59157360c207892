package emulated

import (
	"encoding/binary"
	"iter"
)

// Of XPP, the protocol between Xorcom's boards and the kernel's xpp: what is sent as
// one bulk transfer is a frame, packets one after the other; those with audio are in
// frames of their own.
const (
	xppHead     = 4
	xppLength   = 0x03FF // of the first two bytes
	xppPCM      = 0x0800
	xppSync     = 0x80 // of the address: the board's tick
	xppRevision = 30

	opDescribe, opDescription          = 0x07, 0x08
	opRegister, opRegisterReply        = 0x0F, 0x10
	opPCMWrite, opPCMRead              = 0x11, 0x12
	opSyncSource, opSyncReply          = 0x19, 0x1A
	opXBusReset                        = 0x23
	opFXOSignals                       = 0x06
	syncNone, syncBoard, syncHost      = 0x00, 0x01, 0x03
	syncQuery                          = 0x80
	typeFXO                       byte = 2
)

// An xpp is a packet of that protocol.
type xpp struct {
	op            byte
	unit, subunit byte
	pcm, sync     bool
	data          []byte
}

// append writes it behind a frame. Its data are at most 1019 bytes.
func (x xpp) append(frame []byte) []byte {
	first := uint16(xppHead+len(x.data)) & xppLength
	if x.pcm {
		first |= xppPCM
	}
	addr := x.unit&7<<4 | x.subunit&7
	if x.sync {
		addr |= xppSync
	}
	return append(append(binary.LittleEndian.AppendUint16(frame, first), x.op, addr), x.data...)
}

// packets are those of a frame, up to what is none.
func packets(frame []byte) iter.Seq[xpp] {
	return func(yield func(xpp) bool) {
		for len(frame) >= xppHead {
			first := binary.LittleEndian.Uint16(frame)
			n := int(first & xppLength)
			if n < xppHead || n > len(frame) {
				return
			}
			addr := frame[3]
			if !yield(xpp{frame[2], addr >> 4 & 7, addr & 7, first&xppPCM != 0, addr&xppSync != 0, frame[xppHead:n]}) {
				return
			}
			frame = frame[n:]
		}
	}
}

// A register command: how much follows and for which port; what it is; the
// register's number, its subregister, and data, low and high.
const registerLength = 6

type register struct {
	port              byte
	all, read         bool
	number, sub, data byte
}

// parseRegister takes the short commands apart: those of 5 bytes behind the first.
// RAM and several bytes at once are for other modules.
func parseRegister(b []byte) (r register, ok bool) {
	if len(b) < registerLength || b[0]&7 != registerLength-1 || b[0]&0x80 != 0 {
		return r, false
	}
	return register{b[0] >> 4 & 7, b[1]&0x80 != 0, b[1]&0x40 != 0, b[2], b[3], b[4]}, true
}

func (r register) bytes() []byte {
	b := []byte{registerLength - 1 | r.port&7<<4, 0, r.number, r.sub, r.data, 0}
	if r.all {
		b[1] |= 0x80
	}
	if r.read {
		b[1] |= 0x40
	}
	return b
}

// description tells a board with one module of so many FXO ports: the revision, and
// per module its address, type, chips, ports of each, direction, and where its echo
// canceller is, which there is none of.
func description(ports byte) xpp {
	return xpp{op: opDescription, data: []byte{xppRevision, 0, 0, 0, 0, typeFXO << 4, ports, 1, 0, 0, 0, 0}}
}
