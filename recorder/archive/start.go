package archive

import (
	"fmt"
	"time"
)

// Start is what is known when a recording begins. It is the story's first line;
// its fields come back in [Seal].
type Start struct {
	ID           string    `json:"-"` // from [Archive.NewID], for a recording known before its files can be made; "" = Begin makes one
	Line         int       `json:"line"`
	Board        string    `json:"board,omitempty"`
	LineName     string    `json:"line_name,omitempty"`
	Trigger      string    `json:"trigger,omitempty"` // code: manual, voltage, continuous
	Call         string    `json:"call,omitempty"`
	Conversation string    `json:"conversation,omitempty"`
	Previous     string    `json:"previous,omitempty"`  // recording whose last sample is followed by our first
	Direction    string    `json:"direction,omitempty"` // code: in, out
	Caller       string    `json:"caller,omitempty"`
	Called       string    `json:"called,omitempty"`
	Codec        Codec     `json:"codec"`
	Sides        []string  `json:"sides"`     // names for people: mixed, or network and local
	Begin        time.Time `json:"begin"`     // wall time of the first sample; its UTC day names the folder
	BeginPos     int64     `json:"begin_pos"` // line position of the first sample
	Simulated    bool      `json:"simulated,omitempty"`
	ClockSynced  bool      `json:"clock_synced"` // the wall clock was synchronised
	Actor        string    `json:"actor,omitempty"`
	Class        string    `json:"class,omitempty"` // retention class; "" = the default one
}

// End is what is known when a recording ends.
type End struct {
	Time    time.Time // wall time behind the last sample
	EndedBy string    // code: on-hook, busy-tone, manual, max-length, board-gone, disk-error, shutdown, …
	Reason  string    // detail in English, may be empty
	Discard bool      // shorter than wanted: remove the files, write no journal line
}

// An Entry is one line of a recording's story: something that happened at a
// sample. Some kinds are also summed up in the recording's [Seal].
type Entry struct {
	Time  time.Time `json:"time,omitzero"`
	At    int64     `json:"at"`   // samples from the recording's first one; may be negative
	Kind  string    `json:"kind"` // code; see the Entry… and Act… constants for those with a meaning here
	Side  string    `json:"side,omitempty"`
	Value int64     `json:"value,omitempty"`
	Code  string    `json:"code,omitempty"` // what kind exactly; of the end: End.EndedBy
	Text  string    `json:"text,omitempty"`
	Actor string    `json:"actor,omitempty"`
}

// Kinds of story lines that change the recording's Seal. Kinds of acts
// ([ActNote], [ActMark], …) in a story become Seal.Acts. Other kinds are kept as
// they are.
const (
	EntryCaller       = "caller"          // Text is the caller's number, the last one counts
	EntryCalled       = "called"          // Text is the called number
	EntryDirection    = "direction"       // Text: in, out
	EntryCall         = "call"            // Text is the call's ID
	EntryConversation = "conversation"    // Text is the conversation's ID
	EntryCallerName   = "caller-name"     // Text is the name of the calling party
	EntryCallEnd      = "call-end"        // Code is what became of the call
	EntryAnswered     = "call-answered"   // Text is the code of how that was known
	EntryClass        = "retention-class" // Text is the class
	EntryMasked       = "masked"          // Value samples are silence at At because somebody asked for it, or a rule did; Code says why
	EntryGap          = "gap"             // Value samples are missing and stand as silence at At
	EntryClock        = "clock"           // the wall clock was corrected by Value ns
)

// Kinds of story lines that run beside the audio as tracks of their own.
const (
	EntryVolts = "volts" // Value is the line's voltage from At on, mV
	EntryQ931  = "q931"  // Text is a LAPD frame of the call, in hexadecimal; Side sent it; Code is its message
)

// Kinds of story lines that the archive writes itself. All but the first stand
// together at the story's end.
const (
	EntryStart     = "start"
	EntrySideLost  = "side-lost" // the file of Side is not there
	EntryDamaged   = "damaged"   // Value samples of Side from At on do not match their checkpoint, or have none
	EntryRecovered = "recovered" // a crash ended the recording; Value bytes behind the last good checkpoint were cut
	EntryEnd       = "end"       // Code is why, Text the detail
)

// EndedByCrash is why a recovered recording ended.
const EndedByCrash = "crash"

// Day names a day folder and its journal, as 2026-11-22 (UTC).
type Day string

// DayOf is the day of a time.
func DayOf(t time.Time) Day { return Day(t.UTC().Format(time.DateOnly)) }

// Valid reports whether d is a date.
func (d Day) Valid() bool {
	t, err := time.Parse(time.DateOnly, string(d))
	return err == nil && t.Format(time.DateOnly) == string(d)
}

func (d Day) dir() string {
	return fmt.Sprintf("%s/%s/%s", d[:4], d[5:7], d[8:10])
}
