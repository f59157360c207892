package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/api/text"
	"vaad/recorder/archive"
	"vaad/recorder/evidence"
)

// silent takes alarms.
type silent struct{}

func (silent) Raise(string, string, map[string]string) {}
func (silent) Clear(string, string)                    {}

// logged makes a folder of the daemon with recordings, signed, and returns it
// with the IDs of the recordings.
func logged(t *testing.T) (root string, ids []string) {
	t.Helper()
	root = t.TempDir()
	a, err := archive.Open(archive.Config{Root: filepath.Join(root, "recordings")})
	if err != nil {
		t.Fatal(err)
	}
	signed := make(chan struct{}, 1)
	l, err := evidence.Open(evidence.Config{Root: filepath.Join(root, "recordings"), Keys: filepath.Join(root, "evidence"), Archive: a,
		Alarms: silent{}, Logger: slog.New(slog.DiscardHandler),
		Settings: func() evidence.Settings { // asked for with each checkpoint
			select {
			case signed <- struct{}{}:
			default:
			}
			return evidence.Settings{Every: evidence.DefaultEvery}
		}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		w, err := a.Begin(archive.Start{Line: 1, Codec: archive.G711A, Sides: []string{"mixed"}, Begin: start.AddDate(0, 0, i)})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Append(0, make([]byte, 800)); err != nil {
			t.Fatal(err)
		}
		if err := w.Finish(archive.End{Time: start.Add(time.Second), EndedBy: "manual"}); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, w.ID())
	}
	if err := a.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	<-signed
	stop()
	<-done
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return root, ids
}

func change(t *testing.T, name, from, to string) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	n := bytes.Replace(b, []byte(from), []byte(to), 1)
	if bytes.Equal(n, b) {
		t.Fatalf("%s has no %q", name, from)
	}
	if err := os.Chmod(name, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, n, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyProvesWithTheEvidenceLog(t *testing.T) {
	root, ids := logged(t)
	key, _, code := ctl(t, "--root", root, "evidence", "key")
	key = strings.TrimSpace(key)
	if code != exitOK || !strings.HasPrefix(key, "vaad-") {
		t.Fatal(code, key)
	}
	for _, c := range []struct {
		args string
		says []string
		not  string
	}{
		{"verify", []string{"recordings: 3 good, 0 not\n", "3 of 3 journal lines", "signed: 3 of 3 lines", "--key"}, "anchor"},
		{"verify --key " + key, []string{"recordings: 3 good, 0 not\n"}, "--key"},
		{"verify --key " + root + "/evidence/key.pub " + ids[1], []string{"recordings: 1 good, 0 not\n"}, "--key"},
		{"verify --from 2026-11-23 --to 2026-11-24", []string{"recordings: 2 good, 0 not\n"}, ids[0]},
	} {
		out, errs, code := ctl(t, append([]string{"--root", root, "--lang", "en"}, strings.Fields(c.args)...)...)
		for _, says := range c.says {
			if code != exitOK || !strings.Contains(out, says) || strings.Contains(out, c.not) {
				t.Errorf("%s: %d %q %q, want %q", c.args, code, out, errs, says)
			}
		}
	}
	other, _ := logged(t)
	if out, _, code := ctl(t, "--root", root, "--lang", "en", "verify", "--key", other+"/evidence/key.pub"); code != exitFailed || !strings.Contains(out, "signed with another key, vaad-") {
		t.Errorf("with a stranger's key: %d %q", code, out)
	}
	if _, errs, code := ctl(t, "--root", root, "--lang", "en", "verify", "--key", "nonsense"); code != exitFailed || !strings.Contains(errs, "nonsense is no public key") {
		t.Errorf("%d %q", code, errs)
	}
	if _, _, code := ctl(t, "--root", root, "verify", "--from", "yesterday"); code != exitUsage {
		t.Error(code)
	}
	alone := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(alone, os.DirFS(filepath.Join(root, "recordings"))); err != nil {
		t.Fatal(err)
	}
	if out, errs, code := ctl(t, "--lang", "en", "verify", "--dir", alone); code != exitOK || !strings.Contains(out, "signatures were not checked") {
		t.Errorf("a copy without a key: %d %q %q", code, out, errs)
	}
	if out, errs, code := ctl(t, "--lang", "en", "verify", "--dir", alone, "--key", key); code != exitOK || strings.Contains(out, "--key") {
		t.Errorf("a copy with the key given: %d %q %q", code, out, errs)
	}
	change(t, filepath.Join(root, "recordings/2026/11/23/day.jsonl"), `"line":1`, `"line":2`)
	for _, lang := range text.Languages() {
		want := (&session{lang: lang}).t("evidence.line-changed", "day", "2026-11-23", "line", "1")
		if out, _, code := ctl(t, "--root", root, "--lang", lang, "verify"); code != exitFailed || !strings.Contains(out, want) || !strings.Contains(out, ids[1]) {
			t.Errorf("%s: %d %q, want %q", lang, code, out, want)
		}
	}
	out, _, code := ctl(t, "--root", root, "--json", "verify")
	var kinds []string
	var sum struct {
		Summary struct{ Good, Findings int }
	}
	for _, l := range strings.Split(strings.TrimSpace(out), "\n") {
		var row struct{ Kind string }
		if err := json.Unmarshal([]byte(l), &row); err != nil {
			t.Fatal(err, l)
		}
		if row.Kind != "" {
			kinds = append(kinds, row.Kind)
		}
		if strings.Contains(l, "summary") {
			if err := json.Unmarshal([]byte(l), &sum); err != nil {
				t.Fatal(err)
			}
		}
	}
	if code != exitFailed || !slices.Equal(kinds, []string{"line-changed"}) || sum.Summary.Good != 2 || sum.Summary.Findings != 1 {
		t.Errorf("%d %v %+v", code, kinds, sum)
	}
	if _, _, code := ctl(t, "--root", root, "verify", ids[0]); code != exitOK {
		t.Error("another recording is not concerned")
	}
	if out, _, code := ctl(t, "--root", root, "verify", ids[1]); code != exitFailed || !strings.Contains(out, ids[1]) {
		t.Error("this one is:", out)
	}
}

func TestABundleIsVerifiedWithoutTheDaemonsFolder(t *testing.T) {
	root, ids := logged(t)
	key, _, _ := ctl(t, "--root", root, "evidence", "key")
	key = strings.TrimSpace(key)
	bundle := filepath.Join(t.TempDir(), "proof.zip")
	if _, errs, code := ctl(t, "--root", root, "evidence", "export", ids[1], "--out", bundle); code != exitOK {
		t.Fatal(code, errs)
	}
	if out, errs, code := ctl(t, "--lang", "en", "verify", "--bundle", bundle, "--key", key); code != exitOK || !strings.Contains(out, "recordings: 1 good, 0 not") {
		t.Errorf("%d %q %q", code, out, errs)
	}
	if out, _, code := ctl(t, "--lang", "en", "verify", "--bundle", bundle); code != exitOK || !strings.Contains(out, "--key") {
		t.Errorf("with the bundle's own key: %d %q", code, out)
	}
	change(t, bundle, ids[1]+`\",\"salt`, ids[1]+`\",\"SALT`)
	if out, errs, code := ctl(t, "--lang", "en", "verify", "--bundle", bundle, "--key", key); code != exitFailed {
		t.Errorf("a changed one: %d %q %q", code, out, errs)
	}
	if _, errs, code := ctl(t, "--lang", "en", "verify", "--bundle", "verify_test.go"); code != exitFailed || !strings.Contains(errs, "is no proof bundle") {
		t.Errorf("%d %q", code, errs)
	}
	if _, _, code := ctl(t, "--root", root, "evidence", "export", "01M82V5SD0DBK7GFTFQQMHPVNR", "--out", bundle+"2"); code != exitFailed {
		t.Error(code)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(bundle), "*")); len(left) != 1 {
		t.Error("left behind:", left)
	}
}

func TestEveryFindingHasWords(t *testing.T) {
	src, err := os.ReadFile("../../recorder/evidence/finding.go")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, l := range strings.Split(string(src), "\n") {
		f := strings.Fields(l)
		if len(f) < 4 || f[1] != "Kind" || f[2] != "=" {
			continue
		}
		n++
		if _, ok := text.Lookup(text.English, "evidence."+strings.Trim(f[3], `"`)); !ok {
			t.Errorf("%s has no words", f[3])
		}
	}
	if n < 15 {
		t.Errorf("only %d kinds were seen", n)
	}
}
