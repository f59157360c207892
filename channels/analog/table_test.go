package analog

import (
	"flag"
	"testing"

	"vaad/channels/diagram"
)

var update = flag.Bool("update", false, "write docs/tap-states.md")

func TestNoTwoRowsForTheSameStateAndInput(t *testing.T) {
	seen := map[string]State{}
	for _, tr := range Transitions() {
		k := tr.From.String() + " on " + tr.On.String()
		if to, ok := seen[k]; ok {
			t.Errorf("%s: goes to %v and to %v", k, to, tr.To)
		}
		seen[k] = tr.To
	}
}

func TestEveryRowHasAnAction(t *testing.T) {
	for _, r := range rows() {
		if r.do == nil || r.from == 0 {
			t.Errorf("row on %v to %v has no action or no state: it would count as ignored", r.on, r.to)
		}
	}
}

func reach(from State, back bool) map[State]bool {
	seen := map[State]bool{from: true}
	for grown := true; grown; {
		grown = false
		for _, tr := range Transitions() {
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

func TestEveryStateIsReachedAndHasAWayHome(t *testing.T) {
	reached, home := reach(Unknown, false), reach(Idle, true)
	for s := range nState {
		if !reached[s] {
			t.Errorf("%v is never reached", s)
		}
		if !home[s] {
			t.Errorf("%v has no way back to idle", s)
		}
	}
}

func TestEveryInputHasARow(t *testing.T) {
	used := map[Input]bool{}
	for _, tr := range Transitions() {
		used[tr.On] = true
	}
	for in := range nInput {
		if !used[in] {
			t.Errorf("input %v moves nothing", in)
		}
	}
}

// The traces together take every row, so no row is only on paper.
func TestTracesTakeEveryRow(t *testing.T) {
	var counts [nState][nInput]uint64
	for _, tr := range readTraces(t) {
		tap := New(Config{}, Learnt{})
		tr.play(tap, watch{250, 7, 0, 1, 160})
		for s := range counts {
			for in := range counts[s] {
				counts[s][in] += tap.counts[s][in]
			}
		}
	}
	for _, r := range rows() {
		n := uint64(0)
		for _, s := range r.from.list() {
			n += counts[s][r.on]
		}
		if n == 0 {
			t.Errorf("no trace takes the row from %v on %v", r.from.list(), r.on)
		}
	}
}

func (x set) list() []State {
	var ss []State
	for s := range nState {
		if x.has(s) {
			ss = append(ss, s)
		}
	}
	return ss
}

func tapDiagram() string {
	d := diagram.Table{First: Unknown.String(), Hidden: []string{InGone.String(), InNoBattery.String()}}
	for s := range nState {
		d.States = append(d.States, s.String())
	}
	for _, r := range rows() {
		d.Rows = append(d.Rows, tableRow(r.from.list(), r.on.String(), r.to))
	}
	return `# States of a tapped analog line

Drawn from the table in ` + "`channels/analog/table.go`" + ` by its test (` + "`go test ./channels/analog -update`" + `). Arrows that
every state has are left out of the drawing: *gone* leads to gone, *no-battery* to no-battery.

` + d.String()
}

// tableRow is a row as it is drawn.
func tableRow(from []State, on string, to State) diagram.Row {
	r := diagram.Row{On: on}
	for _, s := range from {
		r.From = append(r.From, s.String())
	}
	if to != same {
		r.To = to.String()
	}
	return r
}

func TestDiagramIsDrawnFromTheTable(t *testing.T) {
	diagram.Hold(t, "../../docs/tap-states.md", tapDiagram(), *update)
}

func TestStateCodesRoundTrip(t *testing.T) {
	for s := range nState {
		b, _ := s.MarshalText()
		var back State
		if err := back.UnmarshalText(b); err != nil || back != s {
			t.Errorf("%v: %v %v", s, back, err)
		}
	}
	var s State
	if err := s.UnmarshalText([]byte("asleep")); err == nil {
		t.Error("asleep is no state")
	}
}
