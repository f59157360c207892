package pri

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"vaad/channels/diagram"
)

var update = flag.Bool("update", false, "write docs/link-states.md")

func (s states) list() (all []State) {
	for one := range nState {
		if s.has(one) {
			all = append(all, one)
		}
	}
	return all
}

func TestNoMessageHasTwoRowsInAState(t *testing.T) {
	type at struct {
		on MessageType
		in State
	}
	seen := map[at]bool{}
	for _, r := range rows() {
		for _, s := range r.from.list() {
			if seen[at{r.on, s}] {
				t.Errorf("%v in %v has two rows", r.on, s)
			}
			seen[at{r.on, s}] = true
		}
	}
}

func tapDiagram() string {
	var b strings.Builder
	b.WriteString("# States of a call on a tapped primary rate link\n\nDrawn from the table in `channels/pri/table.go` by its test (`go test ./channels/pri -update`): what each message,\n" +
		"whichever side sends it, does to the call that its reference names. Messages that leave a call in its state are only in the\n" +
		"table below the drawing; what is in neither changes nothing and is counted as `unexpected`.\n\n```mermaid\nstateDiagram-v2\n    [*] --> offered: SETUP\n")
	type arrow struct{ from, to State }
	labels := map[arrow][]string{}
	var order []arrow
	for _, r := range rows() {
		for _, s := range r.from.list() {
			a := arrow{s, r.to}
			if r.stay || s == Null {
				continue
			}
			if labels[a] == nil {
				order = append(order, a)
			}
			labels[a] = append(labels[a], r.on.String())
		}
	}
	slices.SortStableFunc(order, func(a, b arrow) int { return int(a.from) - int(b.from) })
	name := func(s State) string {
		if s == Null {
			return "[*]"
		}
		return s.String()
	}
	for _, a := range order {
		fmt.Fprintf(&b, "    %s --> %s: %s\n", name(a.from), name(a.to), strings.Join(labels[a], ", "))
	}
	b.WriteString("```\n\n| from | on | to |\n|---|---|---|\n")
	for _, r := range rows() {
		var from []string
		for _, s := range r.from.list() {
			from = append(from, s.String())
		}
		to := "(same)"
		if !r.stay {
			to = r.to.String()
		}
		fmt.Fprintf(&b, "| %s | %v | %s |\n", strings.Join(from, ", "), r.on, to)
	}
	b.WriteString("\nA STATUS that says call state 0 takes a call to null from any state; so does RESTART for the timeslots it names.\n")
	return b.String()
}

func TestDiagramIsDrawnFromTheTable(t *testing.T) {
	diagram.Hold(t, "../../docs/link-states.md", tapDiagram(), *update)
}
