package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/calls/selftest"
	"vaad/channels"
)

// fakeTechnics answers for lines 1…3.
type fakeTechnics struct{}

func (fakeTechnics) Test(_ context.Context, line int) ([]selftest.Check, error) {
	if line > 3 {
		return nil, channels.ErrNoLine
	}
	v, share := -48.26, 62.04
	return []selftest.Check{{Code: "board", Verdict: selftest.Good}, {Code: "volts", Verdict: selftest.Good, Value: &v},
		{Code: "ring", Verdict: selftest.Unknown, Why: "never"}, {Code: "caller-id", Verdict: selftest.Doubt, Why: "some", Value: &share, Count: 50}}, nil
}

func (fakeTechnics) Try(_ int, t api.TryLine) (time.Time, error) {
	if t.ThresholdMV != nil && *t.ThresholdMV == 1 {
		return time.Time{}, errors.New("threshold_mv: 1: must be 3000…60000")
	}
	return begun, nil
}

func (fakeTechnics) ForgetVolts(int) error { return nil }

func TestReportOfALineSaysWhatToDo(t *testing.T) {
	f := newFixture(t)
	r := decode[api.LineReport](t, f.do(http.MethodPost, "/lines/1/test", api.TestLine{}), http.StatusOK)
	if r.Verdict != "doubt" || len(r.Checks) != 4 || *r.Checks[1].Value != -48.3 || r.Checks[2].Text == "" || r.Checks[2].Remedy == "" || *r.Checks[3].Value != 62 {
		t.Errorf("%+v", r)
	}
	problemIn(t, f.do(http.MethodPost, "/lines/9/test", api.TestLine{}), "no-line")
	problemIn(t, f.doAs(actor(access.Reviewer), http.MethodPost, "/lines/1/test", api.TestLine{}), "forbidden")
	f.cfg.Technics = nil
	problemIn(t, f.do(http.MethodPost, "/lines/1/test", api.TestLine{}), "not-available")
}

func TestEveryVerdictHasWordsInBothLanguages(t *testing.T) {
	whys := selftest.Whys()
	whys["dial-tone"] = []string{"none", "not-seized"}
	for _, lang := range text.Languages() {
		for _, code := range append(selftest.Codes(), "dial-tone") {
			for _, key := range append([]string{""}, whys[code]...) {
				k := "line-test." + code
				if key != "" {
					k += "." + key
					if _, ok := text.Lookup(lang, k+".remedy"); !ok {
						t.Errorf("%s: %s has no remedy", lang, k)
					}
				}
				if _, ok := text.Lookup(lang, k); !ok {
					t.Errorf("%s: %s has no words", lang, k)
				}
			}
		}
	}
	for code := range whys {
		if code != "dial-tone" && !slices.Contains(selftest.Codes(), code) {
			t.Errorf("%s is no check", code)
		}
	}
}

func TestTriedSettingsAreBoundedAndAuditedOnce(t *testing.T) {
	f := newFixture(t)
	six, one, far := 6, 1, 99
	for range 20 {
		if r := decode[api.TriedLine](t, f.do(http.MethodPost, "/lines/1/try", api.TryLine{GainDB: &six}), http.StatusOK); r.Line != 1 {
			t.Errorf("%+v", r)
		}
	}
	problemIn(t, f.do(http.MethodPost, "/lines/1/try", api.TryLine{ThresholdMV: &one}), "invalid")
	problemIn(t, f.do(http.MethodPost, "/lines/1/try", api.TryLine{GainDB: &far}), "invalid")
	problemIn(t, f.doAs(actor(access.Supervisor), http.MethodPost, "/lines/1/try", api.TryLine{GainDB: &six}), "forbidden")
	if w := f.do(http.MethodPost, "/lines/2/forget-volts", nil); w.Code != http.StatusNoContent && w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	rows, err := f.cfg.Audit.Query(access.AuditFilter{Verb: access.SettingsWrite, Limit: 100})
	ok := slices.DeleteFunc(rows, func(e access.Entry) bool { return e.Result != "ok" })
	if err != nil || len(ok) != 2 {
		t.Errorf("%d rows, want one for a slider that moves and one for the voltage: %+v, %v", len(ok), ok, err)
	}
}
