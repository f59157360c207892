package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaad/api"
)

// values answers questions for settings by path.
func (d *daemon) values(all map[string]string) {
	d.mux.HandleFunc("GET "+api.Prefix+"/settings/value", func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Query().Get("path")
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(api.Setting{Path: path, Value: json.RawMessage(all[path])})
	})
}

func TestProfileIsMadeOfWhatALineHasLearnt(t *testing.T) {
	d := newDaemon(t)
	d.values(map[string]string{"site": `{"country":"CN"}`, "lines.3": `{"outside_prefix":"9"}`})
	d.on("GET /lines/3", api.Line{Line: 3, Learnt: &api.Learnt{IdleVolts: 48.5, OffHookVolts: 8.2, RingGapMS: 4000, CallerID: "bell202-after-ring"}})
	d.on("PUT /settings/value", api.Setting{Path: "profiles.pbx", Value: json.RawMessage(`{}`)})
	if _, errs, code := d.ctl(t, "profile", "make", "3", "pbx"); code != exitOK {
		t.Fatal(errs)
	}
	last := d.requests()[len(d.requests())-1]
	var sent struct {
		Path  string         `json:"path"`
		Value map[string]any `json:"value"`
	}
	if err := json.Unmarshal([]byte(last[strings.Index(last, "{"):]), &sent); err != nil {
		t.Fatal(err, last)
	}
	want := map[string]any{"country": "CN", "outside_prefix": "9", "idle_mv": 48500.0, "off_hook_mv": 8200.0, "ring_gap_ms": 4000.0, "caller_id": "bell202-after-ring"}
	for k, v := range want {
		if sent.Value[k] != v {
			t.Errorf("%s is %v, want %v", k, sent.Value[k], v)
		}
	}
	if sent.Path != "profiles.pbx" {
		t.Errorf("set %s", sent.Path)
	}
}

func TestProfileIsTakenFromSiteToSite(t *testing.T) {
	d := newDaemon(t)
	d.values(map[string]string{"profiles.pbx": `{"country":"CN","busy_hz":600}`})
	d.on("PUT /settings/value", api.Setting{Path: "profiles.other", Value: json.RawMessage(`{}`)})
	file := filepath.Join(t.TempDir(), "pbx.json")
	if _, errs, code := d.ctl(t, "profile", "export", "pbx", "-o", file); code != exitOK {
		t.Fatal(errs)
	}
	b, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(b), `"busy_hz": 600`) {
		t.Fatalf("%s %v", b, err)
	}
	if _, errs, code := d.ctl(t, "profile", "import", "other", file); code != exitOK {
		t.Fatal(errs)
	}
	if _, errs, code := d.ctl(t, "profile", "use", "other", "1", "2"); code != exitOK {
		t.Fatal(errs)
	}
	all := strings.Join(d.requests(), "\n")
	for _, want := range []string{`"path":"profiles.other"`, `"busy_hz":600`, `"path":"lines.1.profile"`, `"path":"lines.2.profile"`} {
		if !strings.Contains(all, want) {
			t.Errorf("%s was not sent:\n%s", want, all)
		}
	}
	if _, errs, code := d.ctl(t, "profile", "import", "x", os.DevNull); code == exitOK || !strings.Contains(errs, "profile export") {
		t.Errorf("a file that is none: %d %s", code, errs)
	}
}

func TestProfilesAreListedWithTheirLines(t *testing.T) {
	d := newDaemon(t)
	all := map[string]string{"profiles": `{"pbx":{"country":"CN","busy_hz":600,"dial_hz":0,"caller_id":""},"exchange":{}}`,
		"lines": `{"10":{"profile":"pbx"},"2":{"profile":"pbx"},"3":{"profile":""}}`}
	d.values(all)
	out, errs, code := d.ctl(t, "profile", "list")
	if code != exitOK || !strings.Contains(out, "\npbx       2,10   busy_hz=600 country=CN\n") || !strings.Contains(out, "\nexchange\n") {
		t.Errorf("%d %s\n%s", code, errs, out)
	}
	out, _, _ = d.ctl(t, "profile", "list", "--json")
	if want := `{"name":"pbx","lines":[2,10],"profile":{"busy_hz":600,"caller_id":"","country":"CN","dial_hz":0}}` + "\n"; !strings.HasSuffix(out, want) || !strings.HasPrefix(out, `{"name":"exchange","lines":[],`) {
		t.Errorf("%s, want %s", out, want)
	}
	all["profiles"] = "{}"
	for lang, want := range map[string]string{"en": "vaactl profile make", "zh": "还没有"} {
		if out, _, code := d.ctl(t, "--lang", lang, "profile", "list"); code != exitOK || !strings.Contains(out, want) {
			t.Errorf("%s: %d %q", lang, code, out)
		}
	}
}

func TestWhyIsToldLineByLine(t *testing.T) {
	d := newDaemon(t)
	id := "01KCA000000000000000000001"
	d.on("GET /calls", api.Page[api.Call]{Items: []api.Call{{ID: id, Line: 3}}})
	d.on("GET /calls/"+id+"/why", api.Why{Call: api.Call{ID: id, Line: 3}, Reasons: []api.Reason{{About: "direction", Code: "ring", Text: "It rang."},
		{About: "recording", Code: "voltage", Value: "01REC", Text: "Voltage trigger"}}})
	for _, arg := range []string{id, "3"} { // a line's number is its newest call
		out, errs, code := d.ctl(t, "why", arg)
		if code != exitOK || !strings.Contains(out, "It rang.") || !strings.Contains(out, "01REC") || !strings.Contains(out, id) {
			t.Errorf("%s: %d %s %s", arg, code, out, errs)
		}
	}
}
