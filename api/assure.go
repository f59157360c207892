package api

import (
	"context"
	"net/http"
	"net/url"
)

// An AssuranceDay is the head of a report of what became of a day's calls.
type AssuranceDay struct {
	Day         string `json:"day" doc:"The day, by the box's clock"`
	OK          bool   `json:"ok" doc:"Nothing failed, and nothing is missing that is not explained"`
	Calls       int    `json:"calls" doc:"Calls that began on it"`
	Whole       int    `json:"whole" doc:"Of these, wholly recorded"`
	Failed      int    `json:"failed" doc:"Not recorded, or not wholly, because something failed"`
	Unexplained int    `json:"unexplained" doc:"Not recorded, or not wholly, and nobody knows why"`
}

// An Assurance is a report of what became of a day's calls. It holds no numbers
// and no names of callers.
type Assurance struct {
	AssuranceDay
	From    Time             `json:"from" doc:"Calls that begin from here"`
	To      Time             `json:"to" doc:"And before here"`
	Made    Time             `json:"made" doc:"When the report was made"`
	Open    int              `json:"open" doc:"Calls that were up then; they stand in no other figure"`
	Counts  map[string]int   `json:"counts" doc:"Calls by verdict: whole, missed, not-wanted, partly, erased, failed, unexplained"`
	Reasons map[string]int   `json:"reasons" doc:"Of those that are not whole, by reason"`
	Seconds AssuranceSeconds `json:"seconds" doc:"Sums over calls"`
	Lines   []AssuranceLine  `json:"lines" doc:"By line"`
	Items   []AssuranceItem  `json:"items" doc:"Calls that are partly recorded, erased, failed or unexplained"`
	More    int              `json:"more" doc:"How many of these found no room"`
	Strays  []AssuranceStray `json:"strays" doc:"Recordings of calls that the call journal has not got"`
}

// AssuranceSeconds are sums over calls.
type AssuranceSeconds struct {
	Talked  float64 `json:"talked" doc:"From answers to ends"`
	Missing float64 `json:"missing" doc:"Of it, in no recording"`
	Lost    float64 `json:"lost" doc:"Gaps within recordings"`
	Masked  float64 `json:"masked" doc:"Left out on purpose"`
}

// An AssuranceLine is the part of one line.
type AssuranceLine struct {
	Line   int            `json:"line" doc:"Its number"`
	Name   string         `json:"name,omitempty" doc:"Its name"`
	Calls  int            `json:"calls" doc:"Calls on it"`
	Counts map[string]int `json:"counts" doc:"By verdict"`
	Usual  float64        `json:"usual" doc:"Calls on such a day of the week, of the last four"`
	Silent bool           `json:"silent" doc:"It had none, and usually has"`
}

// An AssuranceItem is a call that is not wholly recorded.
type AssuranceItem struct {
	Call       string   `json:"call" doc:"ID of the call"`
	Line       int      `json:"line" doc:"Its line"`
	Start      Time     `json:"start" doc:"When it began"`
	Verdict    string   `json:"verdict" doc:"partly, erased, failed or unexplained"`
	Reason     string   `json:"reason" doc:"Code of the reason"`
	Said       string   `json:"said" doc:"The reason, in the caller's language"`
	Talked     float64  `json:"talked_s" doc:"Seconds from answer to end"`
	Missing    float64  `json:"missing_s" doc:"Of it, in no recording"`
	Lost       float64  `json:"lost_s" doc:"Gaps"`
	Recordings []string `json:"recordings" doc:"Its recordings"`
}

// An AssuranceStray is a recording whose call the journal has not got.
type AssuranceStray struct {
	Recording string `json:"recording" doc:"ID of the recording"`
	Call      string `json:"call" doc:"ID of the call that it names"`
	Line      int    `json:"line" doc:"Its line"`
	Start     Time   `json:"start" doc:"When it began"`
}

// Assurances lists the reports, newest first.
func (c *Client) Assurances(ctx context.Context) ([]AssuranceDay, error) {
	p, err := ask[Page[AssuranceDay]](ctx, c, http.MethodGet, "/assurance", nil, nil)
	return p.Items, err
}

// Assurance is the report of a day. fresh: made now, also of today so far.
func (c *Client) Assurance(ctx context.Context, day string, fresh bool) (Assurance, error) {
	q := url.Values{}
	if fresh {
		q.Set("fresh", "true")
	}
	return ask[Assurance](ctx, c, http.MethodGet, "/assurance/"+url.PathEscape(day), q, nil)
}
