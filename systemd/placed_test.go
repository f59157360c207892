package systemd

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Versions whose package left rules and the banner to dpkg keep theirs: dpkg removes them while the next
// package is unpacked, and its preinst has kept them.
func TestAVersionWithoutRulesOfItsOwnIsRolledBackToThoseOfItsPackage(t *testing.T) {
	for _, is := range []string{"bad", "unreadable"} {
		m := newMachine(t)
		// 1.0 as an older package has it.
		m.must(os.RemoveAll(m.path("usr/lib/vaad/1.0/udev")))
		m.must(os.RemoveAll(m.path("usr/lib/udev/rules.d")))
		owned := map[string]string{"usr/lib/udev/rules.d/70-vaad.rules": "rules", "usr/lib/systemd/system/vaad-banner.path": "path", "usr/lib/systemd/system/vaad-banner.service": "service", "usr/lib/vaad/vaad-banner": "program"}
		for name, text := range owned {
			m.write(m.path(name), text)
		}
		for range 2 { // a power cut may have it done again
			if out, err := m.run("", "preinst", "upgrade", "1.0"); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		}
		for name := range owned {
			m.must(os.Remove(m.path(name)))
		}
		m.unpack("1.1", is, "1.0")
		m.must(os.Symlink("current/libexec/vaad-banner", m.path("usr/lib/vaad/vaad-banner")))
		if out, err := m.run("", "vaad-update", "apply", "1.1"); err == nil {
			t.Fatalf("%s", out)
		}
		for name, text := range owned {
			if got := m.read(name); got != text {
				t.Errorf("%s: %s is %q, want %q", is, name, got, text)
			}
		}
		if got := m.names("usr/lib/udev/rules.d"); !slices.Equal(got, []string{"70-vaad.rules"}) {
			t.Errorf("%s: rules are %v", is, got)
		}
	}
}

// What stands in pending decides what a rollback does: a disk that is full must not empty it.
func TestAFullDiskDoesNotLoseWhatGoesOn(t *testing.T) {
	m := newMachine(t)
	before := m.read("var/lib/vaad-update/record")
	m.write(m.path("var/lib/vaad-update/pending"), "format=1\nfrom=1.0\nto=1.0\nstep=judging\n")
	// The file beside pending cannot be written: it stands for a disk that is full.
	m.must(os.Symlink("/dev/full", m.path("var/lib/vaad-update/.pending")))
	m.run("", "vaad-update", "resume")
	if got := m.read("var/lib/vaad-update/record"); !strings.Contains(got, "from=1.0\nto=1.0\n") {
		t.Errorf("the record, which was %q, is\n%s", before, got)
	}
	// Without a note nothing is begun.
	if out, err := m.upgrade("1.1", "good", "1.0"); err == nil || !strings.Contains(out, "is the disk full?") {
		t.Errorf("%v\n%s", err, out)
	}
	if m.read("active") != "1.0" || m.current() != "kept/1.0" {
		t.Errorf("%q runs, current → %s", m.read("active"), m.current())
	}
	m.must(os.Remove(m.path("var/lib/vaad-update/.pending")))
	if out, err := m.run("", "vaad-update", "apply", "1.1"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m.want("with room", "1.1", "1.1", "ok")
}

// In /run/lock anybody may make a file and hold a lock on it.
func TestNobodyElseCanHoldTheLockOfUpgrades(t *testing.T) {
	m := newMachine(t)
	m.must(os.MkdirAll(m.path("run/lock/vaad-update"), 0o755)) // cannot be opened for writing
	if out, err := m.upgrade("1.1", "good", "1.0"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m.want("after", "1.1", "1.1", "ok")
}

func TestRemovingTakesUnitsAndRulesAlong(t *testing.T) {
	m := newMachine(t)
	for _, name := range []string{"vaad-usb.socket", "vaad-usb@.service", "vaad-usb-load@.service", "vaad-banner.service", "vaad-banner.path"} {
		m.write(m.path("usr/lib/vaad/1.0/units/"+name), readFile(t, name))
	}
	m.must(os.Remove(m.path("usr/lib/vaad/1.0/units/vaad-only1.0.socket")))
	m.must(os.Remove(m.path("usr/lib/vaad/1.0/udev/71-vaad-only1.0.rules")))
	if out, err := m.run("", "vaad-update", "apply", "1.0"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := m.names("usr/lib/systemd/system"); len(got) < 6 {
		t.Fatalf("units are %v", got)
	}
	m.must(os.Remove(m.path("usr/lib/systemd/system/vaad-only1.0.socket"))) // of another test
	m.must(os.Remove(m.path("usr/lib/udev/rules.d/71-vaad-only1.0.rules")))
	if out, err := m.run("", "postrm", "remove"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, dir := range []string{"usr/lib/systemd/system", "usr/lib/udev/rules.d"} {
		if got := m.names(dir); len(got) > 0 {
			t.Errorf("%s has %v", dir, got)
		}
	}
}

// What .ci/deb puts beside a version's programs is what vaad-update puts in place and postrm removes.
func TestEachPackagedUnitIsTakenAwayAgain(t *testing.T) {
	built, removed := readFile(t, "../.ci/deb"), readFile(t, "debian/postrm")
	for _, line := range strings.Split(built, "\n") {
		if !strings.HasSuffix(line, `"$lib/units/"`) && !strings.HasSuffix(line, `"$lib/udev/"`) {
			continue
		}
		for _, word := range strings.Fields(line) {
			if name, is := strings.CutPrefix(word, "systemd/"); is && !strings.Contains(removed, name) {
				t.Errorf("postrm leaves %s", name)
			}
		}
	}
}

// The folder that the banner comes from is the daemon's: root must not show what a link in it names.
func TestTheBannerFollowsNoLinkAndHasNoEscapes(t *testing.T) {
	m := newMachine(t)
	m.must(os.MkdirAll(m.path("run/vaad"), 0o755))
	m.write(m.path("etc/secret"), "secret\n")
	banner, shown := m.path("run/vaad/banner"), "run/issue.d/50-vaad.issue"
	show := func() string {
		t.Helper()
		if out, err := m.run("", "vaad-banner"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return m.read(shown)
	}
	m.write(banner, `Address  \4 \6 \d 192.168.1.20`+"\x1b[2J总\n"+strings.Repeat("line\n", 30))
	if got := show(); !strings.HasPrefix(got, "Address  4 6 d 192.168.1.20[2J\nline\n") || strings.Count(got, "\n") != 11 {
		t.Errorf("%q", got)
	}
	m.must(os.Remove(banner))
	if got := show(); !strings.Contains(got, "not running") {
		t.Errorf("%q", got)
	}
	m.must(os.Symlink(m.path("etc/secret"), banner))
	if got := show(); strings.Contains(got, "secret") {
		t.Errorf("%q", got)
	}
	m.must(os.Remove(banner))
	m.must(exec.Command("mkfifo", banner).Run()) // nobody writes: it must not wait
	show()
}

// The path unit sees changes only: what the daemon wrote before it was started has to be shown too.
func TestTheFirstInstallationShowsTheBanner(t *testing.T) {
	text := readFile(t, filepath.Join("debian", "postinst"))
	watch, show := strings.Index(text, "start vaad-usb.socket vaad-banner.path"), strings.Index(text, "start --no-block vaad-banner.service")
	if watch < 0 || show < watch {
		t.Error("postinst does not show what is there once it watches")
	}
}
