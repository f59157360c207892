package ca

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"slices"
	"time"
)

// A Fault is why a certificate cannot be used. Words for its code are in
// api/text: certificate.CODE.
type Fault struct {
	Code   string // one of Faults
	Detail string // names and dates (English), may be empty
}

func (f *Fault) Error() string {
	if f.Detail == "" {
		return "certificate: " + f.Code
	}
	return "certificate: " + f.Code + ": " + f.Detail
}

// Faults lists every code of a Fault.
func Faults() []string {
	return []string{"missing", "too-large", "unreadable", "no-certificate", "no-key", "key-encrypted", "not-pair", "weak", "expired", "not-yet", "no-names", "not-server", "chain-broken"}
}

// check makes a pair of certificates and a key as people have them: in any
// order, the key in either text. It refuses what browsers would refuse.
func check(certs []*x509.Certificate, key crypto.Signer, now time.Time) (*pair, error) {
	if len(certs) == 0 {
		return nil, &Fault{Code: "no-certificate"}
	}
	if key == nil {
		return nil, &Fault{Code: "no-key"}
	}
	i := slices.IndexFunc(certs, func(c *x509.Certificate) bool { return pairs(c, key) })
	if i < 0 {
		return nil, &Fault{"not-pair", certs[0].Subject.String()}
	}
	leaf := certs[i]
	switch {
	case weak(leaf):
		return nil, &Fault{"weak", leaf.SignatureAlgorithm.String()}
	case now.After(leaf.NotAfter):
		return nil, &Fault{"expired", leaf.NotAfter.Format(time.DateOnly)}
	case now.Before(leaf.NotBefore):
		return nil, &Fault{"not-yet", leaf.NotBefore.Format(time.DateOnly)}
	case len(leaf.DNSNames)+len(leaf.IPAddresses) == 0:
		return nil, &Fault{"no-names", leaf.Subject.String()}
	case !serves(leaf):
		return nil, &Fault{Code: "not-server"}
	}
	chain, err := inOrder(leaf, slices.Delete(slices.Clone(certs), i, i+1), now)
	if err != nil {
		return nil, err
	}
	return &pair{chain, key}, nil
}

// inOrder puts each certificate after the one that it signed. One that belongs
// to nothing is a mistake: somebody took the wrong file.
func inOrder(leaf *x509.Certificate, rest []*x509.Certificate, now time.Time) ([]*x509.Certificate, error) {
	chain := []*x509.Certificate{leaf}
	for len(rest) > 0 {
		last := chain[len(chain)-1]
		i := slices.IndexFunc(rest, func(c *x509.Certificate) bool {
			return c.IsCA && bytes.Equal(c.RawSubject, last.RawIssuer) && last.CheckSignatureFrom(c) == nil
		})
		if i < 0 {
			for _, c := range chain {
				if slices.ContainsFunc(rest, c.Equal) { // the same one twice
					rest = slices.DeleteFunc(rest, c.Equal)
				}
			}
			if len(rest) == 0 {
				break
			}
			return nil, &Fault{"chain-broken", rest[0].Subject.String()}
		}
		if now.After(rest[i].NotAfter) {
			return nil, &Fault{"expired", rest[i].Subject.String() + ", " + rest[i].NotAfter.Format(time.DateOnly)}
		}
		chain = append(chain, rest[i])
		rest = slices.Delete(rest, i, i+1)
	}
	return chain, nil
}

func weak(c *x509.Certificate) bool {
	switch c.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.DSAWithSHA256, x509.ECDSAWithSHA1:
		return true
	}
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() < 2048
	case *ecdsa.PublicKey:
		return k.Curve.Params().BitSize < 256
	case ed25519.PublicKey: // no browser takes one
		return true
	}
	return false
}

func serves(c *x509.Certificate) bool {
	if len(c.ExtKeyUsage) == 0 && len(c.UnknownExtKeyUsage) == 0 {
		return true
	}
	return slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny)
}
