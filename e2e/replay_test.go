package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/driver"
)

// TestAFlightReplayedTellsWhatWasToldThen: what was saved right after a call is
// played through the same detectors; they must tell the same.
func TestAFlightReplayedTellsWhatWasToldThen(t *testing.T) {
	said := prompts(t, 40)
	root := scratch(t)
	d := start(t, root, heardBoard(1, 0, `trigger = "voltage"`))
	p := &tape{}
	p.at("volts -48")
	p.add(nothing(20 * time.Second))
	for range 2 {
		p.at("ring")
		p.add(nothing(time.Second))
		p.at("ring-end")
		p.add(nothing(4 * time.Second))
	}
	p.at("volts -8")
	p.add(nothing(time.Second))
	p.add(said[3])
	p.add(nothing(2 * time.Second))
	p.add(keyed(t, "5"))
	p.add(nothing(time.Second))
	p.add(said[4])
	p.add(nothing(2 * time.Second))
	p.at("volts -48")
	p.add(nothing(6 * time.Second))
	ps, err := Dial(sockets(d, "b"), &Peer{Line: 1, Next: p.loop(uint32(len(p.pcm) / driver.Block))})
	if err != nil {
		t.Fatal(err)
	}
	ctx := within(t, time.Minute)
	if err := ps.Run(ctx); err != nil {
		t.Fatal(err)
	}
	sealed(t, d)
	file := filepath.Join(root, "call.frames")
	if _, err := d.Ctl(ctx, "flight", "1", "-o", file); err != nil {
		t.Fatal(err)
	}
	stop(t, d) // replay needs none
	type row struct {
		Is   string
		Fact struct{ Kind, Text string }
		Then *struct{ Text string }
	}
	replay := func(more ...string) (rows []row, raw string) {
		out, err := d.Ctl(ctx, append([]string{"replay", file, "--json"}, more...)...)
		if err != nil {
			t.Fatal(err)
		}
		for dec := json.NewDecoder(strings.NewReader(out)); dec.More(); {
			var r row
			if err := dec.Decode(&r); err != nil {
				t.Fatal(err)
			}
			rows = append(rows, r)
		}
		return rows, out
	}
	rows, raw := replay()
	var same []string
	for _, r := range rows {
		switch r.Is {
		case "same":
			same = append(same, r.Fact.Kind)
		case "edge":
		default:
			t.Errorf("%+v is different", r)
		}
	}
	for _, kind := range []string{"ring-begin", "off-hook", "call-begin", "voice-begin", "key", "voice-end", "call-end", "on-hook"} {
		if !slices.Contains(same, kind) {
			t.Errorf("%s is not among what is the same", kind)
		}
	}
	// Against what another version told, of which a key was another.
	earlier := filepath.Join(root, "earlier.jsonl")
	write(t, earlier, strings.Replace(raw, `"text":"5"`, `"text":"8"`, 1))
	rows, _ = replay("--against", earlier)
	i := slices.IndexFunc(rows, func(r row) bool { return r.Is == "changed" })
	if i < 0 || rows[i].Fact.Text != "5" || rows[i].Then == nil || rows[i].Then.Text != "8" {
		t.Errorf("the key that was another is not told: %+v", rows)
	}
	if _, err := d.Ctl(ctx, "replay", file, "--against", earlier, "--check"); err == nil {
		t.Error("--check found nothing")
	}
	for _, lang := range []string{"en", "zh"} {
		if out, err := d.Ctl(ctx, "--lang", lang, "replay", file, "--all"); err != nil || strings.Contains(out, "cli.") {
			t.Errorf("%v\n%s", err, out)
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
