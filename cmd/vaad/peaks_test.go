package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"vaad/console"
	"vaad/recorder/archive"
	"vaad/recorder/evidence"
)

// proofSite is an archive with an evidence log and one sealed recording.
type proofSite struct {
	t    *testing.T
	root string
	a    *archive.Archive
	line archive.JournalLine
}

func newProofSite(t *testing.T, simulated, signed bool) *proofSite {
	t.Helper()
	s := &proofSite{t: t, root: t.TempDir()}
	recordings := filepath.Join(s.root, "recordings")
	var err error
	if s.a, err = archive.Open(archive.Config{Root: recordings}); err != nil {
		t.Fatal(err)
	}
	defer s.a.Subscribe(func(l archive.JournalLine) { s.line = l })()
	t.Cleanup(func() { s.a.Close() })
	if signed {
		s.record(simulated)
	}
	s.sign()
	if !signed {
		s.record(simulated)
	}
	return s
}

// sign takes what was written into the log, and signs it.
func (s *proofSite) sign() {
	s.t.Helper()
	log, err := evidence.Open(evidence.Config{Root: filepath.Join(s.root, "recordings"), Keys: filepath.Join(s.root, "evidence"), Archive: s.a, Alarms: noAlarms{}})
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(s.t.Context())
	done := make(chan error)
	go func() { done <- log.Run(ctx) }()
	for s.line.ID != "" { // until it has read the journals
		if _, _, err := log.ProveErased(ctx, nil); !errors.Is(err, evidence.ErrNotReady) {
			break
		}
		runtime.Gosched()
	}
	stop()
	<-done
	if err := log.Close(); err != nil {
		s.t.Fatal(err)
	}
}

type noAlarms struct{}

func (noAlarms) Raise(string, string, map[string]string) {}
func (noAlarms) Clear(string, string)                    {}

func (s *proofSite) record(simulated bool) {
	s.t.Helper()
	begin := time.Now().Add(-time.Hour)
	w, err := s.a.Begin(archive.Start{Line: 1, Codec: archive.G711A, Sides: []string{"mixed"}, Begin: begin, Simulated: simulated})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := errors.Join(w.Append(0, make([]byte, 8000)), w.Finish(archive.End{Time: begin.Add(time.Second), EndedBy: "on-hook"}), s.a.Flush(s.t.Context())); err != nil {
		s.t.Fatal(err)
	}
}

func (s *proofSite) proof() console.Proof {
	s.t.Helper()
	disk, err := archive.OSDisk(filepath.Join(s.root, "recordings"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer disk.Close()
	keys, err := evidence.PublicKeys(filepath.Join(s.root, "evidence"))
	if err != nil {
		s.t.Fatal(err)
	}
	anchor, err := evidence.LastAnchor(filepath.Join(s.root, "evidence"))
	if err != nil {
		s.t.Fatal(err)
	}
	p, err := proof(s.t.Context(), &s.a.Reader, disk, keys, anchor, s.line.Day, s.line.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// change changes a file below the recordings whose name ends so.
func (s *proofSite) change(suffix string, f func([]byte) []byte) {
	s.t.Helper()
	changed := false
	err := filepath.WalkDir(filepath.Join(s.root, "recordings"), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, suffix) {
			return err
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		changed = true
		return errors.Join(os.Chmod(name, 0o600), os.WriteFile(name, f(b), 0o600))
	})
	if err != nil || !changed {
		s.t.Fatal(changed, err)
	}
}

func bad(p *console.Proof) (n int) {
	for _, f := range p.Files {
		if !f.OK {
			n++
		}
	}
	return n + len(p.Findings)
}

func TestARecordingThatNobodyTouchedIsProven(t *testing.T) {
	p := newProofSite(t, false, true).proof()
	if bad(&p) != 0 || len(p.Files) != 2 || p.Lines != 1 || p.Covered != nil || p.Signed.IsZero() || p.Key == "" || !p.Summary.Log {
		t.Errorf("%+v", p)
	}
	p = newProofSite(t, false, false).proof()
	if bad(&p) != 0 || !errors.Is(p.Covered, evidence.ErrUnsigned) {
		t.Errorf("not signed yet: %+v", p)
	}
	p = newProofSite(t, true, false).proof()
	if bad(&p) != 0 || p.Lines != 0 || p.Covered == nil {
		t.Errorf("simulated: %+v", p)
	}
}

func TestWhateverIsTamperedWithIsSeen(t *testing.T) {
	flip := func(b []byte) []byte { b[len(b)/2] ^= 1; return b }
	for suffix, f := range map[string]func([]byte) []byte{
		".mixed.wav":      flip,
		"day.jsonl":       func(b []byte) []byte { return []byte(strings.Replace(string(b), "on-hook", "manual", 1)) },
		"leaves":          flip,
		"hashes":          flip,
		".jsonl":          flip,
		"mixed.wav":       func(b []byte) []byte { return b[:len(b)-1] },
		"evidence/leaves": func(b []byte) []byte { return b[:len(b)-1] },
	} {
		t.Run(suffix, func(t *testing.T) {
			s := newProofSite(t, false, true)
			s.change(suffix, f)
			if p := s.proof(); bad(&p) == 0 {
				t.Errorf("nothing is seen: %+v", p)
			}
		})
	}
}

func TestAnErasedRecordingIsNotTamperedWith(t *testing.T) {
	s := newProofSite(t, false, true)
	if _, err := s.a.Act(t.Context(), archive.Act{Kind: archive.ActErase, ID: s.line.ID, Day: s.line.Day, Actor: "ann", Time: time.Now()}); err != nil {
		t.Fatal(err)
	}
	s.sign()
	if p := s.proof(); bad(&p) != 0 || p.Summary.Erased != 1 {
		t.Errorf("%+v", p)
	}
}
