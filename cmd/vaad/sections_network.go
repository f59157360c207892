package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"

	"vaad/access/ca"
	"vaad/console"
	"vaad/settings"
)

// networkDoc is how the console is reached from other machines.
type networkDoc struct {
	Enabled        bool     `json:"enabled"`         // listen on the network, with TLS
	Addresses      []string `json:"addresses"`       // of this box, to listen at; none = all
	Port           int      `json:"port"`            //
	TLS            string   `json:"tls"`             // own-ca (of the box's own authority) or given
	CertFile       string   `json:"cert_file"`       // given: PEM file of another program, read again when it changes; "" = what was uploaded
	KeyFile        string   `json:"key_file"`        // its key; "" = it stands in cert_file
	Names          []string `json:"names"`           // further names and addresses that the box is reached by
	PlainLoopback  bool     `json:"plain_loopback"`  // http on this machine's own address stays, as in vaad.toml
	RedirectPort   int      `json:"redirect_port"`   // http here leads to https; 0 = none
	HSTS           bool     `json:"hsts"`            // browsers are told never to come without TLS
	MDNSName       string   `json:"mdns_name"`       // the box answers to this label with .local on its network; "" = it does not
	MetricsAddress string   `json:"metrics_address"` // metrics and health at an address of their own, as 127.0.0.1:9470; "" = none
}

// Sources of the certificate.
const (
	tlsOwn   = "own-ca"
	tlsGiven = "given"
)

// networkSections is the part of the settings that is about how the box is reached.
type networkSections struct {
	network settings.Section[networkDoc]
}

func newNetworkSections() networkSections {
	return networkSections{settings.NewSection("network", networkDoc{Addresses: []string{}, Port: 8443, TLS: tlsOwn, Names: []string{}, PlainLoopback: true}, networkDoc.validate)}
}

func (n networkDoc) validate() error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	if n.Port < 1 || n.Port > 65535 {
		bad("port", "%d is not within 1 to 65535", n.Port)
	}
	if n.RedirectPort < 0 || n.RedirectPort > 65535 {
		bad("redirect_port", "%d is not within 0 to 65535", n.RedirectPort)
	}
	if n.RedirectPort == n.Port {
		bad("redirect_port", "%d is the port of https already", n.Port)
	}
	if len(n.Addresses) > 16 {
		bad("addresses", "at most 16")
	}
	for i, a := range n.Addresses {
		if _, err := netip.ParseAddr(a); err != nil {
			bad("addresses", "%q is no address", a)
		}
		if slices.Contains(n.Addresses[:i], a) {
			bad("addresses", "%q stands there twice", a)
		}
	}
	if !slices.Contains([]string{tlsOwn, tlsGiven}, n.TLS) {
		bad("tls", "%q is not known; use %s or %s", n.TLS, tlsOwn, tlsGiven)
	}
	for key, file := range map[string]string{"cert_file": n.CertFile, "key_file": n.KeyFile} {
		if file != "" && !filepath.IsAbs(file) {
			bad(key, "%q: give the whole path of a file, from /", file)
		}
	}
	if n.KeyFile != "" && n.CertFile == "" {
		bad("cert_file", "missing; a key needs its certificate")
	}
	if len(n.Names) > 50 {
		bad("names", "at most 50")
	}
	for _, name := range n.Names {
		if !ca.GoodName(name) {
			bad("names", "%q is neither a name nor an address", name)
		}
	}
	if n.MDNSName != "" && !goodLabel(n.MDNSName) {
		bad("mdns_name", "%q is no name: use a-z, 0-9 and hyphens, without .local", n.MDNSName)
	}
	if n.HSTS && n.TLS == tlsOwn {
		bad("hsts", "true: with the box's own authority people whose browsers do not trust it yet could not get past the warning")
	}
	if n.MetricsAddress != "" {
		if host, port, err := net.SplitHostPort(n.MetricsAddress); err != nil || !goodPort(port) || net.ParseIP(host) == nil {
			bad("metrics_address", "%q is no address: write it as 127.0.0.1:9470", n.MetricsAddress)
		}
	}
	return errors.Join(errs...)
}

func goodPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n > 0 && n < 65536
}

// A doorPlan is a door as settings want it. Doors with the same plan are the same
// door: a change of settings leaves it open.
type doorPlan struct {
	kind    console.DoorKind
	address string // host and port to listen at
	tls     string // which certificate; "" = none
	hsts    bool
	port    int // of a redirect: where it leads to
}

func (p doorPlan) name() string { return string(p.kind) + " " + p.address }

// doors are those that settings want, besides the socket. local is the address of
// vaad.toml, "" if it is off. Where the network is off, what is left is that one.
func (n networkDoc) doors(local string) []doorPlan {
	var all []doorPlan
	if local != "" && (n.PlainLoopback || !n.Enabled) {
		all = append(all, doorPlan{kind: console.LoopbackDoor, address: local})
	}
	cert := n.TLS + " " + n.CertFile + " " + n.KeyFile
	if host, _, err := net.SplitHostPort(n.MetricsAddress); err == nil {
		d := doorPlan{kind: console.MetricsDoor, address: n.MetricsAddress}
		if !net.ParseIP(host).IsLoopback() {
			d.tls = cert
		}
		all = append(all, d)
	}
	if !n.Enabled {
		return all
	}
	at := n.Addresses
	if len(at) == 0 {
		at = []string{""}
	}
	for _, a := range at {
		all = append(all, doorPlan{kind: console.NetworkDoor, address: net.JoinHostPort(a, strconv.Itoa(n.Port)), tls: cert, hsts: n.HSTS})
		if n.RedirectPort > 0 {
			all = append(all, doorPlan{kind: console.RedirectDoor, address: net.JoinHostPort(a, strconv.Itoa(n.RedirectPort)), port: n.Port})
		}
	}
	return all
}

// networkHints is what editors must know of it.
func networkHints() map[string]settings.Hint {
	return map[string]settings.Hint{
		"network.addresses.*":     formed(formHost),
		"network.port":            bounded("", 1, 65535),
		"network.tls":             oneOf(tlsOwn, tlsGiven),
		"network.cert_file":       optional(formed(formPath)),
		"network.key_file":        optional(formed(formPath)),
		"network.names.*":         formed(formHost),
		"network.mdns_name":       optional(formed(formLabel)),
		"network.redirect_port":   bounded("", 1, 65535, 0),
		"network.metrics_address": optional(formed(formHost)),
	}
}
