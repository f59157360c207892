package console

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/console/logs"
)

func TestAlarmsAreFoundAndAcknowledgedWithWords(t *testing.T) {
	f := newFixture(t)
	f.alarms.Raise("disk-low", "/rec", map[string]string{"free": "3 GB"})
	f.alarms.Raise("line-no-battery", "2", map[string]string{"line": "2"})
	f.alarms.Raise("clock-jump", "", nil)
	f.alarms.Clear("disk-low", "/rec")
	for path, want := range map[string]int{"/alarms": 2, "/alarms?all=true": 3, "/alarms?all=true&text=REC": 1, "/alarms?code=clock-jump": 1,
		"/alarms?all=true&severity=critical": 0, "/alarms?all=true&limit=2": 2, "/alarms?all=true&before=2": 1, "/alarms?to=2001-01-01T00:00:00Z": 0} {
		if p := get[api.Page[api.Alarm]](f, path); len(p.Items) != want {
			t.Errorf("%s: %d alarms, want %d", path, len(p.Items), want)
		}
	}
	p := get[api.Page[api.Alarm]](f, "/alarms?text=battery")
	if len(p.Items) != 1 || p.Items[0].Kind != "line" {
		t.Fatalf("%+v", p.Items)
	}
	if w := f.do(http.MethodPost, "/alarms/"+itoa(p.Items[0].ID)+"/ack", api.AckAlarm{Comment: " cable ordered "}); w.Code != http.StatusNoContent {
		t.Fatal(w.Body)
	}
	if p = get[api.Page[api.Alarm]](f, "/alarms?text=cable"); len(p.Items) != 1 || p.Items[0].Comment != "cable ordered" || p.Items[0].State != "acknowledged" {
		t.Errorf("%+v", p.Items)
	}
	rows, err := f.audit.Query(access.AuditFilter{Text: "cable ordered"})
	if err != nil || len(rows) != 1 || rows[0].Detail["code"] != "line-no-battery" {
		t.Errorf("%+v %v", rows, err)
	}
	if w := f.do(http.MethodPost, "/alarms/99/ack", nil); w.Code != http.StatusNotFound {
		t.Error(w.Code)
	}
}

func TestAlarmRoutesAreShownTestedAndSigned(t *testing.T) {
	f := newFixture(t)
	p := get[api.Page[api.AlarmRoute]](f, "/alarm-routes")
	if len(p.Items) != 1 || p.Items[0].Name != "night" || p.Items[0].Waiting != 2 || !p.Items[0].Signed || p.Items[0].Error != "refused" {
		t.Errorf("%+v", p.Items)
	}
	if w := f.do(http.MethodPost, "/alarm-routes/night/test", nil); w.Code != http.StatusNoContent {
		t.Error(w.Body)
	}
	f.notifier.err = errors.New("connection refused")
	if got := problemIn(t, f.do(http.MethodPost, "/alarm-routes/night/test", nil), "not-delivered"); got.Detail != "connection refused" {
		t.Errorf("%+v", got)
	}
	problemIn(t, f.do(http.MethodPost, "/alarm-routes/day/test", nil), "no-route")
	if s := decode[api.RouteSecret](t, f.do(http.MethodPost, "/alarm-routes/night/secret", nil), http.StatusOK); s.Secret != "0123" {
		t.Errorf("%+v", s)
	}
	rows, err := f.audit.Query(access.AuditFilter{Object: "alarm route night"})
	if err != nil || len(rows) != 3 || rows[0].Detail["what"] != "secret" || strings.Contains(rows[0].Detail["what"], "0123") || rows[1].Result != "failed" {
		t.Errorf("%+v %v", rows, err)
	}
}

func TestAuditIsSearchedTakenAwayAndVerified(t *testing.T) {
	f := newFixture(t)
	for i := range 5 {
		if _, err := f.audit.Append(access.Entry{Actor: "=cmd|' /C calc'!A0", Verb: access.Play, Object: "r" + itoa(uint64(i)), Line: 1 + i%2, Result: "ok", Detail: map[string]string{"why": "x\ny"}}); err != nil {
			t.Fatal(err)
		}
	}
	if p := get[api.Page[api.AuditEntry]](f, "/audit?text=WHY%3Dx&line=2&result=ok&limit=1"); len(p.Items) != 1 || p.Next == "" {
		t.Errorf("%+v", p)
	}
	w := f.do(http.MethodGet, "/audit.csv?verb=play", nil)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(w.Body.String(), "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 6 || rows[0][0] != "seq" || strings.HasPrefix(rows[1][2], "=") || rows[1][8] != `why="x\ny"` {
		t.Errorf("%q %v", rows, err)
	}
	v := get[api.AuditVerification](f, "/audit/verification")
	if !v.OK || v.Rows != 6 || len(v.Hash) != 64 { // the last is of the table that was taken away
		t.Errorf("%+v", v)
	}
	if w := f.doAs(actor(access.Reviewer, "front"), http.MethodGet, "/audit/verification", nil); w.Code != http.StatusForbidden {
		t.Errorf("who sees some lines only is told of all: %d", w.Code)
	}
}

func TestLogsAreReadAndFollowed(t *testing.T) {
	f := newFixture(t)
	log := slog.New(f.book.Handler(slog.NewTextHandler(io.Discard, nil)))
	log.Warn("a board is late", "board", "sim")
	log.Error("no disk")
	if p := get[api.Page[api.LogLine]](f, "/logs?level=warn"); len(p.Items) != 2 || p.Items[0].Text != "no disk" || p.Items[1].Attrs[0].Value != "sim" || p.Items[0].Level != "error" {
		t.Errorf("%+v", p)
	}
	if p := get[api.Page[api.LogLine]](f, "/logs?limit=1"); len(p.Items) != 1 || p.Next == "" {
		t.Errorf("%+v", p)
	}
	if p := get[api.Page[api.LogLine]](f, "/logs?after=1&limit=1"); len(p.Items) != 1 || p.Items[0].Seq != 2 || p.Next != "2" {
		t.Errorf("%+v", p)
	}
	srv := httptest.NewServer(f.as(admin()))
	defer srv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+api.Prefix+"/logs/live?after=1&level=warn", nil)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	log.Info("not graver")
	log.Error("after")
	var got strings.Builder
	b := make([]byte, 4096)
	for !strings.Contains(got.String(), "after") {
		n, err := res.Body.Read(b)
		got.Write(b[:n])
		if err != nil {
			t.Fatalf("%v: %s", err, got.String())
		}
	}
	s := got.String()
	if !strings.Contains(s, "a board is late") || strings.Contains(s, "not graver") || strings.Contains(s, "begun") || !strings.Contains(s, "id: 2\nevent: log\n") {
		t.Error(s)
	}
	if w := f.doAs(actor(access.Technician, "front"), http.MethodGet, "/logs", nil); w.Code != http.StatusForbidden {
		t.Errorf("who sees some lines only reads the log of all: %d", w.Code)
	}
}

func TestAFollowedLogHasEveryLineOnce(t *testing.T) {
	f := newFixture(t)
	log := slog.New(f.book.Handler(slog.NewTextHandler(io.Discard, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	pr, done := newPipe(), make(chan struct{})
	go func() { f.tail(ctx, newPaced(pr, true), logs.Filter{Limit: liveBatch}, 1); close(done) }()
	const most = 3000 // the first is older
	for range most - 1 {
		log.Info("a line")
	}
	pr.until(t, "id: "+itoa(most)+"\n")
	cancel()
	<-done
	want := uint64(2)
	for line := range strings.Lines(pr.String()) {
		if id, is := strings.CutPrefix(line, "id: "); is {
			if strings.TrimSpace(id) != itoa(want) {
				t.Fatalf("line %s behind line %d", strings.TrimSpace(id), want-1)
			}
			want++
		}
	}
}

func TestSystemTellsWhatItIs(t *testing.T) {
	f := newFixture(t)
	f.alarms.Raise("clock-jump", "", map[string]string{"ms": "5000"})
	s := get[api.System](f, "/system")
	if s.Version != "1.2.3" || s.Boards != 1 || s.BoardsUp != 1 || !s.Healthy || !s.Restart || s.Clock.Jumps != 1 || s.Clock.LastJumpMS != "5000" || s.Process.Boot != "01BOOT" {
		t.Errorf("%+v", s)
	}
	if w := f.do(http.MethodPost, "/system/restart", nil); w.Code != http.StatusNoContent || len(f.restarted) != 1 || f.restarted[0] != "administrator" {
		t.Errorf("%d %v", w.Code, f.restarted)
	}
	if c := get[api.SupportContents](f, "/support"); len(c.Files) != 1 {
		t.Errorf("%+v", c)
	}
	w := f.do(http.MethodGet, "/support/bundle", nil)
	if w.Body.String() != "bundle" || !strings.Contains(w.Header().Get("Content-Disposition"), "vaad-support-") {
		t.Errorf("%s %v", w.Body, w.Header())
	}
	if rows, err := f.audit.Query(access.AuditFilter{Verb: access.Maintain}); err != nil || len(rows) != 2 {
		t.Errorf("%+v %v", rows, err)
	}
	if v := get[api.WholeVerification](f, "/verification"); v.Files != 3 {
		t.Errorf("%+v", v)
	}
}

func TestHistoryOfMetricsIsTold(t *testing.T) {
	f := newFixture(t)
	if h := get[api.MetricsHistory](f, "/metrics/history"); len(h.Series) != 1 || h.Series[0].Title == "series.cpu" || h.Series[0].Unit != "ratio" {
		t.Errorf("%+v", h)
	}
	problemIn(t, f.do(http.MethodGet, "/metrics/history?series=cpu,nothing", nil), "no-series")
	if got := shortFigure(123456.789); got != 123457 {
		t.Error(got)
	}
	if got := shortFigure(-0.000123456789); got != -0.000123457 {
		t.Error(got)
	}
	if h := get[api.MetricsHistory](f, "/metrics/history?series=cpu&points=10"); len(h.Series) != 1 || len(h.Series[0].Points) > 10 {
		t.Errorf("%+v", h)
	}
}

func TestDocumentOfTheAPIIsServedToThoseWhoAreIn(t *testing.T) {
	f := newFixture(t)
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	if w.Code != http.StatusUnauthorized {
		t.Errorf("without a session: %d", w.Code)
	}
	w = httptest.NewRecorder()
	f.as(actor(access.Agent)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	doc := decode[map[string]any](t, w, http.StatusOK)
	if paths, ok := doc["paths"].(map[string]any); !ok || paths["/alarms"] == nil || w.Header().Get("ETag") == "" {
		t.Errorf("%.200s", w.Body)
	}
}
