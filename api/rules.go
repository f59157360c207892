package api

import (
	"context"
	"encoding/json"
	"net/http"
)

// PreviewRules is the body of a request for a preview of rules.
type PreviewRules struct {
	Settings json.RawMessage `json:"settings,omitempty" doc:"Sections rules, calendars and number_lists as in the settings; of what is absent those in force count"`
	Lines    []int           `json:"lines,omitempty" maxItems:"256" doc:"Only calls of these lines"`
	From     *Time           `json:"from,omitempty" doc:"Calls that began not before this moment; absent: all"`
	To       *Time           `json:"to,omitempty" doc:"… before this moment"`
	Limit    int             `json:"limit,omitempty" minimum:"0" maximum:"1000" doc:"How many calls are listed beside the numbers"`
}

// RulesPreview is what rules would have made of past calls. Calls that nobody
// answered, and those that are up, do not count.
type RulesPreview struct {
	Calls       int          `json:"calls" doc:"Calls that were judged"`
	Recorded    int          `json:"recorded" doc:"All of these would have been recorded"`
	OnDemand    int          `json:"on_demand" doc:"These if somebody had spoken, keyed the sequence, or asked"`
	NotRecorded int          `json:"not_recorded" doc:"These would not have been recorded"`
	Changed     int          `json:"changed" doc:"Of all, those whose fate differs from what really happened"`
	Rules       []RuleCount  `json:"rules" nullable:"false" doc:"By rule, the one that decided most first"`
	Items       []JudgedCall `json:"items" nullable:"false" doc:"The newest calls; as many as were asked for"`
	Complete    bool         `json:"complete" doc:"All calls of that time were judged; false: there were too many, and the oldest were left out"`
}

// RuleCount is what one rule would have decided.
type RuleCount struct {
	Rule        string `json:"rule" doc:"Its name; empty: none fitted, and the settings of the line decided"`
	Recorded    int    `json:"recorded" doc:"Calls recorded"`
	OnDemand    int    `json:"on_demand" doc:"Calls recorded if somebody speaks, keys the sequence, or asks"`
	NotRecorded int    `json:"not_recorded" doc:"Calls not recorded"`
}

// JudgedCall is a past call and what rules would have made of it.
type JudgedCall struct {
	Call        Call   `json:"call" doc:"The call"`
	Outcome     string `json:"outcome" doc:"recorded, on-demand or not-recorded"`
	WasRecorded bool   `json:"was_recorded" doc:"It has a recording"`
	Text        string `json:"text" doc:"Why, in words of the asker's language"`
}

// PreviewRules asks what rules would have made of past calls.
func (c *Client) PreviewRules(ctx context.Context, p PreviewRules) (RulesPreview, error) {
	return ask[RulesPreview](ctx, c, http.MethodPost, "/rules/preview", nil, p)
}
