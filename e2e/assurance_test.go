package e2e

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vaad/api"

	"github.com/digitorus/timestamp"
	"github.com/emersion/go-smtp"
)

// TestEveryCallIsAccountedFor has a call on a line that records and one on a line
// that does not, and takes a file away: the report says what became of each.
func TestEveryCallIsAccountedFor(t *testing.T) {
	once(t)
	all := slices.DeleteFunc(dialogues(t), func(one dialogue) bool { return one.name != "FSK of Bell 202 between rings" })
	ctx := within(t, 2*time.Minute)
	d := start(t, scratch(t), quietly+board("b", "peers", 2, ""))
	if out, err := d.Ctl(ctx, "set", "lines.2.trigger", `"off"`); err != nil {
		t.Fatal(err, out)
	}
	var peers []*Peer
	for i := range 2 {
		peers = append(peers, &Peer{Line: i + 1, Next: Script(seq(volts("-48", 10*time.Second), all[0].steps, wait(20*time.Second))...)})
	}
	ps, err := Dial(sockets(d, "b"), peers...)
	if err != nil {
		t.Fatal(err)
	}
	if err := ps.Run(ctx); err != nil {
		t.Fatal(err)
	}
	sealed(t, d)
	var calls []Call
	if err := Until(ctx, "two calls that are over", func() (bool, error) {
		var err error
		calls, err = d.Calls(ctx, 0)
		return len(calls) == 2 && calls[0].End != nil && calls[1].End != nil, err
	}); err != nil {
		t.Fatal(err, calls)
	}
	report := func() (a api.Assurance) {
		t.Helper()
		out, err := d.Ctl(ctx, "--json", "assurance", calls[0].Start.Local().Format(time.DateOnly), "--now")
		if err != nil {
			t.Fatal(err, out)
		}
		if err := json.Unmarshal([]byte(out), &a); err != nil {
			t.Fatal(err, out)
		}
		return a
	}
	if a := report(); !a.OK || a.Calls != 2 || a.Counts["whole"] != 1 || a.Counts["not-wanted"] != 1 || a.Seconds.Talked == 0 || a.Reasons["trigger-off"] != 1 {
		t.Errorf("%+v", a)
	}
	files, err := filepath.Glob(filepath.Join(d.Root, "recordings", "*", "*", "*", "*.wav"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	if a := report(); a.OK || a.Counts["unexplained"] != 1 || len(a.Items) != 1 || a.Items[0].Reason != "file" {
		t.Errorf("after its file was taken away: %+v", a)
	}
	out, err := d.Ctl(ctx, "jobs", "run", "assurance", "--wait")
	if err != nil || !strings.Contains(out, "unexplained: 0") {
		t.Errorf("the job: %v %s", err, out)
	}
	if out, err = d.Ctl(ctx, "assurance"); err != nil {
		t.Errorf("the list: %v %s", err, out)
	}
}

// A postbox takes mail.
type postbox struct {
	mu    sync.Mutex
	mails []string
}

func (p *postbox) NewSession(*smtp.Conn) (smtp.Session, error) { return p, nil }
func (p *postbox) Mail(string, *smtp.MailOptions) error        { return nil }
func (p *postbox) Rcpt(string, *smtp.RcptOptions) error        { return nil }
func (p *postbox) Reset()                                      {}
func (p *postbox) Logout() error                               { return nil }
func (p *postbox) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails = append(p.mails, string(b))
	return err
}

func (p *postbox) got() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.mails)
}

// stamps answers as a time stamp authority, whose root it writes to a file.
func stamps(t *testing.T, root string) http.HandlerFunc {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test Time Stamps"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(root, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		q, err := timestamp.ParseRequest(b)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		ts := timestamp.Timestamp{HashAlgorithm: q.HashAlgorithm, HashedMessage: q.HashedMessage, Time: time.Now(), Nonce: q.Nonce, Policy: asn1.ObjectIdentifier{1, 2, 3, 4, 1}, AddTSACertificate: true}
		answer, err := ts.CreateResponseWithOpts(c, key, crypto.SHA256)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/timestamp-reply")
		_, _ = w.Write(answer)
	}
}

// TestCheckpointsLeaveTheBox has them mailed and stamped, and verifies the stamp.
func TestCheckpointsLeaveTheBox(t *testing.T) {
	once(t)
	ctx := within(t, time.Minute)
	dir := scratch(t)
	roots := filepath.Join(t.TempDir(), "roots.pem")
	authority := httptest.NewServer(stamps(t, roots))
	defer authority.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	box := &postbox{}
	server := smtp.NewServer(box)
	server.Domain = "localhost"
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	defer func() { _ = server.Close(); <-served }()
	d := start(t, dir, quietly+board("b", "peers", 1, ""))
	set := func(key, value string) {
		t.Helper()
		if out, err := d.Ctl(ctx, "set", key, value); err != nil {
			t.Fatal(err, out)
		}
	}
	if out, err := d.Ctl(ctx, "set", "evidence.mail_to", `["auditor@example.org"]`); err == nil {
		t.Error("mail without a server is taken:", out)
	}
	set("mail", fmt.Sprintf(`{"server":"127.0.0.1","port":%d,"security":"none","from":"box@example.org"}`, l.Addr().(*net.TCPAddr).Port))
	set("evidence.mail_to", `["auditor@example.org"]`)
	set("evidence.tsa_roots", fmt.Sprintf("%q", roots))
	set("evidence.tsa", fmt.Sprintf("%q", authority.URL))
	var kept []string
	if err := Until(ctx, "a mail and a stamp", func() (bool, error) {
		kept, err = filepath.Glob(filepath.Join(d.Root, "recordings", "stamps", "*.tsr"))
		return len(kept) > 0 && box.got() > 0, err
	}); err != nil {
		t.Fatalf("%v: stamps %v, %d mails\n%s", err, kept, box.got(), d.Log())
	}
	if !strings.Contains(box.mails[0], ".checkpoints") {
		t.Error("the mail brings no checkpoints:\n", box.mails[0])
	}
	out, err := d.Ctl(ctx, "--root", d.Root, "verify", "--tsa-roots", roots)
	if !strings.Contains(out, "Test Time Stamps") {
		t.Errorf("verify: %v %s", err, out)
	}
	b, err := os.ReadFile(kept[0])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-10] ^= 1
	if err := os.Chmod(kept[0], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept[0], b, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := d.Ctl(ctx, "--root", d.Root, "verify", "--tsa-roots", roots); err == nil {
		t.Error("a changed stamp is good:", out)
	}
}
