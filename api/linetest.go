package api

import (
	"context"
	"net/http"
)

// TestLine is the body of a request for the test of a line.
type TestLine struct {
	DialTone bool `json:"dial_tone,omitempty" doc:"Trunks only: also seize the line for a moment and look for dial tone. Needs the rights call and settings-write"`
}

// A LineReport is what a test of a line came to.
type LineReport struct {
	Line    int         `json:"line" doc:"Permanent number of the line"`
	Time    Time        `json:"time" doc:"When it was tested"`
	Verdict string      `json:"verdict" doc:"The worst of the checks: good, doubt or bad"`
	Checks  []LineCheck `json:"checks" nullable:"false" doc:"What was looked at, in order"`
}

// A LineCheck is one thing that was looked at.
type LineCheck struct {
	Code    string   `json:"code" doc:"board, port, volts, steady, noise, hum, ring, polarity, caller-id, span, dchannel or dial-tone"`
	Name    string   `json:"name" doc:"What that is, in the caller's language"`
	Verdict string   `json:"verdict" doc:"good, doubt, bad or unknown: nothing was there to be measured"`
	Why     string   `json:"why,omitempty" doc:"Code of what is wrong, or of why nothing is known"`
	Text    string   `json:"text,omitempty" doc:"It in words, in the caller's language"`
	Remedy  string   `json:"remedy,omitempty" doc:"What to do, in the caller's language"`
	Value   *Number  `json:"value,omitempty" doc:"volts: V; noise: dBm0p; hum: dBm0; caller-id: percent; dial-tone: s until it came"`
	Low     *Number  `json:"low,omitempty" doc:"volts: the least since they were forgotten; steady: during the test; V"`
	High    *Number  `json:"high,omitempty" doc:"The largest of those"`
	Hz      Number   `json:"hz,omitempty" doc:"Of hum or dial tone"`
	Count   int      `json:"count,omitempty" doc:"caller-id: incoming calls looked at"`
	At      *Time    `json:"at,omitempty" doc:"ring, polarity: the last"`
	Alarms  []string `json:"alarms,omitempty" nullable:"false" doc:"Of the span"`
	Detail  string   `json:"detail,omitempty" doc:"What the driver says (English)"`
}

// TryLine is the body of a request to try settings of a line. What is absent stays.
type TryLine struct {
	GainDB      *int `json:"gain_db,omitempty" minimum:"-24" maximum:"24" doc:"By how much what is received is made louder"`
	SentGainDB  *int `json:"sent_gain_db,omitempty" minimum:"-24" maximum:"24" doc:"The same of what is sent"`
	ThresholdMV *int `json:"threshold_mv,omitempty" minimum:"0" maximum:"60000" doc:"Off-hook below this; 0: learn it"`
	VoiceDBm0   *int `json:"voice_dbm0,omitempty" minimum:"-60" maximum:"-20" doc:"What is quieter is no voice"`
	HangoverMS  *int `json:"hangover_ms,omitempty" minimum:"0" maximum:"600000" doc:"Silence that ends a recording by voice"`
}

// TriedLine answers it.
type TriedLine struct {
	Line  int  `json:"line" doc:"The line"`
	Until Time `json:"until" doc:"When the settings count again, unless something is tried anew"`
}

// TestLine tests a line; it takes some seconds.
func (c *Client) TestLine(ctx context.Context, line int, how TestLine) (LineReport, error) {
	return ask[LineReport](ctx, c, http.MethodPost, linePath(line, "/test"), nil, how)
}

// ForgetVolts begins anew with the least and the largest voltage of a line.
func (c *Client) ForgetVolts(ctx context.Context, line int) error {
	return c.call(ctx, http.MethodPost, linePath(line, "/forget-volts"), nil, nil, nil)
}
