package console

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/calls"
	"vaad/channels"
	"vaad/dsp/wav"
	"vaad/recorder"
	"vaad/recorder/archive"
)

func TestIndexIsMadeAnewOneAtATime(t *testing.T) {
	f := newFixture(t)
	f.record(1, 8000, "mixed")
	f.record(2, 8000, "mixed")
	got := decode[api.Refreshed](t, f.do("POST", "/index/refresh", nil), 200)
	if got.Recordings != 2 || got.AtLeast {
		t.Errorf("refreshed %+v, want 2 recordings", got)
	}
	if p := get[api.Page[api.Recording]](f, "/recordings"); len(p.Items) != 2 {
		t.Errorf("%d recordings afterwards", len(p.Items))
	}
	if rows := f.audit.rows(t); len(rows) != 1 || rows[0].Verb != access.Maintain || rows[0].Object != "index" || rows[0].Result != "ok" {
		t.Errorf("audited as %+v", rows)
	}
	f.refreshing <- struct{}{}
	problemIn(t, f.do("POST", "/index/refresh", nil), "busy")
	<-f.refreshing
}

func TestRecordingIsFoundPlayedAndAnnotated(t *testing.T) {
	f := newFixture(t)
	row := f.record(1, 8000, "mixed")
	f.record(2, 16000, "network", "local")

	all := get[api.Page[api.Recording]](f, "/recordings")
	if len(all.Items) != 2 || all.Total != 2 || all.Items[0].Line != 2 {
		t.Fatalf("recordings %+v", all)
	}
	r := get[api.Recording](f, "/recordings/"+row.ID)
	if r.Duration != 1 || r.State != "sealed" || r.Codec != "g711a" || r.Caller != "075512345678" || r.EndedBy != "on-hook" ||
		r.Bytes <= 8000 || r.Sides[0] != "mixed" || r.End == nil || r.Notes == nil || len(r.SHA256["mixed"]) != 64 {
		t.Errorf("recording %+v", r)
	}
	for q, n := range map[string]int{"?line=1": 1, "?number=0755*": 2, "?number=0755": 0, "?min_duration=1.5": 1, "?limit=1": 1, "?line=1,2": 2,
		"?from=" + begun.Add(90*time.Second).Format(time.RFC3339): 1, "?to=" + begun.Add(90*time.Second).Format(time.RFC3339): 1} {
		if p := get[api.Page[api.Recording]](f, "/recordings"+q); len(p.Items) != n {
			t.Errorf("%s: %d rows, want %d", q, len(p.Items), n)
		}
	}
	for q, n := range map[string]int{"?caller=0755*": 2, "?caller=-": 0, "?called=-": 2, "?side=network": 1, "?side=local,mixed": 2, "?codec=gsm": 0,
		"?ended_by=on-hook": 2, "?state=trash": 0, "?state=sealed,trash": 2, "?gaps=no": 2, "?answered=yes": 0, "?protected=yes": 0, "?noted=no": 2,
		"?max_duration=1.5": 1, "?order=oldest&limit=1": 1, "?direction=in": 2, "?direction=unknown": 0, "?outcome=unknown": 2, "?actor=nobody": 0} {
		if p := get[api.Page[api.Recording]](f, "/recordings"+q); len(p.Items) != n {
			t.Errorf("%s: %d rows, want %d", q, len(p.Items), n)
		}
	}
	problemIn(t, f.do("GET", "/recordings?after=%25", nil), "cursor")
	problemIn(t, f.do("GET", "/recordings?direction=sideways", nil), "invalid")
	if p := get[api.Page[api.Recording]](f, "/recordings?order=oldest"); p.Items[0].ID != row.ID {
		t.Errorf("oldest first begins with %s", p.Items[0].ID)
	}
	first := get[api.Page[api.Recording]](f, "/recordings?limit=1")
	second := get[api.Page[api.Recording]](f, "/recordings?limit=1&after="+first.Next)
	if len(second.Items) != 1 || second.Items[0].ID != row.ID || second.Next != "" {
		t.Errorf("second page %+v", second)
	}

	decode[api.Note](t, f.do("POST", "/recordings/"+row.ID+"/notes", api.NewNote{Text: "订单 complaint"}), 200)
	decode[api.Mark](t, f.do("POST", "/recordings/"+row.ID+"/marks", api.NewMark{At: 0.5, Text: "here"}), 200)
	r = get[api.Recording](f, "/recordings/"+row.ID)
	if len(r.Notes) != 1 || r.Notes[0].Text != "订单 complaint" || r.Notes[0].Actor != "administrator" || len(r.Marks) != 1 || r.Marks[0].At != 0.5 {
		t.Errorf("after note and mark: %+v", r)
	}
	if p := get[api.Page[api.Recording]](f, "/recordings?text=complaint"); len(p.Items) != 1 {
		t.Errorf("the note's words find %d recordings", len(p.Items))
	}
	st := get[api.Story](f, "/recordings/"+row.ID+"/story")
	if st.ID != row.ID || !st.Complete || len(st.Items) == 0 || !strings.Contains(string(st.Start), `"line":1`) {
		t.Errorf("story %+v", st)
	}
}

func TestAudioIsTheSealedFileAndRangesAreParts(t *testing.T) {
	f := newFixture(t)
	row := f.record(1, 8000, "mixed")
	path := "/recordings/" + row.ID + "/audio"
	w := f.do("GET", path, nil)
	want := append(wav.Header(wav.ALaw, 8000), pattern(8000, 0)...)
	if w.Code != 200 || !bytes.Equal(w.Body.Bytes(), want) || w.Header().Get("Content-Type") != "audio/wav" {
		t.Fatalf("%d, %d bytes of %s, want %d", w.Code, w.Body.Len(), w.Header().Get("Content-Type"), len(want))
	}
	if w.Header().Get("Accept-Ranges") != "bytes" || w.Header().Get("Content-Length") != fmt.Sprint(len(want)) {
		t.Errorf("headers %v", w.Header())
	}
	for _, c := range []struct {
		format   string
		from, to int
	}{{"native", 0, 0}, {"native", 90, 200}, {"native", 8000, 8093}, {"pcm16", 0, 79}, {"pcm16", 75, 9001}, {"pcm16", 16079, 16079}} {
		whole := f.do("GET", path+"?format="+c.format, nil).Body.Bytes()
		r := f.request("GET", path+"?format="+c.format, nil)
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", c.from, c.to))
		w := httptest.NewRecorder()
		f.as(admin()).ServeHTTP(w, r)
		if w.Code != http.StatusPartialContent || !bytes.Equal(w.Body.Bytes(), whole[c.from:c.to+1]) ||
			w.Header().Get("Content-Range") != fmt.Sprintf("bytes %d-%d/%d", c.from, c.to, len(whole)) {
			t.Errorf("%+v: %d, %d bytes, %s", c, w.Code, w.Body.Len(), w.Header().Get("Content-Range"))
		}
	}
	r := f.request("GET", path, nil)
	r.Header.Set("Range", "bytes=99999-")
	w = httptest.NewRecorder()
	f.as(admin()).ServeHTTP(w, r)
	if p := problemIn(t, w, "range"); !strings.Contains(p.Detail, "bytes=99999-") || w.Header().Get("Content-Range") != fmt.Sprintf("bytes */%d", len(want)) {
		t.Errorf("a part behind the end: %+v, %s", p, w.Header().Get("Content-Range"))
	}
	if w := f.do("HEAD", path, nil); w.Code != 200 || w.Body.Len() != 0 {
		t.Errorf("HEAD: %d, %d bytes", w.Code, w.Body.Len())
	}
}

func TestExportIsOneFile(t *testing.T) {
	f := newFixture(t)
	row := f.record(1, 800, "network", "local")
	w := f.do("GET", "/recordings/"+row.ID+"/export", nil)
	in, err := wav.ParseAt(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
	if err != nil || in.Channels != 2 || in.Format != wav.ALaw || in.DataBytes != 1600 {
		t.Fatalf("%+v, %v", in, err)
	}
	if d := w.Header().Get("Content-Disposition"); d != `attachment; filename="`+row.ID+`.wav"` {
		t.Errorf("disposition %s", d)
	}
	for i, side := range []string{"network", "local"} {
		a := f.do("GET", "/recordings/"+row.ID+"/audio?side="+side, nil).Body.Bytes()
		if !bytes.Equal(a[wav.HeaderLen(wav.ALaw):], pattern(800, i)) {
			t.Errorf("side %s differs", side)
		}
	}
}

func TestErasedRecordingSaysSo(t *testing.T) {
	f := newFixture(t)
	row := f.record(1, 800, "mixed")
	if _, err := f.archive.Act(t.Context(), archive.Act{ID: row.ID, Kind: archive.ActErase, Actor: "x"}); err != nil {
		t.Fatal(err)
	}
	problemIn(t, f.do("GET", "/recordings/"+row.ID+"/audio", nil), "erased")
	problemIn(t, f.do("POST", "/recordings/"+row.ID+"/notes", api.NewNote{Text: "x"}), "erased")
}

func TestStartAndStopAnswerWithTheRecording(t *testing.T) {
	f := newFixture(t)
	s := decode[api.Started](t, f.do("POST", "/lines/1/start", nil), 200)
	l := get[api.Line](f, "/lines/1")
	if !l.Recording || l.RecordingID != s.Recording || l.RecordingSince == nil || l.Trigger != "voltage" || l.Group != "front" {
		t.Errorf("line %+v", l)
	}
	if e := decode[api.Started](t, f.do("POST", "/lines/1/stop", nil), 200); e != s {
		t.Errorf("stop answers %+v, start %+v", e, s)
	}
	for err, code := range map[error]string{recorder.ErrOff: "recording-off", recorder.ErrUnused: "line-unused", recorder.ErrGone: "line-gone",
		recorder.ErrStarting: "starting", recorder.ErrNoSpace: "disk-full", recorder.ErrNotRunning: "closing", channels.ErrBusy: "busy"} {
		f.rec.err = &recorder.LineError{Op: "start recording", Line: 1, Err: err}
		if p := problemIn(t, f.do("POST", "/lines/1/start", nil), code); p.Line != 1 || p.Detail == "" {
			t.Errorf("%v: %+v", err, p)
		}
	}
}

func TestListenersHearTheLineAndAreLetGo(t *testing.T) {
	f := newFixture(t)
	w := f.do("GET", "/lines/1/listen?format=pcm16&seconds=1", nil)
	if w.Code != 200 || w.Body.Len() != wav.HeaderLen(wav.PCM16)+16000 {
		t.Errorf("%d, %d bytes", w.Code, w.Body.Len())
	}
	heard := make(chan struct{})
	f.rec.live = func(ctx context.Context, _ int) (io.Reader, error) {
		pr, pw := io.Pipe()
		go func() {
			_, _ = pw.Write(append(wav.StreamHeader(wav.ALaw), pattern(160, 0)...))
			close(heard)
			<-ctx.Done() // as the recorder's: it waits for audio until the listener goes
			pw.CloseWithError(ctx.Err())
		}()
		return pr, nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.as(admin()).ServeHTTP(httptest.NewRecorder(), f.request("GET", "/lines/1/listen", nil).WithContext(ctx))
	}()
	<-heard
	cancel()
	<-done
	if len(f.slots) != 0 {
		t.Errorf("%d places of listeners are still taken", len(f.slots))
	}
	for range maxListeners {
		f.slots <- struct{}{}
	}
	problemIn(t, f.do("GET", "/lines/1/listen", nil), "too-many")
}

func TestFlightIsAFileOrAProblem(t *testing.T) {
	f := newFixture(t)
	f.rec.frames = []byte("FRAMES")
	w := f.do("GET", "/lines/2/flight?seconds=5", nil)
	if w.Code != 200 || w.Body.String() != "FRAMES line 2, 5 s" || !strings.Contains(w.Header().Get("Content-Disposition"), "line-2-") {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
	if w = f.do("GET", "/lines/2/flight?board=true", nil); w.Code != 200 || w.Body.String() != "FRAMES board of line 2, 60 s" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	f.rec.frames, f.rec.err = nil, channels.ErrGone
	problemIn(t, f.do("GET", "/lines/2/flight", nil), "line-gone")
	f.cfg.Flight = nil
	problemIn(t, f.do("GET", "/lines/2/flight", nil), "not-available")
}

func TestCaptureIsAFileOrAProblem(t *testing.T) {
	f := newFixture(t)
	w := f.do("GET", "/boards/sim/spans/2/dchannel.pcap?seconds=5", nil)
	if w.Code != 200 || w.Body.String() != "PCAP sim/2" || !strings.Contains(w.Header().Get("Content-Disposition"), "sim-span-2.pcap") {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
	problemIn(t, f.do("GET", "/boards/sim/spans/3/dchannel.pcap", nil), "no-dchannel")
	problemIn(t, f.do("GET", "/boards/other/spans/1/dchannel.pcap", nil), "no-board")
	problemIn(t, f.do("GET", "/boards/sim/spans/0/dchannel.pcap", nil), "invalid")
	if len(f.slots) != 0 {
		t.Errorf("%d places of listeners are still taken", len(f.slots))
	}
	f.cfg.Pcap = nil
	problemIn(t, f.do("GET", "/boards/sim/spans/1/dchannel.pcap", nil), "not-available")
}

func TestCallsLookAsPromised(t *testing.T) {
	f := newFixture(t)
	f.journal.rows = []calls.Row{{ID: "01KCA000000000000000000001", Line: 1, Board: "sim", Start: begun, AnsweredBy: "off-hook", Answered: begun.Add(5 * time.Second),
		End: begun.Add(65 * time.Second), EndedBy: "on-hook", Direction: "in", Caller: "110", Keys: "1", Recordings: []string{"01A"}, Why: []string{"voltage", "manual"}},
		{ID: "01KCA000000000000000000002", Line: 2, Start: begun, Direction: "unknown", Missed: true}}
	p := get[api.Page[api.Call]](f, "/calls?line=1,2&number=1*&min_duration=2&text=x&limit=7")
	if len(p.Items) != 2 {
		t.Fatalf("%+v", p)
	}
	c := p.Items[0]
	if c.Duration != 65 || c.Why != "voltage,manual" || c.LineName != "Line 1" || c.Recordings[0] != "01A" || c.Answered == nil || c.Missed {
		t.Errorf("%+v", c)
	}
	if c = p.Items[1]; !c.Missed || c.Direction != "" || c.End != nil || c.Recordings == nil {
		t.Errorf("%+v", c)
	}
	got := f.journal.last
	if fmt.Sprint(got.Lines) != "[1 2]" || got.Number != "1*" || got.MinDuration != 2*time.Second || got.Text != "x" || got.Limit != 7 {
		t.Errorf("the journal is asked for %+v", got)
	}
	if one := get[api.Call](f, "/calls/01KCA000000000000000000002"); one.Line != 2 {
		t.Errorf("%+v", one)
	}
}
