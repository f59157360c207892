package voicemodem

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"vaad/driver"
)

var update = flag.Bool("update", false, "write docs/voicemodem-states.md")

func TestTableHasOneRowForEachInput(t *testing.T) {
	seen := map[string]bool{}
	reached := in(stIdle)
	for _, r := range rows() {
		for s := range nState {
			if !r.from.has(s) {
				continue
			}
			if key := s.String() + " " + r.on.String(); seen[key] {
				t.Errorf("two rows for %s", key)
			} else {
				seen[key] = true
			}
		}
		if r.to != same {
			reached |= in(r.to)
		}
	}
	for s := range nState {
		if !reached.has(s) {
			t.Errorf("nothing leads to %v", s)
		}
	}
}

// TestDocsShowTheTable draws docs/voicemodem-states.md.
func TestDocsShowTheTable(t *testing.T) {
	var b strings.Builder
	b.WriteString("# What the driver of voice modems does\n\nDrawn from the table in `driver/voicemodem/table.go` by its test; see [voicemodem.md](voicemodem.md).\n\n```mermaid\nstateDiagram-v2\n    [*] --> idle\n")
	for _, r := range rows() {
		for s := range nState {
			if !r.from.has(s) {
				continue
			}
			to := r.to
			if to == same {
				to = s
			}
			fmt.Fprintf(&b, "    %v --> %v: %v\n", s, to, r.on)
		}
	}
	b.WriteString("```\n")
	const name = "../../docs/voicemodem-states.md"
	if *update {
		if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(name); err != nil || string(have) != b.String() {
		t.Errorf("%s is not what the table says (%v): go test ./driver/voicemodem -run Docs -update", name, err)
	}
}

// TestNoModemMakesTheDriverSendAudioAsCommands: whatever a modem answers, or
// says of itself, and whatever is wished of the line, what it gets in command
// mode are commands, the line is given back when it is not wanted any more, and
// the board keeps its clock.
func TestNoModemMakesTheDriverSendAudioAsCommands(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		half := rapid.Bool().Draw(rt, "half")
		type move struct {
			what, arg int
		}
		moves := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) move {
			return move{rapid.IntRange(0, 8).Draw(t, "what"), rapid.IntRange(0, 20).Draw(t, "arg")}
		}), 1, 12).Draw(rt, "moves")
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			f.noVTR = half
			s := sit(t, f, nil)
			said := []string{"\r\nRING\r\n", "\x10b", "\x105", "\x10/\x107\x10~", "\r\nNO CARRIER\r\n", "\x10\x03", "\r\nOK\r\n", "\r\nERROR\r\n", "\x10X1\rNMBR=5", "\x10o", "\x10u", "garbage", "\x10"}
			for _, m := range moves {
				switch m.what {
				case 0:
					s.command(driver.GoOffHook)
				case 1:
					s.command(driver.GoOnHook)
				case 2:
					s.command(driver.SendFlash)
				case 3:
					text := said[m.arg%len(said)]
					lies := false // a modem that ignores a command and says OK all the same cannot be seen through
					f.with(func() { lies = f.replies["AT+VLS=0"] == "-" && strings.Contains(text, "OK") })
					if !lies {
						f.bytes(text)
					}
				case 4:
					f.with(func() {
						f.replies[[]string{"AT+VLS=1", "AT+VTR", "AT+VLS=0", "AT+VTS=!", "AT+VTX"}[m.arg%5]] = []string{"ERROR", "OK", "-", "BUSY", "VCON"}[m.arg%5]
					})
				case 5:
					f.with(func() { f.replies = map[string]string{} })
				case 6:
					f.with(func() { f.mute = !f.mute })
				case 7:
					for i := range s.tx.PCM {
						s.tx.PCM[i] = int16(m.arg * 1000 * (1 - 2*(i/4%2)))
					}
				}
				for range m.arg * 10 {
					if s.b.Exchange(s.tx, s.rx) != nil {
						break
					}
					s.tx.Reset()
				}
			}
			f.with(func() { f.replies, f.mute = map[string]string{}, false })
			s.command(driver.GoOnHook)
			for range 2000 { // 40 s
				if s.b.Exchange(s.tx, s.rx) != nil {
					break
				}
				s.tx.Reset()
			}
			if f.isHook() {
				rt.Errorf("the line is held")
			}
			s.close()
			f.with(func() {
				for _, w := range f.wrong {
					rt.Errorf("in command mode the modem was told %q", w)
				}
			})
		})
	})
}
