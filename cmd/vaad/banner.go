package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"vaad/alarm"
	"vaad/api"
	"vaad/console"
)

const (
	bannerEvery     = 10 * time.Second
	bannerURLs      = 4
	bannerAddresses = 3
)

// keepBanner writes what stands above the log-in of the box's screen, until ctx ends. The package
// has a unit that takes it from there (vaad-banner.path). What changes all the time is not in it:
// each change draws the screen anew.
func (d *running) keepBanner(ctx context.Context) {
	tick := time.NewTicker(bannerEvery)
	defer tick.Stop()
	file, failed := filepath.Join(d.cfg.Run, "banner"), false
	for {
		err := writeBanner(file, banner(version, d.site().Name, boxAddresses(d.clients.system), d.clients.State(), d.sys.Healthy(), d.alarms.Active()))
		if err != nil && !failed {
			d.log.Warn("the banner of the screen cannot be written", "error", err)
		}
		failed = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// banner is English, as the kernel's console has no other letters. It names the addresses itself:
// agetty's own \4 resolves the host's name where there is none, which Debian gives 127.0.1.1.
func banner(version, site string, addrs []netip.Addr, net api.Network, unhealthy error, alarms []alarm.Alarm) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "vaad %s, call recorder", plainLine(version))
	if site = plainLine(site); site != "" {
		fmt.Fprintf(&b, ": %s", site)
	}
	fmt.Fprintf(&b, "\nAddress  %s\n", shownAddresses(addrs))
	n := 0
	for _, kind := range []console.DoorKind{console.NetworkDoor, console.LoopbackDoor} {
		for _, door := range net.Doors {
			if door.Kind != string(kind) || !door.Open {
				continue
			}
			for _, u := range door.URLs {
				if n++; n > bannerURLs {
					break
				}
				fmt.Fprintf(&b, "%-8s %s\n", map[bool]string{true: "Console"}[n == 1], plainLine(u))
			}
		}
	}
	if !net.Enabled {
		b.WriteString("         from this box only; for the network: vaactl network on\n")
	}
	switch {
	case unhealthy != nil:
		fmt.Fprintf(&b, "Health   NOT WELL: %s\n", plainLine(unhealthy.Error()))
	case len(alarms) == 0:
		b.WriteString("Health   ok\n")
	case alarms[0].Severity == alarm.Critical: // these come first
		fmt.Fprintf(&b, "Health   CRITICAL: %s; %d alarms: vaactl alarms\n", plainLine(alarms[0].Code), len(alarms))
	default:
		fmt.Fprintf(&b, "Health   ok; %d warnings: vaactl alarms\n", len(alarms))
	}
	return b.Bytes()
}

// shownAddresses are those that somebody can type elsewhere on the network, or says that there is none.
func shownAddresses(addrs []netip.Addr) string {
	var all []string
	for _, a := range addrs {
		if a.IsGlobalUnicast() && len(all) < bannerAddresses { // which private ones are
			all = append(all, a.String())
		}
	}
	if len(all) == 0 {
		return "none: no network"
	}
	return strings.Join(all, " ")
}

// plainLine is what a console can show, and agetty takes for nothing else.
func plainLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '\\' {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s[:min(len(s), 100)])
}

// writeBanner changes the file where it is another.
func writeBanner(file string, text []byte) error {
	if was, err := os.ReadFile(file); err == nil && bytes.Equal(was, text) {
		return nil
	}
	return renewFile(file, text, 0o644)
}

// renewFile writes a file of the running daemon, so that whoever reads it meanwhile has the one
// from before; what must outlive a power cut goes by [archive.ReplaceFile].
func renewFile(file string, text []byte, perm fs.FileMode) error {
	if err := os.WriteFile(file+".new", text, perm); err != nil {
		return err
	}
	if err := os.Chmod(file+".new", perm); err != nil { // whatever the umask: a banner stands on the screen
		return err
	}
	return os.Rename(file+".new", file)
}
