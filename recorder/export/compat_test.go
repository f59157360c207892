package export

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var writeCompat = flag.Bool("write-compat", false, "write a sample of today's version into testdata/compat")

const (
	compatV1  = "testdata/compat/v1"
	compatJob = "COMPATCOMPATCOMPATCOMPATCO"
)

// TestWriteCompat writes the sample that the next test opens for ever.
func TestWriteCompat(t *testing.T) {
	if !*writeCompat {
		t.Skip("only with -write-compat")
	}
	d := newDesk(t)
	d.runs()
	gone := d.seal(80, "mixed")
	delete(d.rows, gone)
	j := d.ended(d.add(Spec{IDs: []string{d.seal(80, "network", "local"), gone}, Format: "alaw", Layout: Each, Template: "{n} {line_name}", Proof: true, Reason: "法院", Search: "number=1"}).ID)
	for _, end := range []string{".zip", ".json"} {
		b, err := os.ReadFile(d.path(j.ID, end))
		if err != nil {
			t.Fatal(err)
		}
		if end == ".json" {
			b = bytes.ReplaceAll(b, []byte(`"`+j.ID+`"`), []byte(`"`+compatJob+`"`))
		}
		if err := os.WriteFile(filepath.Join(compatV1, compatJob+end), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestResultsOfEarlierVersionsOpen takes up the sample as a restart does.
func TestResultsOfEarlierVersionsOpen(t *testing.T) {
	d := newDesk(t)
	if err := os.CopyFS(d.dir, os.DirFS(compatV1)); err != nil {
		t.Fatal(err)
	}
	d.open()
	f, j, err := d.Result(compatJob)
	if err != nil || j.Spec.Reason != "法院" || j.Files != 2 || j.Total != 2 || j.Left != 1 || j.Spec.Format != "alaw" {
		t.Fatalf("%+v %v", j, err)
	}
	defer f.Close()
	z, err := zip.NewReader(f, j.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	in := map[string][]byte{}
	for _, one := range z.File {
		r, err := one.Open()
		if err != nil {
			t.Fatal(err)
		}
		if in[one.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	var m Manifest
	if err := json.Unmarshal(in["manifest.json"], &m); err != nil || m.V != 1 || m.Complete || len(m.Items) != 3 || m.Search != "number=1" {
		t.Fatalf("%+v %v", m, err)
	}
	for _, e := range m.Items {
		sum := sha256.Sum256(in[e.File])
		if e.Result == ResultOK && (hex.EncodeToString(sum[:]) != e.SHA256 || e.Side == "" || e.LineName != "前台") || e.Result != ResultOK && e.Result != ResultGone {
			t.Errorf("%+v", e)
		}
	}
	if !strings.HasPrefix(string(in["manifest.csv"]), "\ufefffile,result,recording,side,line") {
		t.Errorf("%s", in["manifest.csv"])
	}
}
