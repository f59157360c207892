package console

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"vaad/api/text"
	"vaad/console/web"
)

func newTestPage(t *testing.T) *page {
	t.Helper()
	p, err := newPage(web.Files())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPagesLoadNothingFromElsewhere(t *testing.T) {
	p := newTestPage(t)
	for name, f := range p.files {
		if name == "/manifest.json" || strings.HasPrefix(name, "/text/") {
			continue
		}
		if strings.HasSuffix(name, ".html") || strings.HasSuffix(name, ".css") {
			if m := regexp.MustCompile(`(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}`).Find(f.body); m != nil {
				t.Errorf("%s names %s: the console must work without the Internet", name, m)
			}
		}
		if strings.HasSuffix(name, ".html") && regexp.MustCompile(`(?i)<script(?:[^>]*)>[^<]|\son[a-z]+=|<style|\sstyle=`).Match(f.body) {
			t.Errorf("%s has a script or style in it, which the content security policy forbids", name)
		}
	}
	for _, m := range regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(string(p.files["/index.html"].body), -1) {
		if _, ok := p.files[m[1]]; !ok {
			t.Errorf("index.html loads %s, which is not there", m[1])
		}
	}
}

func TestCatalogueOfThePagesHasNoWordsOfTheCommandLine(t *testing.T) {
	p := newTestPage(t)
	for _, lang := range text.Languages() {
		var m map[string]string
		if err := json.Unmarshal(p.files["/text/"+lang+".json"].body, &m); err != nil || m["state.idle"] == "" || len(m) < 500 {
			t.Errorf("%s: %v, %d words", lang, err, len(m))
		}
		for k := range m {
			if strings.HasPrefix(k, "help.") || strings.HasPrefix(k, "usage.") {
				t.Fatalf("%s: %s", lang, k)
			}
		}
	}
}

func TestPagesAreServedToWhoHasNoSession(t *testing.T) {
	f := newFixture(t)
	base := f.serveTCP()
	resp, body := send(t, http.DefaultClient, "GET", base+"/recordings/01ABC", "Accept", "text/html")
	if resp.StatusCode != 200 || !strings.Contains(body, `<div id="app">`) || resp.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("an address of the page: %d %v %.80s", resp.StatusCode, resp.Header, body)
	}
	asset := regexp.MustCompile(`/assets/[^"]+\.js`).FindString(body)
	resp, body = send(t, &http.Client{Transport: &http.Transport{DisableCompression: true}}, "GET", base+asset, "Accept-Encoding", "gzip")
	if resp.StatusCode != 200 || resp.Header.Get("Content-Encoding") != "gzip" || !strings.Contains(resp.Header.Get("Cache-Control"), "immutable") {
		t.Fatalf("%s: %d %v", asset, resp.StatusCode, resp.Header)
	}
	z, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(z); err != nil || string(b) != string(newTestPage(t).files[asset].body) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	resp, _ = send(t, http.DefaultClient, "GET", base+asset, "If-None-Match", resp.Header.Get("ETag"))
	if resp.StatusCode != http.StatusNotModified {
		t.Errorf("an asset that is known is sent again: %d", resp.StatusCode)
	}
	for _, path := range []string{"/no-such.js", "/assets/no-such", "/../run.go", "/text/xx.json", "/manifest.json/x"} {
		if resp, _ := send(t, http.DefaultClient, "GET", base+path); resp.StatusCode != 404 {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
}
