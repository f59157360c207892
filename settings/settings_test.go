package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/store"
)

type site struct {
	Language string   `json:"language"`
	Tags     []string `json:"tags"`
	Disk     disk     `json:"disk"`
}

type disk struct {
	ReserveMB int    `json:"reserve_mb"`
	Full      string `json:"full"`
}

type line struct {
	Name    string `json:"name"`
	Trigger string `json:"trigger"`
	Preroll int    `json:"preroll_ms"`
	Port    int    `json:"port"`
}

type fixture struct {
	*testing.T
	dir   string
	db    *store.DB
	doc   *Document
	rep   Report
	cfg   Config
	site  Section[site]
	lines Section[map[string]line]
}

// start opens a document in a folder that later starts may use again.
func start(t *testing.T, dir string, change ...func(*Config)) *fixture {
	t.Helper()
	f := &fixture{T: t, dir: dir}
	db, _, err := store.Open(filepath.Join(dir, "state.db"), store.Options{Copies: filepath.Join(dir, "copies")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	f.db = db
	f.site = NewSection("site", site{"zh", []string{"a"}, disk{512, "stop"}}, func(s site) error {
		var errs []error
		if s.Language != "zh" && s.Language != "en" {
			errs = append(errs, fmt.Errorf("language: %q is not known; use en or zh", s.Language))
		}
		if s.Disk.ReserveMB < 0 {
			errs = append(errs, errors.New("disk.reserve_mb: must not be negative"))
		}
		return errors.Join(errs...)
	})
	f.lines = NewMap("lines", func(key string) line { return line{Name: "line " + key, Trigger: "voltage", Preroll: 2000} },
		func(_ string, l line) error {
			if l.Preroll < 0 || l.Preroll > 30000 {
				return errors.New("preroll_ms: must be 0…30000")
			}
			return nil
		})
	f.cfg = Config{DB: db, Journal: filepath.Join(dir, "settings.jsonl"), FixedBy: "vaad.toml",
		Sections: []Part{f.site, f.lines},
		Checks: []func(View) error{func(v View) error {
			seen := map[int]bool{}
			var errs []error
			lines := f.lines.In(v)
			for _, k := range sortedKeys(lines) {
				if p := lines[k].Port; p != 0 && seen[p] {
					errs = append(errs, fmt.Errorf("lines.%s.port: %d is used twice", k, p))
				} else {
					seen[p] = true
				}
			}
			return errors.Join(errs...)
		}},
		Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }}
	for _, c := range change {
		c(&f.cfg)
	}
	if f.doc, f.rep, err = New(f.cfg); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) set(path, value string) Version {
	f.Helper()
	v, err := f.doc.Set("ann", "test", path, json.RawMessage(value))
	if err != nil {
		f.Fatalf("set %s: %v", path, err)
	}
	return v
}

func (f *fixture) refused(path, value string) error {
	f.Helper()
	before := f.doc.Export()
	_, err := f.doc.Set("ann", "test", path, json.RawMessage(value))
	if err == nil {
		f.Fatalf("set %s %s was taken", path, value)
	}
	if !bytes.Equal(before, f.doc.Export()) {
		f.Errorf("set %s %s was refused and changed something", path, value)
	}
	return err
}

func TestWhatIsNotSetIsTheDefault(t *testing.T) {
	f := start(t, t.TempDir())
	if got := f.site.Get(f.doc); !reflect.DeepEqual(got, site{"zh", []string{"a"}, disk{512, "stop"}}) {
		t.Errorf("site %+v", got)
	}
	if got := f.lines.Get(f.doc); got == nil || len(got) != 0 {
		t.Errorf("lines %v", got)
	}
	f.set("lines.3.trigger", `"off"`)
	if got := f.lines.Get(f.doc)["3"]; got != (line{"line 3", "off", 2000, 0}) {
		t.Errorf("line 3 %+v", got)
	}
	for path, want := range map[string]string{"lines.3.trigger": "set", "lines.3.name": "default", "site": "default"} {
		if got := f.doc.Origin(path); got != want {
			t.Errorf("%s comes from %s", path, got)
		}
	}
	f.set("lines.3.trigger", `null`)
	if got, err := f.doc.Get("lines.3"); err != nil || string(got) != `{"name":"line 3","port":0,"preroll_ms":2000,"trigger":"voltage"}` {
		t.Errorf("line 3 %s %v", got, err)
	}
	f.set("lines.3", `null`)
	if got := f.lines.Get(f.doc); len(got) != 0 {
		t.Errorf("lines %v", got)
	}
}

func TestFaultsAreAllSaidWithTheirKeys(t *testing.T) {
	f := start(t, t.TempDir())
	for _, c := range []struct{ path, value, want string }{
		{"lines.3.preroll_ms", "31000", "lines.3.preroll_ms: must be 0…30000"},
		{"lines.3.preroll_ms", `"soon"`, `lines.3.preroll_ms: "soon" is not a whole number`},
		{"lines.3.preroll_ms", "1.5", "lines.3.preroll_ms: 1.5 is not a whole number"},
		{"lines.3.prerol", "1", "lines.3.prerol: no such key; known are name, port, preroll_ms, trigger"},
		{"lines.3", "7", "lines.3: 7 is not an object"},
		{"site.tags", `["a",4]`, "site.tags.1: 4 is not a text"},
		{"site.disk.reserve_mb", "-1", "site.disk.reserve_mb: must not be negative"},
		{"colour", `"red"`, "colour: no such section"},
		{"site.language", `"xx`, "site.language: not JSON"},
		{"", `{}`, "no key given"},
		{"lines", `{"1":{"preroll_ms":-1,"nam":"x"},"2":{"port":4},"3":{"port":4}}`, "lines.1.nam: no such key"},
		{"lines", `{"1":{"preroll_ms":-1},"2":{"preroll_ms":99999}}`, "lines.2.preroll_ms: must"},
		{"lines", `{"2":{"port":4},"10":{"port":4}}`, "lines.10.port: 4 is used twice"},
	} {
		err := f.refused(c.path, c.value)
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s = %s: %v, want %s", c.path, c.value, err, c.want)
		}
	}
	var bad *Invalid
	if err := f.refused("lines", `{"1":{"preroll_ms":-1},"2":{"preroll_ms":99999}}`); !errors.As(err, &bad) || len(bad.Faults) != 2 {
		t.Errorf("faults %v", bad)
	}
}

func TestEveryVersionStaysAndCanComeBack(t *testing.T) {
	dir := t.TempDir()
	f := start(t, dir)
	var exports []string
	remember := func() { exports = append(exports, string(f.doc.Export())) }
	remember()
	for _, s := range [][2]string{
		{"site.language", `"en"`}, {"lines.1.name", `"desk"`}, {"lines.2", `{}`}, {"lines.1", `{"port":5,"trigger":"off"}`},
		{"site.tags", `["x","y"]`}, {"site.disk", `{"full":"oldest"}`}, {"lines.1", `null`}, {"site.disk.full", `null`}, {"lines.2.port", `9`},
	} {
		f.set(s[0], s[1])
		remember()
	}
	last := uint64(len(exports) - 1)
	if v := f.set("lines.2.port", `9`); v.N != last || len(v.Diff) != 0 {
		t.Errorf("a change that changes nothing made version %+v", v)
	}
	history, err := f.doc.History(0, 100)
	if err != nil || len(history) != int(last) || history[0].N != last || history[0].Actor != "ann" {
		t.Fatalf("history %+v %v", history, err)
	}
	if d := history[len(history)-2].Diff; len(d) != 1 || d[0].Path != "lines.1.name" || d[0].Old != nil || string(d[0].New) != `"desk"` {
		t.Errorf("diff of version 2: %+v", d)
	}
	if page, _ := f.doc.History(4, 2); len(page) != 2 || page[0].N != 3 || page[1].N != 2 {
		t.Errorf("page %+v", page)
	}
	for _, n := range []uint64{4, 0, 7, 9, 2} {
		v, err := f.doc.Rollback("bob", "undo", n)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(f.doc.Export()); got != exports[n] {
			t.Errorf("back to %d (as %d):\n%s\nwant\n%s", n, v.N, got, exports[n])
		}
	}
	if _, err := f.doc.Rollback("bob", "", 99); !errors.Is(err, ErrNoVersion) {
		t.Errorf("to 99: %v", err)
	}
	_ = f.db.Close()
	g := start(t, dir)
	if string(g.doc.Export()) != exports[2] || g.doc.Version() != last+5 || g.rep.Replayed != 0 || g.rep.Journal != nil {
		t.Errorf("after a restart: version %d, report %+v", g.doc.Version(), g.rep)
	}
}

func TestExportReadsWellAndComesBack(t *testing.T) {
	f := start(t, t.TempDir())
	f.set("lines.10.name", `"<ten> & 十"`)
	f.set("lines.2", `{}`)
	want := `{
  "vaad": "settings",
  "format": 1,
  "settings": {
    "site": {
      "disk": {
        "full": "stop",
        "reserve_mb": 512
      },
      "language": "zh",
      "tags": [
        "a"
      ]
    },
    "lines": {
      "2": {
        "name": "line 2",
        "port": 0,
        "preroll_ms": 2000,
        "trigger": "voltage"
      },
      "10": {
        "name": "<ten> & 十",
        "port": 0,
        "preroll_ms": 2000,
        "trigger": "voltage"
      }
    }
  }
}
`
	file := f.doc.Export()
	if string(file) != want {
		t.Errorf("export:\n%s", file)
	}
	if v, err := f.doc.Import("ann", "", file); err != nil || len(v.Diff) != 0 {
		t.Errorf("import of the same: %+v %v", v, err)
	}
	g := start(t, t.TempDir())
	if _, err := g.doc.Import("ann", "", file); err != nil || !bytes.Equal(g.doc.Export(), file) {
		t.Errorf("import elsewhere: %v\n%s", err, g.doc.Export())
	}
	if got := g.doc.Origin("lines.10.trigger"); got != "default" {
		t.Errorf("a default came in as %s", got)
	}
	changed := bytes.Replace(file, []byte(`"reserve_mb": 512`), []byte(`"reserve_mb": 99`), 1)
	doc, err := Unwrap(changed)
	if err != nil {
		t.Fatal(err)
	}
	if whole, err := g.doc.Get(""); err != nil {
		t.Fatal(err)
	} else if c, err := g.doc.Check(whole); err != nil || len(c) != 0 {
		t.Errorf("the whole as it is would change %+v %v", c, err)
	}
	if c, err := g.doc.Check(doc); err != nil || len(c) != 1 || c[0].Path != "site.disk.reserve_mb" || string(c[0].New) != "99" {
		t.Errorf("check: %+v %v", c, err)
	}
	for _, bad := range []string{"", "{}", `{"vaad":"settings","format":2,"settings":{}}`, `{"vaad":"settings","format":1,"settings":[]}`,
		`{"vaad":"settings","format":1,"settings":{"site":{"colour":1}}}`} {
		if _, err := g.doc.Import("ann", "", []byte(bad)); err == nil {
			t.Errorf("import of %q was taken", bad)
		}
	}
}

func TestKeysOfTheFileWinAndStay(t *testing.T) {
	dir := t.TempDir()
	f := start(t, dir)
	f.set("site.language", `"zh"`)
	f.set("lines.1.port", `7`)
	_ = f.db.Close()
	g := start(t, dir, func(c *Config) {
		c.Fixed = map[string]any{"site.language": "en", "lines.3": map[string]any{"port": int64(12)}}
	})
	if g.site.Get(g.doc).Language != "en" || g.lines.Get(g.doc)["3"].Port != 12 || g.doc.Origin("site.language") != "file" {
		t.Errorf("site %+v lines %+v", g.site.Get(g.doc), g.lines.Get(g.doc))
	}
	for _, path := range []string{"site.language", "lines.3.port"} {
		err := g.refused(path, map[bool]string{true: `"en"`, false: "5"}[path == "site.language"])
		var fixed *FixedError
		if !errors.Is(err, ErrFixed) || !errors.As(err, &fixed) || !strings.Contains(err.Error(), "vaad.toml") || fixed.Path != path {
			t.Errorf("%s: %v", path, err)
		}
	}
	g.set("lines.3.name", `"x"`) // beside a fixed key is free
	if file := string(g.doc.Export()); strings.Contains(file, `"language"`) {
		t.Errorf("a fixed key in the export:\n%s", file)
	}
	if _, err := g.doc.Import("ann", "", g.doc.Export()); err != nil {
		t.Errorf("import of the own export: %v", err)
	}
	whole, _ := g.doc.Get("")
	if v, err := g.doc.Apply("ann", "", whole); err != nil || len(v.Diff) != 0 {
		t.Errorf("apply of the whole as it is: %+v %v", v, err)
	}
	_ = g.db.Close()
	h := start(t, dir)
	if h.site.Get(h.doc).Language != "zh" || h.lines.Get(h.doc)["1"].Port != 7 {
		t.Error("what was set before is gone after the file let go of it")
	}
	bad := h.cfg
	bad.Fixed = map[string]any{"site.colour": "red", "lines.1.preroll_ms": -5}
	if _, _, err := New(bad); err == nil || !strings.Contains(err.Error(), "site.colour") || !strings.Contains(err.Error(), "lines.1.preroll_ms") {
		t.Errorf("a bad file: %v", err)
	}
}

func TestSubscribersHearEveryChangeOfTheirSectionInOrder(t *testing.T) {
	f := start(t, t.TempDir())
	var heard []string
	cancel := f.site.Subscribe(f.doc, func(s site) { heard = append(heard, s.Language) })
	f.lines.Subscribe(f.doc, func(l map[string]line) { heard = append(heard, fmt.Sprint(len(l), " lines")) })
	f.set("site.language", `"en"`)
	f.set("lines.1", `{}`)
	_ = f.refused("site.language", `"fr"`)
	f.set("site.language", `"en"`)
	f.set("site.language", `null`)
	cancel()
	f.set("site.language", `"en"`)
	if _, err := f.doc.SetAll("ann", "", map[string]json.RawMessage{"lines.2.port": []byte("1"), "lines.3.port": []byte("2")}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"zh", "0 lines", "en", "1 lines", "zh", "3 lines"}; !slices.Equal(heard, want) {
		t.Errorf("heard %q, want %q", heard, want)
	}
}

func TestLostDatabaseComesBackFromTheJournal(t *testing.T) {
	dir := t.TempDir()
	f := start(t, dir)
	f.set("site.language", `"en"`)
	if _, err := f.db.HotCopy(); err != nil {
		t.Fatal(err)
	}
	f.set("lines.1.port", `7`)
	f.set("lines.2.port", `8`)
	want := string(f.doc.Export())
	_ = f.db.Close()

	if err := os.Truncate(filepath.Join(dir, "state.db"), 100); err != nil { // the copy is two versions old
		t.Fatal(err)
	}
	g := start(t, dir)
	if string(g.doc.Export()) != want || g.rep.Replayed != 2 || g.doc.Version() != 3 {
		t.Errorf("report %+v\n%s", g.rep, g.doc.Export())
	}
	_ = g.db.Close()

	if err := errors.Join(os.Remove(filepath.Join(dir, "state.db")), os.RemoveAll(filepath.Join(dir, "copies"))); err != nil {
		t.Fatal(err)
	}
	h := start(t, dir)
	if string(h.doc.Export()) != want || h.rep.Replayed != 3 {
		t.Errorf("report %+v\n%s", h.rep, h.doc.Export())
	}
	if v, err := h.doc.Rollback("ann", "", 1); err != nil || v.N != 4 {
		t.Errorf("rollback over replayed versions: %+v %v", v, err)
	}
	n, doc, history, err := RestoreFromJournal(h.cfg.Journal)
	if n != 4 || len(history) != 4 || err != nil || string(doc) != `{"site":{"language":"en"}}` {
		t.Errorf("journal: %d %s %v", n, doc, err)
	}
}

func TestJournalCutOffOrDamagedIsRepaired(t *testing.T) {
	for _, c := range []struct {
		name   string
		harm   func([]byte) []byte
		report bool
	}{
		{"missing", func([]byte) []byte { return nil }, false},
		{"cut off in the last line", func(b []byte) []byte { return b[:len(b)-9] }, false},
		{"a bit flipped in the first line", func(b []byte) []byte { b[20] ^= 1; return b }, true},
		{"noise", func([]byte) []byte { return []byte("noise\n\x00\n") }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			f := start(t, dir)
			f.set("site.language", `"en"`)
			f.set("lines.1.port", `7`)
			want := string(f.doc.Export())
			_ = f.db.Close()
			b, err := os.ReadFile(f.cfg.Journal)
			if err != nil {
				t.Fatal(err)
			}
			if b = c.harm(b); b == nil {
				err = os.Remove(f.cfg.Journal)
			} else {
				err = os.WriteFile(f.cfg.Journal, b, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			g := start(t, dir)
			if string(g.doc.Export()) != want || (g.rep.Journal != nil) != c.report {
				t.Errorf("report %+v", g.rep)
			}
			g.set("lines.2.port", `8`)
			_ = g.db.Close()
			if err := os.Remove(filepath.Join(dir, "state.db")); err != nil {
				t.Fatal(err)
			}
			h := start(t, dir)
			if h.rep.Journal != nil || h.lines.Get(h.doc)["1"].Port != 7 || h.lines.Get(h.doc)["2"].Port != 8 || h.doc.Version() != 3 {
				t.Errorf("from the repaired journal: %+v, version %d", h.rep, h.doc.Version())
			}
		})
	}
}

func TestJournalThatCannotBeWrittenIsSaidAndCaughtUp(t *testing.T) {
	dir := t.TempDir()
	var told []bool
	f := start(t, dir, func(c *Config) {
		c.Journal = filepath.Join(dir, "sub", "settings.jsonl") // no such folder yet
		c.OnJournal = func(err error) { told = append(told, err == nil) }
	})
	f.set("site.language", `"en"`)
	f.set("lines.1.port", `7`)
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	f.set("lines.2.port", `8`)
	if want := []bool{false, false, true}; !slices.Equal(told, want) {
		t.Errorf("told %v", told)
	}
	if n, _, history, err := RestoreFromJournal(f.cfg.Journal); n != 3 || len(history) != 3 || err != nil {
		t.Errorf("journal has %d versions to %d: %v", len(history), n, err)
	}
}

func TestChangeThatCannotBeStoredIsNotMade(t *testing.T) {
	f := start(t, t.TempDir())
	_ = f.db.Close()
	if err := f.refused("site.language", `"en"`); !errors.Is(err, store.ErrClosed) {
		t.Errorf("error %v", err)
	}
}

func TestStoredValuesThatNoLongerFitDoNotKeepItFromStarting(t *testing.T) {
	dir := t.TempDir()
	f := start(t, dir)
	f.set("site.language", `"en"`)
	f.set("lines.1", `{"port":7,"preroll_ms":25000}`)
	_ = f.db.Close()

	db, _, err := store.Open(filepath.Join(dir, "state.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	lines := NewMap("lines", func(string) line { return line{Preroll: 1000} }, func(_ string, l line) error {
		if l.Preroll > 20000 {
			return errors.New("preroll_ms: must be 0…20000")
		}
		return nil
	})
	doc, rep, err := New(Config{DB: db, Sections: []Part{lines}})
	if err != nil || len(rep.Ignored) != 2 {
		t.Fatalf("report %+v %v", rep, err)
	}
	if l := lines.Get(doc)["1"]; l.Port != 7 || l.Preroll != 1000 {
		t.Errorf("line %+v", l)
	}
	if _, err := doc.Set("ann", "", "lines.1.name", []byte(`"x"`)); err != nil {
		t.Errorf("a change afterwards: %v", err)
	}
}

func TestRefillBringsAReplacedDatabaseUpToDate(t *testing.T) {
	f := start(t, t.TempDir())
	f.set("site.language", `"en"`)
	f.set("lines.1.port", `7`)
	if err := f.db.Update(func(tx *store.Tx) error { // as if an older copy had taken its place
		return errors.Join(versions().Delete(tx, store.Key(2)), current().Delete(tx, documentKey))
	}); err != nil {
		t.Fatal(err)
	}
	if err := f.doc.Refill(); err != nil {
		t.Fatal(err)
	}
	if h, err := f.doc.History(0, 9); len(h) != 2 || err != nil {
		t.Errorf("history %+v %v", h, err)
	}
	if _, err := f.doc.Rollback("ann", "", 1); err != nil {
		t.Error(err)
	}
}
