package api

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// values are a filter's query parameters.
func (f Filter) values() url.Values {
	q := url.Values{}
	if len(f.Lines) > 0 {
		var s []string
		for _, n := range f.Lines {
			s = append(s, strconv.Itoa(n))
		}
		q.Set("line", strings.Join(s, ","))
	}
	set := func(k, v string) {
		if v != "" {
			q.Set(k, v)
		}
	}
	set("number", f.Number)
	set("text", f.Text)
	set("after", f.After)
	if !f.From.IsZero() {
		q.Set("from", f.From.UTC().Format(time.RFC3339Nano))
	}
	if !f.To.IsZero() {
		q.Set("to", f.To.UTC().Format(time.RFC3339Nano))
	}
	if f.MinDuration != 0 { // what cannot be is for the daemon to refuse
		q.Set("min_duration", strconv.FormatFloat(f.MinDuration, 'f', -1, 64))
	}
	if f.Limit != 0 {
		q.Set("limit", strconv.Itoa(f.Limit))
	}
	return q
}

// Recording asks for one recording.
func (c *Client) Recording(ctx context.Context, id string) (Recording, error) {
	return ask[Recording](ctx, c, http.MethodGet, recordingPath(id, ""), nil, nil)
}

func recordingPath(id, rest string) string { return "/recordings/" + url.PathEscape(id) + rest }

// Story asks for what happened during a recording.
func (c *Client) Story(ctx context.Context, id string) (Story, error) {
	return ask[Story](ctx, c, http.MethodGet, recordingPath(id, "/story"), nil, nil)
}

// Audio writes one side of a recording as a WAV to w. side is empty for the
// only or first one; format is native (as recorded) or pcm16.
func (c *Client) Audio(ctx context.Context, id, side, format string, w io.Writer) (int64, error) {
	return c.copy(ctx, recordingPath(id, "/audio"), audioQuery(side, format), w)
}

// Export writes a recording as one WAV to w, whatever its sides. format is
// native or pcm16; with two sides, network is left and local is right.
func (c *Client) Export(ctx context.Context, id, format string, w io.Writer) (int64, error) {
	return c.copy(ctx, recordingPath(id, "/export"), audioQuery("", format), w)
}

func audioQuery(side, format string) url.Values {
	q := url.Values{}
	if side != "" {
		q.Set("side", side)
	}
	if format != "" {
		q.Set("format", format)
	}
	return q
}

// Note writes a note on a recording.
func (c *Client) Note(ctx context.Context, id, text string) (Note, error) {
	return ask[Note](ctx, c, http.MethodPost, recordingPath(id, "/notes"), nil, NewNote{Text: text})
}

// Mark marks a moment of a recording, in seconds from its start.
func (c *Client) Mark(ctx context.Context, id string, at float64, text string) (Mark, error) {
	return ask[Mark](ctx, c, http.MethodPost, recordingPath(id, "/marks"), nil, NewMark{At: at, Text: text})
}

// Refresh makes the index of recordings anew from the day journals and waits
// until that is done, minutes where there are millions of recordings.
func (c *Client) Refresh(ctx context.Context) (Refreshed, error) {
	patient := *c
	tr := c.http.Transport.(*http.Transport).Clone()
	defer tr.CloseIdleConnections()
	tr.ResponseHeaderTimeout = 0
	patient.http = &http.Client{Transport: tr, CheckRedirect: c.http.CheckRedirect}
	return ask[Refreshed](ctx, &patient, http.MethodPost, "/index/refresh", nil, nil)
}

// Why asks how everything about a call is known.
func (c *Client) Why(ctx context.Context, id string) (Why, error) {
	return ask[Why](ctx, c, http.MethodGet, "/calls/"+url.PathEscape(id)+"/why", nil, nil)
}

// Calls asks for one page of the call journal, newest first.
func (c *Client) Calls(ctx context.Context, f Filter) (Page[Call], error) {
	return ask[Page[Call]](ctx, c, http.MethodGet, "/calls", f.values(), nil)
}

// Call asks for one call.
func (c *Client) Call(ctx context.Context, id string) (Call, error) {
	return ask[Call](ctx, c, http.MethodGet, "/calls/"+url.PathEscape(id), nil, nil)
}
