package systemd

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// A machine is a folder that stands for one: vaad-update and the package's scripts run in it, with
// a systemctl of ours, and versions of vaad that are shell scripts. What a version has written is
// the file state; an older version cannot read what a newer has written.
type machine struct {
	t    *testing.T
	root string
	bin  string
}

// versionScript stands for vaad. "run" is its start.
const versionScript = `#!/bin/sh
state=$ROOT/var/lib/vaad/state me=%s is=%s
case "$1 ${2:-}" in
  "upgrade look") echo '{}' ;;
  "upgrade rehearse") [ $is != unreadable ] || { echo 'written by a newer vaad'; exit 1; } ;;
  "upgrade keep")
    [ ! -e "$ROOT/active" ] || { echo 'the daemon runs'; exit 1; }
    mkdir -p "$ROOT/var/lib/vaad/upgrade/b" && /bin/cp "$state" "$ROOT/var/lib/vaad/upgrade/b/state" && echo "$ROOT/var/lib/vaad/upgrade/b" ;;
  "upgrade restore")
    [ ! -e "$ROOT/active" ] || { echo 'the daemon runs'; exit 1; }
    /bin/cp "$ROOT/var/lib/vaad/upgrade/b/state" "$state" && echo aside ;;
  "upgrade gate") # of whatever version runs
    [ -e "$ROOT/active" ] || { echo 'it does not answer'; exit 1; }
    now=$(cat "$ROOT/active")
    for last; do case $prev in --expect) [ "$now" = "$last" ] || { echo "$now runs"; exit 1; } ;; esac; prev=$last; done
    [ "$now" != bad ] || { echo 'it is not healthy'; exit 1; } ;;
  "run ")
    [ $is != crashing ] || exit 1
    [ $is != old ] || [ "$(cat "$state")" = old ] || { echo old cannot read "$(cat "$state")" >> "$ROOT/unreadable"; exit 1; }
    [ $is = old ] || echo "$me" > "$state"
    [ $is = bad ] && echo bad > "$ROOT/active" || echo "$me" > "$ROOT/active" ;;
esac
exit 0
`

const systemctlScript = `#!/bin/sh
case "$1" in
  is-active) [ -e "$ROOT/active" ] && echo active || { echo inactive; exit 3; } ;;
  start) [ -e "$ROOT/active" ] || "$ROOT/usr/lib/vaad/current/vaad" run || true ;;
  stop) rm -f "$ROOT/active" ;;
esac
exit 0
`

// cutScript stands before a program: the power is cut right before its nth call, or right after.
const cutScript = `#!/bin/sh
n=$(/bin/cat "$ROOT/calls" 2>/dev/null || echo 0)
echo $((n + 1)) > "$ROOT/calls"
[ "${CUT:-}" != "before $n" ] || kill -KILL 0
%s "$@"
r=$?
[ "${CUT:-}" != "after $n" ] || kill -KILL 0
exit $r
`

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{t, t.TempDir(), t.TempDir()}
	for _, d := range []string{"run/systemd/system", "run/lock", "var/lib/vaad", "var/lib/vaad-update", "usr/lib/vaad", "etc/vaad"} {
		m.must(os.MkdirAll(filepath.Join(m.root, d), 0o755))
	}
	for _, name := range []string{"ln", "mv", "rm", "mkdir", "cp"} {
		m.write(filepath.Join(m.bin, name), fmt.Sprintf(cutScript, "/bin/"+name))
	}
	m.write(filepath.Join(m.bin, "sync"), fmt.Sprintf(cutScript, "/bin/true")) // the kernel outlives these cuts
	m.write(filepath.Join(m.bin, "real-systemctl"), systemctlScript)
	m.write(filepath.Join(m.bin, "systemctl"), fmt.Sprintf(cutScript, filepath.Join(m.bin, "real-systemctl")))
	m.write(filepath.Join(m.bin, "logger"), "#!/bin/sh\n")
	m.write(filepath.Join(m.bin, "udevadm"), "#!/bin/sh\necho \"$*\" >> \"$ROOT/udevadm\"\n")
	m.write(m.path("var/lib/vaad/state"), "old\n")
	m.unpack("1.0", "old")
	if out, err := m.run("", "vaad-update", "apply", "1.0"); err != nil {
		t.Fatalf("install: %v\n%s", err, out)
	}
	if m.current() != "1.0" || m.read("active") != "1.0" {
		t.Fatal("the first installation does not run")
	}
	return m
}

func (m *machine) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) path(name string) string { return filepath.Join(m.root, name) }

func (m *machine) write(name, text string) {
	m.t.Helper()
	m.must(os.MkdirAll(filepath.Dir(name), 0o755))
	m.must(os.WriteFile(name, []byte(text), 0o755))
}

func (m *machine) read(name string) string {
	b, _ := os.ReadFile(m.path(name))
	return strings.TrimSpace(string(b))
}

// names are those of the files in a folder; what a power cut left half written has one too, and does no harm.
func (m *machine) names(dir string) (all []string) {
	entries, _ := os.ReadDir(m.path(dir))
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".new") {
			all = append(all, e.Name())
		}
	}
	return all
}

func (m *machine) current() string { l, _ := os.Readlink(m.path("usr/lib/vaad/current")); return l }

// unpack is what dpkg does with the files of a version; remove is its removal of another's.
func (m *machine) unpack(version, is string, remove ...string) {
	m.t.Helper()
	m.write(m.path("usr/lib/vaad/"+version+"/vaad"), fmt.Sprintf(versionScript, version, is))
	m.write(m.path("usr/lib/vaad/"+version+"/units/vaad.service"), "of "+version)
	m.write(m.path("usr/lib/vaad/"+version+"/units/vaad-only"+version+".socket"), "of "+version)
	m.write(m.path("usr/lib/vaad/"+version+"/udev/70-vaad.rules"), "of "+version)
	m.write(m.path("usr/lib/vaad/"+version+"/udev/71-vaad-only"+version+".rules"), "of "+version)
	m.write(m.path("usr/lib/vaad/installed"), version+"\n")
	for _, v := range remove {
		m.must(os.RemoveAll(m.path("usr/lib/vaad/" + v)))
	}
}

// run starts a script in a session of its own; cut is when the power goes.
func (m *machine) run(cut, script string, arg ...string) (string, error) {
	m.must(os.RemoveAll(m.path("calls")))
	c := exec.Command("sh", append([]string{filepath.Join("debian", script)}, arg...)...)
	c.Env = []string{"PATH=" + m.bin + ":/usr/sbin:/usr/bin:/sbin:/bin", "ROOT=" + m.root, "VAAD_UPDATE_ROOT=" + m.root, "CUT=" + cut}
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := c.CombinedOutput()
	return string(out), err
}

// boot is the power coming back: the service starts, then what was interrupted goes on.
func (m *machine) boot() string {
	m.t.Helper()
	m.must(os.RemoveAll(m.path("active")))
	if _, err := os.Stat(m.path("usr/lib/vaad/current/vaad")); err != nil {
		m.t.Fatalf("after a power cut nothing can be started: current → %s", m.current())
	}
	m.run("", "../testdata/start.sh")
	out, _ := m.run("", "vaad-update", "resume")
	return out
}

// want compares where a machine is.
func (m *machine) want(when, current, state, result string) {
	m.t.Helper()
	record := m.read("var/lib/vaad-update/record")
	if got := m.current(); got != current {
		m.t.Errorf("%s: current → %s, want %s", when, got, current)
	}
	if got := m.read("var/lib/vaad/state"); got != state {
		m.t.Errorf("%s: the state is %q, want %q", when, got, state)
	}
	if !strings.Contains("\n"+record+"\n", "\nresult="+result+"\n") {
		m.t.Errorf("%s: the record says\n%s\nwant the result %s", when, record, result)
	}
	if got := m.read("unreadable"); got != "" {
		m.t.Errorf("%s: %s", when, got)
	}
	if m.read("active") == "" {
		m.t.Errorf("%s: nothing runs", when)
	}
	runs := strings.TrimPrefix(current, "kept/")
	for dir, only := range map[string][]string{"usr/lib/systemd/system": {"vaad-only" + runs + ".socket", "vaad.service"}, "usr/lib/udev/rules.d": {"70-vaad.rules", "71-vaad-only" + runs + ".rules"}} {
		if got := m.names(dir); !slices.Equal(got, only) {
			m.t.Errorf("%s: in %s are %v, want %v", when, dir, got, only)
		}
		for _, name := range only {
			if got := m.read(filepath.Join(dir, name)); got != "of "+runs {
				m.t.Errorf("%s: %s is %s", when, name, got)
			}
		}
	}
	if _, err := os.Stat(m.path("var/lib/vaad-update/pending")); err == nil {
		m.t.Errorf("%s: something is still pending", when)
	}
}

// upgrade is what dpkg does: the new preinst, the files, the new postinst's call.
func (m *machine) upgrade(version, is, old string) (string, error) {
	m.t.Helper()
	if out, err := m.run("", "preinst", "upgrade", old); err != nil {
		m.t.Fatalf("preinst: %v\n%s", err, out)
	}
	m.unpack(version, is, old)
	return m.run("", "vaad-update", "apply", version)
}

func TestAVersionThatProvesWellStays(t *testing.T) {
	m := newMachine(t)
	out, err := m.upgrade("1.1", "good", "1.0")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m.want("after", "1.1", "1.1", "ok")
	if m.read("usr/lib/vaad/kept/1.0/vaad") == "" {
		t.Error("the version before is not kept")
	}
	// Configured again it changes nothing.
	if out, err := m.run("", "vaad-update", "apply", "1.1"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m.want("again", "1.1", "1.1", "ok")
	// By hand, and forward again.
	if out, err := m.run("", "vaad-update", "back", "--state"); err != nil || !strings.Contains(out, "1.0 runs again") {
		t.Fatalf("%v\n%s", err, out)
	}
	m.want("by hand", "kept/1.0", "old", "reverted")
	if out, err := m.run("", "vaad-update", "retry"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m.want("forward", "1.1", "1.1", "ok")
}

func TestAVersionThatDoesNotProveWellIsRolledBackOnce(t *testing.T) {
	for _, is := range []string{"bad", "crashing"} {
		m := newMachine(t)
		out, err := m.upgrade("1.1", is, "1.0")
		var exit *exec.ExitError
		if !errors.As(err, &exit) || !strings.Contains(out, "failed and was rolled back") {
			t.Fatalf("%v\n%s", err, out)
		}
		m.want(is, "kept/1.0", "old", "rolled-back")
		if got, again := m.read("udevadm"), "control --reload\ntrigger --subsystem-match=usb --subsystem-match=tty --subsystem-match=dahdi"; got != strings.Repeat(again+"\n", 2)+again {
			t.Errorf("udev was told, for 1.0, for 1.1 and for 1.0 again:\n%s", got)
		}
		// dpkg --configure -a does not try it again, nor disturb what runs.
		m.must(os.WriteFile(m.path("active"), []byte("1.0 undisturbed"), 0o644))
		if out, err := m.run("", "vaad-update", "apply", "1.1"); err == nil || !strings.Contains(out, "is not tried again") {
			t.Fatalf("%v\n%s", err, out)
		}
		if m.read("active") != "1.0 undisturbed" {
			t.Error("it was started anew")
		}
		// A good version then installs, from the one that runs.
		if out, err := m.upgrade("1.2", "good", "1.1"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		m.want("a good one", "1.2", "1.2", "ok")
		if got := m.read("var/lib/vaad-update/record"); !strings.Contains(got, "from=1.0\n") {
			t.Errorf("the record says\n%s", got)
		}
	}
}

func TestAVersionThatCannotReadTheStateChangesNothing(t *testing.T) {
	m := newMachine(t)
	m.must(os.WriteFile(m.path("active"), []byte("1.0 undisturbed"), 0o644))
	out, err := m.upgrade("0.9", "unreadable", "1.0")
	if err == nil || !strings.Contains(out, "written by a newer vaad") {
		t.Fatalf("%v\n%s", err, out)
	}
	m.want("refused", "kept/1.0", "old", "refused")
	if m.read("active") != "1.0 undisturbed" {
		t.Error("what runs was stopped")
	}
}

func TestWhatSomebodyStoppedStaysStopped(t *testing.T) {
	m := newMachine(t)
	m.must(os.Remove(m.path("active")))
	if out, err := m.upgrade("1.1", "bad", "1.0"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if m.current() != "1.1" || m.read("active") != "" || !strings.Contains(m.read("var/lib/vaad-update/record"), "result=untested") {
		t.Errorf("current → %s, active %q, record\n%s", m.current(), m.read("active"), m.read("var/lib/vaad-update/record"))
	}
}

// Wherever the power is cut, the machine boots a whole version, and after dpkg --configure -a it is
// where it would have been.
func TestAPowerCutAtAnyMomentLeavesAWholeVersion(t *testing.T) {
	if testing.Short() {
		t.Skip("hundreds of scripts")
	}
	for _, c := range []struct{ is, current, state, result string }{
		{"good", "1.1", "1.1", "ok"},
		{"bad", "kept/1.0", "old", "rolled-back"},
	} {
		for _, side := range []string{"before", "after"} {
			t.Run(c.is+" "+side, func(t *testing.T) {
				t.Parallel()
				cuts := 0
				for n := 0; ; n += stride(11) {
					m := newMachine(t)
					if out, err := m.run("", "preinst", "upgrade", "1.0"); err != nil {
						t.Fatalf("%v\n%s", err, out)
					}
					m.unpack("1.1", c.is, "1.0")
					cut := side + " " + strconv.Itoa(n)
					_, err := m.run(cut, "vaad-update", "apply", "1.1")
					if calls, _ := strconv.Atoi(m.read("calls")); calls <= n {
						m.want("whole", c.current, c.state, c.result)
						break
					}
					if err == nil {
						t.Fatalf("cut %s: it was not cut", cut)
					}
					cuts++
					booted := m.boot()
					again, _ := m.run("", "vaad-update", "apply", "1.1")
					m.want("cut "+cut, c.current, c.state, c.result)
					if t.Failed() {
						t.Fatalf("at the start:\n%s\nthen:\n%s", booted, again)
					}
				}
				if cuts < 2 {
					t.Errorf("only %d cuts", cuts)
				}
				t.Logf("%d cuts", cuts)
			})
		}
	}
}

// stride is how many commands lie between two that are cut: quick, but where
// make prove-appliance wants every one.
func stride(quick int) int {
	if os.Getenv("VAAD_EVERY_CUT") != "" {
		return 1
	}
	return quick
}

// The same before the unpacking, where what runs is kept.
func TestAPowerCutBeforeUnpackingLeavesAWholeVersion(t *testing.T) {
	t.Parallel()
	for n := 0; ; n += stride(3) {
		for _, side := range []string{"before ", "after "} {
			m := newMachine(t)
			_, err := m.run(side+strconv.Itoa(n), "preinst", "upgrade", "1.0")
			if err == nil {
				if n < 5 {
					t.Errorf("only %d calls", n)
				}
				return
			}
			m.boot()
			if m.read("active") != "1.0" {
				t.Fatalf("cut %s %d: %q runs", side, n, m.read("active"))
			}
			if out, err := m.upgrade("1.1", "good", "1.0"); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			m.want("then", "1.1", "1.1", "ok")
		}
	}
}

func TestRemovingKeepsStateAndPurgingKeepsRecordings(t *testing.T) {
	m := newMachine(t)
	for _, f := range []string{"recordings/2026/01/02/x.wav", "keys/k", "evidence/key", "state.db", "settings.jsonl", "secrets/s"} {
		m.write(m.path("var/lib/vaad/"+f), "x")
	}
	if out, err := m.run("", "postrm", "remove"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m.must(os.MkdirAll(m.path("etc/vaad/firmware"), 0o755))
	m.must(os.MkdirAll(m.path("run/vaad-usb"), 0o755))
	if m.read("var/lib/vaad/state.db") == "" || m.current() != "" {
		t.Error("removing took state, or left the link")
	}
	out, err := m.run("", "postrm", "purge")
	if err != nil || !strings.Contains(out, "recordings, their keys and evidence stay") {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, gone := range []string{"etc/vaad", "run/vaad-usb", "run/vaad-update.lock", "var/lib/vaad-update", "usr/lib/vaad"} {
		if _, err := os.Stat(m.path(gone)); err == nil {
			t.Errorf("%s is left", gone)
		}
	}
	for f, stays := range map[string]bool{"recordings/2026/01/02/x.wav": true, "keys/k": true, "evidence/key": true, "state.db": false, "settings.jsonl": false, "secrets/s": false} {
		if (m.read("var/lib/vaad/"+f) != "") != stays {
			t.Errorf("%s: stays should be %v", f, stays)
		}
	}
}

func TestScriptsAreWhatAShellTakes(t *testing.T) {
	for _, f := range []string{"preinst", "postinst", "prerm", "postrm", "vaad-update", "vaad-banner"} {
		tool(t, "sh", "-n", filepath.Join("debian", f))
	}
	tool(t, "bash", "-n", "../.ci/deb")
}
