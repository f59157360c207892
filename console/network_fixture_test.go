package console

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"vaad/access/ca"
	"vaad/api"
)

// fakeNetwork is a network whose certificate is whatever the test gives.
type fakeNetwork struct {
	mu      sync.Mutex
	trial   bool
	given   string
	doc     json.RawMessage
	changed []string // doors that somebody came in by who changed the settings
}

func (n *fakeNetwork) State() api.Network {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := api.Network{Enabled: true, Hosts: []string{"recorder"}, Fault: "missing",
		Doors: []api.Door{{ID: "network :8443", Kind: "network", Address: ":8443", URLs: []string{}, Fault: "in-use"}}}
	if n.given != "" {
		s.Uploaded = &api.Certificate{SHA256: "AA:BB"}
	}
	return s
}

func (n *fakeNetwork) Give(cert, _ []byte) error {
	if string(cert) == "bad" {
		return &ca.Fault{Code: "not-pair", Detail: "CN=x"}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.given = string(cert)
	return nil
}

func (n *fakeNetwork) NewAuthority() error { return nil }

func (n *fakeNetwork) AuthorityPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("authority")})
}

func (n *fakeNetwork) Settings() json.RawMessage {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.doc
}

func (n *fakeNetwork) Changed(_ json.RawMessage, _, door string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.changed, n.trial = append(n.changed, door), true
}

func (n *fakeNetwork) Confirm(door string) error {
	if door == "old" {
		return ErrClosingDoor
	}
	return n.Revert()
}

func (n *fakeNetwork) Revert() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.trial {
		return ErrNoTrial
	}
	n.trial = false
	return nil
}

// certified makes a certificate that a client of the test trusts.
func certified(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"recorder", "evil.example.com"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

// open serves a door on a free port and returns its address.
func (f *fixture) openDoor(d Door) (addr string, o *Opened) {
	f.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.t.Fatal(err)
	}
	if o, err = f.Open(l, d); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { f.CloseDoor(o) })
	return l.Addr().String(), o
}

// networkDoor serves a door with TLS, and returns a client for it.
func (f *fixture) networkDoor() (base string, c *http.Client, pool *x509.CertPool) {
	f.t.Helper()
	conf, pool := certified(f.t)
	addr, _ := f.openDoor(Door{Name: "network x", Kind: NetworkDoor, TLS: conf, Host: func(h string) bool { return h == "recorder" }})
	return "https://" + addr, &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}, pool
}
