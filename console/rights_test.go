package console

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vaad/access"
	"vaad/alarm"
	"vaad/api"
	"vaad/calls"
	"vaad/channels"
	"vaad/recorder/archive"
)

// call is a request to a route that is right in form.
func callOf(f *fixture, rt route, rec, call, alarm string) (path string, body any) {
	path = strings.NewReplacer("{name}", keptOne, "{leg}", legOne, "{day}", reportDay, "{bridge}", bridgeOne, "{device}", usbOne, "{board}", "sim", "{span}", "1", "{line}", "1", "/recordings/{id}", "/recordings/"+rec, "/calls/{id}", "/calls/"+call,
		"/alarms/{id}", "/alarms/"+alarm).Replace(rt.Path)
	if rt.Verb == access.Pause { // there is something to pause and to resume
		f.rec.pausable(1, rec)
	}
	if rt.Tag == keeping {
		return keepCallOf(f, rt, path, rec)
	}
	if rt.Tag == backing {
		return backupCallOf(f, rt)
	}
	path = strings.Replace(path, "{search}", "mine", 1)
	path = strings.Replace(path, "{route}", "night", 1)
	if rt.Tag == "Searches" {
		f.saved.mine()
	}
	switch rt.ID {
	case "search-save":
		body = api.NewSearch{Name: "another", Query: map[string]string{"number": "0755*"}}
	case "search-replace":
		body = api.NewSearch{Name: "mine", Query: map[string]string{"number": "0755*"}}
	case "export-new":
		body = api.NewExport{IDs: []string{rec}}
	case "setting":
		path += "?path=site.name"
	case "network-certificate":
		body = api.NewCertificate{Certificate: "PEM"}
	case "setup-step":
		path, body = strings.Replace(path, "{step}", "site", 1), api.MarkStep{State: "done"}
	case "setup-administrator":
		body = api.NewAdministrator{Name: "ann", Password: "four quiet green lanterns"}
	case "network-confirm", "network-revert":
		f.wires.Changed(nil, "", "")
	case "set":
		body = api.SetValue{Path: "lines.1.trigger", Value: []byte(`"voltage"`)}
	case "test-mail":
		body = map[string]any{"to": "a@b.cn"}
	case "settings-change":
		body = map[string]any{"changes": []any{map[string]any{"path": "lines.1.name", "value": "x"}}}
	case "settings-try":
		body = map[string]any{"version": 0}
	case "settings-rollback":
		body = api.Rollback{Version: 0}
	case "settings-import":
		body = string(f.cfg.Settings.Export())
	case "note":
		body = api.NewNote{Text: "hello"}
	case "mark":
		body = api.NewMark{At: 0.1}
	case "new-call":
		body = api.NewCall{Number: "801"}
	case "bridge":
		body = api.BridgeLegs{Legs: []string{legOne, "2"}}
	case "bridge-add":
		body = api.BridgeLegs{Legs: []string{"3"}}
	case "transfer":
		body = api.TransferLeg{Number: "801"}
	case "role":
		body = api.LegRole{Role: "listen"}
	case "supervise":
		body = api.SuperviseLeg{Role: "listen", Line: 3}
	case "play", "bridge-play":
		body = api.PlayTo{Prompts: []string{"welcome"}}
	case "prompt-audio", "prompt-put", "prompt-remove":
		path += "?lang=en&name=welcome"
		body = "RIFF"
	case "rules-preview":
		body = api.PreviewRules{}
	case "share":
		body = api.NewShare{Hours: 24}
	case "line-test":
		body = api.TestLine{}
	case "line-try":
		body = api.TryLine{}
	case "learn":
		body = api.LearnLine{Busy: "88881111"}
	case "keys":
		body = api.SendKeys{Keys: "12"}
	}
	return path, body
}

const callID = "01KCA000000000000000000001"

// unharmed proves every recording.
type unharmed struct{}

func (unharmed) Verify(context.Context, archive.Day, string) (Proof, error) {
	return Proof{Lines: 1}, nil
}

// rightsFixture has what every route needs.
func rightsFixture(t *testing.T) (f *fixture, rec, alarmID string) {
	f = newFixture(t)
	newSharingIn(f)
	f.cfg.Prover = unharmed{}
	f.cfg.Live = func(int) (Audio, bool) { return newFakeAudio(), true }
	row := f.record(1, 8000, "mixed")
	f.journal.rows = []calls.Row{{ID: callID, Line: 1, Start: begun}}
	f.rec.frames = []byte("frames")
	return f, row.ID, ""
}

// TestEveryRouteOfEveryRole sends a request that is right in form to every
// route as every role, and as nobody: it must be let through exactly where the
// table of roles has the route's verb.
func TestEveryRouteOfEveryRole(t *testing.T) {
	f, rec, _ := rightsFixture(t)
	grants := map[access.Role][]access.Verb{}
	for _, g := range access.Table() {
		grants[g.Role] = g.Verbs
	}
	for _, rt := range routes() {
		if rt.Tag == accounts { // TestAccountRoutesOfEveryRole
			continue
		}
		if rt.Verb == anyone && !slices.Contains([]string{"session", "network-authority-pem"}, rt.ID) {
			t.Errorf("%s is open to every caller", rt.ID)
		}
		if rt.Verb == anybody && rt.Tag != "Sharing" {
			t.Errorf("%s is open to everybody", rt.ID)
		}
		if rt.Verb == anybody {
			continue
		}
		for _, role := range append(access.Roles(), "") {
			f.alarms.Raise("clock-jump", "", nil)
			id := strconv.FormatUint(f.alarms.Active()[0].ID, 10)
			path, body := callOf(f, rt, rec, callID, id)
			path = f.withExport(string(role), path, rec)
			if rt.ID == "start" || rt.ID == "stop" {
				_, _ = f.rec.Start(1, "test")
			}
			var code int
			if role == "" {
				w := httptest.NewRecorder()
				r := httptest.NewRequest(rt.Method, api.Prefix+path, nil)
				f.handler.ServeHTTP(w, r)
				code = w.Code
			} else {
				r := f.request(rt.Method, path, body)
				ctx, cancel := context.WithCancel(r.Context())
				if rt.ID == "events" || rt.ID == "logs-live" {
					cancel() // an answer without end
				}
				w := httptest.NewRecorder()
				f.as(actor(role)).ServeHTTP(w, r.WithContext(ctx))
				cancel()
				code = w.Code
			}
			want := code/100 == 2 || rt.ID == "live" && code == http.StatusUpgradeRequired // TestLiveAudio… speak its protocol
			switch {
			case role == "":
				if code != http.StatusUnauthorized {
					t.Errorf("%s as nobody: status %d, want 401", rt.ID, code)
				}
			case rt.Verb == anyone || slices.Contains(grants[role], rt.Verb):
				if !want {
					t.Errorf("%s as %s: status %d, want it done", rt.ID, role, code)
				}
			case code != http.StatusForbidden:
				t.Errorf("%s as %s: status %d, want 403", rt.ID, role, code)
			}
		}
	}
}

// TestScopeHidesOtherLines limits callers to the lines of a group: nothing of
// another line may be seen, counted, heard or changed, and it must look as if
// it were not there.
func TestScopeHidesOtherLines(t *testing.T) {
	f, mine, _ := rightsFixture(t)
	other := f.record(2, 8000, "mixed")
	f.journal.rows = append(f.journal.rows, calls.Row{ID: "01KCA000000000000000000002", Line: 2, Start: begun})
	f.cfg.Access.SetGroups(map[string][]int{"front": {1}})
	f.alarms.Raise("line-no-battery", "2", nil)
	a := actor(access.Administrator, "front")
	f.lines.boards = append(f.lines.boards, channels.BoardStatus{ID: "new"}) // its lines have no numbers yet

	lines := decode[api.Page[api.Line]](t, f.doAs(a, "GET", "/lines", nil), 200)
	if len(lines.Items) != 1 || lines.Items[0].Line != 1 {
		t.Errorf("lines: %+v", lines.Items)
	}
	recs := decode[api.Page[api.Recording]](t, f.doAs(a, "GET", "/recordings", nil), 200)
	if len(recs.Items) != 1 || recs.Items[0].ID != mine || recs.Total != 1 {
		t.Errorf("recordings: %+v", recs)
	}
	if p := problemIn(t, f.doAs(a, "GET", "/recordings?line=2,99", nil), "invalid"); len(p.Errors) != 2 || p.Errors[0].Message != p.Errors[1].Message {
		t.Errorf("a line of others is not answered as one that is not there: %+v", p.Errors)
	}
	cs := decode[api.Page[api.Call]](t, f.doAs(a, "GET", "/calls", nil), 200)
	if len(cs.Items) != 1 || cs.Items[0].ID != callID {
		t.Errorf("calls: %+v", cs.Items)
	}
	st := decode[api.Status](t, f.doAs(a, "GET", "/status", nil), 200)
	if st.Lines != 1 || st.Recordings != 1 || st.Alarms != 0 {
		t.Errorf("status counts other lines: %+v", st)
	}
	if al := decode[api.Page[api.Alarm]](t, f.doAs(a, "GET", "/alarms", nil), 200); len(al.Items) != 0 {
		t.Errorf("alarms: %+v", al.Items)
	}
	id := strconv.FormatUint(f.alarms.Active()[0].ID, 10)
	for path, code := range map[string]string{
		"GET /lines/2": "no-line", "POST /lines/2/start": "no-line", "POST /lines/2/stop": "no-line", "GET /lines/2/listen": "no-line",
		"GET /boards/sim/spans/1/dchannel.pcap": "forbidden", "GET /boards/new/spans/1/dchannel.pcap": "forbidden", "GET /lines/2/flight": "no-line", "GET /lines/1/flight?board=true": "forbidden", "GET /recordings/" + other.ID: "no-recording", "GET /recordings/" + other.ID + "/audio": "no-recording",
		"GET /recordings/" + other.ID + "/export": "no-recording", "GET /recordings/" + other.ID + "/story": "no-recording",
		"GET /calls/01KCA000000000000000000002": "no-call", "GET /calls/01KCA000000000000000000002/why": "no-call", "POST /alarms/" + id + "/ack": "no-alarm",
		"GET /settings": "forbidden", "GET /settings/history": "forbidden", "GET /settings/export": "forbidden",
		"GET /settings/value?path=lines.2.trigger": "forbidden", "GET /settings/value?path=site": "forbidden", "GET /settings/value?path=lines": "forbidden",
	} {
		method, p, _ := strings.Cut(path, " ")
		problemIn(t, f.doAs(a, method, p, nil), code)
	}
	problemIn(t, f.doAs(a, "PUT", "/settings/value", api.SetValue{Path: "lines.2.name", Value: []byte(`"x"`)}), "forbidden")
	problemIn(t, f.doAs(a, "PUT", "/settings/value", api.SetValue{Path: "lines", Value: []byte(`{}`)}), "forbidden")
	problemIn(t, f.doAs(a, "POST", "/settings/rollback", api.Rollback{}), "forbidden")
	problemIn(t, f.doAs(a, "POST", "/index/refresh", nil), "forbidden")
	problemIn(t, f.doAs(a, "POST", "/recordings/"+other.ID+"/notes", api.NewNote{Text: "x"}), "no-recording")
	if w := f.doAs(a, "PUT", "/settings/value", api.SetValue{Path: "lines.1.name", Value: []byte(`"mine"`)}); w.Code != 200 {
		t.Errorf("own line's settings: %d %s", w.Code, w.Body)
	}
	log := decode[api.Page[api.AuditEntry]](t, f.doAs(a, "GET", "/audit", nil), 200)
	for _, e := range log.Items {
		if e.Line != 1 {
			t.Errorf("the audit log shows %+v", e)
		}
	}
	if len(log.Items) == 0 {
		t.Error("the audit log does not show the own line")
	}
}

func TestActsAndRefusalsAreAudited(t *testing.T) {
	f, rec, _ := rightsFixture(t)
	f.alarms.Raise("clock-jump", "", nil)
	id := strconv.FormatUint(f.alarms.Active()[0].ID, 10)
	for _, rt := range routes() {
		if rt.ID == "events" || rt.ID == "logs-live" || rt.ID == "live" || rt.Tag == accounts || rt.Verb == anybody {
			continue
		}
		path, body := callOf(f, rt, rec, callID, id)
		path = f.withExport("administrator", path, rec)
		if w := f.do(rt.Method, path, body); w.Code/100 != 2 {
			t.Errorf("%s: %d %s", rt.ID, w.Code, w.Body)
		}
		f.doAs(access.Actor{Name: "stranger", Kind: access.Local}, rt.Method, path, body)
	}
	done, denied := map[access.Verb]int{}, map[access.Verb]int{}
	for _, e := range f.audit.rows(t) {
		switch {
		case e.Result == "ok" && e.Actor == "administrator":
			done[e.Verb]++
		case e.Result == "denied" && e.Actor == "stranger":
			denied[e.Verb]++
		default:
			t.Errorf("unexpected row %+v", e)
		}
	}
	for _, v := range access.Verbs() {
		if v == access.Users {
			continue // TestAccountActsAreAudited
		}
		if !acts(v) {
			if done[v]+denied[v] > 0 && v != access.SearchRecords && v != access.AuditRead { // saving and removing a search is an act; so is taking the log away
				t.Errorf("%s only looks and is audited", v)
			}
			continue
		}
		if done[v] == 0 || denied[v] == 0 {
			t.Errorf("%s: %d done and %d denied rows", v, done[v], denied[v])
		}
	}
}

func TestNobodyHearsWithoutARow(t *testing.T) {
	f, rec, _ := rightsFixture(t)
	f.audit.refuse(errors.New("disk full"))
	for _, path := range []string{"/lines/1/listen", "/lines/1/flight", "/recordings/" + rec + "/audio", "/recordings/" + rec + "/export"} {
		problemIn(t, f.do("GET", path, nil), "audit-failed")
	}
	problemIn(t, f.do("POST", "/lines/1/start", nil), "audit-failed")
}

func TestSeekingPlayerGivesOneRow(t *testing.T) {
	f, rec, _ := rightsFixture(t)
	for range 5 {
		f.do("GET", "/recordings/"+rec+"/audio", nil)
	}
	if rows := f.audit.rows(t); len(rows) != 1 || rows[0].Verb != access.Play || rows[0].Object != rec {
		t.Errorf("rows %+v, want one", rows)
	}
	f.doAs(actor(access.Supervisor), "GET", "/recordings/"+rec+"/audio", nil)
	if rows := f.audit.rows(t); len(rows) != 2 {
		t.Errorf("%d rows after another caller, want 2", len(rows))
	}
}

func TestAcknowledgedAlarmNamesTheActor(t *testing.T) {
	f := newFixture(t)
	f.alarms.Raise("board-gone", "sim", map[string]string{"reason": "unplugged"})
	a := get[api.Page[api.Alarm]](f, "/alarms").Items[0]
	if a.State != "active" || !strings.Contains(a.Text, "sim") || a.Remedy == "" || a.Severity != string(alarm.Critical) {
		t.Errorf("alarm %+v", a)
	}
	if w := f.do("POST", "/alarms/"+strconv.FormatUint(a.ID, 10)+"/ack", nil); w.Code != http.StatusNoContent {
		t.Fatalf("ack: %d %s", w.Code, w.Body)
	}
	if a = get[api.Page[api.Alarm]](f, "/alarms").Items[0]; a.State != "acknowledged" || a.AckedBy != "administrator" {
		t.Errorf("alarm %+v", a)
	}
	problemIn(t, f.do("POST", "/alarms/999/ack", nil), "no-alarm")
}
