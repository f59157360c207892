package console

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/dsp/wav"
	"vaad/recorder/archive"
	"vaad/recorder/export"

	"github.com/xuri/excelize/v2"
)

func TestASpreadsheetHasRealCellsAndNoFormula(t *testing.T) {
	f := newFixture(t)
	id := f.record(1, 12_000, "mixed").ID
	f.record(2, 800, "mixed")
	note := "=1+1\x01 订单 <b>&amp;" + strings.Repeat("长", 3000)
	if w := f.do("POST", "/recordings/"+id+"/notes", api.NewNote{Text: note}); w.Code != 200 {
		t.Fatal(w.Body)
	}
	r := f.request("GET", "/recordings.xlsx?order=oldest", nil)
	r.Header.Set("Accept-Language", "zh")
	w := httptest.NewRecorder()
	f.as(admin()).ServeHTTP(w, r)
	if w.Code != 200 || w.Header().Get("Content-Type") != xlsxType {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	book, err := excelize.OpenReader(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	const sheet = "录音"
	rows, err := book.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil || len(rows) != 3 || rows[0][0] != "开始时间" {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	at := func(column string) string {
		name, err := excelize.CoordinatesToCellName(1+slices.Index(rows[0], text.Text("zh", "column."+column, nil)), 2)
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	if v, err := book.GetCellValue(sheet, at("notes")); err != nil || v != strings.ReplaceAll(note, "\x01", "") {
		t.Errorf("the note: %.60q %v", v, err)
	}
	if formula, err := book.GetCellFormula(sheet, at("notes")); err != nil || formula != "" {
		t.Errorf("a formula: %q %v", formula, err)
	}
	for column, want := range map[string]excelize.CellType{"notes": excelize.CellTypeInlineString, "caller": excelize.CellTypeInlineString, "duration_s": excelize.CellTypeUnset, "start": excelize.CellTypeUnset} {
		if got, err := book.GetCellType(sheet, at(column)); err != nil || got != want {
			t.Errorf("%s is a cell of kind %v, %v; want %v", column, got, err, want)
		}
	}
	if v, err := book.GetCellValue(sheet, at("duration_s")); err != nil || v != "1.500" {
		t.Errorf("duration %q %v", v, err)
	}
	if v, err := book.GetCellValue(sheet, at("start")); err != nil || v != begun.Local().Format("2006-01-02 15:")+"01:00" {
		t.Errorf("start %q %v", v, err)
	}
	if p, err := book.GetPanes(sheet); err != nil || !p.Freeze || p.YSplit != 1 {
		t.Errorf("%+v %v", p, err)
	}
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not installed: it would look at the file independently")
	}
	name := filepath.Join(t.TempDir(), "a.xlsx")
	if err := os.WriteFile(name, w.Body.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("python3", "-c", `import zipfile,sys,xml.etree.ElementTree as E
z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None
n='{http://schemas.openxmlformats.org/spreadsheetml/2006/main}'
x=E.fromstring(z.read('xl/worksheets/sheet1.xml'))
print(len(x.findall('.//'+n+'row')), len(x.findall('.//'+n+'f')), x.find('.//'+n+'pane').get('state'))`, name).CombinedOutput()
	if err != nil || string(out) != "3 0 frozen\n" {
		t.Errorf("python: %v %s", err, out)
	}
}

func TestOneRecordingIsHadInEveryFormat(t *testing.T) {
	f := newFixture(t)
	row := f.record(1, 24_000, "network", "local")
	for _, k := range get[api.Page[api.Format]](f, "/formats").Items {
		if !k.Available {
			continue
		}
		path := "/recordings/" + row.ID + "/export?format=" + k.Name
		if k.Name == export.Original {
			problemIn(t, f.do("GET", path, nil), "original-sides")
			path += "&layout=local"
		}
		w := f.do("GET", path, nil)
		if w.Code != 200 || w.Body.Len() < 3000 || w.Header().Get("Content-Type") != k.Type || !strings.Contains(w.Header().Get("Content-Disposition"), k.Ext+`"`) {
			t.Errorf("%s: %d, %d bytes, %v", k.Name, w.Code, w.Body.Len(), w.Header())
		}
		r := f.request("GET", path, nil)
		r.Header.Set("Range", "bytes=100-199")
		part := httptest.NewRecorder()
		f.as(admin()).ServeHTTP(part, r)
		if part.Code != 206 || !bytes.Equal(part.Body.Bytes(), w.Body.Bytes()[100:200]) {
			t.Errorf("%s: a range: %d", k.Name, part.Code)
		}
	}
	w := f.do("GET", "/recordings/"+row.ID+"/export?format=pcm16&layout=mixed&from=1&to=2.5", nil)
	if in, err := wav.ParseAt(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len())); err != nil || in.Channels != 1 || in.DataBytes != 2*12_000 {
		t.Errorf("a part: %+v %v", in, err)
	}
	problemIn(t, f.do("GET", "/recordings/"+row.ID+"/export?format=vox&layout=stereo", nil), "mono-only")
	problemIn(t, f.do("GET", "/recordings/"+row.ID+"/export?format=tape", nil), "invalid")
	problemIn(t, f.do("GET", "/recordings/"+row.ID+"/export?from=3&to=2", nil), "invalid")
	problemIn(t, f.do("GET", "/recordings/"+row.ID+"/export?format=flac&from=100", nil), "empty-audio")
	problemIn(t, f.do("GET", "/recordings/"+f.record(2, 80, "mixed").ID+"/export?layout=local", nil), "no-audio")
	if _, err := f.archive.Act(t.Context(), archive.Act{ID: row.ID, Kind: archive.ActTrash, Actor: "x"}); err != nil {
		t.Fatal(err)
	}
	problemIn(t, f.do("GET", "/recordings/"+row.ID+"/export", nil), "in-trash")
	rows, err := f.audit.Query(access.AuditFilter{Verb: access.Export, Object: row.ID})
	if err != nil || !slices.ContainsFunc(rows, func(e access.Entry) bool { return e.Detail["format"] == "pcm16" && e.Detail["from"] == "1" }) {
		t.Errorf("%+v %v", rows, err)
	}
}

func TestManyRecordingsAreExportedInTheBackground(t *testing.T) {
	f := newFixture(t)
	for i := range 3 {
		f.record(1+i, 8000, "network", "local")
	}
	me := actor(access.Supervisor)
	x := decode[api.Export](t, f.doAs(me, "POST", "/exports?direction=in&order=oldest", api.NewExport{Search: true, Format: "gsm", Layout: "each", Template: "{line} {caller}", Proof: true, Reason: "法院"}), 200)
	if x.Total != 3 || x.By != "supervisor" {
		t.Fatalf("%+v", x)
	}
	f.ended(x.ID)
	x = decode[api.Export](t, f.doAs(me, "GET", "/exports/"+x.ID, nil), 200)
	if x.State != "done" || x.Files != 6 || x.Expires == nil {
		t.Fatalf("%+v", x)
	}
	w := f.doAs(me, "GET", "/exports/"+x.ID+"/file", nil)
	z, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
	if err != nil || len(z.File) != 8 || z.File[0].Name != "001 075512345678.network.wav" {
		t.Fatalf("%d %v", w.Code, err)
	}
	in, err := z.Open("manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	var m export.Manifest
	if err := json.Unmarshal(b, &m); err != nil || m.Search != "direction=in&order=oldest" || m.Reason != "法院" || m.Items[0].Proof != export.ProofUnsigned {
		t.Errorf("%v %s", err, b)
	}
	r := f.request("GET", "/exports/"+x.ID+"/file", nil)
	r.Header.Set("Range", "bytes=10-")
	part := httptest.NewRecorder()
	f.as(me).ServeHTTP(part, r)
	if part.Code != 206 || !bytes.Equal(part.Body.Bytes(), w.Body.Bytes()[10:]) {
		t.Errorf("a resumed download: %d", part.Code)
	}
	other := access.Actor{Name: "else", Kind: access.Local, Grants: []access.Grant{{Role: access.Supervisor}}, UID: 7}
	problemIn(t, f.doAs(other, "GET", "/exports/"+x.ID+"/file", nil), "no-export")
	problemIn(t, f.doAs(other, "DELETE", "/exports/"+x.ID, nil), "no-export")
	if p := decode[api.Page[api.Export]](t, f.doAs(other, "GET", "/exports", nil), 200); len(p.Items) != 0 {
		t.Errorf("%+v", p)
	}
	if p := get[api.Page[api.Export]](f, "/exports"); len(p.Items) != 1 { // an administrator
		t.Errorf("%+v", p)
	}
	if w := f.doAs(me, "DELETE", "/exports/"+x.ID, nil); w.Code/100 != 2 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	problemIn(t, f.doAs(me, "GET", "/exports/"+x.ID, nil), "no-export")
	if rows, err := f.audit.Query(access.AuditFilter{Object: "export " + x.ID}); err != nil || len(rows) != 5 { // two of them say that somebody else was refused
		t.Errorf("%d rows: %+v %v", len(rows), rows, err)
	}
}

func TestAnExportKeepsToTheCallersLines(t *testing.T) {
	f := newFixture(t)
	one, two := f.record(1, 800, "mixed").ID, f.record(2, 800, "mixed").ID
	f.cfg.Access.SetGroups(map[string][]int{"desk": {2}})
	desk := actor(access.Supervisor, "desk")
	problemIn(t, f.doAs(desk, "POST", "/exports", api.NewExport{IDs: []string{one, two}}), "no-recording")
	x := decode[api.Export](t, f.doAs(desk, "POST", "/exports", api.NewExport{Search: true}), 200)
	if j := f.ended(x.ID); j.Total != 1 {
		t.Errorf("%+v", j)
	}
	for _, c := range []struct {
		body api.NewExport
		code string
	}{
		{api.NewExport{}, "invalid"}, {api.NewExport{IDs: []string{two}, Search: true}, "invalid"}, {api.NewExport{IDs: []string{"x"}}, "no-recording"},
		{api.NewExport{IDs: []string{two}, Format: "tape"}, "invalid"}, {api.NewExport{IDs: []string{two}, Template: "../{id}"}, "bad-template"},
		{api.NewExport{IDs: []string{two}, Format: "vox", Layout: "stereo"}, "mono-only"},
	} {
		problemIn(t, f.doAs(desk, "POST", "/exports", c.body), c.code)
	}
	problemIn(t, f.doAs(desk, "POST", "/exports?number=999", api.NewExport{Search: true}), "nothing-found")
	problemIn(t, f.doAs(actor(access.Agent), "POST", "/exports", api.NewExport{Search: true}), "forbidden")
}

func TestAnExportIsNotFetchedByWhoHasLostALineInIt(t *testing.T) {
	f := newFixture(t)
	one, two := f.record(1, 800, "mixed").ID, f.record(2, 800, "mixed").ID
	f.cfg.Access.SetGroups(map[string][]int{"desk": {1, 2}})
	desk := actor(access.Supervisor, "desk")
	x := decode[api.Export](t, f.doAs(desk, "POST", "/exports", api.NewExport{IDs: []string{one, two}}), 200)
	f.ended(x.ID)
	old, err := f.cfg.Exports.Add(export.Spec{IDs: []string{one}, Format: "native", Actor: desk.Name, Kind: string(desk.Kind)}, 1) // as an earlier version noted it
	if err != nil {
		t.Fatal(err)
	}
	f.ended(old.ID)
	if w := f.doAs(desk, "GET", "/exports/"+x.ID+"/file", nil); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	f.cfg.Access.SetGroups(map[string][]int{"desk": {2}})
	problemIn(t, f.doAs(desk, "GET", "/exports/"+x.ID+"/file", nil), "forbidden")
	problemIn(t, f.doAs(desk, "GET", "/exports/"+old.ID+"/file", nil), "forbidden")
	if rows, err := f.audit.Query(access.AuditFilter{Object: "export " + x.ID}); err != nil || !slices.ContainsFunc(rows, func(e access.Entry) bool { return e.Result == "denied" }) {
		t.Errorf("%+v %v", rows, err)
	}
	if w := f.do("GET", "/exports/"+x.ID+"/file", nil); w.Code != 200 { // an administrator
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestTheWordsOfExportsAreThere looks for words of all codes.
func TestTheWordsOfExportsAreThere(t *testing.T) {
	hasWords(t, "export-state", export.Queued, export.Running, export.Done, export.Failed, export.Cancelled)
	hasWords(t, "export-code", export.FailInterrupted, export.FailNoSpace, export.FailNothing, export.FailErased, export.FailOther)
	for _, k := range export.Kinds() {
		hasWords(t, "export-format", k.Name)
	}
	for _, c := range columns() {
		hasWords(t, "column", c.name)
	}
}
