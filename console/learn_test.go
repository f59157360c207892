package console

import (
	"net/http"
	"slices"
	"testing"

	"vaad/access"
	"vaad/api"
)

func TestALineIsLearntAndItIsWrittenDownWhoAsked(t *testing.T) {
	f := newFixture(t)
	j := decode[api.Learning](t, f.do(http.MethodPost, "/lines/1/learn", api.LearnLine{Busy: "88881111", WaitCall: true}), http.StatusOK)
	if j.State != "listen" || j.Line != 1 || j.By == "" || len(j.Steps) != 1 || j.Steps[0].Limit != 3 || j.Ended != nil {
		t.Errorf("%+v", j)
	}
	rows, err := f.audit.Query(access.AuditFilter{Verb: access.SettingsWrite, Line: 1, Limit: 10})
	if err != nil || len(rows) != 1 || rows[0].Detail["act"] != "learn" || rows[0].Detail["busy"] != "88881111" || rows[0].Result != "ok" {
		t.Errorf("audit %+v %v", rows, err)
	}
	problemIn(t, f.do(http.MethodPost, "/lines/2/learn", api.LearnLine{}), "learn-tap")
	problemIn(t, f.do(http.MethodPost, "/lines/1/learn", api.LearnLine{Busy: "x"}), "bad-number")
	problemIn(t, f.do(http.MethodPost, "/lines/1/learn", api.LearnLine{Call: "1"}), "learning")
	problemIn(t, f.do(http.MethodPost, "/lines/77/learn", api.LearnLine{}), "no-line")
	problemIn(t, f.do(http.MethodGet, "/lines/2/learn", nil), "not-learnt")
	problemIn(t, f.do(http.MethodDelete, "/lines/2/learn", nil), "not-learnt")
	f.cfg.Learner = nil
	problemIn(t, f.do(http.MethodPost, "/lines/1/learn", api.LearnLine{}), "not-available")
}

func TestWhatWasMeasuredIsShownAsItWasMeasured(t *testing.T) {
	f := newFixture(t)
	j := get[api.Learning](f, "/lines/1/learn")
	if j.State != "done" || j.Ended == nil || len(j.Measured) != 4 {
		t.Fatalf("%+v", j)
	}
	if m := j.Measured[0]; *m.Value != 48.04 {
		t.Errorf("%+v", m)
	}
	if n := j.Measured[1].Noise; n == nil || n.DBm0 != -61.2 || n.MainsHz != 50 || *n.HumDBm0 != -63 || !slices.Equal(n.HumLines, []float64{-64, -70}) {
		t.Errorf("%+v", n)
	}
	busy := j.Measured[2]
	if x := busy.Tone; !slices.Equal(x.Hz, []float64{453}) || x.DBm0 != -9 || x.Parts[0].OnMS != 351 || x.Parts[0].OnSpread != 0.1 || busy.Fit.HzOff != 3 {
		t.Errorf("%+v %+v", x, busy.Fit)
	}
	if m := j.Measured[3]; m.Why != "not-asked" || m.Value != nil || m.Tone != nil {
		t.Errorf("what was not measured has figures: %+v", m)
	}
	if p := j.Profile; p.BusyHz != 453 || p.ReleaseSigns != "reversal,busy-tone" {
		t.Errorf("%+v", p)
	}
}
