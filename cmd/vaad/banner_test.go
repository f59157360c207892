package main

import (
	"errors"
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
	got := string(banner("1.2.3", "总部 HQ\\n", net, nil, nil))
	want := `vaad 1.2.3, call recorder: HQn
Address  \4 \6
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
		want := "vaad 1, call recorder\nAddress  \\4 \\6\n         from this box only; for the network: vaactl network on\n" + c.want
		if got := string(banner("1", "", api.Network{}, c.unhealthy, c.alarms)); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
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
