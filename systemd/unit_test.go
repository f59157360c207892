package systemd

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// unit reads a unit file: section.key → values in order.
func unit(t *testing.T, name string) map[string][]string {
	t.Helper()
	u, section := map[string][]string{}, ""
	for i, line := range strings.Split(readFile(t, name), "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[':
			section = strings.Trim(line, "[]")
		default:
			k, v, ok := strings.Cut(line, "=")
			if !ok || k != strings.TrimSpace(k) {
				t.Fatalf("%s:%d: not key=value: %q", name, i+1, line)
			}
			k = section + "." + k
			if len(u[k]) > 0 && !slices.Contains([]string{"Service.DeviceAllow", "Service.SystemCallFilter"}, k) { // lists
				t.Errorf("%s:%d: %s is given twice", name, i+1, k)
			}
			u[k] = append(u[k], strings.Fields(v)...)
			if len(u[k]) == 0 {
				u[k] = []string{""}
			}
		}
	}
	return u
}

// What the daemon's promises rest on; a change here is a change of them.
func TestUnitSandboxesAndWatchesTheDaemon(t *testing.T) {
	u := unit(t, "vaad.service")
	for key, want := range map[string]string{
		"Service.Type":                    "notify",
		"Service.NotifyAccess":            "main",
		"Service.WatchdogSec":             "10",
		"Service.Restart":                 "always",
		"Unit.StartLimitIntervalSec":      "0",
		"Service.User":                    "vaad",
		"Service.Group":                   "vaad",
		"Service.StateDirectory":          "vaad",
		"Service.RuntimeDirectory":        "vaad",
		"Service.NoNewPrivileges":         "yes",
		"Service.ProtectSystem":           "strict",
		"Service.ProtectHome":             "yes",
		"Service.PrivateTmp":              "yes",
		"Service.MemoryDenyWriteExecute":  "yes",
		"Service.RestrictNamespaces":      "yes",
		"Service.RestrictSUIDSGID":        "yes",
		"Service.LockPersonality":         "yes",
		"Service.CapabilityBoundingSet":   "",
		"Service.AmbientCapabilities":     "",
		"Service.DevicePolicy":            "closed",
		"Service.SystemCallArchitectures": "native",
		"Service.MemorySwapMax":           "0",
		"Service.LimitRTPRIO":             "10",  // channels raises board threads to round-robin 10
		"Service.LimitNICE":               "-15", // … or to nice -15
	} {
		if got := strings.Join(u[key], " "); u[key] == nil || got != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
	for _, has := range [][2]string{
		{"DeviceAllow", "char-196"}, {"DeviceAllow", "char-166"}, {"DeviceAllow", "char-188"},
		{"SystemCallFilter", "@system-service"}, {"SystemCallFilter", "adjtimex"},
		{"RestrictAddressFamilies", "AF_UNIX"}, {"RestrictAddressFamilies", "AF_INET6"},
		{"RestrictAddressFamilies", "AF_NETLINK"}, // the name on the network asks for interfaces
	} {
		if key := "Service." + has[0]; !slices.Contains(u[key], has[1]) {
			t.Errorf("%s = %v lacks %s", key, u[key], has[1])
		}
	}
	for _, key := range []string{"Service.PrivateDevices", "Service.RestrictRealtime", "Service.ProtectClock"} {
		if u[key] != nil {
			t.Errorf("%s would take cards, board priorities or the clock's state away", key)
		}
	}
}

// Browsers, mail servers and backup targets have any address.
func TestUnitReachesTheNetworkAndWaitsForNone(t *testing.T) {
	u := unit(t, "vaad.service")
	if got := u["Service.IPAddressAllow"]; !slices.Equal(got, []string{"0.0.0.0/0", "::/0"}) {
		t.Errorf("IPAddressAllow = %v", got)
	}
	for _, key := range []string{"Unit.After", "Unit.Wants", "Unit.Requires"} {
		for _, v := range u[key] {
			if v == "network-online.target" || v == "time-sync.target" {
				t.Errorf("%s=%s: a box without network would not record", key, v)
			}
		}
	}
}

// With a configuration file named, the daemon never simulates by itself.
func TestPackagedUnitNamesItsConfiguration(t *testing.T) {
	u := unit(t, "vaad.service")
	if got := strings.Join(u["Service.ExecStart"], " "); got != "/usr/lib/vaad/current/vaad run --config /etc/vaad/vaad.toml" {
		t.Errorf("ExecStart = %q", got)
	}
	var c struct {
		Root, Run, Listen string
		Board             []map[string]any
	}
	if err := toml.Unmarshal([]byte(readFile(t, "vaad.toml")), &c); err != nil {
		t.Fatal(err)
	}
	if c.Root != "/var/lib/"+u["Service.StateDirectory"][0] || c.Run != "/run/"+u["Service.RuntimeDirectory"][0] {
		t.Errorf("vaad.toml keeps its state in %s and its sockets in %s, which the unit does not let it write", c.Root, c.Run)
	}
	if len(c.Board) != 0 {
		t.Error("vaad.toml as packaged must not have boards: it would simulate")
	}
}

func TestUnitNeedsOnlyUsersAndGroupsThatAreMade(t *testing.T) {
	made := map[string]bool{}
	for _, line := range strings.Split(readFile(t, "vaad.sysusers"), "\n") {
		if f := strings.Fields(line); len(f) >= 2 && (f[0] == "u" || f[0] == "g") {
			made[f[1]] = true
		}
	}
	for _, file := range []string{"vaad.service", "vaad-usb@.service", "vaad-usb-load@.service", "vaad-usb.socket"} {
		u := unit(t, file)
		for _, name := range slices.Concat(u["Service.User"], u["Service.Group"], u["Service.SupplementaryGroups"], u["Socket.SocketGroup"]) {
			if !made[name] {
				t.Errorf("%s: %s is not made: it would not start", file, name)
			}
		}
	}
}

// tool runs a program of systemd, or skips.
func tool(t *testing.T, name string, arg ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(name + " is not installed")
	}
	out, err := exec.Command(name, arg...).CombinedOutput()
	if err != nil {
		t.Errorf("%s %s: %v\n%s", name, strings.Join(arg, " "), err, out)
	}
	return string(out)
}

func TestSystemdTakesTheUnit(t *testing.T) {
	copied := filepath.Join(t.TempDir(), "vaad.service")
	text := strings.Replace(readFile(t, "vaad.service"), "/usr/lib/vaad/current/vaad", "/bin/true", 1) // verify wants the program to exist
	if err := os.WriteFile(copied, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(tool(t, "systemd-analyze", "verify", "--man=no", copied), "\n") {
		if strings.Contains(line, copied) {
			t.Error(line)
		}
	}
}

func TestSandboxIsTight(t *testing.T) {
	if out := tool(t, "systemd-analyze", "--help"); !strings.Contains(out, "--threshold") {
		t.Skip("this systemd-analyze judges no files")
	}
	for _, u := range []string{"vaad.service", "vaad-usb@.service", "vaad-usb-load@.service", "vaad-banner.service"} {
		out := tool(t, "systemd-analyze", "security", "--offline=true", "--threshold=20", "./"+u)
		if i := strings.Index(out, "Overall"); i >= 0 {
			t.Log(strings.TrimSpace(out[i:]))
		}
	}
}

func TestSystemdTakesUsersAndFolders(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "usr/lib/sysusers.d")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "vaad.conf"), []byte(readFile(t, "vaad.sysusers")), 0o644); err != nil {
		t.Fatal(err)
	}
	out := tool(t, "systemd-sysusers", "--dry-run", "--root="+root)
	for _, want := range []string{"'vaad'", "'vaad-usb'", "'vaad-review'"} {
		if !strings.Contains(out, want) {
			t.Errorf("%s is not made:\n%s", want, out)
		}
	}
	for _, line := range strings.Split(readFile(t, "vaad.tmpfiles"), "\n") {
		if f := strings.Fields(line); len(f) > 0 && f[0][0] != '#' && f[0] != "L" && (f[0] != "d" || len(f) != 6 || f[5] != "-") {
			t.Errorf("tmpfiles: %q: only folders that never age", line)
		}
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
