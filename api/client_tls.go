package api

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
)

// Errors of Options.
var (
	// ErrServer is for what is no address of a daemon.
	ErrServer = errors.New("that is not an address: write it as https://HOST:8443")
	// ErrPlain is for a token that would cross the network in the clear.
	ErrPlain = errors.New("http would send the token in the clear: use https")
	// ErrCA is for what is no certificate of an authority.
	ErrCA = errors.New("that holds no certificate")
	// ErrFingerprint is for what is no SHA-256.
	ErrFingerprint = errors.New("that is no fingerprint: it has 64 hexadecimal digits")
)

// An UntrustedError says that a server's certificate is trusted by nothing that
// the client knows. Whoever compares Fingerprint with what the box itself shows
// may trust it from then on.
type UntrustedError struct {
	Fingerprint string // SHA-256 of the authority where the server shows it, else of its certificate
	Subject     string // whose that is
	Pinned      bool   // a fingerprint was given, and this is not the one
	Err         error  // of the verification, nil if Pinned
}

func (e *UntrustedError) Error() string {
	if e.Pinned {
		return fmt.Sprintf("its certificate is not the one that was pinned; it shows %s, %s", e.Subject, e.Fingerprint)
	}
	return fmt.Sprintf("%v; it shows %s, %s", e.Err, e.Subject, e.Fingerprint)
}

func (e *UntrustedError) Unwrap() error { return e.Err }

// server reads the address of a daemon. A token goes over http on this machine only.
func (o Options) server() (*url.URL, error) {
	u, err := url.Parse(o.Server)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("server %q: %w", o.Server, ErrServer)
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("server %q: %w", o.Server, ErrPlain)
	}
	return u, nil
}

// trust is how a server's certificate is verified: by a pinned fingerprint, by the
// authority that was given, or as the system does.
func (o Options) trust(host string) (*tls.Config, error) {
	var roots *x509.CertPool
	if o.CA != "" {
		if roots = x509.NewCertPool(); !roots.AppendCertsFromPEM([]byte(o.CA)) {
			return nil, ErrCA
		}
	}
	var pin []byte
	if o.Fingerprint != "" {
		var err error
		if pin, err = ParseFingerprint(o.Fingerprint); err != nil {
			return nil, err
		}
	}
	verify := func(cs tls.ConnectionState) error {
		return verifyServer(cs.PeerCertificates, host, roots, pin, time.Now())
	}
	// Everything that Go would verify is verified there, with an error that tells the fingerprint.
	return &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true, VerifyConnection: verify}, nil //nolint:gosec // verified above
}

// ParseFingerprint reads a SHA-256 as people write it: with colons or blanks, and
// with "sha256:" before it, or without.
func ParseFingerprint(s string) ([]byte, error) {
	s = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(s)), "sha256:")
	b, err := hex.DecodeString(strings.NewReplacer(":", "", " ", "", "-", "").Replace(s))
	if err != nil || len(b) != sha256.Size {
		return nil, ErrFingerprint
	}
	return b, nil
}

// verifyServer says why a chain is not to be trusted. A pinned leaf is trusted under any
// name; of a pinned authority the names count, as it may sign for others too.
func verifyServer(chain []*x509.Certificate, host string, roots *x509.CertPool, pin []byte, now time.Time) error {
	if len(chain) == 0 {
		return &UntrustedError{Err: errors.New("it has no certificate")}
	}
	opts := x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: x509.NewCertPool(), CurrentTime: now}
	for _, c := range chain[1:] {
		opts.Intermediates.AddCert(c)
	}
	if pin == nil {
		if _, err := chain[0].Verify(opts); err != nil {
			return untrusted(chain, err)
		}
		return nil
	}
	for i, c := range chain {
		sum := sha256.Sum256(c.Raw)
		if string(sum[:]) != string(pin) {
			continue
		}
		if i == 0 {
			if now.After(c.NotAfter) || now.Before(c.NotBefore) {
				return untrusted(chain, x509.CertificateInvalidError{Cert: c, Reason: x509.Expired})
			}
			return nil
		}
		opts.Roots = x509.NewCertPool()
		opts.Roots.AddCert(c)
		if _, err := chain[0].Verify(opts); err != nil {
			return untrusted(chain, err)
		}
		return nil
	}
	e := untrusted(chain, nil)
	e.Pinned = true
	return e
}

func untrusted(chain []*x509.Certificate, err error) *UntrustedError {
	c := chain[len(chain)-1]
	if !c.IsCA {
		c = chain[0]
	}
	sum := sha256.Sum256(c.Raw)
	digits := strings.ToUpper(hex.EncodeToString(sum[:]))
	var pairs []string
	for i := 0; i < len(digits); i += 2 {
		pairs = append(pairs, digits[i:i+2])
	}
	name := c.Subject.CommonName
	if name == "" {
		name = c.Subject.String()
	}
	return &UntrustedError{Fingerprint: strings.Join(pairs, ":"), Subject: name, Err: err}
}
