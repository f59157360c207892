package analog

import (
	"strings"
	"testing"

	"vaad/channels/diagram"
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
	d := diagram.Table{First: Unknown.String(), Hidden: []string{inBoardGone.String(), inDead.String()}}
	for _, s := range TrunkStates() {
		d.States = append(d.States, s.String())
	}
	for _, r := range trunkRows() {
		var from []State
		for _, s := range TrunkStates() {
			if r.from.has(s) {
				from = append(from, s)
			}
		}
		d.Rows = append(d.Rows, tableRow(from, r.on.String(), r.to))
	}
	return `# States of a trunk

Drawn from the table in ` + "`channels/analog/trunktable.go`" + ` by its test (` + "`go test ./channels/analog -update`" + `). The
trunk is off-hook in *seizing*, *dialling*, *proceeding*, *alerting* and *talking*; *off-hook-out* is a telephone in
parallel that was picked up. Arrows that every state has are left out of the drawing: *gone* leads to gone, *no-battery* to
no-battery.

` + d.String()
}

func TestDiagramOfATrunkIsDrawnFromTheTable(t *testing.T) {
	diagram.Hold(t, "../../docs/trunk-states.md", trunkDiagram(), *update)
}
