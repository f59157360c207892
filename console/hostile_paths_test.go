package console

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vaad/api"
)

// climbing are addresses that try to leave the folder they are served from.
var climbing = []string{
	"/../../../../etc/passwd", "/..%2f..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/%252e%252e/etc/passwd", "/..%5c..%5cetc%5cpasswd",
	"/assets/../../../../etc/passwd", "/assets/..%2f..%2f..%2fetc%2fpasswd", "/assets/%2e%2e/%2e%2e/vaad.toml", "/text/../../state.db", "/text/..%2f..%2fstate.db",
	"//etc/passwd", "/./../etc/passwd", "/etc/passwd%00.html", "/assets/%00", "/%c0%ae%c0%ae/etc/passwd", "/assets/....//....//etc/passwd", "/.git/config", "/~root/", "/assets", "/assets/",
	"/api/v1/../../etc/passwd", "/api/v1/recordings/..%2f..%2f..%2fetc%2fpasswd", "/api/v1/recordings/%2e%2e%2f%2e%2e%2fstate.db/audio", "/api/v1/recordings/..%5c..%5cx/export",
	"/api/v1/exports/..%2f..%2fstate.db/file", "/api/v1/prompts/audio?lang=..%2f..&name=..%2f..%2fetc%2fpasswd", "/api/v1/assurance/..%2f..%2fx", "/api/v1/lines/1%2f..%2f2",
	"http://elsewhere.example/etc/passwd", "/" + strings.Repeat("../", 500) + "etc/passwd", "/" + strings.Repeat("a", 8000),
}

// TestNoAddressLeadsOutOfThePages asks for files outside, byte for byte as an
// attacker would send it: a client would have tidied the address.
func TestNoAddressLeadsOutOfThePages(t *testing.T) {
	f := newFixture(t)
	s := httptest.NewServer(f.as(admin()))
	defer s.Close()
	for _, target := range climbing {
		resp, body := rawly(t, s.Listener.Addr().String(), "GET "+target+" HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nConnection: close\r\n\r\n")
		for _, secret := range []string{"root:x", "SQLite", "[core]", "[settings"} {
			if strings.Contains(body, secret) {
				t.Errorf("%.60s: answered with a file: %.100s", target, body)
			}
		}
		if resp.StatusCode >= 500 {
			t.Errorf("%.60s: status %d", target, resp.StatusCode)
		}
		if to := resp.Header.Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`)) {
			t.Errorf("%.60s: sent on to %q", target, to)
		}
	}
}

// rawly sends bytes and reads the answer.
func rawly(t *testing.T, addr, request string) (*http.Response, string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%.60q: %v", request, err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body) // it may be cut where the request was refused
	return resp, string(b)
}

// TestMalformedRequestsEndOnlyThemselves sends what is hardly HTTP; each is
// refused, and the next is served.
func TestMalformedRequestsEndOnlyThemselves(t *testing.T) {
	f := newFixture(t)
	s := httptest.NewServer(f.as(admin()))
	defer s.Close()
	addr := s.Listener.Addr().String()
	host := "Host: localhost\r\nConnection: close\r\n"
	for what, request := range map[string]string{
		"no host":                   "GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
		"two hosts":                 "GET / HTTP/1.1\r\nHost: localhost\r\nHost: other\r\nConnection: close\r\n\r\n",
		"method of nonsense":        "G\x01T / HTTP/1.1\r\n" + host + "\r\n",
		"header of control signs":   "GET / HTTP/1.1\r\n" + host + "X: \x01\x02\r\n\r\n",
		"two lengths":               "POST /api/v1/calls HTTP/1.1\r\n" + host + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
		"length and chunks":         "POST /api/v1/calls HTTP/1.1\r\n" + host + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"negative length":           "POST /api/v1/calls HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n",
		"broken chunks":             "POST /api/v1/calls HTTP/1.1\r\n" + host + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
		"a chunk of a million GB":   "POST /api/v1/calls HTTP/1.1\r\n" + host + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
		"a length of a million GB":  "POST /api/v1/settings/import HTTP/1.1\r\n" + host + "Content-Type: application/json\r\nContent-Length: 999999999999999\r\n\r\n{}",
		"many headers":              "GET / HTTP/1.1\r\n" + host + strings.Repeat("X-A: b\r\n", 200_000) + "\r\n",
		"trace":                     "TRACE / HTTP/1.1\r\n" + host + "\r\n",
		"connect":                   "CONNECT elsewhere:443 HTTP/1.1\r\n" + host + "\r\n",
		"options of everything":     "OPTIONS * HTTP/1.1\r\n" + host + "\r\n",
		"another method of the API": "PROPFIND /api/v1/lines HTTP/1.1\r\n" + host + "\r\n",
	} {
		func() {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(2 * time.Minute))
			_, _ = io.WriteString(c, request) // it may be refused before its end
			if w, ok := c.(*net.TCPConn); ok {
				_ = w.CloseWrite()
			}
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				return // hung up: as good as any answer
			}
			defer resp.Body.Close()
			if resp.StatusCode >= 500 && resp.StatusCode != http.StatusNotImplemented && resp.StatusCode != http.StatusHTTPVersionNotSupported {
				b, _ := io.ReadAll(resp.Body)
				t.Errorf("%s: status %d %.200s", what, resp.StatusCode, b)
			}
		}()
		if resp, _ := rawly(t, addr, "GET /api/v1/lines HTTP/1.1\r\n"+host+"\r\n"); resp.StatusCode != http.StatusOK {
			t.Errorf("after %s, the lines are answered with %d", what, resp.StatusCode)
		}
	}
	if strings.Contains(f.log.String(), "panic") {
		t.Errorf("a request ended in a panic:\n%.3000s", f.log)
	}
}

// TestHostileHeadersAreAnsweredProperly puts nonsense into every header that the server reads.
func TestHostileHeadersAreAnsweredProperly(t *testing.T) {
	f := newFixture(t)
	row := f.record(1, 8000, "mixed")
	h := f.as(admin())
	long := strings.Repeat("x", 10_000)
	values := map[string][]string{
		"Range": {"bytes=", "bytes=-", "bytes=5-1", "bytes=-0", "bytes=0-99999999999999999999", "bytes=" + strings.Repeat("0-0,", 3000) + "1-1", "lines=1-2", "bytes=0-1,2-3,4-5", "bytes=-1-1", "\xff",
			"bytes=18446744073709551615-", long},
		"Last-Event-ID":     {"-1", "0", "18446744073709551616", "x", "\xff\xfe", long, "1/2/3", "01BOOT/9", strings.Repeat("9", 40)},
		"If-None-Match":     {"*", `"`, `W/"x"`, long, strings.Repeat(`"a",`, 3000)},
		"If-Range":          {"*", `"`, "Mon, 99 Nov 2026", long},
		"If-Modified-Since": {"yesterday", long},
		"Accept":            {"*/*", "\xff", long, "text/html;q=9", strings.Repeat("a/b,", 3000)},
		"Accept-Language":   {"zh-CN-x-" + long, "*", ";;;q=", "\xff", strings.Repeat("en;q=0.1,", 1500), "en\x00"},
		"Accept-Encoding":   {"gzip;q=0", "\xff", strings.Repeat("br,", 3000), "gzip, identity;q=0"},
		"Cookie":            {"=", ";;;;", "vaad=" + long, "vaad=\xff", strings.Repeat("a=b; ", 2000), `vaad="`},
		"Authorization":     {"Bearer", "Bearer ", "Bearer " + long, "Basic !!!", "\xff", "bearer \x00"},
		"Origin":            {"null", "x", "http://[::1", long, "\xff"},
		"Sec-Fetch-Site":    {"x", long},
		"X-Forwarded-For":   {"1.2.3.4", long},
		"X-Forwarded-Proto": {"https"},
		"Forwarded":         {"for=1.2.3.4;host=x"},
		"Content-Encoding":  {"gzip", "x"},
		"Expect":            {"x"},
		"Upgrade":           {"websocket", "h2c"},
	}
	paths := []string{"/", "/index.html", "/text/en.json", "/metrics", "/healthz", api.Prefix + "/lines", api.Prefix + "/session", api.Prefix + "/events", api.Prefix + "/recordings",
		api.Prefix + "/recordings/" + row.ID + "/audio", api.Prefix + "/recordings/" + row.ID + "/export", api.Prefix + "/calls.csv", api.Prefix + "/no-such"}
	for name, all := range values {
		for _, v := range all {
			for _, p := range paths {
				for who, handler := range map[string]http.Handler{"administrator": h, "nobody": f.handler} {
					r := httptest.NewRequestWithContext(t.Context(), "GET", p, nil)
					r.Header.Set(name, v)
					ctx, cancel := context.WithTimeout(r.Context(), 2*time.Minute)
					if strings.HasSuffix(p, "/events") {
						cancel()
					}
					w := httptest.NewRecorder()
					handler.ServeHTTP(w, r.WithContext(ctx))
					cancel()
					if w.Code >= 500 && !orderly(w) {
						t.Errorf("%s as %s with %s: %.40q: status %d %.200s", p, who, name, v, w.Code, w.Body)
					}
					carefulHeaders(t, w.Header(), fmt.Sprintf("%s with %s: %.40q", p, name, v))
				}
			}
		}
	}
	if strings.Contains(f.log.String(), "panic") {
		t.Errorf("a request ended in a panic:\n%.3000s", f.log)
	}
}

// carefulHeaders wants what tells a browser to be careful, and nothing that was smuggled in.
func carefulHeaders(t *testing.T, h http.Header, what string) {
	t.Helper()
	csp := h.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action"} {
		if !strings.Contains(csp, want) {
			t.Errorf("%s: the policy %q lacks %s", what, csp, want)
		}
	}
	for _, bad := range []string{"unsafe", "*", "http:", "https:"} {
		if strings.Contains(csp, bad) {
			t.Errorf("%s: the policy %q has %s", what, csp, bad)
		}
	}
	for k, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		"Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin"} {
		if h.Get(k) != want {
			t.Errorf("%s: %s is %q, want %q", what, k, h.Get(k), want)
		}
	}
	for k, vs := range h {
		for _, v := range vs {
			if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r == 0x7f }) || k == "X-Injected" {
				t.Errorf("%s: header %s: %q", what, k, v)
			}
		}
	}
	for _, k := range []string{"Access-Control-Allow-Origin", "Server", "X-Powered-By"} {
		if h.Get(k) != "" {
			t.Errorf("%s: %s: %s", what, k, h.Get(k))
		}
	}
}

// TestEveryKindOfAnswerTellsBrowsersToBeCareful goes over answers of all kinds,
// those of the outermost guards too.
func TestEveryKindOfAnswerTellsBrowsersToBeCareful(t *testing.T) {
	f := newFixture(t)
	row := f.record(1, 8000, "mixed")
	f.rec.frames = []byte("frames")
	base := f.serveTCP()
	addr := strings.TrimPrefix(base, "http://")
	for what, request := range map[string]string{
		"a page without a session":  "GET / HTTP/1.1\r\nHost: " + addr + "\r\nAccept: text/html\r\n",
		"an address that is none":   "GET /no/such HTTP/1.1\r\nHost: " + addr + "\r\nAccept: text/html\r\n",
		"the API without a session": "GET /api/v1/lines HTTP/1.1\r\nHost: " + addr + "\r\n",
		"a wrong token":             "GET /?token=wrong HTTP/1.1\r\nHost: " + addr + "\r\nAccept: text/html\r\n",
		"another host":              "GET / HTTP/1.1\r\nHost: evil.example\r\n",
		"another site":              "POST /api/v1/lines/1/start HTTP/1.1\r\nHost: " + addr + "\r\nOrigin: http://evil.example\r\nSec-Fetch-Site: cross-site\r\nContent-Length: 0\r\n",
		"health":                    "GET /healthz HTTP/1.1\r\nHost: " + addr + "\r\n",
		"metrics":                   "GET /metrics HTTP/1.1\r\nHost: " + addr + "\r\n",
		"words":                     "GET /text/en.json HTTP/1.1\r\nHost: " + addr + "\r\n",
		"a method that is none":     "BREW / HTTP/1.1\r\nHost: " + addr + "\r\n",
	} {
		resp, _ := rawly(t, addr, request+"Connection: close\r\n\r\n")
		carefulHeaders(t, resp.Header, what)
	}
	h := f.as(admin())
	for _, p := range []string{"/", "/index.html", "/icon.svg", "/assets/no-such.js", api.Prefix + "/lines", api.Prefix + "/lines/99", api.Prefix + "/no-such", api.Prefix + "/lines/1/listen", api.Prefix + "/lines/1/flight",
		api.Prefix + "/recordings/" + row.ID + "/audio", api.Prefix + "/recordings/" + row.ID + "/export", api.Prefix + "/calls.csv", api.Prefix + "/settings/export", "//", "/x/../y"} {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			r := httptest.NewRequestWithContext(t.Context(), method, "http://localhost"+p, nil)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			carefulHeaders(t, w.Header(), method+" "+p)
			if strings.HasPrefix(p, "/api/") && !strings.Contains(w.Header().Get("Cache-Control"), "no-store") {
				t.Errorf("%s %s may be kept: Cache-Control %q", method, p, w.Header().Get("Cache-Control"))
			}
		}
	}
}

// TestDownloadsHaveHarmlessNames lets names of lines and callers be what an
// attacker at the telephone or in the settings would choose.
func TestDownloadsHaveHarmlessNames(t *testing.T) {
	f := newFixture(t)
	row := f.record(1, 8000, "mixed")
	for _, name := range []string{"a\r\nX-Injected: 1", `x"; filename="evil.exe`, "../../etc/cron.d/x", "语音", "\x00", strings.Repeat("n", 5000), "a/b\\c:d*e?f", "CON", "x\u202egpj.exe"} {
		for _, p := range []string{"/recordings/" + row.ID + "/export?name=", "/recordings/" + row.ID + "/export?template=", "/recordings/" + row.ID + "/audio?download="} {
			r := httptest.NewRequestWithContext(t.Context(), "GET", api.Prefix+p+escape(name), nil)
			w := httptest.NewRecorder()
			f.as(admin()).ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Errorf("%s%q: status %d", p, name, w.Code)
			}
			d := w.Header().Get("Content-Disposition")
			if strings.ContainsAny(d, "\r\n\x00/\\") || strings.Count(d, "filename=") > 1 || len(d) > 1000 || w.Header().Get("X-Injected") != "" {
				t.Errorf("%s%q: Content-Disposition: %q", p, name, d)
			}
		}
	}
}

func escape(s string) string {
	var b bytes.Buffer
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return b.String()
}
