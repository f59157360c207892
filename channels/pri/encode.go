package pri

import "strings"

// appendMessage begins a message: its head, to which elements are appended in
// the order of their identifiers (Q.931 clause 4.5.1). toOrigin is the flag of the
// call reference, which has one octet where short is set, as on basic access.
func appendMessage(b []byte, ref uint16, toOrigin, short bool, t MessageType) []byte {
	flag := byte(0)
	if toOrigin {
		flag = 0x80
	}
	if short {
		return append(b, protocolQ931, 1, byte(ref&0x7F)|flag, byte(t))
	}
	return append(b, protocolQ931, 2, byte(ref>>8)&0x7F|flag, byte(ref), byte(t))
}

// appendElement appends an element of variable length; what is longer than 255
// octets is cut off.
func appendElement(b []byte, id ElementID, data ...byte) []byte {
	data = data[:min(len(data), 255)]
	return append(append(b, byte(id), byte(len(data))), data...)
}

// Bearers of a Bearer capability (clause 4.5.5).
const (
	bearerSpeech = 0x80
	bearerData   = 0x88 // unrestricted digital information
	bearer64     = 0x90 // circuit mode, 64 kbit/s
	bearerMuLaw  = 0xA2
	bearerALaw   = 0xA3
)

func appendBearer(b []byte, data, muLaw bool) []byte {
	switch {
	case data:
		return appendElement(b, BearerCapability, bearerData, bearer64)
	case muLaw:
		return appendElement(b, BearerCapability, bearerSpeech, bearer64, bearerMuLaw)
	}
	return appendElement(b, BearerCapability, bearerSpeech, bearer64, bearerALaw)
}

// appendChannel appends a Channel identification that names one B-channel of
// this interface (clause 4.5.13). Channel 0 is any.
func appendChannel(b []byte, channel int, exclusive bool) []byte {
	head := byte(0xA1)
	if exclusive {
		head = 0xA9
	}
	if channel == 0 {
		return appendElement(b, ChannelIDElement, 0xA3)
	}
	return appendElement(b, ChannelIDElement, head, 0x83, 0x80|byte(channel))
}

// appendCause appends a Cause (clause 4.5.12) with what it is about: the message's
// type or elements' identifiers.
func appendCause(b []byte, c Cause, about ...byte) []byte {
	data := append(make([]byte, 0, 8), 0x80|c.Location&0x0F, 0x80|c.Value&0x7F)
	return appendElement(b, CauseElement, append(data, about[:min(len(about), 4)]...)...)
}

// Descriptions of a Progress indicator (clause 4.5.23).
const (
	notEndToEndISDN = 0x81
	originNotISDN   = 0x83
	inBandInfo      = 0x88
)

func appendProgress(b []byte, location, description byte) []byte {
	return appendElement(b, ProgressElement, 0x80|location, description)
}

// A NumberType is the type of number and the numbering plan that goes with it
// (clause 4.5.10). A number that begins with + is always international.
type NumberType uint8

const (
	TypeUsual         NumberType = iota // the switch's: unknown; American ones: national for 10 digits, subscriber for 7
	TypeUnknown                         // E.164, except with QSIG, where the plan is unknown too
	TypeInternational                   // E.164
	TypeNational                        // E.164
	TypeNetwork                         // network specific
	TypeSubscriber                      // E.164
	TypeAbbreviated
	TypePrivate // unknown, of a private plan
	nNumberType
)

var numberTypeNames = [nNumberType]string{"", "unknown", "international", "national", "network", "subscriber", "abbreviated", "private"}

func (t NumberType) String() string { return numberTypeNames[t%nNumberType] }

// MarshalText returns the code; that of TypeUsual is empty.
func (t NumberType) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads a code.
func (t *NumberType) UnmarshalText(b []byte) error {
	for i, s := range numberTypeNames {
		if s == string(b) {
			*t = NumberType(i)
			return nil
		}
	}
	return errNumberType
}

var errNumberType = &StackError{Code: "bad-number", Text: "a type of number is one of " + strings.Join(numberTypeNames[1:], ", ")}

// maxSent is how many digits a number may have that is sent: fifteen of E.164, and
// codes of carriers before them. ETS 300 102 has 20 at most, other networks take more.
const maxSent = 32

// numberOf makes of what somebody dialled the number that is sent; ok is false
// where it holds what is no digit.
func (d *dialect) numberOf(s string, t NumberType) (n Number, ok bool) {
	s, plus := strings.CutPrefix(s, "+")
	if digits([]byte(s)) != s || len(s) > maxSent || plus && s == "" {
		return n, false
	}
	n.Digits, n.Plan = s, 1
	switch {
	case plus:
		n.Type = 1
		return n, true
	case t == TypeUsual:
		t = d.usualType(s)
	}
	switch t {
	case TypeUnknown:
		if d.private {
			n.Plan = 0
		}
	case TypeAbbreviated:
		n.Type, n.Plan = 6, 0
	case TypePrivate:
		n.Plan = 9
	default:
		n.Type = uint8(t) - 1
	}
	return n, true
}

// appendNumber appends a Called party number.
func appendNumber(b []byte, id ElementID, n Number) []byte {
	return appendElement(b, id, append([]byte{0x80 | n.Type<<4 | n.Plan}, n.Digits...)...)
}

// appendParty appends a number with its presentation and screening: calling, connected.
func appendParty(b []byte, id ElementID, n Number) []byte {
	return appendElement(b, id, append([]byte{n.Type<<4 | n.Plan, 0x80 | n.Presented<<5 | n.Screening}, n.Digits...)...)
}

// appendRedirecting appends a Redirecting number (Q.952).
func appendRedirecting(b []byte, n Number) []byte {
	return appendElement(b, RedirectingNumber, append([]byte{n.Type<<4 | n.Plan, n.Presented<<5 | n.Screening, 0x80 | n.Reason}, n.Digits...)...)
}

// maxName is how long a name may be (ECMA-164); displays show less.
const maxName = 50

// plain leaves of a name what IA5 can write.
func plain(name string) []byte {
	b := make([]byte, 0, maxName)
	for i := 0; i < len(name) && len(b) < maxName; i++ {
		if c := name[i]; c >= ' ' && c < 0x7F {
			b = append(b, c)
		}
	}
	return b
}

// appendDisplay appends a Display of a name; DMS-100 wants its kind before it.
func appendDisplay(b []byte, name []byte, kind bool) []byte {
	if kind {
		return appendElement(b, DisplayElement, append([]byte{0xB1}, name...)...)
	}
	return appendElement(b, DisplayElement, name...)
}

// appendName appends a Facility that invokes callingName (ECMA-164): to be
// discarded by who does not know it.
func appendName(b []byte, name []byte) []byte {
	n := byte(len(name))
	data := []byte{protocolsHigh,
		nfe, 6, 0x80, 1, 0, 0x82, 1, 0, // from one end of the private network to the other
		interpretation, 1, 0,
		roseInvoke, 3 + 3 + 2 + n, berInteger, 1, 1, berInteger, 1, opCallingName, nameSimple, n}
	return appendElement(b, FacilityElement, append(data, name...)...)
}
