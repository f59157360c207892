package console

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/channels"
)

// fakeSetUp is a first run whose progress is in memory.
type fakeSetUp struct {
	p    Progress
	disk DiskTest
}

func (f *fakeSetUp) Progress() (Progress, error) { return f.p, nil }

func (f *fakeSetUp) Mark(change func(*Progress)) (Progress, error) {
	if f.p.Steps == nil {
		f.p.Steps = map[string]string{}
	}
	change(&f.p)
	return f.p, nil
}

func (f *fakeSetUp) Found() api.Setup {
	return api.Setup{Folder: "/r", Zones: []string{"UTC"}, Countries: []string{"CN"}}
}

func (f *fakeSetUp) TestDisk(context.Context) DiskTest { return f.disk }

func (f *fakeSetUp) Link() api.SetupLink {
	return api.SetupLink{URLs: []string{"https://recorder:8443/?token=X"}}
}

func TestTheLinkIsDeadOnceThereIsAnAdministrator(t *testing.T) {
	f := newFixture(t)
	base := f.serveTCP()
	token := f.cfg.Access.NewToken()
	resp, _ := send(t, noRedirect(), "GET", base+"/?token="+token)
	cookie := strings.Split(resp.Header.Get("Set-Cookie"), ";")[0]
	post := func(body string) (*http.Response, string) {
		r, err := http.NewRequestWithContext(t.Context(), "POST", base+"/api/v1/setup/administrator", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Cookie", cookie)
		r.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b := make([]byte, 4096)
		n, _ := resp.Body.Read(b)
		return resp, string(b[:n])
	}
	if resp, body := post(`{"name":"ann","password":"password"}`); resp.StatusCode != 422 {
		t.Errorf("a password that everybody guesses: %d %s", resp.StatusCode, body)
	}
	resp, body := post(`{"name":"ann","password":"four quiet green lanterns"}`)
	if resp.StatusCode != 200 || !strings.Contains(body, `"name":"ann"`) || resp.Header.Get("Set-Cookie") == "" {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	if own, _ := send(t, http.DefaultClient, "GET", base+"/api/v1/session", "Cookie", strings.Split(resp.Header.Get("Set-Cookie"), ";")[0]); own.StatusCode != 200 {
		t.Errorf("who made the account is not signed in: %d", own.StatusCode)
	}
	for name, header := range map[string][]string{"the session of the link": {"Cookie", cookie}, "the token": {"Authorization", "Bearer " + token}} {
		if resp, _ := send(t, http.DefaultClient, "GET", base+"/api/v1/session", header...); resp.StatusCode != 401 {
			t.Errorf("%s still works: %d", name, resp.StatusCode)
		}
	}
	problemIn(t, f.do("POST", "/setup/administrator", api.NewAdministrator{Name: "bob", Password: "four quiet green lanterns"}), "already-set-up")
}

func noRedirect() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func TestStepsCanBeLeftOutAndComeBackTo(t *testing.T) {
	f := newFixture(t)
	mark := func(step, state string) api.Setup {
		return decode[api.Setup](t, f.do("PUT", "/setup/steps/"+step, api.MarkStep{State: state}), 200)
	}
	mark("site", "done")
	st := mark("backup", "skipped")
	if !st.Open || st.Finished != nil || stateOf(st, "site") != "done" || stateOf(st, "backup") != "skipped" || stateOf(st, "administrator") != "todo" {
		t.Errorf("%+v", st)
	}
	if st = mark("backup", "todo"); stateOf(st, "backup") != "todo" {
		t.Errorf("%+v", st)
	}
	if st = decode[api.Setup](t, f.do("POST", "/setup/finish", nil), 200); st.Finished == nil || stateOf(st, "report") != "done" {
		t.Errorf("%+v", st)
	}
	if w := f.do("PUT", "/setup/steps/nothing", api.MarkStep{State: "done"}); w.Code != 422 {
		t.Errorf("an unknown step: %d", w.Code)
	}
	rows, err := f.audit.Query(access.AuditFilter{Object: "setup", Limit: 10})
	if err != nil || len(rows) != 4 {
		t.Errorf("%d rows of the audit log, %v", len(rows), err)
	}
}

func stateOf(s api.Setup, id string) string {
	for _, step := range s.Steps {
		if step.ID == id {
			return step.State
		}
	}
	return ""
}

func TestTheLinkIsToldOnThisMachineOnly(t *testing.T) {
	f := newFixture(t)
	if l := get[api.SetupLink](f, "/setup/link"); len(l.URLs) != 1 || !l.Open {
		t.Errorf("%+v", l)
	}
	a := admin()
	a.Kind = access.Person
	problemIn(t, f.doAs(a, "GET", "/setup/link", nil), "local-only")
}

func TestDiskIsToldByItsSyncs(t *testing.T) {
	f := newFixture(t)
	for _, one := range []struct {
		test DiskTest
		want string
	}{
		{DiskTest{Bytes: 1 << 20, Took: time.Second, Syncs: []time.Duration{time.Millisecond, 2 * time.Millisecond}}, "ok"},
		{DiskTest{Bytes: 1 << 20, Took: time.Second, Syncs: []time.Duration{time.Second}}, "slow"},
		{DiskTest{Err: errors.New("read-only file system")}, "failed"},
	} {
		f.first.disk = one.test
		if d := decode[api.DiskTest](t, f.do("POST", "/setup/disk", nil), 200); d.Verdict != one.want || d.OK != (one.want == "ok") || d.Text == "" {
			t.Errorf("%+v, want %s", d, one.want)
		}
	}
}

func TestLinesAreLookedAtFromTheBoardUp(t *testing.T) {
	f := newFixture(t)
	verdict := func() string { return get[api.Page[api.LineTest]](f, "/setup/lines").Items[0].Verdict }
	for _, one := range []struct {
		change func(*channels.LineStatus)
		want   string
	}{
		{func(l *channels.LineStatus) { l.Pos = 8000 }, "ok"},
		{func(l *channels.LineStatus) { l.Pos = 0 }, "no-audio"},
		{func(l *channels.LineStatus) { l.Pos, l.State = 8000, channels.Unknown }, "waiting"},
		{func(l *channels.LineStatus) { l.State = channels.NoBattery }, "no-battery"},
		{func(l *channels.LineStatus) { l.Reason = "no volts" }, "unfit"},
		{func(l *channels.LineStatus) { l.Fault.Code = "module" }, "fault"},
		{func(l *channels.LineStatus) { l.State = channels.GoneState }, "gone"},
	} {
		f.lines.set(1, one.change)
		if got := verdict(); got != one.want {
			t.Errorf("got %s, want %s", got, one.want)
		}
	}
	f.lines.boards[0].State = channels.BoardFailed
	if got := verdict(); got != "board" {
		t.Errorf("got %s", got)
	}
	for _, v := range []string{"ok", "unused", "board", "gone", "fault", "unfit", "no-battery", "no-sync", "silent", "link-down", "no-audio", "waiting"} {
		if _, ok := text.Lookup(text.Chinese, "setup-line."+v); !ok {
			t.Errorf("%s has no words", v)
		}
	}
}
