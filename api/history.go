package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// MetricsHistory is what chosen metrics were.
type MetricsHistory struct {
	From   Time          `json:"from" doc:"Of what was asked for"`
	To     Time          `json:"to" doc:"Of what was asked for"`
	Series []MetricCurve `json:"series" nullable:"false" doc:"In the order that was asked for; without one asked for: all, without points"`
}

// MetricCurve is one metric over time.
type MetricCurve struct {
	Name   string      `json:"name" doc:"Its name"`
	Title  string      `json:"title" doc:"What it is, in the caller's language"`
	Unit   string      `json:"unit" enum:"count,bytes,seconds,ratio,bytes-per-second" doc:"Of its values"`
	Step   int64       `json:"step_s" doc:"Seconds that one point stands for"`
	Points [][]float64 `json:"points" nullable:"false" doc:"Each: begin in seconds since 1970 UTC, least, mean and greatest value. Where nothing was measured there is no point"`
}

// MetricsHistory asks for the history of metrics.
func (c *Client) MetricsHistory(ctx context.Context, series []string, from, to Time, points int) (MetricsHistory, error) {
	q := url.Values{}
	if len(series) > 0 {
		q.Set("series", strings.Join(series, ","))
	}
	for k, t := range map[string]Time{"from": from, "to": to} {
		if !t.IsZero() {
			q.Set(k, t.UTC().Format(time.RFC3339Nano))
		}
	}
	if points > 0 {
		q.Set("points", strconv.Itoa(points))
	}
	return ask[MetricsHistory](ctx, c, http.MethodGet, "/metrics/history", q, nil)
}
