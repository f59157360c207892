package console

import (
	"net/http/httptest"
	"strings"
	"testing"

	"vaad/api"
)

func TestCallersWhoAskForNoLanguageGetTheSites(t *testing.T) {
	f := newFixture(t)
	f.cfg.Site = func() Site { return Site{Name: "Reception", Language: "zh"} }
	han := func(lang string) bool {
		r := httptest.NewRequest("GET", api.Prefix+"/recordings/nothing", nil)
		r.RemoteAddr = "127.0.0.1:9"
		if lang != "" {
			r.Header.Set("Accept-Language", lang)
		}
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		return strings.ContainsFunc(w.Body.String(), func(c rune) bool { return c >= 0x4E00 && c < 0xA000 })
	}
	if !han("") {
		t.Error("without a language of its own, a caller of a Chinese site is not answered in Chinese")
	}
	if han("en") {
		t.Error("who asks for English is answered in Chinese")
	}
	if s := get[api.Status](f, "/status"); s.Site != "Reception" {
		t.Errorf("the status names the site %q", s.Site)
	}
}
