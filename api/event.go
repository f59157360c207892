package api

import "encoding/json"

// Names of the server-sent events of GET /events.
const (
	EventSnapshot = "snapshot" // every line as it is now: the first message, and after a resync
	EventFact     = "event"    // one numbered fact of the feed
	EventLines    = "lines"    // lines of which something changed, at most 10 times a second
	EventLevels   = "levels"   // levels and voltages that moved, for who asked for them: so often as they asked, at least once a second
	EventAlarms   = "alarms"   // alarms changed: ask GET /alarms
	EventUSB      = "usb"      // a USB device, or how far a load of firmware is, changed: ask GET /usb/devices
	EventResync   = "resync"   // numbers were skipped; a snapshot follows
)

// A Fact is one numbered entry of the feed of call events: something happened
// on a line or to a board. All readers see the same numbers in the same order.
type Fact struct {
	Boot       string `json:"boot" doc:"ID of this run of the daemon; numbers begin anew with each"`
	Seq        uint64 `json:"seq" doc:"Number of the fact, rising"`
	Time       Time   `json:"time" doc:"Line time"`
	Kind       string `json:"kind" doc:"board-up, board-gone, line-state, ring-begin, ring-end, off-hook, on-hook, polarity, no-battery, battery, gap, call-begin, call-answered, call-end, numbers, call-waiting, caller-id-failed, digit, key, voice-begin, voice-end, tone, modem, masked, beep, refused, overflow, anchor; of trunks and stations also alerting, number-complete, held, keys-sent, parallel-pick-up, would-release, played, joined, left"`
	Board      string `json:"board,omitempty" doc:"The board"`
	Line       int    `json:"line,omitempty" doc:"The line; absent where the whole board is meant"`
	Call       string `json:"call,omitempty" doc:"The call, while one is up"`
	From       string `json:"from,omitempty" doc:"Line state before"`
	To         string `json:"to,omitempty" doc:"Line state after"`
	Value      int64  `json:"value,omitempty" doc:"Depends on kind: samples lost, length of a key in samples, 1 a tone begins and 0 it ends, samples kept out on purpose and 0 where that begins, nanoseconds of clock change"`
	Text       string `json:"text,omitempty" doc:"A key, the name of a tone, or words where the hardware or the driver gave any (English)"`
	Direction  string `json:"direction,omitempty" doc:"in or out"`
	AnsweredBy string `json:"answered_by,omitempty" doc:"How the answer is known"`
	EndedBy    string `json:"ended_by,omitempty" doc:"How the end is known"`
	Side       string `json:"side,omitempty" doc:"Side on which it was heard: mixed, network or local"`
	By         string `json:"by,omitempty" doc:"How a digit or number is known"`
	Sure       int    `json:"sure,omitempty" doc:"Confidence in percent"`
	Caller     string `json:"caller,omitempty" doc:"Number of the calling party, where known"`
	Called     string `json:"called,omitempty" doc:"Number of the called party, where known"`
	Name       string `json:"name,omitempty" doc:"Name of the calling party, where known"`
	Request    string `json:"request,omitempty" doc:"ID of the request that this is the outcome of: of a prompt, of keys"`
	Missed     bool   `json:"missed,omitempty" doc:"The call ended without an answer"`
}

// A Snapshot is every line at once. Facts up to Seq are contained in it.
type Snapshot struct {
	Boot  string `json:"boot" doc:"ID of this run of the daemon"`
	Seq   uint64 `json:"seq" doc:"Number of the last fact that the snapshot contains"`
	Time  Time   `json:"time" doc:"When it was taken"`
	Lines []Line `json:"lines" nullable:"false" doc:"Every line that the caller may see"`
}

// Changed carries the lines whose live values changed since the last message.
type Changed struct {
	Lines []Line `json:"lines" nullable:"false" doc:"The changed lines, whole"`
}

// Readings carries what moves all the time, of the lines where it moved since the last message.
type Readings struct {
	Time  Time      `json:"time" doc:"When it was read"`
	Lines []Reading `json:"lines" nullable:"false" doc:"The lines whose level or voltage moved; none: nothing did"`
}

// A Reading is what moves all the time on a line.
type Reading struct {
	Line  int       `json:"line" doc:"Permanent number of the line"`
	Volts *Number   `json:"volts,omitempty" doc:"Voltage between tip and ring; absent where the card does not measure it"`
	DBm0  []*Number `json:"dbm0" nullable:"false" doc:"Level of each side, in the order of the line's sides; null in silence"`
	Pos   int64     `json:"pos" doc:"Where the board stood, in samples: the same count as in frames of live audio"`
}

// Resync says that facts were skipped: the reader was too slow, or came back
// after they were forgotten. A snapshot follows.
type Resync struct {
	Boot   string `json:"boot" doc:"ID of this run of the daemon"`
	Reason string `json:"reason" doc:"slow, restart or forgotten"`
}

// A Message is one server-sent event as the client receives it. Data is one of
// Snapshot, Fact, Changed and Resync, named by Event.
type Message struct {
	Event string
	ID    string
	Data  json.RawMessage
}
