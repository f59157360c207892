package ca

import (
	"net"
	"net/netip"
	"slices"
	"strings"
)

// MaxNames is how many names a certificate has at most.
const MaxNames = 100

// GoodName says whether a text is a name or an address that a certificate can
// be made for: an IP address, or labels of letters, digits and hyphens. A wildcard
// is none.
func GoodName(s string) bool {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Zone() == "" && !a.IsUnspecified() && !a.IsMulticast()
	}
	if len(s) == 0 || len(s) > 253 || strings.Trim(s, "0123456789.") == "" { // what looks like an address and is none
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if len(label) == 0 || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(strings.ToLower(label), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}

// Names joins what a certificate is to be good for: the names of the box, the
// addresses that it is reached at, and further ones, in that order, each once.
// Addresses that hold on one link only are left out: browsers cannot name them.
func Names(hosts []string, addrs []netip.Addr, more []string) []string {
	var all []string
	add := func(s string) {
		s = strings.ToLower(strings.TrimSuffix(s, "."))
		if ip := net.ParseIP(s); ip != nil {
			s = ip.String()
		}
		if GoodName(s) && !slices.Contains(all, s) && len(all) < MaxNames {
			all = append(all, s)
		}
	}
	for _, h := range hosts {
		add(h)
	}
	for _, m := range more { // what somebody wrote is never crowded out by addresses
		add(m)
	}
	for _, a := range addrs {
		if a = a.Unmap(); !a.IsLinkLocalUnicast() {
			add(a.WithZone("").String())
		}
	}
	return all
}

func isAddress(s string) bool { return net.ParseIP(s) != nil }
