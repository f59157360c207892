package analog

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNoTwoRowsOfATrunkForTheSameStateAndInput(t *testing.T) {
	seen := map[string]State{}
	for _, tr := range TrunkTransitions() {
		k := tr.From.String() + " on " + tr.On
		if to, ok := seen[k]; ok {
			t.Errorf("%s: goes to %v and to %v", k, to, tr.To)
		}
		seen[k] = tr.To
	}
}

func TestEveryRowOfATrunkHasAnAction(t *testing.T) {
	for _, r := range trunkRows() {
		if r.do == nil || r.from == 0 {
			t.Errorf("row on %v to %v has no action or no state: it would count as ignored", r.on, r.to)
		}
	}
}

func trunkReach(from State, back bool) map[State]bool {
	seen := map[State]bool{from: true}
	for grown := true; grown; {
		grown = false
		for _, tr := range TrunkTransitions() {
			a, b := tr.From, tr.To
			if back {
				a, b = b, a
			}
			if seen[a] && !seen[b] {
				seen[b], grown = true, true
			}
		}
	}
	return seen
}

func TestEveryStateOfATrunkIsReachedAndHasAWayHome(t *testing.T) {
	reached, home := trunkReach(Unknown, false), trunkReach(Idle, true)
	for _, s := range TrunkStates() {
		if !reached[s] {
			t.Errorf("%v is never reached", s)
		}
		if !home[s] {
			t.Errorf("%v has no way back to idle", s)
		}
	}
}

func TestEveryInputOfATrunkHasARow(t *testing.T) {
	used := map[string]bool{}
	for _, tr := range TrunkTransitions() {
		used[tr.On] = true
	}
	for in := range nTrunkInput {
		if !used[in.String()] {
			t.Errorf("input %v moves nothing", in)
		}
	}
}

// The hook follows from the state: a call can only end on-hook.
func TestEveryEndOfATrunksCallIsOnHook(t *testing.T) {
	for _, tr := range TrunkTransitions() {
		if holding(tr.From) && (tr.On == inRelease.String() || tr.On == inLadder.String()) && tr.To != Releasing {
			t.Errorf("%v on %s goes to %v", tr.From, tr.On, tr.To)
		}
	}
}

func (x trunkSet) names() string {
	var ss []string
	for _, s := range TrunkStates() {
		if x.has(s) {
			ss = append(ss, s.String())
		}
	}
	return strings.Join(ss, ", ")
}

func trunkDiagram() string {
	var b strings.Builder
	b.WriteString(`# States of a trunk

Drawn from the table in ` + "`channels/analog/trunktable.go`" + ` by its test (` + "`go test ./channels/analog -update`" + `). The
trunk is off-hook in *seizing*, *dialling*, *proceeding*, *alerting* and *talking*; *off-hook-out* is a telephone in
parallel that was picked up. Arrows that every state has are left out of the drawing: *gone* leads to gone, *no-battery* to
no-battery.

` + "```mermaid\nstateDiagram-v2\n    [*] --> unknown\n")
	type pair struct{ from, to State }
	labels := map[pair][]string{}
	var order []pair
	for _, tr := range TrunkTransitions() {
		if tr.On == inBoardGone.String() || tr.On == inDead.String() {
			continue
		}
		p := pair{tr.From, tr.To}
		if labels[p] == nil {
			order = append(order, p)
		}
		labels[p] = append(labels[p], tr.On)
	}
	id := func(s State) string { return strings.ReplaceAll(s.String(), "-", "_") }
	for _, s := range TrunkStates() {
		if id(s) != s.String() {
			fmt.Fprintf(&b, "    state \"%v\" as %s\n", s, id(s))
		}
	}
	for _, p := range order {
		fmt.Fprintf(&b, "    %s --> %s: %s\n", id(p.from), id(p.to), strings.Join(labels[p], ", "))
	}
	b.WriteString("```\n\n| from | on | to |\n|---|---|---|\n")
	for _, r := range trunkRows() {
		to := "(same)"
		if r.to != same {
			to = r.to.String()
		}
		fmt.Fprintf(&b, "| %s | %v | %s |\n", r.from.names(), r.on, to)
	}
	return b.String()
}

func TestDiagramOfATrunkIsDrawnFromTheTable(t *testing.T) {
	const name = "../../docs/trunk-states.md"
	if *update {
		if err := os.WriteFile(name, []byte(trunkDiagram()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(b), trunkDiagram()); d != "" {
		t.Errorf("%s is not what the table says; run with -update:\n%s", name, d)
	}
}
