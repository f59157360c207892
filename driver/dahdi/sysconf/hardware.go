package sysconf

// Kind says what a span is.
type Kind string

// The kinds of spans, from the names that DAHDI gives them (dahdi-base.c,
// dahdi_spantype2str).
const (
	Unknown Kind = ""
	Analog  Kind = "analog"
	E1      Kind = "E1"
	T1      Kind = "T1"
	J1      Kind = "J1"
	BRI     Kind = "BRI"
	Dynamic Kind = "dynamic" // made by software
)

// Port says what an analog port is.
type Port string

// An FXO port is plugged into an exchange's line and is signalled with fxsks,
// an FXS port feeds a telephone and is signalled with fxoks.
const (
	NotKnown Port = ""      // the card does not say
	Empty    Port = "empty" // no module in this slot
	FXO      Port = "FXO"
	FXS      Port = "FXS"
)

// A Span is a card, or one connector of it, with what the kernel says of it.
type Span struct {
	Number      int
	Local       int    // its number on the card, from 1; 0 where not known
	Name        string // as WCTDM/0
	Description string
	Device      string // of which it is a part: the name of a Device, where known
	Kind        Kind
	Side        string // nt or te, of BRI
	Channels    []Channel

	Master      bool     // DAHDI takes its clock from this span
	ClockSource bool     // the card takes its clock from what this span receives
	LineConfig  string   // as CCS/HDB3/CRC4; "" while unconfigured or analog
	Alarms      []string // RED, YELLOW, BLUE, LOOP, RECOVERING, NOTOPEN

	BPV, CRC4, EBit, FAS, IRQMisses, Slips int // counted since the driver was loaded
}

// A Channel is a port or a timeslot.
type Channel struct {
	Number     int // on the machine, from 1
	Name       string
	Port       Port   // of analog spans
	Caps       string // what it can be used for, in the kernel's words; "" where not known
	HardHDLC   bool   // the card itself can decode a D-channel here
	Signalling string // what it is used for, as system.conf names it; "" while unconfigured
	InUse      bool
	Alarms     []string
}

// A Device is a card.
type Device struct {
	Name       string // on the bus dahdi_devices, as pci:0000:04:00.0
	Model      string
	HardwareID string
	Location   string
	Spans      int   // spans that the card has
	Assigned   []int // numbers of those that have one
}

// Digital reports whether the span carries timeslots of a framed line.
func (k Kind) Digital() bool { return k == E1 || k == T1 || k == J1 || k == BRI }

// First is the number of the span's first channel, 0 if it has none.
func (s Span) First() int {
	if len(s.Channels) == 0 {
		return 0
	}
	return s.Channels[0].Number
}

// Last is the number of its last channel, 0 if it has none.
func (s Span) Last() int {
	if len(s.Channels) == 0 {
		return 0
	}
	return s.Channels[len(s.Channels)-1].Number
}

// DChannel is the number of the channel that carries signalling messages on a
// span of this kind (E1: timeslot 16, T1: 24, BRI: the third), 0 if none does.
func (s Span) DChannel() int {
	at := map[Kind]int{E1: 16, T1: 24, J1: 24, BRI: 3}[s.Kind]
	if at == 0 || at > len(s.Channels) {
		return 0
	}
	return s.Channels[at-1].Number
}
