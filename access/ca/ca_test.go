package ca

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"flag"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the samples anew")

var start = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC) // a constant: nothing changes it

// A clock is a time that a test moves.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func keeper(t *testing.T) (*Keeper, *clock, string) {
	t.Helper()
	c, dir := &clock{start}, filepath.Join(t.TempDir(), "tls")
	return New(Config{Dir: dir, Now: c.now}), c, dir
}

var box = []string{"recorder", "recorder.local", "192.168.1.20", "fd00::20"}

// verify is what a client does that trusts the box's authority.
func verify(t *testing.T, k *Keeper, name string, at time.Time) error {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(k.AuthorityPEM()) {
		t.Fatal("there is no authority")
	}
	c, err := k.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: at})
	return err
}

func serialOf(k *Keeper) string { return k.now.Load().Leaf.SerialNumber.String() }

func TestOwnCertificateIsGoodForTheBoxAndNothingElse(t *testing.T) {
	k, c, dir := keeper(t)
	if err := k.Use(Wish{Names: box}); err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"recorder", "recorder.local", "192.168.1.20", "fd00::20"} {
		if err := verify(t, k, n, c.t); err != nil {
			t.Errorf("%s: %v", n, err)
		}
	}
	if err := verify(t, k, "192.168.1.21", c.t); err == nil {
		t.Error("it is good for another address")
	}
	leaf := k.now.Load().Leaf
	if d := leaf.NotAfter.Sub(leaf.NotBefore); d > 397*24*time.Hour {
		t.Errorf("it lasts %v: browsers refuse it", d)
	}
	st, err := os.Stat(filepath.Join(dir, "authority.pem"))
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the authority's key: %v %v", st.Mode(), err)
	}
	bank, err := k.own.leaf([]string{"bank.example.com"}, c.t) // what a thief of the key would make
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(k.own.cert)
	if _, err := bank.chain[0].Verify(x509.VerifyOptions{Roots: roots, DNSName: "bank.example.com", CurrentTime: c.t}); err == nil {
		t.Error("who trusts the box trusts it for names of strangers")
	}
}

func TestCertificateIsRenewedByItselfBeforeItEnds(t *testing.T) {
	k, c, _ := keeper(t)
	if err := k.Use(Wish{Names: box}); err != nil {
		t.Fatal(err)
	}
	authority, last := string(k.AuthorityPEM()), serialOf(k)
	renewals := 0
	for end := start.Add(9 * 365 * 24 * time.Hour); c.t.Before(end); c.t = c.t.Add(12 * time.Hour) {
		if err := k.Look(); err != nil {
			t.Fatal(err)
		}
		if left := k.State().Leaf.Ends.Sub(c.t); left < 59*24*time.Hour {
			t.Fatalf("on %v %v are left", c.t, left)
		}
		if err := verify(t, k, "recorder", c.t); err != nil {
			t.Fatalf("on %v: %v", c.t, err)
		}
		if now := serialOf(k); now != last {
			last, renewals = now, renewals+1
		}
	}
	if renewals < 8 || renewals > 11 {
		t.Errorf("%d renewals in 9 years", renewals)
	}
	if string(k.AuthorityPEM()) != authority {
		t.Error("the authority changed: every client had to trust it again")
	}
}

func TestClockThatGoesBackMakesNoCertificate(t *testing.T) {
	k, c, _ := keeper(t)
	if err := k.Use(Wish{Names: box}); err != nil {
		t.Fatal(err)
	}
	last := serialOf(k)
	c.t = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := k.Look(); err != nil || serialOf(k) != last {
		t.Errorf("another certificate, or %v", err)
	}
}

func TestRestartServesTheSameCertificateAndNewNamesAnother(t *testing.T) {
	k, c, dir := keeper(t)
	if err := k.Use(Wish{Names: box}); err != nil {
		t.Fatal(err)
	}
	again := New(Config{Dir: dir, Now: c.now})
	if err := again.Use(Wish{Names: box}); err != nil || serialOf(again) != serialOf(k) {
		t.Errorf("after a restart it is another one, or %v", err)
	}
	more := append(slices.Clone(box), "calls.lan", "recorder.example.com")
	if err := again.Use(Wish{Names: more}); err != nil || serialOf(again) == serialOf(k) {
		t.Errorf("the names changed and it did not, or %v", err)
	}
	if out := again.State().Outside; !slices.Equal(out, []string{"recorder.example.com"}) {
		t.Errorf("outside are %v", out)
	}
	if err := verify(t, again, "calls.lan", c.t); err != nil {
		t.Error(err)
	}
	if err := again.NewAuthority(); err != nil {
		t.Fatal(err)
	}
	if err := verify(t, again, "recorder.example.com", c.t); err != nil || len(again.State().Outside) > 0 {
		t.Errorf("a new authority: %v, outside %v", err, again.State().Outside)
	}
}

func TestDamagedFilesAreReplaced(t *testing.T) {
	k, c, dir := keeper(t)
	if err := k.Use(Wish{Names: box}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"server.pem", "authority.pem"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("nothing"), 0o600); err != nil {
			t.Fatal(err)
		}
		again := New(Config{Dir: dir, Now: c.now})
		if err := again.Use(Wish{Names: box}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := verify(t, again, "recorder", c.t); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "authority.pem.damaged")); err != nil {
		t.Error("the damaged authority was thrown away")
	}
}

// made is a certificate that a company's own authority could give.
func made(t *testing.T, change func(*x509.Certificate)) (leaf, issuer, key []byte) {
	t.Helper()
	ik, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	it := &x509.Certificate{SerialNumber: serial(), Subject: pkix.Name{CommonName: "Company CA"}, NotBefore: start.Add(-time.Hour),
		NotAfter: start.Add(5 * 365 * 24 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	id, err := x509.CreateCertificate(rand.Reader, it, it, ik.Public(), ik)
	if err != nil {
		t.Fatal(err)
	}
	lk, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	lt := &x509.Certificate{SerialNumber: serial(), Subject: pkix.Name{CommonName: "recorder.example.com"}, NotBefore: start.Add(-time.Hour),
		NotAfter: start.Add(90 * 24 * time.Hour), DNSNames: []string{"recorder.example.com"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	if change != nil {
		change(lt)
	}
	ld, err := x509.CreateCertificate(rand.Reader, lt, it, lk.Public(), ik)
	if err != nil {
		t.Fatal(err)
	}
	kd, _ := x509.MarshalECPrivateKey(lk)
	text := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	return text("CERTIFICATE", ld), text("CERTIFICATE", id), text("EC PRIVATE KEY", kd)
}

func faultOf(err error) string {
	var f *Fault
	if errors.As(err, &f) {
		return f.Code
	}
	return ""
}

func TestGivenCertificateIsCheckedBeforeItIsServed(t *testing.T) {
	k, _, _ := keeper(t)
	leaf, issuer, key := made(t, nil)
	_, stranger, other := made(t, nil)
	encrypted := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte{1}})
	expired, _, ek := made(t, func(c *x509.Certificate) { c.NotAfter = start.Add(-time.Minute) })
	early, _, yk := made(t, func(c *x509.Certificate) { c.NotBefore = start.Add(time.Hour) })
	nameless, _, nk := made(t, func(c *x509.Certificate) { c.DNSNames = nil })
	client, _, ck := made(t, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
	join := func(all ...[]byte) []byte { return slices.Concat(all...) }
	for _, one := range []struct {
		cert, key []byte
		want      string
	}{
		{nil, nil, "no-certificate"}, {leaf, nil, "no-key"}, {leaf, other, "not-pair"}, {leaf, encrypted, "key-encrypted"},
		{expired, ek, "expired"}, {early, yk, "not-yet"}, {nameless, nk, "no-names"}, {client, ck, "not-server"},
		{join(leaf, stranger), key, "chain-broken"}, {[]byte(strings.Repeat("x", maxPEM+1)), key, "too-large"},
		{pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}), key, "unreadable"},
		{leaf, key, ""}, {join(leaf, issuer), key, ""}, {join(issuer, leaf, leaf), key, ""}, {join(key, issuer, leaf), nil, ""},
	} {
		_, err := k.Give(one.cert, one.key)
		if got := faultOf(err); got != one.want || (one.want == "") != (err == nil) {
			t.Errorf("got %v, want %q", err, one.want)
		}
		if !slices.Contains(append(Faults(), ""), faultOf(err)) {
			t.Errorf("%q stands in no list", faultOf(err))
		}
	}
	if err := k.Use(Wish{Given: true, Names: []string{"recorder.example.com", "recorder"}}); err != nil {
		t.Fatal(err)
	}
	st := k.State()
	if !st.Given || st.Chain != 2 || !slices.Equal(st.Uncovered, []string{"recorder"}) || st.Leaf.Issuer != "Company CA" {
		t.Errorf("state %+v", st)
	}
}

func TestWeakKeysAreRefused(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // weak on purpose
	if err != nil {
		t.Skip(err) // this Go refuses to make one
	}
	tmpl := &x509.Certificate{SerialNumber: serial(), NotBefore: start.Add(-time.Hour), NotAfter: start.Add(time.Hour), DNSNames: []string{"a.lan"}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Skip(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := check([]*x509.Certificate{cert}, key, start); faultOf(err) != "weak" {
		t.Errorf("got %v", err)
	}
}

func TestWhatWasServedIsServedOnWhenSomethingIsWrong(t *testing.T) {
	k, c, dir := keeper(t)
	if err := k.Use(Wish{Given: true, Names: box}); faultOf(err) != "missing" {
		t.Fatalf("got %v", err)
	}
	if err := verify(t, k, "recorder", c.t); err != nil {
		t.Errorf("without a given one the own one is served: %v", err)
	}
	leaf, issuer, key := made(t, nil)
	cert, keyFile := filepath.Join(dir, "site.crt"), filepath.Join(dir, "site.key")
	put := func(name string, b []byte) {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(cert, slices.Concat(leaf, issuer))
	put(keyFile, key)
	if err := k.Use(Wish{Given: true, CertFile: cert, KeyFile: keyFile, Names: box}); err != nil {
		t.Fatal(err)
	}
	last := serialOf(k)
	put(cert, []byte("half wri"))
	if err := k.Look(); err == nil || serialOf(k) != last || k.State().Err == nil {
		t.Errorf("a file that is being written: %v", err)
	}
	leaf, issuer, key = made(t, nil)
	put(cert, slices.Concat(leaf, issuer))
	put(keyFile, key)
	if err := k.Look(); err != nil || serialOf(k) == last || k.State().Err != nil {
		t.Errorf("a new one is not taken without a restart: %v", err)
	}
	c.t = start.Add(91 * 24 * time.Hour)
	if err := k.Look(); faultOf(err) != "expired" {
		t.Errorf("the end of a given one: %v", err)
	}
}

// As of two writes within one step of the file system's clock, or of a copy that keeps times.
func TestANewCertificateShowsWhateverTheTimesOfItsFilesAre(t *testing.T) {
	k, _, dir := keeper(t)
	cert, keyFile := filepath.Join(dir, "site.crt"), filepath.Join(dir, "site.key")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	last := ""
	for range 2 {
		leaf, issuer, key := made(t, nil)
		text := slices.Concat(leaf, issuer)
		text = append(text, bytes.Repeat([]byte{'\n'}, 4000-len(text))...) // all of one size
		err := errors.Join(os.WriteFile(cert, text, 0o600), os.WriteFile(keyFile, key, 0o600),
			os.Chtimes(cert, start, start), os.Chtimes(keyFile, start, start), k.Use(Wish{Given: true, CertFile: cert, KeyFile: keyFile, Names: box}))
		if err != nil {
			t.Fatal(err)
		}
		if serialOf(k) == last {
			t.Error("the one before is served")
		}
		last = serialOf(k)
	}
}

func TestConnectionsTakeTheNewCertificateAtOnce(t *testing.T) {
	k, _, _ := keeper(t)
	if err := k.Use(Wish{Names: box}); err != nil {
		t.Fatal(err)
	}
	seen := func() string {
		here, there := net.Pipe()
		defer here.Close()
		defer there.Close()
		go func() { _ = tls.Server(there, &tls.Config{GetCertificate: k.GetCertificate}).Handshake() }()
		c := tls.Client(here, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // only which one it is
		if err := c.HandshakeContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		return c.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	before := seen()
	if err := k.Use(Wish{Names: append(slices.Clone(box), "other.lan")}); err != nil {
		t.Fatal(err)
	}
	if seen() == before {
		t.Error("the old one is served")
	}
}

func TestWhatOldVersionsWroteOpens(t *testing.T) {
	dir := filepath.Join("testdata", "compat")
	if *update {
		k := New(Config{Dir: dir, Now: func() time.Time { return start }})
		leaf, issuer, key := made(t, nil)
		_, err := k.Give(slices.Concat(leaf, issuer), key)
		if err := errors.Join(err, k.Use(Wish{Names: box})); err != nil {
			t.Fatal(err)
		}
	}
	for name, chain := range map[string]int{"authority.pem": 1, "server.pem": 2, "given.pem": 2} {
		p, err := read(filepath.Join(dir, name))
		if err != nil || len(p.chain) != chain {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNamesAreWhatACertificateCanHold(t *testing.T) {
	got := Names([]string{"Recorder", "recorder"}, []netip.Addr{netip.MustParseAddr("::ffff:10.0.0.5"), netip.MustParseAddr("fe80::1"), netip.MustParseAddr("fd00::5")},
		[]string{"calls.example.com.", "bad name", "*.example.com", "10.0.0.5", "1.2.3", "-a.b", "0.0.0.0", ""})
	want := []string{"recorder", "calls.example.com", "10.0.0.5", "fd00::5"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		all := Names(rapid.SliceOf(rapid.String()).Draw(t, "hosts"), nil, rapid.SliceOf(rapid.StringMatching(`[a-z0-9.:-]{0,70}`)).Draw(t, "more"))
		if len(all) > MaxNames {
			t.Errorf("%d names", len(all))
		}
		for _, n := range all {
			if !GoodName(n) {
				t.Errorf("%q", n)
			}
		}
	})
}

func FuzzGivenPEM(f *testing.F) {
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"))
	if b, err := os.ReadFile(filepath.Join("testdata", "compat", "given.pem")); err == nil {
		f.Add(b, b)
	}
	f.Fuzz(func(t *testing.T, cert, key []byte) {
		p, err := parse(cert, key, start)
		if err == nil && !pairs(p.chain[0], p.key) {
			t.Error("a key of another certificate was taken")
		}
	})
}

func TestAnAuthorityThatCannotBeReadNowIsKept(t *testing.T) {
	k, c, dir := keeper(t)
	if err := k.Use(Wish{Names: box}); err != nil {
		t.Fatal(err)
	}
	before := k.AuthorityPEM()
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	again := New(Config{Dir: dir, Now: c.now})
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 1, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	err := again.Use(Wish{Names: box}) // too many files are open
	if e := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &was); e != nil {
		t.Fatal(e)
	}
	if err == nil {
		t.Error("it was read without a file")
	}
	if err := again.Use(Wish{Names: box}); err != nil || !bytes.Equal(again.AuthorityPEM(), before) {
		t.Errorf("all who trusted the box must be told to trust another: %v", err)
	}
}
