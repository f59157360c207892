package archive

import "time"

// Kinds of journal lines.
const (
	KindSealed  = "sealed"  // a recording was finished, or recovered after a crash
	KindAdopted = "adopted" // files were found without a journal line

	ActNote      = "note"      // Value is text
	ActMark      = "mark"      // a place in the audio: At, Value is text
	ActProtect   = "protect"   // retention never deletes it
	ActUnprotect = "unprotect" //
	ActHold      = "hold"      // a legal hold begins; Value names its case
	ActRelease   = "release"   // the hold of the case Value ends; "" = all holds
	ActClass     = "class"     // Value is the retention class from now on
	ActTrash     = "trash"     //
	ActUndelete  = "undelete"  // out of the trash
	ActErase     = "erase"     // the files are gone for good
)

// An Act is something done to a recording later.
type Act struct {
	ID    string    `json:"-"`
	Day   Day       `json:"-"` // day folder of the recording; "" = look for it
	Kind  string    `json:"kind"`
	Time  time.Time `json:"time"` // zero = now
	Actor string    `json:"actor,omitempty"`
	At    int64     `json:"at,omitempty"` // samples from the recording's first one
	Value string    `json:"value,omitempty"`

	// Forget, of an erasure, takes what the journal says of people away too.
	Forget bool `json:"forget,omitempty"`
}

// A JournalLine is one line of a day's journal.
type JournalLine struct {
	V    int       `json:"v"`
	Seq  uint64    `json:"seq"` // from 1 within the day, without a hole
	Time time.Time `json:"time"`
	Kind string    `json:"kind"`
	ID   string    `json:"id"`
	Salt string    `json:"salt,omitempty"` // random, so that a hash of the line tells nothing about it; a redacted line has none

	Seal *Seal `json:"seal,omitempty"` // for KindSealed and KindAdopted

	// For acts.
	Actor string `json:"actor,omitempty"`
	At    int64  `json:"at,omitempty"`
	Value string `json:"value,omitempty"`

	Forget   bool `json:"forget,omitempty"`   // of an erasure: the other lines of the recording are redacted
	Redacted bool `json:"redacted,omitempty"` // what it said of people is gone, and its salt

	Day  Day   `json:"-"` // filled by the reader
	Next int64 `json:"-"` // offset behind this line in its journal: what a Cursor holds
}

// A Seal is all an index needs to know about a recording.
type Seal struct {
	Start
	End         time.Time `json:"end"`
	Samples     int64     `json:"samples"`               // of the longest side; duration = Samples / 8000 s
	CallerName  string    `json:"caller_name,omitempty"` // as the exchange sent it
	Outcome     string    `json:"outcome,omitempty"`     // what became of the call: answered, missed, busy, …; "" = not known
	AnsweredBy  string    `json:"answered_by,omitempty"` // how the answer of the call was known; "" = it was not answered, or not known
	EndedBy     string    `json:"ended_by,omitempty"`
	Reason      string    `json:"reason,omitempty"`
	Recovered   bool      `json:"recovered,omitempty"`  // a crash ended it
	Unverified  bool      `json:"unverified,omitempty"` // there were no checkpoints to check it against
	Damaged     int64     `json:"damaged,omitempty"`    // samples that do not match their checkpoint, or have none
	Gaps        int       `json:"gaps,omitempty"`
	LostSamples int64     `json:"lost_samples,omitempty"` // sum of all gaps
	Masked      int64     `json:"masked,omitempty"`       // samples of the longest side that were left out on purpose
	Acts        []Act     `json:"acts,omitempty"`         // done while it was still running
	Files       []Sealed  `json:"files"`                  // one per side, in the order of Sides
	Story       Sealed    `json:"story,omitzero"`
}

// Bytes is what the recording takes on disk.
func (s *Seal) Bytes() int64 {
	n := s.Story.Bytes
	for _, f := range s.Files {
		n += f.Bytes
	}
	return n
}

// Duration is the length of the audio.
func (s *Seal) Duration() time.Duration {
	return time.Duration(s.Samples) * (time.Second / 8000)
}

// Sealed is one file of a sealed recording.
type Sealed struct {
	Side   string `json:"side,omitempty"`
	Name   string `json:"name"` // within the day folder
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`        // hex, of the file as it is stored; "" = it could not be read back
	Enc    int    `json:"enc,omitempty"` // version of its encryption; 0 = it is not encrypted
}

// A Cursor says up to where each day's journal is known: its day and the
// [JournalLine.Next] of the last line applied. Acts may be added to any old day,
// so one position is not enough.
type Cursor map[Day]int64
