package console

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/recorder/assure"
)

// reportDay is the day of the one report that fixtures have.
const reportDay = "2026-11-22"

// A fakeAssurance has one report, and makes the same again.
type fakeAssurance struct{ asked []string }

func (f *fakeAssurance) Days() ([]string, error) { return []string{reportDay}, nil }

func (f *fakeAssurance) Get(day string) (*assure.Report, error) {
	if day != reportDay {
		return nil, assure.ErrNoReport
	}
	line := func(n int, verdict, reason string) assure.Line {
		return assure.Line{Line: n, Calls: 1, Counts: map[string]int{verdict: 1}, Reasons: map[string]int{reason: 1}, Seconds: assure.Seconds{Talked: 60}}
	}
	return &assure.Report{V: assure.Version, Day: day, Calls: 2, Counts: map[string]int{assure.Failed: 1, assure.NotWanted: 1}, Reasons: map[string]int{"gap": 1, "no-voice": 1},
		Lines: []assure.Line{line(1, assure.NotWanted, "no-voice"), line(2, assure.Failed, "gap")},
		Items: []assure.Item{{Call: callID, Line: 2, Start: begun, Verdict: assure.Failed, Reason: "gap", Lost: 3}}}, nil
}

func (f *fakeAssurance) Make(_ context.Context, day time.Time) (*assure.Report, error) {
	f.asked = append(f.asked, day.Format(time.DateOnly))
	return f.Get(reportDay)
}

func TestAReportShowsOnlyLinesOfTheScope(t *testing.T) {
	f := newFixture(t)
	a := get[api.Assurance](f, "/assurance/"+reportDay)
	if a.OK || a.Calls != 2 || len(a.Items) != 1 || a.Items[0].Said == "gap" || a.Items[0].Said == "" {
		t.Errorf("%+v", a)
	}
	f.cfg.Access.SetGroups(map[string][]int{"front": {1}})
	who := access.Actor{Name: "r", Kind: access.Local, Grants: []access.Grant{{Role: access.Reviewer, Groups: []string{"front"}}}}
	a = decode[api.Assurance](t, f.doAs(who, "GET", "/assurance/"+reportDay, nil), http.StatusOK)
	if !a.OK || a.Calls != 1 || len(a.Items) != 0 || a.Seconds.Talked != 60 {
		t.Errorf("who sees line 1 only gets %+v", a)
	}
	for _, path := range []string{"/assurance/2026-11-21", "/assurance/today", "/assurance/2026-13-41"} {
		problemIn(t, f.do("GET", path, nil), "no-report")
	}
	fake := f.cfg.Assurance.(*fakeAssurance)
	get[api.Assurance](f, "/assurance/2026-11-23?fresh=true")
	if !slices.Equal(fake.asked, []string{"2026-11-23"}) {
		t.Errorf("made: %v", fake.asked)
	}
}
