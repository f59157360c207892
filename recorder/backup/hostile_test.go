package backup_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"vaad/recorder/archive/memdisk"
	"vaad/recorder/backup"
	"vaad/recorder/backup/target"
)

// crcLine closes a line of a journal, or of a state.
func crcLine(text string) string {
	text = strings.TrimSuffix(text, "}")
	return fmt.Sprintf("%s,\"crc\":\"%08x\"}\n", text, crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli)))
}

const someID = "01M7YRTMV04JD8H1JMTN40VGQ3"

// hostileSeal is a journal line that names a file of its choice.
func hostileSeal(name string) string {
	n, _ := json.Marshal(name)
	return crcLine(`{"v":1,"seq":1,"time":"2026-11-22T10:00:00Z","kind":"sealed","id":"` + someID + `","salt":"00","seal":{"line":1,"codec":"g711a","sides":["mixed"],` +
		`"begin":"2026-11-22T10:00:00Z","begin_pos":0,"clock_synced":true,"end":"2026-11-22T10:01:00Z","samples":1,"files":[{"side":"mixed","name":` + string(n) + `,"bytes":1,"sha256":""}]}}`)
}

// head is the file of a target that is not ours to trust.
func head(m *memTarget) {
	b, _ := json.Marshal(backup.Head{Vaad: "backup", Format: 1, ID: "X", Appliance: "vaad-one"})
	m.files[target.Marker] = b
}

func TestNoJournalOfATargetLeadsOutOfTheFolder(t *testing.T) {
	for _, name := range []string{"../../../etc/passwd", "/etc/passwd", someID + ".mixed.wav/../../../x", "day.jsonl", someID + "./x", "open/x", someID + ".a\x00b", someID + ".", "other.wav"} {
		m := newTarget()
		head(m)
		m.files["recordings/2026/11/22/"+name] = []byte("x")
		m.files["recordings/2026/11/22/day.jsonl"] = []byte(hostileSeal(name))
		d := memdisk.New()
		rep, err := backup.RestoreAll(ctx, backup.Restoring{Target: m, Disk: d}, "")
		if !errors.Is(err, backup.ErrIncomplete) || rep.Faults[0].Kind != backup.BadName {
			t.Errorf("%q: %v %+v", name, err, rep)
		}
		for _, f := range d.Files() {
			if f != "recordings/2026/11/22/day.jsonl" {
				t.Errorf("%q made %s", name, f)
			}
		}
		// Nor does one of the appliance lead out of the archive.
		r := newRig(t)
		r.disk.WriteFile("2026/11/22/day.jsonl", []byte(hostileSeal(name)))
		r.disk.WriteFile("x", []byte("x"))
		if rep, err := r.e.Run(ctx); !errors.Is(err, backup.ErrIncomplete) || rep.Faults[0].Kind != backup.BadName {
			t.Errorf("%q: %v %+v", name, err, rep)
		}
	}
}

func TestNoStateBundleWritesWhereItMayNot(t *testing.T) {
	public, secret, err := backup.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	ids, _ := backup.ParseIdentities(secret)
	to, _ := age.ParseX25519Recipient(public)
	for _, bad := range []tar.Header{
		{Name: "../x", Typeflag: tar.TypeReg}, {Name: "/x", Typeflag: tar.TypeReg}, {Name: "a/../../x", Typeflag: tar.TypeReg},
		{Name: "recordings/2026/11/22/x", Typeflag: tar.TypeReg}, {Name: "recordings", Typeflag: tar.TypeReg}, {Name: "restoring.json", Typeflag: tar.TypeReg},
		{Name: "x", Typeflag: tar.TypeSymlink, Linkname: "/etc"}, {Name: "x", Typeflag: tar.TypeLink, Linkname: "state.db"}, {Name: "x", Typeflag: tar.TypeDir},
		{Name: "./state.db", Typeflag: tar.TypeReg}, {Name: "backup/mem.state", Typeflag: tar.TypeReg},
	} {
		var b bytes.Buffer
		enc, err := age.Encrypt(&b, to)
		if err != nil {
			t.Fatal(err)
		}
		tw := tar.NewWriter(enc)
		info := []byte(`{"format":1}`)
		_ = tw.WriteHeader(&tar.Header{Name: "bundle.json", Size: int64(len(info)), Mode: 0o600})
		_, _ = tw.Write(info)
		_ = tw.WriteHeader(&tar.Header{Name: "settings.jsonl", Mode: 0o600})
		if err := tw.WriteHeader(&bad); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(tw.Close(), enc.Close()); err != nil {
			t.Fatal(err)
		}
		m := newTarget()
		head(m)
		m.files["state/20261122T100000Z.age"] = b.Bytes()
		root := t.TempDir()
		rep, err := backup.RestoreAll(ctx, backup.Restoring{Target: m, Identities: ids}, filepath.Join(root, "in"))
		if !errors.Is(err, backup.ErrIncomplete) || rep.Faults[0].Kind != backup.BadBundle {
			t.Errorf("%+v: %v %+v", bad, err, rep)
		}
		if _, err := os.Stat(filepath.Join(root, "in", "settings.jsonl")); err == nil {
			t.Error("a part of a bad bundle was taken")
		}
	}
}

// removing is where a bundle goes while somebody removes a file.
type removing struct {
	bytes.Buffer
	name string
}

func (r *removing) Write(b []byte) (int, error) {
	_ = os.Remove(r.name) // it is gone from the second write on
	return r.Buffer.Write(b)
}

func TestAFileThatGoesWhileABundleIsMadeKeepsNoOtherOut(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		put(t, filepath.Join(root, "extra", name), []byte(name))
	}
	out := &removing{name: filepath.Join(root, "extra", "b")}
	tw := tar.NewWriter(out)
	if err := errors.Join(backup.TarTree(tw, root, "extra"), backup.TarTree(tw, root, "not-there"), tw.Close()); err != nil {
		t.Fatal(err)
	}
	var names []string
	for tr := tar.NewReader(&out.Buffer); ; {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
	}
	if got := strings.Join(names, " "); got != "extra/a extra/c" {
		t.Errorf("the bundle has %s", got)
	}
}

func TestAFullDiskOfTheApplianceIsNoReasonNotToBackUp(t *testing.T) {
	r := newRig(t)
	for i := range 4 {
		r.seal(i, "")
	}
	r.state = memdisk.New()
	r.state.Capacity = 100
	r.engine()
	r.run()
	same(t, r.tgt.holds(), r.mirrors())
	if !r.e.Backed("2026-11-22", 1) {
		t.Error("it is backed up")
	}
}

func TestABackupOfANewerVersionIsLeftAlone(t *testing.T) {
	r := newRig(t)
	b, _ := json.Marshal(backup.Head{Vaad: "backup", Format: 2, ID: "X", Appliance: "vaad-one"})
	r.tgt.files[target.Marker] = b
	if _, err := r.e.Run(ctx); !errors.Is(err, backup.ErrNewer) {
		t.Error(err)
	}
	if _, err := backup.RestoreAll(ctx, backup.Restoring{Target: r.tgt}, t.TempDir()); !errors.Is(err, backup.ErrNewer) {
		t.Error(err)
	}
	if _, err := r.e.Adopt(ctx); !errors.Is(err, backup.ErrNewer) {
		t.Error(err)
	}
	r.state.WriteFile("mem.state", []byte(crcLine(`{"v":2}`)))
	if _, err := backup.New(r.config()); !errors.Is(err, backup.ErrNewer) {
		t.Error(err)
	}
}

// FuzzRestore restores a target whose journal, head and files may be anything.
func FuzzRestore(f *testing.F) {
	f.Add([]byte(hostileSeal("../x")), someID+".mixed.wav", []byte("x"))
	f.Add([]byte(hostileSeal(someID+".mixed.wav")), someID+".jsonl", []byte("{}"))
	f.Add([]byte(crcLine(`{"v":1,"seq":2,"time":"2026-11-22T10:00:00Z","kind":"erase","id":"`+someID+`","salt":"00"}`)), someID+".wav", []byte(""))
	f.Fuzz(func(t *testing.T, journal []byte, name string, file []byte) {
		m := newTarget()
		head(m)
		m.files["recordings/2026/11/22/day.jsonl"] = journal
		m.files["recordings/2026/11/22/"+name] = file
		m.files["recordings/evidence/leaves"] = file
		m.files["recordings/checkpoints"] = journal
		m.files["state/20261122T100000Z.age"] = file
		d := memdisk.New()
		_, ids, _ := backup.NewKey()
		key, _ := backup.ParseIdentities(ids)
		_, _ = backup.RestoreAll(ctx, backup.Restoring{Target: m, Identities: key, Disk: d}, "")
		for _, f := range d.Files() {
			ok := strings.HasPrefix(f, "recordings/2026/11/22/") || strings.HasPrefix(f, "recordings/damaged/") || strings.HasPrefix(f, "recordings/restore/") ||
				f == "recordings/evidence/leaves" || f == "recordings/checkpoints" || f == "evidence/last"
			if !ok || strings.Contains(f, "..") {
				t.Errorf("%s was made", f)
			}
		}
	})
}

// FuzzState opens a state that may be anything, and runs.
func FuzzState(f *testing.F) {
	f.Add([]byte(crcLine(`{"v":1,"backup":"X","at":{"day":"2026-11-22","lines":1,"bytes":9,"sum":"x","seq":1}}`)))
	f.Add([]byte(crcLine(`{"at":{"day":"../../x","lines":-1,"bytes":-9,"remove":["../x"]}}`) + crcLine(`{"evidence":{"leaves":-7,"notes":-1,"sum":"x"}}`) + "{"))
	r := newRig(f)
	r.seal(0, "")
	var h backup.Head
	if err := json.Unmarshal(r.tgt.files[target.Marker], &h); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(crcLine(`{"v":1,"backup":"` + h.ID + `","at":{"day":"2026-11-22","lines":-1,"bytes":-9,"seq":1,"remove":["../x",""]}}`)))
	f.Fuzz(func(t *testing.T, state []byte) {
		r.state = memdisk.New()
		r.state.WriteFile("mem.state", state)
		e, err := backup.New(r.config())
		if err != nil {
			return
		}
		defer func() { _ = e.Close() }()
		_ = e.Status()
		_ = e.Covered(someID, "2026-11-22")
		_, _ = e.OldestUnbacked(ctx)
		_, _ = e.Run(ctx)
		consistent(t, r.tgt)
	})
}
