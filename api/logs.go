package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// A LogLine is one line of the daemon's log, without secrets and telephone numbers.
type LogLine struct {
	Seq     uint64    `json:"seq" doc:"Number, rising, over restarts too"`
	Time    Time      `json:"time" doc:"When"`
	Level   string    `json:"level" enum:"debug,info,warn,error" doc:"How grave it is"`
	Text    string    `json:"text" doc:"What happened (English)"`
	Attrs   []LogAttr `json:"attrs,omitempty" nullable:"false" doc:"Particulars"`
	Earlier bool      `json:"earlier,omitempty" doc:"Of a run of the daemon before this one"`
}

// A LogAttr is what a line says beside its text.
type LogAttr struct {
	Key   string `json:"key" doc:"Name"`
	Value string `json:"value" doc:"What it is"`
}

// A LogFilter chooses lines. Zero fields choose all.
type LogFilter struct {
	Level    string // this and what is graver
	Text     string
	From, To Time
	Limit    int
	Before   uint64
	After    uint64
}

// Logs asks for one page of the daemon's log, newest first.
func (c *Client) Logs(ctx context.Context, f LogFilter) (Page[LogLine], error) {
	q := url.Values{}
	for k, v := range map[string]string{"level": f.Level, "text": f.Text} {
		if v != "" {
			q.Set(k, v)
		}
	}
	for k, t := range map[string]Time{"from": f.From, "to": f.To} {
		if !t.IsZero() {
			q.Set(k, t.UTC().Format(time.RFC3339Nano))
		}
	}
	for k, n := range map[string]uint64{"limit": uint64(max(f.Limit, 0)), "before": f.Before, "after": f.After} {
		if n > 0 {
			q.Set(k, strconv.FormatUint(n, 10))
		}
	}
	return ask[Page[LogLine]](ctx, c, http.MethodGet, "/logs", q, nil)
}
