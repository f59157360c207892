package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaad/api"
)

func TestExportsAreAskedForAsWritten(t *testing.T) {
	d := newDaemon(t)
	out := filepath.Join(t.TempDir(), "x.vox")
	d.on("GET /recordings/01A/export", []byte("audio"))
	d.on("POST /exports", api.Export{ID: "X1", State: "running", Total: 2})
	d.on("GET /exports/X1", api.Export{ID: "X1", State: "done", Total: 2, Handled: 2, Left: 1})
	d.on("GET /exports/X1/file", []byte("zip"))
	if _, errs, code := d.ctl(t, "export", "01A", "--format", "vox", "--layout", "mixed", "--part", "10-65.5", "--reason", "why", "--out", out); code != exitOK {
		t.Fatal(errs)
	}
	_, errs, code := d.ctl(t, "export", "--saved", "投诉", "--line", "3", "--format", "flac", "--proof", "--out", out)
	if code != exitOK || !strings.Contains(errs, "1 of 2 recordings are not in it") {
		t.Errorf("%d %s", code, errs)
	}
	if b, err := os.ReadFile(out); err != nil || string(b) != "zip" {
		t.Errorf("%q %v", b, err)
	}
	want := []string{"GET /api/v1/recordings/01A/export?format=vox&from=10&layout=mixed&reason=why&to=65.5",
		`POST /api/v1/exports?line=3&saved=%E6%8A%95%E8%AF%89 {"search":true,"format":"flac","proof":true}`, "GET /api/v1/exports/X1", "GET /api/v1/exports/X1/file"}
	for i, r := range d.requests() {
		if i >= len(want) || r != want[i] {
			t.Errorf("request %d: %s", i, r)
		}
	}
	for _, args := range []string{"export --out x", "export 01A --search --out x", "export 01A --line 3 --out x", "export 01A --limit 3 --out x", "export 01A --part 5-2 --out x", "export 01A --part x --out x",
		"export 01A 01B --part 1-2 --out x", "recordings --codes", "recordings --csv x --limit 3", "searches save x --limit 3", "searches save x --saved y"} {
		if _, errs, code := d.ctl(t, strings.Fields(args)...); code != exitUsage {
			t.Errorf("%s: %d %s", args, code, errs)
		}
	}
}

func TestASavedSearchReplacesTheOneOfItsName(t *testing.T) {
	d := newDaemon(t)
	d.on("GET /searches", api.Page[api.SavedSearch]{Items: []api.SavedSearch{{ID: "S1", Name: "missed", Mine: true}, {ID: "S2", Name: "other"}}})
	d.on("PUT /searches/S1", api.SavedSearch{ID: "S1"})
	d.on("POST /searches", api.SavedSearch{ID: "S3"})
	for _, name := range []string{"missed", "other"} {
		if _, errs, code := d.ctl(t, "searches", "save", name, "--outcome", "missed", "--period", "yesterday", "--share", "agent,reviewer", "--columns", "id"); code != exitOK {
			t.Fatal(errs)
		}
	}
	body := `{"name":"%","query":{"outcome":"missed","period":"yesterday"},"columns":["id"],"roles":["agent","reviewer"]}`
	want := []string{"GET /api/v1/searches", "PUT /api/v1/searches/S1 " + strings.Replace(body, "%", "missed", 1), "GET /api/v1/searches", "POST /api/v1/searches " + strings.Replace(body, "%", "other", 1)}
	for i, r := range d.requests() {
		if i >= len(want) || r != want[i] {
			t.Errorf("request %d: %s", i, r)
		}
	}
}
