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
	Digit                               // a digit of the dialled number. Value: the key as a character
	Key                                 // a key pressed later in a call. Value: the key
	LongOffHook                         // off-hook for too long: an alarm. Value: ms since off-hook
	LongOffHookEnd                      // that is over
	nEvent
)

var eventNames = [nEvent]string{LineState: "line-state", RingBegin: "ring-begin", RingEnd: "ring-end", OffHook: "off-hook",
	OnHook: "on-hook", Flash: "flash", BatteryLost: "no-battery", BatteryBack: "battery", Polarity: "polarity",
	CallBegin: "call-begin", CallAnswered: "call-answered", CallEnd: "call-end", Digit: "digit", Key: "key",
	LongOffHook: "long-off-hook", LongOffHookEnd: "long-off-hook-end"}

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

// AnsweredBy: how the answer is known.
const (
	ByOffHook  = "off-hook" // incoming: the telephone was picked up
	ByReversal = "reversal" // outgoing: the exchange reversed the polarity
	ByNone     = "none"     // not answered, or nothing tells
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
}

// An Event is something a tap has found out.
type Event struct {
	Kind     EventKind
	Pos      int64 // when it truly happened
	Known    int64 // when it was known; ≥ Pos, and never less than the event's before
	From, To State // LineState
	Value    int64 // see the kind
	Call     Call  // CallBegin, CallAnswered, CallEnd: as known now
}
