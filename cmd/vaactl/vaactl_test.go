package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vaad/api"
	"vaad/api/text"
	"vaad/dsp/wav"
	"vaad/recorder/archive"
)

// A daemon answers like one, over a real socket below a root folder.
type daemon struct {
	root string
	mux  *http.ServeMux

	mu   sync.Mutex
	seen []string // method, path, query and body of each request
}

func newDaemon(t *testing.T) *daemon {
	t.Helper()
	d := &daemon{root: t.TempDir(), mux: http.NewServeMux()}
	if err := os.Mkdir(filepath.Join(d.root, "run"), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(d.root, api.SocketName))
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		d.mu.Lock()
		d.seen = append(d.seen, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+string(b)))
		d.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(b))
		d.mux.ServeHTTP(w, r)
	})}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close(); <-done })
	return d
}

// on answers a route with a value as JSON, or with bytes as they are.
func (d *daemon) on(route string, v any) {
	method, path, _ := strings.Cut(route, " ")
	d.mux.HandleFunc(method+" "+api.Prefix+path, func(w http.ResponseWriter, _ *http.Request) {
		switch v := v.(type) {
		case []byte:
			_, _ = w.Write(v)
		case *api.Problem:
			w.Header().Set("Content-Type", api.ProblemType)
			w.WriteHeader(v.Status)
			_ = json.NewEncoder(w).Encode(v)
		case nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			_ = json.NewEncoder(w).Encode(v)
		}
	})
}

func (d *daemon) requests() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string{}, d.seen...)
}

// ctl runs vaactl against the daemon, in English.
func (d *daemon) ctl(t *testing.T, args ...string) (out, errs string, code int) {
	t.Helper()
	return ctl(t, append([]string{"--root", d.root, "--lang", "en"}, args...)...)
}

func ctl(t *testing.T, args ...string) (out, errs string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(""), &o, &e)
	return o.String(), e.String(), code
}

func ptr[T any](v T) *T { return &v }

var start = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC) // a constant: nothing changes it

func someLines() api.Page[api.Line] {
	return api.Page[api.Line]{Items: []api.Line{
		{Line: 1, Board: "sim", Port: 1, Name: "Front desk", Kind: "fxo", Use: "tap", State: "talking", Since: &start, Volts: ptr(-7.9), LevelDBm0: ptr(-18.0),
			Recording: true, RecordingID: "01A", Trigger: "voltage", Sides: []string{"mixed"}},
		{Line: 2, Board: "sim", Port: 2, Name: "\x1b[31mred\n", Kind: "fxo", Use: "tap", State: "idle", Trigger: "manual", Sides: []string{"mixed"}},
	}}
}

func TestLinesAreListedForPeopleAndPrograms(t *testing.T) {
	d := newDaemon(t)
	d.on("GET /lines", someLines())
	out, _, code := d.ctl(t, "lines")
	if code != exitOK || !strings.Contains(out, "Talking") || !strings.Contains(out, "-7.9 V") || !strings.Contains(out, "-18 dBm0") || !strings.Contains(out, "sim/1") {
		t.Errorf("%d\n%s", code, out)
	}
	if strings.Contains(out, "\x1b") || strings.Count(out, "\n") != 3 {
		t.Errorf("a name steers the terminal: %q", out)
	}
	out, _, code = d.ctl(t, "lines", "--json")
	rows := strings.Split(strings.TrimSpace(out), "\n")
	if code != exitOK || len(rows) != 2 {
		t.Fatalf("%d rows\n%s", len(rows), out)
	}
	var l map[string]any
	if err := json.Unmarshal([]byte(rows[0]), &l); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"line", "board", "port", "name", "kind", "use", "state", "volts", "level_dbm0", "recording"} {
		if _, ok := l[k]; !ok {
			t.Errorf("%s is missing: %s", k, rows[0])
		}
	}
	zh, _, _ := ctl(t, "--root", d.root, "--lang", "zh_CN.UTF-8", "lines")
	if !strings.Contains(zh, "通话") || !strings.Contains(zh, "线路") {
		t.Errorf("in Chinese:\n%s", zh)
	}
}

func TestRecordingsAndCallsPassTheirFilters(t *testing.T) {
	d := newDaemon(t)
	d.on("GET /recordings", api.Page[api.Recording]{Items: []api.Recording{{ID: "01A", Line: 3, Start: start, End: ptr(start.Add(time.Minute)), Duration: 60,
		Direction: "in", Caller: "110", Trigger: "voltage", Codec: "g711a", Sides: []string{"mixed"}, State: "sealed", Notes: []api.Note{{Text: "note"}}}}})
	d.on("GET /calls", api.Page[api.Call]{Items: []api.Call{{ID: "01C", Line: 3, Start: start, Direction: "in", Missed: true, Why: "trigger-manual,stopped"}}})
	d.on("GET /lines", someLines())
	out, _, code := d.ctl(t, "recordings", "--line", "3", "--number", "1*", "--from", "2026-11-22T00:00:00Z", "--to", "2026-11-23T00:00:00Z",
		"--min-duration", "5", "--text", "a b", "--limit", "7", "--json")
	if code != exitOK || !strings.Contains(out, `"duration_s":60`) {
		t.Errorf("%d %s", code, out)
	}
	for _, k := range []string{"id", "line", "start", "end", "duration_s", "direction", "caller", "called", "trigger", "codec", "sides", "bytes", "state", "call", "conversation", "notes"} {
		if !strings.Contains(out, `"`+k+`":`) {
			t.Errorf("%s is missing: %s", k, out)
		}
	}
	want := "GET /api/v1/recordings?from=2026-11-22T00%3A00%3A00Z&limit=7&line=3&min_duration=5&number=1%2A&text=a+b&to=2026-11-23T00%3A00%3A00Z"
	if got := d.requests(); got[len(got)-1] != want {
		t.Errorf("asked %s\nwant  %s", got[len(got)-1], want)
	}
	d.ctl(t, "recordings", "--caller", "138*", "--called", "-", "--name", "前台*", "--board", "a,b", "--side", "local", "--direction", "in,unknown",
		"--trigger", "manual", "--codec", "gsm", "--outcome", "busy", "--answered", "no", "--answered-by", "reversal", "--ended-by", "busy-tone",
		"--state", "sealed,trash", "--gaps", "yes", "--recovered", "no", "--protected", "yes", "--held", "no", "--noted", "yes", "--marked", "yes",
		"--simulated", "no", "--call", "01C", "--conversation", "01D", "--actor", "ann", "--max-duration", "9.5", "--oldest", "--limit", "1")
	want = "GET /api/v1/recordings?actor=ann&answered=no&answered_by=reversal&board=a%2Cb&call=01C&called=-&caller=138%2A&codec=gsm&conversation=01D" +
		"&direction=in%2Cunknown&ended_by=busy-tone&gaps=yes&held=no&limit=1&marked=yes&max_duration=9.5&name=%E5%89%8D%E5%8F%B0%2A&noted=yes" +
		"&order=oldest&outcome=busy&protected=yes&recovered=no&side=local&simulated=no&state=sealed%2Ctrash&trigger=manual"
	if got := d.requests(); got[len(got)-1] != want {
		t.Errorf("asked %s\nwant  %s", got[len(got)-1], want)
	}
	if _, errs, code := d.ctl(t, "recordings", "--direction", "sideways"); code != exitUsage || !strings.Contains(errs, "direction") {
		t.Errorf("a wrong direction: %d %s", code, errs)
	}
	out, _, _ = d.ctl(t, "calls", "--line", "sim/2", "--json")
	for _, k := range []string{"id", "line", "start", "answered_by", "end", "ended_by", "direction", "caller", "called", "keys", "missed", "recordings", "why"} {
		if !strings.Contains(out, `"`+k+`":`) {
			t.Errorf("%s is missing: %s", k, out)
		}
	}
	if got := d.requests(); got[len(got)-1] != "GET /api/v1/calls?limit=1000&line=2" {
		t.Errorf("asked %s", got[len(got)-1])
	}
	if out, _, _ = d.ctl(t, "calls"); !strings.Contains(out, "Missed") || !strings.Contains(out, "Only by hand, Stopped before") {
		t.Errorf("%s", out)
	}
	if out, _, _ = d.ctl(t, "recordings"); !strings.Contains(out, "110") || !strings.Contains(out, "1:00") {
		t.Errorf("%s", out)
	}
}

func TestFiltersThatCannotBeAreSentAndTheirFaultsNamedAsFlags(t *testing.T) {
	d := newDaemon(t)
	d.on("GET /recordings", &api.Problem{Title: "Some values are not valid", Status: 422, Code: "invalid", Errors: []api.ProblemError{
		{Location: "query.min_duration", Message: "must be at least 0"}, {Location: "query.side", Message: "must be one of: local, mixed, network"}}})
	for args, sent := range map[string]string{"--min-duration=-5 --side left": "min_duration=-5", "--max-duration NaN": "max_duration=NaN"} {
		_, errs, code := d.ctl(t, append([]string{"recordings", "--limit", "1"}, strings.Fields(args)...)...)
		got := d.requests()[len(d.requests())-1]
		if code != exitFailed || !strings.Contains(errs, "\n  --min-duration: must be at least 0\n  --side: must be one of: local, mixed, network") || !strings.Contains(got, sent) {
			t.Errorf("%s: %d %q, sent %s", args, code, errs, got)
		}
	}
	for _, args := range []string{"recordings --limit=-1", "calls --limit=-1", "audit --limit=-1"} {
		if _, errs, code := ctl(t, append([]string{"--lang", "zh"}, strings.Fields(args)...)...); code != exitUsage || !strings.Contains(errs, "不能为负数") {
			t.Errorf("%s: %d %q", args, code, errs)
		}
	}
}

func TestEveryPageIsAskedFor(t *testing.T) {
	d := newDaemon(t)
	d.mux.HandleFunc("GET "+api.Prefix+"/recordings", func(w http.ResponseWriter, r *http.Request) {
		p := api.Page[api.Recording]{}
		from, limit := 0, 0
		_, _ = fmt.Sscan(r.URL.Query().Get("after"), &from)
		_, _ = fmt.Sscan(r.URL.Query().Get("limit"), &limit)
		for i := from; i < min(from+limit, 2500); i++ {
			p.Items = append(p.Items, api.Recording{ID: fmt.Sprint(i)})
		}
		if from+limit < 2500 {
			p.Next = fmt.Sprint(from + limit)
		}
		_ = json.NewEncoder(w).Encode(p)
	})
	for args, want := range map[string]int{"--json": 2500, "--json --limit 1200": 1200, "--limit 0": 2501, "": 101} {
		out, errs, _ := d.ctl(t, append([]string{"recordings"}, strings.Fields(args)...)...)
		if n := strings.Count(out, "\n"); n != want {
			t.Errorf("%q: %d rows, want %d", args, n, want)
		}
		if cut := strings.Contains(errs, "--limit 0"); cut != (args == "") {
			t.Errorf("%q: told that there are more: %t", args, cut)
		}
	}
}

func TestStoryIsToldInWords(t *testing.T) {
	d := newDaemon(t)
	d.on("GET /recordings/01A", api.Recording{ID: "01A", Line: 3, Start: start, Duration: 32.06, Direction: "out", Trigger: "voltage", EndedBy: "on-hook"})
	d.on("GET /recordings/01A/story", api.Story{ID: "01A", Items: []json.RawMessage{
		[]byte(`{"time":"2026-11-22T08:00:00Z","at":-16000,"kind":"ring-begin"}`), []byte(`{"at":16000,"kind":"line-state","text":"talking"}`),
		[]byte(`{"at":17000,"kind":"gap","value":160,"text":"\u001b[31m"}`), []byte(`{"at":256480,"kind":"end","code":"on-hook"}`), []byte(`{"kind":"brand-new"}`)}})
	for lang, want := range map[string][]string{
		"en": {"    -2.00 s  Ring begins\n", "     2.00 s  Line state  Talking\n", "     2.12 s  Audio lost  [31m  0.02 s\n", "    32.06 s  Recording ends  Put down\n", "  brand-new\n"},
		"zh": {"  振铃开始\n", "  线路状态  通话\n", "  录音结束  挂机\n"},
	} {
		out, errs, code := ctl(t, "--root", d.root, "--lang", lang, "show", "01A")
		for _, w := range want {
			if code != exitOK || !strings.Contains(out, w) {
				t.Errorf("%d %q, want %q in\n%s", code, errs, w, out)
			}
		}
	}
}

func TestStoryIsToldInTheOrderOfTimeWithoutCodes(t *testing.T) {
	d := newDaemon(t)
	d.on("GET /recordings/01A", api.Recording{ID: "01A", Line: 3, Start: start})
	d.on("GET /recordings/01A/story", api.Story{ID: "01A", Items: []json.RawMessage{
		[]byte(`{"at":400,"kind":"tone","text":"ringback"}`), []byte(`{"at":80,"kind":"tone","text":"ringback","value":1}`),
		[]byte(`{"at":160,"kind":"call-answered","text":"voice-guess"}`), []byte(`{"at":-80,"kind":"digit","text":"7","code":"keys","side":"local","value":800}`),
		[]byte(`{"at":240,"kind":"modem","text":"ans","value":1}`), []byte(`{"at":320,"kind":"modem-rule","text":"ans","code":"lossless"}`),
		[]byte(`{"at":480,"kind":"caller-id-failed","text":"damaged","value":8000}`), []byte(`{"at":560,"kind":"polarity","value":1}`),
		[]byte(`{"at":640,"kind":"numbers","code":"bell202"}`), []byte(`{"at":800,"kind":"end","code":"busy-tone"}`),
		[]byte(`{"at":720,"kind":"call-end","text":"busy-tone","code":"answered"}`)}})
	for lang, want := range map[string]string{
		"en": "Digit dialled  7  DTMF  Near end  0.10 s|Tone  Ringback  begins|Call answered  Voice (guess)|Fax or modem tone  A fax or modem answers  begins|" +
			"Fax or modem rule  A fax or modem answers  Goes on in G.711|Tone  Ringback  ends|Caller ID not understood  A message was damaged  1.00 s|" +
			"Polarity reversal  reversed|Numbers known  FSK (Bell 202)|Call ends  Busy tone  Answered|Recording ends  Busy tone",
		"zh": "拨号数字  7  DTMF  本端（本地侧）  0.10 s",
	} {
		out, _, _ := ctl(t, "--root", d.root, "--lang", lang, "show", "01A")
		var got []string
		for _, l := range strings.Split(strings.TrimSpace(out), "\n") {
			if at, words, ok := strings.Cut(l, " s  "); ok && strings.Trim(at, " -.0123456789") == "" {
				got = append(got, words)
			}
		}
		if all := strings.Join(got, "|"); !strings.HasPrefix(all, want) {
			t.Errorf("%s: %s\nwant %s", lang, all, want)
		}
	}
}

func TestErrorsSayWhatWhereAndWhatToDo(t *testing.T) {
	d := newDaemon(t)
	d.on("POST /lines/9/start", &api.Problem{Title: "There is no such line", Status: 404, Code: "no-line", Line: 9, Remedy: "List the lines with: vaactl lines"})
	d.on("PUT /settings/value", &api.Problem{Title: "The settings would not be valid", Status: 422, Code: "settings-invalid", Remedy: "Correct it.",
		Errors: []api.ProblemError{{Location: "lines.3.preroll_ms", Message: "must be 0…30000"}}})
	d.on("GET /lines", someLines())
	_, errs, code := d.ctl(t, "start", "9")
	if code != exitFailed || errs != "vaactl: There is no such line (line 9)\nList the lines with: vaactl lines\n" {
		t.Errorf("%d %q", code, errs)
	}
	if _, errs, code = d.ctl(t, "set", "lines.3.preroll_ms", "99999"); code != exitFailed || !strings.Contains(errs, "lines.3.preroll_ms: must be 0…30000") {
		t.Errorf("%d %q", code, errs)
	}
	_, errs, code = ctl(t, "--root", "/no/such/folder", "--lang", "en", "lines")
	if code != exitUnreachable || !strings.Contains(errs, "/no/such/folder/run/vaad.sock") || !strings.Contains(errs, "vaad run --root") {
		t.Errorf("%d %q", code, errs)
	}
	for _, args := range [][]string{{"lines", "--nonsense"}, {"nonsense"}, {}, {"start"}, {"start", "x"}, {"start", "0"}, {"--server", "8470", "lines"},
		{"recordings", "--from", "soon"}, {"listen", "1"}, {"recordings", "--limit", "-1"}} {
		if _, errs, code := d.ctl(t, args...); code != exitUsage || errs == "" {
			t.Errorf("%v: %d %q", args, code, errs)
		}
	}
	if _, errs, code := d.ctl(t, "start", "sim/77"); code != exitFailed || !strings.Contains(errs, "sim/77") {
		t.Errorf("%d %q", code, errs)
	}
	if out, _, code := ctl(t, "--version"); code != exitOK || out != "unknown\n" {
		t.Errorf("%d %q", code, out)
	}
}

func TestActsAreSent(t *testing.T) {
	d := newDaemon(t)
	d.on("POST /lines/1/start", api.Started{Line: 1, Recording: "01A"})
	d.on("POST /lines/1/stop", api.Started{Line: 1, Recording: "01A"})
	d.on("POST /recordings/01A/notes", api.Note{})
	d.on("POST /recordings/01A/marks", api.Mark{})
	d.on("PUT /settings/value", api.Setting{Path: "lines.3.trigger", Value: []byte(`"voltage"`)})
	d.on("POST /settings/rollback", api.Settings{Version: 9, Settings: []byte("{}")})
	d.on("POST /alarms/12/ack", nil)
	d.on("POST /index/refresh", api.Refreshed{Recordings: 1200, Seconds: 0.26})
	for _, c := range []struct{ args, out, sent string }{
		{"start 1", "01A\n", "POST /api/v1/lines/1/start"},
		{"stop 1", "01A\n", "POST /api/v1/lines/1/stop"},
		{"note 01A text", "", `POST /api/v1/recordings/01A/notes {"text":"text"}`},
		{"mark 01A 2.5", "", `POST /api/v1/recordings/01A/marks {"at_s":2.5}`},
		{"set lines.3.trigger voltage", "voltage\n", `PUT /api/v1/settings/value {"path":"lines.3.trigger","value":"voltage"}`},
		{"set lines.3.preroll_ms 3000", "voltage\n", `PUT /api/v1/settings/value {"path":"lines.3.preroll_ms","value":3000}`},
		{"set lines.3.trigger null", "voltage\n", `PUT /api/v1/settings/value {"path":"lines.3.trigger","value":null}`},
		{"set --new lines.9.name x", "voltage\n", `PUT /api/v1/settings/value {"path":"lines.9.name","value":"x","create":true}`},
		{"settings rollback 4", "version 9 is in force\n", `POST /api/v1/settings/rollback {"version":4}`},
		{"alarms ack 12", "", "POST /api/v1/alarms/12/ack {}"},
		{"reindex", "the index was made anew in 0.3 s and holds 1200 recordings\n", "POST /api/v1/index/refresh"},
		{"reindex --json", `{"recordings":1200,"took_s":0.26}` + "\n", "POST /api/v1/index/refresh"},
	} {
		out, errs, code := d.ctl(t, strings.Fields(c.args)...)
		if got := d.requests(); code != exitOK || out != c.out || got[len(got)-1] != c.sent {
			t.Errorf("%s: %d, %q, %q, sent %q, want %q", c.args, code, out, errs, got[len(got)-1], c.sent)
		}
	}
}

func TestNumberThatIsANameIsSetAsAName(t *testing.T) {
	d := newDaemon(t)
	d.mux.HandleFunc("PUT "+api.Prefix+"/settings/value", func(w http.ResponseWriter, r *http.Request) {
		var v api.SetValue
		_ = json.NewDecoder(r.Body).Decode(&v)
		if v.Value[0] != '"' {
			w.Header().Set("Content-Type", api.ProblemType)
			w.WriteHeader(422)
			_ = json.NewEncoder(w).Encode(api.Problem{Code: "settings-invalid", Title: "must be a string"})
			return
		}
		_ = json.NewEncoder(w).Encode(api.Setting{Path: v.Path, Value: v.Value})
	})
	if out, errs, code := d.ctl(t, "set", "lines.3.name", "8001"); code != exitOK || out != "8001\n" {
		t.Errorf("%d %q %q", code, out, errs)
	}
}

func TestFilesAreWholeOrNotThere(t *testing.T) {
	d := newDaemon(t)
	audio := append(wav.Header(wav.ALaw, 1000), bytes.Repeat([]byte{0xD5}, 1000)...)
	d.on("GET /recordings/01A/export", audio)
	d.mux.HandleFunc("GET "+api.Prefix+"/recordings/01B/export", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "5000")
		_, _ = w.Write(audio) // and then the connection breaks
	})
	dir := t.TempDir()
	out := filepath.Join(dir, "a.wav")
	if _, errs, code := d.ctl(t, "export", "01A", "-o", out); code != exitOK {
		t.Fatalf("%d %s", code, errs)
	}
	if b, err := os.ReadFile(out); err != nil || !bytes.Equal(b, audio) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if _, _, code := d.ctl(t, "export", "01B", "-o", filepath.Join(dir, "b.wav")); code != exitFailed {
		t.Errorf("a broken download: exit code %d", code)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	if got, _, code := d.ctl(t, "export", "01A", "-o", "-"); code != exitOK || got != string(audio) {
		t.Errorf("to standard output: %d, %d bytes", code, len(got))
	}
}

func TestListeningLeavesAFileWithItsTrueLength(t *testing.T) {
	d := newDaemon(t)
	d.on("GET /lines/1/listen", append(wav.StreamHeader(wav.ALaw), bytes.Repeat([]byte{0xD5}, 8001)...))
	out := filepath.Join(t.TempDir(), "live.wav")
	if _, errs, code := d.ctl(t, "listen", "1", "-o", out, "--seconds", "1"); code != exitOK {
		t.Fatalf("%d %s", code, errs)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	in, err := wav.Parse(bytes.NewReader(b))
	if err != nil || in.DataBytes != 8001 || len(b)%2 != 0 {
		t.Errorf("%+v, %v, %d bytes", in, err, len(b))
	}
	if got := d.requests(); got[0] != "GET /api/v1/lines/1/listen?seconds=1" {
		t.Errorf("asked %s", got[0])
	}
}

func TestFactsSayWhoCallsWhom(t *testing.T) {
	s := &session{lang: "en"}
	for f, want := range map[*api.Fact]string{
		{Kind: "numbers", Line: 3, Caller: "110", Name: "LI", Called: "64000001"}: "110 LI → 64000001",
		{Kind: "tone", Line: 3, Text: "busy", Value: 1}:                           "Busy tone  begins",
		{Kind: "modem", Line: 3, Text: "ans"}:                                     "A fax or modem answers  ends",
	} {
		if got := s.factText(f); !strings.Contains(got, want) {
			t.Errorf("%+v: %q, want %q in it", f, got, want)
		}
	}
}

func TestWatchPrintsWhatHappens(t *testing.T) {
	d := newDaemon(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	d.mux.HandleFunc("GET "+api.Prefix+"/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		if r.Header.Get("Last-Event-ID") != "B-2" { // the first time the connection breaks
			b, _ := json.Marshal(api.Snapshot{Boot: "B", Seq: 1, Lines: someLines().Items})
			_, _ = fmt.Fprintf(w, "retry: 2000\n\nid: B-1\nevent: snapshot\ndata: %s\n\n: beat\n\n", b)
			b, _ = json.Marshal(api.Fact{Boot: "B", Seq: 2, Kind: "line-state", Line: 1, From: "ringing", To: "talking", Time: start})
			_, _ = fmt.Fprintf(w, "id: B-2\nevent: event\ndata: %s\n\n", b)
			return
		}
		_, _ = fmt.Fprint(w, "event: lines\ndata: {\"lines\":[]}\n\n")
		w.(http.Flusher).Flush()
		cancel()
		<-r.Context().Done()
	})
	var o, e bytes.Buffer
	code := run(ctx, []string{"--root", d.root, "--lang", "en", "lines", "--watch"}, nil, &o, &e)
	if code != exitOK || !strings.Contains(o.String(), "Ringing → Talking") || !strings.Contains(o.String(), "Front desk") || !strings.Contains(e.String(), "trying again") {
		t.Errorf("%d\n%s\n%s", code, o.String(), e.String())
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }

func TestWatchOfWhatIsLearntTellsThatAlone(t *testing.T) {
	d := newDaemon(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	d.mux.HandleFunc("GET "+api.Prefix+"/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		tell := func(event string, v any) {
			b, _ := json.Marshal(v)
			_, _ = fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, b)
		}
		l := api.Line{Line: 1, Board: "sim", Port: 1, Name: "desk", State: "idle", Learnt: &api.Learnt{IdleVolts: 48.5}}
		tell("snapshot", api.Snapshot{Lines: []api.Line{l}})
		tell("event", api.Fact{Kind: "ring-begin", Line: 1, Time: start})
		l.State = "ringing"
		tell("lines", api.Changed{Lines: []api.Line{l}})
		l.Learnt = &api.Learnt{IdleVolts: 48.5, RingGapMS: 4000}
		tell("lines", api.Changed{Lines: []api.Line{l}})
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	var o, e bytes.Buffer
	out := writer(func(b []byte) (int, error) {
		defer func() {
			if strings.Contains(o.String(), "RING PAUSE 4") {
				cancel()
			}
		}()
		return o.Write(b)
	})
	if code := run(ctx, []string{"--root", d.root, "--lang", "en", "lines", "--learnt", "--watch"}, nil, out, &e); code != exitOK {
		t.Errorf("%d %s", code, e.String())
	}
	rows := strings.Split(strings.TrimSpace(o.String()), "\n")
	if len(rows) != 3 || !strings.Contains(rows[1], "48.5 V") || !strings.HasSuffix(rows[2], "line 1  RING PAUSE 4.0 s") {
		t.Errorf("%q", rows)
	}
}

func TestLinkOfTheDaemonIsAnAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var auth string
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		auth = r.Header.Get("Authorization")
		_ = json.NewEncoder(w).Encode(someLines())
	})}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	if _, errs, code := ctl(t, "--server", "http://"+l.Addr().String()+"/?token=SECRET", "lines"); code != exitOK {
		t.Errorf("%d %s", code, errs)
	}
	_ = srv.Close()
	<-done
	if auth != "Bearer SECRET" {
		t.Errorf("the token was sent as %q", auth)
	}
}

func TestSocketPathMayBeLong(t *testing.T) {
	d := newDaemon(t)
	d.on("GET /lines", someLines())
	deep := filepath.Join(t.TempDir(), strings.Repeat("x", 60), strings.Repeat("y", 60))
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(d.root, "run"), filepath.Join(deep, "run")); err != nil {
		t.Fatal(err)
	}
	if out, errs, code := ctl(t, "--root", deep, "lines", "--json"); code != exitOK || out == "" {
		t.Errorf("%d %s", code, errs)
	}
}

func TestVerifyFindsWhatWasChanged(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "recordings")
	a, err := archive.Open(archive.Config{Root: dir})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for range 2 {
		w, err := a.Begin(archive.Start{Line: 1, Codec: archive.G711A, Sides: []string{"mixed"}, Begin: start})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Append(0, make([]byte, 800)); err != nil {
			t.Fatal(err)
		}
		if err := w.Finish(archive.End{Time: start.Add(time.Second), EndedBy: "manual"}); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, w.ID())
	}
	if err := a.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	out, errs, code := ctl(t, "--root", root, "--lang", "en", "verify")
	if code != exitOK || !strings.HasPrefix(out, "recordings: 2 good, 0 not\n") {
		t.Fatalf("%d %q %q", code, out, errs)
	}
	name := filepath.Join(dir, "2026/11/22", ids[1]+".mixed.wav")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b[500] ^= 1
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	out, _, code = ctl(t, "--root", root, "--lang", "en", "verify")
	if code != exitFailed || !strings.Contains(out, ids[1]) || strings.Contains(out, ids[0]) || !strings.Contains(out, "recordings: 1 good, 1 not") {
		t.Errorf("%d %q", code, out)
	}
	if out, _, code = ctl(t, "--root", root, "--json", "verify", ids[0]); code != exitOK || strings.Contains(out, `"ok":false`) {
		t.Errorf("%d %q", code, out)
	}
	if _, errs, code = ctl(t, "verify"); code != exitUsage || !strings.Contains(errs, "--root") {
		t.Errorf("%d %q", code, errs)
	}
}

func TestVerifyOfAFolderWithoutRecordingsFails(t *testing.T) {
	dir := t.TempDir()
	for _, lang := range text.Languages() {
		want := (&session{lang: lang}).refusal("verify-nothing", "folder", dir).Error()
		if out, errs, code := ctl(t, "--lang", lang, "verify", "--dir", dir); code != exitFailed || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%s: %d %q %q", lang, code, out, errs)
		}
	}
	if _, errs, code := ctl(t, "--lang", "en", "--root", "/no/such/folder", "verify"); code != exitFailed || !strings.Contains(errs, "/no/such/folder/recordings is not there") {
		t.Errorf("%d %q", code, errs)
	}
}

func TestTimesAreReadAsPeopleWriteThem(t *testing.T) {
	for s, want := range map[string]time.Time{
		"2026-11-22":                time.Date(2026, 11, 22, 0, 0, 0, 0, time.Local),
		"2026-11-22T08:30":          time.Date(2026, 11, 22, 8, 30, 0, 0, time.Local),
		"2026-11-22 08:30:15":       time.Date(2026, 11, 22, 8, 30, 15, 0, time.Local),
		"2026-11-22T08:30:00+08:00": time.Date(2026, 11, 22, 0, 30, 0, 0, time.UTC),
	} {
		var m moment
		if err := m.UnmarshalText([]byte(s)); err != nil || !m.Equal(want) {
			t.Errorf("%s: %v, %v", s, m, err)
		}
	}
	for s, ago := range map[string]time.Duration{"24h": 24 * time.Hour, "90m": 90 * time.Minute, "7d": 7 * 24 * time.Hour} {
		var m moment
		if err := m.UnmarshalText([]byte(s)); err != nil || time.Since(m.Time)-ago > time.Minute {
			t.Errorf("%s: %v, %v", s, m, err)
		}
	}
}

func TestTableColumnsLineUpInChinese(t *testing.T) {
	var b bytes.Buffer
	tb := &table{head: []string{"线路", "A"}}
	tb.row("1", "x")
	if err := tb.print(&b); err != nil {
		t.Fatal(err)
	}
	if b.String() != "线路  A\n1     x\n" {
		t.Errorf("%q", b.String())
	}
}
