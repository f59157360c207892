package evidence_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"vaad/recorder/evidence"
)

const erasedSamples = "testdata/erased/"

// TestWriteErasedCompat makes the sample of a version, once, as TestWriteCompat.
func TestWriteErasedCompat(t *testing.T) {
	if *writeCompat == "" {
		t.Skip("only with -write-compat")
	}
	r, ids, lines := erased(t)
	leaves, checkpoint, err := r.l.ProveErased(context.Background(), lines)
	r.must(err)
	r.stop()
	type item map[string]any
	doc := must(json.MarshalIndent(item{"v": 1, "time": r.now, "actor": "li", "calls": 0, "checkpoint": checkpoint, "erased": []item{
		{"id": ids[1], "day": "2026-11-22", "line": lines[0].Seq, "leaf": leaves[0]},
		{"id": ids[0], "day": "2026-11-22", "line": lines[1].Seq, "leaf": leaves[1]}}}, "", " "))
	root := erasedSamples + *writeCompat
	write := func(name string, b []byte) {
		r.must(os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755))
		r.must(os.WriteFile(filepath.Join(root, name), b, 0o644))
	}
	for _, name := range r.disk.Files() {
		write("recordings/"+name, must(r.disk.ReadFile(name)))
	}
	for _, name := range []string{"key", "key.pub", "last"} {
		write("evidence/"+name, readFile(t, filepath.Join(r.keys, name)))
	}
	write("erasure.json", append(doc, '\n'))
}

// TestErasuresOfEveryVersionAreLawful opens what released versions wrote.
func TestErasuresOfEveryVersionAreLawful(t *testing.T) {
	versions, err := filepath.Glob(erasedSamples + "*")
	if err != nil || len(versions) == 0 {
		t.Fatal(versions, err)
	}
	for _, root := range versions {
		r := newRig(t)
		r.must(os.MkdirAll(r.keys, 0o700))
		r.must(fs.WalkDir(osDir(root), ".", func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			b := readFile(t, filepath.Join(root, name))
			if in, ok := filepath.Rel("recordings", name); ok == nil && filepath.IsLocal(in) {
				r.disk.WriteFile(in, b)
			} else if filepath.Dir(name) == "evidence" {
				return os.WriteFile(filepath.Join(r.keys, filepath.Base(name)), b, 0o600)
			}
			return nil
		}))
		sum, found, files := r.verify(nil)
		if len(found)+len(files) > 0 || sum.Erased != 3 || sum.Redacted != 3 {
			t.Errorf("%s: %+v %v %v", root, sum, found, files)
		}
		e, err := evidence.CheckErasure(readFile(t, root+"/erasure.json"), must(evidence.PublicKeys(r.keys)))
		if err != nil || e.Proven != 2 {
			t.Errorf("%s: %+v, %v", root, e, err)
		}
	}
}
