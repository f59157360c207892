package console

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"vaad/access"
	"vaad/api"
	"vaad/channels"
	"vaad/driver"

	"github.com/coder/websocket"
)

// A fakeAudio is a line of two sides whose audio says where it stands.
type fakeAudio struct {
	mu     sync.Mutex
	sides  []channels.Side
	fed    int64
	oldest int64
}

func newFakeAudio() *fakeAudio {
	return &fakeAudio{fed: 8000, sides: []channels.Side{{Name: "network", Law: driver.ALaw}, {Name: "local", Law: driver.ALaw}}}
}

func (a *fakeAudio) change(f func()) { a.mu.Lock(); defer a.mu.Unlock(); f() }

func (a *fakeAudio) Sides() []channels.Side { a.mu.Lock(); defer a.mu.Unlock(); return a.sides }
func (a *fakeAudio) Fed() int64             { a.mu.Lock(); defer a.mu.Unlock(); return a.fed }

func (a *fakeAudio) Read(dst []byte, side int, pos int64) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if side >= len(a.sides) {
		return 0, channels.ErrSide
	}
	if pos < a.oldest {
		return 0, &channels.ErrOverrun{Oldest: a.oldest}
	}
	n := int(max(min(int64(len(dst)), a.fed-pos), 0))
	for i := range n {
		dst[i] = audioAt(side, pos+int64(i))
	}
	return n, nil
}

func audioAt(side int, pos int64) byte { return byte(pos*7 + int64(side)*131) }

// hears opens live audio of line 1.
func (f *fixture) hears(a *fakeAudio, token string) (*websocket.Conn, api.LiveHead) {
	f.t.Helper()
	f.cfg.Live = func(int) (Audio, bool) { return a, true }
	c, resp, err := websocket.Dial(f.t.Context(), f.serveTCP()+api.Prefix+"/lines/1/live", &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + token}}})
	if err != nil {
		f.t.Fatal(err, resp)
	}
	f.t.Cleanup(func() { _ = c.CloseNow() })
	kind, b, err := c.Read(f.t.Context())
	var head api.LiveHead
	if err != nil || kind != websocket.MessageText || json.Unmarshal(b, &head) != nil {
		f.t.Fatalf("%v %v %s", err, kind, b)
	}
	return c, head
}

// frame reads one frame and checks that its audio is that of its position.
func frame(t *testing.T, c *websocket.Conn) (pos int64, n int) {
	t.Helper()
	kind, b, err := c.Read(t.Context())
	if err != nil || kind != websocket.MessageBinary || len(b) < api.LiveHeader || b[0] != api.LiveVersion {
		t.Fatalf("%v %v %d bytes", err, kind, len(b))
	}
	sides := int(b[1])
	n, pos = int(binary.LittleEndian.Uint16(b[2:])), int64(binary.LittleEndian.Uint64(b[4:]))
	if len(b) != api.LiveHeader+sides*n || n == 0 {
		t.Fatalf("%d bytes for %d samples of %d sides", len(b), n, sides)
	}
	for side := range sides {
		for i, v := range b[api.LiveHeader+side*n:][:n] {
			if v != audioAt(side, pos+int64(i)) {
				t.Fatalf("side %d at %d is not what the line carries", side, pos+int64(i))
			}
		}
	}
	return pos, n
}

func TestLiveAudioIsBothSidesWithTheirPosition(t *testing.T) {
	f, a := newFixture(t), newFakeAudio()
	c, head := f.hears(a, f.cfg.Access.NewToken())
	if fmt.Sprint(head) != "{1 [network local] 8000 alaw 8000}" {
		t.Errorf("it begins with %+v", head)
	}
	want := int64(8000)
	for _, more := range []int64{160, 480, 9000} {
		a.change(func() { a.fed += more })
		for end := want + more; want < end; {
			pos, n := frame(t, c)
			if pos != want {
				t.Fatalf("a frame of %d, want %d", pos, want)
			}
			want += int64(n)
		}
	}
	rows, err := f.cfg.Audit.Query(access.AuditFilter{Verb: access.Listen, Limit: 10})
	if err != nil || len(rows) != 1 || rows[0].Line != 1 || rows[0].Result != "ok" {
		t.Errorf("audit: %+v, %v", rows, err)
	}
}

func TestLiveReaderWhoIsLateGoesOnWithNow(t *testing.T) {
	a := newFakeAudio()
	b, pos := make([]byte, api.LiveHeader+2*liveMost), a.fed
	a.fed = 10_000_000
	n, err := liveFrame(b, a, 2, &pos)
	if from := int64(binary.LittleEndian.Uint64(b[4:])); err != nil || n == 0 || from < a.fed-liveLate {
		t.Errorf("%d bytes from %d, %v", n, from, err)
	}
	a.fed, a.oldest = 10_005_000, 10_004_000 // what it would read is gone
	if n, err := liveFrame(b, a, 2, &pos); n != 0 || err != nil || pos != a.fed {
		t.Errorf("%d bytes, at %d, %v", n, pos, err)
	}
	a.fed += 160
	if n, err := liveFrame(b, a, 2, &pos); n != api.LiveHeader+2*160 || err != nil || pos != a.fed {
		t.Errorf("%d bytes, at %d, %v", n, pos, err)
	}
}

func TestLiveAudioEndsWithTheLineAndWithTheRight(t *testing.T) {
	f, a := newFixture(t), newFakeAudio()
	c, _ := f.hears(a, f.cfg.Access.NewToken())
	a.change(func() { a.sides = a.sides[:1] })
	if _, _, err := c.Read(t.Context()); websocket.CloseStatus(err) != api.LiveOther {
		t.Errorf("the line has other sides: %v", err)
	}
	a = newFakeAudio()
	c, _ = f.hears(a, f.cfg.Access.NewToken())
	if err := f.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("the daemon ends: %v", err)
	}
}

func TestLiveAudioStopsWhenTheRightIsTakenAway(t *testing.T) {
	f, a := newFixture(t), newFakeAudio()
	f.cfg.Live = func(int) (Audio, bool) { return a, true }
	f.cfg.Access.SetGroups(map[string][]int{"front": {1}})
	srv := newTestServer(t, f.as(actor(access.Supervisor, "front")))
	c, _, err := websocket.Dial(t.Context(), srv+api.Prefix+"/lines/1/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.CloseNow() }()
	if _, _, err := c.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.cfg.Access.SetGroups(map[string][]int{"front": {2}})
	if _, _, err := c.Read(t.Context()); websocket.CloseStatus(err) != api.LiveNoRight {
		t.Errorf("without the right: %v", err)
	}
}

func TestLiveAudioIsRefusedBeforeAnybodyHears(t *testing.T) {
	f, a := newFixture(t), newFakeAudio()
	f.cfg.Access.SetGroups(map[string][]int{"front": {2}})
	problemIn(t, f.do(http.MethodGet, "/lines/1/live", nil), "not-available")
	f.cfg.Live = func(n int) (Audio, bool) { return a, n < 3 }
	problemIn(t, f.do(http.MethodGet, "/lines/1/live", nil), "not-websocket")
	problemIn(t, f.do(http.MethodGet, "/lines/3/live", nil), "no-line")
	problemIn(t, f.doAs(actor(access.Supervisor, "front"), http.MethodGet, "/lines/1/live", nil), "no-line")
	problemIn(t, f.doAs(actor(access.Reviewer), http.MethodGet, "/lines/1/live", nil), "forbidden")
	for range maxListeners {
		f.slots <- struct{}{}
	}
	h := http.Header{"Authorization": {"Bearer " + f.cfg.Access.NewToken()}}
	if _, resp, err := websocket.Dial(t.Context(), f.serveTCP()+api.Prefix+"/lines/1/live", &websocket.DialOptions{HTTPHeader: h}); err == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("too many: %v", err)
	}
	h.Set("Origin", "https://evil.example")
	if _, resp, err := websocket.Dial(t.Context(), f.serveTCP()+api.Prefix+"/lines/1/live", &websocket.DialOptions{HTTPHeader: h}); err == nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("a page of a stranger: %v", err)
	}
	rows, err := f.cfg.Audit.Query(access.AuditFilter{Verb: access.Listen, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.Result == "ok" {
			t.Errorf("audited as heard: %+v", r)
		}
	}
	a.sides = nil
	problemIn(t, f.do(http.MethodGet, "/lines/1/live", nil), "line-unused")
}

// A reader that does not read holds nobody up and keeps no memory: what is
// written ends with its deadline.
func TestLiveFrameNeverHoldsMoreThanOnePortion(t *testing.T) {
	a := newFakeAudio()
	a.fed = 1 << 20
	b, pos := make([]byte, api.LiveHeader+2*liveMost), int64(1<<20-liveLate)
	total := 0
	for {
		n, err := liveFrame(b, a, 2, &pos)
		if err != nil || n > len(b) {
			t.Fatal(n, err)
		}
		if n == 0 {
			break
		}
		total += (n - api.LiveHeader) / 2
	}
	if total != liveLate {
		t.Errorf("%d samples, want %d", total, liveLate)
	}
}

func FuzzLiveHandshake(f *testing.F) {
	f.Add("websocket", "dGhlIHNhbXBsZSBub25jZQ==", "http://127.0.0.1", "1", "13")
	f.Add("WebSocket, h2c", "", "null", "../../1", "8")
	f.Add("", "x", "://", "99999999999999999999", "")
	f.Fuzz(func(t *testing.T, upgrade, key, origin, line, version string) {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://127.0.0.1/", bytes.NewReader(nil))
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range map[string]string{"Upgrade": upgrade, "Sec-WebSocket-Key": key, "Origin": origin, "Sec-WebSocket-Version": version} {
			r.Header[k] = []string{v}
		}
		p := handshake(r)
		if p == nil && (!strings.EqualFold(upgrade, "websocket") || origin != "" && !strings.HasSuffix(strings.ToLower(origin), "127.0.0.1")) && !strings.Contains(origin, "127.0.0.1") {
			t.Errorf("%q from %q is let in", upgrade, origin)
		}
	})
}

// newTestServer serves a handler until the test ends.
func newTestServer(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}
