package archive_test

import (
	"bytes"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
	"vaad/recorder/archive/vault"
)

// TestWriteEncryptedCompat makes the sample of a version of the formats of
// encrypted files and keys: one recording that can be read, one whose key was erased.
//
//	go test ./recorder/archive -run TestWriteEncryptedCompat -write-compat v2
func TestWriteEncryptedCompat(t *testing.T) {
	if *writeCompat == "" {
		t.Skip("only with -write-compat")
	}
	d := memdisk.New()
	random := rand.NewChaCha8([32]byte{2})
	ring, err := vault.Open(vault.Config{Disk: keysDisk{d}, Rand: random, Now: func() time.Time { return t0 }})
	if err != nil {
		t.Fatal(err)
	}
	a, err := archive.Open(archive.Config{Disk: d, Rand: random, Now: func() time.Time { return t0 }, Keys: ring,
		Encryption: func() archive.Encryption { return archive.Encryption{Audio: true, Stories: true} }})
	if err != nil {
		t.Fatal(err)
	}
	var last string
	for range 2 {
		w, err := a.Begin(archive.Start{Line: 3, Codec: archive.G711A, Sides: []string{"network", "local"}, Begin: t0, Caller: "02161234567"})
		if err != nil {
			t.Fatal(err)
		}
		put(t, w, string(bytes.Repeat([]byte{0xD5, 0x55}, 35_000)), string(bytes.Repeat([]byte{0x54}, 70_000)))
		finish(t, a, w)
		last = w.ID()
	}
	if err := ring.Erase(archive.DayOf(t0), last); err != nil {
		t.Fatal(err)
	}
	a.Close()
	root := filepath.Join("vault/testdata/compat", *writeCompat)
	for _, name := range d.Files() {
		b, _ := d.ReadFile(name)
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEveryVersionOfEncryptedFilesCanBeRead opens what released versions wrote.
func TestEveryVersionOfEncryptedFilesCanBeRead(t *testing.T) {
	versions, err := filepath.Glob("vault/testdata/compat/*")
	if err != nil || len(versions) == 0 {
		t.Fatal(versions, err)
	}
	for _, root := range versions {
		t.Run(filepath.Base(root), func(t *testing.T) {
			d := memdisk.New()
			err := fs.WalkDir(os.DirFS(root), ".", func(name string, e fs.DirEntry, err error) error {
				if err != nil || e.IsDir() {
					return err
				}
				b, err := os.ReadFile(filepath.Join(root, name))
				d.WriteFile(name, b)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			ring, err := vault.Open(vault.Config{Disk: keysDisk{d}, ReadOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			r, err := archive.OpenReadOnly("", d)
			if err != nil {
				t.Fatal(err)
			}
			r.UseKeys(ring)
			var lines []archive.JournalLine
			if err := r.Lines(ctx, nil, func(l *archive.JournalLine) error { lines = append(lines, *l); return nil }, nil); err != nil || len(lines) != 2 {
				t.Fatal(lines, err)
			}
			for i, l := range lines {
				checks, err := r.VerifySeal(ctx, l.Day, l.Seal)
				if err != nil || len(checks) != 3 {
					t.Fatal(checks, err)
				}
				for _, c := range checks {
					if !c.OK || c.Erased != (i == 1) {
						t.Errorf("%+v", c)
					}
				}
			}
			au, err := r.Audio("", lines[0].ID, "local")
			if err != nil {
				t.Fatal(err)
			}
			defer au.Close()
			if b, err := io.ReadAll(au.Data()); err != nil || !bytes.Equal(b, bytes.Repeat([]byte{0x54}, 70_000)) {
				t.Error(len(b), err)
			}
			if st, err := r.Story("", lines[0].ID); err != nil || !st.Ended {
				t.Error(err)
			}
		})
	}
}
