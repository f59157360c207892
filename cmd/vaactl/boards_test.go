package main

import (
	"strings"
	"testing"

	"vaad/api"
)

func someBoards() api.Page[api.Board] {
	return api.Page[api.Board]{Items: []api.Board{
		{ID: "fxo", Driver: "dahdi", State: "failed", Code: "dahdi-not-loaded", Text: "DAHDI is not loaded", Remedy: "Load it.", Reason: "open /dev/dahdi/ctl: \x1b[31mno"},
		{ID: "e1", Driver: "dahdi", Model: "TE405", State: "running", Lines: 60, Spans: []api.Span{
			{Span: 1, Channels: 31, DChannel: 16, Alarms: []string{"red"}, Text: "Red: no signal", Remedy: "Check the cable."},
			{Span: 2, Channels: 31, DChannel: 16, DChannelUp: true, Alarms: []string{}, SyncSource: 5}}},
		{ID: "new", State: "failed", Code: "of-tomorrow", Reason: "something new"},
	}}
}

func TestBoardsTellWhyTheyDoNotRunAndWhatToDo(t *testing.T) {
	d := newDaemon(t)
	d.on("GET /boards", someBoards())
	out, errs, code := d.ctl(t, "boards")
	for _, want := range []string{"DAHDI is not loaded", "fxo: DAHDI is not loaded\n  open /dev/dahdi/ctl: [31mno\n  → Load it.",
		"e1 span 1: Red: no signal\n  → Check the cable.", "16, silent", "16, up", "span 5", "new: something new\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("does not say %q", want)
		}
	}
	if code != exitOK || strings.Contains(out, "\x1b") || strings.Contains(out, "e1 span 2:") {
		t.Errorf("%d %s\n%s", code, errs, out)
	}
	if out, _, code = d.ctl(t, "boards", "--json"); code != exitOK || strings.Count(out, "\n") != 3 || !strings.Contains(out, `"remedy":"Load it."`) {
		t.Errorf("%d\n%s", code, out)
	}
}

func TestLineThatDoesNotWorkIsToldBelowTheListAndInItsDetails(t *testing.T) {
	d := newDaemon(t)
	all := someLines()
	l := &all.Items[0]
	l.Fault = &api.Fault{Code: "dahdi-busy", Text: "Another program has the channels", Remedy: "End it.", Detail: "asterisk has it"}
	l.Notes = []api.Remark{{Code: "no-volts", Text: "This card reports no voltage", Remedy: "Record by voice."}}
	l.Caps = []string{"ring-detect", "onhook-rx"}
	d.on("GET /lines", all)
	d.on("GET /lines/1", *l)
	const fault = "Another program has the channels\n  asterisk has it\n  → End it."
	out, _, code := d.ctl(t, "lines")
	if code != exitOK || !strings.Contains(out, "line 1: "+fault) || strings.Contains(out, "no voltage") {
		t.Errorf("%d\n%s", code, out)
	}
	for _, name := range []string{"1", "sim/1"} {
		out, errs, code := d.ctl(t, "lines", name)
		for _, want := range []string{fault, "Front desk", "-7.9 V", "detect ringing, hear on-hook", "This card reports no voltage\n  → Record by voice."} {
			if !strings.Contains(out, want) {
				t.Errorf("lines %s does not say %q", name, want)
			}
		}
		if code != exitOK {
			t.Errorf("lines %s: %d %s\n%s", name, code, errs, out)
		}
	}
	if out, _, code = d.ctl(t, "lines", "1", "--json"); code != exitOK || !strings.Contains(out, `"code":"dahdi-busy"`) {
		t.Errorf("%d\n%s", code, out)
	}
	if _, errs, code := d.ctl(t, "lines", "1", "--watch"); code != exitUsage {
		t.Errorf("%d %s", code, errs)
	}
}

func TestStoryTellsAlarmsInWords(t *testing.T) {
	for _, tc := range []struct{ lang, text, want string }{
		{"en", "span 2: red, blue", "span 2: Red: no signal, or no frame, Blue: the far end sends only ones"},
		{"zh", "span 2: yellow", "2 号 span: 黄色：对端收不到本端"},
		{"en", "span 2", "span 2"},
		{"en", "channel", "channel"},
		{"en", "span of tomorrow", "span of tomorrow"},
	} {
		s := &session{lang: tc.lang}
		if got := s.about("alarm", tc.text); got != tc.want {
			t.Errorf("%q in %s: %q, want %q", tc.text, tc.lang, got, tc.want)
		}
	}
}
