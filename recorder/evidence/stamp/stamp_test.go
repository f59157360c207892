package stamp_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaad/recorder/evidence/stamp"

	"github.com/digitorus/timestamp"
	"golang.org/x/mod/sumdb/note"
)

// An authority has a root, a certificate for time stamps, and the time it says.
type authority struct {
	root, cert *x509.Certificate
	key        *ecdsa.PrivateKey
	now        time.Time
	dir        string
}

func newAuthority(t testing.TB, usage x509.ExtKeyUsage) *authority {
	t.Helper()
	a := &authority{now: time.Date(2026, 11, 22, 16, 0, 0, 0, time.UTC), dir: t.TempDir()}
	make := func(serial int64, name string, ca bool, parent *x509.Certificate, by *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		c := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: a.now.AddDate(-1, 0, 0), NotAfter: a.now.AddDate(40, 0, 0),
			IsCA: ca, BasicConstraintsValid: ca, KeyUsage: x509.KeyUsageDigitalSignature}
		if ca {
			c.KeyUsage |= x509.KeyUsageCertSign
		} else {
			seq, _ := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
			if usage == x509.ExtKeyUsageTimeStamping { // critical, as RFC 3161 section 2.3 wants it
				c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: seq}}
			} else {
				c.ExtKeyUsage = []x509.ExtKeyUsage{usage}
			}
		}
		if parent == nil {
			parent, by = c, key
		}
		der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, by)
		if err != nil {
			t.Fatal(err)
		}
		got, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return got, key
	}
	var rootKey *ecdsa.PrivateKey
	a.root, rootKey = make(1, "Test Root", true, nil, nil)
	a.cert, a.key = make(2, "Test Time Stamps", false, a.root, rootKey)
	write := func(name, kind string, der []byte) {
		if err := os.WriteFile(filepath.Join(a.dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		t.Fatal(err)
	}
	write("root.pem", "CERTIFICATE", a.root.Raw)
	write("cert.pem", "CERTIFICATE", a.cert.Raw)
	write("key.pem", "PRIVATE KEY", keyDER)
	return a
}

// answer is what the authority says to a query.
func (a *authority) answer(query []byte) ([]byte, error) {
	q, err := timestamp.ParseRequest(query)
	if err != nil {
		return nil, err
	}
	ts := timestamp.Timestamp{HashAlgorithm: q.HashAlgorithm, HashedMessage: q.HashedMessage, Time: a.now, Nonce: q.Nonce,
		Policy: asn1.ObjectIdentifier{1, 2, 3, 4, 1}, AddTSACertificate: true}
	return ts.CreateResponseWithOpts(a.cert, a.key, crypto.SHA256)
}

// openssl lets OpenSSL answer instead.
func (a *authority) openssl(query []byte) ([]byte, error) {
	conf := fmt.Sprintf("[tsa]\ndefault_tsa=t\n[t]\nserial=%[1]s/serial\nsigner_cert=%[1]s/cert.pem\ncerts=%[1]s/root.pem\nsigner_key=%[1]s/key.pem\nsigner_digest=sha256\ndefault_policy=1.2.3.4.1\ndigests=sha256\nclock_precision_digits=0\nordering=no\ntsa_name=no\ness_cert_id_chain=no\n", a.dir)
	err := errors.Join(os.WriteFile(a.dir+"/tsa.conf", []byte(conf), 0o600), os.WriteFile(a.dir+"/serial", []byte("01\n"), 0o600), os.WriteFile(a.dir+"/q.tsq", query, 0o600))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("openssl", "ts", "-reply", "-config", a.dir+"/tsa.conf", "-section", "t", "-queryfile", a.dir+"/q.tsq", "-out", a.dir+"/a.tsr")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	return os.ReadFile(a.dir + "/a.tsr")
}

func serve(t testing.TB, answer func([]byte) ([]byte, error)) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q, _ := io.ReadAll(r.Body)
		b, err := answer(q)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/timestamp-reply")
		_, _ = w.Write(b)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func (a *authority) roots(t testing.TB) stamp.Roots {
	r, err := stamp.ReadRoots(filepath.Join(a.dir, "root.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAnAuthoritysStampIsCheckedAndKept(t *testing.T) {
	a := newAuthority(t, x509.ExtKeyUsageTimeStamping)
	text := []byte("a note\n")
	answer, s, err := stamp.Ask(t.Context(), http.DefaultClient, serve(t, a.answer), text, a.roots(t), a.now)
	if err != nil || !s.Trusted || !s.Time.Equal(a.now) || !strings.Contains(s.Signer, "Test Time Stamps") {
		t.Fatalf("%+v, %v", s, err)
	}
	again, err := stamp.Read(answer, a.roots(t))
	if err != nil || again.Of(text) != nil || again.Of([]byte("another note\n")) == nil {
		t.Errorf("what was kept is read as %+v, %v", again, err)
	}
	other := newAuthority(t, x509.ExtKeyUsageTimeStamping)
	if _, err := stamp.Read(answer, other.roots(t)); err == nil {
		t.Error("a stamp is believed that leads to another root")
	}
	for i := 0; i < len(answer); i += 7 { // no single byte can be changed
		bad := bytes.Clone(answer)
		bad[i] ^= 1
		if s, err := stamp.Read(bad, a.roots(t)); err == nil && s.Of(text) == nil && !s.Time.Equal(a.now) {
			t.Errorf("with byte %d changed it says %v", i, s.Time)
		}
	}
}

func TestAnswersThatAreNoStampAreRefused(t *testing.T) {
	a := newAuthority(t, x509.ExtKeyUsageTimeStamping)
	wrongUse := newAuthority(t, x509.ExtKeyUsageServerAuth)
	kept, err := func() ([]byte, error) { // an answer to an earlier question
		q, err := timestamp.CreateRequest(strings.NewReader("a note\n"), &timestamp.RequestOptions{Certificates: true, Nonce: big.NewInt(7)})
		if err != nil {
			return nil, err
		}
		return a.answer(q)
	}()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		answer func([]byte) ([]byte, error)
		roots  stamp.Roots
		want   string
	}{
		"garbage":         {func([]byte) ([]byte, error) { return []byte("<html>"), nil }, nil, "cannot be read"},
		"nothing":         {func([]byte) ([]byte, error) { return nil, nil }, nil, "cannot be read"},
		"an error":        {func([]byte) ([]byte, error) { return nil, errors.New("closed") }, nil, "400"},
		"too much":        {func([]byte) ([]byte, error) { return make([]byte, 1<<20), nil }, nil, "over"},
		"an old answer":   {func([]byte) ([]byte, error) { return kept, nil }, nil, "another question"},
		"a web server's":  {wrongUse.answer, nil, "not for time stamps"},
		"a stranger's":    {a.answer, newAuthority(t, x509.ExtKeyUsageTimeStamping).roots(t), "no root"},
		"of another note": {func(q []byte) ([]byte, error) { q[len(q)-20] ^= 1; return a.answer(q) }, nil, ""},
		"rejected": {func([]byte) ([]byte, error) {
			return timestamp.CreateErrorResponse(timestamp.Rejection, timestamp.BadRequest)
		}, nil, "cannot be read"},
		"not a reply's header": {nil, nil, "no time stamp"},
	} {
		answer := c.answer
		address := ""
		if answer != nil {
			address = serve(t, answer)
		} else {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }))
			t.Cleanup(s.Close)
			address = s.URL
		}
		if _, _, err := stamp.Ask(t.Context(), http.DefaultClient, address, []byte("a note\n"), c.roots, a.now); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error that says %q", name, err, c.want)
		}
	}
}

func TestAClockThatIsWrongDoesNotLoseTheStamp(t *testing.T) {
	a := newAuthority(t, x509.ExtKeyUsageTimeStamping)
	answer, _, err := stamp.Ask(t.Context(), http.DefaultClient, serve(t, a.answer), []byte("a note\n"), a.roots(t), a.now.Add(time.Hour))
	if !errors.Is(err, stamp.ErrClock) || len(answer) == 0 {
		t.Errorf("%d bytes, %v", len(answer), err)
	}
}

// OpenSSL is the other side of both: it stamps what we ask, and checks what we keep.
func TestOpenSSLStampsAndVerifiesTheSame(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed")
	}
	a := newAuthority(t, x509.ExtKeyUsageTimeStamping)
	text := []byte("a note\n")
	answer, s, err := stamp.Ask(t.Context(), http.DefaultClient, serve(t, a.openssl), text, a.roots(t), time.Now())
	if err != nil || !s.Trusted {
		t.Fatalf("%+v, %v", s, err)
	}
	ours, _, err := stamp.Ask(t.Context(), http.DefaultClient, serve(t, a.answer), text, a.roots(t), a.now)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(a.dir+"/note", text, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"its own": answer, "another's": ours} {
		if err := os.WriteFile(a.dir+"/kept.tsr", b, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("openssl", "ts", "-verify", "-in", a.dir+"/kept.tsr", "-data", a.dir+"/note", "-CAfile", a.dir+"/root.pem").CombinedOutput()
		if err != nil || !strings.Contains(string(out), "Verification: OK") {
			t.Errorf("%s stamp: openssl says %v\n%s", name, err, out)
		}
	}
}

// checkpoint is a signed note as the page of the format says.
func checkpoint(t testing.TB, number int64, at time.Time) []byte {
	sk, _, err := note.GenerateKey(rand.Reader, "vaad-1f2e3d4c")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(sk)
	if err != nil {
		t.Fatal(err)
	}
	b, err := note.Sign(&note.Note{Text: fmt.Sprintf("vaad-1f2e3d4c\n10\nnND/nri/U0xuHUrYSy0HtMeal2vzD9V4k/BO79C+QeI=\nnumber %d\ntime %s\nprevious none\n", number, at.Format(time.RFC3339))}, signer)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestStampsAreHeldAgainstTheirCheckpoints(t *testing.T) {
	a := newAuthority(t, x509.ExtKeyUsageTimeStamping)
	address, root := serve(t, a.answer), t.TempDir()
	var file []byte
	for n := int64(1); n <= 5; n++ {
		at := a.now.Add(-time.Minute)
		if n == 4 {
			at = a.now.Add(2 * time.Hour) // it claims to be younger than its stamp
		}
		text := checkpoint(t, n, at)
		answer, _, err := stamp.Ask(t.Context(), http.DefaultClient, address, text, nil, a.now)
		if err == nil {
			err = stamp.Keep(root, n, answer)
		}
		if err != nil {
			t.Fatal(err)
		}
		switch n {
		case 2:
			text = checkpoint(t, n, at) // signed anew
		case 3:
			continue // gone
		}
		file = append(append(file, text...), '\n')
	}
	if err := errors.Join(os.WriteFile(root+"/checkpoints", file, 0o600), os.WriteFile(root+"/stamps/000000009.tsr", []byte("x"), 0o600),
		os.WriteFile(root+"/stamps/readme", nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	wrong := map[string]string{}
	if err := stamp.Verify(root, a.roots(t), func(f stamp.Finding) { wrong[f.File] = f.Wrong }); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{"000000001.tsr": "", "000000002.tsr": stamp.OfOther, "000000003.tsr": stamp.Alone, "000000004.tsr": stamp.Early,
		"000000005.tsr": "", "000000009.tsr": stamp.Unreadable, "readme": stamp.Odd} {
		if got, there := wrong[file]; !there || got != want {
			t.Errorf("%s: %q, want %q", file, got, want)
		}
	}
	if err := stamp.Verify(t.TempDir(), nil, func(stamp.Finding) { t.Error("a finding where nothing is") }); err != nil {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	a := newAuthority(f, x509.ExtKeyUsageTimeStamping)
	q, err := timestamp.CreateRequest(strings.NewReader("a note\n"), &timestamp.RequestOptions{Certificates: true})
	if err != nil {
		f.Fatal(err)
	}
	good, err := a.answer(q)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte{0x30, 0x80})
	roots := a.roots(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := stamp.Read(b, roots); err == nil && (!s.Trusted || s.Of([]byte("another note\n")) == nil) {
			t.Error("made-up bytes are a stamp of anything")
		}
	})
}
