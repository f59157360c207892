package console

import (
	"context"
	"errors"
	"net/http"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/recorder/assure"
)

// Assurance has the reports of what became of calls.
type Assurance interface {
	Days() ([]string, error)
	Get(day string) (*assure.Report, error)
	Make(ctx context.Context, day time.Time) (*assure.Report, error)
}

// mostReports is how many reports a list has.
const mostReports = 400

// assureRoutes are the routes about these reports.
func assureRoutes() []route {
	const get = http.MethodGet
	return []route{
		{"assurances", get, "/assurance", access.Calls, keeping, "Reports of what became of each day's calls, newest first", with((*Server).assurances)},
		{"assurance", get, "/assurance/{day}", access.Calls, keeping, "What became of the calls of a day: which are recorded, and why others are not", with((*Server).assurance)},
	}
}

// AssuranceInput names a day.
type AssuranceInput struct {
	Day      string `path:"day" maxLength:"10" doc:"The day, as 2026-11-22"`
	Fresh    bool   `query:"fresh" doc:"Make the report now, also of today so far; it is not kept"`
	Language string `header:"Accept-Language" doc:"Language of the reasons: en or zh"`
}

func (s *Server) assurances(ctx context.Context, _ *empty) (*body[api.Page[api.AssuranceDay]], error) {
	if s.cfg.Assurance == nil {
		return nil, fail("not-available", "")
	}
	days, err := s.cfg.Assurance.Days()
	if err != nil {
		return nil, err
	}
	out := &body[api.Page[api.AssuranceDay]]{api.Page[api.AssuranceDay]{Items: []api.AssuranceDay{}}}
	lines := linesOf(who(ctx).scope, access.Calls, nil)
	for _, day := range days[:min(len(days), mostReports)] {
		r, err := s.cfg.Assurance.Get(day)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, headOf(r.Of(lines)))
	}
	return out, nil
}

func (s *Server) assurance(ctx context.Context, in *AssuranceInput) (*body[api.Assurance], error) {
	if s.cfg.Assurance == nil {
		return nil, fail("not-available", "")
	}
	day, err := time.ParseInLocation(time.DateOnly, in.Day, time.Local)
	if err != nil {
		return nil, fail("no-report", "")
	}
	var r *assure.Report
	if in.Fresh {
		r, err = s.cfg.Assurance.Make(ctx, day)
	} else {
		r, err = s.cfg.Assurance.Get(in.Day)
	}
	if errors.Is(err, assure.ErrNoReport) {
		return nil, fail("no-report", "")
	}
	if err != nil {
		return nil, err
	}
	return &body[api.Assurance]{assuranceOf(r.Of(linesOf(who(ctx).scope, access.Calls, nil)), text.Match(in.Language))}, nil
}

func headOf(r *assure.Report) api.AssuranceDay {
	return api.AssuranceDay{Day: r.Day, OK: r.OK(), Calls: r.Calls, Whole: r.Counts[assure.Whole], Failed: r.Counts[assure.Failed],
		Unexplained: r.Counts[assure.Unexplained] + len(r.Strays)}
}

func assuranceOf(r *assure.Report, lang string) api.Assurance {
	out := api.Assurance{AssuranceDay: headOf(r), From: r.From, To: r.To, Made: r.Made, Open: r.Open, Counts: r.Counts, Reasons: r.Reasons,
		Seconds: api.AssuranceSeconds(r.Seconds), Lines: []api.AssuranceLine{}, Items: []api.AssuranceItem{}, Strays: []api.AssuranceStray{}, More: r.More}
	for _, l := range r.Lines {
		out.Lines = append(out.Lines, api.AssuranceLine{Line: l.Line, Name: l.Name, Calls: l.Calls, Counts: l.Counts, Usual: l.Usual, Silent: l.Silent})
	}
	for _, i := range r.Items {
		recordings := i.Recordings
		if recordings == nil {
			recordings = []string{}
		}
		out.Items = append(out.Items, api.AssuranceItem{Call: i.Call, Line: i.Line, Start: i.Start, Verdict: i.Verdict, Reason: i.Reason,
			Said: saidOf(lang, i.Reason), Talked: i.Talked, Missing: i.Missing, Lost: i.Lost, Recordings: recordings})
	}
	for _, s := range r.Strays {
		out.Strays = append(out.Strays, api.AssuranceStray{Recording: s.Recording, Call: s.Call, Line: s.Line, Start: s.Start})
	}
	return out
}

// saidOf is a reason in words: one that reports find, or one of the call journal's.
func saidOf(lang, reason string) string {
	if said, ok := text.Lookup(lang, "assurance."+reason); ok {
		return said
	}
	return text.Code(lang, "why", reason)
}
