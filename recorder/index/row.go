package index

import (
	"slices"
	"time"

	"vaad/recorder/archive"
)

// States of a row.
const (
	StateOpen      = "open"      // being recorded now; such rows are not in the file
	StateSealed    = "sealed"    // complete
	StateRecovered = "recovered" // complete up to a crash that ended it
	StateTrash     = "trash"     // deleted, can still be undeleted
	StateErased    = "erased"    // gone for good
)

// A Row is what the index knows about one recording.
type Row struct {
	ID           string            `json:"id"`
	Day          archive.Day       `json:"day"` // folder of its files
	Line         int               `json:"line"`
	LineName     string            `json:"line_name,omitempty"`
	Board        string            `json:"board,omitempty"`
	Start        time.Time         `json:"start"` // line time of the first sample
	End          time.Time         `json:"end,omitzero"`
	Samples      int64             `json:"samples"` // at 8000 per second
	Direction    string            `json:"direction,omitempty"`
	Caller       string            `json:"caller,omitempty"`
	CallerName   string            `json:"caller_name,omitempty"` // as the exchange sent it
	Called       string            `json:"called,omitempty"`
	Trigger      string            `json:"trigger,omitempty"`
	Codec        string            `json:"codec"`
	Sides        []string          `json:"sides"`
	Bytes        int64             `json:"bytes"` // of all its files
	State        string            `json:"state"`
	Outcome      string            `json:"outcome,omitempty"`     // what became of the call; "" = not known
	AnsweredBy   string            `json:"answered_by,omitempty"` // how the call's answer was known; "" = not answered, or not known
	EndedBy      string            `json:"ended_by,omitempty"`
	Reason       string            `json:"reason,omitempty"`
	Call         string            `json:"call,omitempty"`
	Conversation string            `json:"conversation,omitempty"`
	Previous     string            `json:"previous,omitempty"` // segment before this one
	Next         string            `json:"next,omitempty"`     // segment after this one
	Notes        []Note            `json:"notes,omitempty"`
	Marks        []Mark            `json:"marks,omitempty"`
	Protected    bool              `json:"protected,omitempty"`
	Held         bool              `json:"held,omitempty"`       // legal hold: there are Holds
	Holds        []string          `json:"holds,omitempty"`      // cases of legal holds, sorted; one without a name is NoCase
	Class        string            `json:"class,omitempty"`      // retention class; "" = the default one
	Trashed      time.Time         `json:"trashed,omitzero"`     // when it went into the trash; zero: it is not there
	TrashedBy    string            `json:"trashed_by,omitempty"` // who put it there
	Forgotten    bool              `json:"forgotten,omitempty"`  // erased, with what was known of people
	Simulated    bool              `json:"simulated,omitempty"`
	Recovered    bool              `json:"recovered,omitempty"`
	Gaps         int               `json:"gaps,omitempty"`
	LostSamples  int64             `json:"lost_samples,omitempty"`
	Masked       int64             `json:"masked,omitempty"` // samples that were left out on purpose
	SHA256       map[string]string `json:"sha256,omitempty"` // by side
	Actors       []string          `json:"actors,omitempty"` // who started it or did something to it, sorted

	Seq uint64 `json:"seq"` // of the last journal line of its day that was applied to it
}

// A Note is what a person wrote on a recording.
type Note struct {
	Time  time.Time `json:"time"`
	Actor string    `json:"actor,omitempty"`
	Text  string    `json:"text"`
}

// A Mark is a moment that a person marked.
type Mark struct {
	Time  time.Time `json:"time"`
	Actor string    `json:"actor,omitempty"`
	At    int64     `json:"at"` // samples from the first one
	Text  string    `json:"text,omitempty"`
}

// NoCase stands in Row.Holds for a hold that names no case.
const NoCase = "-"

// Duration is the length of the audio.
func (r *Row) Duration() time.Duration { return time.Duration(r.Samples) * (time.Second / 8000) }

// sealed makes the row that a sealing or adoption starts.
func sealed(l *archive.JournalLine) *Row {
	s := l.Seal
	r := &Row{
		ID: l.ID, Day: l.Day, Line: s.Line, LineName: s.LineName, Board: s.Board,
		Start: s.Begin.UTC(), End: s.End.UTC(), Samples: s.Samples,
		Direction: s.Direction, Caller: s.Caller, Called: s.Called, Trigger: s.Trigger,
		Codec: string(s.Codec), Sides: append([]string(nil), s.Sides...), Bytes: s.Bytes(), State: StateSealed,
		CallerName: s.CallerName, Outcome: s.Outcome, AnsweredBy: s.AnsweredBy, EndedBy: s.EndedBy, Reason: s.Reason, Call: s.Call, Conversation: s.Conversation, Previous: s.Previous,
		Simulated: s.Simulated, Recovered: s.Recovered, Gaps: s.Gaps, LostSamples: s.LostSamples, Masked: s.Masked, Class: s.Class, Seq: l.Seq,
	}
	if s.Recovered {
		r.State = StateRecovered
	}
	for _, f := range s.Files {
		if r.SHA256 == nil {
			r.SHA256 = make(map[string]string, len(s.Files))
		}
		r.SHA256[f.Side] = f.SHA256
	}
	r.by(s.Actor)
	r.acts(s.Acts)
	return r
}

// acts applies what was done while it was being recorded.
func (r *Row) acts(all []archive.Act) {
	for _, a := range all {
		r.act(a.Kind, a.Time, a.Actor, a.At, a.Value)
	}
}

// by notes who did something.
func (r *Row) by(actor string) {
	if i, there := slices.BinarySearch(r.Actors, actor); actor != "" && !there {
		r.Actors = slices.Insert(slices.Clone(r.Actors), i, actor)
	}
}
