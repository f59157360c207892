package console

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"vaad/access"
	"vaad/api"
)

func TestTheNetworkIsServedWithTLSAndNothingElse(t *testing.T) {
	f := newFixture(t)
	conf, _ := certified(t)
	host := func(string) bool { return true }
	for _, d := range []Door{
		{Kind: LoopbackDoor}, {Kind: NetworkDoor, Host: host}, {Kind: NetworkDoor, TLS: conf}, {Kind: MetricsDoor}, {Kind: LocalDoor}, {Kind: RedirectDoor}, {},
	} {
		if _, err := f.Open(anyAddress{}, d); !errors.Is(err, ErrNetwork) {
			t.Errorf("%+v: %v", d, err)
		}
	}
	base, c, pool := f.networkDoor()
	resp, _ := send(t, c, "GET", base+"/healthz")
	if resp.ProtoMajor != 2 || resp.StatusCode != 200 {
		t.Errorf("%s %d, want HTTP/2", resp.Proto, resp.StatusCode)
	}
	if resp.Header.Get("Strict-Transport-Security") != "" {
		t.Error("HSTS without anybody's wish")
	}
	old := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	if conn, err := tls.Dial("tcp", strings.TrimPrefix(base, "https://"), old); err == nil {
		conn.Close()
		t.Error("TLS 1.1 is taken")
	}
}

func TestStrangersNamesAreRefused(t *testing.T) {
	f := newFixture(t)
	base, c, _ := f.networkDoor()
	port := base[strings.LastIndex(base, ":"):]
	for host, want := range map[string]int{"recorder" + port: 401, "RECORDER.": 401, "127.0.0.1" + port: 401, "[::1]" + port: 401, "192.168.1.20": 401,
		"evil.example.com" + port: 421, "localhost" + port: 421, "recorder.evil.example.com": 421, "": 401} {
		resp, body := send(t, c, "GET", base+"/api/v1/lines", "Host", host)
		if resp.StatusCode != want {
			t.Errorf("%q: %d %.200s", host, resp.StatusCode, body)
		}
	}
}

func TestMetricsOverTheNetworkNeedARight(t *testing.T) {
	f := newFixture(t)
	base, c, _ := f.networkDoor()
	if resp, _ := send(t, c, "GET", base+"/metrics"); resp.StatusCode != 401 {
		t.Errorf("a stranger reads metrics: %d", resp.StatusCode)
	}
	conf, pool := certified(t)
	addr, _ := f.openDoor(Door{Kind: MetricsDoor, TLS: conf})
	c = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	for path, want := range map[string]int{"/metrics": 200, "/healthz": 200, "/": 404, "/api/v1/lines": 404, "/ca.crt": 404} {
		if resp, _ := send(t, c, "GET", "https://"+addr+path); resp.StatusCode != want {
			t.Errorf("%s of the address for metrics: %d, want %d", path, resp.StatusCode, want)
		}
	}
}

func TestPlainHTTPOnlyLeadsToTLS(t *testing.T) {
	f := newFixture(t)
	addr, _ := f.openDoor(Door{Kind: RedirectDoor, Host: func(h string) bool { return h == "recorder" }, Target: func(h string) string { return "https://" + h + ":8443" }})
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, one := range []struct{ method, host, path, want string }{
		{"GET", "recorder", "/calls?x=1", "307 https://recorder:8443/calls?x=1"}, {"GET", "[fd00::1]:80", "/", "307 https://[fd00::1]:8443/"},
		{"GET", "evil.example.com", "/", "421 "}, {"POST", "recorder", "/api/v1/session", "403 "}, {"GET", "recorder", "//evil.example.com/", "307 https://recorder:8443//evil.example.com/"},
	} {
		resp, _ := send(t, c, one.method, "http://"+addr+one.path, "Host", one.host)
		if got := fmt.Sprintf("%d %s", resp.StatusCode, resp.Header.Get("Location")); got != one.want {
			t.Errorf("%s %s: %q, want %q", one.host, one.path, got, one.want)
		}
	}
}

func TestWhoTrustsNothingYetGetsTheAuthority(t *testing.T) {
	f := newFixture(t)
	base, c, _ := f.networkDoor()
	resp, body := send(t, c, "GET", base+"/ca.crt")
	if resp.StatusCode != 200 || body != "authority" || resp.Header.Get("Content-Type") != "application/x-x509-ca-cert" {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
}

func TestChangesOfTheNetworkAreTriedHoweverTheyAreMade(t *testing.T) {
	f := newFixture(t)
	f.cfg.Network = &movingNetwork{fakeNetwork: f.wires}
	for _, one := range []struct {
		method, path string
		body         any
	}{
		{"PUT", "/settings/value", api.SetValue{Path: "lines.1.name", Value: []byte(`"x"`)}},
		{"POST", "/settings/import", string(f.cfg.Settings.Export())},
	} {
		before := len(f.wires.changed)
		if w := f.do(one.method, one.path, one.body); w.Code != 200 {
			t.Fatalf("%s: %s", one.path, w.Body)
		}
		if len(f.wires.changed) != before+1 {
			t.Errorf("%s is not tried", one.path)
		}
	}
	if w := f.do("POST", "/network/confirm", nil); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	problemIn(t, f.do("POST", "/network/confirm", nil), "no-trial")
}

// movingNetwork has other settings each time that it is asked.
type movingNetwork struct {
	*fakeNetwork
	asked int
}

func (n *movingNetwork) Settings() json.RawMessage {
	n.asked++
	return json.RawMessage(strconv.Itoa(n.asked))
}

func TestFaultsOfCertificatesAreNamed(t *testing.T) {
	f := newFixture(t)
	p := problemIn(t, f.do("POST", "/network/certificate", api.NewCertificate{Certificate: "bad"}), "certificate-refused")
	if len(p.Errors) != 1 || strings.HasPrefix(p.Errors[0].Message, "certificate.") {
		t.Errorf("%+v", p)
	}
	st := decode[api.Network](t, f.do("POST", "/network/certificate", api.NewCertificate{Certificate: "good"}), 200)
	if st.Uploaded == nil || st.FaultText == "" || st.Doors[0].Text == "" {
		t.Errorf("%+v", st)
	}
	rows, err := f.audit.Query(access.AuditFilter{Limit: 10})
	if err != nil || len(rows) != 2 || rows[0].Result != "ok" || rows[0].Detail["sha256"] != "AA:BB" || rows[1].Result != "failed" {
		t.Errorf("audit %+v, %v", rows, err)
	}
}

// TestSlowAndManyClientsHoldUpNobody lets 600 connections say nothing, or begin
// and never end, and 500 clients ask at once: each of these is answered, and so is
// the unix socket. Where the processors have other work, greetings may take longer than is
// borne of one; whoever is cut off comes again, as a browser does.
func TestSlowAndManyClientsHoldUpNobody(t *testing.T) {
	f := newFixture(t)
	base, c, _ := f.networkDoor()
	path := f.serveUnix()
	addr := strings.TrimPrefix(base, "https://")
	var slow []net.Conn
	defer func() {
		for _, s := range slow {
			s.Close()
		}
	}()
	for i := range 600 {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i%3))}}
		conn, err := d.DialContext(t.Context(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		slow = append(slow, conn)
		if i%2 == 0 {
			_, _ = conn.Write([]byte{22, 3, 1}) // the beginning of a TLS greeting
		}
	}
	unix := func() {
		t.Helper()
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "GET /healthz HTTP/1.1\r\nHost: vaad\r\nConnection: close\r\n\r\n")
		if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
			t.Fatalf("the socket answers %q, %v", line, err)
		}
	}
	unix()
	var wg sync.WaitGroup
	fails := make(chan error, 500)
	for i := range 500 {
		wg.Go(func() {
			tr := c.Transport.(*http.Transport).Clone()
			tr.DialContext = (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 2, byte(1+i%5))}}).DialContext
			defer tr.CloseIdleConnections()
			var resp *http.Response
			var err error
			for end := time.Now().Add(2 * time.Minute); ; {
				if resp, err = (&http.Client{Transport: tr}).Get(base + "/healthz"); err == nil || time.Now().After(end) {
					break
				}
			}
			if err != nil {
				fails <- err
				return
			}
			defer resp.Body.Close()
			if b, err := io.ReadAll(resp.Body); err != nil || string(b) != "ok\n" {
				fails <- fmt.Errorf("%q %w", b, err)
			}
		})
	}
	wg.Wait()
	close(fails)
	for err := range fails {
		t.Error(err)
	}
	unix()
}

func TestIdleConnectionsMakeRoom(t *testing.T) {
	f := newFixture(t)
	addr, _ := f.openDoor(Door{Kind: LoopbackDoor})
	for range maxConnections + 50 { // each asks once and stays
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		fmt.Fprintf(conn, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
		if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
			t.Fatalf("%q, %v", line, err)
		}
	}
}

func TestOversizedHeadersAndBodiesAreRefused(t *testing.T) {
	f := newFixture(t)
	base, c, _ := f.networkDoor()
	r, err := http.NewRequestWithContext(t.Context(), "GET", base+"/api/v1/lines", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Much", strings.Repeat("x", 64<<10))
	if resp, err := c.Do(r); err == nil {
		resp.Body.Close()
		if resp.StatusCode != 431 {
			t.Errorf("headers of 64 KiB: %d", resp.StatusCode)
		}
	}
	w := f.do("POST", "/network/certificate", api.NewCertificate{Certificate: strings.Repeat("x", 1<<20)})
	if w.Code != 413 && w.Code != 422 {
		t.Errorf("a certificate of 1 MiB: %d", w.Code)
	}
	resp, err := c.Post(base+"/api/v1/session", "application/json", bytes.NewReader(make([]byte, 64<<20)))
	if err == nil {
		resp.Body.Close()
		if resp.StatusCode/100 == 2 {
			t.Errorf("a body of 64 MiB: %d", resp.StatusCode)
		}
	}
	if resp, _ := send(t, c, "GET", base+"/healthz"); resp.StatusCode != 200 {
		t.Errorf("afterwards: %d", resp.StatusCode)
	}
}

func TestClosedDoorFreesItsAddressAtOnce(t *testing.T) {
	f := newFixture(t)
	l, err := net.Listen("tcp", "127.83.7.2:0") // an address that nobody else uses, and whose port nobody takes
	if err != nil {
		t.Fatal(err)
	}
	o, err := f.Open(l, Door{Kind: LoopbackDoor})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	f.CloseDoor(o)
	if l, err = net.Listen("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	l.Close()
	if o.Err() != nil {
		t.Error(o.Err())
	}
}

// A browser opens connections in advance, and a download may take an hour.
func TestTheEndIsNoFaultWhileSomebodyHoldsAConnection(t *testing.T) {
	f := newFixture(t)
	addr, o := f.openDoor(Door{Kind: LoopbackDoor})
	silent, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if resp, _ := rawly(t, addr, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); resp.StatusCode != 200 { // it came behind the silent one
		t.Errorf("%d", resp.StatusCode)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // all the time that there was is over
	if err := f.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	<-o.Done()
	if _, err := silent.Read(make([]byte, 1)); err == nil {
		t.Error("it was not cut off")
	}
}
