package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"vaad/api"
)

// learns answers for a line 3 that is learnt: done at the third look, or never.
func (d *daemon) learns(done bool, j api.Learning) {
	looks := 0
	answer := func(w http.ResponseWriter, _ *http.Request) {
		now := j
		if looks++; looks < 3 || !done {
			now.State, now.Ended, now.Measured = "dial", nil, j.Measured[:1]
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(now)
	}
	d.mux.HandleFunc("POST "+api.Prefix+"/lines/3/learn", answer)
	d.mux.HandleFunc("GET "+api.Prefix+"/lines/3/learn", answer)
	d.on("DELETE /lines/3/learn", nil)
	d.on("PUT /settings/value", api.Setting{Path: "x", Value: json.RawMessage(`{}`)})
	d.values(map[string]string{"site": `{"country":"CN"}`, "lines.3": `{"outside_prefix":"9","profile":"old"}`, "profiles.old": `{"threshold_mv":20000,"busy_hz":600}`})
}

func learnt() api.Learning {
	end, volts := time.Date(2026, 11, 22, 8, 1, 0, 0, time.UTC), 48.0
	return api.Learning{ID: "learn-3-1", Line: 3, State: "done", Ended: &end, Steps: []api.LearnStep{{Code: "dial", Of: "88881111"}},
		Measured: []api.LearnItem{
			{Code: "volts-idle", Value: &volts, Sure: 100},
			{Code: "busy-tone", Text: "busy", Sure: 70, Tone: &api.LearnTone{Hz: []float64{453}, DBm0: -9, Parts: []api.LearnPart{{OnMS: 351, OffMS: 349}}},
				Fit: &api.LearnFit{Country: "CN", Tone: "busy", HzOff: 3, DBOff: 1}},
			{Code: "dial-tone", Text: "steady", Sure: 100, Tone: &api.LearnTone{Hz: []float64{350, 440}, DBm0: -9, Steady: true}, Fit: &api.LearnFit{Country: "CN", Others: []string{"CA", "US"}}},
			{Code: "ringback", Why: "not-asked"},
		},
		Profile: api.LearnProfile{Country: "CN", BusyHz: 453, BusyOnMS: 351, BusyOffMS: 349}}
}

// answering runs vaactl with something typed.
func (d *daemon) answering(t *testing.T, typed string, args ...string) (out, errs string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), append([]string{"--root", d.root, "--lang", "en"}, args...), strings.NewReader(typed), &o, &e)
	return o.String(), e.String(), code
}

func TestLearnShowsWhatItMeasuresAndAsksBeforeItSaves(t *testing.T) {
	d := newDaemon(t)
	d.learns(true, learnt())
	out, errs, code := d.answering(t, "no\n", "learn", "3", "--busy", "88881111")
	if code != exitOK {
		t.Fatal(errs)
	}
	for _, want := range []string{"Dialling 88881111", "Voltage on-hook: 48.0 V", "Busy tone: 453 Hz, -9.0 dBm0, 351/349 ms, Busy tone of CN (+3.0 Hz, +1.0 dB), 70 % sure",
		"Dial tone: 350 + 440 Hz, -9.0 dBm0, steady, no such tone in CN, but in CA, US", "Ringback: not measured, its number was not given", "Proposed profile line-3: busy_hz=453", "Not saved."} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if all := strings.Join(d.requests(), "\n"); strings.Contains(all, "PUT") {
		t.Errorf("it was saved:\n%s", all)
	}
	if _, errs, code = d.answering(t, "y\n", "learn", "3", "--profile", "city"); code != exitOK {
		t.Fatal(errs)
	}
	all := strings.Join(d.requests(), "\n")
	for _, want := range []string{`"path":"profiles.city"`, `"busy_hz":453`, `"threshold_mv":20000`, `"outside_prefix":"9"`, `"path":"lines.3.profile"`} {
		if !strings.Contains(all, want) {
			t.Errorf("%s was not sent:\n%s", want, all)
		}
	}
}

func TestLearnAsOneObjectSavesOnlyWhenToldTo(t *testing.T) {
	for _, apply := range []bool{false, true} {
		d := newDaemon(t)
		d.learns(true, learnt())
		args := []string{"learn", "3", "--json"}
		if apply {
			args = append(args, "--apply")
		}
		out, errs, code := d.ctl(t, args...)
		var j api.Learning
		if err := json.Unmarshal([]byte(out), &j); err != nil || code != exitOK || j.ID != "learn-3-1" || len(j.Measured) != 4 {
			t.Fatalf("%d %v %s %s", code, err, out, errs)
		}
		if saved := strings.Contains(strings.Join(d.requests(), "\n"), "PUT"); saved != apply {
			t.Errorf("saved %v, want %v", saved, apply)
		}
	}
}

func TestLearnSaysWhyItFailed(t *testing.T) {
	d := newDaemon(t)
	j := learnt()
	j.State, j.Why = "failed", "no-dial-tone"
	d.learns(true, j)
	if _, errs, code := d.ctl(t, "learn", "3"); code != exitFailed || !strings.Contains(errs, "There was no dial tone") || !strings.Contains(errs, "Check with a telephone") {
		t.Errorf("%d %s", code, errs)
	}
}

func TestLearnThatIsInterruptedGivesTheRunUp(t *testing.T) {
	d := newDaemon(t)
	d.learns(false, learnt())
	ctx, cancel := context.WithCancel(t.Context())
	in, typed := io.Pipe()
	defer typed.Close()
	ended := make(chan int, 1)
	seen := &watched{want: "Dialling", then: cancel}
	go func() {
		ended <- run(ctx, []string{"--root", d.root, "--lang", "en", "learn", "3"}, in, seen, io.Discard)
	}()
	<-ended
	if all := strings.Join(d.requests(), "\n"); !strings.Contains(all, "DELETE") {
		t.Errorf("it was not given up:\n%s", all)
	}
}

// watched does something once a text is written to it.
type watched struct {
	want string
	then func()
}

func (w *watched) Write(b []byte) (int, error) {
	if strings.Contains(string(b), w.want) {
		w.then()
	}
	return len(b), nil
}

func TestLearnOfATapShowsWhatIsLearntSoFar(t *testing.T) {
	d := newDaemon(t)
	d.on("POST /lines/3/learn", &api.Problem{Code: "learn-tap", Status: 409, Title: "A tap is not learnt by calls", Remedy: "It learns by itself"})
	d.on("GET /lines/3", api.Line{Line: 3, Use: "tap", Learnt: &api.Learnt{IdleVolts: 48.5}})
	out, errs, code := d.ctl(t, "learn", "3")
	if code != exitFailed || !strings.Contains(out, "48.5 V") || !strings.Contains(errs, "It learns by itself") {
		t.Errorf("%d %s %s", code, out, errs)
	}
}
