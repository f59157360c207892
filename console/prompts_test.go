package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"vaad/access"
	"vaad/api"
	"vaad/calls/prompt"
)

func TestPromptsAreListedHeardReplacedAndRemoved(t *testing.T) {
	f := newFixture(t)
	all := get[api.Page[api.Prompt]](f, "/prompts").Items
	if len(all) != 2 || all[0].Source != "own" || all[0].Length != 1.23 || all[1].Source != "missing" || all[1].Text != "欢迎。" {
		t.Errorf("%+v", all)
	}
	const path = "/prompts/audio?lang=zh&name=queue/please-wait"
	if w := f.do("GET", path, nil); w.Body.String() != "RIFF zh queue/please-wait" || w.Header().Get("Content-Type") != "audio/wav" {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
	r := f.request("PUT", path, "a recording")
	r.Header.Set("Content-Type", "audio/wav")
	for _, w := range []int{serve(f, r), f.do("DELETE", path, nil).Code} {
		if w != http.StatusNoContent {
			t.Errorf("status %d", w)
		}
	}
	if want := []string{"put zh queue/please-wait a recording", "remove zh queue/please-wait"}; !slices.Equal(f.sounds.asked, want) {
		t.Errorf("asked %q, want %q", f.sounds.asked, want)
	}
	if w := f.do("GET", "/prompts/audio?name=welcome", nil); w.Body.String() != "RIFF "+f.cfg.Site().Language+" welcome" {
		t.Errorf("without a language: %s", w.Body)
	}
	for _, e := range f.audit.rows(t) {
		if e.Verb != access.SettingsWrite || e.Object != "prompts/zh/queue/please-wait" || e.Result != "ok" {
			t.Errorf("%+v", e)
		}
	}
}

func serve(f *fixture, r *http.Request) int {
	w := httptest.NewRecorder()
	f.as(admin()).ServeHTTP(w, r)
	return w.Code
}

func TestPromptsThatCannotBeAreRefused(t *testing.T) {
	f := newFixture(t)
	const path = "/prompts/audio?lang=zh&name=x"
	for err, code := range map[error]string{
		&prompt.RecordingError{Err: errors.New("no WAV")}:    "bad-prompt",
		fmt.Errorf("%w: zh/x: record it", prompt.ErrMissing): "no-prompt",
		fmt.Errorf("%w: X", prompt.ErrName):                  "no-prompt",
		prompt.ErrReadOnly:                                   "not-available",
	} {
		f.sounds.err = err
		problemIn(t, f.do("PUT", path, "RIFF"), code)
	}
	f.sounds.err = prompt.ErrMissing
	problemIn(t, f.do("GET", path, nil), "no-prompt")
	problemIn(t, f.do("GET", "/prompts/audio?lang=zh", nil), "invalid")
	problemIn(t, f.do("PUT", path, strings.Repeat("x", maxPrompt+1)), "too-large")
	f.cfg.Access.SetGroups(map[string][]int{"desk": {2}})
	problemIn(t, f.doAs(actor(access.Technician, "desk"), "PUT", path, "RIFF"), "forbidden")
	f.cfg.Prompts = nil
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		problemIn(t, f.do(method, path, "RIFF"), "not-available")
	}
	problemIn(t, f.do("GET", "/prompts", nil), "not-available")
}
