package route

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vaad/alarm"
	"vaad/messaging/post"

	"github.com/emersion/go-smtp"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func sample() Message {
	a := alarm.Alarm{ID: 7, Code: "line-no-battery", Subject: "4", Severity: alarm.Warning, First: noon, Last: noon, Count: 1}
	return Message{V: 1, ID: "abc", Kind: Raised, Route: "night", Time: noon, Box: Box{"前台", "1f2e", "1.2"},
		Alarms: []Told{told(&a, Words{Text: "Line 4 has no voltage", Remedy: "Look at the cable", Line: 4, Link: "/lines/4"}, "https://box/")}}
}

func TestWebhookBringsTheMessageSigned(t *testing.T) {
	var body []byte
	var head http.Header
	s := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		head = r.Header
		body, _ = io.ReadAll(r.Body)
	}))
	defer s.Close()
	dir := t.TempDir()
	roots, secret := filepath.Join(dir, "roots.pem"), filepath.Join(dir, "secret")
	if err := errors.Join(os.WriteFile(secret, []byte("s3cret\n"), 0o600),
		os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600)); err != nil {
		t.Fatal(err)
	}
	w := &Webhook{URL: s.URL + "/hook?x=1", Secret: secret, Roots: roots, Agent: "vaad/1.2", Now: func() time.Time { return noon }}
	if err := w.Send(t.Context(), sample()); err != nil {
		t.Fatal(err)
	}
	var got Message
	if err := json.Unmarshal(body, &got); err != nil || got.Alarms[0].Line != 4 || got.Alarms[0].Link != "https://box/lines/4" || got.Box.Name != "前台" {
		t.Errorf("%+v, %v", got, err)
	}
	if head.Get(HeaderTime) != "1795348800" || head.Get(HeaderSignature) != Sign([]byte("s3cret"), "1795348800", body) || head.Get(HeaderEvent) != Raised ||
		head.Get(HeaderDelivery) != "abc" || head.Get("User-Agent") != "vaad/1.2" || head.Get("Content-Type") != "application/json" {
		t.Errorf("%v", head)
	}
	w.Roots = ""
	if err := w.Send(t.Context(), sample()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate that nobody trusts: %v", err)
	}
	w.Secret = filepath.Join(dir, "gone")
	if err := w.Send(t.Context(), sample()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("sent without its signature: %v", err)
	}
}

// TestSignatureIsStable is the example of docs/alarms.md.
func TestSignatureIsStable(t *testing.T) {
	if got := Sign([]byte("secret"), "1795348800", []byte(`{"v":1}`)); got != "v1=a6d7cd049e20447c2bc605b5f80fb1f4fc7730ff61169af3638c4ed8442be01e" {
		t.Errorf("%s", got)
	}
}

func TestWebhookFollowsNoRedirectionAndTellsWhatWasAnswered(t *testing.T) {
	var visited atomic.Bool
	mux := http.NewServeMux()
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/there", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/there", func(http.ResponseWriter, *http.Request) { visited.Store(true) })
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte("no\x1b[31m disk" + strings.Repeat("x", 1<<16)))
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	w := &Webhook{URL: s.URL + "/away", Now: time.Now}
	if err := w.Send(t.Context(), sample()); err == nil || !strings.Contains(err.Error(), "307") || visited.Load() {
		t.Errorf("%v, followed %v", err, visited.Load())
	}
	w.URL = s.URL + "/broken"
	if err := w.Send(t.Context(), sample()); err == nil || !strings.Contains(err.Error(), "500") || !strings.Contains(err.Error(), "disk") || strings.Contains(err.Error(), "\x1b") || len(err.Error()) > 400 {
		t.Errorf("%v", err)
	}
	s.Close()
	if err := w.Send(t.Context(), sample()); err == nil || strings.Contains(err.Error(), "/broken") {
		t.Errorf("%v", err)
	}
}

func TestBadURLsAreRefused(t *testing.T) {
	for _, s := range []string{"", "box", "ftp://a/", "https://", "https://u:p@host/", "http://a/#x", "http://%zz/"} {
		if BadURL(s) == nil {
			t.Errorf("%q passed", s)
		}
	}
	for _, s := range []string{"https://a.example/hook?token=1", "http://192.168.1.5:8080/x", "http://[fe80::1]/"} {
		if err := BadURL(s); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// postbox is a mail server that keeps what it is given.
type postbox struct {
	mu    sync.Mutex
	to    []string
	mails []string
}

func (p *postbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &letter{p: p}, nil }

type letter struct {
	p  *postbox
	to []string
}

func (l *letter) Mail(string, *smtp.MailOptions) error { return nil }
func (l *letter) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody") {
		return &smtp.SMTPError{Code: 550, Message: "no such user"}
	}
	l.to = append(l.to, to)
	return nil
}
func (l *letter) Reset()        {}
func (l *letter) Logout() error { return nil }
func (l *letter) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	l.p.to, l.p.mails = append(l.p.to, l.to...), append(l.p.mails, string(b))
	return err
}

func TestMailBringsTheMessage(t *testing.T) {
	box := &postbox{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := smtp.NewServer(box)
	s.Domain = "localhost"
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close(); <-ended })
	m := &Mail{Server: post.Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Security: post.Plain, From: "Box <box@example.org>"}, To: []string{"a@example.org", "b@example.org"},
		Words: func(of Message) (string, string) { return "线路 4\r\nBcc: x@y", of.Alarms[0].Text + "\n" }}
	if err := m.Send(context.Background(), sample()); err != nil {
		t.Fatal(err)
	}
	got, err := mail.ReadMessage(strings.NewReader(box.mails[0]))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
	if err != nil || subject != "线路 4  Bcc: x@y" || got.Header.Get("Bcc") != "" || len(box.to) != 2 || got.Header.Get("Message-Id") != "<abc@example.org>" || got.Header.Get("Auto-Submitted") == "" {
		t.Errorf("subject %q to %v, %v, %v", subject, box.to, got.Header, err)
	}
	m.To = []string{"nobody@example.org"}
	if err := m.Send(context.Background(), sample()); err == nil || !strings.Contains(err.Error(), "no such user") {
		t.Errorf("%v", err)
	}
	if err := (&Mail{}).Send(context.Background(), sample()); err == nil {
		t.Error("sent without a server")
	}
}
