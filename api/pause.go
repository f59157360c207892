package api

import (
	"context"
	"net/http"
	"net/url"
)

// A Pause is a stretch of a line whose audio is kept nowhere.
type Pause struct {
	ID        string `json:"id" doc:"ID of the pause; lines that are connected with each other are paused together, under one"`
	Line      int    `json:"line" doc:"The line"`
	Since     Time   `json:"since" doc:"Since when"`
	Until     Time   `json:"until" doc:"It ends by itself then at the latest"`
	Reason    string `json:"reason" doc:"A short word, as card-data"`
	Actor     string `json:"actor,omitempty" doc:"Who paused it; absent where keys did"`
	By        string `json:"by" doc:"request, key, bridge (a line that it is connected with was paused) or restart (it stood when the daemon began)"`
	Recording string `json:"recording,omitempty" doc:"The recording that it was begun in"`
	Call      string `json:"call,omitempty" doc:"The call that is up"`
}

// PauseRecording says how recording is to be paused.
type PauseRecording struct {
	Reason string `json:"reason,omitempty" maxLength:"32" pattern:"^[a-z0-9-]*$" patternDescription:"small letters, digits and hyphens" doc:"A short word; card-data where none is given. No names, no numbers of persons"`
	ForS   int    `json:"for_s,omitempty" minimum:"0" maximum:"3600" doc:"It ends by itself after so many seconds; 0 or too long: after lines.N.pause_max_s"`
	BackMS *int   `json:"back_ms,omitempty" minimum:"0" maximum:"5000" doc:"What was said so many milliseconds before is left out too, as far as it is not in the file; absent: lines.N.pause_back_ms"`
}

// Pause leaves out of recordings, flight recorder and live listening what is said on a
// line from now on. It is in effect when it returns.
func (c *Client) Pause(ctx context.Context, line int, p PauseRecording) (Pause, error) {
	return ask[Pause](ctx, c, http.MethodPost, linePath(line, "/pause"), nil, p)
}

// Resume ends a pause; it returns what that was.
func (c *Client) Resume(ctx context.Context, line int) (Pause, error) {
	return ask[Pause](ctx, c, http.MethodPost, linePath(line, "/resume"), nil, nil)
}

// PauseLeg is Pause of the line of a leg.
func (c *Client) PauseLeg(ctx context.Context, leg string, p PauseRecording) (Pause, error) {
	return ask[Pause](ctx, c, http.MethodPost, legPath(leg, "/pause"), nil, p)
}

// ResumeLeg is Resume of the line of a leg.
func (c *Client) ResumeLeg(ctx context.Context, leg string) (Pause, error) {
	return ask[Pause](ctx, c, http.MethodPost, legPath(leg, "/resume"), nil, nil)
}

// PauseRecording is Pause of the line of a recording that is being made.
func (c *Client) PauseRecording(ctx context.Context, id string, p PauseRecording) (Pause, error) {
	return ask[Pause](ctx, c, http.MethodPost, "/recordings/"+url.PathEscape(id)+"/pause", nil, p)
}

// ResumeRecording is Resume of the line of a recording that is being made.
func (c *Client) ResumeRecording(ctx context.Context, id string) (Pause, error) {
	return ask[Pause](ctx, c, http.MethodPost, "/recordings/"+url.PathEscape(id)+"/resume", nil, nil)
}
