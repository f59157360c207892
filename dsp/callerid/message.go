package callerid

import "strconv"

// Coding is how a message was sent.
type Coding byte

// The codings.
const (
	Bell Coding = iota + 1 // FSK with the tones of Bell 202: Bellcore GR-30, China's YDN 069
	V23                    // FSK with the tones of ITU-T V.23: ETSI EN 300 659
	DTMF                   // keys: China before the first ring, ETSI EN 300 659-1 annex C, and others
	NTT                    // FSK with the tones of V.23 in a frame of NTT's own: Japan
	Told                   // received by hardware, which does not say how
)

func (c Coding) String() string {
	switch c {
	case Bell:
		return "bell202"
	case V23:
		return "v23"
	case DTMF:
		return "dtmf"
	case NTT:
		return "ntt"
	case Told:
		return "board"
	}
	return ""
}

// Types of FSK messages.
const (
	CallSetupSingle = 0x04 // "single data message": date, time and number without types
	WaitingSingle   = 0x06 // message waiting, as a single data message
	CallSetup       = 0x80
	MessageWaiting  = 0x82
	AdviceOfCharge  = 0x86
	ShortMessage    = 0x89
)

// maxData is what the length of a message, one byte, can say.
const maxData = 255

// Message is one message as received, with the right checksum where its coding
// has one.
type Message struct {
	At, End int64 // samples, counted from New: where its first byte or key begins, and where the last ends
	Coding  Coding
	Type    byte    // of FSK messages: CallSetup, …; 0 for DTMF
	Quality float32 // part of the power that the tones explained; 0 for DTMF

	length int
	data   [maxData]byte
}

// Data is what lies between the length and the checksum of an FSK message, or
// the keys of a DTMF message with those that begin and end it. It is part of m.
func (m *Message) Data() []byte { return m.data[:m.length] }

// Hex is the whole message without its checksum, as hexadecimal digits; for
// DTMF the keys as they are.
func (m *Message) Hex() string {
	if m.Coding == DTMF {
		return string(m.Data())
	}
	return hex(append([]byte{m.Type, byte(m.length)}, m.Data()...))
}

func hex(b []byte) string {
	const digits = "0123456789ABCDEF"
	out := make([]byte, 0, 2*len(b))
	for _, v := range b {
		out = append(out, digits[v>>4], digits[v&15])
	}
	return string(out)
}

// Field is one parameter of a message.
type Field struct {
	Type byte   // as sent; of messages without types that of the same parameter with types
	Name string // a stable code such as "number"; empty when the type is not known
	Raw  []byte // part of the message
}

// Text is the value as text: as it was sent where it is made of printable ASCII
// characters, a decimal number where it is one byte with a meaning, else
// hexadecimal digits.
func (f Field) Text() string {
	if f.Name == "" {
		return hex(f.Raw)
	}
	if len(f.Raw) == 1 && f.Raw[0] < ' ' || len(f.Raw) == 1 && f.Raw[0] > '~' {
		return strconv.Itoa(int(f.Raw[0]))
	}
	for _, c := range f.Raw {
		if c < ' ' || c > '~' {
			return hex(f.Raw)
		}
	}
	return string(f.Raw)
}

// Types of parameters. ETSI EN 300 659-3 numbers them as Bellcore does, where
// both have them; 0x05 and 0x06 are Bellcore's.
const (
	DateTime       = 0x01
	Number         = 0x02 // of the caller
	Dialled        = 0x03
	NumberAbsent   = 0x04 // why: O out of area, P private
	RedirectReason = 0x05
	Qualifier      = 0x06 // L: long distance
	Name           = 0x07 // of the caller
	NameAbsent     = 0x08
	Visual         = 0x0B // message waiting: 0xFF on, 0 off
	CallType       = 0x11
	Messages       = 0x13 // how many wait
	Forwarded      = 0x15
	CallingUser    = 0x16
	Redirecting    = 0x1A // the number that passed the call on
	Display        = 0x50
)

// parameter returns the code of a type of parameter.
func parameter(t byte) string {
	switch t {
	case DateTime:
		return "date-time"
	case Number:
		return "number"
	case Dialled:
		return "dialled"
	case NumberAbsent:
		return "number-absent"
	case RedirectReason:
		return "redirect-reason"
	case Qualifier:
		return "qualifier"
	case Name:
		return "name"
	case NameAbsent:
		return "name-absent"
	case 0x09:
		return "alternate-route"
	case Visual:
		return "message-waiting"
	case 0x0D:
		return "message-id"
	case 0x0E:
		return "last-caller"
	case 0x0F:
		return "complementary-date-time"
	case 0x10:
		return "complementary-number"
	case CallType:
		return "call-type"
	case 0x12:
		return "first-called"
	case Messages:
		return "messages"
	case Forwarded:
		return "forwarded"
	case CallingUser:
		return "calling-user"
	case Redirecting:
		return "redirecting"
	case 0x20:
		return "charge"
	case 0x21:
		return "additional-charge"
	case 0x23:
		return "duration"
	case 0x30:
		return "network-provider"
	case 0x31:
		return "carrier"
	case 0x40:
		return "terminal-function"
	case 0x50:
		return "display"
	case 0x55:
		return "service"
	case 0xE0:
		return "operator-extension"
	}
	return ""
}

// Fields takes a message apart and appends its parameters to dst, in the order
// in which they were sent. Unknown types are kept.
func (m *Message) Fields(dst []Field) []Field {
	d := m.Data()
	field := func(t byte, raw []byte) {
		name := parameter(t)
		if m.Coding == NTT {
			name = parameterNTT(t)
		}
		dst = append(dst, Field{Type: t, Name: name, Raw: raw})
	}
	switch {
	case m.Coding == DTMF:
		return keyFields(dst, d)
	case m.Type == CallSetupSingle:
		if len(d) >= dateLen {
			field(DateTime, d[:dateLen])
			d = d[dateLen:]
		}
		if len(d) == 1 && (d[0] == 'O' || d[0] == 'P') {
			field(NumberAbsent, d)
		} else if len(d) > 0 {
			field(Number, d)
		}
	case m.Type == WaitingSingle:
		field(Visual, d)
	default:
		for len(d) >= 2 && int(d[1]) <= len(d)-2 {
			field(d[0], d[2:2+int(d[1])])
			d = d[2+int(d[1]):]
		}
	}
	return dst
}

// Field returns the value of the first parameter of that type.
func (m *Message) Field(t byte) (Field, bool) {
	var few [16]Field
	for _, f := range m.Fields(few[:0]) {
		if f.Type == t {
			return f, true
		}
	}
	return Field{}, false
}

// dateLen is the length of MMDDhhmm.
const dateLen = 8

// plausible reports whether data can be that of a message of a type. A checksum
// of eight bits alone is right once in 256 times, and always when everything is
// zero.
func plausible(t byte, d []byte) bool {
	switch t {
	case CallSetupSingle:
		if len(d) <= dateLen || !digits(d[:dateLen]) {
			return false
		}
		for _, c := range d[dateLen:] {
			if c < ' ' || c > '~' {
				return false
			}
		}
		return true
	case WaitingSingle:
		return len(d) > 0
	case CallSetup, MessageWaiting, AdviceOfCharge:
		known := false
		n := 0
		for ; len(d) >= 2 && int(d[1]) <= len(d)-2; n++ {
			known = known || parameter(d[0]) != ""
			d = d[2+int(d[1]):]
		}
		return known && len(d) == 0
	case ShortMessage:
		return len(d) > 0
	}
	return false
}

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
