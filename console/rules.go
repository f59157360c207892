package console

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/calls"
	"vaad/recorder"
	"vaad/recorder/rules"
)

// mostJudged is how many calls one preview looks at: some seconds of work.
const mostJudged = 200_000

// RulesPreviewInput is a request for a preview of rules.
type RulesPreviewInput struct{ Body api.PreviewRules }

// rulesPreview says what rules would have made of the past calls that the caller may see.
func (s *Server) rulesPreview(ctx context.Context, in *RulesPreviewInput) (*body[api.RulesPreview], error) {
	sc := who(ctx).scope
	if s.cfg.Rules == nil {
		return nil, fail("not-available", "")
	}
	f := api.Filter{Lines: in.Body.Lines}
	if in.Body.From != nil {
		f.From = *in.Body.From
	}
	if in.Body.To != nil {
		f.To = *in.Body.To
	}
	if err := s.checkCalls(ctx, &f); err != nil {
		return nil, err
	}
	judge, err := s.cfg.Rules(in.Body.Settings)
	if err != nil {
		return nil, err
	}
	p := preview{s: s, lang: languageOf(ctx), names: s.lineNames(), limit: in.Body.Limit, by: map[string]*api.RuleCount{},
		out: api.RulesPreview{Rules: []api.RuleCount{}, Items: []api.JudgedCall{}}}
	q := calls.Filter{Lines: linesOf(sc, access.Calls, f.Lines), From: f.From, To: f.To, Limit: 1000}
	for seen := 0; seen < mostJudged; {
		page, err := s.cfg.Calls.Query(ctx, q)
		if err != nil {
			return nil, err
		}
		for i := range page.Rows {
			if r := &page.Rows[i]; !r.Open() && !r.Missed {
				p.add(r, judge(r))
			}
		}
		seen += len(page.Rows)
		if q.Cursor = page.Next; q.Cursor == "" {
			p.out.Complete = true
			break
		}
	}
	return &body[api.RulesPreview]{p.sum()}, nil
}

// A preview is one under way.
type preview struct {
	s     *Server
	lang  string
	names map[int]string
	limit int
	by    map[string]*api.RuleCount
	out   api.RulesPreview
}

func (p *preview) add(r *calls.Row, f recorder.Foresight) {
	c := p.by[f.Rule]
	if c == nil {
		c = &api.RuleCount{Rule: f.Rule}
		p.by[f.Rule] = c
	}
	p.out.Calls++
	was := len(r.Recordings) > 0
	switch f.Outcome {
	case recorder.Foreseen:
		p.out.Recorded++
		c.Recorded++
	case recorder.OnDemand:
		p.out.OnDemand++
		c.OnDemand++
	default:
		p.out.NotRecorded++
		c.NotRecorded++
	}
	if was && f.Outcome == recorder.NotWanted || !was && f.Outcome == recorder.Foreseen {
		p.out.Changed++
	}
	if len(p.out.Items) < p.limit {
		p.out.Items = append(p.out.Items, api.JudgedCall{Call: p.s.callOf(*r, p.names), Outcome: f.Outcome, WasRecorded: was, Text: ruleWords(p.lang, f.Code())})
	}
}

func (p *preview) sum() api.RulesPreview {
	for _, c := range p.by {
		p.out.Rules = append(p.out.Rules, *c)
	}
	all := func(c api.RuleCount) int { return c.Recorded + c.OnDemand + c.NotRecorded }
	slices.SortFunc(p.out.Rules, func(a, b api.RuleCount) int { return cmp.Or(all(b)-all(a), strings.Compare(a.Rule, b.Rule)) })
	return p.out
}

// ruleWords puts the code of a decision into words; "" stands for the settings of the line.
func ruleWords(lang, code string) string {
	rest, ok := strings.CutPrefix(code, rules.CodePrefix)
	if !ok {
		return text.Text(lang, "rule.none", nil)
	}
	name, rest, _ := strings.Cut(rest, ":") // as rules.Decision.Code has it
	outcome, why, _ := strings.Cut(rest, ":")
	all := ""
	for _, w := range strings.Split(why, ";") {
		if about, value, ok := strings.Cut(w, "="); ok {
			switch about {
			case "direction", "use", "scope", "heard":
				value = text.Code(lang, "rule-value", value)
			}
			one := text.Text(lang, "rule-for."+about, text.Args{"value": value})
			if all != "" {
				one = text.Text(lang, "rule-for.and", text.Args{"one": all, "more": one})
			}
			all = one
		}
	}
	if all == "" {
		all = text.Text(lang, "rule-for.all", nil)
	}
	return text.Text(lang, "rule."+outcome, text.Args{"rule": name, "for": all})
}
