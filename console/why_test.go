package console

import (
	"strings"
	"testing"
	"time"

	"vaad/api"
	"vaad/api/text"
	"vaad/calls"
)

func TestWhySaysHowEverythingIsKnown(t *testing.T) {
	f := newFixture(t)
	id := "01KCA000000000000000000001"
	f.journal.rows = []calls.Row{{ID: id, Line: 1, Start: begun, Answered: begun.Add(9 * time.Second), AnsweredBy: "voice-guess", End: begun.Add(65 * time.Second),
		EndedBy: "busy-tone", Direction: "out", DirectionBy: "dialled", Caller: "64000001", CallerBy: "own", Called: "114", Dialled: "9114", CalledBy: "pulses", Sure: 70,
		Outcome: "answered", Waiting: []calls.Waiting{{Time: begun, Caller: "5550199"}}, Recordings: []string{"01A"}, Why: []string{"voltage"}}}
	w := get[api.Why](f, "/calls/"+id+"/why")
	var about, words []string
	for _, r := range w.Reasons {
		about, words = append(about, r.About+"."+r.Code), append(words, r.Text)
		if r.Text == "" || strings.Contains(r.Text, "{") || strings.HasPrefix(r.Text, "because.") {
			t.Errorf("%+v has no good words", r)
		}
	}
	want := "direction.dialled caller.own called.pulses called.prefix answer.voice-guess waiting.heard end.busy-tone outcome.answered recording.voltage"
	if got := strings.Join(about, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	all := strings.Join(words, "\n")
	for _, s := range []string{"114", "9114", "70 %", "5550199", "64000001", "Busy tone"} {
		if !strings.Contains(all, s) {
			t.Errorf("%q is not in\n%s", s, all)
		}
	}
	if w.Reasons[2].Sure != 70 || w.Call.ID != id {
		t.Errorf("%+v", w)
	}
	problemIn(t, f.do("GET", "/calls/01KCA000000000000000000009/why", nil), "no-call")
}

func TestWhyHasWordsForEveryCallInEveryLanguage(t *testing.T) {
	for _, lang := range text.Languages() {
		for _, c := range []api.Call{
			{}, {Direction: "in"}, {By: "ann", TransferredTo: "801", TransferredFrom: "802"}, {Direction: "in", DirectionBy: "setup", CallerBy: "q931", Redirected: "8001", Connected: "8002", Data: true, AnsweredBy: "connect", Cause: 16}, {Direction: "in", DirectionBy: "ring", CallerLost: "damaged", AnsweredBy: "off-hook", Outcome: "missed"},
			{Direction: "in", DirectionBy: "ring", Withheld: "private", CallerBy: "v23", AnsweredBy: "none"}, {DirectionBy: "found", AnsweredBy: "unknown", Outcome: "unknown"},
		} {
			for _, r := range reasons(&c, lang) {
				if strings.HasPrefix(r.Text, "because.") || strings.Contains(r.Text, "{") {
					t.Errorf("%s: %+v: %+v", lang, c, r)
				}
			}
		}
	}
}

func TestWhySaysWhatADigitalLineToldBesideCallerAndCalled(t *testing.T) {
	f := newFixture(t)
	id := "01KCA000000000000000000001"
	f.journal.rows = []calls.Row{{ID: id, Line: 1, Start: begun, Direction: "in", DirectionBy: "setup", Called: "8000", CalledBy: "q931",
		Withheld: "private", CallerBy: "q931", Redirected: "8001", Connected: "8002", Data: true}}
	w := get[api.Why](f, "/calls/"+id+"/why")
	got := map[string]string{}
	for _, r := range w.Reasons {
		got[r.About] = r.Value
	}
	if got["redirected"] != "8001" || got["connected"] != "8002" || w.Call.Redirected != "8001" || w.Call.Connected != "8002" || !w.Call.Data {
		t.Errorf("%v %+v", got, w.Call)
	}
	if _, ok := got["bearer"]; !ok || got["caller"] != "" {
		t.Errorf("%v", got)
	}
}

func TestWhySaysWhoBeganACallAndWhereItWasPassedOn(t *testing.T) {
	f := newFixture(t)
	f.journal.rows = []calls.Row{{ID: callID, Line: 1, Start: begun, Direction: "out", By: "station 801", Group: "city", Conversation: callID, TransferredTo: "802"}}
	w := get[api.Why](f, "/calls/"+callID+"/why")
	if w.Call.By != "station 801" || w.Call.Group != "city" || w.Call.Conversation != callID || w.Call.TransferredTo != "802" {
		t.Errorf("%+v", w.Call)
	}
	var all []string
	for _, r := range w.Reasons {
		all = append(all, r.About+" "+r.Value)
	}
	call := api.Call{Direction: "out", By: "station 801", AnsweredBy: "connect"}
	for _, c := range []struct{ group, want string }{{"", "switched"}, {"city", "connect"}} { // a trunk says it, a telephone is told
		call.Group = c.group
		for _, r := range reasons(&call, text.English) {
			if r.About == "answer" && r.Code != c.want {
				t.Errorf("%+v, want %s", r, c.want)
			}
		}
	}
	if r := reasons(&api.Call{Direction: "in", By: "ann", Caller: "801"}, text.English)[2]; r.Code != "switched" || !strings.Contains(r.Text, "801") {
		t.Errorf("%+v", r)
	}
	if got := strings.Join(all, "|"); !strings.HasPrefix(got, "begun station 801|direction out|") || !strings.Contains(got, "|transferred 802") {
		t.Error(got)
	}
}
