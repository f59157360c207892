package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"vaad/api"
)

// freePort is a port that nothing listens on. The kernel gives those from 32768 on to
// whoever asks for any: another test could have got one before the daemon takes it.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 10_000 + rand.IntN(20_000)
		if l, err := net.Listen("tcp", fmt.Sprintf(":%d", port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// remotely runs vaactl as on another machine: without the folder, with settings of its own.
func remotely(ctx context.Context, home string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, bin.Vaactl, append([]string{"--lang", "en"}, args...)...)
	cmd.Env = []string{"HOME=" + home, "PATH=/usr/bin:/bin"}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	return out.String() + errs.String(), err
}

// TestFreshBoxIsSetUpFromTheLinkAndReachedOverTheNetwork goes the whole way: a
// fresh folder, the link, the administrator, TLS, vaactl from elsewhere with a pinned
// fingerprint, and the next start.
func TestFreshBoxIsSetUpFromTheLinkAndReachedOverTheNetwork(t *testing.T) {
	once(t)
	ctx := within(t, 2*time.Minute)
	root, home, port := scratch(t), scratch(t), freePort(t)
	config := "listen = \"127.0.0.1:0\"\n" + board("sim", "real", 2, "")
	d := start(t, root, config)
	link := ""
	if err := Until(ctx, "the link that is printed", func() (bool, error) {
		link = regexp.MustCompile(`http://127\.0\.0\.1:\d+/\?token=\w+`).FindString(d.Log())
		return link != "", nil
	}); err != nil {
		t.Fatalf("%v:\n%s", err, d.Log())
	}
	base, _, _ := strings.Cut(link, "/?")
	jar, _ := cookiejar.New(nil)
	c := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(client *http.Client, method, url string, body, into any) int {
		t.Helper()
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if body != nil {
			r.Header.Set("Content-Type", "application/json")
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if into != nil {
			if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
				t.Fatal(err)
			}
		}
		return resp.StatusCode
	}
	if code := ask(c, "GET", link, nil, nil); code != http.StatusSeeOther {
		t.Fatalf("the link answers %d", code)
	}
	at := base + api.Prefix
	if code := ask(c, "POST", at+"/setup/administrator", api.NewAdministrator{Name: "ann", Password: "four quiet green lanterns"}, nil); code != 200 {
		t.Fatalf("the administrator: %d", code)
	}
	if code := ask(http.DefaultClient, "GET", link, nil, nil); code == http.StatusSeeOther {
		t.Error("the link works after the set-up")
	}
	for path, v := range map[string]string{"network.port": fmt.Sprint(port), "network.enabled": "true", "site.time_zone": `"Asia/Shanghai"`} {
		if code := ask(c, "PUT", at+"/settings/value", api.SetValue{Path: path, Value: []byte(v)}, nil); code != 200 {
			t.Fatalf("%s: %d", path, code)
		}
	}
	var n api.Network
	if err := Until(ctx, "the network door opens", func() (bool, error) {
		ask(c, "GET", at+"/network", nil, &n)
		return n.Certificate != nil, nil
	}); err != nil {
		t.Fatal(err)
	}
	var token api.TokenMade
	if code := ask(c, "POST", at+"/account/tokens", api.TokenWish{Name: "laptop"}, &token); code/100 != 2 {
		t.Fatalf("the token: %d", code)
	}
	secret := token.Secret
	server := fmt.Sprintf("https://127.0.0.1:%d", port)
	if out, err := remotely(ctx, home, "--server", server, "--token", secret, "status"); err == nil || !strings.Contains(out, n.Authority.SHA256) {
		t.Errorf("a certificate that nobody trusts: %v\n%s", err, out)
	}
	if out, err := remotely(ctx, home, "remote", "add", "box", server, "--token", secret, "--fingerprint", n.Authority.SHA256); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, args := range []string{"lines", "boards", "recordings", "alarms", "get site.time_zone", "network"} {
		if out, err := remotely(ctx, home, append([]string{"--remote", "box"}, strings.Fields(args)...)...); err != nil {
			t.Errorf("%s: %v\n%s", args, err, out)
		}
	}
	if out, err := remotely(ctx, home, "--remote", "box", "listen", "1", "--seconds", "1", "-o", filepath.Join(home, "a.wav")); err != nil {
		t.Errorf("listen: %v\n%s", err, out)
	}
	if out, err := remotely(ctx, home, "--server", server, "--token", secret, "--fingerprint", strings.Repeat("00", 32), "status"); err == nil {
		t.Errorf("a wrong fingerprint is taken: %s", out)
	}
	stop(t, d)

	d = start(t, root, config)
	if strings.Contains(d.Log(), "token=") {
		t.Errorf("a link is printed although there is an administrator:\n%s", d.Log())
	}
	if out, err := remotely(ctx, home, "--remote", "box", "get", "site.time_zone"); err != nil || !strings.Contains(out, "Asia/Shanghai") {
		t.Errorf("after a restart, with the same pin: %v\n%s", err, out)
	}
	if out, err := d.Ctl(ctx, "setup", "--json"); err != nil || strings.Contains(out, "token=") {
		t.Errorf("vaactl setup: %v %s", err, out)
	}
	stop(t, d)
}

// TestChangeThatCutsOffItsCallerIsTakenBack closes the door that a change came in by, and
// waits for nobody: at the next start it is as before.
func TestChangeThatCutsOffItsCallerIsTakenBack(t *testing.T) {
	once(t)
	ctx := within(t, 2*time.Minute)
	root, port, other := scratch(t), freePort(t), freePort(t)
	config := "listen = \"off\"\n" + board("sim", "real", 1, "")
	d := start(t, root, config)
	token := regexp.MustCompile(`token=(\w+)`)
	if _, err := d.Ctl(ctx, "network", "on", "--port", fmt.Sprint(port)); err != nil {
		t.Fatal(err)
	}
	var secret string
	if err := Until(ctx, "the link is printed", func() (bool, error) {
		out, err := d.Ctl(ctx, "setup", "--json")
		if m := token.FindStringSubmatch(out); m != nil {
			secret = m[1]
		}
		return secret != "", err
	}); err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // which door, not whose
	set := func(port, value int) int {
		r, err := http.NewRequestWithContext(ctx, "PUT", fmt.Sprintf("https://127.0.0.1:%d%s/settings/value", port, api.Prefix),
			strings.NewReader(fmt.Sprintf(`{"path":"network.port","value":%d}`, value)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+secret)
		r.Header.Set("Content-Type", "application/json")
		resp, err := (&http.Client{Transport: tr}).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode
	}
	network := func() (n api.Network) {
		t.Helper()
		rows, err := Rows[api.Network](ctx, d, "network")
		if err != nil || len(rows) != 1 {
			t.Fatalf("%v, %v", rows, err)
		}
		return rows[0]
	}
	if code := set(port, other); code != 200 {
		t.Fatalf("%d", code)
	}
	if n := network(); n.Trial == nil || n.Trial.Seconds < 30 {
		t.Fatalf("it is not tried: %+v", n.Trial)
	}
	d.Kill()
	d = start(t, root, config)
	if out, err := d.Ctl(ctx, "get", "network.port"); err != nil || strings.TrimSpace(out) != fmt.Sprint(port) {
		t.Errorf("after a restart the port is %q, %v", out, err)
	}
	secret = ""
	out, err := d.Ctl(ctx, "setup", "--json")
	if m := token.FindStringSubmatch(out); err != nil || m == nil {
		t.Fatalf("%v %s", err, out)
	} else {
		secret = m[1]
	}
	if code := set(port, other); code != 200 {
		t.Fatalf("%d", code)
	}
	if err := Until(ctx, "the other door opens", func() (bool, error) {
		n := network()
		return len(n.Doors) == 2 && n.Doors[1].Open && strings.HasSuffix(n.Doors[1].Address, fmt.Sprint(other)), nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Ctl(ctx, "network", "confirm"); err != nil {
		t.Error(err)
	}
	if n := network(); n.Trial != nil {
		t.Errorf("it is still tried: %+v", n.Trial)
	}
	stop(t, d)
}
