package evidence_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"vaad/recorder/archive"
	"vaad/recorder/evidence"
)

func (r *rig) export(id string) ([]byte, error) {
	r.Helper()
	reader, err := archive.OpenReadOnly("", r.disk)
	r.must(err)
	keys, err := evidence.PublicKeys(r.keys)
	r.must(err)
	var b bytes.Buffer
	err = evidence.Export(context.Background(), reader, r.disk, id, keys, &b)
	return b.Bytes(), err
}

func checkBundle(t *testing.T, b []byte, keys []string) (evidence.Bundle, []evidence.Finding, []string) {
	t.Helper()
	var found []evidence.Finding
	var files []string
	got, err := evidence.CheckBundle(bytes.NewReader(b), int64(len(b)), keys, func(f evidence.Finding) { found = append(found, f) },
		func(c archive.Check) {
			if !c.OK {
				files = append(files, c.Name)
			}
		})
	if err != nil {
		t.Fatal(err)
	}
	return got, found, files
}

// repack changes the files of a bundle.
func repack(t *testing.T, b []byte, change func(name string, b []byte) []byte, more ...string) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	put := func(name string, b []byte) {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write(b)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if content = change(f.Name, content); content != nil {
			put(f.Name, content)
		}
	}
	for _, name := range more {
		put(name, []byte("more"))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestABundleProvesOneRecordingAnywhere(t *testing.T) {
	r, ids := small(t)
	keys, err := evidence.PublicKeys(r.keys)
	r.must(err)
	for _, id := range []string{ids[0], ids[5]} {
		b, err := r.export(id)
		r.must(err)
		got, found, files := checkBundle(t, b, keys)
		if len(found)+len(files) > 0 || got.ID != id || got.Seal == nil || got.Seal.Caller != "02161234567" || got.Own || got.Key != keys[0] {
			t.Errorf("%+v %v %v", got, found, files)
		}
		if want := map[string]int{ids[0]: 3, ids[5]: 1}[id]; got.Lines != want {
			t.Errorf("%d lines, want %d", got.Lines, want)
		}
		if got, found, _ = checkBundle(t, b, nil); !got.Own || len(found) > 0 {
			t.Errorf("with its own key: %+v %v", got, found)
		}
	}
	if _, err := r.export(ids[2]); !errors.Is(err, evidence.ErrSimulated) {
		t.Error("of a simulated one:", err)
	}
	if _, err := r.export("01M82V5SD0DBK7GFTFQQMHPVNR"); !errors.Is(err, archive.ErrNotFound) {
		t.Error("of one that is not there:", err)
	}
}

// counting counts how often files are opened.
type counting struct {
	archive.Disk
	opened map[string]int
}

func (c counting) Open(name string, flag int, perm os.FileMode) (archive.File, error) {
	c.opened[name]++
	return c.Disk.Open(name, flag, perm)
}

// TestManyBundlesTakeOneWalkThroughTheTree, and are what each would be alone.
func TestManyBundlesTakeOneWalkThroughTheTree(t *testing.T) {
	r, ids := small(t)
	keys, err := evidence.PublicKeys(r.keys)
	r.must(err)
	reader, err := archive.OpenReadOnly("", r.disk)
	r.must(err)
	d := counting{r.disk, map[string]int{}}
	p, err := evidence.NewProver(t.Context(), reader, d, ids, keys)
	r.must(err)
	defer func() { r.must(p.Close()) }()
	for i, id := range ids {
		var b bytes.Buffer
		err := p.Export(t.Context(), id, &b)
		alone, want := r.export(id)
		if !bytes.Equal(b.Bytes(), alone) || !errors.Is(err, want) {
			t.Errorf("%d: %d bytes, %v; alone %d, %v", i, b.Len(), err, len(alone), want)
		}
	}
	if n := d.opened["evidence/leaves"]; n != 1 {
		t.Errorf("the leaves were opened %d times", n)
	}
	one, err := evidence.NewProver(t.Context(), reader, r.disk, ids[:1], keys)
	r.must(err)
	if err := one.Export(t.Context(), ids[5], io.Discard); err == nil || errors.Is(err, evidence.ErrUnsigned) {
		t.Errorf("of one that was not looked for: %v", err)
	}
	r.must(one.Close())
}

func TestAChangedBundleIsRefused(t *testing.T) {
	r, ids := small(t)
	keys, _ := evidence.PublicKeys(r.keys)
	whole, err := r.export(ids[0])
	r.must(err)
	replace := func(in, from, to string) func(string, []byte) []byte {
		return func(name string, b []byte) []byte {
			if strings.HasSuffix(name, in) {
				n := bytes.Replace(b, []byte(from), []byte(to), 1)
				if bytes.Equal(n, b) {
					t.Errorf("%s has no %q", name, from)
				}
				return n
			}
			return b
		}
	}
	for name, c := range map[string]struct {
		change func(string, []byte) []byte
		more   []string
		kind   evidence.Kind
		file   string
	}{
		"audio":        {replace(".wav", "audio", "Audio"), nil, "", ids[0] + ".mixed.wav"},
		"no story":     {func(name string, b []byte) []byte { return map[bool][]byte{false: b}[name == ids[0]+".jsonl"] }, nil, "", ids[0] + ".jsonl"},
		"a line":       {replace("proof.json", "02161234567", "02161234568"), nil, evidence.Changed, ""},
		"a leaf":       {replace("proof.json", `"leaf": "2026-11-22 00000000001`, `"leaf": "2026-11-22 00000000009`), nil, evidence.NotInTree, ""},
		"a place":      {replace("proof.json", `"index": 0`, `"index": 3`), nil, evidence.NotInTree, ""},
		"a checkpoint": {replace("checkpoint", "\n9\n", "\n8\n"), nil, evidence.NoteChanged, ""},
		"one more":     {func(_ string, b []byte) []byte { return b }, []string{"other.wav"}, evidence.FileAdded, ""},
		"one twice":    {func(_ string, b []byte) []byte { return b }, []string{ids[0] + ".mixed.wav"}, evidence.FileAdded, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, found, files := checkBundle(t, repack(t, whole, c.change, c.more...), keys)
			if c.kind != "" && (len(found) == 0 || found[0].Kind != c.kind) || c.file != "" && (len(files) != 1 || files[0] != c.file) {
				t.Errorf("found %v, files %v", found, files)
			}
		})
	}
	other := newRig(t)
	other.must(other.start())
	other.stop()
	stranger, _ := evidence.PublicKeys(other.keys)
	if _, found, _ := checkBundle(t, whole, stranger); len(found) != 1 || found[0].Kind != evidence.KeyUnknown {
		t.Error("with a stranger's key:", found)
	}
}

func FuzzBundle(f *testing.F) {
	f.Add([]byte("PK"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = evidence.CheckBundle(bytes.NewReader(b), int64(len(b)), nil, func(evidence.Finding) {}, func(archive.Check) {})
	})
}
