package pri

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// MessageType is the type of a Q.931 message (Q.931 table 4-2, Q.932 for HOLD and RETRIEVE).
type MessageType uint8

const (
	Alerting          MessageType = 0x01
	CallProceeding    MessageType = 0x02
	Progress          MessageType = 0x03
	Setup             MessageType = 0x05
	Connect           MessageType = 0x07
	SetupAck          MessageType = 0x0D
	ConnectAck        MessageType = 0x0F
	UserInformation   MessageType = 0x20
	SuspendReject     MessageType = 0x21
	ResumeReject      MessageType = 0x22
	Hold              MessageType = 0x24
	Suspend           MessageType = 0x25
	Resume            MessageType = 0x26
	HoldAck           MessageType = 0x28
	SuspendAck        MessageType = 0x2D
	ResumeAck         MessageType = 0x2E
	HoldReject        MessageType = 0x30
	Retrieve          MessageType = 0x31
	RetrieveAck       MessageType = 0x33
	RetrieveReject    MessageType = 0x37
	Disconnect        MessageType = 0x45
	Restart           MessageType = 0x46
	Release           MessageType = 0x4D
	RestartAck        MessageType = 0x4E
	ReleaseComplete   MessageType = 0x5A
	Segment           MessageType = 0x60
	Facility          MessageType = 0x62
	Notify            MessageType = 0x6E
	StatusEnquiry     MessageType = 0x75
	CongestionControl MessageType = 0x79
	Information       MessageType = 0x7B
	Status            MessageType = 0x7D
)

var messageNames = map[MessageType]string{Alerting: "ALERTING", CallProceeding: "CALL PROCEEDING", Progress: "PROGRESS",
	Setup: "SETUP", Connect: "CONNECT", SetupAck: "SETUP ACKNOWLEDGE", ConnectAck: "CONNECT ACKNOWLEDGE",
	UserInformation: "USER INFORMATION", SuspendReject: "SUSPEND REJECT", ResumeReject: "RESUME REJECT", Hold: "HOLD",
	Suspend: "SUSPEND", Resume: "RESUME", HoldAck: "HOLD ACKNOWLEDGE", SuspendAck: "SUSPEND ACKNOWLEDGE",
	ResumeAck: "RESUME ACKNOWLEDGE", HoldReject: "HOLD REJECT", Retrieve: "RETRIEVE", RetrieveAck: "RETRIEVE ACKNOWLEDGE",
	RetrieveReject: "RETRIEVE REJECT", Disconnect: "DISCONNECT", Restart: "RESTART", Release: "RELEASE",
	RestartAck: "RESTART ACKNOWLEDGE", ReleaseComplete: "RELEASE COMPLETE", Segment: "SEGMENT", Facility: "FACILITY",
	Notify: "NOTIFY", StatusEnquiry: "STATUS ENQUIRY", CongestionControl: "CONGESTION CONTROL", Information: "INFORMATION",
	Status: "STATUS"}

func (t MessageType) String() string {
	if s, ok := messageNames[t]; ok {
		return s
	}
	return fmt.Sprintf("message %#02x", uint8(t))
}

// A Message is a Q.931 message (clause 4).
type Message struct {
	Ref      uint16 // call reference without its flag; 0 is the global reference
	Dummy    bool   // it has no call reference
	ToOrigin bool   // the flag: it goes to the side that made the reference
	Type     MessageType
	elements []byte
}

const protocolQ931 = 0x08

// ErrOtherProtocol is what ParseMessage returns for layer 3 that is not Q.931.
var ErrOtherProtocol = errors.New("layer 3 is not Q.931")

// ParseMessage reads a message. Its information elements are read by Next.
func ParseMessage(b []byte) (m Message, err error) {
	if len(b) < 3 {
		return m, errors.New("the message is shorter than its head")
	}
	if b[0] != protocolQ931 {
		return m, ErrOtherProtocol
	}
	n := int(b[1] & 0x0F)
	if b[1]&0xF0 != 0 || n > 2 || len(b) < 3+n {
		return m, fmt.Errorf("call reference of %d octets in a message of %d", n, len(b))
	}
	switch n {
	case 0:
		m.Dummy = true
	case 1:
		m.ToOrigin, m.Ref = b[2]&0x80 != 0, uint16(b[2]&0x7F)
	case 2:
		v := binary.BigEndian.Uint16(b[2:])
		m.ToOrigin, m.Ref = v&0x8000 != 0, v&0x7FFF
	}
	m.Type, m.elements = MessageType(b[2+n]), b[3+n:]
	return m, nil
}

// whole makes of the first part of a segmented message (annex H) the message that
// it begins, as far as it goes: what says who calls whom comes first. ok is false
// for later parts.
func (m *Message) whole() (ok bool) {
	e := m.elements
	if len(e) < 4 || ElementID(e[0]) != SegmentedMessage || e[1] != 2 || e[2]&0x80 == 0 {
		return false
	}
	m.Type, m.elements = MessageType(e[3]&0x7F), e[4:]
	return true
}

// print tells one content of a message from another (FNV-1a).
func (m *Message) print() uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, b := range m.elements {
		h = (h ^ uint64(b)) * 0x100000001b3
	}
	return h
}

// ElementID names an information element of codeset 0 (Q.931 table 4-3).
type ElementID uint8

const (
	SegmentedMessage  ElementID = 0x00
	BearerCapability  ElementID = 0x04
	CauseElement      ElementID = 0x08
	CallStateElement  ElementID = 0x14
	ChannelIDElement  ElementID = 0x18
	FacilityElement   ElementID = 0x1C
	ProgressElement   ElementID = 0x1E
	DisplayElement    ElementID = 0x28
	KeypadElement     ElementID = 0x2C
	ConnectedNumber   ElementID = 0x4C
	CallingNumber     ElementID = 0x6C
	CalledNumber      ElementID = 0x70
	RedirectingNumber ElementID = 0x74
	RestartIndicator  ElementID = 0x79
	SendingComplete   ElementID = 0xA1
)

// An Element is one information element of codeset 0.
type Element struct {
	ID   ElementID // of single octet elements with their value, as SendingComplete
	Data []byte    // contents; nil of single octet elements
}

// Elements calls f for each information element of codeset 0, in order; those
// of other codesets are left out (clauses 4.5.2 to 4.5.4), and so is what is cut
// off at the end.
func (m *Message) Elements(f func(Element)) {
	locked, once := byte(0), -1
	for b := m.elements; len(b) > 0; {
		id, set := b[0], int(locked)
		if once >= 0 {
			set, once = once, -1
		}
		if id&0x80 != 0 { // a single octet
			b = b[1:]
			switch {
			case id&0x78 == 0x10: // locking shift
				locked = id & 7
			case id&0x78 == 0x18: // non-locking: for the next element only
				once = int(id & 7)
			case set == 0:
				f(Element{ID: ElementID(id)})
			}
			continue
		}
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return
		}
		if set == 0 {
			f(Element{ElementID(id), b[2 : 2+int(b[1])]})
		}
		b = b[2+int(b[1]):]
	}
}
