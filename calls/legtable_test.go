package calls

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"vaad/channels/diagram"
)

var update = flag.Bool("update", false, "write docs/leg-states.md")

func TestNoTwoRowsOfALegForTheSameStateAndInput(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range legRows() {
		if len(r.from) == 0 || r.to == "" && r.do == nil || r.do != nil && r.name == "" {
			t.Errorf("row on %v does nothing, or does not say what", r.on)
		}
		for _, st := range r.from {
			k := fmt.Sprint(st, " on ", r.on)
			if seen[k] {
				t.Errorf("two rows for %s", k)
			}
			seen[k] = true
		}
	}
}

func TestEveryLegCanEndAndBeReleased(t *testing.T) {
	for _, st := range LegStates() {
		for _, on := range []legInput{onRelease, onEnd} {
			has := slices.ContainsFunc(legRows(), func(r legRow) bool { return r.on == on && slices.Contains(r.from, st) })
			if want := st != LegEndedNow && (on == onEnd || st != LegReleasing); has != want {
				t.Errorf("%s on %v: %v", st, on, has)
			}
		}
	}
}

// legDiagram draws the table.
func legDiagram() string {
	var b strings.Builder
	b.WriteString("# States of a leg\n\nA leg is one call of one trunk or station, as the switch has it. Drawn from the table in `calls/legtable.go` by its test\n" +
		"(`go test ./calls -run Diagram -update`). *release* leads to releasing from every state, *end* to ended; both are left out of the drawing.\n\n" +
		"```mermaid\nstateDiagram-v2\n    [*] --> ringing: a trunk rings, or we ring a station\n    [*] --> dialling: we dial on a trunk, or a station is picked up\n")
	for _, st := range LegStates() {
		to := map[LegState][]string{}
		for _, r := range legRows() {
			if !slices.Contains(r.from, st) || r.on == onRelease || r.on == onEnd {
				continue
			}
			next := r.to
			if next == "" {
				next = st
			}
			to[next] = append(to[next], r.on.String())
		}
		for _, next := range LegStates() {
			if ins := to[next]; len(ins) > 0 {
				fmt.Fprintf(&b, "    %s --> %s: %s\n", st, next, strings.Join(ins, ", "))
			}
		}
	}
	b.WriteString("    releasing --> ended: end\n    ended --> [*]\n```\n\n| in | on | does |\n|---|---|---|\n")
	for _, r := range legRows() {
		var in []string
		for _, st := range r.from {
			in = append(in, string(st))
		}
		what := r.name
		if r.to != "" {
			what = strings.Trim(string(r.to)+"; "+r.name, "; ")
		}
		fmt.Fprintf(&b, "| %s | %v | %s |\n", strings.Join(in, ", "), r.on, what)
	}
	return b.String()
}

func TestDiagramOfALegIsDrawnFromItsTable(t *testing.T) {
	diagram.Hold(t, "../docs/leg-states.md", legDiagram(), *update)
}
