package ca

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// maxPEM is how much of a file or of an upload is read.
const maxPEM = 256 << 10

// A pair is a certificate with those that signed it, and its key.
type pair struct {
	chain []*x509.Certificate // the leaf first
	key   crypto.Signer
}

func (p *pair) tls() *tls.Certificate {
	c := &tls.Certificate{PrivateKey: p.key, Leaf: p.chain[0]}
	for _, one := range p.chain {
		c.Certificate = append(c.Certificate, one.Raw)
	}
	return c
}

// encode is the pair as one file: the chain, then the key.
func (p *pair) encode() ([]byte, error) {
	var b bytes.Buffer
	for _, c := range p.chain {
		if err := pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}); err != nil {
			return nil, err
		}
	}
	der, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		return nil, fmt.Errorf("encode the key: %w", err)
	}
	err = pem.Encode(&b, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return b.Bytes(), err
}

// read opens a file of ours.
func read(path string) (*pair, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	certs, key, err := decode(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if key == nil || len(certs) == 0 {
		return nil, fmt.Errorf("%s: it holds no certificate with its key", path)
	}
	if !pairs(certs[0], key) {
		return nil, fmt.Errorf("%s: its key is not that of its certificate", path)
	}
	return &pair{certs, key}, nil
}

// write replaces a file of ours whole; a power cut leaves the old one or the new one.
func (p *pair) write(path string) error {
	b, err := p.encode()
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".new-*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, remove(f.Name()))
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// decode reads all certificates of a PEM text, and its last key.
func decode(text []byte) (certs []*x509.Certificate, key crypto.Signer, err error) {
	if len(text) > maxPEM {
		return nil, nil, &Fault{Code: "too-large"}
	}
	for {
		var b *pem.Block
		if b, text = pem.Decode(text); b == nil {
			return certs, key, nil
		}
		switch {
		case b.Type == "CERTIFICATE":
			c, err := x509.ParseCertificate(b.Bytes)
			if err != nil {
				return nil, nil, &Fault{"unreadable", err.Error()}
			}
			certs = append(certs, c)
		case strings.Contains(b.Type, "ENCRYPTED") || b.Headers["DEK-Info"] != "":
			return nil, nil, &Fault{Code: "key-encrypted"}
		case strings.HasSuffix(b.Type, "PRIVATE KEY"):
			if key, err = parseKey(b.Bytes); err != nil {
				return nil, nil, &Fault{"unreadable", err.Error()}
			}
		}
	}
}

func parseKey(der []byte) (crypto.Signer, error) {
	any8, err := x509.ParsePKCS8PrivateKey(der)
	if err == nil {
		if s, ok := any8.(crypto.Signer); ok {
			return s, nil
		}
		return nil, errors.New("a key that cannot sign")
	}
	if k, err := x509.ParseECPrivateKey(der); err == nil {
		return k, nil
	}
	if k, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return k, nil
	}
	return nil, err
}

func pairs(c *x509.Certificate, key crypto.Signer) bool {
	pub, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && pub.Equal(c.PublicKey)
}

// Fingerprint is the SHA-256 of a certificate as people compare it: pairs of
// digits with colons between.
func Fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	var s []string
	for _, b := range sum {
		s = append(s, strings.ToUpper(hex.EncodeToString([]byte{b})))
	}
	return strings.Join(s, ":")
}

// Info is what people want to know of a certificate.
type Info struct {
	Subject, Issuer string
	Names           []string // DNS names, then addresses
	Begins, Ends    time.Time
	SHA256          string
}

func infoOf(c *x509.Certificate) Info {
	i := Info{Subject: c.Subject.CommonName, Issuer: c.Issuer.CommonName, Names: slices.Clone(c.DNSNames),
		Begins: c.NotBefore, Ends: c.NotAfter, SHA256: Fingerprint(c.Raw)}
	if i.Subject == "" {
		i.Subject = c.Subject.String()
	}
	if i.Issuer == "" {
		i.Issuer = c.Issuer.String()
	}
	for _, ip := range c.IPAddresses {
		i.Names = append(i.Names, ip.String())
	}
	return i
}
