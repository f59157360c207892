package pri

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"vaad/channels/diagram"
)

func (s linkStates) list() (all []LinkState) {
	for one := TEIAssigned; one < endLinkState; one++ {
		if s.has(one) {
			all = append(all, one)
		}
	}
	return all
}

func TestNoInputHasTwoRowsInAStateOfTheDataLink(t *testing.T) {
	type at struct {
		on LinkInput
		in LinkState
	}
	seen := map[at]bool{}
	for _, r := range linkRows() {
		if len(r.do) == 0 || r.from == 0 {
			t.Errorf("the row on %v to %v has no action or no state", r.on, r.to)
		}
		for _, s := range r.from.list() {
			if seen[at{r.on, s}] {
				t.Errorf("%v in %v has two rows", r.on, s)
			}
			seen[at{r.on, s}] = true
		}
	}
}

// linkDiagram draws the table.
func linkDiagram() string {
	var b strings.Builder
	b.WriteString("# States of a data link\n\nDrawn from the table in `channels/pri/datalink_table.go` by its test (`go test ./channels/pri -update`): one end of the\n" +
		"multiple frame operation of ITU-T Q.921 on a primary rate D-channel (Annex B, states 4 to 8). An answer is a response with F\n" +
		"set. Inputs that leave the link in its state are only in the table below the drawing; a frame that is in neither changes\n" +
		"nothing and is counted as unexpected.\n\n```mermaid\nstateDiagram-v2\n    [*] --> tei_assigned\n")
	id := func(s LinkState) string { return strings.ReplaceAll(s.String(), "-", "_") }
	for s := TEIAssigned; s < endLinkState; s++ {
		fmt.Fprintf(&b, "    state \"%d %s\" as %s\n", s, strings.ReplaceAll(s.String(), "-", " "), id(s))
	}
	type arrow struct{ from, to LinkState }
	labels := map[arrow][]string{}
	var order []arrow
	for _, r := range linkRows() {
		for _, s := range r.from.list() {
			a := arrow{s, r.to}
			if r.to == sameLink || r.to == s {
				continue
			}
			if labels[a] == nil {
				order = append(order, a)
			}
			labels[a] = append(labels[a], r.on.String())
		}
	}
	slices.SortStableFunc(order, func(a, b arrow) int { return int(a.from) - int(b.from) })
	for _, a := range order {
		fmt.Fprintf(&b, "    %s --> %s: %s\n", id(a.from), id(a.to), strings.Join(labels[a], "; "))
	}
	b.WriteString("```\n\n| from | on | to |\n|---|---|---|\n")
	for _, r := range linkRows() {
		var from []string
		for _, s := range r.from.list() {
			from = append(from, s.String())
		}
		to := "(same)"
		if r.to != sameLink {
			to = r.to.String()
		}
		fmt.Fprintf(&b, "| %s | %v | %s |\n", strings.Join(from, ", "), r.on, to)
	}
	return b.String()
}

func TestDiagramOfTheDataLinkIsDrawnFromItsTable(t *testing.T) {
	diagram.Hold(t, "../../docs/datalink-states.md", linkDiagram(), *update)
}
