package analog

import (
	"slices"
	"testing"

	"vaad/channels/diagram"
)

func (x stationSet) list() (all []StationState) {
	for s := range nStationState {
		if x.has(s) {
			all = append(all, s)
		}
	}
	return all
}

func TestNoTwoRowsOfAStationForTheSameStateAndInput(t *testing.T) {
	seen := map[[2]int]bool{}
	for _, r := range stationRows() {
		if r.do == nil || r.from == 0 {
			t.Errorf("row on %v has no action or no state", r.on)
		}
		for _, s := range r.from.list() {
			k := [2]int{int(s), int(r.on)}
			if seen[k] {
				t.Errorf("two rows from %v on %v", s, r.on)
			}
			seen[k] = true
		}
	}
}

func TestEveryStateOfAStationIsReachedAndHasAWayHome(t *testing.T) {
	reach := func(from StationState, back bool) map[StationState]bool {
		seen := map[StationState]bool{from: true}
		for grown := true; grown; {
			grown = false
			for _, r := range stationRows() {
				for _, a := range r.from.list() {
					b := r.to
					if b == sameStation {
						b = a
					}
					if back {
						a, b = b, a
					}
					if seen[a] && !seen[b] {
						seen[b], grown = true, true
					}
				}
			}
		}
		return seen
	}
	reached, home := reach(StationUnknown, false), reach(StationIdle, true)
	for s := range nStationState {
		if !reached[s] || !home[s] {
			t.Errorf("%v: reached %v, has a way to idle %v", s, reached[s], home[s])
		}
	}
}

func TestEveryInputOfAStationHasARow(t *testing.T) {
	for in := range nStationInput {
		if !slices.ContainsFunc(stationRows(), func(r stationRow) bool { return r.on == in }) {
			t.Errorf("%v moves nothing", in)
		}
		if stationInputs[in] == "" {
			t.Errorf("input %d has no name", in)
		}
	}
}

// The calls of this package's tests together take every row.
func TestCallsTakeEveryRowOfAStation(t *testing.T) {
	var counts [nStationState][nStationInput]uint64
	add := func(s *Station) {
		for st := range counts {
			for in := range counts[st] {
				counts[st][in] += s.counts[st][in]
			}
		}
	}
	for _, c := range stationCases {
		p := newPhone(t, c.cfg)
		c.do(p)
		add(p.s)
	}
	add(fromUnknown(t, true))
	add(fromUnknown(t, false))
	for _, r := range stationRows() {
		n := uint64(0)
		for _, s := range r.from.list() {
			n += counts[s][r.on]
		}
		if n == 0 {
			t.Errorf("no call takes the row from %v on %v", r.from.list(), r.on)
		}
	}
}

func TestStatesOfAStationHaveTheCodesOfLines(t *testing.T) {
	for s := range nStationState {
		var line State
		if err := line.UnmarshalText([]byte(s.String())); err != nil {
			t.Errorf("%d: %v", s, err)
		}
	}
}

func stationDiagram() string {
	d := diagram.Table{First: Unknown.String(), Hidden: []string{stGone.String()}}
	for s := range nStationState {
		d.States = append(d.States, s.String())
	}
	for _, r := range stationRows() {
		row := diagram.Row{On: r.on.String()}
		for _, s := range r.from.list() {
			row.From = append(row.From, s.String())
		}
		if r.to != sameStation {
			row.To = r.to.String()
		}
		d.Rows = append(d.Rows, row)
	}
	return `# States of a station

Drawn from the table in ` + "`channels/analog/stationtable.go`" + ` by its test (` + "`go test ./channels/analog -update`" + `). Arrows that
every state has are left out of the drawing: *gone* leads to gone.

` + d.String()
}

func TestDiagramOfAStationIsDrawnFromItsTable(t *testing.T) {
	diagram.Hold(t, "../../docs/station-states.md", stationDiagram(), *update)
}
