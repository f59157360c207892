package evidence_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/evidence"
)

// TestHeadsOfTheAuditLogAreSignedAlong wants each checkpoint to carry the head that was
// told, and none that was changed since to be believed.
func TestHeadsOfTheAuditLogAreSignedAlong(t *testing.T) {
	r := newRig(t)
	root := t.TempDir()
	told := "7 aa"
	var err error
	r.a, err = archive.Open(archive.Config{Root: root, Now: func() time.Time { return r.now }})
	r.must(err)
	r.l, err = evidence.Open(evidence.Config{Root: root, Keys: r.keys, Archive: r.a, Alarms: &r.alarms, Logger: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return r.now }, Audit: func() (string, error) { return told, nil }})
	r.must(err)
	r.must(evidence.Begin(r.l))
	r.record(t0, false)
	r.must(r.l.Sign())
	told = ""
	r.must(r.l.Sign())
	told = "9 bb"
	r.must(r.l.Sign())
	heads, err := evidence.AuditHeads(root, r.keys)
	r.must(err)
	if len(heads) != 3 || heads[0].Audit != "7 aa" || heads[1].Audit != "9 bb" || heads[2] != heads[1] || !heads[0].Time.Equal(t0) {
		t.Fatalf("%+v", heads)
	}
	name := filepath.Join(root, evidence.NotesFile)
	b, err := os.ReadFile(name)
	r.must(err)
	r.must(os.WriteFile(name, []byte(strings.Replace(string(b), "audit 7 aa", "audit 7 ab", 1)), 0o600))
	if heads, err = evidence.AuditHeads(root, r.keys); err != nil || len(heads) != 2 {
		t.Errorf("%+v, %v", heads, err)
	}
	r.must(r.l.Close())
	r.must(r.a.Close())
}
