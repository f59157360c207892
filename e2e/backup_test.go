package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// onTarget is what vaactl says of one target.
type onTarget struct {
	Name    string `json:"name"`
	Running bool   `json:"running"`
	Waiting bool   `json:"waiting"`
	Stage   string `json:"stage"`
	Done    struct {
		Files int `json:"files"`
		Bytes int `json:"bytes"`
	} `json:"done"`
	Error  string    `json:"error"`
	LastOK time.Time `json:"last_ok"`
	Oldest time.Time `json:"oldest_unbacked"`
	Faulty int       `json:"faulty"`
}

// tree is every file below a folder of recordings, by its name and hash. What only the
// running daemon needs is left out.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			return err
		}
		b, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		all[rel] = fmt.Sprintf("%x", sha256.Sum256(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// recordSome has peers make calls on a simulated board, three on each line.
func recordSome(t *testing.T, d *Daemon, lines int) {
	t.Helper()
	ctx := within(t, 2*time.Minute)
	var peers []*Peer
	for line := 1; line <= lines; line++ {
		talk := Step{Events: []string{"volts -9"}, For: 12 * time.Second, Audio: func(n uint32, dst []int16) { FillBlock(dst, line, n) }}
		idle := volts("-48", 15*time.Second)
		peers = append(peers, &Peer{Line: line, Next: Script(seq(idle, talk, idle, talk, idle, talk, idle)...)})
	}
	ps, err := Dial(sockets(d, "b"), peers...)
	if err != nil {
		t.Fatal(err)
	}
	if err := ps.Run(ctx); err != nil {
		t.Fatal(err)
	}
	sealed(t, d)
}

var checkpointTime = regexp.MustCompile(`newest checkpoint is of [^\n]*`)

// TestAWholeApplianceComesBackFromEachTarget records calls, backs them up to a folder, to
// a server over SFTP and to an object store – through a kill -9, a target that vanishes and
// one that is full – and restores the whole from each of them onto a new box.
func TestAWholeApplianceComesBackFromEachTarget(t *testing.T) {
	t.Parallel()
	atLeastReduced(t)
	ctx := within(t, 5*time.Minute)
	root := scratch(t)
	if err := os.CopyFS(root, os.DirFS("../recorder/evidence/testdata/compat/v1")); err != nil {
		t.Fatal(err)
	}
	lines := counts(4, 4, 32)
	config := quietly + board("b", "peers", lines, "")
	d := start(t, root, config)
	recordSome(t, d, lines)
	stop(t, d) // seals and signs
	d = start(t, root, config)
	ctl := func(args ...string) string {
		t.Helper()
		out, err := d.Ctl(ctx, append([]string{"--lang", "en"}, args...)...)
		if err != nil {
			t.Fatalf("vaactl %v: %v %s", args, err, out)
		}
		return out
	}
	var key struct{ Public, Secret string }
	if err := json.Unmarshal([]byte(ctl("backup", "keygen", "--json")), &key); err != nil {
		t.Fatal(err)
	}
	identity := written(t, "identity", key.Secret)
	ctl("set", "backup.recipients", fmt.Sprintf("[%q]", key.Public))
	ctl("set", "site.name", `"the box that burns"`)
	places := []place{diskPlace(t), serverPlace(t), cloudPlace(t)}
	slow := 40 // kB a second
	for i, p := range places {
		ctl("set", "backup_targets."+p.name, p.settings(map[string]any{"schedule": "never", "day_kbps": slow, "night_kbps": slow, "encrypt": i == 1}))
		if out, err := d.Ctl(ctx, "backup", "run", p.name, "--wait"); err == nil {
			t.Errorf("%s is backed up to although nobody has set it up: %s", p.name, out)
		}
		ctl("backup", "setup", p.name)
		ctl("backup", "check", p.name)
	}
	status := func(name string) (b onTarget) {
		t.Helper()
		if err := json.Unmarshal([]byte(ctl("backup", "status", name, "--json")), &b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	under := func(name string, files int) {
		t.Helper()
		if err := Until(ctx, "a backup to "+name+" to be under way", func() (bool, error) {
			b := status(name)
			return b.Running && b.Done.Files >= files, nil
		}); err != nil {
			t.Fatalf("%v: %+v\n%s", err, status(name), d.Log())
		}
	}
	at := func(speed int) {
		for _, p := range places {
			ctl("set", "backup_targets."+p.name+".day_kbps", fmt.Sprint(speed))
			ctl("set", "backup_targets."+p.name+".night_kbps", fmt.Sprint(speed))
		}
	}

	// The power fails in the middle of a backup: it is gone on with by itself.
	ctl("backup", "run", "disk")
	under("disk", 2)
	d.Kill()
	d = start(t, root, config)
	at(0)
	if err := Until(ctx, "the backup that was cut off to be made", func() (bool, error) { b := status("disk"); return !b.LastOK.IsZero(), nil }); err != nil {
		t.Fatalf("%v: %s\n%s", err, ctl("jobs"), d.Log())
	}
	if out := ctl("jobs", "--json"); !strings.Contains(out, `"why":"again"`) {
		t.Errorf("the run that was cut off is not said to have been made again: %s", out)
	}

	// A target vanishes in the middle, and is back.
	for _, p := range places[1:] {
		at(slow)
		ctl("backup", "run", p.name)
		under(p.name, 2)
		p.gone(true)
		if err := Until(ctx, "the alarm", func() (bool, error) { return alarms(t, d)["backup-target-gone"], nil }); err != nil {
			t.Fatalf("%s vanished and nobody is told: %v %+v\n%s", p.name, err, status(p.name), d.Log())
		}
		p.gone(false)
		at(0)
		ctl("backup", "run", p.name, "--wait")
		if alarms(t, d)["backup-target-gone"] {
			t.Errorf("%s is back, and the alarm is still up", p.name)
		}
	}
	fullDisk(t, d, ctl)
	for _, p := range places {
		ctl("backup", "run", p.name, "--wait") // what settings and state have become
		if b := status(p.name); b.Faulty != 0 || !b.Oldest.IsZero() || b.Error != "" {
			t.Errorf("%s: %+v", p.name, b)
		}
	}
	ctl("backup", "drill", "--wait")

	// A recording that is lost here comes back.
	lost, err := filepath.Glob(filepath.Join(root, "recordings/2026/11/22/*.wav"))
	if err != nil || len(lost) == 0 {
		t.Fatal("there are no recordings", err)
	}
	was, err := os.ReadFile(lost[0])
	if err != nil {
		t.Fatal(err)
	}
	id, _, _ := strings.Cut(filepath.Base(lost[0]), ".")
	for _, into := range [][]string{{}, {"--folder", "audit"}} {
		if err := os.Remove(lost[0]); err != nil && len(into) == 0 {
			t.Fatal(err)
		}
		ctl(append([]string{"restore", id, "--target", "cloud", "--wait"}, into...)...)
		file := lost[0]
		if len(into) > 0 {
			file = filepath.Join(root, "restored/audit/2026/11/22", filepath.Base(file))
		}
		if b, err := os.ReadFile(file); err != nil || !bytes.Equal(b, was) {
			t.Errorf("%v: the recording is not what it was: %v", into, err)
		}
		if err := os.WriteFile(lost[0], was, 0o600); err != nil {
			t.Fatal(err)
		}
	}

	settings, recordings := ctl("get", "--json"), ctl("recordings", "--limit", "1000", "--json")
	verified := ctl("verify")
	stop(t, d)
	files := tree(t, filepath.Join(root, "recordings"))
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			fresh := scratch(t)
			if out, err := bin.Ctl(ctx, fresh, "--lang", "en", "restore", "all", "--from", p.spec(t)); err == nil || !strings.Contains(err.Error(), "secret key") {
				t.Errorf("without the key: %v %s", err, out)
			}
			out, err := bin.Ctl(ctx, fresh, "--lang", "en", "restore", "all", "--from", p.spec(t), "--identity", identity)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for name, sum := range files {
				b, err := os.ReadFile(filepath.Join(fresh, "recordings", name))
				if err != nil || fmt.Sprintf("%x", sha256.Sum256(b)) != sum {
					t.Errorf("%s is not what it was: %v", name, err)
				}
			}
			d := start(t, fresh, config)
			ctl := func(args ...string) string {
				t.Helper()
				out, err := d.Ctl(ctx, append([]string{"--lang", "en"}, args...)...)
				if err != nil {
					t.Fatalf("vaactl %v: %v %s", args, err, out)
				}
				return out
			}
			if got := ctl("get", "--json"); got != settings {
				t.Errorf("settings are %.500s…\nwere %.500s…", got, settings)
			}
			if got := ctl("recordings", "--limit", "1000", "--json"); got != recordings {
				t.Errorf("recordings are %.2000s…\nwere %.2000s…", got, recordings)
			}
			if got := ctl("verify"); checkpointTime.ReplaceAllString(got, "") != checkpointTime.ReplaceAllString(verified, "") {
				t.Errorf("verify says %s\nsaid %s", got, verified)
			}
			if out := ctl("backup", "status", "disk"); !strings.Contains(out, "disk") {
				t.Errorf("the restored box knows no target: %s", out)
			}
			stop(t, d)
		})
	}
}

// fullDisk backs up to a disk that is too small, where the test may mount one.
func fullDisk(t *testing.T, d *Daemon, ctl func(...string) string) {
	t.Helper()
	small := t.TempDir()
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=200k"); err != nil {
		t.Logf("no full disk here: %v", err)
		return
	}
	defer func() {
		if err := syscall.Unmount(small, 0); err != nil {
			t.Error(err)
		}
	}()
	ctx := within(t, time.Minute)
	ctl("set", "backup_targets.small", place{doc: map[string]any{"kind": "folder", "folder": map[string]any{"path": small, "mount": small}}}.settings(map[string]any{"schedule": "never"}))
	ctl("backup", "setup", "small")
	if out, err := d.Ctl(ctx, "--lang", "en", "backup", "run", "small", "--wait"); err == nil || !alarms(t, d)["backup-failed"] {
		t.Errorf("a full disk: %v %s", err, out)
	}
	if out := ctl("backup", "status", "small"); !strings.Contains(out, "full") {
		t.Errorf("it is not said that it is full: %s", out)
	}
	ctl("set", "backup_targets.small", "null")
	if err := Until(ctx, "the alarm to go with its target", func() (bool, error) { return !alarms(t, d)["backup-failed"], nil }); err != nil {
		t.Error(err)
	}
}
