package systemd

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Last digits of the products of Astribanks: 0 and 3 wait for all firmware, 1 for that
// of the FPGA, 2 and 4 for none.
func TestUdevGivesEveryAstribankToTheHelper(t *testing.T) {
	product := regexp.MustCompile(`ATTR\{idVendor\}=="e4e4", ATTR\{idProduct\}=="([^"]*)", (GROUP|TAG)`)
	patterns := map[string]*regexp.Regexp{}
	for _, m := range product.FindAllStringSubmatch(readFile(t, "70-vaad.rules"), -1) {
		patterns[m[2]] = regexp.MustCompile("^" + m[1] + "$") // udev's classes of characters are the same
	}
	for _, family := range []int{0x113, 0x114, 0x115, 0x116} {
		for digit := range 5 {
			id := fmt.Sprintf("%03x%d", family, digit)
			if !patterns["GROUP"].MatchString(id) {
				t.Errorf("%s cannot be opened", id)
			}
			if waits := strings.Contains("013", id[3:]); patterns["TAG"].MatchString(id) != waits {
				t.Errorf("%s is loaded: %t, want %t", id, !waits, waits)
			}
		}
	}
}

// Who may lock a file there may keep a device from being loaded.
func TestOnlyTheHelperReachesItsLocks(t *testing.T) {
	for _, name := range []string{"vaad-usb@.service", "vaad-usb-load@.service"} {
		u := unit(t, name)
		if mode, keeps := u["Service.RuntimeDirectoryMode"][0], u["Service.RuntimeDirectoryPreserve"][0]; mode != "0750" || keeps != "yes" {
			t.Errorf("%s: mode %s, kept %s", name, mode, keeps)
		}
	}
	if !regexp.MustCompile(`(?m)^d /run/vaad-usb +0750 vaad-usb vaad-usb `).MatchString(readFile(t, "vaad.tmpfiles")) {
		t.Error("vaad.tmpfiles opens the folder")
	}
}

// What they say themselves has fields, and what libusb or the linker says of them has this one.
func TestTheHelpersLinesAreFoundByTheirComponent(t *testing.T) {
	for _, name := range []string{"vaad-usb@.service", "vaad-usb-load@.service"} {
		s := unit(t, name)
		out := strings.Join(s["Service.StandardOutput"], " ") // text that would stand in the journal
		if to := s["Service.StandardError"]; !slices.Equal(s["Service.LogExtraFields"], []string{"VAAD_COMPONENT=usb"}) || !slices.Equal(s["Service.SyslogIdentifier"], []string{"vaad-usb"}) || !slices.Equal(to, []string{"journal"}) || slices.Contains([]string{"", "journal", "inherit"}, out) {
			t.Errorf("%s: %q %q %q %q", name, s["Service.LogExtraFields"], s["Service.SyslogIdentifier"], to, out)
		}
	}
}

// Each load that the daemon is asked for has a connection; one too many would fail.
func TestManyDevicesCanBeLoadedAtOnce(t *testing.T) {
	if n, err := strconv.Atoi(unit(t, "vaad-usb.socket")["Socket.MaxConnections"][0]); err != nil || n < 32 {
		t.Errorf("%d conversations: %v", n, err)
	}
}

// A start waits for the load before, and udev does not ask again.
func TestALoadIsNotCutOff(t *testing.T) {
	given := unit(t, "vaad-usb-load@.service")["Service.TimeoutStartSec"][0]
	if d, err := time.ParseDuration(strings.TrimSuffix(given, "in")); err != nil || d < 6*90*time.Second {
		t.Errorf("%s is too short for two loads of three tries, 90 s each", given)
	}
}

// systemd takes a start of a unit that is still ending for done, so that what comes
// then would be loaded by nobody: each appearance has a unit of its own.
func TestEachAppearanceOfADeviceHasAStartOfItsOwn(t *testing.T) {
	if want := `ENV{SYSTEMD_WANTS}+="vaad-usb-load@$kernel:$attr{devnum}.service"`; !strings.Contains(readFile(t, "70-vaad.rules"), want) {
		t.Error("the rules lack", want)
	}
	if start := strings.Join(unit(t, "vaad-usb-load@.service")["Service.ExecStart"], " "); !strings.HasSuffix(start, " load --config /etc/vaad/vaad.toml --came %i") {
		t.Error("ExecStart =", start)
	}
}
