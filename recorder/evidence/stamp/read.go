package stamp

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"os"
	"slices"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"
)

// Roots are certificates of authorities that are trusted.
type Roots = *x509.CertPool

// A Stamp is what an authority said.
type Stamp struct {
	Time    time.Time
	Signer  string // name in the certificate that signed it
	Trusted bool   // that certificate leads to one of the roots

	sum   []byte // SHA-256 of what was stamped
	nonce *big.Int
}

// ReadRoots reads certificates from a PEM file.
func ReadRoots(file string) (Roots, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("%s: there is no certificate in PEM form in it", file)
	}
	return pool, nil
}

// Read reads and checks an answer of an authority: its signature must be good,
// and with roots its certificate must be for time stamps and lead to one of them.
// The answer may be anything: it comes from outside.
func Read(der []byte, roots Roots) (s Stamp, err error) {
	defer func() { // the decoder is not ours, and what it decodes comes from outside
		if v := recover(); v != nil {
			err = fmt.Errorf("the time stamp cannot be read: %v", v)
		}
	}()
	if len(der) > maxAnswer {
		return s, fmt.Errorf("the time stamp is over %d bytes", maxAnswer)
	}
	ts, err := timestamp.ParseResponse(der)
	if err != nil {
		return s, fmt.Errorf("the time stamp cannot be read: %w", err)
	}
	p, err := pkcs7.Parse(ts.RawToken)
	if err != nil {
		return s, fmt.Errorf("the time stamp cannot be read: %w", err)
	}
	signer := p.GetOnlySigner()
	switch {
	case signer == nil:
		return s, errors.New("the time stamp has no certificate of its signer, or several signers")
	case ts.HashAlgorithm != crypto.SHA256:
		return s, fmt.Errorf("the time stamp is of a %v, not of a SHA-256", ts.HashAlgorithm)
	case !slices.Contains(signer.ExtKeyUsage, x509.ExtKeyUsageTimeStamping): // RFC 3161 section 2.3
		return s, fmt.Errorf("the certificate of %s is not for time stamps", signer.Subject)
	}
	if err := p.Verify(); err != nil {
		return s, fmt.Errorf("the signature of the time stamp is wrong: %w", err)
	}
	s = Stamp{Time: ts.Time, Signer: signer.Subject.String(), sum: ts.HashedMessage, nonce: ts.Nonce}
	if roots == nil {
		return s, nil
	}
	between := x509.NewCertPool()
	for _, c := range p.Certificates {
		between.AddCert(c)
	}
	if _, err := signer.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: ts.Time,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}}); err != nil {
		return s, fmt.Errorf("the certificate of %s leads to no root that is trusted: %w", signer.Subject, err)
	}
	s.Trusted = true
	return s, nil
}

// Of says whether it is a stamp of this note.
func (s Stamp) Of(note []byte) error {
	if h := sha256.Sum256(note); !bytes.Equal(h[:], s.sum) {
		return errors.New("it is the stamp of something else")
	}
	return nil
}
