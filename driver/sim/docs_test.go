package sim

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"vaad/driver"
	"vaad/driver/keys"
)

// page reads a page of the documentation.
func page(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("../../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPageNamesEveryKeyOfTheBoard(t *testing.T) {
	text := page(t, "line-socket.md")
	err := Driver().Check(driver.Config{ID: "b", Dir: "/run/b", Options: json.RawMessage(`{"?": 1, "lines": [{"?": 1}], "spans": [{"?": 1}]}`)})
	n := 0
	for _, line := range strings.Split(err.Error(), "\n") {
		_, known, _ := strings.Cut(line, "known are ")
		for _, k := range strings.Split(known, ", ") {
			n++
			if !strings.Contains(text, "`"+k) && !strings.Contains(text, ", "+k) {
				t.Errorf("docs/line-socket.md says nothing of %q", k)
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d keys in %v", n, err)
	}
}

func TestPageNamesEveryEventAndScene(t *testing.T) {
	text := page(t, "line-socket.md")
	for _, s := range slices.Concat(fxoOps, fxsOps) {
		if !strings.Contains(text, "`"+s.name) {
			t.Errorf("docs/line-socket.md says nothing of the event %s", s.name)
		}
	}
	for _, s := range Scenes() {
		if !strings.Contains(text, "`"+s+"`") || !strings.Contains(page(t, "formats/scene.md"), "`"+s+"`") {
			t.Errorf("the pages say nothing of the scene %s", s)
		}
	}
}

func TestPageOfScenesIsTrue(t *testing.T) {
	text := page(t, "formats/scene.md")
	_, example, _ := strings.Cut(text, "```json\n")
	example, _, _ = strings.Cut(example, "```")
	f := &keys.Faults{}
	if sc := parseScene([]byte(example), f); len(f.Errs) > 0 || len(sc.Callers) != 1 {
		t.Errorf("its example: %v", f.Errs)
	}
	for v := range verbs {
		if !strings.Contains(text, `"`+v+`"`) {
			t.Errorf("it says nothing of the step %s", v)
		}
	}
	f = &keys.Faults{}
	parseScene([]byte(`{"?":1,"voices":{"a":{"?":1}},"callers":[{"?":1}]}`), f)
	for _, err := range f.Errs {
		_, known, _ := strings.Cut(err.Error(), "known are ")
		for _, k := range strings.Split(known, ", ") {
			if !strings.Contains(text, "`"+k+"`") {
				t.Errorf("it says nothing of the key %q", k)
			}
		}
	}
}
