package api

import (
	"context"
	"net/http"
)

// A Diagnosis is what the doctor found on the machine of the daemon.
type Diagnosis struct {
	Time  Time            `json:"time" doc:"When it was looked"`
	Worst string          `json:"worst" doc:"The worst severity: fault, warning, note or ok"`
	Items []DoctorFinding `json:"items" nullable:"false" doc:"What was found, the worst first"`
}

// A DoctorFinding is one thing that was found.
type DoctorFinding struct {
	Code     string            `json:"code" doc:"Stable name of what was found"`
	Severity string            `json:"severity" enum:"fault,warning,note,ok" doc:"fault, warning, note or ok"`
	Args     map[string]string `json:"args,omitempty" doc:"Values in its text"`
	Text     string            `json:"text" doc:"What was found, in the caller's language"`
	Means    string            `json:"means,omitempty" doc:"What that means"`
	Remedy   string            `json:"remedy,omitempty" doc:"What to do"`
	Commands []string          `json:"commands,omitempty" nullable:"false" doc:"Commands that the remedy names, to be copied"`
}

// Doctor lets the daemon look at its machine.
func (c *Client) Doctor(ctx context.Context) (Diagnosis, error) {
	return ask[Diagnosis](ctx, c, http.MethodGet, "/doctor", nil, nil)
}
