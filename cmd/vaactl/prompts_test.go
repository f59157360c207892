package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaad/api"
)

func TestPromptsAreListedSavedReplacedAndRemoved(t *testing.T) {
	d := newDaemon(t)
	d.on("GET /prompts", api.Page[api.Prompt]{Items: []api.Prompt{
		{Name: "welcome", Lang: "en", Text: "Welcome.", Source: "own", Length: 1.26}, {Name: "welcome", Lang: "zh", Text: "欢迎。", Source: "missing"},
		{Name: "beep", Lang: "en", Source: "installed", Trouble: "beep.wav: it is not a file"}}})
	d.on("GET /prompts/audio", []byte("RIFF"))
	d.on("PUT /prompts/audio", nil)
	d.on("DELETE /prompts/audio", nil)
	for args, want := range map[string]string{
		"prompts":                            "LANGUAGE  NAME     LENGTH  SOURCE     TEXT\nen        welcome  1.3 s   Own        Welcome.\nzh        welcome          Missing    欢迎。\nen        beep             Installed  beep.wav: it is not a file\n",
		"prompts --language zh":              "LANGUAGE  NAME     LENGTH  SOURCE   TEXT\nzh        welcome          Missing  欢迎。\n",
		"prompts --missing --language en":    "LANGUAGE  NAME  LENGTH  SOURCE     TEXT\nen        beep          Installed  beep.wav: it is not a file\n",
		"prompts --language fr":              "No prompts.\n",
		"prompts list --language zh --json":  `{"name":"welcome","lang":"zh","text":"欢迎。","source":"missing"}` + "\n",
		"prompts save welcome -o -":          "RIFF",
		"prompts remove welcome":             "",
		"prompts remove --language zh queue": "",
	} {
		if out, errs, code := d.ctl(t, strings.Fields(args)...); code != exitOK || out != want {
			t.Errorf("%s: %d %s\n%q\nwant\n%q", args, code, errs, out, want)
		}
	}
	file := filepath.Join(t.TempDir(), "a.wav")
	if err := os.WriteFile(file, []byte("RIFF and more"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := d.ctl(t, "prompts", "put", "queue/please-wait", file, "--language", "zh"); code != exitOK {
		t.Errorf("%d %s", code, errs)
	}
	all := d.requests()
	if got := all[len(all)-1]; got != "PUT /api/v1/prompts/audio?lang=zh&name=queue%2Fplease-wait RIFF and more" {
		t.Errorf("sent %s", got)
	}
	if _, errs, code := d.ctl(t, "prompts", "put", "x", "/no/such/file"); code != exitFailed || !strings.Contains(errs, "/no/such/file") {
		t.Errorf("%d %s", code, errs)
	}
}
