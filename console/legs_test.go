package console

import (
	"bytes"
	"encoding/csv"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"vaad/access"
	"vaad/api"
	"vaad/calls"
	"vaad/channels"
	"vaad/recorder/export"
)

func TestLegsAndBridgesAreShown(t *testing.T) {
	f := newFixture(t)
	legs := get[api.Page[api.Leg]](f, "/legs").Items
	if len(legs) != 3 || legs[0].ID != legOne || legs[0].LineName != "Line 1" || legs[0].Caller != "13800138000" || legs[0].State != "talking" ||
		legs[0].Answered == nil || legs[1].For != legOne || legs[2].Direction != "" || legs[2].Answered != nil {
		t.Errorf("%+v", legs)
	}
	if l := get[api.Leg](f, "/legs/2"); l.ID != legTwo || l.Extension != "801" {
		t.Errorf("line 2: %+v", l)
	}
	if l := get[api.Leg](f, "/legs/"+strings.ToLower(legOne)); l.Line != 1 {
		t.Errorf("by ID: %+v", l)
	}
	b := get[api.Page[api.Bridge]](f, "/bridges").Items
	if len(b) != 1 || b[0].ID != bridgeOne || !slices.Equal(b[0].Legs, []string{legOne, legTwo}) || !slices.Equal(b[0].Lines, []int{1, 2}) {
		t.Errorf("%+v", b)
	}
	f.board.legs = f.board.legs[:2]
	if p := problemIn(t, f.do("GET", "/legs/3", nil), "no-leg"); p.Line != 3 {
		t.Errorf("an idle line: %+v", p)
	}
	problemIn(t, f.do("GET", "/legs/77", nil), "no-leg")
	problemIn(t, f.do("GET", "/legs/x", nil), "invalid")
}

func TestWhatIsDoneWithCallsReachesTheSwitch(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct {
		path string
		body any
		want string
	}{
		{"/legs/3/answer", nil, "answer " + legThree},
		{"/legs/1/hangup", nil, "hangup " + legOne + " 0"},
		{"/legs/" + legOne + "/hangup?cause=17", nil, "hangup " + legOne + " 17"},
		{"/legs/1/hold", nil, "hold " + legOne + " false"},
		{"/legs/1/hold?tell=true", nil, "hold " + legOne + " true"},
		{"/legs/1/unhold", nil, "unhold " + legOne},
		{"/legs/1/unbridge", nil, "unbridge " + legOne},
		{"/legs/1/transfer", api.TransferLeg{Number: "801"}, "transfer " + legOne + " to number 801"},
		{"/legs/1/transfer", api.TransferLeg{To: "3"}, "transfer " + legOne + " to leg " + legThree},
		{"/legs/2/role", api.LegRole{Role: "whisper", To: "1"}, "role " + legTwo + " whisper " + legOne},
		{"/legs/2/role", api.LegRole{Role: "listen"}, "role " + legTwo + " listen "},
		{"/legs/1/supervise", api.SuperviseLeg{Role: "barge", Leg: "3"}, "supervise " + legOne + ` by line 0 leg "` + legThree + `" as barge`},
		{"/legs/1/supervise", api.SuperviseLeg{Role: "listen", Line: 3}, "supervise " + legOne + ` by line 3 leg "" as listen`},
		{"/legs/1/play", api.PlayTo{Prompts: []string{"a", "b"}, Loop: true, Over: true, StopOn: "#", GainDB: -3},
			`play leg "` + legOne + `" bridge "" 2 sounds loop true over true queue false stop "#" gain -3`},
		{"/legs/1/stop-play", nil, "stop-play " + legOne},
		{"/legs/1/keys", api.SendKeys{Keys: "1a,#"}, "keys " + legOne + " 1A,#"},
		{"/bridges", api.BridgeLegs{Legs: []string{"1", legThree}}, "bridge " + legOne + " " + legThree},
		{"/bridges/" + bridgeOne + "/legs", api.BridgeLegs{Legs: []string{"3"}}, "add " + legThree + " to " + bridgeOne},
		{"/bridges/" + bridgeOne + "/play", api.PlayTo{Prompts: []string{"a"}, Queue: true}, `play leg "" bridge "` + bridgeOne + `" 1 sounds loop false over false queue true stop "" gain 0`},
		{"/bridges/" + bridgeOne + "/stop-play", nil, "stop-play " + bridgeOne},
		{"/calls", api.NewCall{Line: 2, Number: "1", Caller: "55", Name: "x", Private: true, For: "1", Timeout: 2.5}, `call line 2 group "" number 1 caller 55/x/true for ` + legOne + " within 2.5s"},
		{"/calls", api.NewCall{Group: "city", Number: "110"}, `call line 0 group "city" number 110 caller //false for  within 0s`},
		{"/calls", api.NewCall{Number: "801"}, `call line 2 group "" number  caller //false for  within 0s`},
		{"/calls", api.NewCall{Number: "0138"}, `call line 0 group "city" number 138 caller //false for  within 0s`}, // the first group is full
	} {
		w := f.do("POST", c.path, c.body)
		if w.Code/100 != 2 || f.board.last() != "administrator "+c.want {
			t.Errorf("%s: %d %s\nasked %q\nwant  %q", c.path, w.Code, w.Body, f.board.last(), "administrator "+c.want)
		}
	}
	last := f.audit.rows(t)
	if e := last[len(last)-1]; e.Verb != access.Call || e.Line != 1 || e.Object != legThree || e.Detail["number"] != "0138" || e.Detail["act"] != "call" {
		t.Errorf("%+v", e)
	}
	for _, e := range last {
		if e.Detail["act"] == "keys" && (e.Detail["count"] != "4" || strings.Contains(e.Detail["count"]+e.Object, "1A")) {
			t.Errorf("keys that were sent: %+v", e)
		}
	}
}

func TestRequestsThatContradictThemselvesAreRefused(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct {
		path string
		body any
		code string
	}{
		{"/calls", api.NewCall{}, "bad-request"},
		{"/calls", api.NewCall{Number: "80x"}, "invalid"},
		{"/calls", api.NewCall{Number: "801", Caller: "ann"}, "invalid"},
		{"/calls", api.NewCall{Number: "801", Name: "a\x1b[31m"}, "invalid"},
		{"/legs/1/transfer", api.TransferLeg{Number: "8 1"}, "invalid"},
		{"/calls", api.NewCall{Line: 1, Group: "city"}, "bad-request"},
		{"/calls", api.NewCall{Line: 9}, "no-line"},
		{"/calls", api.NewCall{Group: "country", Number: "1"}, "no-group"},
		{"/calls", api.NewCall{Number: "7"}, "unknown-number"},
		{"/calls", api.NewCall{Number: "801", For: "9"}, "no-leg"},
		{"/legs/1/transfer", api.TransferLeg{}, "bad-request"},
		{"/legs/1/transfer", api.TransferLeg{Number: "801", To: "2"}, "bad-request"},
		{"/legs/1/transfer", api.TransferLeg{Number: "7"}, "unknown-number"},
		{"/legs/1/role", api.LegRole{Role: "whisper"}, "bad-request"},
		{"/legs/1/role", api.LegRole{Role: "talk", To: "2"}, "bad-request"},
		{"/legs/1/role", api.LegRole{Role: "sing"}, "invalid"},
		{"/legs/1/supervise", api.SuperviseLeg{Role: "listen"}, "bad-request"},
		{"/legs/1/supervise", api.SuperviseLeg{Role: "listen", Line: 9}, "no-line"},
		{"/legs/1/play", api.PlayTo{Prompts: []string{"nothing"}}, "no-prompt"},
		{"/legs/1/keys", api.SendKeys{Keys: "1x"}, "invalid"},
		{"/bridges", api.BridgeLegs{Legs: []string{"1"}}, "bad-request"},
		{"/bridges", api.BridgeLegs{Legs: []string{"1", legOne}}, "bad-request"},
		{"/bridges/01KBR000000000000000000009/legs", api.BridgeLegs{Legs: []string{"1"}}, "no-bridge"},
	} {
		problemIn(t, f.do("POST", c.path, c.body), c.code)
	}
	if asked := f.board.last(); asked != "" {
		t.Errorf("the switch was asked all the same: %s", asked)
	}
}

func TestEveryFailureOfTheSwitchIsAnsweredWithARemedy(t *testing.T) {
	f := newFixture(t)
	for _, code := range calls.FailureCodes() {
		f.board.err = &calls.Failure{Op: "answer", Code: code, Text: "because"}
		if p := problemIn(t, f.do("POST", "/legs/3/answer", nil), codeOfFailure(code)); p.Line != 3 || p.Detail != "because" {
			t.Errorf("%s: %+v", code, p)
		}
	}
	f.board.err = &calls.Failure{Op: "answer", Code: calls.LineRefused, Text: "answer: nothing rings",
		Err: &channels.WishError{Line: 3, Code: "not-ringing", Text: "nothing rings"}}
	if p := problemIn(t, f.do("POST", "/legs/3/answer", nil), "line-refused"); len(p.Errors) != 1 || p.Errors[0].Message != "Nothing rings there." {
		t.Errorf("%+v", p)
	}
	rows := f.audit.rows(t)
	if e := rows[len(rows)-1]; e.Result != "failed" || e.Line != 3 || !strings.Contains(e.Detail["error"], "nothing rings") {
		t.Errorf("%+v", e)
	}
}

func TestCallsOfOtherLinesDoNotExist(t *testing.T) {
	f := newFixture(t)
	f.cfg.Access.SetGroups(map[string][]int{"desk": {2}})
	a := actor(access.Supervisor, "desk")
	if legs := decode[api.Page[api.Leg]](t, f.doAs(a, "GET", "/legs", nil), 200).Items; len(legs) != 1 || legs[0].Line != 2 {
		t.Errorf("%+v", legs)
	}
	if b := decode[api.Page[api.Bridge]](t, f.doAs(a, "GET", "/bridges", nil), 200).Items; len(b) != 1 || !slices.Equal(b[0].Lines, []int{2}) {
		t.Errorf("%+v", b)
	}
	for _, c := range []struct {
		path string
		body any
		code string
	}{
		{"/legs/1/answer", nil, "no-leg"},
		{"/legs/" + legOne + "/hangup", nil, "no-leg"},
		{"/legs/2/transfer", api.TransferLeg{To: "1"}, "no-leg"},
		{"/legs/2/supervise", api.SuperviseLeg{Role: "listen", Line: 3}, "no-line"},
		{"/legs/2/supervise", api.SuperviseLeg{Role: "listen", Leg: "3"}, "no-leg"},
		{"/legs/1/supervise", api.SuperviseLeg{Role: "listen", Line: 2}, "no-leg"},
		{"/bridges", api.BridgeLegs{Legs: []string{"2", "3"}}, "no-leg"},
		{"/bridges/" + bridgeOne + "/legs", api.BridgeLegs{Legs: []string{"3"}}, "no-leg"},
		{"/calls", api.NewCall{Line: 1, Number: "1"}, "no-line"},
		{"/calls", api.NewCall{Group: "city", Number: "1"}, "no-group"},
		{"/calls", api.NewCall{Number: "0138"}, "forbidden"},
	} {
		problemIn(t, f.doAs(a, "POST", c.path, c.body), c.code)
	}
	if asked := f.board.last(); asked != "" {
		t.Errorf("the switch was asked all the same: %s", asked)
	}
	// For their own telephone they may call wherever the dial plan leads it.
	if w := f.doAs(a, "POST", "/calls", api.NewCall{Number: "0138", For: "2"}); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, act := range []string{"/legs/2/role", "/legs/2/supervise"} {
		problemIn(t, f.doAs(actor(access.Agent), "POST", act, api.SuperviseLeg{Role: "listen", Line: 3}), "forbidden")
	}
}

func TestCallsWithoutAnAuditRowAreReported(t *testing.T) {
	f := newFixture(t)
	f.audit.refuse(errors.New("disk full"))
	problemIn(t, f.do("POST", "/legs/1/hold", nil), "audit-failed")
}

func TestDaemonWithoutASwitchSaysSo(t *testing.T) {
	f := newFixture(t)
	f.cfg.Switch, f.cfg.Sounds = nil, nil
	for _, path := range []string{"GET /legs", "GET /bridges", "GET /legs/1", "POST /legs/1/answer"} {
		method, p, _ := strings.Cut(path, " ")
		problemIn(t, f.do(method, p, nil), "not-available")
	}
}

func TestTableOfCallsIsWhatTheSearchFinds(t *testing.T) {
	f := newFixture(t)
	f.journal.rows = []calls.Row{
		{ID: callID, Line: 1, Start: begun, Caller: "+8613800138000", Name: `=HYPERLINK("x"),y`, Called: "801", Direction: "in", Recordings: []string{"a", "b"}, Why: []string{"voltage"}},
		{ID: "01KCA000000000000000000002", Line: 2, Start: begun, Name: "小王", Missed: true, Cause: 17},
	}
	w := f.do("GET", "/calls.csv?number=138*", nil)
	b, bom := bytes.CutPrefix(w.Body.Bytes(), []byte("\ufeff"))
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil || !bom || len(rows) != 3 || w.Header().Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Fatalf("%v %v %s", err, w.Header(), w.Body)
	}
	cell := func(row int, column string) string { return rows[row][slices.Index(rows[0], column)] }
	for _, c := range []struct {
		row          int
		column, want string
	}{
		{1, "id", callID}, {1, "caller", "+8613800138000"}, {1, "name", `'=HYPERLINK("x"),y`}, {1, "recordings", "a b"}, {1, "line_name", "Line 1"},
		{1, "start", "2026-11-22T08:00:00.000Z"}, {1, "cause", ""}, {2, "name", "小王"}, {2, "missed", "true"}, {2, "cause", "17"}, {2, "end", ""},
	} {
		if got := cell(c.row, c.column); got != c.want {
			t.Errorf("row %d, %s: %q, want %q", c.row, c.column, got, c.want)
		}
	}
	if f.journal.last.Number != "138*" || f.journal.last.Lines != nil {
		t.Errorf("%+v", f.journal.last)
	}
	f.cfg.Access.SetGroups(map[string][]int{"desk": {2}})
	if w := f.doAs(actor(access.Agent, "desk"), "GET", "/calls.csv", nil); strings.Contains(w.Body.String(), callID) || strings.Count(w.Body.String(), "\n") != 2 {
		t.Errorf("%s", w.Body)
	}
	problemIn(t, f.do("GET", "/calls.csv?line=99", nil), "invalid")
	problemIn(t, f.doAs(actor(access.Technician), "GET", "/calls.csv", nil), "forbidden")
	for in, want := range map[string]string{"+86": "+86", "-1": "'-1", "@x": "'@x", "*21#": "*21#", "": "", "a=b": "a=b", "\tx": "'\tx"} {
		if got := export.Harmless(in); got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
}
