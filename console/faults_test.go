package console

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vaad/alarm"
	"vaad/api"
	"vaad/api/text"
	"vaad/channels"
	"vaad/driver"
)

// faultCodes are all codes of why a board or a line does not work: the general
// ones, those that DAHDI's driver is known to give, and those in the drivers' sources.
func faultCodes(t *testing.T) []string {
	t.Helper()
	codes := append(channels.BoardReasons(), "dahdi-not-loaded", "dahdi-permission", "dahdi-no-card", "dahdi-no-driver", "dahdi-unconfigured",
		"dahdi-busy", "dahdi-removed", "dahdi-stopped", "dahdi-ambiguous", "dahdi-not-found", "dahdi-span-alarm")
	var files []string
	for _, d := range []string{"dahdi", "voicemodem"} {
		more, err := filepath.Glob("../driver/" + d + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"((?:dahdi|modem)-[a-z-]+)"`).FindAllSubmatch(src, -1) {
			codes = append(codes, string(m[1]))
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

func TestEveryFaultHasWordsAndARemedyInBothLanguages(t *testing.T) {
	want := func(group string, codes []string) {
		for _, c := range codes {
			for _, key := range []string{group + "." + c, group + "." + c + ".remedy"} {
				for _, lang := range text.Languages() {
					if !slices.Contains(text.Keys(lang), key) {
						t.Errorf("%s: %s has no words", lang, key)
					}
				}
			}
		}
	}
	want("fault", faultCodes(t))
	want("span-alarm", channels.SpanAlarms())
	want("line-note", channels.LineNotes())
	hasWords(t, "cap", (driver.CapEC<<1 - 1).List()...)
}

func TestEveryFaultIsInTheTroubleshooting(t *testing.T) {
	b, err := os.ReadFile("../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	for _, c := range faultCodes(t) {
		heading := strings.Contains(page, "\n### "+c+"\n")
		if general := !strings.HasPrefix(c, "dahdi-") && !strings.HasPrefix(c, "modem-") && strings.Contains(page, "`"+c+"`"); !heading && !general {
			t.Errorf("%s has no entry", c)
		}
	}
}

// faulty gives the fixture a board that is gone, one in alarm, and a line that does not work.
func faulty(f *fixture) {
	f.lines.boards = append(f.lines.boards,
		channels.BoardStatus{ID: "fxo", State: channels.BoardFailed, Reason: "dahdi-permission", Detail: "open /dev/dahdi/ctl: permission denied"},
		channels.BoardStatus{ID: "e1", State: channels.BoardRunning, Spans: []channels.SpanStatus{
			{Number: 1, Channels: 31, DChannel: 16, Alarms: []string{"red", "blue"}}, {Number: 2, Channels: 31, DChannel: 16, DChannelUp: true}, {Number: 3, Channels: 31, DChannel: 16, Tap: true, Silent: true, Swapped: true}}},
		channels.BoardStatus{ID: "new", State: channels.BoardFailed, Reason: "dahdi-of-tomorrow", Detail: "something new"})
	f.lines.set(2, func(l *channels.LineStatus) {
		l.Fault = channels.LineFault{Code: "dahdi-busy", Detail: "asterisk has it"}
		l.Notes = []string{"no-volts"}
	})
}

func TestBoardsAndLinesSayWhatIsWrongInTheLanguageAskedFor(t *testing.T) {
	f := newFixture(t)
	faulty(f)
	for _, lang := range text.Languages() {
		ask := func(path string) *httptest.ResponseRecorder {
			r := f.request(http.MethodGet, path, nil)
			r.Header.Set("Accept-Language", lang)
			w := httptest.NewRecorder()
			f.as(admin()).ServeHTTP(w, r)
			return w
		}
		word := func(key string) string { return text.Text(lang, key, nil) }
		boards := decode[api.Page[api.Board]](t, ask("/boards"), 200).Items
		if b := boards[1]; b.Code != "dahdi-permission" || b.Text != word("fault.dahdi-permission") || b.Remedy != word("fault.dahdi-permission.remedy") ||
			!strings.HasSuffix(b.Reason, "permission denied") {
			t.Errorf("%s: %+v", lang, b)
		}
		if s := boards[2].Spans; len(s) != 3 || !slices.Equal(s[0].Alarms, []string{"red", "blue"}) || !strings.HasPrefix(s[0].Text, word("span-alarm.red")) ||
			!strings.HasSuffix(s[0].Text, word("span-alarm.blue")) || !strings.Contains(s[0].Remedy, word("span-alarm.blue.remedy")) || s[1].Text != "" || !s[1].DChannelUp ||
			!s[2].Silent || !s[2].Swapped || !strings.HasPrefix(s[2].Text, word("span-alarm.silent")) || !strings.Contains(s[2].Remedy, word("span-alarm.swapped.remedy")) {
			t.Errorf("%s: %+v", lang, s)
		}
		if b := boards[3]; b.Text != "" || b.Reason != "something new" {
			t.Errorf("%s: a code that is not known: %+v", lang, b)
		}
		l := decode[api.Line](t, ask("/lines/2"), 200)
		if l.Fault == nil || l.Fault.Text != word("fault.dahdi-busy") || l.Fault.Detail != "asterisk has it" || len(l.Notes) != 1 || l.Notes[0].Text != word("line-note.no-volts") {
			t.Errorf("%s: %+v %+v", lang, l.Fault, l.Notes)
		}
	}
}

// Readers of all languages share the live feed.
func TestLiveLinesTellFaultsByCode(t *testing.T) {
	f := newFixture(t)
	faulty(f)
	if l := f.allLines("")[1]; l.Fault == nil || *l.Fault != (api.Fault{Code: "dahdi-busy", Detail: "asterisk has it"}) || len(l.Notes) != 1 || l.Notes[0] != (api.Remark{Code: "no-volts"}) {
		t.Errorf("%+v %+v", l.Fault, l.Notes)
	}
}

func TestAlarmsTellTheCauseAndItsRemedy(t *testing.T) {
	for _, tc := range []struct {
		code, subject string
		args          map[string]string
		lang          string
		text, remedy  string
	}{
		{"board-failed", "fxo", map[string]string{"code": "dahdi-not-loaded", "reason": "no /dev/dahdi/ctl"}, "en",
			"Board fxo cannot be opened: DAHDI is not loaded (no /dev/dahdi/ctl)", "fault.dahdi-not-loaded.remedy"},
		{"board-failed", "fxo", map[string]string{"code": "dahdi-not-loaded", "reason": "no /dev/dahdi/ctl"}, "zh",
			"板卡 fxo 无法打开：内核没有加载 DAHDI（no /dev/dahdi/ctl）", "fault.dahdi-not-loaded.remedy"},
		{"board-failed", "fxo", map[string]string{"code": "open-failed", "reason": "no such folder"}, "en",
			"Board fxo cannot be opened: no such folder", "fault.open-failed.remedy"},
		{"board-failed", "fxo", map[string]string{"code": "dahdi-of-tomorrow", "reason": "something new"}, "en",
			"Board fxo cannot be opened: something new", "alarm.board-failed.remedy"},
		{"board-gone", "fxo", map[string]string{"code": "dahdi-removed"}, "en",
			"Board fxo is gone; its lines are not recorded: The card was taken out, or its driver unloaded", "fault.dahdi-removed.remedy"},
		{"line-fault", "3", map[string]string{"code": "dahdi-busy", "reason": "asterisk has it"}, "zh",
			"线路 3 不能工作：通道被其他程序占用（asterisk has it）", "fault.dahdi-busy.remedy"},
		{"span-alarm", "e1 span 2", map[string]string{"board": "e1", "span": "2", "alarms": "red"}, "en",
			"Board e1, span 2: Red: no signal, or no frame", "span-alarm.red.remedy"},
	} {
		a := alarmOf(alarm.Alarm{Code: tc.code, Subject: tc.subject, Args: tc.args}, tc.lang)
		if a.Text != tc.text || a.Remedy != text.Text(tc.lang, tc.remedy, nil) {
			t.Errorf("%s in %s: %q, %q", tc.code, tc.lang, a.Text, a.Remedy)
		}
	}
}
