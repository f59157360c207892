package anchor

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vaad/messaging/post"
	"vaad/recorder/evidence"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"golang.org/x/mod/sumdb/note"
)

var t0 = time.Date(2026, 11, 22, 16, 0, 0, 0, time.UTC)

// A rig has a file of checkpoints that grows, a clock and a way that notes what it gets.
type rig struct {
	t      testing.TB
	dir    string
	signer note.Signer
	now    time.Time
	n      int64
	got    [][]int64
	refuse error
	every  time.Duration
	alarms map[string]bool
}

func newRig(t testing.TB) *rig {
	sk, _, err := note.GenerateKey(rand.Reader, "vaad-1f2e3d4c")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(sk)
	if err != nil {
		t.Fatal(err)
	}
	return &rig{t: t, dir: t.TempDir(), signer: signer, now: t0, every: 24 * time.Hour, alarms: map[string]bool{}}
}

func (r *rig) Name() string         { return "mail" }
func (r *rig) Every() time.Duration { return r.every }
func (r *rig) Keep(_ context.Context, notes []Note) error {
	if r.refuse != nil {
		return r.refuse
	}
	var all []int64
	for _, n := range notes {
		all = append(all, n.Number)
	}
	r.got = append(r.got, all)
	return nil
}
func (r *rig) Raise(_, subject string, _ map[string]string) { r.alarms[subject] = true }
func (r *rig) Clear(_, subject string)                      { delete(r.alarms, subject) }

func (r *rig) checkpoint() []byte {
	r.n++
	b, err := note.Sign(&note.Note{Text: fmt.Sprintf("vaad-1f2e3d4c\n%d\nnND/nri/U0xuHUrYSy0HtMeal2vzD9V4k/BO79C+QeI=\nnumber %d\ntime %s\nprevious none\n", r.n, r.n, r.now.Format(time.RFC3339))}, r.signer)
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

func (r *rig) sign(n int) {
	f, err := os.OpenFile(filepath.Join(r.dir, evidence.NotesFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		r.t.Fatal(err)
	}
	for range n {
		if _, err := f.Write(append(r.checkpoint(), '\n')); err != nil {
			r.t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) runner(ways ...Way) *runner {
	if ways == nil {
		ways = []Way{r}
	}
	return newRunner(Config{Recordings: r.dir, State: r.dir + "/anchored", Ways: ways, Alarms: r, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return r.now }})
}

func (r *rig) has(want ...[]int64) {
	r.t.Helper()
	if !slices.EqualFunc(r.got, want, slices.Equal) {
		r.t.Errorf("given away: %v, want %v", r.got, want)
	}
	r.got = nil
}

func TestAWayBeginsWithTheNewestAndThenMissesNone(t *testing.T) {
	r := newRig(t)
	run := r.runner()
	run.look(t.Context())
	r.has() // nothing is signed yet
	r.sign(5)
	run.look(t.Context())
	r.has([]int64{5})
	r.sign(3)
	run.look(t.Context())
	r.has() // not due
	r.now = r.now.Add(24 * time.Hour)
	run.look(t.Context())
	r.has([]int64{6, 7, 8})
	r.now = r.now.Add(24 * time.Hour)
	run.look(t.Context())
	r.has() // nothing new
	r.sign(1)
	run = r.runner() // restarted
	run.look(t.Context())
	r.has([]int64{9})
}

func TestAWayThatFailsIsTriedAgainAndLosesNothing(t *testing.T) {
	r := newRig(t)
	run := r.runner()
	r.sign(1)
	run.look(t.Context())
	r.has([]int64{1})
	r.refuse = errors.New("closed")
	r.sign(2)
	r.now = r.now.Add(24 * time.Hour)
	tries := run.again
	for range 20 {
		run.look(t.Context())
		r.now = r.now.Add(lookEvery)
	}
	if !r.alarms["mail"] || tries["mail"].wait < 4*time.Minute {
		t.Errorf("alarms %v, next try after %v", r.alarms, tries["mail"].wait)
	}
	r.refuse = nil
	r.now = r.now.Add(lastRetry)
	run.look(t.Context())
	r.has([]int64{2, 3})
	if len(r.alarms) > 0 {
		t.Errorf("alarms %v", r.alarms)
	}
}

func TestAClockThatIsSetBackHoldsNothingUp(t *testing.T) {
	r := newRig(t)
	run := r.runner()
	r.sign(1)
	run.look(t.Context())
	r.now = r.now.AddDate(-1, 0, 0)
	r.sign(1)
	run.look(t.Context())
	r.has([]int64{1}, []int64{2})
	r.refuse = errors.New("closed")
	r.sign(1)
	r.now = r.now.Add(25 * time.Hour)
	run.look(t.Context())
	r.refuse, r.now = nil, r.now.AddDate(-1, 0, 0)
	run.look(t.Context())
	r.has([]int64{3})
}

func TestAFileThatWasPutBackIsReadFromItsBeginning(t *testing.T) {
	r := newRig(t)
	run := r.runner()
	r.sign(40)
	run.look(t.Context())
	r.has([]int64{40})
	if err := os.Remove(filepath.Join(r.dir, evidence.NotesFile)); err != nil {
		t.Fatal(err)
	}
	r.n = 38
	r.sign(4) // 39 to 42
	r.now = r.now.Add(24 * time.Hour)
	run.look(t.Context())
	r.has([]int64{41, 42})
	f, err := os.OpenFile(filepath.Join(r.dir, evidence.NotesFile), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.Write(r.checkpoint()[:120]) // half of one: it is being written
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	r.now = r.now.Add(24 * time.Hour)
	run.look(t.Context())
	r.has()
}

// A postbox is a mail server that wants TLS and a password.
type postbox struct {
	mu    sync.Mutex
	mails []string
	to    []string
}

func (p *postbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{p: p}, nil }

type session struct {
	p    *postbox
	auth bool
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if s.auth = user == "vaad" && password == "secret"; !s.auth {
			return errors.New("wrong")
		}
		return nil
	}), nil
}
func (s *session) Mail(string, *smtp.MailOptions) error {
	if !s.auth {
		return smtp.ErrAuthRequired
	}
	return nil
}
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error { s.p.to = append(s.p.to, to); return nil }
func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	s.p.mu.Lock()
	s.p.mails = append(s.p.mails, string(b))
	s.p.mu.Unlock()
	return err
}
func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// listen starts it and returns its port and what trusts it.
func (p *postbox) listen(t testing.TB) (int, *tls.Config) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := smtp.NewServer(p)
	s.Domain, s.TLSConfig = "localhost", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close(); <-ended })
	pool := x509.NewCertPool()
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(cert)
	return l.Addr().(*net.TCPAddr).Port, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}
}

func TestAMailBringsTheCheckpointsWhole(t *testing.T) {
	r, box := newRig(t), &postbox{}
	port, trust := box.listen(t)
	password := filepath.Join(r.dir, "password")
	if err := os.WriteFile(password, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	set := MailSettings{Server: post.Server{Host: "127.0.0.1", Port: port, Security: post.StartTLS, User: "vaad", Password: password, From: "box@example.org"},
		To: []string{"a@example.org", "b@example.org"}, Every: time.Hour, Box: "前台"}
	m := &Mail{Settings: func() MailSettings { return set }, TLS: trust, Texts: func(box string, newest Note, n int) (string, string) {
		return fmt.Sprintf("检查点 %s %d", box, newest.Number), fmt.Sprintf("%d 个\n", n)
	}}
	run := r.runner(m)
	r.sign(1)
	run.look(t.Context())
	r.sign(2)
	r.now = r.now.Add(time.Hour)
	run.look(t.Context())
	if len(box.mails) != 2 || !slices.Contains(box.to, "b@example.org") || len(r.alarms) > 0 {
		t.Fatalf("%d mails to %v, alarms %v", len(box.mails), box.to, r.alarms)
	}
	got, err := mail.ReadMessage(strings.NewReader(box.mails[1]))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
	if err != nil || subject != "检查点 前台 3" || got.Header.Get("User-Agent") != "" || !strings.HasSuffix(got.Header.Get("Message-Id"), "@example.org>") && !strings.Contains(got.Header.Get("Message-Id"), "example.org") {
		t.Errorf("subject %q, headers %v, %v", subject, got.Header, err)
	}
	_, params, err := mime.ParseMediaType(got.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(got.Body, params["boundary"])
	var file []byte
	for {
		p, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.FileName() != "" {
			if file, err = io.ReadAll(base64.NewDecoder(base64.StdEncoding, p)); err != nil || !strings.HasSuffix(p.FileName(), "-000000003.checkpoints") {
				t.Errorf("attachment %q: %v", p.FileName(), err)
			}
		}
	}
	whole, err := os.ReadFile(filepath.Join(r.dir, evidence.NotesFile))
	if err != nil || len(file) == 0 || !strings.HasSuffix(string(whole), string(file)) || len(evidence.ReadNotes(file)) != 2 {
		t.Errorf("the attachment is not the checkpoints that were signed: %v\n%s", err, file)
	}
}

func TestAMailServerThatIsNotTrustedGetsNothing(t *testing.T) {
	r, box := newRig(t), &postbox{}
	port, _ := box.listen(t)
	set := MailSettings{Server: post.Server{Host: "127.0.0.1", Port: port, Security: post.StartTLS, From: "box@example.org"}, To: []string{"a@example.org"}, Every: time.Hour}
	m := &Mail{Settings: func() MailSettings { return set }, Texts: func(string, Note, int) (string, string) { return "s", "b" }}
	r.sign(1)
	r.runner(m).look(t.Context())
	if len(box.mails) > 0 || !r.alarms["mail"] {
		t.Errorf("%d mails, alarms %v", len(box.mails), r.alarms)
	}
}
