package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestEvidenceOutlivesAKillAndTellsOfAChange runs the daemon on recordings of a
// real line, which an older run has signed: a kill -9 after a note costs no proof,
// and a changed line is named by vaactl and by an alarm.
func TestEvidenceOutlivesAKillAndTellsOfAChange(t *testing.T) {
	root, ctx := scratch(t), within(t, 2*time.Minute)
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ok(os.CopyFS(root, os.DirFS("../recorder/evidence/testdata/compat/v1")))
	run := func() *Daemon { return start(t, root, quietly+board("b", "real", 1, "")) }
	verify := func(d *Daemon) string {
		out, err := d.Ctl(ctx, "--lang", "en", "verify")
		if err != nil {
			out += " " + err.Error()
		}
		return out
	}
	d := run()
	key, err := d.Ctl(ctx, "evidence", "key")
	ok(err)
	if out, err := d.Ctl(ctx, "status"); err != nil || !strings.Contains(out, strings.TrimSpace(key)) {
		t.Errorf("status: %v\n%s", err, out)
	}
	all, err := filepath.Glob(filepath.Join(root, "recordings/2026/11/23/*.jsonl"))
	ok(err)
	id := strings.TrimSuffix(filepath.Base(all[0]), ".jsonl")
	_, err = d.Ctl(ctx, "note", id, "heard it")
	ok(err)
	d.Kill()
	d = run()
	ok(Until(ctx, "the log to take the note", func() (bool, error) {
		return strings.Contains(verify(d), "10 of 12 journal lines are as they were logged"), nil
	}))
	stop(t, d)
	if out := verify(d); !strings.Contains(out, "signed: 10 of 10") {
		t.Errorf("after an end in order: %s", out)
	}
	bundle := filepath.Join(root, "proof.zip")
	if out, err := d.Ctl(ctx, "evidence", "export", id, "--out", bundle); err != nil {
		t.Errorf("export: %v %s", err, out)
	}
	if out, err := d.Ctl(ctx, "verify", "--bundle", bundle, "--key", strings.TrimSpace(key)); err != nil {
		t.Errorf("the bundle: %v %s", err, out)
	}
	journal := filepath.Join(root, "recordings/2026/11/22/day.jsonl")
	b, err := os.ReadFile(journal)
	ok(err)
	lines := bytes.SplitAfter(b, []byte("\n"))
	lines[1], lines[3] = lines[3], lines[1]
	ok(os.WriteFile(journal, bytes.Join(lines, nil), 0o600))
	out := verify(d)
	for _, says := range []string{"journal of 2026-11-22, line 2: moved, it is line 4 now", "journal of 2026-11-22, line 4: moved, it is line 2 now"} {
		if !strings.Contains(out, says) {
			t.Errorf("%s\nwant %q", out, says)
		}
	}
	d = run()
	ok(Until(ctx, "the alarm", func() (bool, error) { return alarms(t, d)["evidence-broken"], nil }))
	stop(t, d)
}
