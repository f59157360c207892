package calls

import (
	"slices"
	"time"
)

// A Row is one call.
type Row struct {
	ID          string    `json:"id"` // ULID, given by channels
	Line        int       `json:"line"`
	Board       string    `json:"board"`
	Start       time.Time `json:"start"` // first ring or off-hook, line time
	Answered    time.Time `json:"answered,omitzero"`
	AnsweredBy  string    `json:"answered_by"`  // how the answer is known: "off-hook", "reversal", …; "" = not answered
	End         time.Time `json:"end,omitzero"` // zero: open
	EndedBy     string    `json:"ended_by"`     // how the end is known: "on-hook", "busy-tone", "restart", …
	Direction   string    `json:"direction"`    // "in", "out", "unknown"
	Caller      string    `json:"caller"`
	Called      string    `json:"called"`
	Keys        string    `json:"keys"` // pressed after dialling
	Missed      bool      `json:"missed"`
	Recordings  []string  `json:"recordings"`             // IDs, in order
	Why         []string  `json:"why"`                    // codes, in order: why it is recorded, or is not
	Continues   string    `json:"continues,omitempty"`    // ID of the row of the same call before a restart
	ContinuedBy string    `json:"continued_by,omitempty"` // and after it
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
	return r
}

// add appends what is not there yet.
func add(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
