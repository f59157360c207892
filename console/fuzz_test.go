package console

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"vaad/api"
)

// FuzzEventID: whatever a reader of the live feed says that it has seen last, it
// is a place in the feed or none.
func FuzzEventID(f *testing.F) {
	for _, s := range []string{"01BOOT-9", "-", "01BOOT-18446744073709551616", "x", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		boot, _ := parseID(s)
		if len(boot) > len(s) {
			t.Errorf("%q: boot %q", s, boot)
		}
	})
}

// FuzzDecoders sends what a caller may choose outside the body: cursors of both
// lists, ranges of audio, the place in the live feed, cookies, tokens, languages.
// The answer is always a proper one.
func FuzzDecoders(f *testing.F) {
	f.Add("", "bytes=0-99", "01BOOT-1", "vaad=x", "Bearer x", "zh-CN,en;q=0.5")
	f.Add("AAAA", "bytes=-1", "9", "=;=", "Basic eA==", "*")
	f.Add("%%", "bytes=5-1,0-0", "\xff", "vaad=\"\x00", "bearer", ";q=")
	f.Fuzz(func(t *testing.T, cursor, ranges, last, cookie, token, lang string) {
		fx := newFixture(t)
		row := fx.record(1, 800, "mixed")
		admins := fx.as(admin())
		for path, h := range map[string]http.Handler{
			"/recordings?after=" + url.QueryEscape(cursor): admins, "/calls?after=" + url.QueryEscape(cursor): admins, "/audit?after=" + url.QueryEscape(cursor): admins,
			"/recordings/" + row.ID + "/audio": admins, "/recordings/" + row.ID + "/export": admins, "/events": admins, "/session": fx.handler, "/lines": fx.handler,
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			if path == "/events" {
				cancel() // an answer without end
			}
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, api.Prefix+path, nil)
			for k, v := range map[string]string{"Range": ranges, "Last-Event-ID": last, "Cookie": cookie, "Authorization": token, "Accept-Language": lang} {
				r.Header.Set(k, v)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			cancel()
			if w.Code < 400 {
				continue
			}
			var p api.Problem
			if err := json.Unmarshal(bytes.TrimSpace(w.Body.Bytes()), &p); w.Code >= 500 || err != nil || p.Code == "" {
				t.Errorf("%s: %d %v %s", path, w.Code, err, w.Body)
			}
		}
	})
}
