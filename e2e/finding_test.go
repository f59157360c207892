package e2e

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/dsp/wav"

	"github.com/xuri/excelize/v2"
)

// TestWhatIsFoundIsTakenAway records a call, writes a note in Chinese, finds it by
// a saved search, and takes it and recordings of an older run away: as tables, in
// other formats, and as a ZIP whose proof vaactl verifies. Nothing of it asks
// anything but vaactl.
func TestWhatIsFoundIsTakenAway(t *testing.T) {
	once(t)
	t.Parallel()
	root, ctx := scratch(t), within(t, 3*time.Minute)
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ok(os.CopyFS(root, os.DirFS("../recorder/evidence/testdata/compat/v1")))
	d := start(t, root, "listen = \"127.0.0.1:0\"\n"+board("b", "real", 1, "")+pin(1, 1, `trigger = "manual"`))
	ctl := func(args ...string) string {
		t.Helper()
		out, err := d.Ctl(ctx, append([]string{"--lang", "en"}, args...)...)
		if err != nil {
			t.Fatalf("%s: %v %s", strings.Join(args, " "), err, out)
		}
		return out
	}
	file := func(name string) string { return filepath.Join(root, name) }
	read := func(name string) []byte {
		t.Helper()
		b, err := os.ReadFile(file(name))
		ok(err)
		return b
	}
	var old, fresh struct {
		ID    string   `json:"id"`
		Sides []string `json:"sides"`
	}
	first, _, _ := strings.Cut(ctl("recordings", "--json", "--oldest"), "\n")
	ok(json.Unmarshal([]byte(first), &old))

	ctl("start", "1")
	ps, err := Dial(sockets(d, "b"), &Peer{Line: 1, Next: Script(Step{For: 3 * time.Second, Audio: func(n uint32, dst []int16) { FillBlock(dst, 1, n) }}, wait(time.Second))})
	ok(err)
	ok(ps.Run(ctx))
	ctl("stop", "1")
	sealed(t, d)
	made := ctl("recordings", "--json", "--trigger", "manual")
	if strings.Count(made, "\n") != 1 {
		t.Fatalf("one recording was made: %s", made)
	}
	ok(json.Unmarshal([]byte(made), &fresh))
	ctl("note", fresh.ID, "客户投诉 =1+1 complaint")

	// found again, by a search that is kept over a restart
	ctl("searches", "save", "投诉", "--text", "投诉", "--period", "last 1 hours", "--min-duration", "1", "--columns", "id,start,notes,duration_s", "--share", "reviewer")
	stop(t, d)
	d = start(t, root, "listen = \"127.0.0.1:0\"\n"+board("b", "real", 1, "")+pin(1, 1, `trigger = "manual"`))
	if out := ctl("searches"); !strings.Contains(out, "period=last 1 hours") || !strings.Contains(out, "投诉") {
		t.Errorf("searches: %s", out)
	}
	for _, args := range [][]string{{"recordings", "--saved", "投诉"}, {"searches", "run", "投诉"}, {"recordings", "--text", "complaint 投诉", "--noted", "yes"}} {
		if out := ctl(append(args, "--json")...); strings.Count(out, "\n") != 1 || !strings.Contains(out, fresh.ID) {
			t.Errorf("%q: %s", args, out)
		}
	}
	if out := ctl("recordings", "--saved", "投诉", "--text", "nothing", "--json"); out != "" {
		t.Errorf("what is given replaces what is saved: %s", out)
	}

	// as tables
	ctl("recordings", "--saved", "投诉", "--csv", file("found.csv"), "--xlsx", file("found.xlsx"), "--reason", "test")
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(read("found.csv"), []byte("\ufeff")))).ReadAll()
	if err != nil || len(rows) != 2 || !slices.Equal(rows[0], []string{"Recording", "Start", "Notes", "Duration (s)"}) || rows[1][0] != fresh.ID || rows[1][2] != "客户投诉 =1+1 complaint" {
		t.Errorf("%q %v", rows, err)
	}
	book, err := excelize.OpenFile(file("found.xlsx"))
	ok(err)
	cells, err := book.GetRows("Recordings")
	if err != nil || len(cells) != 2 || cells[1][0] != fresh.ID {
		t.Errorf("%q %v", cells, err)
	}
	ok(book.Close())
	ctl("recordings", "--csv", file("all.csv"), "--codes", "--no-bom", "--columns", "id,state")
	if out := string(read("all.csv")); !strings.HasPrefix(out, "id,state\r\n") || !strings.Contains(out, "\r\n"+fresh.ID+",sealed\r\n") || !strings.Contains(out, old.ID) {
		t.Errorf("%q", out)
	}

	// one, in other formats
	for format, head := range map[string]string{"native": "RIFF", "pcm16": "RIFF", "gsm": "RIFF", "flac": "fLaC", "vox": ""} {
		ctl("export", fresh.ID, "--format", format, "--layout", "mixed", "--part", "0.5-1.5", "--out", file("part."+format))
		if b := read("part." + format); !bytes.HasPrefix(b, []byte(head)) || len(b) < 500 {
			t.Errorf("%s: %d bytes", format, len(b))
		}
	}
	in, err := wav.ParseAt(bytes.NewReader(read("part.pcm16")), int64(len(read("part.pcm16"))))
	if err != nil || in.DataBytes != 16_000 {
		t.Errorf("one second: %+v %v", in, err)
	}

	// many, with proof
	ctl("export", fresh.ID, old.ID, "--proof", "--layout", "each", "--template", "{n}_{id}", "--reason", "法院 asks", "--out", file("many.zip"))
	z, err := zip.OpenReader(file("many.zip"))
	ok(err)
	defer z.Close()
	member := func(name string) []byte {
		t.Helper()
		f, err := z.Open(name)
		ok(err)
		b, err := io.ReadAll(f)
		ok(err)
		return b
	}
	var m struct {
		By       string `json:"exported_by"`
		Reason   string `json:"reason"`
		Complete bool   `json:"complete"`
		Items    []struct {
			File, Recording, Result, Proof string
			ProofFile                      string `json:"proof_file"`
			SHA256                         string `json:"sha256"`
		} `json:"items"`
	}
	ok(json.Unmarshal(member("manifest.json"), &m))
	if m.Reason != "法院 asks" || !m.Complete || m.By == "" || len(m.Items) != len(old.Sides)+len(fresh.Sides) {
		t.Errorf("%+v", m)
	}
	proofs := map[string]string{}
	for _, e := range m.Items {
		if e.Result != "ok" || len(member(e.File)) == 0 || len(e.SHA256) != 64 {
			t.Errorf("%+v", e)
		}
		proofs[e.Recording] = e.Proof
	}
	if proofs[old.ID] != "bundle" || proofs[fresh.ID] != "simulated" {
		t.Errorf("proofs: %v", proofs)
	}
	ok(os.WriteFile(file("proof.zip"), member("proof/"+old.ID+".zip"), 0o600))
	if out := ctl("verify", "--bundle", file("proof.zip"), "--key", strings.TrimSpace(ctl("evidence", "key"))); out == "" {
		t.Error("the bundle says nothing")
	}
	if out := ctl("exports", "list"); !strings.Contains(out, "done") || !strings.Contains(out, "法院 asks") {
		t.Errorf("exports: %s", out)
	}
	if out := ctl("audit", "--json"); !strings.Contains(out, "法院 asks") || !strings.Contains(out, `"object":"recordings.csv"`) {
		t.Errorf("audit: %s", out)
	}
	if out := ctl("exports", "formats"); !strings.Contains(out, "vox-6k") {
		t.Errorf("formats: %s", out)
	}
	base, _ := console(t, d)
	moved := fetch(t, ctx, base+"/metrics", 200)
	for _, one := range []string{`vaad_exports_total{format="xlsx",result="ok"} 1`, `vaad_exports_total{format="flac",result="ok"} 1`, "vaad_export_bytes_total"} {
		if !strings.Contains(moved, one) {
			t.Errorf("no metric %s", one)
		}
	}

	// what is erased cannot be had from the box any more
	var job struct {
		ID, State, Code string
	}
	ok(json.Unmarshal([]byte(ctl("exports", "list", "--json")), &job))
	zipped := filepath.Join(root, "exports", job.ID+".zip")
	_, err = os.Stat(zipped)
	ok(err)
	ctl("trash", fresh.ID)
	ctl("erase", fresh.ID, "--reason", "agreed")
	if out, err := d.Ctl(ctx, "--lang", "en", "exports", "fetch", job.ID, "--out", file("erased.zip")); err == nil || !strings.Contains(err.Error(), "has been erased") {
		t.Errorf("an export of what was erased: %v %s", err, out)
	}
	for _, name := range []string{file("erased.zip"), zipped} {
		if _, err := os.Stat(name); err == nil {
			t.Errorf("%s is there", name)
		}
	}
	stop(t, d)
}
