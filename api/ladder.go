package api

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// A Ladder is what was said on the D-channel of a span, oldest first.
type Ladder struct {
	Board    string          `json:"board" doc:"The board"`
	Span     int             `json:"span" doc:"Number of the span as on the card"`
	Since    *Time           `json:"since,omitempty" doc:"When the oldest message that is kept was sent; absent: none is kept"`
	Kept     int             `json:"kept" doc:"Frames that are kept in memory"`
	Lost     uint64          `json:"lost,omitempty" doc:"Frames that came too fast to be kept"`
	Items    []LadderMessage `json:"items" nullable:"false" doc:"The messages that were asked for, in the order in which they were sent"`
	Next     uint64          `json:"next" doc:"Number of the newest message there is: after, to ask for what comes later"`
	LeftOut  int             `json:"left_out,omitempty" doc:"Older messages that fit too, and are more than limit"`
	Unheard  bool            `json:"unheard,omitempty" doc:"Nothing has been heard on this D-channel since the program started"`
	DChannel int             `json:"dchannel,omitempty" doc:"Its timeslot"`
}

// A LadderMessage is one frame of a D-channel: Q.921, and Q.931 where it carries it.
type LadderMessage struct {
	Seq      uint64          `json:"seq,omitempty" doc:"Number of the frame on its span, growing; absent for one out of a story"`
	Time     Time            `json:"time" doc:"Line time at which its last bit came"`
	At       *int64          `json:"at,omitempty" doc:"In a replay: samples from the first one of the recording"`
	From     string          `json:"from" enum:"network,user" doc:"Who sent it: network or user"`
	Layer    int             `json:"layer" doc:"2: Q.921 only; 3: it carries a message of Q.931"`
	Name     string          `json:"name" doc:"Name of the message (SETUP), or of the frame (RR)"`
	Frame    string          `json:"frame,omitempty" doc:"Type of the Q.921 frame"`
	SAPI     int             `json:"sapi" doc:"Service access point: 0 signalling, 63 management"`
	TEI      int             `json:"tei" doc:"Terminal endpoint"`
	NS       *int            `json:"ns,omitempty" doc:"Send sequence number"`
	NR       *int            `json:"nr,omitempty" doc:"Receive sequence number: up to here the other side's frames are acknowledged"`
	Poll     bool            `json:"poll,omitempty" doc:"P or F bit"`
	Call     string          `json:"call,omitempty" doc:"The call on this link: side that made the reference, and the reference, as user/12"`
	CallSeq  uint64          `json:"call_seq,omitempty" doc:"Number of the call on this span: references are used again"`
	Slot     int             `json:"slot,omitempty" doc:"Timeslot of the call, as known by now"`
	Line     int             `json:"line,omitempty" doc:"Permanent number of the line that the timeslot is"`
	Caller   string          `json:"caller,omitempty" doc:"Calling number of the call, as known by now"`
	Called   string          `json:"called,omitempty" doc:"Called number of the call, as known by now"`
	Cause    int             `json:"cause,omitempty" doc:"Cause that it tells (ITU-T Q.850)"`
	Text     string          `json:"text,omitempty" doc:"The cause in words, in the caller's language"`
	Severity string          `json:"severity,omitempty" enum:"warning,error" doc:"warning or error; absent: as it should be"`
	Wrong    []Remark        `json:"wrong,omitempty" nullable:"false" doc:"What is unusual or wrong about it"`
	Elements []LadderElement `json:"elements,omitempty" nullable:"false" doc:"Its information elements, in words"`
	Hex      string          `json:"hex" doc:"The frame without FCS, in hexadecimal"`
}

// A LadderElement is one information element of a Q.931 message.
type LadderElement struct {
	ID   string `json:"id" doc:"Its identifier in hexadecimal, behind its codeset where that is not 0"`
	Name string `json:"name" doc:"What it is, in the caller's language"`
	Text string `json:"text,omitempty" doc:"What it says, in the caller's language"`
	Hex  string `json:"hex,omitempty" doc:"Its contents in hexadecimal"`
}

// A LadderFilter chooses messages of a D-channel.
type LadderFilter struct {
	After  uint64 `query:"after" doc:"Only messages behind the one with this number"`
	Call   string `query:"call" maxLength:"20" doc:"Only those of a call: its reference as user/12 or network/12, or 12"`
	Number string `query:"number" maxLength:"40" doc:"Only calls whose calling or called number has this in it"`
	Layer  int    `query:"layer" minimum:"0" maximum:"3" doc:"2: frames without a message of calls only; 3: messages of calls only; 0: both"`
	Wrong  string `query:"wrong" enum:"yes" doc:"yes: only what is unusual or wrong"`
	From   Time   `query:"from" doc:"Not before this moment"`
	To     Time   `query:"to" doc:"Before this moment"`
	Limit  int    `query:"limit" minimum:"1" maximum:"2000" default:"500" doc:"At most so many, the newest"`
}

func ladderPath(board string, span int, rest string) string {
	return "/boards/" + url.PathEscape(board) + "/spans/" + strconv.Itoa(span) + "/" + rest
}

// Ladder asks for what was said on a D-channel.
func (c *Client) Ladder(ctx context.Context, board string, span int, f LadderFilter) (Ladder, error) {
	q := url.Values{}
	set := func(k, v string) {
		if v != "" && v != "0" {
			q.Set(k, v)
		}
	}
	set("after", strconv.FormatUint(f.After, 10))
	set("call", f.Call)
	set("number", f.Number)
	set("layer", strconv.Itoa(f.Layer))
	set("wrong", f.Wrong)
	set("limit", strconv.Itoa(f.Limit))
	return ask[Ladder](ctx, c, http.MethodGet, ladderPath(board, span, "ladder"), q, nil)
}

// PcapPast writes what was said on a D-channel in the last seconds as a capture
// file to w, and, if live, goes on until ctx ends.
func (c *Client) PcapPast(ctx context.Context, board string, span, seconds int, live bool, w io.Writer) (int64, error) {
	q := url.Values{"past": {strconv.Itoa(seconds)}}
	if !live {
		q.Set("live", "no")
	}
	return c.copy(ctx, ladderPath(board, span, "dchannel.pcap"), q, w)
}
