package api

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Act says what is particular about an act on recordings.
type Act struct {
	Reason string `json:"reason,omitempty" maxLength:"1000" doc:"Why, for the journal and the audit log"`
	Case   string `json:"case,omitempty" maxLength:"100" doc:"hold: the legal case that the recordings are held for. release: the case whose hold ends; absent: all holds end"`
	Class  string `json:"class,omitempty" maxLength:"64" doc:"class: the retention class from now on; absent: the default one"`
	Force  bool   `json:"force,omitempty" doc:"erase: also what is not in the trash yet"`
}

// ActedOn is the answer to an act on one recording.
type ActedOn struct {
	Recording Recording `json:"recording" doc:"The recording as it is now"`
	Changed   bool      `json:"changed" doc:"false: it was so already, or somebody must approve it first"`
	Approval  string    `json:"approval,omitempty" doc:"ID of the request that somebody else must approve: nothing has been erased yet"`
}

// BulkAct is an act on many recordings: those of a list, those that the query
// parameters find, or those that an earlier act changed. Exactly one of these is given.
type BulkAct struct {
	Act
	IDs    []string `json:"ids,omitempty" maxItems:"1000" doc:"The recordings"`
	Search bool     `json:"search,omitempty" doc:"All recordings that the query parameters find, the same as of a search, limit and after aside; at least one is given, but for undelete and erase, which mean the trash"`
	Undo   string   `json:"undo,omitempty" maxLength:"64" doc:"The recordings that an earlier act changed, so that it is undone: what that act has answered as undo"`
	DryRun bool     `json:"dry_run,omitempty" doc:"Only say what would be done"`
}

// Acted says what became of an act on many recordings.
type Acted struct {
	Act       string    `json:"act" doc:"What was done"`
	DryRun    bool      `json:"dry_run,omitempty" doc:"Nothing was done: this is what would be"`
	Matched   int       `json:"matched" doc:"Recordings that were looked at"`
	Changed   int       `json:"changed" doc:"Recordings it was done to"`
	Unchanged int       `json:"unchanged" doc:"Recordings that were so already"`
	Skipped   []Skipped `json:"skipped" nullable:"false" doc:"Recordings it could not be done to, by reason"`
	Undo      string    `json:"undo,omitempty" doc:"With this the act is undone, for exactly these recordings"`
	UndoUntil *Time     `json:"undo_until,omitempty" doc:"Until when that can be"`
	Approval  string    `json:"approval,omitempty" doc:"ID of the request that somebody else must approve: nothing has been erased yet"`
}

// Skipped is why recordings were passed over.
type Skipped struct {
	Code   string   `json:"code" doc:"Stable name of the reason: as of a problem"`
	Title  string   `json:"title" doc:"The reason, in the caller's language"`
	Remedy string   `json:"remedy,omitempty" doc:"What to do, in the caller's language"`
	Count  int      `json:"count" doc:"How many"`
	IDs    []string `json:"ids" nullable:"false" doc:"The first of them, at most 100"`
}

// ActOn does something to one recording: protect, unprotect, hold, release, class,
// trash, undelete or erase.
func (c *Client) ActOn(ctx context.Context, id, act string, a Act) (ActedOn, error) {
	return ask[ActedOn](ctx, c, http.MethodPost, recordingPath(id, "/"+url.PathEscape(act)), nil, a)
}

// ActOnMany does something to many recordings, those of a list or, with Search, those
// that f finds.
func (c *Client) ActOnMany(ctx context.Context, act string, f RecordingFilter, a BulkAct) (Acted, error) {
	var q url.Values
	if a.Search {
		f.Limit, f.After = 0, ""
		q = f.values()
	}
	return ask[Acted](ctx, c.patient(), http.MethodPost, "/recordings/acts/"+url.PathEscape(act), q, a)
}

// UndoAct undoes an act on many recordings by what that has answered as Undo.
func (c *Client) UndoAct(ctx context.Context, undo string) (Acted, error) {
	act, _, _ := strings.Cut(undo, ".")
	if !slices.Contains([]string{"protect", "unprotect", "hold", "release", "class", "trash"}, act) {
		act = "undelete" // what is none of these is for the daemon to refuse
	}
	return c.ActOnMany(ctx, act, RecordingFilter{}, BulkAct{Undo: undo})
}

// patient is a client that waits for an answer as long as it takes.
func (c *Client) patient() *Client {
	p := *c
	tr := c.http.Transport.(*http.Transport).Clone()
	tr.ResponseHeaderTimeout, tr.DisableKeepAlives = 0, true
	p.http = &http.Client{Transport: tr, CheckRedirect: c.http.CheckRedirect}
	return &p
}
