package main

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"vaad/alarm"
	"vaad/api"
)

func TestBannerSaysWhereTheConsoleIsAndHowTheBoxIs(t *testing.T) {
	net := api.Network{Enabled: true, Doors: []api.Door{
		{Kind: "local", Open: true, Address: "/run/vaad/vaad.sock"},
		{Kind: "loopback", Open: true, URLs: []string{"http://127.0.0.1:8470"}},
		{Kind: "network", Open: true, URLs: []string{"https://192.168.1.20:8443", "https://box:8443\x1b[2J"}},
		{Kind: "metrics", Open: true, URLs: []string{"http://x"}},
	}}
	addrs := parseAddrs("192.168.1.20", "2001:db8::7", "169.254.3.4", "fe80::1", "127.0.0.1", "::1")
	got := string(banner("1.2.3", "总部 HQ\\n", addrs, net, nil, nil))
	want := `vaad 1.2.3, call recorder: HQn
Address  192.168.1.20 2001:db8::7
Console  https://192.168.1.20:8443
         https://box:8443[2J
         http://127.0.0.1:8470
Health   ok
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	critical := alarm.Alarm{Code: "disk-full", Severity: alarm.Critical}
	for _, c := range []struct {
		unhealthy error
		alarms    []alarm.Alarm
		want      string
	}{
		{errors.New("board a is stuck"), nil, "Health   NOT WELL: board a is stuck\n"},
		{nil, []alarm.Alarm{critical, {}}, "Health   CRITICAL: disk-full; 2 alarms: vaactl alarms\n"},
		{nil, []alarm.Alarm{{Severity: alarm.Warning}}, "Health   ok; 1 warnings: vaactl alarms\n"},
	} {
		want := "vaad 1, call recorder\nAddress  none: no network\n         from this box only; for the network: vaactl network on\n" + c.want
		if got := string(banner("1", "", nil, api.Network{}, c.unhealthy, c.alarms)); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	}
}

func parseAddrs(texts ...string) (all []netip.Addr) {
	for _, s := range texts {
		all = append(all, netip.MustParseAddr(s))
	}
	return all
}

func TestBannerShowsAddressesThatOtherMachinesCanReach(t *testing.T) {
	const none = "none: no network"
	for _, c := range []struct {
		addrs []netip.Addr
		want  string
	}{
		{nil, none},
		{parseAddrs("127.0.0.1", "127.0.1.1", "::1"), none},
		{parseAddrs("fe80::1", "169.254.9.9"), none}, // no DHCP server has answered
		{parseAddrs("10.0.0.5", "fe80::1"), "10.0.0.5"},
		{parseAddrs("fd00::5", "::1"), "fd00::5"},
		{parseAddrs("10.0.0.5", "10.0.1.5", "192.0.2.1", "2001:db8::1"), "10.0.0.5 10.0.1.5 192.0.2.1"},
	} {
		if got := shownAddresses(c.addrs); got != c.want {
			t.Errorf("%v: %q, want %q", c.addrs, got, c.want)
		}
	}
}

func TestBannerIsWrittenOnlyWhenItChanges(t *testing.T) {
	file := filepath.Join(t.TempDir(), "banner")
	if err := writeBanner(file, []byte("a")); err != nil {
		t.Fatal(err)
	}
	first, err := os.Stat(file)
	if err != nil || first.Mode().Perm() != 0o644 {
		t.Fatal(first, err)
	}
	if err := writeBanner(file, []byte("a")); err != nil {
		t.Fatal(err)
	}
	if again, err := os.Stat(file); err != nil || !os.SameFile(first, again) {
		t.Error("it was written anew")
	}
	if err := writeBanner(file, []byte("b")); err != nil {
		t.Fatal(err)
	}
}
