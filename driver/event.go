package driver

// EventKind says what happened on a line, a span or the board. The
// comment beside each kind says what Event.Value (unit) and Event.Data carry.
type EventKind uint8

const (
	// One per line in the first frame after opening: Value is a set of State bits.
	State EventKind = iota + 1

	RingBegin   // a ring burst begins
	RingEnd     // the burst has ended
	OffHook     // the telephone of an FXS line, or our own FXO, went off-hook
	OnHook      // … went on-hook
	Flash       // Value: length, ms
	PulseDigit  // Value: the digit as a character, '0'…'9'
	HookEdge    // raw loop change before any timing; of an FXO line by another telephone. Value: 1 loop closed, 0 open
	Polarity    // Value: the new one, 0 normal, 1 reversed
	LoopBreak   // the exchange interrupted the feed. Value: length, ms
	Battery     // Value: 1 present, 0 lost
	Volts       // tip-ring voltage. Value: mV, signed
	LoopCurrent // Value: µA
	CASBits     // Value: bits ABCD, A = 8
	DigitBegin  // DTMF found by the hardware. Value: the key as a character
	DigitEnd    // Value: the key
	Text        // tone or caller ID decoded by the board. Data: UTF-8; of a caller ID "caller-id " and its message in hexadecimal digits
	MWI         // message waiting. Value: 1 on, 0 off
	DialDone    // a pulse dial or flash has been carried out
	RingerOn    // our ringing voltage is on (FXS)
	RingerOff
	ChannelAlarm // Value: 1 raised, 0 cleared
	SpanAlarm    // Line is the span's index. Value: set of AlarmRed, …
	Lost         // audio of this line was lost from At on. Value: samples
	ECState      // echo canceller. Value: 1 on, 0 off
	RoundTrip    // the delay tx → rx changed. Value: samples
	DChannel     // Line is the span's index. Data: one LAPD frame, no flags, no FCS
	DChannelErr  // Line is the span's index. Value: DErrAbort, …
	Refused      // a command was not carried out. Value: its CommandKind (Line is as in that command). Data: the reason
	Slip         // blocks that came too late were dropped. Value: blocks
	Missed       // nothing had come for this block: the line was given silence. Value: blocks
	Underrun     // nothing was there to be sent: the far end heard silence from us. Value: samples
	nEvent
)

var eventNames = [nEvent]string{State: "state", RingBegin: "ring-begin", RingEnd: "ring-end", OffHook: "off-hook",
	OnHook: "on-hook", Flash: "flash", PulseDigit: "pulse-digit", HookEdge: "hook-edge", Polarity: "polarity",
	LoopBreak: "loop-break", Battery: "battery", Volts: "volts", LoopCurrent: "loop-current", CASBits: "cas-bits",
	DigitBegin: "digit-begin", DigitEnd: "digit-end", Text: "text", MWI: "mwi", DialDone: "dial-done",
	RingerOn: "ringer-on", RingerOff: "ringer-off", ChannelAlarm: "channel-alarm", SpanAlarm: "span-alarm",
	Lost: "lost", ECState: "ec-state", RoundTrip: "round-trip", DChannel: "d-channel", DChannelErr: "d-channel-error",
	Refused: "refused", Slip: "slip", Missed: "missed", Underrun: "underrun"}

// State bits.
const (
	StateOffHook = 1 << iota // the loop is closed: our own FXO, or the telephone of an FXS line
	StateRinging
	StateNoBattery
	StateReversed
	StateAlarm
)

// Span alarms, as set in SpanAlarm (ITU-T G.704, G.706).
const (
	AlarmRed = 1 << iota // loss of signal or frame
	AlarmYellow
	AlarmBlue
	AlarmLoopback
)

// D-channel errors.
const (
	DErrAbort = iota + 1
	DErrFCS
	DErrOverrun
)

// OnSpan reports whether Event.Line is the index of a span rather than of a line.
func (k EventKind) OnSpan() bool { return k == SpanAlarm || k == DChannel || k == DChannelErr }

func (k EventKind) String() string               { return name(eventNames[:], int(k), "event") }
func (k EventKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
func (k *EventKind) UnmarshalText(b []byte) error {
	return parse(k, eventNames[:], string(b), "event")
}

// An Event is something that happened. Data lies in the frame's arena and is
// valid as long as the frame.
type Event struct {
	Kind  EventKind
	Line  int   // index into Info.Lines; into Info.Spans where Kind.OnSpan
	At    int   // sample offset in the frame, 0…159
	Value int32 // unit: see the kind
	Data  []byte
}
