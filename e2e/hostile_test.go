package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// door is the daemon's loopback address, and a client that has signed in there.
func door(t *testing.T, d *Daemon) (addr string, c *http.Client, cookie *http.Cookie) {
	t.Helper()
	var link []byte
	if err := Until(within(t, time.Minute), "the link is written", func() (bool, error) {
		link, _ = os.ReadFile(filepath.Join(d.Root, "run", "console"))
		return len(link) > 0, nil
	}); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(strings.TrimSpace(string(link)))
	if err != nil {
		t.Fatal(err)
	}
	c = &http.Client{Timeout: 3 * time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{MaxConnsPerHost: 0, MaxIdleConnsPerHost: 600}}
	t.Cleanup(c.CloseIdleConnections)
	resp, err := c.Get(u.String())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if len(resp.Cookies()) == 0 {
		t.Fatalf("the link gives no session: %s", resp.Status)
	}
	return u.Host, c, resp.Cookies()[0]
}

// connections is how many sockets the daemon has open.
func connections(t *testing.T, d *Daemon) (n int) {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", d.Pid())
	fds, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if to, err := os.Readlink(filepath.Join(dir, fd.Name())); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}

// TestSlowAndManyClientsDisturbNobody lets clients hold connections in every
// bad way there is while lines are recorded: those who come in properly are
// answered, vaactl is, nothing is missing in the recordings, and after it nothing is left.
func TestSlowAndManyClientsDisturbNobody(t *testing.T) {
	each, clients := counts(15, 60, 200), counts(60, 500, 500)
	const lines = 8
	d := start(t, scratch(t), "listen = \"127.0.0.1:0\"\n"+board("b", "real", lines, "")+pin(1, lines, "trigger = \"continuous\""))
	hush := keepTalking(t, d, "b", lines)
	addr, c, cookie := door(t, d)
	before := connections(t, d)
	ctx, end := context.WithCancel(within(t, 5*time.Minute))
	defer end()
	api := "Host: " + addr + "\r\nCookie: " + cookie.String() + "\r\n"
	var wg sync.WaitGroup
	for name, begin := range map[string]string{
		"says nothing":       "",
		"never ends a line":  "GET /he",
		"never ends headers": "GET /healthz HTTP/1.1\r\nHost: " + addr + "\r\n",
		"never ends a body":  "POST /api/v1/lines/1/start HTTP/1.1\r\n" + api + "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
		"reads no answer":    "GET /api/v1/events HTTP/1.1\r\n" + api + "\r\n",
	} {
		for range each {
			wg.Go(func() { hold(ctx, addr, begin, strings.Contains(name, "never")) })
		}
	}
	var answered, refused atomic.Int64
	var good sync.WaitGroup
	for i := range clients {
		good.Go(func() {
			path := []string{"/healthz", "/", "/api/v1/lines", "/api/v1/status", "/api/v1/recordings?limit=5", "/text/en.json"}[i%6]
			r, err := http.NewRequestWithContext(ctx, "GET", "http://"+addr+path, nil)
			if err != nil {
				t.Error(err)
				return
			}
			r.AddCookie(cookie)
			resp, err := c.Do(r)
			if err != nil {
				t.Errorf("%s: %v", path, err)
				return
			}
			defer resp.Body.Close()
			if _, err := io.Copy(io.Discard, resp.Body); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			switch {
			case resp.StatusCode == http.StatusOK:
				answered.Add(1)
			case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusServiceUnavailable:
				refused.Add(1)
			default:
				t.Errorf("%s: %s", path, resp.Status)
			}
		})
	}
	for range 5 {
		if out, err := d.Ctl(ctx, "status", "--json"); err != nil {
			t.Errorf("vaactl: %v %s", err, out)
		}
	}
	good.Wait()
	t.Logf("%d clients answered and %d asked to come again, beside %d who held on", answered.Load(), refused.Load(), 5*each)
	if answered.Load() < int64(clients)/2 {
		t.Errorf("only %d of %d clients were answered", answered.Load(), clients)
	}
	end()
	wg.Wait()
	c.CloseIdleConnections()
	if err := Until(within(t, 90*time.Second), "connections are closed", func() (bool, error) { return connections(t, d) <= before+2, nil }); err != nil {
		t.Errorf("%v: %d sockets before, %d after", err, before, connections(t, d))
	}
	if u, err := d.Usage(); err != nil || u.AnonKiB > 400<<10 {
		t.Errorf("memory after it: %+v %v", u, err)
	}
	peers := hush()
	wholeOnAll(t, d, peers)
	stop(t, d)
}

// wholeOnAll wants every block that was sent in the recordings.
func wholeOnAll(t *testing.T, d *Daemon, peers []*Peer) {
	t.Helper()
	ctx := within(t, time.Minute)
	for _, p := range peers {
		if _, err := d.Ctl(ctx, "stop", fmt.Sprint(p.Line)); err != nil {
			t.Fatal(err)
		}
	}
	sealed(t, d)
	for _, p := range peers {
		runs, err := d.Heard(ctx, p.Line, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range runs { // a peer that comes late leaves silence, and goes on with its next block
			if i > 0 && r.First != runs[i-1].Last+1 {
				t.Errorf("line %d: blocks %d…%d of %d are missing", p.Line, runs[i-1].Last+1, r.First-1, p.Sent.Load())
			}
		}
		if len(runs) == 0 || runs[len(runs)-1].Last+100 < p.Sent.Load() {
			t.Errorf("line %d: the recording ends before the last of %d blocks: %v", p.Line, p.Sent.Load(), runs)
		}
	}
}

// hold keeps a connection open in a bad way until ctx ends, and comes back when it is hung up.
func hold(ctx context.Context, addr, begin string, drips bool) {
	var dial net.Dialer
	for ctx.Err() == nil {
		conn, err := dial.DialContext(ctx, "tcp", addr)
		if err != nil {
			continue
		}
		stop := context.AfterFunc(ctx, func() { conn.Close() })
		_, err = io.WriteString(conn, begin)
		for err == nil && drips {
			select {
			case <-ctx.Done():
			case <-time.After(500 * time.Millisecond):
			}
			_, err = io.WriteString(conn, "x")
		}
		if err == nil {
			_, _ = conn.Read(make([]byte, 1)) // until it is hung up, or the first byte of what is not read on
			<-ctx.Done()
		}
		stop()
		conn.Close()
	}
}

// TestNoAddressReadsTheDaemonsFiles asks the built daemon for what lies in its own folder.
func TestNoAddressReadsTheDaemonsFiles(t *testing.T) {
	once(t)
	d := start(t, scratch(t), "listen = \"127.0.0.1:0\"\n"+board("b", "real", 1, ""))
	addr, _, cookie := door(t, d)
	for _, file := range []string{"vaad.toml", "state.db", "settings.jsonl", "run/console", "recordings/", "../../../../../../etc/passwd"} {
		for _, way := range []string{"/" + file, "/../" + file, "/%2e%2e/" + file, "/..%2f" + file, "/assets/../../" + file, "/assets/..%2f..%2f" + file, "/text/%2e%2e%2f" + file, "//" + file, "/." + file,
			"/api/v1/exports/..%2f" + strings.ReplaceAll(file, "/", "%2f") + "/file", "/api/v1/prompts/audio?lang=en&name=..%2F..%2F" + file, "/api/v1/assurance/..%2f" + file} {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nAccept: text/html\r\nConnection: close\r\n\r\n", way, addr, cookie)
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Errorf("%s: %v", way, err)
				conn.Close()
				continue
			}
			b, _ := io.ReadAll(resp.Body)
			conn.Close()
			if resp.StatusCode >= 500 || bytes.Contains(b, []byte("[[board]]")) || bytes.Contains(b, []byte("root:x")) || bytes.Contains(b, []byte("token=")) || bytes.Contains(b, []byte(`"version":`)) && strings.Contains(file, "jsonl") {
				t.Errorf("%s: %s %.100q", way, resp.Status, b)
			}
		}
	}
	stop(t, d)
}

// An operation is one of the document that the daemon serves.
type operation struct {
	ID         string `json:"operationId"`
	Parameters []struct {
		Name, In string
		Schema   struct{ Type any }
	}
	RequestBody *struct {
		Content map[string]struct{ Schema schema }
	} `json:"requestBody"`
}

type schema struct {
	Ref        string `json:"$ref"`
	Type       any
	Properties map[string]schema
	Items      *schema
	Enum       []any
	Format     string
}

// spared are operations that do what they are asked, for good.
var spared = []string{"system-restart", "update-apply", "update", "restart"}

// TestHostileRequestsToTheWholeDaemon goes over the document that the daemon
// serves and asks every operation for what cannot be, with the real domains
// behind it: what comes back is an answer or a proper problem, and never a fault of its own.
func TestHostileRequestsToTheWholeDaemon(t *testing.T) {
	d := start(t, scratch(t), quietly+board("b", "peers", 4, ""))
	c := &http.Client{Timeout: 90 * time.Second, Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(d.Root, "run", "vaad.sock"))
	}}}
	t.Cleanup(c.CloseIdleConnections)
	resp, err := c.Get("http://localhost/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var doc struct {
		Paths      map[string]map[string]json.RawMessage
		Components struct{ Schemas map[string]schema }
	}
	if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil || len(doc.Paths) == 0 {
		t.Fatalf("the document: %s %v", resp.Status, err)
	}
	values := []string{"", "-1", "99999999999999999999", "\x00", "a\r\nX-Injected: 1", "../../etc/passwd", "\xff\xfe", "*", strings.Repeat("x", 3000), "01KAN00000000000000000000Z", "1", "9999-12-31T23:59:59Z"}
	bodies := []string{"", "{", "[]", "null", `"x"`, strings.Repeat("[", 10_000), `{"":""}`, "\xff"}
	sent, faults := 0, 0
	ask := func(id, method, target, body, what string) {
		var rd io.Reader
		if body != "" {
			rd = strings.NewReader(body)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, strings.ToUpper(method), "http://localhost/api/v1"+target, rd)
		if err != nil {
			return
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept-Language", "en")
		resp, err := c.Do(r)
		if err != nil {
			t.Errorf("%s, %s: %v", id, what, err)
			return
		}
		defer resp.Body.Close()
		sent++
		if resp.StatusCode < 400 {
			return // a stream may have no end
		}
		b, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
		var p struct{ Code, Title string }
		if json.Unmarshal(b, &p) != nil || p.Code == "" || p.Title == "" || p.Code == "internal" || strings.Contains(p.Code, "panic") {
			if faults++; faults <= 40 {
				t.Errorf("%s, %s: %s %.300s", id, what, resp.Status, b)
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for method, raw := range doc.Paths[path] {
			var op operation
			if json.Unmarshal(raw, &op) != nil || op.ID == "" || slices.Contains(spared, op.ID) {
				continue
			}
			sane := func(except, v string) string {
				p := path
				for _, one := range op.Parameters {
					if one.In == "path" {
						to := "1"
						if one.Schema.Type == "string" {
							to = "01KAN00000000000000000000Z"
						}
						if one.Name == except {
							to = v
						}
						p = strings.ReplaceAll(p, "{"+one.Name+"}", url.PathEscape(to))
					}
				}
				return p
			}
			for _, p := range op.Parameters {
				for _, v := range values {
					switch {
					case p.In == "path" && v != "":
						ask(op.ID, method, sane(p.Name, v), "", fmt.Sprintf("path %s = %.30q", p.Name, v))
					case p.In == "query":
						ask(op.ID, method, sane("", "")+"?"+url.QueryEscape(p.Name)+"="+url.QueryEscape(v), "", fmt.Sprintf("query %s = %.30q", p.Name, v))
					}
				}
			}
			if method == "get" {
				continue
			}
			for _, b := range bodies {
				ask(op.ID, method, sane("", ""), b, fmt.Sprintf("body %.20q", b))
			}
			if op.RequestBody == nil {
				continue
			}
			base, _ := sample(doc.Components.Schemas, op.RequestBody.Content["application/json"].Schema, 0).(map[string]any)
			for _, name := range slices.Sorted(maps.Keys(base)) {
				for _, v := range []any{nil, true, -1, 1e300, "\x00", "../../etc/passwd", strings.Repeat("x", 5000), []any{}, []any{nil}, map[string]any{"a": []any{1}}} {
					one := maps.Clone(base)
					one[name] = v
					enc, _ := json.Marshal(one)
					ask(op.ID, method, sane("", ""), string(enc), fmt.Sprintf("%s = %.30v", name, v))
				}
			}
		}
	}
	t.Logf("%d requests", sent)
	if out, err := d.Ctl(within(t, time.Minute), "status"); err != nil {
		t.Errorf("after it: %v %s", err, out)
	}
	if log := d.Log(); strings.Contains(log, "panic") {
		t.Errorf("the daemon says:\n%.3000s", log[strings.Index(log, "panic"):])
	}
}

// sample is a value that a schema allows, roughly.
func sample(all map[string]schema, s schema, depth int) any {
	if s.Ref != "" {
		s = all[s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]]
	}
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	kind, _ := s.Type.(string)
	switch {
	case depth > 4:
		return nil
	case kind == "object":
		o := map[string]any{}
		for name, p := range s.Properties {
			o[name] = sample(all, p, depth+1)
		}
		return o
	case kind == "array":
		return []any{}
	case kind == "integer", kind == "number":
		return 1
	case kind == "boolean":
		return true
	case s.Format == "date-time":
		return "2026-01-02T03:04:05Z"
	}
	return "x"
}
