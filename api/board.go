package api

import (
	"context"
	"net/http"
	"net/url"
)

// A BoardDetail is a board with its counters and ports.
type BoardDetail struct {
	Board    Board          `json:"board" doc:"The board"`
	Counters []BoardCounter `json:"counters" nullable:"false" doc:"What it has counted, with rates"`
	Ports    []BoardPort    `json:"ports" nullable:"false" doc:"Its ports, and which line each is; only lines that the caller may see"`
	Lately   []SpanEvent    `json:"lately" nullable:"false" doc:"Alarms of its spans that began or ended since the program started, newest first"`
}

// A BoardCounter is something that a board counts, and how fast it grows.
type BoardCounter struct {
	Code    string `json:"code" doc:"Stable name: late, lost-samples, overruns, crc, slips, …"`
	Span    int    `json:"span,omitempty" doc:"The span that counts it; absent: the board"`
	Total   Number `json:"total" doc:"Since the program started"`
	Minute  Number `json:"minute" doc:"In the last minute"`
	Hour    Number `json:"hour" doc:"In the last hour, or since it is watched"`
	Watched Number `json:"watched_s" doc:"Seconds that hour covers, at most 3600"`
	Fault   bool   `json:"fault,omitempty" doc:"It counts what should not happen"`
}

// A BoardPort is a port of a board.
type BoardPort struct {
	Port  int    `json:"port" doc:"Number as on the board"`
	Line  int    `json:"line" doc:"Permanent number of the line"`
	Name  string `json:"name,omitempty" doc:"Name of the line"`
	Use   string `json:"use" doc:"tap, trunk, station or unused"`
	Kind  string `json:"kind" doc:"Kind of port: fxo, fxs, bearer, …"`
	Side  string `json:"side" enum:"both,network,local" doc:"What the port hears: both parties, the network's side, or ours"`
	Span  int    `json:"span,omitempty" doc:"Its span, on a digital board"`
	Slot  int    `json:"slot,omitempty" doc:"Its timeslot"`
	State string `json:"state" doc:"What the line is doing"`
}

// A SpanEvent is that an alarm of a span began or ended.
type SpanEvent struct {
	Time   Time     `json:"time" doc:"When"`
	Span   int      `json:"span" doc:"The span"`
	Alarms []string `json:"alarms" nullable:"false" doc:"Alarms that stand since then; none: it is well"`
}

// Board asks for a board with its counters and ports.
func (c *Client) Board(ctx context.Context, id string) (BoardDetail, error) {
	return ask[BoardDetail](ctx, c, http.MethodGet, "/boards/"+url.PathEscape(id), nil, nil)
}
