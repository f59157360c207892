package api

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// A Format is one that recordings can be had in.
type Format struct {
	Name      string `json:"name" doc:"As it is asked for"`
	Ext       string `json:"ext" doc:"End of file names"`
	Type      string `json:"type" doc:"Media type"`
	Rate      int    `json:"rate" doc:"Samples per second"`
	Stereo    bool   `json:"stereo" doc:"It can have two channels"`
	Lossless  bool   `json:"lossless" doc:"It holds what the recording holds"`
	Part      bool   `json:"part" doc:"A part of a recording can be had in it"`
	Available bool   `json:"available" doc:"It can be had here; otherwise a program is missing"`
	Program   string `json:"program,omitempty" doc:"The installed program that makes it"`
}

// NewExport is the body of a request for an export of many recordings.
type NewExport struct {
	IDs      []string `json:"ids,omitempty" nullable:"false" maxItems:"10000" doc:"Recordings"`
	Search   bool     `json:"search,omitempty" doc:"Instead: all recordings that the query parameters find, the same as of a search; without any parameter all recordings"`
	Format   string   `json:"format,omitempty" maxLength:"20" doc:"As GET /formats names them; default: native"`
	Layout   string   `json:"layout,omitempty" enum:"stereo,mixed,each,network,local" doc:"What becomes of the sides; default: stereo where the format has two channels, otherwise mixed"`
	Template string   `json:"template,omitempty" maxLength:"200" doc:"Names of the files: {start} {date} {time} {line} {line_name} {caller} {called} {direction} {id} {n}"`
	Proof    bool     `json:"proof,omitempty" doc:"With a proof bundle of each recording, as vaactl verify --bundle takes it; 1000 recordings at most"`
	Reason   string   `json:"reason,omitempty" maxLength:"500" doc:"Why, for the audit log and the manifest"`
}

// An Export is one of many recordings, made in the background.
type Export struct {
	ID       string `json:"id" doc:"Opaque name of the export"`
	State    string `json:"state" doc:"queued, running, done, failed or cancelled"`
	Code     string `json:"code,omitempty" doc:"Why it failed: interrupted, no-space, nothing, erased or error"`
	Detail   string `json:"detail,omitempty" doc:"Particulars (English)"`
	By       string `json:"by" doc:"Who asked for it"`
	Created  Time   `json:"created" doc:"When"`
	Finished *Time  `json:"finished" doc:"When it ended; null before"`
	Expires  *Time  `json:"expires" doc:"When it is removed; null before its end"`
	Format   string `json:"format" doc:"As GET /formats names them"`
	Layout   string `json:"layout,omitempty" doc:"What becomes of the sides"`
	Proof    bool   `json:"proof" doc:"With proof bundles"`
	Reason   string `json:"reason,omitempty" doc:"Why"`
	Total    int    `json:"recordings" doc:"Recordings that were asked for"`
	Handled  int    `json:"handled" doc:"Of these, those that are dealt with"`
	Left     int    `json:"left_out" doc:"Of these, those that could not be given; the manifest says why"`
	Files    int    `json:"files" doc:"Files of audio so far"`
	Bytes    int64  `json:"bytes" doc:"Bytes so far; of the whole ZIP at the end"`
	SHA256   string `json:"sha256,omitempty" doc:"Hash of the ZIP"`
}

// Formats asks for the formats that recordings can be had in.
func (c *Client) Formats(ctx context.Context) (Page[Format], error) {
	return ask[Page[Format]](ctx, c, http.MethodGet, "/formats", nil, nil)
}

// A Cut is how one recording is wanted.
type Cut struct {
	Format, Layout string
	From, To       float64 // seconds of the recording; To 0: to its end
	Reason         string
}

// ExportAs writes one recording to w in any format.
func (c *Client) ExportAs(ctx context.Context, id string, cut Cut, w io.Writer) (int64, error) {
	q := audioQuery("", cut.Format)
	for k, v := range map[string]float64{"from": cut.From, "to": cut.To} {
		if v != 0 {
			q.Set(k, strconv.FormatFloat(v, 'f', -1, 64))
		}
	}
	for k, v := range map[string]string{"layout": cut.Layout, "reason": cut.Reason} {
		if v != "" {
			q.Set(k, v)
		}
	}
	return c.patient().copy(ctx, recordingPath(id, "/export"), q, w)
}

// NewExport asks for an export. With n.Search the filter chooses the recordings.
func (c *Client) NewExport(ctx context.Context, n NewExport, f RecordingFilter) (Export, error) {
	var q url.Values
	if n.Search {
		f.Limit, f.After = 0, ""
		q = f.values()
	}
	return ask[Export](ctx, c.patient(), http.MethodPost, "/exports", q, n)
}

// Exports asks for the exports that there are, newest first.
func (c *Client) Exports(ctx context.Context) (Page[Export], error) {
	return ask[Page[Export]](ctx, c, http.MethodGet, "/exports", nil, nil)
}

// ExportState asks how far an export is.
func (c *Client) ExportState(ctx context.Context, id string) (Export, error) {
	return ask[Export](ctx, c, http.MethodGet, "/exports/"+url.PathEscape(id), nil, nil)
}

// ExportFile writes the ZIP of an export to w.
func (c *Client) ExportFile(ctx context.Context, id string, w io.Writer) (int64, error) {
	return c.copy(ctx, "/exports/"+url.PathEscape(id)+"/file", nil, w)
}

// RemoveExport ends an export, or removes it with its file.
func (c *Client) RemoveExport(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, "/exports/"+url.PathEscape(id), nil, nil, nil)
}

// A Table is how a table of recordings is wanted.
type Table struct {
	Columns []string
	Codes   bool // names and values as the API has them
	NoBOM   bool
	Reason  string
}

// RecordingsTable writes all recordings that a filter finds as a table to w: kind
// is csv or xlsx.
func (c *Client) RecordingsTable(ctx context.Context, kind string, f RecordingFilter, t Table, w io.Writer) (int64, error) {
	f.Limit, f.After = 0, ""
	q := f.values()
	if len(t.Columns) > 0 {
		q.Set("columns", strings.Join(t.Columns, ","))
	}
	if t.Codes {
		q.Set("header", "codes")
	}
	if t.NoBOM && kind == "csv" {
		q.Set("bom", "no")
	}
	if t.Reason != "" {
		q.Set("reason", t.Reason)
	}
	return c.patient().copy(ctx, "/recordings."+kind, q, w)
}
