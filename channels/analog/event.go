package analog

import "fmt"

// EventKind says what a tap has found out.
type EventKind uint8

const (
	LineState      EventKind = iota + 1 // From, To
	RingBegin                           // a burst began
	RingEnd                             // it ended
	OffHook                             // the telephone was picked up
	OnHook                              // it was put down
	Flash                               // hook flash. Value: length, ms; Pos: where it began
	BatteryLost                         // the feed is gone; Pos: where it went
	BatteryBack                         // it is there again
	Polarity                            // Value: the new one, 0 normal, 1 reversed
	CallBegin                           // Direction
	CallAnswered                        // AnsweredBy
	CallEnd                             // the whole Call
	Numbers                             // what is known of the parties has changed. Call
	CallWaiting                         // another call waits. Caller, Name of it, where known
	CallerFailed                        // an incoming call has not told who calls. Value: samples from Pos on that may hold why; Text
	Digit                               // a digit of the dialled number. Value: the key as a character; Length, Sure, By
	Key                                 // a key pressed later in a call. As Digit
	LongOffHook                         // off-hook for too long: an alarm. Value: ms since off-hook
	LongOffHookEnd                      // that is over
	Alerting                            // a call out: it rings there
	NumberComplete                      // a station has dialled a whole number, or one that cannot be. Call.Called; Text: "complete", "wrong", "timeout"
	KeysSent                            // the keys of the last wish have been sent
	ParallelPickUp                      // somebody else is on a trunk that we hold. Value: 1 is, 0 no more
	WouldRelease                        // report only: the ladder would have ended the call. Text: the rung
	nEvent
)

var eventNames = [nEvent]string{LineState: "line-state", RingBegin: "ring-begin", RingEnd: "ring-end", OffHook: "off-hook",
	OnHook: "on-hook", Flash: "flash", BatteryLost: "no-battery", BatteryBack: "battery", Polarity: "polarity",
	CallBegin: "call-begin", CallAnswered: "call-answered", CallEnd: "call-end", Numbers: "numbers",
	CallWaiting: "call-waiting", CallerFailed: "caller-id-failed", Digit: "digit", Key: "key",
	LongOffHook: "long-off-hook", LongOffHookEnd: "long-off-hook-end", Alerting: "alerting", NumberComplete: "number-complete",
	KeysSent: "keys-sent", ParallelPickUp: "parallel-pick-up", WouldRelease: "would-release"}

func (k EventKind) String() string {
	if k > 0 && k < nEvent {
		return eventNames[k]
	}
	return fmt.Sprintf("event(%d)", k)
}

// Direction of a call.
const (
	In  = "in"
	Out = "out"
	// DirectionUnknown is the direction of a call that was already up when
	// watching began.
	DirectionUnknown = "unknown"
)

// DirectionBy: how the direction is known.
const (
	FromRing     = "ring"    // it rang before it was picked up
	FromNoRing   = "no-ring" // it was picked up without ringing
	FromDialling = "dialled" // … and a number was dialled
	FromFound    = "found"   // it was off-hook when watching began: not known
	FromGlare    = "glare"   // somebody was there when we went off-hook to call
	FromWish     = "wish"    // vaad was asked to call
)

// AnsweredBy: how the answer is known.
const (
	ByOffHook  = "off-hook"    // incoming: the telephone was picked up
	ByReversal = "reversal"    // outgoing: the exchange reversed the polarity
	ByVoice    = "voice-guess" // outgoing: somebody spoke after the ringback; it may have been an announcement
	ByModem    = "modem"       // outgoing: a fax or modem answered
	ByConnect  = "connect"     // a station's call: whoever switches it says so
	ByNone     = "none"        // not answered, or nothing tells
	// ByUnknown is said of incoming calls on lines without voltage, and of calls
	// that were up when watching began.
	ByUnknown = "unknown"
)

// EndedBy: what ended a call.
const (
	EndOnHook      = "on-hook"      // the telephone was put down
	EndRingStopped = "ring-stopped" // the caller gave up; or, without voltage, someone may have answered
	EndBusyTone    = "busy-tone"    // the telephone is still off-hook
	EndHowler      = "howler"       // …
	EndDialTone    = "dial-tone"    // …
	EndNoBattery   = "no-battery"
	EndGone        = "board-gone"

	// Of lines of ours.
	EndReleased = "released" // whoever switches the call ended it
	EndNoDigit  = "no-digit" // a station off-hook on which nothing was dialled
	EndRefused  = "refused"  // the board did not do what the call takes

	// Of trunks: the rungs of the release ladder are these, and busy tone, howler
	// and dial tone as above, which end a trunk's call by putting it on-hook.
	EndReversal   = "reversal"        // the exchange reversed the polarity after the answer: the far end hung up
	EndLoopBreak  = "loop-break"      // the exchange interrupted the feed for 0.2 s or more: the far end hung up
	EndCongestion = "congestion-tone" // the network had no way, or says so that the far end hung up
	EndVacant     = "vacant-tone"     // the tone of a number that does not exist, or the three tones before an announcement, before an answer
	EndSilence    = "silence"         // nothing was heard for as long as was set
	EndLongest    = "max-length"      // the longest call that was set
	EndNoDialTone = "no-dial-tone"    // a line that gives dial tone gave none in 10 s
	EndGlare      = "glare"           // our call met one that came in, which begins as a call of its own
	EndParallel   = "parallel"        // a telephone in parallel has the call: it answered, or it goes on there after our release
)

// CallerBy and CalledBy: how a number is known. FSK messages and keys of the
// exchange are named by their coding: "bell202", "v23", "dtmf".
const (
	InKeys    = "keys"   // called: dialled by DTMF
	InPulses  = "pulses" // called: dialled in pulses, heard as clicks: uncertain
	OwnNumber = "own"    // it is the line's own number
)

// Withheld: why the exchange sent no number.
const (
	Private     = "private"     // the caller does not want it told
	Unavailable = "out-of-area" // the network does not have it
)

// Outcome: what became of a call.
const (
	Answered   = "answered"
	Missed     = "missed"      // incoming, nobody went off-hook
	Busy       = "busy"        // outgoing: busy tone before an answer
	Congestion = "congestion"  // … the network had no way
	Vacant     = "vacant"      // … no such number
	NoAnswer   = "no-answer"   // … it rang there and nobody answered
	GivenUp    = "given-up"    // … hung up before anything was heard
	NotDialled = "not-dialled" // picked up and put down again
	Unclear    = "unknown"
)

// A Call is what is known about one call on the line. From call-begin on it is
// filled in as facts come; call-end carries all of it.
type Call struct {
	Begin      int64  // position: first burst, or off-hook
	Answered   int64  // position; only where AnsweredBy says so
	Direction  string // In, Out, DirectionUnknown
	AnsweredBy string // ByOffHook, …
	EndedBy    string // EndOnHook, …; empty while the call is up
	Missed     bool   // it rang and nobody went off-hook

	DirectionBy string // FromRing, …
	Caller      string // number of the calling party; "": not known
	Name        string // its name
	Withheld    string // why the exchange sent no number: Private, Unavailable; "": it said nothing
	CallerBy    string // how the caller, or that it is withheld, is known
	Called      string // number of the called party, without the outside-line prefix
	Dialled     string // what was dialled, all of it
	CalledBy    string // how the called number is known
	Sure        int    // confidence of the least certain dialled digit, percent; 0: none was dialled
	Rings       int    // bursts
	Cadence     string // incoming, to a trunk: how it rang, bursts and pauses of a cycle in ms, as "400/200/400/2000"; "": not known
	Outcome     string // at call-end
}

// An Event is something a tap has found out.
type Event struct {
	Kind     EventKind
	Pos      int64 // when it truly happened
	Known    int64 // when it was known; ≥ Pos, and never less than the event's before
	From, To State // LineState
	Value    int64 // see the kind
	Call     Call  // CallBegin, CallAnswered, CallEnd, Numbers: as known now

	Length       int64  // Digit, Key: samples
	Sure         int    // Digit, Key: confidence, percent
	By           string // Digit, Key: InKeys, InPulses; Numbers: how what is new is known
	Text         string // CallerFailed: "damaged", "unframed", "missing"
	Caller, Name string // CallWaiting
}
