package calls

import (
	"slices"
	"time"
)

// A Row is one call.
type Row struct {
	ID              string    `json:"id"` // ULID, given by channels
	Line            int       `json:"line"`
	Board           string    `json:"board"`
	Start           time.Time `json:"start"` // first ring or off-hook, line time
	Answered        time.Time `json:"answered,omitzero"`
	AnsweredBy      string    `json:"answered_by"`  // how the answer is known: "off-hook", "reversal", …; "" = not answered
	End             time.Time `json:"end,omitzero"` // zero: open
	EndedBy         string    `json:"ended_by"`     // how the end is known: "on-hook", "busy-tone", "restart", …
	Direction       string    `json:"direction"`    // "in", "out", "unknown"
	Caller          string    `json:"caller"`
	Called          string    `json:"called"`
	Keys            string    `json:"keys"` // pressed after dialling
	Missed          bool      `json:"missed"`
	Name            string    `json:"name,omitempty"`             // of the calling party
	Outcome         string    `json:"outcome,omitempty"`          // what became of it: "answered", "missed", "busy", …
	DirectionBy     string    `json:"direction_by,omitempty"`     // how the direction is known
	CallerBy        string    `json:"caller_by,omitempty"`        // how the caller, or that it is withheld, is known
	Withheld        string    `json:"withheld,omitempty"`         // why the exchange sent no number
	CallerLost      string    `json:"caller_lost,omitempty"`      // why the caller is not known although it should be
	Dialled         string    `json:"dialled,omitempty"`          // with the prefix of the outside line
	CalledBy        string    `json:"called_by,omitempty"`        // how the called number is known
	Sure            int       `json:"sure,omitempty"`             // confidence of the dialled number, percent
	Rings           int       `json:"rings,omitempty"`            // bursts of ringing
	Redirected      string    `json:"redirected,omitempty"`       // whom it was for before it was redirected
	Connected       string    `json:"connected,omitempty"`        // who answered, as the signalling said
	Data            bool      `json:"data,omitempty"`             // it carried no speech, as the signalling said
	Cause           int       `json:"cause,omitempty"`            // of its end, as the signalling said (ITU-T Q.850)
	Modem           []string  `json:"modem,omitempty"`            // tones of fax and modems that were heard, as of dsp/modemtone
	Waiting         []Waiting `json:"waiting,omitempty"`          // calls that waited during this one
	By              string    `json:"by,omitempty"`               // who began it: a person, "station 8001"
	Group           string    `json:"group,omitempty"`            // the trunk group it was taken from
	Conversation    string    `json:"conversation,omitempty"`     // ID that all calls share which were ever bridged
	TransferredTo   string    `json:"transferred_to,omitempty"`   // number to which it was passed on
	TransferredFrom string    `json:"transferred_from,omitempty"` // number of who passed it on
	Recordings      []string  `json:"recordings"`                 // IDs, in order
	Why             []string  `json:"why"`                        // codes, in order: why it is recorded, or is not
	Continues       string    `json:"continues,omitempty"`        // ID of the row of the same call before a restart
	ContinuedBy     string    `json:"continued_by,omitempty"`     // and after it
}

// Waiting is another call that came while this one was up.
type Waiting struct {
	Time   time.Time `json:"time"`
	Caller string    `json:"caller,omitempty"`
	Name   string    `json:"name,omitempty"`
}

// Open says whether the call is still up.
func (r Row) Open() bool { return r.End.IsZero() }

// Duration is from start to end, or to now for an open row.
func (r Row) Duration(now time.Time) time.Duration {
	if r.Open() {
		return max(0, now.Sub(r.Start))
	}
	return r.End.Sub(r.Start)
}

// Reasons that the journal itself gives in Row.EndedBy.
const (
	EndedByRestart  = "restart"  // vaad stopped while the call was up
	EndedByOverflow = "overflow" // events were lost; what became of the call is not known
	EndedByNext     = "next"     // the line's next call began without an end of this one
)

func (r Row) clone() Row {
	r.Recordings = slices.Clone(r.Recordings)
	r.Why = slices.Clone(r.Why)
	r.Waiting, r.Modem = slices.Clone(r.Waiting), slices.Clone(r.Modem)
	return r
}

// add appends what is not there yet.
func add(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
