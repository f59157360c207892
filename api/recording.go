package api

import "encoding/json"

// A Recording is one recording as the index knows it.
type Recording struct {
	ID           string   `json:"id" doc:"Opaque name of the recording (ULID)"`
	Line         int      `json:"line" doc:"Permanent number of the line"`
	LineName     string   `json:"line_name,omitempty" doc:"Name of the line when it was made"`
	Board        string   `json:"board,omitempty" doc:"The board that carried the line"`
	Start        Time     `json:"start" doc:"Line time of the first sample"`
	End          *Time    `json:"end" doc:"Line time after the last sample; null while it is being made"`
	Duration     Number   `json:"duration_s" doc:"Length of the audio in seconds"`
	Direction    string   `json:"direction" doc:"in, out or empty where unknown"`
	Caller       string   `json:"caller" doc:"Number of the calling party, where known"`
	CallerName   string   `json:"caller_name,omitempty" doc:"Name of the calling party, as the exchange sent it"`
	Called       string   `json:"called" doc:"Number of the called party, where known"`
	Trigger      string   `json:"trigger" doc:"What started it: manual, voltage or continuous"`
	Codec        string   `json:"codec" doc:"g711a, g711u, pcm16, ima or gsm"`
	Sides        []string `json:"sides" nullable:"false" doc:"One file each: mixed, or network and local"`
	Bytes        int64    `json:"bytes" doc:"Bytes of all its audio files"`
	State        string   `json:"state" doc:"open, sealed, recovered, trash or erased"`
	Outcome      string   `json:"outcome,omitempty" doc:"What became of the call, where known when the recording ended: answered, missed, busy, congestion, vacant, no-answer, given-up, not-dialled or unknown"`
	AnsweredBy   string   `json:"answered_by,omitempty" doc:"How the answer of the call is known; absent where it was not answered, or not known to be"`
	EndedBy      string   `json:"ended_by,omitempty" doc:"What ended it"`
	Call         string   `json:"call" doc:"ID of the call it belongs to"`
	Conversation string   `json:"conversation" doc:"ID shared by the calls of one conversation"`
	Previous     string   `json:"previous,omitempty" doc:"The segment before this one"`
	Next         string   `json:"next,omitempty" doc:"The segment after this one"`
	Notes        []Note   `json:"notes" nullable:"false" doc:"What people wrote on it"`
	Marks        []Mark   `json:"marks,omitempty" nullable:"false" doc:"Moments that people marked"`
	Protected    bool     `json:"protected,omitempty" doc:"Retention never deletes it"`
	Held         bool     `json:"held,omitempty" doc:"Kept by legal hold"`
	Holds        []string `json:"holds,omitempty" nullable:"false" doc:"Cases that it is held for; - stands for one without a name"`
	Class        string   `json:"class,omitempty" doc:"Retention class; absent: the default one"`
	Trashed      *Time    `json:"trashed,omitempty" doc:"When it went into the trash; absent: it is not there"`
	TrashedBy    string   `json:"trashed_by,omitempty" doc:"Who put it there; retention: its time was over"`
	Forgotten    bool     `json:"forgotten,omitempty" doc:"Erased with everything that was known of people"`
	Masked       Number   `json:"masked_s,omitempty" doc:"Seconds that were left out on purpose"`
	Simulated    bool     `json:"simulated,omitempty" doc:"Made on a simulated board: not evidence"`
	Recovered    bool     `json:"recovered,omitempty" doc:"Its end was cut off by a crash and repaired"`
	Gaps         int      `json:"gaps,omitempty" doc:"Places where audio was lost and marked"`
	LostSamples  int64    `json:"lost_samples,omitempty" doc:"Samples lost in these gaps"`
	Reason       string   `json:"reason,omitempty" doc:"Particulars of its end (English)"`

	Actors []string `json:"actors,omitempty" nullable:"false" doc:"Who started it or did something to it"`

	SHA256 map[string]string `json:"sha256,omitempty" doc:"Hash of each side's file, as it is stored"`

	Encrypted bool `json:"encrypted,omitempty" doc:"Its audio is encrypted on the disk"`
}

// A Note is what a person wrote on a recording.
type Note struct {
	Time  Time   `json:"time" doc:"When"`
	Actor string `json:"actor" doc:"Who"`
	Text  string `json:"text" doc:"What"`
}

// A Mark is a moment of a recording that a person marked.
type Mark struct {
	Time  Time   `json:"time" doc:"When it was marked"`
	Actor string `json:"actor" doc:"Who marked it"`
	At    Number `json:"at_s" doc:"Seconds from the start of the recording"`
	Text  string `json:"text,omitempty" doc:"Why"`
}

// NewNote is the body of a request to write a note.
type NewNote struct {
	Text string `json:"text" minLength:"1" maxLength:"4000" doc:"The note"`
}

// NewMark is the body of a request to mark a moment.
type NewMark struct {
	At   Number `json:"at_s" minimum:"0" maximum:"1000000" doc:"Seconds from the start of the recording"`
	Text string `json:"text,omitempty" maxLength:"1000" doc:"Why"`
}

// A Story is everything that happened during a recording, entry by entry, as
// written in its story file.
type Story struct {
	ID       string            `json:"id" doc:"The recording"`
	Start    json.RawMessage   `json:"start" doc:"What was known when it began"`
	Items    []json.RawMessage `json:"items" nullable:"false" doc:"Entries in the order in which they were written; see docs/formats/story.md"`
	Complete bool              `json:"complete" doc:"The story has its end"`
	Damaged  int               `json:"damaged,omitempty" doc:"Entries that cannot be read"`
}

// Refreshed says what the index holds after it was made anew.
type Refreshed struct {
	Recordings int64  `json:"recordings" doc:"Recordings in it"`
	AtLeast    bool   `json:"at_least,omitempty" doc:"Counting was cut short: there are at least that many"`
	Seconds    Number `json:"took_s" doc:"Seconds it took"`
}

// Filter says which recordings or calls are wanted. Empty fields do not filter.
type Filter struct {
	Lines       []int  `query:"line" maxItems:"256" doc:"Only these lines (comma-separated)"`
	Number      string `query:"number" maxLength:"64" doc:"Caller or called number; * stands for any digits"`
	From        Time   `query:"from" doc:"Not before this moment (RFC 3339)"`
	To          Time   `query:"to" doc:"Before this moment (RFC 3339)"`
	MinDuration Number `query:"min_duration" minimum:"0" maximum:"1000000" doc:"Seconds it lasted at least"`
	Text        string `query:"text" maxLength:"200" doc:"Words in notes, names and numbers"`
	Limit       int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Rows of one page"`
	After       string `query:"after" maxLength:"200" doc:"Cursor: the page after this one"`
}
