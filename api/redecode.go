package api

import (
	"context"
	"net/http"
	"net/url"
)

// Redecoded is what the detectors of the running program hear in stored audio,
// beside what was told when it was made.
type Redecoded struct {
	ID       string          `json:"id" doc:"The recording, or the name of the kept audio of a caller ID"`
	Line     int             `json:"line" doc:"Permanent number of the line"`
	Version  string          `json:"version" doc:"Version of the program whose detectors listened"`
	Country  string          `json:"country" doc:"Whose tones are meant (ISO 3166)"`
	Duration Number          `json:"duration_s" doc:"Seconds of audio that were listened to"`
	Same     int             `json:"same" doc:"Facts told then that are found now"`
	New      int             `json:"new" doc:"Facts that are found only now"`
	Gone     int             `json:"gone" doc:"Facts told then that are not found now"`
	Unheard  int             `json:"unheard" doc:"Facts told then of what the stored audio does not have: before its first sample, lost, or left out on purpose"`
	Items    []RedecodedFact `json:"items" nullable:"false" doc:"In the order of time"`
}

// A RedecodedFact is one thing that was heard, then or now.
type RedecodedFact struct {
	Is     string `json:"is" enum:"same,new,gone,unheard" doc:"same, new, gone or unheard"`
	Kind   string `json:"kind" doc:"key, pulse, tone, modem, voice, caller-id or damaged"`
	At     int64  `json:"at" doc:"Where it begins, samples from the first one; as found now, else as told then"`
	Length int64  `json:"length,omitempty" doc:"Samples"`
	Then   *int64 `json:"then_at,omitempty" doc:"Of same: where it began as it was told then"`
	Side   string `json:"side,omitempty" doc:"mixed, network or local"`
	Text   string `json:"text,omitempty" doc:"The key, the name of the tone, or the number; • stands for a key that was kept out"`
	Name   string `json:"name,omitempty" doc:"Of a caller ID: the name"`
	By     string `json:"by,omitempty" doc:"Of a caller ID: its coding, bell202, v23, dtmf or ntt"`
	Absent string `json:"absent,omitempty" doc:"Of a caller ID without a number: private or out-of-area"`
	Sure   int    `json:"sure,omitempty" doc:"Confidence in percent, where the detector gives one"`
}

// A KeptCallerID is the audio of a caller ID that was not understood.
type KeptCallerID struct {
	Name     string `json:"name" doc:"Name of the file"`
	Time     Time   `json:"time" doc:"When it was heard"`
	Line     int    `json:"line" doc:"Permanent number of the line"`
	LineName string `json:"line_name,omitempty" doc:"Name of the line"`
	Call     string `json:"call,omitempty" doc:"ID of the call"`
	Reason   string `json:"reason" doc:"Why it was not understood: damaged, unframed or missing"`
	Bytes    int64  `json:"bytes" doc:"Bytes of the file"`
}

// Redecode lets today's detectors listen to a recording.
func (c *Client) Redecode(ctx context.Context, id string) (Redecoded, error) {
	return ask[Redecoded](ctx, c, http.MethodPost, recordingPath(id, "/redecode"), nil, nil)
}

// KeptCallerIDs lists the kept audio of caller IDs that were not understood, newest first.
func (c *Client) KeptCallerIDs(ctx context.Context) (Page[KeptCallerID], error) {
	return ask[Page[KeptCallerID]](ctx, c, http.MethodGet, "/caller-ids", nil, nil)
}

// RedecodeCallerID lets today's detectors listen to the kept audio of a caller ID.
func (c *Client) RedecodeCallerID(ctx context.Context, name string) (Redecoded, error) {
	return ask[Redecoded](ctx, c, http.MethodPost, "/caller-ids/"+url.PathEscape(name)+"/redecode", nil, nil)
}
