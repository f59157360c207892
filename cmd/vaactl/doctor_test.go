package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaad/api"
	"vaad/driver/dahdi/sysconf/tree"
)

// machineAt writes the files of a machine with cards below a folder.
func machineAt(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../../driver/dahdi/sysconf/testdata/office.tree")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, f := range tree.Parse(string(b)) {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// asked is a daemon that answers all that doctor asks.
func asked(t *testing.T) *daemon {
	d := newDaemon(t)
	d.on("GET /status", api.Status{Product: "vaad", Version: "9.9"})
	d.on("GET /boards", api.Page[api.Board]{Items: []api.Board{{ID: "pci", State: "failed", Text: "It belongs to another program", Reason: "EBUSY"},
		{ID: "e1", State: "running", Location: "PCI Bus 05 Slot 09", Spans: []api.Span{{Span: 1, Tap: true}}}}})
	d.on("GET /lines", api.Page[api.Line]{Items: []api.Line{{Line: 3, Caller: "13812345678", Fault: &api.Fault{Code: "dahdi-busy", Text: "In use elsewhere"}}}})
	d.on("GET /alarms", api.Page[api.Alarm]{Items: []api.Alarm{{Code: "line-fault", Subject: "3", Line: 3, Severity: "critical", Text: "told twice"}, {Code: "board-failed", Subject: "pci", Text: "told twice"},
		{Code: "disk-slow", Severity: "warning", Text: "The disk is slow", Remedy: "Look at it."}}})
	d.on("GET /settings", api.Settings{Settings: json.RawMessage(`{"site":{"country":"US"},"spans":{"e1/7":{}},"lines":{"4":{"board":"e2"}},"web":{"token":"s3cr3t"}}`)})
	return d
}

func TestDoctorPrintsTheWorstFirst(t *testing.T) {
	d := asked(t)
	out, errs, code := d.ctl(t, "doctor", "--root-fs", machineAt(t))
	if code != exitFailed || !strings.Contains(errs, "faults or warnings") {
		t.Errorf("%d %s", code, errs)
	}
	for _, want := range []string{"Faults\n", "The board pci does not run: It belongs to another program (EBUSY)  [daemon-board]", "Line 3 does not work: In use elsewhere (dahdi-busy)",
		"[irq-misses]", "spans.e1/7 is for a span that the board e1 does not have; it has: 1", "There is no board e2; for it are the settings lines.4", "It means: ", "The daemon warns: The disk is slow", "Do: Look at it.", "this country needs FCC", "The kernel is 6.1.0-56-amd64"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if strings.Contains(out, "told twice") {
		t.Errorf("a trouble is told twice:\n%s", out)
	}
	if f, w, g := strings.Index(out, "Faults\n"), strings.Index(out, "Warnings\n"), strings.Index(out, "In order\n"); f != 0 || w < f || g < w {
		t.Errorf("%d %d %d\n%s", f, w, g, out)
	}
	zh, _, _ := ctl(t, "--root", d.root, "--lang", "zh", "doctor", "--root-fs", machineAt(t))
	if !strings.HasPrefix(zh, "故障\n") || !strings.Contains(zh, "含义：") {
		t.Errorf("%s", zh)
	}
}

func TestDoctorWorksWithoutTheDaemon(t *testing.T) {
	out, _, _ := ctl(t, "--lang", "en", "--root", t.TempDir(), "doctor", "--root-fs", machineAt(t), "--json")
	rows := map[string]map[string]any{}
	for line := range strings.Lines(out) {
		var row map[string]any
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		rows[row["code"].(string)] = row
	}
	if r := rows["daemon-unreachable"]; r == nil || r["severity"] != "note" || !strings.Contains(r["text"].(string), "no such file") {
		t.Errorf("%v", r)
	}
	if r := rows["channel-alarm"]; r == nil || r["args"].(map[string]any)["channels"] != "2" || r["remedy"] == "" || r["means"] == "" {
		t.Errorf("%v", r)
	}
}

func TestDoctorKnowsTheDaemonsTaps(t *testing.T) {
	dir := machineAt(t)
	file := filepath.Join(dir, "etc/dahdi/system.conf")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.Replace(b, []byte("span=2,1"), []byte("span=2,0"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	d := asked(t)
	if out, _, _ := d.ctl(t, "doctor", "--root-fs", dir); !strings.Contains(out, "[tap-timing]") {
		t.Errorf("%s", out)
	}
	if out, _, _ := ctl(t, "--lang", "en", "--root", t.TempDir(), "doctor", "--root-fs", dir, "--tap", "2,3"); !strings.Contains(out, "[tap-timing]") {
		t.Errorf("%s", out)
	}
}

func TestDoctorPacksABundleOnce(t *testing.T) {
	d := asked(t)
	file := filepath.Join(t.TempDir(), "support.tar.gz")
	out, errs, _ := d.ctl(t, "doctor", "--root-fs", machineAt(t), "--bundle", file)
	if !strings.Contains(out, file+" was written") {
		t.Fatalf("%s\n%s", out, errs)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || st.Mode().Perm() != 0o600 {
		t.Error(st.Mode(), err)
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err != nil {
			break
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all[h.Name] = string(b)
		if strings.Contains(string(b), "13812345678") || strings.Contains(string(b), "s3cr3t") {
			t.Errorf("%s: a secret came out: %s", h.Name, b)
		}
	}
	for _, name := range []string{"findings.json", "manifest.json", "daemon/status.json", "daemon/boards.json", "daemon/lines.json", "daemon/alarms.json", "daemon/settings.json",
		"machine/proc/dahdi/1", "machine/etc/dahdi/system.conf", "machine/sys/module/dahdi/version"} {
		if all["vaad-support/"+name] == "" {
			t.Errorf("no %s", name)
		}
	}
	_, errs, code := d.ctl(t, "doctor", "--root-fs", machineAt(t), "--bundle", file)
	if code != exitFailed || !strings.Contains(errs, "exists already") {
		t.Errorf("%d %s", code, errs)
	}
	if st, err := os.Stat(file); err != nil || st.Size() == 0 {
		t.Error("the first bundle is gone")
	}
}
