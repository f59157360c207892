package alarm

import (
	"errors"
	"time"
)

// An Alarm is one fault of one subject, from when it was first raised to its end.
type Alarm struct {
	ID        uint64            `json:"id"` // from 1, in the order of raising
	Code      string            `json:"code"`
	Subject   string            `json:"subject,omitempty"`
	Severity  Severity          `json:"severity"`
	Momentary bool              `json:"momentary"`
	Args      map[string]string `json:"args,omitempty"` // for the text; those of the last raising
	Count     int               `json:"count"`          // how often it was raised
	First     time.Time         `json:"first"`
	Last      time.Time         `json:"last"`
	AckedBy   string            `json:"acked_by,omitempty"`
	Acked     time.Time         `json:"acked,omitzero"`
	Comment   string            `json:"comment,omitempty"`  // what was said when it was acknowledged
	Ended     time.Time         `json:"ended,omitzero"`     // zero: active
	EndedBy   string            `json:"ended_by,omitempty"` // "cleared", "acknowledged", "expired", "restart"
}

// Active says whether it still stands.
func (a Alarm) Active() bool { return a.Ended.IsZero() }

// ErrNone says that no active alarm has that number.
var ErrNone = errors.New("no active alarm has that number")
