package api

import (
	"context"
	"net/http"
)

// A Replay is all that is known of a recording on one axis of time: samples from
// its first one, 8000 a second.
type Replay struct {
	Recording Recording       `json:"recording" doc:"The recording"`
	Call      *Call           `json:"call,omitempty" doc:"Its call, where the caller may see calls"`
	Samples   int64           `json:"samples" doc:"Samples of the longest side"`
	Position  int64           `json:"position" doc:"The line's sample counter at the first sample"`
	Events    []ReplayEvent   `json:"events" nullable:"false" doc:"What happened, in the order of time"`
	Volts     []VoltPoint     `json:"volts" nullable:"false" doc:"Voltage of the line, where it has changed; empty where none was stored"`
	Ladder    []LadderMessage `json:"ladder" nullable:"false" doc:"What the D-channel said of the call; empty where it said nothing or nothing was stored"`
	Complete  bool            `json:"complete" doc:"The story has its end"`
	Damaged   int             `json:"damaged,omitempty" doc:"Entries of the story that cannot be read"`
}

// A ReplayEvent is an entry of the story, with its length where it lasted.
type ReplayEvent struct {
	At     int64  `json:"at" doc:"Samples from the first one; negative for what happened before it"`
	Length int64  `json:"length,omitempty" doc:"Samples that it lasted"`
	Time   *Time  `json:"time,omitempty" doc:"Wall time"`
	Kind   string `json:"kind" doc:"Code, as in docs/formats/story.md"`
	Lane   string `json:"lane" enum:"hook,ring,caller-id,keys,tones,voice,signalling,recording,other" doc:"Where it belongs: hook, ring, caller-id, keys, tones, voice, signalling, recording or other"`
	Side   string `json:"side,omitempty" doc:"Side that is meant"`
	Value  int64  `json:"value,omitempty" doc:"As in the story"`
	Code   string `json:"code,omitempty" doc:"As in the story"`
	Text   string `json:"text,omitempty" doc:"As in the story"`
	Actor  string `json:"actor,omitempty" doc:"Who"`
}

// A VoltPoint is the voltage of a line from a sample on.
type VoltPoint struct {
	At    int64  `json:"at" doc:"Samples from the first one"`
	Volts Number `json:"volts" doc:"Tip against ring"`
}

// Replay asks for all that is known of a recording on one axis of time.
func (c *Client) Replay(ctx context.Context, id string) (Replay, error) {
	return ask[Replay](ctx, c, http.MethodGet, recordingPath(id, "/replay"), nil, nil)
}
