package main

import (
	"encoding/hex"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strings"

	"vaad/access/ca"
)

// boxAddresses are the addresses of this machine, loopback last. The kernel's files are
// read, as a service that may not use netlink can: proc(5), /proc/net/fib_trie and if_inet6.
func boxAddresses(system fs.FS) []netip.Addr {
	var all []netip.Addr
	add := func(a netip.Addr) {
		if a.IsValid() && !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	if b, err := fs.ReadFile(system, "proc/net/fib_trie"); err == nil {
		last := ""
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			switch {
			case len(f) == 2 && f[0] == "|--":
				last = f[1]
			case len(f) == 3 && f[0] == "/32" && f[1] == "host" && f[2] == "LOCAL":
				a, _ := netip.ParseAddr(last)
				add(a)
			}
		}
	}
	if b, err := fs.ReadFile(system, "proc/net/if_inet6"); err == nil {
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			if len(f) != 6 || passing(f[4]) {
				continue
			}
			if raw, err := hex.DecodeString(f[0]); err == nil {
				a, _ := netip.AddrFromSlice(raw)
				add(a)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b netip.Addr) int { return order(a) - order(b) })
	return all
}

// passing says whether flags of an IPv6 address say that nobody should be told to use it: it is one of
// those that change every day (RFC 8981), another machine has it, or that is not yet known (RFC 4862).
func passing(flags string) bool {
	const temporary, dadFailed, tentative = 0x01, 0x08, 0x40
	b, err := hex.DecodeString(flags)
	return err == nil && len(b) == 1 && b[0]&(temporary|dadFailed|tentative) != 0
}

// order puts first what people would type.
func order(a netip.Addr) int {
	switch {
	case a.IsLoopback():
		return 3
	case a.IsLinkLocalUnicast():
		return 2
	case a.Is6():
		return 1
	default:
		return 0
	}
}

// boxNames are the names and addresses that the box goes by, and that its certificate is
// to be good for. more are those of the settings.
func boxNames(addrs []netip.Addr, more []string) []string {
	var hosts []string
	if h, err := os.Hostname(); err == nil && h != "" {
		hosts = append(hosts, h)
		if short, _, dotted := strings.Cut(h, "."); !dotted && short != "localhost" {
			hosts = append(hosts, short+".local")
		}
	}
	return ca.Names(append(hosts, "localhost"), addrs, more)
}
