package analog

import (
	"slices"

	"vaad/driver"
	"vaad/dsp/callerid"
)

const (
	messageWait  = 6 * driver.Rate  // a ring follows the message of who calls within 6 s
	enoughRings  = 2                // bursts after which the message has come, if it comes
	tryBefore    = 6 * driver.Rate  // before the first burst a message may have been sent
	tryMost      = 20 * driver.Rate // of audio kept of a failed attempt
	unframedKeys = 3                // keys on-hook that say nothing: a message that was not understood
)

// A Format is how a line's exchange says who calls, as it was last seen twice.
type Format uint8

// The formats, by coding and by when they come.
const (
	NoFormat Format = iota
	BellBefore
	BellAfter
	V23Before
	V23After
	KeysBefore
	KeysAfter
	nFormat
)

var formatNames = [nFormat]string{"", "bell202-before-ring", "bell202-after-ring", "v23-before-ring", "v23-after-ring",
	"dtmf-before-ring", "dtmf-after-ring"}

func (f Format) String() string {
	if f < nFormat {
		return formatNames[f]
	}
	return ""
}

func (f Format) beforeRing() bool { return f == BellBefore || f == V23Before || f == KeysBefore }

// MarshalText gives the stable code.
func (f Format) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads a stable code; one that is not known is NoFormat.
func (f *Format) UnmarshalText(b []byte) error {
	*f = NoFormat
	for i, n := range formatNames {
		if n == string(b) {
			*f = Format(i)
		}
	}
	return nil
}

// formatOf names a coding that came before or after the first burst.
func formatOf(c callerid.Coding, after bool) Format {
	f := NoFormat
	switch c {
	case callerid.Bell:
		f = BellBefore
	case callerid.V23:
		f = V23Before
	case callerid.DTMF:
		f = KeysBefore
	}
	if f != NoFormat && after {
		f++
	}
	return f
}

// A caller is what a message said, and what has come of the present attempt.
type caller struct {
	has            bool // a message waits for the ring
	number, name   string
	withheld       string
	coding         callerid.Coding
	end            int64 // of the message
	after          bool  // it came after the first burst
	format, before Format
	damaged        int64 // where a message was last damaged; never: none
	keys           int   // pressed on-hook, lately
	keyed          int64 // the last of them
	from           int64 // where the present attempt began; never: none
}

func newCaller() caller { return caller{damaged: never, from: never} }

// begin notes that it rings.
func (c *caller) begin(now, ended int64) { c.from = max(now-tryBefore, ended, 0) }

func (c *caller) pressed(now int64) {
	if now-c.keyed > messageWait {
		c.keys = 0
	}
	c.keys++
	c.keyed = now
}

// Message says that a detector has received a whole message about who calls;
// it is known at pos. Whether it is believed depends on what the line is doing:
//
//	on-hook          it waits 6 s for a ring; keys always do
//	hook not known   … keys where A or D is before and a letter behind them, as no telephone sends
//	ringing, a pause FSK is the caller's
//	in a call        FSK is about another call that waits; keys are nothing
//
// The first of a call is kept; of two before a ring the one in the line's
// usual coding, or the country's. FSK is believed before a ring although no reversal was seen:
// not every card reports reversals.
func (t *Tap) Message(out []Event, m *callerid.Message, pos int64) []Event {
	t.out = out
	t.advance(pos)
	number, name, _, ok := who(m)
	if !ok {
		return t.release()
	}
	fsk := m.Coding != callerid.DTMF
	switch t.state {
	case Idle, PreRing, Unknown:
		if fsk || !t.hookless() || t.framedByExchange(m) {
			t.caller.hold(m, t.now, false, t.cfg.Country)
		}
	case Ringing:
		t.caller.hold(m, t.now, true, t.cfg.Country)
		t.talk.was(m.At)
		if fsk && t.caller.adopt(&t.call, t.now) {
			t.at = m.At
			t.numbers(t.call.CallerBy)
		}
	case OffHookIn, OffHookOut, Dialling, Talking:
		switch {
		case !fsk:
		case t.state != Talking && t.call.Direction == In && m.At < t.call.Answered: // picked up while it was sent
			t.caller.hold(m, t.now, true, t.cfg.Country)
			if t.caller.adopt(&t.call, t.now) {
				t.at = m.At
				t.numbers(t.call.CallerBy)
			}
		case t.up:
			t.waiting(m.At, number, name)
		}
	}
	return t.release()
}

// who is what a message says of who calls. False: it says nothing, but tells of a
// message that waits in a mailbox, or a price.
func who(m *callerid.Message) (number, name string, absent byte, ok bool) {
	number, absent = m.Caller()
	name, _ = m.CallerName()
	ok = number != "" || absent != 0 || name != ""
	if m.Coding != callerid.DTMF && m.Type != callerid.CallSetup && m.Type != callerid.CallSetupSingle {
		ok = false
	}
	return number, name, absent, ok
}

// hold keeps a message for the ring that must follow; after: it came after the
// first burst.
func (c *caller) hold(m *callerid.Message, now int64, after bool, country string) {
	number, name, absent, _ := who(m)
	usual := func(coding callerid.Coding) bool {
		is := func(f Format) bool { return f == formatOf(coding, false) || f == formatOf(coding, true) }
		if c.format != NoFormat {
			return is(c.format)
		}
		return slices.ContainsFunc(usualFormats(country), is)
	}
	if c.has && now-c.end <= messageWait && (usual(c.coding) || !usual(m.Coding)) {
		return
	}
	c.has, c.number, c.name, c.coding, c.end, c.withheld = true, number, name, m.Coding, m.End, ""
	c.after = after
	switch absent {
	case callerid.Private:
		c.withheld = Private
	case callerid.OutOfArea:
		c.withheld = Unavailable
	}
}

// adopt gives a message that waits to the call that rings, if it has none yet.
func (c *caller) adopt(call *Call, now int64) bool {
	if !c.has {
		return false
	}
	c.has = false
	if now-c.end > messageWait || call.CallerBy != "" {
		return false
	}
	call.Caller, call.Name, call.Withheld, call.CallerBy = c.number, c.name, c.withheld, c.coding.String()
	c.name, c.number = "", ""
	c.from, c.damaged, c.keys = never, never, 0
	f := formatOf(c.coding, c.after)
	if c.format == NoFormat || c.before == f {
		c.format = f
	}
	c.before = f
	return true
}

// Damaged says that a message began and was not received; it is known at pos.
func (t *Tap) Damaged(out []Event, pos int64) []Event {
	t.out = out
	t.advance(pos)
	switch t.state {
	case Idle, PreRing, Unknown, Ringing:
		t.caller.damaged = t.now
	}
	return t.release()
}

// failed tells, once in a call, that nothing said who calls although something
// tried to, or always did. Where the audio of it lies is told too.
func (c *caller) failed(out []Event, call *Call, now int64) []Event {
	from := c.from
	c.from = never
	if from == never || call.CallerBy != "" {
		return out
	}
	why := ""
	switch {
	case c.damaged != never && c.damaged >= from:
		why = "damaged"
	case c.keys >= unframedKeys && c.keyed >= from:
		why = "unframed"
	case c.format != NoFormat && (call.Rings > 1 || c.format.beforeRing()):
		why = "missing"
	}
	c.damaged, c.keys = never, 0
	if why == "" {
		return out
	}
	from = max(from, now-tryMost)
	return append(out, Event{Kind: CallerFailed, Pos: from, Known: now, Value: now - from, Text: why, Call: *call})
}
