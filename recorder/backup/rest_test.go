package backup_test

import (
	"strings"
	"testing"

	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
	"vaad/recorder/archive/vault"
	"vaad/recorder/backup"
)

// TestRecordingsEncryptedAtRestAreCopiedAsTheyAre backs up, drills, erases and
// restores an archive whose audio and stories are encrypted.
func TestRecordingsEncryptedAtRestAreCopiedAsTheyAre(t *testing.T) {
	r := newRig(t)
	r.a.Close()
	ring, err := vault.Open(vault.Config{Disk: memdisk.New()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ring.Close() })
	r.disk = memdisk.New()
	r.a, err = archive.Open(archive.Config{Disk: r.disk, Keys: ring, Encryption: func() archive.Encryption { return archive.Encryption{Audio: true, Stories: true} }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.a.Close() })
	c := r.config()
	c.Keys = ring
	e, err := backup.New(c)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	r.e = e
	for range 4 {
		r.seal(1, "")
	}
	gone := r.seal(1, "")
	r.run()
	same(t, r.tgt.holds(), r.mirrors())
	n := 0
	for name := range r.tgt.holds() {
		if strings.HasSuffix(name, ".wav.enc") || strings.HasSuffix(name, ".jsonl.enc") {
			n++
		}
	}
	if n != 15 {
		t.Fatalf("%d files are encrypted", n)
	}
	if rep, err := r.e.Drill(ctx); err != nil || !rep.OK() || rep.Opened == 0 {
		t.Errorf("%+v %v", rep, err)
	}
	r.erase(gone, true)
	if rep := r.run(); rep.Removed != 3 {
		t.Errorf("%+v", rep)
	}
	same(t, r.tgt.holds(), r.mirrors())
	d := memdisk.New()
	if rep, err := backup.RestoreAll(ctx, backup.Restoring{Target: r.tgt, Disk: d}, ""); err != nil || rep.Recordings != 4 || rep.Erased != 1 {
		t.Errorf("%+v %v", rep, err)
	}
}
