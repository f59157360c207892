package pri

import (
	"encoding/hex"
	"fmt"
	"strconv"
)

// An Explained frame is one as people are told of it. What could not be read
// stands in Bad, with all that could be.
type Explained struct {
	Frame
	Message  *Message // nil: it carries none of Q.931
	Elements []ExplainedElement
	Bad      string // in English; "": nothing is wrong with its form
}

// An ExplainedElement is an information element as codes: Details say what stands in it.
type ExplainedElement struct {
	Codeset int
	ID      uint8
	Code    string // stable name, "" of one that is not known
	Details []Detail
	Data    []byte
}

// A Detail is one thing that an element says: a code of its kind, or a value.
type Detail struct {
	Key   string // stable: "capability.speech", "digits", …
	Value string
}

var elementCodes = map[ElementID]string{SegmentedMessage: "segmented", BearerCapability: "bearer", CauseElement: "cause",
	CallStateElement: "call-state", ChannelIDElement: "channel", FacilityElement: "facility", ProgressElement: "progress",
	0x20: "network-facilities", 0x27: "notification", DisplayElement: "display", 0x29: "date", KeypadElement: "keypad",
	0x34: "signal", ConnectedNumber: "connected", CallingNumber: "calling", 0x6D: "calling-subaddress", CalledNumber: "called",
	0x71: "called-subaddress", RedirectingNumber: "redirecting", 0x78: "transit", RestartIndicator: "restart",
	0x7C: "low-layer", 0x7D: "high-layer", 0x7E: "user-user", SendingComplete: "complete", 0xB0: "congestion"}

// ElementCodes lists the stable names of information elements.
func ElementCodes() (all []string) {
	for _, c := range elementCodes {
		all = append(all, c)
	}
	return all
}

// Explain reads a LAPD frame for people. It takes anything.
func Explain(frame []byte) (x Explained) {
	f, err := ParseFrame(frame)
	if err != nil {
		x.Bad = err.Error()
		return x
	}
	x.Frame = f
	if f.SAPI != 0 || f.Kind != I && f.Kind != UI {
		return x
	}
	m, err := ParseMessage(f.Info)
	if err != nil {
		x.Bad = err.Error()
		return x
	}
	x.Message = &m
	rest := m.all(func(set int, id byte, data []byte) {
		e := ExplainedElement{Codeset: set, ID: id, Data: data}
		if set == 0 {
			if e.Code = elementCodes[ElementID(id)]; e.Code == "" && id&0xF0 == 0xB0 {
				e.Code = "congestion"
			}
			e.Details = details(ElementID(id), data)
		}
		x.Elements = append(x.Elements, e)
	})
	if rest > 0 {
		x.Bad = fmt.Sprintf("the last %d octets are cut off", rest)
	}
	return x
}

// all calls f for each information element of each codeset, in order, and returns
// how many octets at the end belong to one that is cut off.
func (m *Message) all(f func(set int, id byte, data []byte)) (rest int) {
	locked, once := 0, -1
	for b := m.elements; len(b) > 0; {
		id, set := b[0], locked
		if once >= 0 {
			set, once = once, -1
		}
		if id&0x80 != 0 {
			b = b[1:]
			switch {
			case id&0x78 == 0x10:
				locked = int(id & 7)
			case id&0x78 == 0x18:
				once = int(id & 7)
			default:
				f(set, id, nil)
			}
			continue
		}
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return len(b)
		}
		f(set, id, b[2:2+int(b[1])])
		b = b[2+int(b[1]):]
	}
	return 0
}

// details says what stands in an element of codeset 0.
func details(id ElementID, b []byte) []Detail {
	switch id {
	case BearerCapability:
		return bearerDetails(b)
	case CauseElement:
		if c, ok := ParseCause(b); ok {
			return []Detail{{"cause", strconv.Itoa(int(c.Value))}, {Key: "location." + named(locations, c.Location)}}
		}
	case CallStateElement:
		if len(b) > 0 {
			return []Detail{{"state", strconv.Itoa(int(b[0] & 0x3F))}}
		}
	case ChannelIDElement:
		return channelDetails(b)
	case ProgressElement:
		if len(b) > 1 {
			return []Detail{{Key: "progress." + named(progresses, b[1]&0x7F)}, {Key: "location." + named(locations, b[0]&0x0F)}}
		}
	case DisplayElement:
		return []Detail{{"text", text(b)}}
	case KeypadElement:
		return []Detail{{"digits", digits(b)}}
	case CallingNumber, CalledNumber, ConnectedNumber, RedirectingNumber:
		return numberDetails(id, b)
	case RestartIndicator:
		if len(b) > 0 {
			return []Detail{{Key: "restart." + named(restarts, b[0]&7)}}
		}
	case FacilityElement:
		if name := callingName(b); name != "" {
			return []Detail{{"text", name}}
		}
	case 0x7D: // high layer compatibility: figure 4-27
		if len(b) > 1 {
			return []Detail{{Key: "layer." + named(highLayers, b[1]&0x7F)}}
		}
	case SegmentedMessage:
		if len(b) > 0 {
			return []Detail{{"left", strconv.Itoa(int(b[0] & 0x7F))}}
		}
	}
	return nil
}

// named is the name of a value, or the value.
func named(names map[uint8]string, v uint8) string {
	if n, ok := names[v]; ok {
		return n
	}
	return "other"
}

var (
	locations    = map[uint8]string{0: "user", 1: "private-local", 2: "public-local", 3: "transit", 4: "public-remote", 5: "private-remote", 7: "international", 10: "beyond"}
	progresses   = map[uint8]string{1: "not-isdn", 2: "called-not-isdn", 3: "calling-not-isdn", 4: "returned", 5: "interworking", 8: "inband"}
	restarts     = map[uint8]string{0: "channels", 6: "interface", 7: "all"}
	highLayers   = map[uint8]string{0x01: "telephony", 0x04: "fax", 0x21: "fax-4", 0x31: "teletex", 0x35: "telex", 0x38: "osi"}
	capabilities = map[uint8]string{0: "speech", 8: "unrestricted", 9: "restricted", 16: "audio", 17: "tones", 24: "video"}
	rates        = map[uint8]string{0: "packet", 16: "64", 17: "2x64", 19: "384", 21: "1536", 23: "1920", 24: "multi"}
	layersOne    = map[uint8]string{1: "v110", 2: "mulaw", 3: "alaw", 4: "g721", 5: "h221", 8: "v120"}
	numberTypes  = map[uint8]string{0: "unknown", 1: "international", 2: "national", 3: "network", 4: "subscriber", 6: "abbreviated"}
	plans        = map[uint8]string{0: "unknown", 1: "isdn", 3: "data", 4: "telex", 8: "national", 9: "private"}
	presented    = map[uint8]string{0: "allowed", 1: "restricted", 2: "absent"}
	screened     = map[uint8]string{0: "not", 1: "passed", 2: "failed", 3: "network"}
	reasons      = map[uint8]string{0: "unknown", 1: "busy", 2: "no-reply", 15: "always"}
)

// DetailCodes lists the keys of details that are codes.
func DetailCodes() (all []string) {
	for group, names := range map[string]map[uint8]string{"location": locations, "progress": progresses, "restart": restarts, "layer": highLayers,
		"capability": capabilities, "rate": rates, "layer1": layersOne, "type": numberTypes, "plan": plans, "presented": presented, "screened": screened, "reason": reasons} {
		for _, n := range names {
			all = append(all, group+"."+n)
		}
		all = append(all, group+".other")
	}
	return append(all, "channel.none", "channel.any", "channel.exclusive", "channel.preferred", "channel.d",
		"cause", "state", "text", "digits", "left", "slot")
}

// bearerDetails: figure 4-11.
func bearerDetails(b []byte) []Detail {
	if len(b) < 2 {
		return nil
	}
	d := []Detail{{Key: "capability." + named(capabilities, b[0]&0x1F)}, {Key: "rate." + named(rates, b[1]&0x1F)}}
	i := 2
	if b[1]&0x1F == 24 { // a multiplier follows
		i++
	}
	if i < len(b) && b[i]&0x60 == 0x20 {
		d = append(d, Detail{Key: "layer1." + named(layersOne, b[i]&0x1F)})
	}
	return d
}

func channelDetails(b []byte) (d []Detail) {
	c, ok := ParseChannelID(b)
	switch {
	case !ok:
		return nil
	case c.None:
		d = append(d, Detail{Key: "channel.none"})
	case c.Any:
		d = append(d, Detail{Key: "channel.any"})
	}
	for i := 1; i < 32; i++ {
		if c.Slots>>i&1 != 0 {
			d = append(d, Detail{"slot", strconv.Itoa(i)})
		}
	}
	if c.D {
		d = append(d, Detail{Key: "channel.d"})
	}
	if c.Exclusive {
		return append(d, Detail{Key: "channel.exclusive"})
	}
	return append(d, Detail{Key: "channel.preferred"})
}

func numberDetails(id ElementID, b []byte) []Detail {
	n, ok := ParseNumber(b)
	if !ok {
		return nil
	}
	d := []Detail{{"digits", n.Digits}, {Key: "type." + named(numberTypes, n.Type)}, {Key: "plan." + named(plans, n.Plan)}}
	if id != CalledNumber && b[0]&0x80 == 0 { // octet 3a says it
		d = append(d, Detail{Key: "presented." + named(presented, n.Presented)}, Detail{Key: "screened." + named(screened, n.Screening)})
	}
	if id == RedirectingNumber {
		d = append(d, Detail{Key: "reason." + named(reasons, n.Reason)})
	}
	return d
}

// IDText is the identifier for people: in hexadecimal, behind its codeset where that is not 0.
func (e *ExplainedElement) IDText() string {
	s := hex.EncodeToString([]byte{e.ID})
	if e.Codeset != 0 {
		return strconv.Itoa(e.Codeset) + ":" + s
	}
	return s
}
