package console

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaad/api"
	"vaad/channels"
)

// serveTCP serves on a free loopback port and returns its address.
func (f *fixture) serveTCP() string {
	f.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.t.Fatal(err)
	}
	f.serve(l)
	return "http://" + l.Addr().String()
}

// serveUnix serves on a socket and returns its path.
func (f *fixture) serveUnix() string {
	f.t.Helper()
	root := f.t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "run"), 0o700); err != nil {
		f.t.Fatal(err)
	}
	path := filepath.Join(root, api.SocketName)
	l, err := net.Listen("unix", path)
	if err != nil {
		f.t.Fatal(err)
	}
	f.serve(l)
	return path
}

func (f *fixture) serve(l net.Listener) {
	ended := make(chan error, 1)
	go func() { ended <- f.Serve(l) }()
	f.t.Cleanup(func() {
		_ = f.Shutdown(context.Background())
		if err := <-ended; err != nil {
			f.t.Error(err)
		}
	})
}

func send(t *testing.T, c *http.Client, method, url string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		} else {
			r.Header.Set(header[i], header[i+1])
		}
	}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

func TestWithoutTheTokenThereIsNothing(t *testing.T) {
	f := newFixture(t)
	base := f.serveTCP()
	for path, want := range map[string]int{
		"/healthz": 200, "/metrics": 200, "/": 200, "/index.html": 200, "/text/en.json": 200, // nothing in the pages is secret
		"/api/v1/lines": 401, "/api/v1/status": 401, "/api/v1/no-such": 401, "/api/v1/events": 401, "/?token=wrong": 403,
	} {
		resp, body := send(t, http.DefaultClient, "GET", base+path)
		if resp.StatusCode != want {
			t.Errorf("%s: status %d, want %d", path, resp.StatusCode, want)
		}
		if want/100 == 4 && !strings.Contains(body, `"code"`) {
			t.Errorf("%s: %.80s", path, body)
		}
	}
}

func TestTokenLinkOpensASession(t *testing.T) {
	f := newFixture(t)
	base := f.serveTCP()
	token := f.cfg.Access.NewToken()
	jar, _ := cookiejar.New(nil)
	c := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, _ := send(t, c, "GET", base+"/?token="+token)
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/" {
		t.Fatalf("status %d to %q, want 303 to /", resp.StatusCode, resp.Header.Get("Location"))
	}
	set := resp.Header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(set, want) {
			t.Errorf("cookie %q lacks %s", set, want)
		}
	}
	if strings.Contains(set, token) {
		t.Error("the cookie holds the token itself")
	}
	if resp, body := send(t, c, "GET", base+"/"); resp.StatusCode != 200 || !strings.Contains(body, "<!doctype html>") {
		t.Errorf("the page: %d %.80s", resp.StatusCode, body)
	}
	resp, body := send(t, c, "GET", base+"/api/v1/session")
	if resp.StatusCode != 200 || !strings.Contains(body, `"administrator"`) {
		t.Errorf("session: %d %s", resp.StatusCode, body)
	}
	for k, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin"} {
		if got := resp.Header.Get(k); got != want {
			t.Errorf("%s: %q, want %q", k, got, want)
		}
	}
	if csp := resp.Header.Get("Content-Security-Policy"); csp != policy || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
}

func TestProgramsSendTheTokenInAHeader(t *testing.T) {
	f := newFixture(t)
	base := f.serveTCP()
	token := f.cfg.Access.NewToken()
	for range 3 {
		if resp, body := send(t, http.DefaultClient, "GET", base+"/api/v1/lines", "Authorization", "Bearer "+token); resp.StatusCode != 200 {
			t.Fatalf("%d %s", resp.StatusCode, body)
		}
	}
	if resp, _ := send(t, http.DefaultClient, "GET", base+"/api/v1/lines", "Authorization", "Bearer "+token+"x"); resp.StatusCode != 401 {
		t.Errorf("a wrong token: %d", resp.StatusCode)
	}
	f.cfg.Access.NewToken()
	if resp, _ := send(t, http.DefaultClient, "GET", base+"/api/v1/lines", "Authorization", "Bearer "+token); resp.StatusCode != 401 {
		t.Errorf("an old token: %d", resp.StatusCode)
	}
}

func TestOtherHostNamesAreRefused(t *testing.T) {
	f := newFixture(t)
	base := f.serveTCP()
	u, _ := url.Parse(base)
	for host, want := range map[string]int{
		u.Host: 200, "localhost:" + u.Port(): 200, "localhost": 200, "[::1]:80": 200, "LOCALHOST:1": 200, "127.0.0.1": 200,
		"evil.example": 421, "127.0.0.1.evil.example": 421, "localhost.evil.example:80": 421, "127.0.0.2": 421, "0.0.0.0": 421, "[::]": 421,
	} {
		if resp, body := send(t, http.DefaultClient, "GET", base+"/healthz", "Host", host); resp.StatusCode != want {
			t.Errorf("Host %s: %d, want %d: %s", host, resp.StatusCode, want, body)
		}
	}
}

func TestOtherSitesAreRefused(t *testing.T) {
	f := newFixture(t)
	base := f.serveTCP()
	auth := []string{"Authorization", "Bearer " + f.cfg.Access.NewToken()}
	for _, c := range []struct {
		method, path string
		header       []string
		want         int
	}{
		{"POST", "/api/v1/lines/1/start", nil, 200},
		{"POST", "/api/v1/lines/1/start", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"POST", "/api/v1/lines/1/start", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"POST", "/api/v1/lines/1/start", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"POST", "/api/v1/lines/1/start", []string{"Origin", "http://evil.example"}, 403},
		{"POST", "/api/v1/lines/1/start", []string{"Origin", "null"}, 403},
		{"GET", "/api/v1/lines/1/listen", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"GET", "/api/v1/lines", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"GET", "/api/v1/lines", []string{"Sec-Fetch-Site", "none"}, 200},
		{"GET", "/", []string{"Sec-Fetch-Site", "cross-site"}, 200},
	} {
		resp, body := send(t, http.DefaultClient, c.method, base+c.path, append(c.header, auth...)...)
		if resp.StatusCode != c.want {
			t.Errorf("%s %s %v: %d, want %d: %.100s", c.method, c.path, c.header, resp.StatusCode, c.want, body)
		}
	}
}

func TestUnixSocketKnowsItsCallers(t *testing.T) {
	f := newFixture(t)
	path := f.serveUnix()
	c, err := api.New(api.Options{Root: filepath.Dir(filepath.Dir(path))})
	if err != nil {
		t.Fatal(err)
	}
	me, err := c.Me(t.Context())
	if os.Getuid() != 0 { // the fixture's daemon runs as root: others are strangers
		var p *api.Problem
		if !errors.As(err, &p) || p.Code != "forbidden" {
			t.Fatalf("a stranger got %v", err)
		}
		return
	}
	if err != nil || me.Name != "root" || me.Kind != "local" || len(me.Verbs) == 0 {
		t.Fatalf("%+v, %v", me, err)
	}
	if lines, err := c.Lines(t.Context()); err != nil || len(lines) != 3 {
		t.Errorf("%d lines, %v", len(lines), err)
	}
}

func TestTheNetworkIsRefusedWithTheReason(t *testing.T) {
	for addr, ok := range map[string]bool{"": true, "off": true, "127.0.0.1:8470": true, "[::1]:8470": true, "localhost:0": true,
		"0.0.0.0:8470": false, ":8470": false, "192.168.1.2:80": false, "example.com:80": false, "8470": false, "127.0.0.1": false} {
		if err := ValidateListen(addr); (err == nil) != ok {
			t.Errorf("%q: %v", addr, err)
		}
	}
	if err := ValidateListen("0.0.0.0:1"); !errors.Is(err, ErrNetwork) || !strings.Contains(err.Error(), "TLS") {
		t.Errorf("the reason is not said: %v", err)
	}
	f := newFixture(t)
	if err := f.Serve(anyAddress{}); !errors.Is(err, ErrNetwork) {
		t.Errorf("serving the network: %v", err)
	}
}

type anyAddress struct{ net.Listener }

func (anyAddress) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4zero, Port: 80} }

func TestHealthSaysWhatIsStuck(t *testing.T) {
	f := newFixture(t)
	base := f.serveTCP()
	if resp, body := send(t, http.DefaultClient, "GET", base+"/healthz"); resp.StatusCode != 200 || body != "ok\n" {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
	f.lines.healthy = errors.New("board sim: no tick for 3 s")
	if resp, body := send(t, http.DefaultClient, "GET", base+"/healthz"); resp.StatusCode != 503 || !strings.Contains(body, "board sim") {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
	resp, body := send(t, http.DefaultClient, "GET", base+"/metrics")
	if resp.StatusCode != 200 || !strings.Contains(body, "vaad_http_requests_total") {
		t.Errorf("metrics: %d %.100s", resp.StatusCode, body)
	}
}

func TestPanicAnswersAndIsLogged(t *testing.T) {
	f := newFixture(t)
	f.lines.set(1, func(*channels.LineStatus) {})
	f.rec.live = nil
	f.cfg.Profile = func(int) Profile { panic("boom") }
	problemIn(t, f.do("GET", "/lines", nil), "internal")
	if !strings.Contains(f.log.String(), "boom") {
		t.Errorf("the log says %q", f.log)
	}
}
