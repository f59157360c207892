package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaad/driver/dahdi/sysconf"
	"vaad/driver/dahdi/sysconf/tree"
)

// withCards writes the files of a machine with cards below a folder.
func withCards(t *testing.T) string {
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

var genconfNow = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)

func genconf(t *testing.T, g genconfCmd, answer string) (string, error) {
	t.Helper()
	if g.Country == "" {
		g.Country = "cn"
	}
	g.Echo, g.File = "mg2", "/etc/dahdi/system.conf"
	var out strings.Builder
	err := g.run(t.Context(), strings.NewReader(answer), &out, genconfNow)
	return out.String(), err
}

func conf(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "etc/dahdi/system.conf"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestGenconfPrintsAFileForTheCards(t *testing.T) {
	dir := withCards(t)
	before := conf(t, dir)
	out, err := genconf(t, genconfCmd{RootFS: dir, Tap: []int{2}}, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"fxsks=1-2\nfxoks=3\n", "span=2,1,0,ccs,hdb3,crc4\nbchan=5-19,21-35\ndchan=20\n", "fxsks=36-37\n", "loadzone=cn\n",
		"#   options dahdi auto_assign_spans=0\n#   options wctdm24xxp companding=alaw opermode=CHINA\n#   options xpd_fxo caller_id_style=3\n",
		"/etc/dahdi/assigned-spans.conf:\n", "#   @PCI?Bus?05?Slot?09 1:2:5\n", "#   usb:LAB-0003 1:3:36\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if strings.Contains(out, "mg2,5") {
		t.Error("a tap has an echo canceller")
	}
	if _, errs := sysconf.Parse([]byte(out)); len(errs) > 0 {
		t.Errorf("what is printed is no configuration: %v", errs)
	}
	if conf(t, dir) != before {
		t.Error("printing has written")
	}
}

func TestGenconfNamesNoEchoCancellerThatIsNotThere(t *testing.T) {
	dir := withCards(t)
	if out, err := genconf(t, genconfCmd{RootFS: dir}, ""); err != nil || !strings.Contains(out, "echocanceller=mg2,1-3\n") {
		t.Errorf("%v %s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "lib/modules/6.1.0-56-amd64/modules.dep"), []byte("updates/dkms/dahdi.ko:\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := genconf(t, genconfCmd{RootFS: dir}, ""); err != nil || strings.Contains(out, "echocanceller") {
		t.Errorf("%v %s", err, out)
	}
}

func TestGenconfWritesOnlyWhenTheUserAgrees(t *testing.T) {
	for answer, want := range map[string]bool{"": false, "n\n": false, "no\n": false, "\n": false, "y\n": true, "YES\n": true, "y": false} {
		dir := withCards(t)
		before := conf(t, dir)
		out, err := genconf(t, genconfCmd{RootFS: dir, Write: true}, answer)
		if err != nil || !strings.Contains(out, "--- "+dir) || !strings.Contains(out, "? [y/N] ") {
			t.Fatalf("%q: %v\n%s", answer, err, out)
		}
		kept, err := os.ReadFile(filepath.Join(dir, "etc/dahdi/system.conf.vaad-20261122-093000"))
		switch now := conf(t, dir); {
		case !want && (now != before || err == nil):
			t.Errorf("%q: it was written", answer)
		case want && (now == before || string(kept) != before):
			t.Errorf("%q: the file or the kept one is wrong: %v\n%s", answer, err, kept)
		}
	}
}

func TestGenconfKeepsEveryOldFile(t *testing.T) {
	dir := withCards(t)
	if _, err := genconf(t, genconfCmd{RootFS: dir, Write: true, Yes: true}, ""); err != nil {
		t.Fatal(err)
	}
	made := conf(t, dir)
	out, err := genconf(t, genconfCmd{RootFS: dir, Write: true, Yes: true}, "")
	if err != nil || !strings.Contains(out, "already as it should be") {
		t.Errorf("%v %s", err, out)
	}
	// Within the same second the kept file's name is taken: nothing is lost.
	if out, err := genconf(t, genconfCmd{RootFS: dir, Write: true, Yes: true, Country: "de"}, ""); err == nil || conf(t, dir) != made {
		t.Errorf("%v\n%s", err, out)
	}
	rest, err := filepath.Glob(filepath.Join(dir, "etc/dahdi/.system*"))
	if err != nil || len(rest) > 0 {
		t.Errorf("left behind: %v", rest)
	}
}

func TestGenconfMakesTheFirstFile(t *testing.T) {
	dir := withCards(t)
	if err := os.RemoveAll(filepath.Join(dir, "etc/dahdi")); err != nil {
		t.Fatal(err)
	}
	out, err := genconf(t, genconfCmd{RootFS: dir, Write: true}, "y\n")
	if err != nil || !strings.Contains(out, "@@ -0,0 +1,") || strings.Contains(out, "The old file") || !strings.Contains(conf(t, dir), "fxsks=1-2") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestAFileThatChangedMeanwhileIsLeftAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "system.conf")
	if err := os.WriteFile(file, []byte("somebody's\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, missing := range []bool{true, false} {
		if _, err := replace(file, []byte("old\n"), missing, []byte("new\n"), genconfNow); err == nil {
			t.Error("it was overwritten")
		}
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "somebody's\n" {
		t.Errorf("%v %s", err, b)
	}
	if _, err := replace(file, []byte("somebody's\n"), false, []byte("new\n"), genconfNow); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o600 {
		t.Error("the file's rights have changed", err)
	}
}

func TestGenconfSaysWhatIsInTheWay(t *testing.T) {
	if _, err := genconf(t, genconfCmd{RootFS: t.TempDir()}, ""); err == nil || !strings.Contains(err.Error(), "modprobe dahdi") {
		t.Error(err)
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "proc/dahdi"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := genconf(t, genconfCmd{RootFS: dir}, ""); err == nil || !strings.Contains(err.Error(), "knows no card") {
		t.Error(err)
	}
	if _, err := genconf(t, genconfCmd{RootFS: withCards(t), Tap: []int{9}}, ""); err == nil || !strings.Contains(err.Error(), "span 9") {
		t.Error(err)
	}
	if _, err := genconf(t, genconfCmd{RootFS: withCards(t), Country: "china"}, ""); err == nil || !strings.Contains(err.Error(), "two letters") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close(); _ = w.Close() })
	if yes, err := agree(ctx, r, &strings.Builder{}, "?"); yes || err == nil {
		t.Error("a question that was broken off is a yes")
	}
}
