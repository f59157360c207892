package pri

// Causes (ITU-T Q.850) that a stack gives by itself.
const (
	channelUnacceptable = 6
	normalClearing      = 16
	noUserResponding    = 18
	noAnswer            = 19
	outOfOrder          = 27
	invalidNumber       = 28
	statusAnswer        = 30
	normalUnspecified   = 31
	noChannelFree       = 34
	temporaryFailure    = 41
	congestion          = 42
	channelTaken        = 44
	bearerUnknown       = 65
	notImplemented      = 69
	badReference        = 81
	missingElement      = 96
	unknownMessage      = 97
	unknownElement      = 99
	badElement          = 100
	wrongMessage        = 101
	timerExpired        = 102
)

// A cue is what comes with an input: what a message says, or what is wished.
type cue struct {
	channel    ChannelID
	hasChannel bool
	bearer     bool
	packet     bool // bearer of packets
	data       bool // bearer of data

	calling, called, connected, redirecting Number
	hasCalling, hasCalled, hasRedirecting   bool
	keypad                                  string
	name                                    string
	complete                                bool

	progress, inBand bool
	cause            Cause
	hasCause         bool
	state            callState
	hasState         bool
	restart          uint8
	hasRestart       bool
	notification     uint8
	hasNotification  bool

	digits  string // of a wish
	missing byte   // a mandatory element that is not there, or one that must be understood and is not; with hasMissing
	unknown byte   // an element that nobody knows; 0: none
	bad     byte   // an element that cannot be read; 0: none

	hasMissing bool
	seen       [4]uint64 // elements that have come: the first of each counts (clause 5.8.5.2)
}

// knownElements are those of codeset 0 that Q.931, Q.932, Q.95x and ECMA-143 have.
var knownElements = func() (known [4]uint64) {
	for _, id := range []byte{0x00, 0x01, 0x04, 0x08, 0x0C, 0x0D, 0x10, 0x14, 0x18, 0x1C, 0x1E, 0x20, 0x27, 0x28, 0x29, 0x2C, 0x31, 0x32, 0x34, 0x36, 0x38,
		0x39, 0x3A, 0x3B, 0x40, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x4A, 0x4C, 0x4D, 0x50, 0x51, 0x6C, 0x6D, 0x70, 0x71, 0x73, 0x74, 0x76, 0x78, 0x79,
		0x7C, 0x7D, 0x7E, 0x7F} {
		known[id>>6] |= 1 << (id & 63)
	}
	return known
}()

// mandatory are the elements that messages cannot do without (clause 3), but for
// those that much equipment leaves out and that a default stands for. Cause counts
// in the first message that clears only.
var mandatory = map[MessageType][]ElementID{Setup: {BearerCapability}, Disconnect: {CauseElement}, Release: {CauseElement},
	ReleaseComplete: {CauseElement}, Status: {CauseElement, CallStateElement}, Progress: {ProgressElement}, Notify: {notificationElement},
	HoldReject: {CauseElement}, RetrieveReject: {CauseElement}}

const notificationElement ElementID = 0x27

// read takes what a message says.
func (c *cue) read(m *Message) {
	m.Elements(c.take)
	for _, id := range mandatory[m.Type] {
		if c.seen[id>>6]>>(id&63)&1 == 0 && !c.hasMissing {
			c.missing, c.hasMissing = byte(id), true
		}
	}
}

func (c *cue) take(e Element) {
	if e.ID >= 0x80 { // single octets
		c.complete = c.complete || e.ID == SendingComplete
		return
	}
	word, bit := &c.seen[e.ID>>6], uint64(1)<<(e.ID&63)
	switch again := *word&bit != 0; {
	case knownElements[e.ID>>6]&bit == 0 && e.ID&0x70 == 0: // comprehension required (clause 4.5.1)
		c.missing, c.hasMissing = byte(e.ID), true
		return
	case knownElements[e.ID>>6]&bit == 0:
		c.unknown = byte(e.ID)
		return
	case again && e.ID != ProgressElement && e.ID != FacilityElement && e.ID != CallingNumber:
		return
	}
	*word |= bit
	if !c.element(e) {
		c.bad = byte(e.ID)
	}
}

// element reads one element; false: it holds what it must not.
func (c *cue) element(e Element) (ok bool) {
	b := e.Data
	switch e.ID {
	case BearerCapability: // clause 4.5.5: speech 0, 3.1 kHz audio 16; mode packet 2
		if len(b) < 2 {
			return false
		}
		kind := b[0] & 0x1F
		c.bearer, c.data, c.packet = true, kind != 0 && kind != 16, b[1]>>5&3 == 2
		return true
	case ChannelIDElement:
		c.channel, c.hasChannel = ParseChannelID(b)
		return c.hasChannel
	case CauseElement:
		c.cause, c.hasCause = ParseCause(b)
		return c.hasCause
	case CallStateElement:
		if len(b) == 0 || b[0]&0x3F >= nCallState && b[0]&0x3F != 0x3D && b[0]&0x3F != 0x3E {
			return false
		}
		c.state, c.hasState = callState(b[0]&0x3F), true
		return true
	case ProgressElement:
		if len(b) < 2 {
			return false
		}
		c.progress = true
		c.inBand = c.inBand || b[1] == inBandInfo || b[1] == notEndToEndISDN
		return true
	case RestartIndicator:
		if len(b) == 0 {
			return false
		}
		c.restart, c.hasRestart = b[0], true
		return true
	case notificationElement:
		if len(b) == 0 {
			return false
		}
		c.notification, c.hasNotification = b[0]&0x7F, true
		return true
	case KeypadElement:
		c.keypad = digits(b)
		return true
	case DisplayElement:
		if c.name == "" {
			c.name = text(b)
		}
		return true
	case FacilityElement:
		if name := callingName(b); name != "" {
			c.name = name
		}
		return true
	}
	return c.number(e)
}

// number reads the elements that are numbers.
func (c *cue) number(e Element) (ok bool) {
	var n Number
	switch e.ID {
	case CallingNumber:
		n, ok = ParseNumber(e.Data)
		if ok && (!c.hasCalling || n.Screening == 1 || n.Screening == 3) { // of two, the one the network vouches for
			c.calling, c.hasCalling = n, true
		}
	case CalledNumber:
		c.called, c.hasCalled = ParseNumber(e.Data)
		return c.hasCalled
	case ConnectedNumber:
		c.connected, ok = ParseNumber(e.Data)
	case RedirectingNumber:
		c.redirecting, c.hasRedirecting = ParseNumber(e.Data)
		return c.hasRedirecting
	default:
		return true
	}
	return ok
}

// dialled are the digits that SETUP or INFORMATION bring.
func (c *cue) dialled() string {
	if c.hasCalled {
		return c.called.Digits
	}
	return c.keypad
}
