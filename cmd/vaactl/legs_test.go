package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"vaad/api"
)

const (
	legA = "01KGEG00000000000000000001"
	legB = "01KGEG00000000000000000002"
	mixA = "01KBR000000000000000000001"
)

func someLegs() []api.Leg {
	return []api.Leg{
		{ID: legA, Line: 1, LineName: "City", Use: "trunk", Direction: "in", Caller: "13800138000", State: "talking", Begun: start, Since: start, Bridge: mixA, Role: "talk", By: "line 1"},
		{ID: legB, Line: 2, LineName: "Desk", Use: "station", Extension: "801", Direction: "out", Called: "801", State: "talking", Begun: start, Since: start, Bridge: mixA, Role: "listen"},
	}
}

// calling is a daemon with two calls.
func calling(t *testing.T) *daemon {
	d := newDaemon(t)
	legs := someLegs()
	d.on("GET /legs", api.Page[api.Leg]{Items: legs})
	d.on("GET /bridges", api.Page[api.Bridge]{Items: []api.Bridge{{ID: mixA, Begun: start, By: "ann", Legs: []string{legA, legB}, Lines: []int{1, 2}}}})
	d.on("GET /lines", someLines())
	d.on("GET /legs/1", legs[0])
	d.on("GET /legs/5", &api.Problem{Status: 404, Code: "no-leg", Title: "There is no such call any more", Line: 5})
	for _, act := range []string{"answer", "hangup", "hold", "unhold", "unbridge", "transfer", "role", "supervise", "stop-play"} {
		d.on("POST /legs/{leg}/"+act, legs[0])
	}
	d.on("POST /legs/{leg}/play", api.Requested{Request: "r1"})
	d.on("POST /legs/{leg}/keys", api.Requested{Request: "r2"})
	d.on("POST /bridges", api.Bridge{ID: mixA, Begun: start, Lines: []int{1, 2}})
	d.on("POST /bridges/{id}/legs", api.Bridge{ID: mixA, Begun: start, Lines: []int{1, 2, 3}})
	d.on("POST /bridges/{id}/play", api.Requested{Request: "r3"})
	d.on("POST /bridges/{id}/stop-play", nil)
	d.on("POST /calls", legs[1])
	return d
}

func TestCallsThatAreUpAreListedForPeopleAndPrograms(t *testing.T) {
	d := calling(t)
	blank := regexp.MustCompile(` {2,}`)
	for lang, want := range map[string][]string{
		"en": {"LINE | NAME | USE | DIRECTION | PARTY | STATE | SINCE | WITH | BEGUN BY | ID",
			"1 | City | Trunk | Incoming | 13800138000 | Talking | " + when(start) + " | 2 | line 1 | " + legA,
			"2 | 801 Desk | Station | Outgoing | 801 | Talking, Listens | " + when(start) + " | 1 | " + legB},
		"zh": {"线路 | 名称 | 用途 | 方向 | 对方号码 | 状态 | 起始时间 | 与线路 | 发起者 | 编号",
			"1 | City | 中继 | 呼入 | 13800138000 | 通话 | " + when(start) + " | 2 | line 1 | " + legA,
			"2 | 801 Desk | 分机 | 呼出 | 801 | 通话, 监听 | " + when(start) + " | 1 | " + legB},
	} {
		out, errs, code := ctl(t, "--root", d.root, "--lang", lang, "legs")
		if got := blank.ReplaceAllString(strings.TrimSpace(out), " | "); code != exitOK || got != strings.Join(want, "\n") {
			t.Errorf("%s: %d %s\n%s\nwant\n%s", lang, code, errs, got, strings.Join(want, "\n"))
		}
	}
	out, _, _ := d.ctl(t, "legs", "--json")
	rows := strings.Split(strings.TrimSpace(out), "\n")
	var l api.Leg
	if err := json.Unmarshal([]byte(rows[0]), &l); err != nil || len(rows) != 2 || l.ID != legA || l.Bridge != mixA {
		t.Errorf("%v\n%s", err, out)
	}
	if out, _, _ = d.ctl(t, "conference"); !strings.Contains(out, mixA) || !strings.Contains(out, "1, 2") || !strings.Contains(out, "ann") {
		t.Errorf("%s", out)
	}
	empty := newDaemon(t)
	empty.on("GET /legs", api.Page[api.Leg]{})
	empty.on("GET /bridges", api.Page[api.Bridge]{})
	for _, cmd := range []string{"legs", "conference"} {
		if out, _, code := empty.ctl(t, cmd); code != exitOK || strings.Count(out, "\n") != 1 {
			t.Errorf("%s: %d %q", cmd, code, out)
		}
	}
}

func TestWhatIsDoneWithCallsIsSent(t *testing.T) {
	d := calling(t)
	for _, c := range []struct{ args, sent string }{
		{"answer 1", "POST /api/v1/legs/1/answer"},
		{"answer sim/2", "POST /api/v1/legs/2/answer"},
		{"hangup " + legA, "POST /api/v1/legs/" + legA + "/hangup"},
		{"hangup 1 --cause 17", "POST /api/v1/legs/1/hangup?cause=17"},
		{"hold 1 --tell", "POST /api/v1/legs/1/hold?tell=true"},
		{"unhold 1", "POST /api/v1/legs/1/unhold"},
		{"bridge 1 sim/2", `POST /api/v1/bridges {"legs":["1","2"]}`},
		{"unbridge 1", "POST /api/v1/legs/1/unbridge"},
		{"conference 1 2 3", `POST /api/v1/bridges {"legs":["1","2","3"]}`},
		{"conference 3 --into 1", "POST /api/v1/bridges/" + mixA + `/legs {"legs":["3"]}`},
		{"conference 3 --into " + strings.ToLower(mixA), "POST /api/v1/bridges/" + mixA + `/legs {"legs":["3"]}`},
		{"transfer 1 801", `POST /api/v1/legs/1/transfer {"number":"801"}`},
		{"transfer 1 --to sim/2", `POST /api/v1/legs/1/transfer {"to":"2"}`},
		{"listen-in 1 --by 5", `POST /api/v1/legs/1/supervise {"role":"listen","line":5}`},
		{"whisper 2 --by 1", `POST /api/v1/legs/2/supervise {"role":"whisper","leg":"1"}`},
		{"barge 2 --by " + legA, `POST /api/v1/legs/2/supervise {"role":"barge","leg":"` + legA + `"}`},
		{"role 2 whisper --to 1", `POST /api/v1/legs/2/role {"role":"whisper","to":"1"}`},
		{"announce 1 welcome number:12", `POST /api/v1/legs/1/play {"prompts":["welcome","number:12"]}`},
		{"announce 1 hold-music --loop --over --queue --stop-on # --gain-db=-6 --language zh",
			`POST /api/v1/legs/1/play {"prompts":["hold-music"],"lang":"zh","loop":true,"over":true,"queue":true,"stop_on":"#","gain_db":-6}`},
		{"announce 1 --all welcome", "POST /api/v1/bridges/" + mixA + `/play {"prompts":["welcome"]}`},
		{"announce 1 --stop", "POST /api/v1/legs/1/stop-play"},
		{"announce 1 --all --stop", "POST /api/v1/bridges/" + mixA + "/stop-play"},
		{"keys 1 12#", `POST /api/v1/legs/1/keys {"keys":"12#"}`},
		{"call 801", `POST /api/v1/calls {"number":"801"}`},
		{"call --line sim/2", `POST /api/v1/calls {"line":2}`},
		{"call 110 --group city --caller 55 --name x --private --for 1 --timeout 20", `POST /api/v1/calls {"number":"110","group":"city","caller":"55","name":"x","private":true,"timeout_s":20,"for":"1"}`},
	} {
		_, errs, code := d.ctl(t, strings.Fields(c.args)...)
		all := d.requests()
		if got := all[len(all)-1]; code != exitOK || got != c.sent {
			t.Errorf("%s: %d %s\nsent %s\nwant %s", c.args, code, errs, got, c.sent)
		}
	}
	if out, _, _ := d.ctl(t, "hold", "1"); !strings.Contains(out, "13800138000") || strings.Contains(out, "WITH") {
		t.Errorf("%s", out)
	}
	for args, want := range map[string]string{"answer 1 --json": `"id":"` + legA + `"`, "keys 1 5 --json": `{"request":"r2"}`, "bridge 1 2 --json": `"id":"` + mixA + `"`} {
		if out, _, code := d.ctl(t, strings.Fields(args)...); code != exitOK || !strings.Contains(out, want) {
			t.Errorf("%s: %d %s", args, code, out)
		}
	}
}

func TestMistakesInGivingCallsAreNamed(t *testing.T) {
	d := calling(t)
	d.on("GET /legs/7", api.Leg{ID: legB, Line: 7})
	for args, want := range map[string]struct {
		code int
		text string
	}{
		"call":                      {exitUsage, "whom to call"},
		"call 1 --line 1 --group x": {exitUsage, "not both"},
		"transfer 1":                {exitUsage, "where to"},
		"transfer 1 801 --to 2":     {exitUsage, "where to"},
		"bridge 1":                  {exitUsage, "two legs"},
		"conference 1":              {exitUsage, "--into"},
		"conference --into 1":       {exitUsage, "--into"},
		"announce 1":                {exitUsage, "prompts"},
		"announce 1 x --stop":       {exitUsage, "prompts"},
		"role 1 sing":               {exitUsage, "talk"},
		"answer sim/9":              {exitFailed, "sim/9"},
		"conference 3 --into 7":     {exitFailed, "connected with nobody"},
	} {
		if _, errs, code := d.ctl(t, strings.Fields(args)...); code != want.code || !strings.Contains(errs, want.text) {
			t.Errorf("%s: %d %q", args, code, errs)
		}
	}
}

// onEvents answers the live feed with facts, then ends it.
func (d *daemon) onEvents(facts ...api.Fact) {
	d.mux.HandleFunc("GET "+api.Prefix+"/events", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, "event: snapshot\ndata: {}\n\n")
		for _, f := range facts {
			b, _ := json.Marshal(f)
			_, _ = fmt.Fprintf(w, "event: event\ndata: %s\n\n", b)
		}
	})
}

func TestCallIsFollowedUntilItIsAnsweredOrOver(t *testing.T) {
	d := calling(t)
	d.onEvents(api.Fact{Kind: "alerting", Call: legB, Time: start}, api.Fact{Kind: "call-end", Call: legA, Time: start},
		api.Fact{Kind: "call-answered", Call: legB, Time: start, AnsweredBy: "off-hook"}, api.Fact{Kind: "call-end", Call: legB, Time: start})
	out, errs, code := d.ctl(t, "call", "801", "--wait")
	want := when(start) + "  It rings there\n" + when(start) + "  Call answered: Picked up\n"
	if code != exitOK || !strings.HasSuffix(out, want) {
		t.Errorf("%d %s\n%s\nwant\n%s", code, errs, out, want)
	}
	d = calling(t)
	d.onEvents(api.Fact{Kind: "call-end", Call: legB, Line: 2, Time: start, EndedBy: "busy-tone"})
	if out, errs, code = d.ctl(t, "call", "801", "--wait"); code != exitFailed || !strings.HasSuffix(out, "Call ends: Busy tone\n") || !strings.Contains(errs, "line 2") {
		t.Errorf("%d %s\n%s", code, errs, out)
	}
	d = calling(t)
	d.onEvents() // facts are lost: the leg says it
	d.on("GET /legs/"+legB, someLegs()[1])
	if out, errs, code = d.ctl(t, "call", "801", "--wait"); code != exitOK || strings.Count(out, legB) != 2 {
		t.Errorf("%d %s\n%s", code, errs, out)
	}
}

func TestCallsAreSavedAsATable(t *testing.T) {
	d := newDaemon(t)
	d.on("GET /calls.csv", []byte("\ufeffid,line\r\n"))
	name := filepath.Join(t.TempDir(), "calls.csv")
	_, errs, code := d.ctl(t, "calls", "--csv", name, "--line", "3", "--number", "1*", "--limit", "5")
	b, err := os.ReadFile(name)
	if code != exitOK || err != nil || string(b) != "\ufeffid,line\r\n" {
		t.Errorf("%d %s %v %q", code, errs, err, b)
	}
	if got := d.requests()[0]; got != "GET /api/v1/calls.csv?limit=5&line=3&number=1%2A" {
		t.Errorf("asked %s", got)
	}
	if out, _, _ := d.ctl(t, "calls", "--csv", "-"); out != "\ufeffid,line\r\n" {
		t.Errorf("%q", out)
	}
	if _, _, code := d.ctl(t, "calls", "--csv", "-", "--limit=-1"); code != exitUsage {
		t.Errorf("%d", code)
	}
}

func TestStoryOfACallThatIsSwitchedIsToldWithoutCodes(t *testing.T) {
	d := newDaemon(t)
	d.on("GET /recordings/01A", api.Recording{ID: "01A", Line: 3, Start: start})
	d.on("GET /recordings/01A/story", api.Story{ID: "01A", Items: []json.RawMessage{
		[]byte(`{"at":80,"kind":"number-complete","text":"timeout"}`), []byte(`{"at":160,"kind":"joined","text":"01KBR"}`),
		[]byte(`{"at":240,"kind":"played","text":"end","value":8000}`), []byte(`{"at":320,"kind":"played","text":"key 5","value":800}`),
		[]byte(`{"at":400,"kind":"would-release","text":"busy-tone"}`), []byte(`{"at":480,"kind":"held","value":1}`), []byte(`{"at":560,"kind":"held"}`)}})
	want := "Number complete  Nothing more was dialled|Connected with others|Prompt over  To its end  1.00 s|Prompt over  Key pressed 5  0.10 s|" +
		"Would have been ended (only told)  Busy tone|Held by the far end  begins|Held by the far end  ends"
	out, _, _ := d.ctl(t, "show", "01A")
	var got []string
	for _, l := range strings.Split(strings.TrimSpace(out), "\n") {
		if at, words, ok := strings.Cut(l, " s  "); ok && strings.Trim(at, " .0123456789") == "" {
			got = append(got, words)
		}
	}
	if all := strings.Join(got, "|"); all != want {
		t.Errorf("%s\nwant %s", all, want)
	}
}
