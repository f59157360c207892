package channels

import "time"

// EventKind is the stable code of a kind of event.
type EventKind string

// The comments say what Event.Value and Event.Text carry beside the common
// fields. Events of line 0 concern the whole board.
const (
	BoardUp   EventKind = "board-up"   // Line 0. Text: model
	BoardLost EventKind = "board-gone" // Line 0. Text: the reason

	LineState EventKind = "line-state" // From, To

	RingBegin EventKind = "ring-begin" // a burst begins
	RingEnd   EventKind = "ring-end"
	OffHook   EventKind = "off-hook" // Pos: where the voltage fell; Known: where it was confirmed
	OnHook    EventKind = "on-hook"  // Pos: where the voltage rose; Known: 1.2 s later
	Flash     EventKind = "flash"    // Value: length, ms
	Polarity  EventKind = "polarity" // Value: 0 normal, 1 reversed
	LoopBreak EventKind = "loop-break"
	NoFeed    EventKind = "no-battery" // battery lost
	Feed      EventKind = "battery"    // battery back
	Alarm     EventKind = "alarm"      // Text "channel", Value: 1 raised, 0 cleared; or "maintenance", Value: 1 the far end does not restart the timeslot, 0 it did; or as "span 2: red, blue", Value: set of driver.AlarmRed…: of the board and of each line on the span

	SidesSwapped EventKind = "sides-swapped" // Line 0. Value: 1 the two cables of a tapped link are the other way round, 0 they are so no more. Text: the network's span as configured

	CallBegin    EventKind = "call-begin"       // Call, Direction
	CallAnswered EventKind = "call-answered"    // AnsweredBy
	CallEnd      EventKind = "call-end"         // EndedBy, Missed; Direction as known at the end
	CallWaiting  EventKind = "call-waiting"     // another call waits: the tone or the message was heard. Caller, Name: of that call, where it says so
	CallerFailed EventKind = "caller-id-failed" // nothing said who calls. Value: samples from Pos on that may hold why; Text: "damaged", "unframed", "missing"
	Numbers      EventKind = "numbers"          // what is known of the parties has changed. Caller, Called, Name: all that is known now; By
	Digit        EventKind = "digit"            // of the dialled number. Text: the key; Value: length, samples; Side, By, Sure
	Key          EventKind = "key"              // pressed later in a call, or where nothing tells of calls. As Digit

	VoiceBegin EventKind = "voice-begin" // somebody speaks. Pos: true begin, some 250 ms before Known; Side
	VoiceEnd   EventKind = "voice-end"   // nobody does any more. Pos: true end; Side
	Tone       EventKind = "tone"        // Text: its name, as of dsp/progress. Value: 1 it is certain (Pos: where it began), 0 it is over (Pos: where it ended); Side
	Modem      EventKind = "modem"       // the same of the tones of fax and modems. Text: its name, as of dsp/modemtone

	Alerting       EventKind = "alerting"         // a call out: it rings there
	Progress       EventKind = "progress"         // a call out, before its answer. Value: 1 there is something to be heard
	NumberComplete EventKind = "number-complete"  // somebody here or there has dialled a whole number: Called. Text: "complete", "wrong", "timeout"
	Held           EventKind = "held"             // the far end holds the call. Value: 1 held, 0 retrieved
	KeysSent       EventKind = "keys-sent"        // Request
	ParallelPickUp EventKind = "parallel-pick-up" // somebody else is on a trunk that we hold. Value: 1 is, 0 no more
	WouldRelease   EventKind = "would-release"    // report only: the call would have been ended. Text: the rung of the ladder

	Played EventKind = "played" // Request; Text: "end", "stopped", "key 5"; Value: samples played
	Joined EventKind = "joined" // Text: the mix; Request
	Left   EventKind = "left"   // Text: the mix; Request: of who asked, "" where the call or the line ended

	LongOffHook    EventKind = "long-off-hook"     // off-hook for too long: an alarm. Value: ms
	LongOffHookEnd EventKind = "long-off-hook-end" // that is over

	Masked  EventKind = "masked"  // audio is kept out of the rings on purpose, from Pos on: silence stands there. Value: 0 it begins, else it is over and so many samples are silence; By: "pause", "rule", "keys"; Text: why; Request: Blank.ID; Side: of keys
	Beeped  EventKind = "beep"    // both parties hear that they are recorded. Value: length, samples
	Gap     EventKind = "gap"     // audio lost from Pos on, the ring holds silence there. Value: samples
	Refused EventKind = "refused" // a command was not carried out. Text: the reason; Request: its ID
	Done    EventKind = "done"    // a command's outcome. Text: the command; Request: its ID

	Anchored EventKind = "anchor"   // Line 0: the wall clock jumped against line time. Value: ns, wall minus line
	Overflow EventKind = "overflow" // events were lost before or in a lossless reader. Text: the reader, or "board". Value: how many
	Resync   EventKind = "resync"   // to a lossy reader only: it fell behind; fetch Lines and Boards anew
)

// How a call was known to be answered and ended (Event.AnsweredBy, EndedBy)
// are codes made by the tables of the lines: "off-hook", "reversal", "none",
// "unknown"; "on-hook", "ring-stopped", "busy-tone", "howler", "dial-tone",
// "no-battery", "board-gone". Package analog says what each means.

// EndReconfigured ends the call of a line whose settings make something else of it.
const EndReconfigured = "reconfigured"

// CallFacts is what is known of a call beside its times, as package analog makes it.
type CallFacts struct {
	DirectionBy string // "ring", "no-ring", "dialled", "found"
	CallerBy    string // "bell202", "v23", "dtmf", "board", "own"
	Withheld    string // "private", "out-of-area"
	Dialled     string // with the prefix of the outside line
	CalledBy    string // "keys", "pulses", "own"
	Sure        int    // confidence of the dialled number, percent; 0: none was dialled
	Rings       int    // bursts
	Redirected  string // whom the call was for before it was redirected
	Connected   string // who answered, where the signalling tells
	Data        bool   // it carries no speech, as the signalling says
	Outcome     string // at the end: "answered", "missed", "busy", "congestion", "vacant", "no-answer", "given-up", "not-dialled", "unknown"
}

// An Event is one fact about a line or a board.
type Event struct {
	Seq   uint64    // from 1 since the daemon started (System.BootID), in the order of knowing
	Board string    // BoardConfig.ID
	Line  int       // permanent number; 0 for the board
	Pos   int64     // position at which it happened, samples of the board
	Known int64     // position at which it was known, ≥ Pos
	Time  time.Time // line time of Pos, UTC
	Kind  EventKind

	Call    string // ULID of the line's call, from call-begin to call-end
	From    State
	To      State
	Value   int64  // unit: see the kind
	Text    string // see the kind
	Request string // ID of the request, wish, play or joining that this comes of

	Side string // of what was heard: Side.Name
	By   string // how a digit or a number is known: "dtmf", "pulse", "bell202", "v23", "own", …
	Sure int    // of a digit: confidence, percent

	Caller string // number of the calling party, in events of a call; "" is not known (yet)
	Called string // number of the called party, without the outside-line prefix
	Name   string // of the calling party

	Direction  Direction // of the call
	AnsweredBy string
	EndedBy    string
	Missed     bool // rang, nobody answered

	digit string // the key, or the number, where Text must not say it

	Facts *CallFacts // in call-begin, numbers and call-end of a tap: all that is known of the call now; never changed
}
