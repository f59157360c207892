package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"vaad/driver"
)

func TestCheckNamesEveryFaultByItsKey(t *testing.T) {
	cfg := driver.Config{ID: "sim1", Dir: "/run/vaad/sim1", Options: json.RawMessage(`{
		"clock": "fast", "colour": 1, "ppm": 5000, "flash_min_ms": 900, "flash_max_ms": 100, "scene": "no-such",
		"lines": [{"kind": "fxo"}, {"kind": "isdn", "law": "blaw"}, {"kind": "fxs", "use": "trunk"}, {"use": "tap", "port": 3}, 7],
		"spans": [{"channels": 30}, {"dchannel": 40}, {"tap": "yes"}]}`)}
	err := Driver().Check(cfg)
	if err == nil {
		t.Fatal("nothing is wrong")
	}
	lines := strings.Split(err.Error(), "\n")
	for _, key := range []string{"clock", "colour", "ppm", "flash_min_ms", "scene", "lines[1].kind", "lines[1].law", "lines[2].use",
		"lines[3].port", "lines[4]", "spans[0].channels", "spans[1].dchannel", "spans[2].tap"} {
		n := 0
		for _, l := range lines {
			if strings.HasPrefix(l, fmt.Sprintf(`board "sim1": %s: `, key)) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s: %d faults", key, n)
		}
	}
	if t.Failed() {
		t.Log(err)
	}
	if _, err := Driver().Open(context.Background(), driver.Candidate{}, cfg); err == nil {
		t.Error("it was opened")
	}
}

func TestCheckRefusesSinglePoints(t *testing.T) {
	long := "/run/" + strings.Repeat("x", 100)
	for options, key := range map[string]string{
		`{"count": 2, "lines": [{}]}`: "count",
		`{"count": 1000}`:             "count",
		`{"count": -1}`:               "count",
		`{"lines": [{"kind":"bchan"}], "spans": [{}, {}], "dir": ""}`: "dir",
		`{"dir": "` + long + `"}`:                                     "dir",
		`{"count": 3, "kind": "bchan", "spans": [{"channels":3}]}`:    "kind",
		`{"replay": "x", "clock": "peers"}`:                           "clock",
		`{"replay": "x", "count": 1}`:                                 "count",
		`{"ppm": "fast"}`:                                             "ppm",
		`[]`:                                                          "options",
	} {
		err := Driver().Check(driver.Config{ID: "b", Dir: "/run/b", Options: json.RawMessage(options)})
		if err == nil || !strings.Contains(err.Error(), `board "b": `+key+`: `) {
			t.Errorf("%s: %v", options, err)
		}
	}
	err := Driver().Check(driver.Config{ID: "b", Options: json.RawMessage(`{"dir": "` + long + `"}`)})
	if err == nil || !strings.Contains(err.Error(), "at most 107") || !strings.Contains(err.Error(), "shorter dir") {
		t.Errorf("a path that is too long is refused without reason and remedy: %v", err)
	}
}

func TestSocketPathOf107BytesIsTaken(t *testing.T) {
	dir := "/" + strings.Repeat("x", maxPath-len("/line-001.sock")-1)
	for _, c := range []struct {
		dir string
		ok  bool
	}{{dir, true}, {dir + "x", false}} {
		if err := Driver().Check(driver.Config{ID: "b", Dir: c.dir}); (err == nil) != c.ok {
			t.Errorf("%d bytes: %v", len(lineSocket(c.dir, 1)), err)
		}
	}
}

func TestNoOptionsAtAllMakeABoard(t *testing.T) {
	_, info, err := plan(driver.Config{ID: "b", Dir: "/run/b"})
	if err != nil || len(info.Lines) != defaultLines || info.Virtual || !info.Simulated {
		t.Errorf("%v, %+v", err, info)
	}
	for i, l := range info.Lines {
		if l.Port != i+1 || l.Kind != driver.FXO || l.Law != driver.ALaw || l.Use != driver.Tap {
			t.Errorf("line %d: %+v", i, l)
		}
	}
}

func TestChannelsFillTheTimeslotsInOrder(t *testing.T) {
	lines := func(options string) string {
		_, info, err := plan(driver.Config{ID: "b", Dir: "/run/b", Options: json.RawMessage(options)})
		if err != nil {
			t.Fatal(err)
		}
		var s []string
		for _, l := range info.Lines {
			s = append(s, fmt.Sprintf("%s%d/%d", l.Kind, l.Span, l.Timeslot))
		}
		var spans []string
		for _, p := range info.Spans {
			spans = append(spans, fmt.Sprintf("{%d %d %d %v}", p.Number, p.Channels, p.DChannel, p.Tap))
		}
		return fmt.Sprintf("%d %s %s %v", len(s), s[0], s[len(s)-1], spans)
	}
	for options, want := range map[string]string{
		`{"spans":[{}]}`: "30 bchan1/1 bchan1/31 [{1 31 16 false}]",
		`{"spans":[{"channels":24},{"channels":3}]}`:                                "25 bchan1/1 bchan2/2 [{1 24 24 false} {2 3 3 false}]",
		`{"spans":[{"dchannel":0,"tap":true}]}`:                                     "31 bchan1/1 bchan1/31 [{1 31 0 true}]",
		`{"count":16,"kind":"bchan","spans":[{}]}`:                                  "16 bchan1/1 bchan1/17 [{1 31 16 false}]",
		`{"count":31,"kind":"bchan"}`:                                               "31 bchan1/1 bchan2/1 [{1 31 16 false} {2 31 16 false}]",
		`{"lines":[{"kind":"bchan"},{"kind":"fxo"},{"kind":"bchan"}],"spans":[{}]}`: "3 bchan1/1 bchan1/2 [{1 31 16 false}]",
		`{"count":2,"spans":[{"channels":3}]}`:                                      "4 fxo0/0 bchan1/2 [{1 3 3 false}]",
	} {
		if got := lines(options); got != want {
			t.Errorf("%s:\n got %s\nwant %s", options, got, want)
		}
	}
	_, info, _ := plan(driver.Config{ID: "b", Dir: "/run/b", Options: json.RawMessage(`{"spans":[{"tap":true}]}`)})
	if l := info.Lines[0]; l.Use != driver.Tap || l.Caps.Has(driver.CapTx) {
		t.Errorf("a channel of a tapped span: %+v", l)
	}
}

func TestFindListsTheOneCandidate(t *testing.T) {
	c, err := Driver().Find(context.Background())
	if err != nil || len(c) != 1 || c[0].ID == "" || c[0].Broken != "" {
		t.Errorf("%v, %v", c, err)
	}
}
