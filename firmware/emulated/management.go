package emulated

import (
	"bytes"
	"encoding/binary"
)

// A bitstream is what an FPGA has been sent.
type bitstream struct {
	open, loaded bool
	next         int // piece that must come
	spoilt       bool
	version      []byte
}

// Of the management interface: operations, and statuses of an acknowledge.
const (
	opStart, opSegment, opEnd = 0x05, 0x07, 0x09
	opRenew                   = 0x0B
	opStatus, opStatusReply   = 0x11, 0x91
	opReset, opHalfReset      = 0x45, 0x47
	opAcknowledge             = 0x80

	fine, noDestination, unknown, tooShort, fpgaError = 0x00, 0x03, 0x06, 0x07, 0x0D

	largeEEPROM = 2 << 3
)

// manage answers a packet of the management interface: length, sequence number,
// operation, payload.
func (a *Astribank) manage(p Port, packet []byte) {
	if len(packet) < 5 || int(binary.LittleEndian.Uint16(packet)) != len(packet) {
		return // it waits for the rest for ever
	}
	seq, op, payload := packet[2:4], packet[4], packet[5:]
	reply := func(op byte, payload ...byte) {
		b := binary.LittleEndian.AppendUint16(nil, uint16(5+len(payload)))
		p.Send(managementIn, append(append(append(b, seq...), op), payload...))
	}
	status := byte(fine)
	switch f := &a.fpga; op {
	case opStatus:
		b := make([]byte, 2+3*6)
		b[0] = largeEEPROM
		if f.loaded {
			b[1] = 1
			copy(b[8:14], f.version)
		}
		reply(opStatusReply, b...)
		return
	case opStart:
		switch {
		case len(payload) != 7:
			status = tooShort
		case payload[0] != 1:
			status = noDestination
		default:
			*f = bitstream{open: true, version: bytes.Clone(payload[1:])}
		}
	case opSegment:
		switch {
		case !f.open:
			status = noDestination
		case len(payload) < 3:
			status = tooShort
		case f.next >= len(a.FPGA) || binary.LittleEndian.Uint16(payload) != uint16(a.FPGA[f.next].Addr) || !bytes.Equal(payload[2:], a.FPGA[f.next].Data):
			f.spoilt = true // the FPGA notices at the end
		default:
			f.next++
		}
	case opEnd:
		f.open = false
		if f.spoilt || f.next != len(a.FPGA) {
			status = fpgaError
		} else {
			f.loaded = true
		}
	case opRenew, opReset, opHalfReset:
		if op != opRenew {
			*f = bitstream{}
		}
		a.state = 1
		a.lines.off()
		if f.loaded {
			a.state = 2
		}
		if op == opReset {
			a.state = 0
		}
		p.Leave()
		return
	default:
		status = unknown
	}
	reply(opAcknowledge, status)
}

// modules takes packets for the controllers of modules: length, operation, unit,
// what it is, type, address in words, data.
func (a *Astribank) modules(p Port, packet []byte) {
	if len(packet) < 8 || packet[2] != 0x09 || int(binary.LittleEndian.Uint16(packet)) != len(packet) {
		return
	}
	card, addr, data := packet[5], int(binary.LittleEndian.Uint16(packet[6:])), packet[8:]
	switch packet[4] {
	case 0x01:
		a.module = nil
	case 0x00:
		for len(a.module) < 3*addr {
			a.module = append(a.module, 0)
		}
		a.module = append(a.module[:3*addr], data...)
	case 0x02:
		var sum byte
		for _, b := range a.module {
			sum ^= b
		}
		a.loaded[card] = len(data) == 1 && data[0] == sum && bytes.Equal(a.module, a.Modules[card])
		answer := append(bytes.Clone(packet[:8]), 0)
		answer[0], answer[2] = 9, 0x0A
		if !a.loaded[card] {
			answer[8] = 1
		}
		p.Send(linesIn, answer)
	}
}

// HasModule says whether the controllers of a type of module have their image.
func (a *Astribank) HasModule(card byte) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.loaded[card]
}
