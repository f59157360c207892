package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// RecordingFilter says which recordings are wanted: [Filter] and everything else
// that is known of one. Lists are comma-separated; one of their values must hold.
type RecordingFilter struct {
	Filter
	MaxDuration  Number   `query:"max_duration" minimum:"0" maximum:"1000000" doc:"Seconds it lasted at most; 0: no bound"`
	Caller       string   `query:"caller" maxLength:"64" doc:"Caller's number, as number does; * alone: it is known; -: it is not"`
	Called       string   `query:"called" maxLength:"64" doc:"Called number, as number does; * alone: it is known; -: it is not"`
	Name         string   `query:"name" maxLength:"100" doc:"Name of the line or of the caller; * stands for anything"`
	Boards       []string `query:"board" maxItems:"64" doc:"Boards"`
	Sides        []string `query:"side" maxItems:"8" doc:"It has this side: mixed, network or local"`
	Directions   []string `query:"direction" maxItems:"3" enum:"in,out,unknown" doc:"Directions of the call"`
	Triggers     []string `query:"trigger" maxItems:"16" doc:"What started it: manual, voltage, continuous, …"`
	Codecs       []string `query:"codec" maxItems:"16" doc:"How it is encoded: g711a, gsm, …"`
	Outcomes     []string `query:"outcome" maxItems:"16" doc:"What became of the call: answered, missed, busy, …; unknown: it was not known when the recording ended"`
	AnsweredBy   []string `query:"answered_by" maxItems:"16" doc:"How the answer of the call was known"`
	EndedBy      []string `query:"ended_by" maxItems:"32" doc:"What ended it: on-hook, busy-tone, …"`
	States       []string `query:"state" maxItems:"5" enum:"open,sealed,recovered,trash,erased" doc:"States; without it all but trash and erased"`
	Answered     string   `query:"answered" enum:"yes,no" doc:"The call was known to be answered"`
	Gaps         string   `query:"gaps" enum:"yes,no" doc:"Audio was lost in it"`
	Recovered    string   `query:"recovered" enum:"yes,no" doc:"A crash cut it off"`
	Protected    string   `query:"protected" enum:"yes,no" doc:"Retention never deletes it"`
	Held         string   `query:"held" enum:"yes,no" doc:"Kept by legal hold"`
	HeldFor      string   `query:"held_for" maxLength:"100" doc:"Case of a legal hold; * stands for anything"`
	Classes      []string `query:"class" maxItems:"32" doc:"Retention classes; default: those that nothing gave another class"`
	TrashedFrom  string   `query:"trashed_from" maxLength:"10" doc:"Put into the trash on this day or later (2026-11-22, UTC); without state: those in the trash"`
	TrashedTo    string   `query:"trashed_to" maxLength:"10" doc:"Put into the trash on this day or earlier"`
	Noted        string   `query:"noted" enum:"yes,no" doc:"Somebody wrote a note on it"`
	Marked       string   `query:"marked" enum:"yes,no" doc:"Somebody marked a moment of it"`
	Masked       string   `query:"masked" enum:"yes,no" doc:"Something was left out of it on purpose"`
	Simulated    string   `query:"simulated" enum:"yes,no" doc:"Made on a simulated board"`
	Call         string   `query:"call" maxLength:"64" doc:"ID of the call it belongs to"`
	Conversation string   `query:"conversation" maxLength:"64" doc:"ID of the conversation"`
	Actor        string   `query:"actor" maxLength:"100" doc:"Who started it or did something to it; * stands for anything"`
	Order        string   `query:"order" enum:"newest,oldest" doc:"Which come first; without it newest"`
	Period       string   `query:"period" maxLength:"60" doc:"Words for a time, in the zone of the box, instead of from and to: today, yesterday, this week, last month, last 7 days, last 3 hours …"`
	Saved        string   `query:"saved" maxLength:"100" doc:"Name or ID of a saved search; what is given beside it replaces what it says"`
}

func (f RecordingFilter) values() url.Values {
	q := f.Filter.values()
	for k, v := range map[string]string{
		"caller": f.Caller, "called": f.Called, "name": f.Name, "board": strings.Join(f.Boards, ","), "side": strings.Join(f.Sides, ","),
		"direction": strings.Join(f.Directions, ","), "trigger": strings.Join(f.Triggers, ","), "codec": strings.Join(f.Codecs, ","),
		"outcome": strings.Join(f.Outcomes, ","), "answered_by": strings.Join(f.AnsweredBy, ","), "ended_by": strings.Join(f.EndedBy, ","),
		"state": strings.Join(f.States, ","), "answered": f.Answered, "gaps": f.Gaps, "recovered": f.Recovered, "protected": f.Protected,
		"held": f.Held, "held_for": f.HeldFor, "class": strings.Join(f.Classes, ","), "trashed_from": f.TrashedFrom, "trashed_to": f.TrashedTo, "noted": f.Noted, "marked": f.Marked, "masked": f.Masked, "simulated": f.Simulated, "call": f.Call, "conversation": f.Conversation,
		"actor": f.Actor, "order": f.Order, "period": f.Period, "saved": f.Saved,
	} {
		if v != "" {
			q.Set(k, v)
		}
	}
	if f.MaxDuration != 0 {
		q.Set("max_duration", strconv.FormatFloat(f.MaxDuration, 'f', -1, 64))
	}
	return q
}

// Encode is the filter as a query, for people and logs.
func (f RecordingFilter) Encode() string {
	f.Limit, f.After = 0, ""
	return f.values().Encode()
}

// Recordings asks for one page of recordings, newest first unless the filter says otherwise.
func (c *Client) Recordings(ctx context.Context, f RecordingFilter) (Page[Recording], error) {
	return ask[Page[Recording]](ctx, c, http.MethodGet, "/recordings", f.values(), nil)
}
