package pri

import (
	"errors"
	"fmt"
)

// FrameKind is the type of a LAPD frame (Q.921 table 5).
type FrameKind uint8

const (
	I FrameKind = iota + 1
	RR
	RNR
	REJ
	SABME
	DM
	UI
	DISC
	UA
	FRMR
	XID
	nFrame
)

var frameNames = [nFrame]string{I: "I", RR: "RR", RNR: "RNR", REJ: "REJ", SABME: "SABME", DM: "DM", UI: "UI", DISC: "DISC",
	UA: "UA", FRMR: "FRMR", XID: "XID"}

func (k FrameKind) String() string {
	if k > 0 && k < nFrame {
		return frameNames[k]
	}
	return fmt.Sprintf("frame(%d)", uint8(k))
}

// command reports whether a frame of that kind is always a command (yes),
// always a response (no), or either (known false).
func (k FrameKind) command() (yes, known bool) {
	switch k {
	case I, SABME, UI, DISC:
		return true, true
	case DM, UA, FRMR:
		return false, true
	}
	return false, false
}

// A Frame is a LAPD frame (Q.921 clause 2 and 3), its two FCS octets taken off.
type Frame struct {
	SAPI uint8
	TEI  uint8
	CR   bool // as on the line: what it means depends on the side
	Kind FrameKind
	NS   uint8 // I
	NR   uint8 // I, RR, RNR, REJ
	PF   bool
	Info []byte // I, UI, FRMR, XID; part of what was parsed
}

var errShort = errors.New("the frame is shorter than its address and control fields")

// ParseFrame reads a frame. The error says what no LAPD frame has.
func ParseFrame(b []byte) (f Frame, err error) {
	if len(b) < 3 {
		return f, errShort
	}
	if b[0]&1 != 0 || b[1]&1 != 1 {
		return f, fmt.Errorf("address %#02x %#02x: not of two octets (Q.921 clause 3.2)", b[0], b[1])
	}
	f.SAPI, f.CR, f.TEI = b[0]>>2, b[0]&2 != 0, b[1]>>1
	c := b[2]
	if c&3 == 3 { // unnumbered: one octet
		f.PF, f.Info = c&0x10 != 0, b[3:]
		if f.Kind = unnumbered(c &^ 0x10); f.Kind == 0 {
			return f, fmt.Errorf("control %#02x is none of Q.921 table 5", c)
		}
		return f, nil
	}
	if len(b) < 4 {
		return f, errShort
	}
	f.PF, f.NR, f.Info = b[3]&1 != 0, b[3]>>1, b[4:]
	if c&1 == 0 {
		f.Kind, f.NS = I, c>>1
		return f, nil
	}
	switch c {
	case 0x01:
		f.Kind = RR
	case 0x05:
		f.Kind = RNR
	case 0x09:
		f.Kind = REJ
	default:
		return f, fmt.Errorf("control %#02x is none of Q.921 table 5", c)
	}
	return f, nil
}

// unnumbered is the kind of an unnumbered frame by its control field without P/F; 0: none.
func unnumbered(c byte) FrameKind {
	switch c {
	case 0x6F:
		return SABME
	case 0x0F:
		return DM
	case 0x03:
		return UI
	case 0x43:
		return DISC
	case 0x63:
		return UA
	case 0x87:
		return FRMR
	case 0xAF:
		return XID
	}
	return 0
}

// Sender returns which side sent a frame, by its C/R bit (Q.921 table 1); known
// is false for frames that can be commands and responses.
func (f *Frame) Sender() (s Side, known bool) {
	command, known := f.Kind.command()
	if !known {
		return Network, false
	}
	if command == f.CR {
		return Network, true
	}
	return User, true
}
