package evidence_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"vaad/recorder/evidence"
)

var writeCompat = flag.String("write-compat", "", "write what this version makes to testdata/compat/`NAME`")

// TestWriteCompat makes the sample of a version, once:
//
//	go test ./recorder/evidence -run TestWriteCompat -write-compat v2
func TestWriteCompat(t *testing.T) {
	if *writeCompat == "" {
		t.Skip("only with -write-compat")
	}
	r, ids := small(t)
	b, err := r.export(ids[0])
	r.must(err)
	root := filepath.Join("testdata/compat", *writeCompat)
	write := func(name string, b []byte) {
		r.must(os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755))
		r.must(os.WriteFile(filepath.Join(root, name), b, 0o644))
	}
	for _, name := range r.disk.Files() {
		b, err := r.disk.ReadFile(name)
		r.must(err)
		write("recordings/"+name, b)
	}
	for _, name := range []string{"key", "key.pub", "last"} {
		write("evidence/"+name, readFile(t, filepath.Join(r.keys, name)))
	}
	write("bundle.zip", b)
}

// TestEveryVersionIsVerifiedAndGoneOnFrom opens what released versions wrote.
func TestEveryVersionIsVerifiedAndGoneOnFrom(t *testing.T) {
	versions, err := filepath.Glob("testdata/compat/*")
	if err != nil || len(versions) == 0 {
		t.Fatal(versions, err)
	}
	for _, root := range versions {
		t.Run(filepath.Base(root), func(t *testing.T) {
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
			keys, err := evidence.PublicKeys(r.keys)
			r.must(err)
			sum, found, files := r.verify(nil)
			if len(found)+len(files) > 0 || sum.Signed != 9 || sum.Checkpoints != 2 {
				t.Errorf("%+v %v %v", sum, found, files)
			}
			if b, found, files := checkBundle(t, readFile(t, filepath.Join(root, "bundle.zip")), keys); len(found)+len(files) > 0 || b.Lines != 3 || b.Own {
				t.Errorf("%+v %v %v", b, found, files)
			}
			r.now = t0.AddDate(0, 0, 2)
			r.must(r.start())
			r.record(r.now, false)
			r.stop()
			if sum, found, files = r.verify(nil); len(found)+len(files) > 0 || sum.Signed != 10 || sum.Checkpoints != 3 {
				t.Errorf("%+v %v %v", sum, found, files)
			}
			if up := r.alarms.codes(); len(up) > 0 {
				t.Error(up)
			}
		})
	}
}
