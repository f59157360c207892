package api

import (
	"context"
	"net/http"
	"net/url"
)

// NewShare says how a recording is to be shared by a link.
type NewShare struct {
	Hours    Number `json:"hours" exclusiveMinimum:"0" maximum:"87600" doc:"How long the link holds"`
	Times    int    `json:"times,omitempty" minimum:"0" maximum:"10000" doc:"How often it can be opened; 0: any number of times"`
	Download bool   `json:"download,omitempty" doc:"The recording can be taken away too; needs the right to export it"`
	Note     string `json:"note,omitempty" maxLength:"500" doc:"Words for who opens it; the recording's numbers are not told there"`
}

// A Share is a link to one recording.
type Share struct {
	ID        string `json:"id" doc:"Name of the share; it opens nothing"`
	Recording string `json:"recording" doc:"The recording"`
	Line      int    `json:"line" doc:"Its line"`
	By        string `json:"by" doc:"Who shared it, with whose rights it is heard"`
	Created   Time   `json:"created" doc:"When"`
	Expires   Time   `json:"expires" doc:"Until when the link holds"`
	Times     int    `json:"times" doc:"How often it can be opened; 0: any number of times"`
	Opened    int    `json:"opened" doc:"How often it was"`
	Last      *Time  `json:"last" doc:"When it was opened last; null: never"`
	Download  bool   `json:"download" doc:"The recording can be taken away too"`
	Note      string `json:"note,omitempty" doc:"Words for who opens it"`
	State     string `json:"state" enum:"open,expired,used-up,revoked,barred" doc:"open: it can be opened; barred: whoever shared it lacks a right now, the recording is in the trash or erased, or sharing is switched off"`
}

// Shared is a share that was just made. Its secret is told this once.
type Shared struct {
	Share Share  `json:"share" doc:"The share"`
	Path  string `json:"path" doc:"The link without the name of the box; behind # is the secret, which browsers never send"`
	URL   string `json:"url,omitempty" doc:"The whole link, where the box knows how it is reached"`
}

// OpenShare is the secret of a link.
type OpenShare struct {
	Secret string `json:"secret" minLength:"1" maxLength:"100" doc:"What stands behind # in the link"`
}

// OpenedShare is what whoever has a link is told about the recording.
type OpenedShare struct {
	Ticket   string   `json:"ticket" doc:"Opens audio and picture for some hours"`
	Until    Time     `json:"until" doc:"Until when it does"`
	Expires  Time     `json:"expires" doc:"Until when the link holds"`
	Left     int      `json:"left" doc:"How often the link can still be opened; -1: any number of times"`
	Start    Time     `json:"start" doc:"When the recording begins"`
	Duration Number   `json:"duration_s" doc:"Its length in seconds"`
	Sides    []string `json:"sides" nullable:"false" doc:"mixed, or network and local"`
	Download bool     `json:"download" doc:"It can be taken away too"`
	Note     string   `json:"note,omitempty" doc:"What whoever shared it wrote"`
	By       string   `json:"by" doc:"Who shared it"`
}

// Share makes a link to a recording.
func (c *Client) Share(ctx context.Context, id string, n NewShare) (Shared, error) {
	return ask[Shared](ctx, c, http.MethodPost, recordingPath(id, "/share"), nil, n)
}

// Shares asks for links: of one recording, or of all; the caller's own, and for who
// administers everything those of all.
func (c *Client) Shares(ctx context.Context, recording string) (Page[Share], error) {
	q := url.Values{}
	if recording != "" {
		q.Set("recording", recording)
	}
	return ask[Page[Share]](ctx, c, http.MethodGet, "/shares", q, nil)
}

// RevokeShare ends a link.
func (c *Client) RevokeShare(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, "/shares/"+url.PathEscape(id), nil, nil, nil)
}
