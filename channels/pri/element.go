package pri

// Number is a party's number (Q.931 clauses 4.5.8, 4.5.10; redirecting: Q.952).
type Number struct {
	Digits    string
	Type      uint8 // 0 unknown, 1 international, 2 national, 3 network specific, 4 subscriber, 6 abbreviated
	Plan      uint8 // 1: ITU-T E.164
	Presented uint8 // 0 allowed, 1 restricted, 2 not available
	Screening uint8 // 0 user's own, not screened; 1 verified and passed; 2 verified and failed; 3 the network's
	Reason    uint8 // of a redirection: 1 busy, 2 no reply, 15 always
}

// Presentation of a number.
const (
	Allowed = iota
	Restricted
	NotAvailable
)

// String is the number as people write it: international ones begin with +.
func (n Number) String() string {
	if n.Type == 1 && n.Digits != "" {
		return "+" + n.Digits
	}
	return n.Digits
}

const maxDigits = 64

// ParseNumber reads the contents of a number element. What is no digit of a
// telephone ends it.
func ParseNumber(b []byte) (n Number, ok bool) {
	if len(b) == 0 {
		return n, false
	}
	n.Type, n.Plan = b[0]>>4&7, b[0]&0x0F
	last := b[0]&0x80 != 0
	b = b[1:]
	for octet := 0; !last; octet++ { // octets 3a and 3b
		if len(b) == 0 {
			return n, false
		}
		switch octet {
		case 0:
			n.Presented, n.Screening = b[0]>>5&3, b[0]&3
		case 1:
			n.Reason = b[0] & 0x0F
		}
		last = b[0]&0x80 != 0
		b = b[1:]
	}
	n.Digits = digits(b)
	return n, true
}

// digits reads IA5 digits.
func digits(b []byte) string {
	end := 0
	for end < len(b) && end < maxDigits {
		c := b[end]
		if (c < '0' || c > '9') && c != '*' && c != '#' && (c < 'A' || c > 'D') {
			break
		}
		end++
	}
	return string(b[:end])
}

// ChannelID says which timeslots a message speaks of (Q.931 clause 4.5.13).
type ChannelID struct {
	Exclusive bool
	Any       bool   // any channel will do
	None      bool   // no channel: call waiting, or signalling without one
	D         bool   // the D-channel itself
	Basic     bool   // basic access: B1 or B2 in Slots
	Slots     uint32 // bit i: timeslot i, 1…31
}

// Slot returns the one timeslot, or 0.
func (c ChannelID) Slot() int {
	for i := 1; i < 32; i++ {
		if c.Slots == 1<<i {
			return i
		}
	}
	return 0
}

// ParseChannelID reads the contents of a Channel identification element.
func ParseChannelID(b []byte) (c ChannelID, ok bool) {
	if len(b) == 0 {
		return c, false
	}
	h := b[0]
	c.Exclusive, c.D, c.Basic = h&0x08 != 0, h&0x04 != 0, h&0x20 == 0
	switch sel := h & 3; {
	case sel == 0:
		c.None = true
		return c, true
	case sel == 3:
		c.Any = true
		return c, true
	case c.Basic:
		c.Slots = 1 << sel
		return c, true
	case sel != 1:
		return c, false
	}
	b = b[1:]
	if h&0x40 != 0 { // which interface is said: octets 3.1
		for len(b) > 0 && b[0]&0x80 == 0 {
			b = b[1:]
		}
		if len(b) == 0 {
			return c, false
		}
		b = b[1:]
	}
	if len(b) < 2 {
		return c, false
	}
	isMap := b[0]&0x10 != 0
	b = b[1:]
	if !isMap {
		for _, v := range b {
			if n := v & 0x7F; n >= 1 && n <= 31 {
				c.Slots |= 1 << n
			}
			if v&0x80 != 0 {
				break
			}
		}
		return c, c.Slots != 0
	}
	// Slot map (figure 4-19): the last octet's lowest bit is timeslot 1, or 0 of E1's four octets.
	first := 1
	if len(b) >= 4 {
		b, first = b[:4], 0
	}
	for i, v := range b {
		for bit := range 8 {
			if slot := first + (len(b)-1-i)*8 + bit; v>>bit&1 != 0 && slot > 0 && slot < 32 {
				c.Slots |= 1 << slot
			}
		}
	}
	return c, c.Slots != 0
}

// Cause is why something ended or was refused (ITU-T Q.850).
type Cause struct {
	Value    uint8 // 1…127
	Location uint8 // 0 user, 1 private network local user, 2 public network local user, 3 transit, 4 public network remote user, …
}

// ParseCause reads the contents of a Cause element.
func ParseCause(b []byte) (c Cause, ok bool) {
	if len(b) == 0 {
		return c, false
	}
	c.Location = b[0] & 0x0F
	at := 1
	if b[0]&0x80 == 0 { // octet 3a: recommendation
		at = 2
	}
	if len(b) <= at {
		return c, false
	}
	c.Value = b[at] & 0x7F
	return c, true
}

// text reads IA5 characters of a Display element. A first octet above 7F, as
// some exchanges put there, is gone over, and so is what cannot be shown.
func text(b []byte) string {
	if len(b) > 0 && b[0]&0x80 != 0 {
		b = b[1:]
	}
	out := make([]byte, 0, min(len(b), 82))
	for _, c := range b {
		if c >= ' ' && c < 0x7F && len(out) < cap(out) {
			out = append(out, c)
		}
	}
	return string(out)
}
