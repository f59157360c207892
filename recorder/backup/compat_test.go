package backup_test

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaad/recorder/archive"
	"vaad/recorder/backup"
	"vaad/recorder/backup/target"
)

var writeCompat = flag.String("write-compat", "", "write what this version makes to testdata/compat/`NAME`")

const compat = "testdata/compat"

// TestWriteCompat makes the samples of a version: a plain backup, an encrypted
// one, the secret key of both, and the state file. Run once per version of the format:
//
//	go test ./recorder/backup -run TestWriteCompat -write-compat v2
func TestWriteCompat(t *testing.T) {
	if *writeCompat == "" {
		t.Skip("only with -write-compat")
	}
	for _, encrypt := range []bool{false, true} {
		r := wholeRig(t, encrypt)
		r.hot()
		r.run()
		at := filepath.Join(compat, *writeCompat, map[bool]string{false: "plain", true: "encrypted"}[encrypt])
		for name, b := range r.tgt.files {
			put(t, filepath.Join(at, name), b)
		}
		put(t, at+".key", []byte(r.secret+"\n"))
		state, err := r.state.ReadFile("mem.state")
		if err != nil {
			t.Fatal(err)
		}
		put(t, at+".state", state)
	}
}

func put(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestBackupsOfEveryVersionAreRestored restores what earlier versions wrote, and
// goes on with their state.
func TestBackupsOfEveryVersionAreRestored(t *testing.T) {
	keys, err := filepath.Glob(compat + "/*/*.key")
	if err != nil || len(keys) < 2 {
		t.Fatal(keys, err)
	}
	for _, key := range keys {
		at := strings.TrimSuffix(key, ".key")
		t.Run(at, func(t *testing.T) {
			text, err := os.ReadFile(key)
			if err != nil {
				t.Fatal(err)
			}
			ids, err := backup.ParseIdentities(string(text))
			if err != nil {
				t.Fatal(err)
			}
			r := newRig(t)
			tgt := newTarget()
			err = filepath.WalkDir(at, func(p string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				name, _ := filepath.Rel(at, p)
				tgt.files[filepath.ToSlash(name)], err = os.ReadFile(p)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			root := t.TempDir()
			rep, err := backup.RestoreAll(ctx, backup.Restoring{Target: tgt, Identities: ids}, root)
			if err != nil || rep.Recordings != 8 || rep.Erased != 1 || rep.Bundle == "" || rep.Appliance != "vaad-one" {
				t.Fatalf("%v %+v", err, rep)
			}
			read := func(name string) string {
				b, err := os.ReadFile(filepath.Join(root, name))
				if err != nil {
					t.Fatal(err)
				}
				return string(b)
			}
			if read("state.db") != "a database" || read("keys/2026/11/22.keys") != "k" {
				t.Error("the state is not what it was")
			}
			d, err := archive.OSDisk(filepath.Join(root, "recordings"))
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if s := verifies(t, d, read("evidence/key.pub"), read("evidence/last")); s.Recordings != 8 {
				t.Errorf("%+v", s)
			}
			// What the state says of the target still holds: nothing is sent again.
			state, err := os.ReadFile(at + ".state")
			if err != nil {
				t.Fatal(err)
			}
			rd, err := archive.OpenReadOnly("", d)
			if err != nil {
				t.Fatal(err)
			}
			c := r.config()
			c.Journals, c.Disk, c.Root = rd, d, root
			r.state.WriteFile("mem.state", state)
			r.tgt = tgt
			r.ids, r.o.Encrypt = nil, bytes.Contains(tgt.files[target.Marker], []byte(`"encrypted": true`))
			if r.o.Encrypt {
				public, _, err := backup.NewKey()
				if err != nil {
					t.Fatal(err)
				}
				r.o.Recipients = []string{public}
			}
			e, err := backup.New(c)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = e.Close() }()
			if rep, err := e.Run(ctx); err != nil || rep.Files != 0 || rep.Recordings != 0 {
				t.Errorf("%v %+v", err, rep)
			}
		})
	}
}
