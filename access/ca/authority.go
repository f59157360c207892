package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"math/big"
	"net"
	"slices"
	"strings"
	"time"
)

const (
	authorityLife = 10 * 365 * 24 * time.Hour
	leafLife      = 397 * 24 * time.Hour // longer ones are refused by browsers
	renewBefore   = 60 * 24 * time.Hour
	backdated     = 24 * time.Hour // clocks of clients that are behind
)

// An authority signs leaves for this box.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// localNames end names that mean something inside a network only.
func localNames() []string {
	return []string{"localhost", "local", "lan", "home.arpa", "internal", "intranet", "localdomain"}
}

// localNets are addresses that are routed inside a network only: RFC 1918,
// 6598, 3927, 4193, 4291, and loopback.
func localNets() []*net.IPNet {
	var all []*net.IPNet
	for _, s := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10", "::1/128"} {
		_, n, err := net.ParseCIDR(s)
		if err == nil {
			all = append(all, n)
		}
	}
	return all
}

// newAuthority makes one for a box of these names. Constraints are not marked
// critical: clients that do not know them would refuse the authority otherwise.
func newAuthority(names []string, now time.Time) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the authority's key: %w", err)
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, fmt.Errorf("make the authority's key: %w", err)
	}
	id := sha256.Sum256(spki)
	t := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{Organization: []string{"vaad"}, CommonName: "vaad " + first(names) + " " + hex.EncodeToString(id[:4])},
		NotBefore:    now.Add(-backdated).UTC(), NotAfter: now.Add(authorityLife).UTC(),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true, SubjectKeyId: id[:20],
		PermittedDNSDomains: localNames(), PermittedIPRanges: localNets(),
	}
	for _, n := range names {
		ip := net.ParseIP(n)
		switch {
		case ip == nil && !permits(t, n):
			t.PermittedDNSDomains = append(t.PermittedDNSDomains, n)
		case ip != nil && !permits(t, n):
			t.PermittedIPRanges = append(t.PermittedIPRanges, single(ip))
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make the authority: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	return &authority{cert, key}, err
}

// permits says whether an authority may sign a name.
func permits(a *x509.Certificate, name string) bool {
	if ip := net.ParseIP(name); ip != nil {
		return len(a.PermittedIPRanges) == 0 || slices.ContainsFunc(a.PermittedIPRanges, func(n *net.IPNet) bool { return n.Contains(ip) })
	}
	return len(a.PermittedDNSDomains) == 0 || slices.ContainsFunc(a.PermittedDNSDomains, func(d string) bool {
		return name == d || strings.HasSuffix(name, "."+d)
	})
}

// leaf signs a certificate for those of the names that it may sign.
func (a *authority) leaf(names []string, now time.Time) (*pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the certificate's key: %w", err)
	}
	t := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{Organization: []string{"vaad"}, CommonName: first(names)},
		NotBefore: now.Add(-backdated).UTC(), NotAfter: now.Add(leafLife - backdated).UTC(),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	if t.NotAfter.After(a.cert.NotAfter) {
		t.NotAfter = a.cert.NotAfter
	}
	if t.NotBefore.Before(a.cert.NotBefore) {
		t.NotBefore = a.cert.NotBefore
	}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, n)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("make the certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &pair{chain: []*x509.Certificate{cert, a.cert}, key: key}, nil
}

// signed are the names that the authority may sign, and those that it may not.
func (a *authority) signed(names []string) (in, outside []string) {
	for _, n := range names {
		if permits(a.cert, n) {
			in = append(in, n)
		} else {
			outside = append(outside, n)
		}
	}
	return in, outside
}

func serial() *big.Int {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	b[0] &= 0x7f
	b[15] |= 1 // not zero
	return new(big.Int).SetBytes(b)
}

func single(ip net.IP) *net.IPNet {
	if v4 := ip.To4(); v4 != nil {
		return &net.IPNet{IP: v4, Mask: net.CIDRMask(32, 32)}
	}
	return &net.IPNet{IP: ip, Mask: net.CIDRMask(128, 128)}
}

// first is the name that people know the box by; the field holds 64 characters.
func first(names []string) string {
	if len(names) == 0 {
		return "vaad"
	}
	return names[0][:min(len(names[0]), 40)]
}
