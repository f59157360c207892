package e2e

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestWrongConfigurationIsRefusedWithItsPlace checks configurations with one or
// more mistakes: each is named with the file and its line or key, at once.
func TestWrongConfigurationIsRefusedWithItsPlace(t *testing.T) {
	once(t)
	ctx := within(t, time.Minute)
	const b = "[[board]]\ndriver = \"sim\"\nid = \"b\"\n"
	for config, says := range map[string][]string{
		"listen = \n":                             {"vaad.toml:1:"},
		"lisen = \"off\"\nboards = 3\n":           {"vaad.toml:1:1: lisen: this key is not known", "vaad.toml:2:1: boards: this key is not known"},
		"root = 5\n":                              {"vaad.toml:1:8: root: it is of the kind integer, and must be text in quotes"},
		"listen = \"0.0.0.0:8470\"\n":             {"vaad.toml: listen: \"0.0.0.0:8470\": access over the network needs TLS"},
		"listen = \"127.0.0.1:99999\"\n":          {"vaad.toml: listen: \"127.0.0.1:99999\" is no address"},
		"[[board]]\nid = \"a b\"\n":               {"vaad.toml: board[0].id: \"a b\"", "vaad.toml: board[0].driver: missing"},
		b + b:                                     {"vaad.toml: board[1].id: \"b\" is used twice"},
		"[[board]]\nid = \"b\"\ndriver = \"x\"\n": {"vaad.toml: board[0].driver: \"x\" is not known; this version has"},
		b + "count = 600\n":                       {"vaad.toml: board \"b\": count: a board has 1 to 512 lines"},
		b + "cuont = 6\n":                         {"vaad.toml: board \"b\": cuont: is not known here; known are clock, count,"},
		b + "scene = \"offise\"\n":                {"vaad.toml: board \"b\": scene: \"offise\" is not known; built in are"},
		b + "lines = [{kind = \"fx\"}]\n":         {"vaad.toml: board \"b\": lines[0].kind: kind \"fx\" is not known"},
		b + "clock = \"fast\"\n[settings.lines.1]\ntrigger = \"x\"\npreroll_ms = 90000\n": {"board \"b\": clock: \"fast\" is not known",
			"lines.1.trigger: \"x\" is not known; use one of", "lines.1.preroll_ms: 90000: must be 0…30000"},
		b + "[settings.lines.1]\npreroll = 1\n":                          {"vaad.toml: the settings are not valid: lines.1.preroll: no such key; known are"},
		b + "[settings.nothing]\na = 1\n":                                {"nothing: no such section"},
		b + "[settings.lines]\n1 = {port = 1}\n2 = {port = 1}\n":         {"lines.2.port", "already"},
		b + "[settings.recorder]\ndisk_reserve_mb = \"lots\"\n":          {"recorder.disk_reserve_mb: \"lots\" is not a whole number"},
		b + "[settings.lines.1]\ngroup = \"x\"\n":                        {"lines.1.group: there is no group \"x\""},
		b + "[settings]\nsite.language = \"fr\"\nsite.country = \"c\"\n": {"site.language: \"fr\" is not known; use en or zh", "site.country: \"c\""},
	} {
		root := scratch(t)
		if err := os.WriteFile(filepath.Join(root, "vaad.toml"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, command := range []string{"check", "run"} {
			out, err := bin.Offline(ctx, command, "--root", root)
			if err == nil {
				t.Errorf("vaad %s takes %q", command, config)
			}
			for _, s := range says {
				// run opens the boards before the settings, and names what it finds first
				if !strings.Contains(out, s) && (command == "check" || len(says) == 1) {
					t.Errorf("vaad %s of %q says %q, want %q", command, config, out, s)
				}
			}
		}
		if left, _ := filepath.Glob(filepath.Join(root, "run", "*")); len(left) > 0 {
			t.Errorf("%q: %v are left behind", config, left)
		}
	}
	if out, err := bin.Offline(ctx, "check", "--config", "/no/such/vaad.toml"); err == nil || !strings.Contains(out, "/no/such/vaad.toml") || !strings.Contains(out, "--root") {
		t.Errorf("without a file: %v, %q", err, out)
	}
}

// TestCheckPrintsTheEffectiveWhole also beside a running daemon, as people
// check before they restart.
func TestCheckPrintsTheEffectiveWhole(t *testing.T) {
	once(t)
	ctx := within(t, time.Minute)
	root := scratch(t)
	config := quietly + board("b", "real", 2, "") + "[settings.site]\ncountry = \"DE\"\n"
	d := start(t, root, config)
	boards(t, d)
	if _, err := d.Ctl(ctx, "settings", "change", "--new", "lines.9.board=nope", "spans.nope/1.side=network", "spans.b/3.side=network"); err != nil {
		t.Fatal(err)
	}
	var told struct {
		Items []struct{ Code, Text string }
	}
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://vaad/api/v1/doctor", nil)
	if err != nil {
		t.Fatal(err)
	}
	ask.Header.Set("Accept-Language", "en")
	r, err := local(d).Do(ask)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if err := json.NewDecoder(r.Body).Decode(&told); err != nil {
		t.Fatal(err)
	}
	found := ""
	for _, f := range told.Items {
		if strings.HasPrefix(f.Code, "setting-") {
			found += f.Code + ": " + f.Text + "\n"
		}
	}
	if found != "setting-no-spans: spans.b/3 is for a span, and the board b has none\nsetting-no-board: There is no board nope; for it are the settings lines.9, spans.nope/1\n" {
		t.Errorf("settings of what is not there:\n%s", found)
	}
	if _, err := d.Ctl(ctx, "set", "lines.2.name", "Reception"); err != nil {
		t.Fatal(err)
	}
	for _, running := range []bool{true, false} {
		out, err := bin.Offline(ctx, "check", "--root", root)
		for _, s := range []string{"# configuration file: " + root + "/vaad.toml\n", "# root: " + root + "\n", "# listen: off\n", `# board b: driver sim, {"clock":"real","count":2}`,
			"# does nothing, as there is no board nope in the configuration: lines.9, spans.nope/1\n",
			"# fixed by file: site.country\n", `"country": "DE"`, `"name": "Reception"`, `"preroll_ms": 2000`, `"disk_reserve_mb": 512`} {
			if err != nil || !strings.Contains(out, s) {
				t.Errorf("daemon running %v: %v, no %q in\n%s", running, err, s, out)
			}
		}
		if running {
			stop(t, d)
		}
	}
}

// boards waits until all boards run.
func boards(t *testing.T, d *Daemon) {
	t.Helper()
	ctx := within(t, time.Minute)
	err := Until(ctx, "all boards running", func() (bool, error) {
		all, err := Rows[struct{ State string }](ctx, d, "boards")
		for _, b := range all {
			if b.State != "running" {
				return false, err
			}
		}
		return len(all) > 0, err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFolderAndPortBelongToOneDaemon(t *testing.T) {
	once(t)
	t.Parallel()
	ctx := within(t, time.Minute)
	root := scratch(t)
	d := start(t, root, "listen = \"127.0.0.1:0\"\n"+board("b", "real", 2, ""))
	out, err := bin.Offline(ctx, "run", "--root", root)
	if err == nil || !strings.Contains(out, "another vaad runs with the folder "+root+": stop it first, or give this one a folder of its own with --root") {
		t.Errorf("a second daemon on the same folder: %v, %q", err, out)
	}
	out, err = bin.Offline(ctx, "reindex", "--root", root)
	if err == nil || !strings.Contains(out, "use vaactl --root "+root+" reindex, or stop it first") {
		t.Errorf("reindex beside the daemon: %v, %q", err, out)
	}
	base, _ := console(t, d)
	address := strings.TrimPrefix(base, "http://")
	other := scratch(t)
	if err := os.WriteFile(filepath.Join(other, "vaad.toml"), []byte("listen = \""+address+"\"\n"+board("c", "real", 1, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err = bin.Offline(ctx, "run", "--root", other)
	if err == nil || !strings.Contains(out, address+": bind: address already in use; choose another with listen = \"127.0.0.1:PORT\" in vaad.toml") {
		t.Errorf("the port is taken: %v, %q", err, out)
	}
	if _, err := d.Ctl(ctx, "status"); err != nil {
		t.Errorf("the first daemon afterwards: %v", err)
	}
	stop(t, d)
	if out, err = bin.Offline(ctx, "reindex", "--root", root); err != nil || !strings.Contains(out, "index.db holds 0 recordings") {
		t.Errorf("reindex of a stopped daemon: %v, %q", err, out)
	}
}

func TestSystemdIsToldThatTheDaemonLives(t *testing.T) {
	ctx := within(t, time.Minute)
	root := scratch(t)
	path := filepath.Join(root, "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	d, err := Start(ctx, bin, filepath.Join(root, "v"), quietly+board("b", "real", 2, ""), "NOTIFY_SOCKET="+path, "WATCHDOG_USEC=300000")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Kill)
	told := func(want string) {
		t.Helper()
		buf := make([]byte, 1024)
		if err := l.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		for {
			n, err := l.Read(buf)
			if err != nil {
				t.Fatalf("waiting for %s: %v", want, err)
			}
			if strings.Contains(string(buf[:n]), want) {
				return
			}
		}
	}
	told("READY=1")
	for range 3 {
		told("WATCHDOG=1")
	}
	end := make(chan error, 1)
	go func() { end <- d.Stop() }()
	told("STOPPING=1")
	if err := <-end; err != nil {
		t.Fatal(err)
	}
}

// ofTheMachine are alarms that say how the machine is on which the test runs.
var ofTheMachine = regexp.MustCompile(`alarm="?(clock-unsynchronised|disk-slow|board-late)\b`)

// TestStartsAndEndsWithoutComplaint wants a log without warnings and errors
// from a first start, from one that knows its lines, and from both ends.
func TestStartsAndEndsWithoutComplaint(t *testing.T) {
	ctx := within(t, time.Minute)
	root := scratch(t)
	for i := range 2 {
		d := start(t, root, quietly+board("b", "real", 4, "")+pin(1, 4, `trigger = "continuous"`))
		boards(t, d)
		for _, args := range [][]string{{"set", "lines.2.name", "x"}, {"set", "lines.99.trigger", "voltage", "--new"}, {"stop", "1"}, {"start", "1"}} {
			if _, err := d.Ctl(ctx, args...); err != nil {
				t.Error(err)
			}
		}
		stop(t, d)
		for line := range strings.Lines(d.Log()) {
			if complaint := strings.Contains(line, "level=ERROR") || strings.Contains(line, "level=WARN"); complaint && !ofTheMachine.MatchString(line) {
				t.Errorf("run %d:\n%s", i+1, d.Log())
			}
		}
	}
}

func TestWithoutConfigurationTheSimulatedBoardRuns(t *testing.T) {
	ctx, end := context.WithTimeout(context.Background(), time.Minute)
	defer end()
	root := scratch(t)
	out, err := bin.Offline(ctx, "check", "--root", root)
	if err != nil || !strings.Contains(out, "configuration file: none: the simulated board runs") || !strings.Contains(out, `"scene":"office"`) {
		t.Errorf("%v, %q", err, out)
	}
	if out, err := exec.CommandContext(ctx, bin.Vaad).CombinedOutput(); err == nil || !strings.Contains(string(out), "Usage: vaad <command>") {
		t.Errorf("without a command: %v, %q", err, out)
	}
}
